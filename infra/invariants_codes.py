"""What the jobs of a campaign's codes promise: one range behind the other, no index twice, none left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coupons.pool import POOL
from infra.invariants_names import Names

Raw = Mapping[str, Any]


class Ranges:
    """The codes that a pool's entries have made so far."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._jobs: set[str] = set()
        self._made = 0
        self._locator = -1
        self._editions: tuple[tuple[int, int], ...] = ()

    def made(self, raw: Raw, found: list[str]) -> None:
        """A job's range begins where the one before ended, under the pool's one locator."""
        said, job = raw["x"], raw["r"]
        if job in self._jobs:
            found.append("makes the codes of the same job twice")
        self._jobs.add(job)
        if said["first"] != self._made or self._locator not in (-1, said["locator"]):
            found.append(f"makes codes from {said['locator']}/{said['first']} on, after {self._locator}/{self._made}")
        if self._names.count_of_job(said["carry"][1]) not in (None, said["count"]):
            found.append("makes another number of codes than the job's name says")
        if not self._editions or self._editions[-1][1] != said["edition"]:
            self._editions = (*self._editions, (said["first"], said["edition"]))
        self._made, self._locator = said["first"] + said["count"], said["locator"]

    def look_at(self, state: Raw, found: list[str]) -> None:
        """The state knows of these codes, and of no others."""
        now = POOL.unpack(dict(state))
        if (now.made, now.locator, now.editions) != (self._made, self._locator, self._editions):
            found.append("the codes that it knows of are not those that its entries have made")
        self._made, self._locator, self._editions = now.made, now.locator, now.editions
