"""What was promised to those who asked, checked against all that they heard and all that lies in the tables.

The promises of the books themselves, entry by entry, are `infra.invariants`; these are between the books and people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from shared import events, keys
from shared.errors import Unavailable
from tests.kit import NOON
from tests.sim import codes, gifts, guests, hosts, leavers, measured, reckoning, stamps, store_days
from tests.sim.books import Books
from tests.sim.names import name_of
from tests.sim.opening import BAG, COSTLY_TOTAL, MANY, PER_MEMBER, TOTAL
from tests.sim.people import Ask
from tests.sim.reckoning import purchases_in

if TYPE_CHECKING:
    from tests.sim.story import Story

_TOKYO = timedelta(hours=9)
_OUTAGE = Unavailable().code
_COUPONS = {"applied": "redeemed", "expired_but_honoured": "redeemed", "conflict_absorbed": "absorbed"}
_SALES = {"applied": "earned"}
"""Which entries there are by what a till was told of an item."""


def broken(story: Story) -> Iterator[str]:
    """Every promise that a run broke."""
    books = story.books
    yield from books.end(NOON + timedelta(milliseconds=story.turns.now) + timedelta(days=1))
    if story.programme == "plain":
        yield from reckoning.faults([ask for ask in story.people.asks if not leavers.is_of_leaver(ask)], books)
    yield from leavers.faults(story)
    yield from _parked(story)
    yield from store_days.faults(books)
    yield from hosts.faults(books)
    yield from guests.faults(story)
    yield from _limits(books)
    yield from gifts.faults(story.people.asks, books)
    yield from measured.faults(books)
    yield from _voids(books)
    yield from _drawn(books)
    yield from codes.faults(story)
    yield from stamps.faults(books, is_plain=story.plot.is_plain, is_merged=bool(story.plot.merges))
    yield from _without_a_line(story.people.asks, books)
    if not story.plot.merges:
        yield from _caps(books)
    others = {
        id(ask.of[1]): ask
        for ask in story.people.asks
        if ask.of and ask.of[0] == "other" and (ask.good or ask.is_unknown)
    }
    # By clocks that differ, two processes may write one and the same item, and both have written it.
    is_skewed = story.weather.skew_ms > 0 or story.weather.jumps
    for ask in story.people.asks:
        yield from (f"{fault}: {ask}" for fault in _of_ask(ask, books, others.get(id(ask)), is_skewed=is_skewed))
    if story.programme == "plain" and not story.plot.merges:
        yield from _refused_in_vain(story.people.asks, books)
    yield from _alike(story.people.asks)
    yield from _in_order(story.people.asks, books)
    yield from _published(story)


# ---- one ask ---------------------------------------------------------------------------------------------------------


def _of_ask(ask: Ask, books: Books, other: Ask | None, *, is_skewed: bool) -> Iterator[str]:
    if any(one.status >= 500 and one.status != 503 for one in ask.said):
        yield "failed"
    if ask.of and ask.of[0] == "other":
        yield from _other_content(ask)
        return
    good = [one for one in ask.said if one.is_good]
    if ask.method != "GET" and not _may_repeat(ask):
        if any((one.status, one.body) != (good[0].status, good[0].body) for one in good[1:]):
            yield "answered in two ways"
        # An approval has no name of its own: two of one millisecond write the same bytes, and both hear that they did.
        is_alike = is_skewed or ask.path.endswith("/approve")
        if any(one.asked > good[0].answered and not one.is_replay for one in good[1:]) and not is_alike:
            yield "done twice, as its answers say"
    name = name_of(ask)
    if name is None:
        return
    if (
        "hold_id" not in ask.body
        and any(one.code == "reversed" for one in ask.said)
        and not _may_be_gone(ask, books, name)
    ):
        yield "told that it was reversed, which it never was"
    entered = {entry.account for entry in books.entered(name)}
    is_refused = any(entry.kind == "refused" for entry in books.entered(name))  # said by an entry
    if good and not entered:
        yield "acknowledged, and not in the books"
    if (
        entered
        and ask.sent
        and not (ask.is_unknown or good or other or is_refused)
        and not _was_reversed(ask, books, name)
    ):
        yield "refused every time, and in the books"


def _other_content(ask: Ask) -> Iterator[str]:
    """The same id with other content is never done, once the first has been."""
    first: Ask = ask.of[1]
    done = first.good
    for one in ask.said:
        if one.is_good and done and done.answered <= one.asked:
            yield "other content under a used id was taken"
        if one.is_good and not one.is_replay and first.good:
            yield "two contents under one id were both taken"


def _may_be_gone(ask: Ask, books: Books, name: str) -> bool:
    """Whether it, or the purchase that it is about, was reversed; or its name has been open for a day."""
    partition = name.partition("/")[0]
    is_undone = books.entered(partition, is_reversal=True) or any(
        entry.kind == "reversed" for entry in books.by_account.get(partition, ())
    )
    closed = [item for item in books.chains.get(partition, ()) if item.get("state") == "reversed"]
    return bool(is_undone or closed) or ask.lasted_ms > 86_000_000


def _may_repeat(ask: Ask) -> bool:
    repeatable = ("batch", "extend", "keep", "leave", "pause", "release", "rules", "rulings", "sync")
    return ask.of is not None and ask.of[0] in repeatable


def _was_reversed(ask: Ask, books: Books, name: str) -> bool:
    return bool(books.entered(name, is_reversal=True)) or any(one.code == "reversed" for one in ask.said)


def _refused_in_vain(asks: list[Ask], books: Books) -> Iterator[str]:
    """Nobody is refused points that were there the whole time. (Under the plain programme none expire.)"""
    for ask in asks:
        match ask.of:
            case ("spend" | "hold", *_):
                who, points = ask.body["member"]["member_id"], ask.body["points"]
            case ("approval", _, who, points):
                pass
            case _:
                continue
        known = books.balances.get(keys.account(keys.MEMBER_POINTS, who), [(0, 0)])
        for one in ask.said:
            if one.code == "insufficient_points":
                before = [balance for turn, balance in known if turn <= one.asked][-1:]
                during = [balance for turn, balance in known if one.asked < turn <= one.answered]
                if min(before + during) >= points:
                    yield f"refused points that were there: {ask}"


def _alike(asks: list[Ask]) -> Iterator[str]:
    """A purchase is answered alike, alone and in a batch."""
    heard: dict[str, Any] = {}
    for ask in asks:
        match ask.of:
            case ("purchase", *_):
                bodies = [one.body for one in ask.said if one.is_good]
            case ("batch",):
                results = [result for one in ask.said if one.is_good for result in one.body["results"]]
                bodies = [result["body"] for result in results if result["status"] < 300]
            case _:
                continue
        for body in bodies:
            if heard.setdefault(body["purchase_id"] + body["source"], body) != body:
                yield f"purchase {body['purchase_id']} answered in two ways: {ask}"


# ---- between asks ----------------------------------------------------------------------------------------------------


def _in_order(asks: list[Ask], books: Books) -> Iterator[str]:
    """Who asks after somebody was answered comes later in the account: each chain is strictly serializable.

    So no entry may have been answered before one ahead of it was asked for at all.
    """
    batched: dict[str, int] = {}
    for ask in asks:
        for body in purchases_in(ask):
            first = ask.first_sent or 0
            batched[body["purchase_id"]] = min(first, batched.get(body["purchase_id"], first))
    spans: dict[str, list[tuple[int, int, int, Ask]]] = {}
    for ask in asks:
        name = name_of(ask)
        good = ask.good
        if name is None or ask.first_sent is None:
            continue
        for entry in books.entered(name)[:1]:
            answered = good.answered if good else 1 << 60
            sent = min(ask.first_sent, batched.get(ask.body.get("purchase_id", ""), ask.first_sent))
            spans.setdefault(entry.account, []).append((entry.sequence, sent, answered, ask))
    for account, found in spans.items():
        found.sort(key=lambda one: one[0])
        soonest = 1 << 60
        for sequence, sent, answered, ask in reversed(found):
            if soonest < sent:
                yield f"{account} {sequence}: entered before what had been answered when it was first asked for: {ask}"
            soonest = min(soonest, answered)


def _parked(story: Story) -> Iterator[str]:
    """Nothing that came over a queue is given up; a member whom an outage kept from the job is looked at tomorrow."""
    for item in story.transient.scan():
        if item["pk"].startswith("parked") and (item["pk"], item["reason"]) != (keys.parked("alarms", "")[0], _OUTAGE):
            yield f"parked: {item['pk']}: {item['reason']}"


def _limits(books: Books) -> Iterator[str]:
    """No campaign gives more than its total, no member gets more of one than the limit."""
    issued: Counter[str] = Counter()
    for entry in books.all:
        if entry.account[0] == keys.COUPON_BOOK and entry.kind == "issued":
            issued[entry.data["campaign_id"]] += 1
        elif entry.account[0] == keys.POOL and entry.kind == "made":
            issued[keys.holder(entry.account)] += entry.data["count"]
    for campaign, total in (("few", TOTAL), ("many", MANY), ("stars", TOTAL), ("costly", COSTLY_TOTAL)):
        if issued[campaign] > total:
            yield f"{issued[campaign]} coupons and codes of a campaign of {total}"


def _drawn(books: Books) -> Iterator[str]:
    """What a campaign's limits have taken is what its redemptions have used for good: no more, and no less."""
    uses: dict[tuple[str, str], tuple[str, int]] = {}
    users: dict[str, str] = {}
    for entry in books.all:
        if entry.account[0] in (keys.COUPON_BOOK, keys.CODE) and entry.kind in ("redeemed", "held", "voided"):
            uses[entry.data["campaign_id"], entry.data["redemption_id"]] = entry.kind, entry.data["discount"]
            users[entry.data["redemption_id"]] = entry.data.get("member_id", entry.account)
    money, times, by_member = Counter[str](), Counter[str](), Counter[str]()
    for (campaign, redemption), (kind, discount) in uses.items():
        if kind == "redeemed":
            money[campaign] += discount
            times[campaign] += 1
            if campaign == "paper":
                by_member[users[redemption]] += 1
    yield from (f"{who} used {n} codes on paper" for who, n in by_member.items() if n > PER_MEMBER)
    taken = Counter[tuple[str, ...]]()
    for account, items in books.chains.items():
        if account.startswith(("L#paper#", "L#all")):
            _, campaign, *which = account.split("#")
            taken[campaign, "by day" if len(which) > 1 else "in all"] += items[-1]["s"]["n"]
    wanted = {("paper", "in all"): money["paper"], ("all", "in all"): times["all"], ("all", "by day"): times["all"]}
    for limit, amount in wanted.items():
        if taken[limit] != amount:
            yield f"of {limit} {taken[limit]} are taken, and {amount} used"


def _voids(books: Books) -> Iterator[str]:
    """A void gives back what its own redemption uses or holds, and nobody else's."""
    users: dict[str, str] = {}
    for entry in books.all:
        if entry.account[0] in (keys.COUPON_BOOK, keys.CODE) and entry.kind in ("redeemed", "held", "voided"):
            coupon, redemption = entry.data["coupon_id"], entry.data["redemption_id"]
            if entry.kind == "voided" and users.get(coupon) != redemption:
                yield f"{redemption} voided, and {coupon} was used by {users.get(coupon)}"
            users[coupon] = redemption


def _without_a_line(asks: list[Ask], books: Books) -> Iterator[str]:
    """What a till was told of an item is in the books: the coupon used, the loss at the till, the purchase recorded."""
    for ask in asks:
        for one in ask.said if ask.of == ("sync",) else ():
            for item, result in zip(ask.body["items"], one.body["results"] if one.is_good else (), strict=False):
                outcome, body = result.get("first", result["outcome"]), item["body"]
                if item["kind"] == "purchase":
                    name, wanted = keys.purchase("pos", body["purchase_id"]), _SALES.get(outcome)
                else:
                    name, wanted = keys.redemption(body["redemption_id"]), _COUPONS.get(outcome)
                kinds = {entry.kind for entry in books.entered(name)}
                if wanted is not None and wanted not in kinds:
                    yield f"told that {item['id']} is {outcome}, and in the books is {kinds}: {ask}"


def _caps(books: Books) -> Iterator[str]:
    """A capped rule gives a member no more on a day of the programme than its cap, a campaign no more than its limit."""
    given: Counter[tuple[str, date]] = Counter()
    for entry in books.all:
        if entry.account[0] == keys.MEMBER_POINTS and entry.ref and entry.ref[0] == "action":
            given[entry.account, (entry.occurred_at + _TOKYO).date()] += entry.points
    issued = Counter(
        (entry.account, entry.data["campaign_id"])
        for entry in books.all
        if entry.account[0] == keys.COUPON_BOOK and entry.kind == "issued"
    )
    for (account, campaign), times in issued.items():
        if campaign in ("own", "welcome") and times > PER_MEMBER:
            yield f"{account} got {times} coupons of {campaign}, of which nobody gets more than {PER_MEMBER}"
    for place, points in given.items():
        if points > BAG["cap"]["per_day"]:
            yield f"{place} got {points} points by a rule of {BAG['cap']}"


def _published(story: Story) -> Iterator[str]:
    """Every entry's events reached the topic."""
    for entry in story.books.all:
        for event in events.of_entry(entry):
            if event["id"] not in story.wires.published:
                yield f"never published: {event['id']}"
