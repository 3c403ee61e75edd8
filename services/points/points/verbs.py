"""Operations on a member's account: each is decided by its rule, and then looks at what it means for the future.

Whatever an entry changes, it says the reminders that are due, asks for the alarm that is needed next (`points.dues`),
and tells when the member's tier is another one than was told last.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from points.balances import ACCOUNT, Account
from points.dues import asking
from points.programme import Programme
from points.standing import standing
from shared.chain import Decided, Packed
from shared.naming import Verb, unnamed


class Zoned(Protocol):
    """An operation knows the programme's zone, if not the whole programme."""

    @property
    def zone(self) -> str: ...


O = TypeVar("O", bound=Zoned)  # noqa: E741 - the operation

Rule = Callable[[Account, O, datetime], Decided[Account]]


def attentive(rule: Rule[O]) -> Rule[O]:
    """A rule that also looks ahead."""

    def decide(account: Account, operation: O, at: datetime) -> Decided[Account]:
        decided = rule(account, operation, at)
        programme: Programme | None = getattr(operation, "in_force", None) or getattr(operation, "programme", None)
        if programme is None:
            return asking(account, decided, at, operation.zone)
        decided, falls = told_tier(decided, programme, at)
        return asking(account, decided, at, operation.zone, falls)

    return decide


def told_tier(
    decided: Decided[Account], programme: Programme, at: datetime
) -> tuple[Decided[Account], tuple[int, ...]]:
    """Tell a tier that has changed in the last entry; and the day on which it is lost if nothing more is earned."""
    account, levels = decided.state, programme.tiers.levels
    if len(levels) == 1 and not account.tier:
        return decided, ()
    now = standing(account, programme, at)
    falls = (now.until.toordinal() + 1,) if now.until else ()
    before = account.tier or levels[0].name
    if now.name == before or not decided.steps:
        return decided, falls
    last = decided.steps[-1]
    last = last._replace(data={**last.data, "tier": now.name, "tier_before": before})
    return Decided(account._replace(tier=now.name), (*decided.steps[:-1], last), decided.also), falls


def member_verb(
    rule: Rule[O],
    pack: Callable[[O], Packed] | None = None,
    unpack: Callable[[Packed], O] | None = None,
    carried_by: str | None = None,
) -> Verb[Account, O]:
    """An operation on a member's account; without a packed form it is an effect, which has no name of its own."""
    return Verb(ACCOUNT, pack or unnamed, unpack or unnamed, attentive(rule), carried_by)
