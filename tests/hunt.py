"""The hunt of 2018 at its real size: 71 stores, 902 accounts, 45 emulators, 42 days, one check-in a store and day each.

Through the real routes, over tables in memory. `python -m tests.hunt --days 42` plays it and tells the numbers; the slow
tests play its first day. A day's books are put away each night but for each chain's newest item, which is all that the
next day reads: else 2.69 million check-ins would not fit into a laptop.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from checkin.reactions import REACTIONS
from checkin.routes import ROUTES
from checkin.rules import STORES_PER_DAY
from checkin.traffic import TRAFFIC, Seen, Traffic, count
from points.routes import ROUTES as POINTS
from shared import inbox, keys, relay
from shared.auth import Principal
from shared.chain import Part, next_item
from shared.events import Event
from shared.http import Request, answer
from shared.memory import MemoryTable
from shared.table import Item
from tests.kit import OPERATOR, Client, FakeClock, make_world, member
from tests.stream import record

STORES, ACCOUNTS, EMULATORS, DAYS = 71, 902, 45, 42
POINTS_EACH = 2
USUAL = 10  # guests in each hour at each store, before
CONSENT = {"location": {"granted": True, "version": "1"}}
_DAY = 24 * 3600
_HONEST_FROM, _HONEST_UNTIL = 0, 10 * 3600  # noon to ten in the evening: the world begins at noon in Tokyo


class Ledger(MemoryTable):
    """A ledger that remembers what is new since it was asked last."""

    def __init__(self) -> None:
        super().__init__(counts=False)
        self.new: list[Item] = []

    def put_new(self, item: Item) -> Item | None:
        old = super().put_new(item)
        if old is None and "e" in item:
            self.new.append(item)
        return old

    def put_away(self) -> None:
        """Forget all but the newest item of each chain."""
        for pk in [*self._order]:
            keep = [] if pk.startswith(keys.NAME_PREFIX) else self._order[pk][-1:]
            self._partitions[pk] = {sk: self._partitions[pk][sk] for sk in keep}
            self._order[pk] = keep
            if not keep:
                del self._order[pk], self._partitions[pk]


@dataclass
class Outbox:
    """What the relay sends."""

    sent: list[Event] = field(default_factory=list)

    def publish(self, events: list[Event]) -> list[Event]:
        self.sent += events
        return []

    def carry_on(self, service: str, partition: str) -> None:
        """Names are finished by their callers here."""

    def park(self, key: dict[str, Any], reason: str) -> None:
        raise AssertionError(f"parked {key}: {reason}")


@dataclass
class Guest:
    """Somebody who comes once: where, when in the day, and how far the phone is off."""

    who: Principal
    store: int
    off_m: float
    accuracy_m: float


class Town:
    """The stores of a chain in one region, their guests, and the hunter's accounts."""

    def __init__(self, *, accounts: int = ACCOUNTS, honest: int = 0, seed: int = 2018, min_level: int = 0) -> None:
        self.reward = {"min_level": min_level, "points": POINTS_EACH}
        self.random = random.Random(seed)
        self.emulators = max(1, accounts * EMULATORS // ACCOUNTS)
        self.clock = FakeClock()
        self.ledger = Ledger()
        self.world = make_world(self.clock, (self.ledger, MemoryTable(counts=False), MemoryTable(counts=False)))
        self.outcomes: Counter[str] = Counter()
        self.points = self.tried = self.counted = 0
        self.seen: Counter[tuple[str, bool]] = Counter()  # of honest guests: outcome, and if their store had paused
        self.places = [
            (33.0 + self.random.random() * 1.5, 130.0 + self.random.random() * 1.5) for _ in range(STORES)
        ]  # Kyushu
        self._route = next(one for one in ROUTES.all if (one.method, one.path) == ("POST", "/v1/me/checkins"))
        self._open()
        self.hunters = self._join("hunter", accounts)
        self.guests = self._join("guest", honest)

    def _open(self) -> None:
        operator = Client(ROUTES, self.world, OPERATOR)
        for n, (lat, lon) in enumerate(self.places):
            store = {"name": f"{n}", "lat": lat, "lon": lon, "time_zone": "Asia/Tokyo"}
            store["rewards"] = [self.reward]
            assert operator.put(f"/v1/stores/s-{n}", store).status == 200
            self._has_a_past(f"s-{n}")

    def _has_a_past(self, store_id: str) -> None:
        now = self.clock.now() - timedelta(hours=1)
        hour = int(now.timestamp()) // 3600
        past = Traffic(hour, 0, hour - 1680, 1680, (USUAL * 16,) * 168)
        steps = count(past, Seen(store_id, now), now).steps
        head = self.world.ledger.head(TRAFFIC, store_id)
        self.ledger.put_new(next_item(TRAFFIC, head, [Part(b"the past", steps)], past, now))

    def _join(self, kind: str, number: int) -> list[Principal]:
        points = Client(POINTS, self.world)
        for n in range(number):
            assert points.post("/v1/members", {"member_id": f"{kind}-{n}", "consents": CONSENT}).status == 201
        return [member(f"{kind}-{n}") for n in range(number)]

    # ---- who comes ---------------------------------------------------------------------------------------------------

    def come(self, who: Principal, checkin_id: str, store: int, **more: Any) -> dict[str, Any]:
        """One check-in at a store; the phone says to be right at its door unless it says otherwise."""
        lat, lon = self.places[store]
        off_m, accuracy_m = more.pop("off_m", 0.0), more.pop("accuracy_m", 5.0)
        fix = {"lat": lat + off_m / 111_195, "lon": lon, "accuracy_m": accuracy_m}
        fix["captured_at"] = self.clock.now().isoformat()
        body = {"checkin_id": checkin_id, "store_id": f"s-{store}", "location": fix, **more}
        reply = answer(self.world, self._route, Request(headers={}, raw=json.dumps(body).encode(), who=who))
        said: dict[str, Any] = reply.body
        assert reply.status in (200, 201), said
        return said

    def hear(self) -> None:
        """What has happened reaches the stores' counts, and what they say the stores."""
        while self.ledger.new:
            new, self.ledger.new = self.ledger.new, []
            self.counted += sum(raw["k"] == "counted" for item in new for raw in item["e"])
            outbox = Outbox()
            relay.relay_ledger(self.world, [record(item) for item in new if _is_told(item)], outbox)
            told = [{"messageId": str(n), "body": json.dumps(event)} for n, event in enumerate(outbox.sent)]
            if told:
                assert inbox.work(self.world, {"Records": told}, reactions=REACTIONS) == {"batchItemFailures": []}

    def paused(self) -> int:
        """How many stores have paused by themselves."""
        items = (self.world.directory.table.get(*keys.store(f"s-{n}")) or {} for n in range(STORES))
        return sum(item.get("paused_by") == "anomaly" for item in items)

    def resume(self) -> None:
        """In the morning people resume what has paused, and look no further."""
        operator = Client(ROUTES, self.world, OPERATOR)
        for n in range(STORES):
            assert operator.put(f"/v1/stores/s-{n}/rewards-pause", {"paused": False}).status == 200

    # ---- a day -------------------------------------------------------------------------------------------------------

    def day(self, number: int, *, plan: str, has_devices: bool) -> None:
        """One day of the hunt, and of the guests who come on it: store after store, each emulator one check-in at a time."""
        began = self.clock.now()
        honest = self._guests_of(number)
        rounds = [*(self._patient_rounds(number) if plan == "patient" else self._rounds(plan))]
        for n, batch in enumerate(rounds):
            self.clock.at = began + timedelta(seconds=_DAY * n / len(rounds))
            for account, store in batch:
                more = {"device_id": f"emulator-{account % self.emulators}"} if has_devices else {}
                said = self.come(self.hunters[account], f"h-{number}-{store}", store, **more)
                self.outcomes[said["outcome"]] += 1
                self.points += said["reward"]["points"]
                self.tried += 1
            while honest and honest[-1][0] <= (self.clock.at - began).total_seconds():
                self._comes_honestly(honest.pop()[1], number)
            self.hear()
        self.clock.at = began + timedelta(days=1)
        self.ledger.put_away()

    def _rounds(self, plan: str) -> Iterator[list[tuple[int, int]]]:
        """Which accounts are at which stores, in batches of one check-in for each emulator."""
        order = [*range(STORES)]
        if plan != "same":
            self.random.shuffle(order)
        turn = 1 if plan != "spread" else STORES  # spread: each account begins at a store of its own
        accounts = range(len(self.hunters))
        for n in range(STORES):
            for first in range(0, max(1, len(accounts)), self.emulators):
                group = accounts[first : first + self.emulators]
                yield [(one, order[(n + one % turn) % STORES]) for one in group]

    def _patient_rounds(self, number: int) -> Iterator[list[tuple[int, int]]]:
        """As guests do: three stores a day and account, hours apart, other ones each day."""
        accounts = range(len(self.hunters))
        for n in range(STORES_PER_DAY):
            for first in range(0, max(1, len(accounts)), self.emulators):
                group = accounts[first : first + self.emulators]
                yield [(one, (number * STORES_PER_DAY + n + one) % STORES) for one in group]

    def _guests_of(self, number: int) -> list[tuple[float, Guest]]:
        if number:
            return []
        times = sorted((self.random.uniform(_HONEST_FROM, _HONEST_UNTIL) for _ in self.guests), reverse=True)
        return [(at, self._guest(who)) for at, who in zip(times, self.guests, strict=True)]

    def _guest(self, who: Principal) -> Guest:
        """An honest guest, whose phone is right within its accuracy in 68 of 100 cases, as phones are."""
        accuracy_m = self.random.uniform(5, 65)
        sigma = accuracy_m / 1.51  # of each of two directions
        off_m = (self.random.gauss(0, sigma) ** 2 + self.random.gauss(0, sigma) ** 2) ** 0.5
        return Guest(who, self.random.randrange(STORES), off_m, accuracy_m)

    def _comes_honestly(self, guest: Guest, number: int) -> None:
        store = self.world.directory.table.get(*keys.store(f"s-{guest.store}")) or {}
        said = self.come(guest.who, f"g-{number}", guest.store, off_m=guest.off_m, accuracy_m=guest.accuracy_m)
        self.seen[said["outcome"], store.get("paused_by") == "anomaly"] += 1


def _is_told(item: Item) -> bool:
    return any(raw["k"] in ("accepted", "flagged", "limited", "anomaly") for raw in item["e"])


def play(
    days: int,
    *,
    plan: str,
    has_devices: bool,
    accounts: int = ACCOUNTS,
    honest: int = 0,
    resumes: bool = False,
    min_level: int = 0,
    say: Callable[[str], None] = lambda _: None,
) -> Town:
    """The hunt for so many days, of fewer accounts with fewer emulators.

    `resumes`: every store by people each morning; `min_level`: what the stores' reward asks for.
    """
    town = Town(accounts=accounts, honest=honest, min_level=min_level)
    for number in range(days):
        if resumes:
            town.resume()
        town.day(number, plan=plan, has_devices=has_devices)
        say(
            f"day {number + 1}: {town.tried} tried, {town.points} points, {town.paused()} paused, {dict(town.outcomes)}"
        )
    return town


def main() -> None:
    """Play it and say what it was worth."""
    options = argparse.ArgumentParser(description="the hunt of 2018")
    options.add_argument("--days", type=int, default=DAYS)
    options.add_argument("--accounts", type=int, default=ACCOUNTS)
    options.add_argument("--honest", type=int, default=0)
    options.add_argument("--resume", action="store_true", help="every store, each morning")
    options.add_argument("--plan", choices=("same", "shuffled", "spread", "patient"), default="shuffled")
    options.add_argument("--without-devices", action="store_true")
    chosen = options.parse_args()
    has_devices = not chosen.without_devices
    town = play(
        chosen.days,
        plan=chosen.plan,
        has_devices=has_devices,
        accounts=chosen.accounts,
        honest=chosen.honest,
        resumes=chosen.resume,
        say=lambda line: print(line, flush=True),
    )
    naive = town.tried * POINTS_EACH
    share = 100 * town.points / max(1, naive)
    print(f"{town.points} of {naive} points: {share:.3f} %; {town.counted} counted; honest: {dict(town.seen)}")


if __name__ == "__main__":
    main()
