"""Partner awards: the partner's budget takes, the member's account accepts or refuses by an entry.

Both may say no, so neither is asked twice: only after the member's refusal is in its chain is the budget given back,
and then no twin of the request can be accepted any more.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from points import packing, rules
from points.balances import ACCOUNT, Account
from points.model import Award, AwardAnswer, BudgetAnswer, Partner as PartnerSettings
from points.rules import BUDGET, BudgetState, Giving, GivingBack
from points.store import partner, programme
from shared import chain
from shared.chain import Entry, Head
from shared.clock import EPOCH
from shared.errors import Conflict, Forbidden, Invalid, Refused
from shared.http import Call, Reply
from shared.member_ref import pseudonym, require_member, resolve
from shared.naming import Done, Pending, Verb, named
from shared.table import Item
from shared.world import World

AHEAD_MAX = timedelta(minutes=5)

TAKE = Verb(BUDGET, packing.pack_giving, packing.unpack_giving, rules.take_from_budget)
ACCEPT = Verb(ACCOUNT, packing.pack_giving, packing.unpack_giving, rules.accept_award)
GIVE_BACK: Verb[BudgetState, GivingBack] = Verb(
    BUDGET,
    lambda back: packing.pack_giving(back.giving),
    lambda packed: GivingBack(packing.unpack_giving(packed), EPOCH),
    rules.give_back_to_budget,
)


def award(call: Call[Award]) -> Reply:
    """Give a member points out of the caller's budget."""
    if call.body.occurred_at is not None and call.body.occurred_at > call.now + AHEAD_MAX:
        raise Invalid("occurred_in_future")
    partner_id = _partner_of(call)
    naming = call.naming("award", call.body.award_id, f"partner.{partner_id}")
    heads: list[Head[Account]] = []

    def found(consistent: bool) -> tuple[str, Giving]:
        giving, head = _found(call, partner_id, consistent=consistent)
        heads[:] = [head]
        return partner_id, giving

    taken = call.world.ledger.perform(TAKE, naming, found)
    giving = taken.operation
    accepted = _accept(call.world, giving, taken, None if taken.is_replay else heads[0])
    ref = pseudonym(call.world, partner_id, giving.member_id)
    left = taken.last.data["left"]
    answer = AwardAnswer(award_id=giving.award_id, member_ref=ref, points=giving.points, budget_left=left)
    return Reply(answer, is_replay=taken.is_replay or accepted.is_replay)


def finish(world: World, name: Item) -> None:
    """Bring an award to its end whose process died after the budget had taken it; before that, nothing happened."""
    pending = named(TAKE, name)
    (taken,) = world.ledger.enter(TAKE, name["acc"], [pending], may_append=False)
    if isinstance(taken, Refused):
        return
    try:
        _accept(world, taken.operation, taken)
    except Conflict:
        return  # the member's chain has refused, and the budget has its points again


def budget(call: Call[Any]) -> BudgetAnswer:
    """What is left of the caller's budget."""
    partner_id = _partner_of(call)
    settings = partner(call.world, partner_id)
    head = call.world.ledger.head(BUDGET, partner_id, consistent=True)
    day = programme(call.world).day(max(call.now, head.recorded_at))
    state = head.state.of(f"{day:%Y-%m}", day.toordinal())
    is_monthly = settings.budget.kind == "monthly"
    used = state.used if is_monthly else state.total
    return BudgetAnswer(
        kind=settings.budget.kind,
        period=f"{day:%Y-%m}" if is_monthly else None,
        budget=settings.budget.points,
        used=used,
        left=max(0, settings.budget.points - used),
    )


def _partner_of(call: Call[Any]) -> str:
    """Whose budget it is: awards are given with partner keys alone."""
    if call.who.kind != "partner" or call.who.partner_id is None:
        raise Forbidden("forbidden")
    return call.who.partner_id


def _found(call: Call[Award], partner_id: str, *, consistent: bool) -> tuple[Giving, Head[Account]]:
    """The giving, checked against what the partner may do and what the member's day still allows."""
    settings, wanted = partner(call.world, partner_id), call.body
    member_id = resolve(call.world, call.who, wanted.member, consistent=consistent).member_id
    head = call.world.ledger.head(ACCOUNT, member_id, consistent=consistent)
    if head.sequence == 0:
        require_member(call.world, member_id)
    giving = _giving(call, settings, partner_id, member_id, head.sequence)
    _check(settings, giving)
    day = giving.programme.day(max(call.now, head.recorded_at)).toordinal()
    if rules.given_today(head.state, partner_id, day) + giving.points > giving.per_member_day:
        raise Conflict("cap_exceeded", cap="per_member_day", limit=giving.per_member_day)
    return giving, head


def _giving(call: Call[Award], settings: PartnerSettings, partner_id: str, member_id: str, seen: int) -> Giving:
    return Giving(
        award_id=call.body.award_id,
        partner_id=partner_id,
        member_id=member_id,
        member_seen=seen,
        points=call.body.points,
        reason=call.body.reason,
        occurred_at=call.body.occurred_at or call.now,
        budget_kind=settings.budget.kind,
        budget=settings.budget.points,
        per_member_day=settings.caps.per_member_day,
        per_day=settings.caps.per_day,
        programme=programme(call.world),
    )


def _check(settings: PartnerSettings, giving: Giving) -> None:
    if settings.state != "active":
        raise Forbidden("forbidden")
    if giving.points > settings.caps.per_award:
        raise Conflict("cap_exceeded", cap="per_award", limit=settings.caps.per_award)


def _accept(world: World, giving: Giving, taken: Done[Giving], head: Head[Account] | None = None) -> Done[Giving]:
    """The member's side; after its refusal, the budget back. `head` must be the one that `member_seen` tells of."""
    mark, reversal = chain.operation(giving.name), chain.operation(giving.name, is_reversal=True)
    pending = Pending(giving, mark, reversal, taken.last.recorded_at, giving.member_seen, is_effect=True)
    (accepted,) = world.ledger.enter(ACCEPT, ACCOUNT.partition(giving.member_id), [pending], head)
    if isinstance(accepted, Refused):
        raise accepted
    refused = next((entry for entry in accepted.entries if entry.kind == "refused"), None)
    if refused is None:
        return accepted
    give_back(world, giving, taken.last)
    raise Conflict("cap_exceeded", cap=refused.data["cap"], limit=refused.data["limit"])


def give_back(world: World, giving: Giving, taken: Entry) -> None:
    """Return to the budget what an award took: once, whether the member's chain refused it or it was reversed."""
    back = GivingBack(giving, taken.recorded_at)
    mark = chain.operation(f"{giving.name}/given_back")
    returning = Pending(back, mark, mark, taken.recorded_at, taken.sequence, is_effect=True)
    (done,) = world.ledger.enter(GIVE_BACK, taken.account, [returning])
    if isinstance(done, Refused):
        raise done
