"""Partner awards: the partner's budget takes, the member's account accepts or refuses by an entry.

Both may say no, so neither is asked twice: only after the member's refusal is in its chain is the budget given back,
and then no twin of the request can be accepted any more.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from points import accepting, budgets, packing, premium
from points.accepting import Revoking
from points.balances import ACCOUNT, Account
from points.budgets import BUDGET, Giving, GivingBack, Taken
from points.partner_model import Award, AwardAnswer, BudgetAnswer, Partner as PartnerSettings
from points.store import partner, programme
from points.undoing import Undone
from points.verbs import member_verb
from shared import chain, keys
from shared.chain import Entry, Head
from shared.errors import Conflict, Forbidden, Refused
from shared.http import Call, Reply
from shared.member_ref import pseudonym, require_member, resolve
from shared.naming import Done, Pending, Verb, named, unnamed
from shared.table import Item
from shared.world import World

TAKE = Verb(BUDGET, packing.pack_giving, packing.unpack_giving, budgets.take)
ACCEPT, REVOKE = member_verb(accepting.accept), member_verb(accepting.revoke)
GIVE_BACK = Verb(BUDGET, unnamed, unnamed, budgets.give_back)


def award(call: Call[Award]) -> Reply:
    """Give a member points out of the caller's budget."""
    partner_id = partner_of(call)
    naming = call.naming("award", call.body.award_id, f"partner.{partner_id}")
    heads: list[Head[Account]] = []

    def found(consistent: bool) -> tuple[str, Giving]:
        call.check_past(call.body.occurred_at)
        giving, head = _found(call, partner_id, consistent=consistent)
        heads[:] = [head]
        return partner_id, giving

    taken = call.world.ledger.perform(TAKE, naming, found)
    giving = taken.operation
    accepted = _accept(call.world, _taken(taken), None if taken.is_replay else heads[0])
    ref = pseudonym(call.world, partner_id, giving.member_id)
    left = taken.last.data["left"]
    answer = AwardAnswer(award_id=giving.award_id, member_ref=ref, points=giving.points, budget_left=left)
    return Reply(answer, is_replay=taken.is_replay or accepted.is_replay)


def budget(call: Call[Any]) -> BudgetAnswer:
    """What is left of the caller's budget."""
    partner_id = partner_of(call)
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


def partner_of(call: Call[Any]) -> str:
    """Whose budget it is: awards are given, and statements read, with partner keys alone."""
    if call.who.kind != "partner" or call.who.partner_id is None:
        raise Forbidden("forbidden")
    return call.who.partner_id


def _found(call: Call[Award], partner_id: str, *, consistent: bool) -> tuple[Giving, Head[Account]]:
    """The giving, checked against what the partner may do and what the member's day still allows."""
    call.world.directory.fetch(keys.partner(partner_id), keys.programme())
    settings, wanted = partner(call.world, partner_id), call.body
    member_id = resolve(call.world, call.who, wanted.member, consistent=consistent).member_id
    head = call.world.ledger.open_head(ACCOUNT, member_id, consistent=consistent)
    if ACCOUNT.is_nobodys(head):
        require_member(call.world, member_id)
    giving = _giving(call, settings, partner_id, head)
    _check(settings, giving)
    day = giving.programme.day(max(call.now, head.recorded_at)).toordinal()
    if accepting.given_today(head.state, partner_id, day) + giving.points > giving.per_member_day:
        raise Conflict("cap_exceeded", cap="per_member_day", limit=giving.per_member_day)
    return giving, head


def _giving(call: Call[Award], settings: PartnerSettings, partner_id: str, head: Head[Account]) -> Giving:
    return Giving(
        award_id=call.body.award_id,
        partner_id=partner_id,
        member_id=keys.holder(head.account),  # after a merge, the member that an old id leads to
        member_seen=head.sequence,
        points=call.body.points,
        reason=call.body.reason,
        occurred_at=call.body.occurred_at or call.now,
        budget_kind=settings.budget.kind,
        budget=settings.budget.points,
        per_member_day=settings.caps.per_member_day,
        per_day=settings.caps.per_day,
        programme=programme(call.world).for_gifts,
    )


def _check(settings: PartnerSettings, giving: Giving) -> None:
    if settings.state != "active":
        raise Forbidden("partner_paused")
    if giving.points > settings.caps.per_award:
        raise Conflict("cap_exceeded", cap="per_award", limit=settings.caps.per_award)
    premium.check_award(giving.programme, giving.points)


# ---- the member's answer --------------------------------------------------------------------------------------------


def _taken(done: Done[Giving]) -> Taken:
    return Taken(done.operation, done.last.sequence, done.last.recorded_at)


def _accept(world: World, taken: Taken, head: Head[Account] | None = None) -> Done[Taken]:
    """The member's side; after its refusal, the budget back. `head` must be the one that `member_seen` tells of."""
    giving = taken.giving
    mark, reversal = chain.operation(giving.name), chain.operation(giving.name, is_reversal=True)
    pending = Pending(taken, mark, reversal, taken.at, giving.member_seen, is_effect=True)
    accepted = world.ledger.enter_one(ACCEPT, ACCOUNT.partition(giving.member_id), pending, head)
    refused = accepted.last
    if refused.kind != "refused":
        return accepted
    _give_back(world, GivingBack(giving, taken, "refused"), refused.recorded_at)
    raise Conflict("cap_exceeded", cap=refused.data["cap"], limit=refused.data["limit"])


def finish(world: World, name: Item) -> None:
    """Bring an award, or its reversal, to the end that its process did not live to see.

    What never came into the budget is not begun here.
    """
    if _is_reversed(world, packing.unpack_giving(name["op"])):
        reverse(world, name)
        return
    (taken,) = world.ledger.enter(TAKE, name["acc"], [named(TAKE, name)], may_append=False)
    if isinstance(taken, Refused):
        return
    try:
        _accept(world, _taken(taken))
    except Conflict:
        return  # the member's chain has refused, and the budget has its points again


# ---- the way back ---------------------------------------------------------------------------------------------------


def reverse(world: World, name: Item) -> Undone:
    """Take an award away and give its points back to the budget, once.

    First the member's chain, so that the award can't be accepted any more; then the budget. What the member's chain
    knows of, the budget has taken for certain. What it does not know may still be on its way into the budget.
    """
    giving: Giving = packing.unpack_giving(name["op"])
    answered: list[Entry] = []

    def revoking(entries: tuple[Entry, ...]) -> Revoking:
        answered[:] = entries
        return Revoking(giving, entries)

    account = ACCOUNT.partition(giving.member_id)
    done, is_known = world.ledger.undo(REVOKE, {**name, "seen": giving.member_seen}, account, revoking)
    if not is_known:
        return _close(world, name, giving)
    taken = accepting.taken_of(giving, answered[-1])
    if answered[-1].kind == "refused":
        _give_back(world, GivingBack(giving, taken, "refused"), answered[-1].recorded_at)
        return Undone(was_there=False, is_replay=done.is_replay)
    _give_back(world, GivingBack(giving, taken, "reversed"), done.last.recorded_at)
    return Undone(was_there=True, is_replay=done.is_replay)


def _give_back(world: World, back: GivingBack, decided_at: datetime) -> None:
    """Return to the budget what an award took, once: an effect of the member's entry of this time."""
    assert back.taken is not None
    name = f"{back.giving.name}/given_back"
    mark, reversal = chain.operation(name), chain.operation(name, is_reversal=True)
    pending = Pending(back, mark, reversal, decided_at, back.taken.number, is_effect=True, is_event=True)
    head = world.ledger.head(BUDGET, back.giving.partner_id)  # what a stale one does not show makes the append fail
    world.ledger.enter_one(GIVE_BACK, head.account, pending, head)


def _close(world: World, name: Item, giving: Giving) -> Undone:
    """Close an award to the budget, or take back what it took for an award that can't reach its member any more."""

    def closing(entries: tuple[Entry, ...]) -> GivingBack:
        taken = Taken(giving, entries[-1].sequence, entries[-1].recorded_at) if entries else None
        return GivingBack(giving, taken, "reversed")

    done, was_taken = world.ledger.undo(GIVE_BACK, name, name["acc"], closing)
    return Undone(was_taken, is_replay=done.is_replay)


def _is_reversed(world: World, giving: Giving) -> bool:
    """Whether the award's reversal is in the member's chain."""
    mark, reversal = (chain.operation(giving.name, is_reversal=one) for one in (False, True))
    pending = Pending(Revoking(giving, ()), reversal, reversal, world.clock.now(), giving.member_seen, of=mark)
    (done,) = world.ledger.enter(REVOKE, ACCOUNT.partition(giving.member_id), [pending], may_append=False)
    return not isinstance(done, Refused)
