"""The member who pays with points: found, present at the till, and their one-time code used up when nothing refuses."""

from __future__ import annotations

from typing import Any

from points import spending
from points.store import programme
from shared.errors import Forbidden
from shared.http import Call
from shared.member_ref import Resolved, require_member, require_presence, resolve, use_up
from shared.naming import Naming
from shared.reference import MemberRef
from shared.units import Money, Points


class Payer:
    """Who pays in one request, which `naming` names.

    `find` is asked once on what may be stale and perhaps again; `use_code` after the last refusal, so that a member
    whose points do not suffice need not show another code.
    """

    def __init__(self, call: Call[Any], naming: Naming) -> None:
        self.call, self.naming = call, naming
        self.shown: Resolved | None = None

    def find(
        self, member: MemberRef, points: Points, pointer: str, *, consistent: bool, total: Money | None = None
    ) -> Resolved:
        """The member; refused for a number of points that the programme does not take, or without presence."""
        spending.check(programme(self.call.world).spending, points, pointer, total)
        found = resolve(self.call.world, self.call.who, member, consistent=consistent)
        self.show(found)
        return found

    def show(self, found: Resolved) -> None:
        """Take the member for the one who pays; refused without presence, where it is needed."""
        try:
            require_presence(self.call.who, found, is_needed=programme(self.call.world).pos_spend_needs_presence)
        except Forbidden:
            require_member(self.call.world, found.member_id)  # that there is nobody is told first
            raise
        self.shown = found

    def use_code(self) -> None:
        """Spend the rotating code that was shown, if one was: for this request and no other."""
        if self.shown is not None:
            use_up(self.call.world, self.shown, self.naming.partition)
