"""What the chain of a till promises: what it lost without a line is never more than its allowance of the day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coupons.terminal import DAYS_MAX, TILL, Spent, Terminal
from shared.table import Item

Raw = Mapping[str, Any]


class Tills:
    """One till: each loss is borne once and lifted at most once, and its days add up to its entries."""

    def __init__(self) -> None:
        self._before = Terminal()
        self._borne: dict[str, tuple[str, str, int]] = {}  # of each redemption: how, on which day, how much
        self._lifted: set[str] = set()

    def faults(self, item: Item) -> list[str]:
        """What is wrong with the next item."""
        found: list[str] = []
        now = TILL.unpack(item["s"])
        for raw in item["e"]:
            play = _TILL.get(raw["k"])
            if play is None:
                found.append(f"an entry of the unknown kind {raw['k']}")
            else:
                play(self, raw, now, found)
        for day in now.days:
            self._look_at_day(day, found)
        days = {one.day for one in self._before.days} - {one.day for one in now.days}
        if days and len(now.days) < DAYS_MAX:
            found.append(f"the days {days} are gone")
        heard = ((number, run) for run in self._before.runs for number in run)
        found += [
            f"the number {number} was heard, and is not any more" for number, _ in heard if not now.has_heard(number)
        ]
        if now.repeated < self._before.repeated:
            found.append("numbers that came twice are fewer than before")
        self._before = now
        return found

    def _look_at_day(self, day: Spent, found: list[str]) -> None:
        if day.absorbed > day.max_redemptions or day.absorbed_value > day.max_value:
            found.append(f"{day.day}: {day.absorbed} losses of {day.absorbed_value} lie beyond the allowance")
        of_day = [(how, amount) for how, on, amount in self._borne.values() if on == day.day.isoformat()]
        absorbed = [amount for how, amount in of_day if how == "absorbed"]
        if (day.absorbed, day.absorbed_value) != (len(absorbed), sum(absorbed)):
            found.append(f"{day.day}: {day.absorbed} losses of {day.absorbed_value}, by the entries {absorbed}")
        refused = [amount for how, amount in of_day if how == "refused"]
        if (day.refused, day.refused_value) != (len(refused), sum(refused)):
            found.append(f"{day.day}: {day.refused} refused of {day.refused_value}, by the entries {refused}")

    def allowed(self, raw: Raw, now: Terminal, found: list[str]) -> None:
        """The limits of a day are those that it had at first."""
        said = raw["x"]
        limits = (said["max_redemptions"], said["max_value"])
        of_day = [one for one in (*self._before.days, *now.days) if one.day.isoformat() == said["business_day"]]
        if not of_day or any(one[1:3] != limits for one in of_day):
            found.append(f"the limits of {said['business_day']} are not {limits}")

    def borne(self, raw: Raw, _: Terminal, found: list[str]) -> None:
        redemption = raw["r"]
        if redemption in self._borne or redemption in self._lifted:
            found.append(f"{redemption} is borne twice, or after it was lifted")
        self._borne[redemption] = raw["k"], raw["x"]["business_day"], raw["x"]["amount"]

    def lifted(self, raw: Raw, _: Terminal, found: list[str]) -> None:
        if raw["r"] in self._lifted:
            found.append(f"{raw['r']} is lifted twice")
        self._lifted.add(raw["r"])
        self._borne.pop(raw["r"], None)

    def synced(self, raw: Raw, now: Terminal, found: list[str]) -> None:
        said = raw["x"]
        if not (now.has_heard(said["first"]) and now.has_heard(said["last"])):
            found.append("the numbers of a sync are not among those heard")


_TILL = {
    "allowed": Tills.allowed,
    "absorbed": Tills.borne,
    "refused": Tills.borne,
    "lifted": Tills.lifted,
    "synced": Tills.synced,
}
