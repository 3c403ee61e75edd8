"""Members who leave while everything is under way, and that nothing of them stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from checkin.approach import APPROACHES
from checkin.visits import VISITS
from points import forgetting
from points.balances import ACCOUNT
from shared import keys
from shared.clock import to_ms
from shared.coupon_book import BOOK
from tests.kit import NOON
from tests.sim.opening import LEAVERS, PERSONAL, STORES
from tests.sim.people import Ask
from tests.sim.sales import Sales

if TYPE_CHECKING:
    from tests.sim.story import Story

_KINDS = (ACCOUNT, BOOK, VISITS, APPROACHES)


class Leavers(Sales):
    """Each leaver has one story."""

    def leaves(self) -> None:
        """Buys, is given things, comes by; and goes, all at once or after a while; perhaps to stay after all."""
        who = LEAVERS[min(self.left, len(LEAVERS) - 1)]
        self.left += 1
        if self.left > len(LEAVERS):
            return
        busy = [
            self._leaver_buys,
            self._leaver_orders,
            self._leaver_is_given,
            self._leaver_holds,
            self._leaver_gets_a_coupon,
            self._leaver_comes,
            self._leaver_passes,
        ]
        self.at_once(*[lambda do=do: do(who) for do in self.random.sample(busy, 3)])
        ends = [lambda do=do: do(who) for do in self.random.sample(busy, self.random.randint(1, 4))]
        self.at_once(lambda: self._leaver_goes(who), *ends)
        if self.perhaps(0.5):
            self.pause(200_000)
            self.at_once(*[lambda do=do: do(who) for do in self.random.sample(busy, 2)])

    def _leaver_goes(self, who: str) -> None:
        if self.perhaps(0.5):
            self.people.ask("operator", "points DELETE /v1/members/{member_id}", {}, of=("erase", who), member_id=who)
            return
        self.people.ask(who, "points DELETE /v1/me", {"confirm": True}, of=("leave", who))
        self.pause(self.random.choice((10, 200_000)))
        if self.perhaps(0.3):
            self.people.ask(who, "points POST /v1/me/keep", {}, of=("keep", who))

    def _leaver_buys(self, who: str) -> None:
        body = self.basket("completed", "ec", member={"member_id": who}, order_ref=PERSONAL, payment=PERSONAL)
        for line in body["lines"]:
            line["sku"] = PERSONAL
        self._sale(body)

    def _leaver_orders(self, who: str) -> None:
        self._sale(self.basket("placed", "ec", member={"member_id": who}, order_ref=PERSONAL))

    def _leaver_is_given(self, who: str) -> None:
        body = {"adjustment_id": self.id("j"), "member": {"member_id": who}, "points": 30, "reason": PERSONAL}
        of = ("adjustment", body["adjustment_id"])
        self.people.ask("operator", "points POST /v1/adjustments", body, of=of)

    def _leaver_holds(self, who: str) -> None:
        hold_id = self.id("h")
        body = {"hold_id": hold_id, "member": {"member_id": who}, "points": 5, "order_ref": PERSONAL}
        self.people.ask("ec", "points POST /v1/holds", body, of=("hold", hold_id))
        path = "points POST /v1/holds/{hold_id}/release"
        self.people.ask("ec", path, {}, of=("release", hold_id), hold_id=hold_id)

    def _leaver_gets_a_coupon(self, who: str) -> None:
        body = {"campaign_id": "free", "source_id": self.id("i"), "member": {"member_id": who}}
        issued = self.people.ask("ec", "coupons POST /v1/issues", body)
        if issued.good and self.perhaps(0.5):
            body = {
                "redemption_id": self.id("r"),
                "codes": [issued.good.body["code"]],
                "channel": "pos",
                "order_ref": PERSONAL,
                "basket": {"lines": [{"line_id": "1", "quantity": 1, "amount": 500}]},
            }
            self.people.ask("till", "coupons POST /v1/redemptions", body)

    def _leaver_comes(self, who: str) -> None:
        store_id = self.random.choice(tuple(STORES))
        place = {"lat": STORES[store_id]["lat"], "lon": STORES[store_id]["lon"]}
        fix = {**place, "accuracy_m": 10, "captured_at": self.now()}
        body = {"checkin_id": self.id("v"), "store_id": store_id, "location": fix, "device_id": f"{PERSONAL}-{who}"}
        self.people.ask(who, "checkin POST /v1/me/checkins", body, of=("checkin", body["checkin_id"], who))

    def _leaver_passes(self, who: str) -> None:
        body = {"approach_id": self.id("n"), "store_id": "shibuya"}
        self.people.ask(who, "checkin POST /v1/me/approaches", body, of=("approach", body["approach_id"], who))


def is_of_leaver(ask: Ask) -> bool:
    """Whether an ask is about somebody who may leave, whose points nobody can reckon."""
    about = ask.body.get("member", {})
    return about.get("member_id") in LEAVERS or ask.who in LEAVERS


def faults(story: Story) -> Iterator[str]:
    """Who was due is erased, and of who is erased nothing is left, in any service."""
    directory, transient = story.directory, story.transient
    for who in LEAVERS:
        profile: Any = directory.get(*keys.member(who), consistent=True)
        heads = {kind.letter: story.ledger.newest(kind.partition(who), consistent=True) for kind in _KINDS}
        closed = {kind.letter for kind in _KINDS if _is_closed(kind, heads[kind.letter])}
        if profile["state"] != "erased":
            if closed or "is_leaving" in profile or profile.get("erase_at", 1 << 60) < story.turns.now + to_ms(NOON):
                yield f"{who} is to be erased, and is not: {profile}, closed are {closed}"
            continue
        if closed != {kind.letter for kind in _KINDS}:
            yield f"{who} is erased, and only {closed} know it"
        if heads["M"] is None or heads["M"]["b"]:
            yield f"{who} is erased, and has points"
        yield from _traces(who, story, [profile, *transient.scan()])
        left = [item["pk"] for item in directory.scan() if item["sk"] == "identity" and item["member_id"] == who]
        if left:
            yield f"{who} is erased, and known by {left}"


def _is_closed(kind: Any, item: Any) -> bool:
    return item is not None and kind.is_erased(kind.unpack(item["s"]))


def _traces(who: str, story: Story, items: list[Any]) -> Iterator[str]:
    """Where words of an erased member are still: of the ledger only names know words."""
    account = keys.account(keys.MEMBER_POINTS, who)
    for name in (items[0] for items in story.books.chains.values() if items and items[0]["sk"] == 0):
        if name.get("acc") == account and forgetting.without_words(name) != name:
            yield f"{who} is erased, and {name['pk']} has words"
        visits = story.books.entered(name["pk"]) if name["pk"].startswith("N#checkin#") else ()
        if "v" in name.get("op", {}) and any(entry.account == f"V#{who}" for entry in visits):
            yield f"{who} is erased, and {name['pk']} names a phone"
    for item in items:
        if PERSONAL in str(item) and who in str(item):
            yield f"{who} is erased, and words are in {item}"
    for account, chain in story.books.chains.items():
        if account.startswith("D#") and any(line.startswith(f"{who} ") for line in chain[-1]["s"]["m"]):
            yield f"{who} is erased, and bound to a phone"
