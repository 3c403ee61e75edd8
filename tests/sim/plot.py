"""What people do in a run: small stories of one customer, till, café or operator each, all at once, for days.

A story asks for its steps in their order, but does not always wait for the answer to the one before; and any of them
may be asked again, asked twice at once, asked with other content, or undone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.sim.accounts import Accounts
from tests.sim.leavers import Leavers
from tests.sim.outages import Outages
from tests.sim.presence import Presence
from tests.sim.stamps import Stamps

DAY = 86_400.0
SCENES = (0, 0, 0, 0, 20, 3_600, 57_000, 72_000, DAY, 2.1 * DAY, 4 * DAY, 8 * DAY)
"""When stories begin, in seconds: crowded moments, one of them around the end of the day in UTC, one in Tokyo."""


class Plot(Accounts, Leavers, Outages, Presence, Stamps):
    """The stories of a run."""

    def begin(self, stories: int, only: Sequence[str] = ()) -> None:
        """Put so many stories on the stage; a few kinds make up most of a run, so that they meet. Or `only` these."""
        kinds: list[Callable[[], None]] = [
            self.buys, self.buys, self.buys_with_points, self.buys_as_nobody, self.spends, self.holds, self.gives, self.gives, self.gives,
            self.adjusts, self.corrects, self.acts, self.draws_a_coupon, self.uses_a_bonus, self.claims, self.tells, self.redeems, self.redeems_paper, self.exchanges_paper, self.checks_in, self.is_seen, self.merges_members,
            self.orders_codes, self.looks, self.buys_many, self.changes_the_rules, self.is_stamped, self.uses_a_card,
            self.sells_without_a_line, self.sells_without_a_line,
            self.shows_a_code, self.shares_a_phone, self.travels, self.comes_to_a_rush, self.comes_near,
            self.stays, self.stays, self.overruns, self.leaves,
        ]  # fmt: skip
        kinds = [getattr(self, name) for name in only] or kinds
        favourites = self.random.sample(kinds, min(4, len(kinds)))
        for _ in range(stories):
            story = self.random.choice(favourites if self.random.random() < 0.7 else kinds)
            at = self.random.choice(SCENES) + self.random.random() * 4
            self.turns.spawn(story, at, places=0)
