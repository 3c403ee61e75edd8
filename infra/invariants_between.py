"""What lies between chains: what one decided and another obeyed, what one gave and another got.

Each item leaves a few facts about its operations; those of one operation, from whatever chains, must fit each other.
What is young may be on its way still.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from infra import invariants_attribution, invariants_figures
from infra.invariants_cards import place_of
from infra.invariants_facts import Facts
from infra.invariants_joins import faults_of, named
from infra.invariants_lots import lots_of, total
from infra.invariants_merges import Merges
from shared import keys
from shared.chain import operation
from shared.clock import to_ms
from shared.table import Item

ON_ITS_WAY = timedelta(minutes=5)
"""So young may a decision be that nobody has obeyed yet, or had not when that was read."""

Raw = Mapping[str, Any]
_CARRIED = ("N#action#", "N#adjustment#", "N#checkin#", "N#review#", "N#approach#")
_PURCHASES = f"{keys.NAME_PREFIX}purchase."
_EVENT_OF_CHECKIN = "/omotenashi/checkin:{account}:{number}:checkin.{told}"
_TOLD_OF_CHECKIN = {"accepted": "accepted", "approved": "accepted", "flagged": "flagged", "limited": "limited"}


class _Sale:
    """A purchase as far as its own chain tells."""

    __slots__ = ("at", "home", "is_reversed", "lots", "must_enter")

    def __init__(self, name: Item) -> None:
        self.home: str | None = name["pk"] if "acc" in name else None
        self.must_enter, self.at = "carry" in name, name["t"]
        self.is_reversed = False
        self.lots = 0  # earned points that came back


class Between:
    """The facts of all chains."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._merges = Merges()
        self._sales: dict[str, _Sale] = {}
        self._taken: dict[str, dict[Any, bytes]] = {}  # what partners' budgets and pools have given, and not got back
        self._told = {
            keys.PARTNER_BUDGET: self._of_budget,
            keys.POOL: self._of_pool,
            keys.COUPON_BOOK: self._of_coupons,
            keys.CODE: self._of_coupons,
            keys.VISITS: self._of_visits,
            keys.APPROACHES: self._of_approaches,
            keys.TRAFFIC: self._of_traffic,
            keys.FIGURES: self._of_figures,
            keys.EXPOSURES: self._of_exposures,
            keys.STORE_DAYS: self._of_store_days,
            keys.TERMINAL: self._of_tills,
        }

    def name(self, item: Item) -> None:
        """A name: what must enter somewhere."""
        name = item["pk"]
        if name.startswith(_PURCHASES):
            if item.get("state") != "reversed":
                self._sales[name] = _Sale(item)
        elif "carry" in item and name.startswith(_CARRIED):
            self._facts.add(operation(name), "name", name, item["t"])
        elif name.startswith("N#issue#") and "l" in item.get("op", ()):
            self._facts.add(operation(name), "drawn", name, item["t"])
        elif name.startswith("N#issue#") and item.get("op", {}).get("o") == "stamps":
            self._facts.add(operation(name), "placed", name, item["t"])

    def bare_name(self, name: str, at: int) -> None:
        """The name of a purchase that only earns, and to which nothing has happened."""
        self._facts.add(operation(name), "name", name, at)

    def see(self, item: Item) -> None:
        """An item of a chain."""
        partition, letter = item["pk"], item["pk"][0]
        if "c" in item or letter in "BV" or item["e"][-1]["k"] == "merged":
            self._merges.see(item)
        if letter == keys.MEMBER_POINTS:
            self._of_points(item)
        elif partition.startswith(_PURCHASES):
            self._of_purchase(item)
        elif letter in self._told:
            self._told[letter](item)

    def forget(self, partition: str) -> None:
        """The chain is over."""
        self._taken.pop(partition, None)
        sale = self._sales.pop(partition, None)
        if sale is None or sale.home is None:
            return
        mark = operation(sale.home)
        if sale.must_enter and not sale.is_reversed:
            self._facts.add(mark, "name", partition, sale.at)
        if sale.lots:
            self._facts.add(mark, "came back", partition, sale.at, sale.lots)

    def end(self, now: datetime) -> Iterator[str]:
        """What does not fit; once."""
        due = to_ms(now - ON_ITS_WAY)
        for partition in list(self._sales):
            self.forget(partition)
        yield from self._merges.faults(due)
        for facts in self._facts.by_operation():
            yield from faults_of(facts, due)

    # ---- what chains say --------------------------------------------------------------------------------------------

    def _of_purchase(self, item: Item) -> None:
        sale = self._sales.get(item["pk"])
        for offset, raw in enumerate(item["e"]):
            data = raw.get("x", {})
            if sale is None or "carry" not in data:
                continue
            where, kind, is_reversal = f"{item['pk']} entry {item['sk'] + offset}", raw["k"], raw["k"] == "reversed"
            if kind == "claimed":
                sale.home = data["carry"][1]
            sale.is_reversed = sale.is_reversed or is_reversal
            name = sale.home if is_reversal else data["carry"][1]
            lots, used = (total(lots_of(data[one])) if one in data else 0 for one in ("lots", "used"))
            sale.lots += 0 if kind in ("completed", "claimed") else lots
            self._facts.add(
                operation(str(name), is_reversal=is_reversal), "decided", where, item["t"], kind, lots, used
            )

    def _of_points(self, item: Item) -> None:
        entries, at = item["e"], item["t"]
        if len(entries) == 1 and (raw := entries[0])["k"] == "earned" and raw["r"].startswith("purchase:"):
            points = raw.get("p", 0)
            self._facts.add(raw["o"], "did", item["pk"], item["sk"], at, points, 0, 0, points, False)
            return
        by_mark: dict[bytes, list[tuple[int, Raw]]] = {}
        for offset, raw in enumerate(entries):
            if "o" in raw and "r" in raw:
                by_mark.setdefault(raw["o"], []).append((offset, raw))
        for mark, own in by_mark.items():
            offset, raw = own[0]
            about = raw["r"].partition(":")[0]
            place = (item["pk"], item["sk"] + offset)
            if about in ("purchase", "return", "action", "adjustment"):
                self._facts.add(mark, "did", *place, at, *_did([one for _, one in own]))
            elif about == "award":
                self._of_award(mark, named(*place), at, raw)
            elif about == "checkin":
                self._facts.add(mark, "coming", named(*place), at, raw.get("p", 0))
            elif about == "coupon":
                what = "bonus taken" if raw["k"] == "reversed" else "bonus got"
                self._facts.add(_bonus_of(raw, raw["r"]), what, named(*place), at, raw.get("p", 0))
            elif about == "claim":
                answer = operation(f"{_issue_of(raw)}/answer")
                self._facts.add(answer, "paid", named(*place), at, -raw.get("p", 0))

    def _of_award(self, mark: bytes, where: str, at: int, raw: Raw) -> None:
        data = raw.get("x", {})
        if raw["k"] == "reversed":
            self._facts.add(operation(data["carry"][1]), "revoked", where, at, 0)
        else:
            self._facts.add(mark, "refused" if raw["k"] == "refused" else "accepted", where, at, raw.get("p", 0))

    def _of_budget(self, item: Item) -> None:
        taken = self._taken.setdefault(item["pk"], {})
        for offset, raw in enumerate(item["e"]):
            data, number = raw.get("x", {}), item["sk"] + offset
            where = f"{item['pk']} entry {number}"
            if raw["k"] == "taken":
                taken[number] = raw["o"]
                self._facts.add(raw["o"], "taken", where, item["t"], data["points"])
            elif data.get("taken") in taken:
                self._facts.add(taken.pop(data["taken"]), "back", where, item["t"], -data["points"])

    def _of_pool(self, item: Item) -> None:
        taken = self._taken.setdefault(item["pk"], {})
        for offset, raw in enumerate(item["e"]):
            where = f"{item['pk']} entry {item['sk'] + offset}"
            if raw["k"] == "taken":
                taken[raw["r"]] = raw["o"]
                self._facts.add(raw["o"], "taken", where, item["t"], 1)
            elif raw["k"] == "given_back" and raw["r"] in taken:
                self._facts.add(taken.pop(raw["r"]), "back", where, item["t"], 1)

    def _of_coupons(self, item: Item) -> None:
        for offset, raw in enumerate(item["e"]):
            number, at, price = item["sk"] + offset, item["t"], raw.get("x", {}).get("price_points")
            where = f"{item['pk']} entry {number}"
            is_first = raw["k"] in ("issued", "reserved", "refused") and not (raw["k"] == "issued" and price)
            if is_first and item["pk"][0] == keys.COUPON_BOOK:
                self._facts.add(raw["o"], "refused" if raw["k"] == "refused" else "issued", where, at, 1)
            if "bonus_points" in raw.get("x", {}) and raw["k"] in ("redeemed", "voided"):
                ref = f"coupon:{raw['x']['coupon_id']}"
                self._facts.add(_bonus_of(raw, ref), f"bonus {raw['k']}", where, at, raw["x"]["bonus_points"])
            if raw["k"] == "reserved":
                self._facts.add(operation(f"{_issue_of(raw)}/answer"), "price", where, at, price)
            elif raw["k"] == "released":
                self._facts.add(operation(_issue_of(raw)), "refused", where, at, 1)
                self._facts.add(raw["o"], "answered", where, at, 0)
            elif raw["k"] == "issued" and price:
                self._facts.add(raw["o"], "answered", where, at, price)
            elif raw["k"] == "lost":
                self._facts.add(raw["o"], "lost", where, at, raw["x"]["amount"])
            if raw["k"] == "filled":
                self._facts.add(operation(place_of(raw["x"]["coupon_id"])), "filled", where, item["t"])
            self._counts(item, offset, raw)

    def _of_exposures(self, item: Item) -> None:
        for offset, raw in enumerate(item["e"]):
            self._counts(item, offset, raw, "dated")

    def _counts(self, item: Item, offset: int, raw: Raw, *more: str) -> None:
        """The events of an entry that the figures must count, and what else must."""
        number = item["sk"] + offset
        for event, amount in invariants_figures.counted(item["pk"], number, raw):
            for what in ("counts", *more):
                self._facts.add(operation(event), what, f"{item['pk']} entry {number}", item["t"], amount)

    def _of_store_days(self, item: Item) -> None:
        for offset, raw in enumerate(item["e"]):
            where = f"{item['pk']} entry {item['sk'] + offset}"
            self._facts.add(raw["o"], "day", where, item["t"], invariants_attribution.amount_of(raw))

    def _of_figures(self, item: Item) -> None:
        for offset, raw in enumerate(item["e"]):
            if "shown" not in raw["x"]:
                where = f"{item['pk']} entry {item['sk'] + offset}"
                self._facts.add(raw["o"], "counted", where, item["t"], invariants_figures.amount_of(raw))

    def _of_tills(self, item: Item) -> None:
        for offset, raw in enumerate(item["e"]):
            where = f"{item['pk']} entry {item['sk'] + offset}"
            if raw["k"] in ("absorbed", "refused"):
                self._facts.add(raw["o"], "borne", where, item["t"], raw["x"]["amount"])
            elif raw["k"] == "lifted":
                name = keys.redemption(raw["r"].partition(":")[2])
                self._facts.add(operation(name), "lifted", where, item["t"], raw["x"]["amount"])

    def _of_traffic(self, item: Item) -> None:
        for offset, raw in enumerate(item["e"]):
            if raw["k"] == "counted":
                self._facts.add(raw["o"], "tallied", f"{item['pk']} entry {item['sk'] + offset}")

    def _of_approaches(self, item: Item) -> None:
        for offset, raw in enumerate(item["e"]):
            self._facts.add(raw["o"], "did", item["pk"], item["sk"] + offset, item["t"], 0, 0, 0, 0, False)

    def _of_visits(self, item: Item) -> None:
        for offset, raw in enumerate(item["e"]):
            number = item["sk"] + offset
            where = f"{item['pk']} entry {number}"
            if "o" in raw and raw["k"] != "merged":
                self._facts.add(raw["o"], "did", item["pk"], number, item["t"], 0, 0, 0, 0, False)
            told = _TOLD_OF_CHECKIN.get(raw["k"])
            if told is None:
                continue
            event = operation(_EVENT_OF_CHECKIN.format(account=item["pk"], number=number, told=told))
            if raw["k"] != "approved":
                self._facts.add(event, "guest", where)
            if told == "accepted" and raw["x"]["reward"]["points"]:
                self._facts.add(event, "reward", where, item["t"], raw["x"]["reward"]["points"])


def _issue_of(raw: Raw) -> str:
    """The name of the issue of the coupon that an entry is about."""
    locator, index = raw["x"]["coupon_id"].split("-")
    return keys.issue(int(locator, 16), int(index, 16))


def _bonus_of(raw: Raw, ref: str) -> bytes:
    """The operation of a bonus: that of a redemption and a coupon."""
    return operation(f"bonus#{raw['x']['redemption_id']}#{ref.partition(':')[2]}")


def _did(own: list[Raw]) -> tuple[int, int, int, int, bool]:
    """What an operation did to a member's points: gave, took back, gave back, brought in; and whether it is obeying."""
    gave = took = back = arrived = 0
    for raw in own:
        kind, data, points = raw["k"], raw.get("x", {}), raw.get("p", 0)
        arrived += points + data.get("pending", 0)
        if kind in ("earned", "pending") and "lots" in data:
            gave += total(lots_of(data["lots"]))
        elif kind == "returned":
            took += data["clawed"] + data.get("forgiven", 0)
        elif kind == "restored":
            back += points + data.get("forfeited", 0)
    return gave, took, back, arrived, any(raw["k"] in ("returned", "restored", "reversed") for raw in own)
