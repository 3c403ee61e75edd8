"""What was promised about guests who stay, and about stores that have more of them than ever."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shared import keys
from shared.clock import from_ms, from_text
from shared.table import Item
from tests.sim.books import Books
from tests.sim.names import name_of
from tests.sim.opening import DWELL_SECONDS, LOUNGES, RUSHED
from tests.sim.people import Ask

if TYPE_CHECKING:
    from tests.sim.story import Story

_CACHED_MS = 1_000
_DWELL = timedelta(seconds=DWELL_SECONDS)
_FRESH = timedelta(seconds=60)
"""So old may a fix be, by the clock of whoever judges it."""
Body = dict[str, Any]


def faults(story: Story) -> Iterator[str]:
    """All that is wrong with it."""
    yield from _stays(story)
    yield from _counts(story.books, story.guests_max)
    yield from _pauses(story)
    yield from _paid_in_a_pause(story)
    yield from _decided(story.people.asks, story.books)


# ---- who stays -------------------------------------------------------------------------------------------------------


def _stays(story: Story) -> Iterator[str]:
    """A place alone is paid at a store that asks its guests to stay if they stayed, and for no other reason is it not."""
    asks = story.people.asks
    begun = [ask for ask in asks if _first(ask).of and _first(ask).of[0] == "challenge" and ask.good]
    for name, sent in _sent(asks).items():
        said = _operation(story.books, name)
        if said is None or said["s"] not in LOUNGES or said.get("l") not in (0, 1):
            continue
        at = from_ms(said["t"])
        stayed = [_has_stayed(ask, begun, at, is_anybody=bool(story.plot.merges)) for ask in sent]
        if "r" not in said and not any(stayed):
            yield f"who did not stay is paid, or would be: {sent[0]}"
        if said.get("r") == "not_stayed" and all(stayed) and not story.plot.merges:
            yield f"who stayed is not believed: {sent[0]}"


def _has_stayed(ask: Ask, begun: list[Ask], at: datetime, *, is_anybody: bool) -> bool:
    """Whether a check-in, judged at a time, is the second fix of somebody who was there before, by what was sent and told."""
    sent = ask.body
    for one in begun:
        if one.good is None or sent.get("challenge") != one.good.body["challenge"]:
            continue
        is_same = (one.body["store_id"], one.body.get("device_id")) == (sent["store_id"], sent.get("device_id"))
        told, fixed_at = one.good.body, from_text(one.body["location"]["captured_at"])
        is_fresh = abs(from_text(told["not_before"]) - _DWELL - fixed_at) <= _FRESH
        is_there = is_fresh and _place(one.body) == _place_of(sent["store_id"])
        apart = from_text(sent["location"]["captured_at"]) - fixed_at
        if (
            is_same
            and is_there
            and (one.who == ask.who or is_anybody)
            and apart >= _DWELL
            and from_text(told["not_before"]) <= at <= from_text(told["expires_at"])
        ):
            return True
    return False


def _place(body: Body) -> tuple[float, float]:
    return body["location"]["lat"], body["location"]["lon"]


def _place_of(store_id: str) -> tuple[float, float] | None:
    store = LOUNGES.get(store_id)
    return None if store is None else (store["lat"], store["lon"])


# ---- what is counted -------------------------------------------------------------------------------------------------


def _counts(books: Books, most: int) -> Iterator[str]:
    """An hour is too much with the first guest who is one too many, and never before: with a pencil.

    No run lasts long enough for a store to have a past. Who is heard of when another hour has begun counts in none.
    """
    for account, entries in books.by_account.items():
        if account[0] != keys.TRAFFIC:
            continue
        now, guests, is_told, is_due = 0, 0, False, False
        for entry in entries:
            if is_due != (entry.kind == "anomaly"):
                yield f"{account} {entry.sequence}: {guests} guests in an hour, and {'nobody is' if is_due else 'it is'} told"
                break
            is_due = False
            if entry.kind == "anomaly":
                is_told = True
                continue
            hour = int(entry.occurred_at.timestamp()) // 3600
            if hour > now:
                now, guests, is_told = hour, 0, False
            guests += hour == now
            is_due = hour == now and guests > most and not is_told
        else:
            if is_due:
                yield f"{account}: {guests} guests in the last hour, and nobody is told"


# ---- what pauses -----------------------------------------------------------------------------------------------------


def _pauses(story: Story) -> Iterator[str]:
    """Each anomaly is heard, pauses at most once, and takes no pause of the operator's over."""
    told: dict[str, list[int]] = defaultdict(list)
    for entry in story.books.all:
        if entry.account[0] == keys.TRAFFIC and entry.kind == "anomaly":
            told[keys.holder(entry.account)].append(entry.sequence)
    paused_by: dict[str, str | None] = dict.fromkeys(RUSHED, "anomaly")
    times: dict[str, int] = defaultdict(int)
    newest: dict[str, Item] = {}
    for _, item in story.stores:
        store_id, now = keys.holder(item["pk"]), _paused_by(item)
        before = paused_by.get(store_id)
        if now == "anomaly" and before != now:
            times[store_id] += 1
            if before is not None:
                yield f"{store_id}: an anomaly takes the operator's pause over"
        paused_by[store_id], newest[store_id] = now, item
    for store_id, heard in told.items():
        if times[store_id] > len(heard):
            yield f"{store_id}: paused {times[store_id]} times by {len(heard)} anomalies"
        if newest.get(store_id, {}).get("anomaly", 0) < max(heard):
            yield f"{store_id}: the anomaly {max(heard)} is not heard"


def _paid_in_a_pause(story: Story) -> Iterator[str]:
    """What a store gives while it has paused by itself, people give: nothing that was asked for in a pause is paid."""
    spans = _spans(story)
    for name, sent in _sent(story.people.asks).items():
        said = _operation(story.books, name)
        if said is None or not any(entry.kind == "accepted" for entry in story.books.entered(name)):
            continue
        asked, judged = min(ask.first_at for ask in sent), story.named_at[name]
        for began, ended in spans.get(said["s"], ()):
            if began + _CACHED_MS < asked and judged < ended:
                yield f"paid at a store that had paused: {sent[0]}"


def _spans(story: Story) -> dict[str, list[tuple[int, int]]]:
    """When each store was paused by itself, in ms of the run."""
    began: dict[str, int] = dict.fromkeys(RUSHED, -_CACHED_MS - 1)
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for at, item in story.stores:
        store_id = keys.holder(item["pk"])
        if _paused_by(item) == "anomaly":
            began.setdefault(store_id, at)
        elif store_id in began:
            found[store_id].append((began.pop(store_id), at))
    for store_id, at in began.items():
        found[store_id].append((at, 1 << 60))
    return found


def _paused_by(item: Item) -> str | None:
    return item.get("paused_by", "operator") if item.get("paused") else None


# ---- what people decide ----------------------------------------------------------------------------------------------


def _decided(asks: list[Ask], books: Books) -> Iterator[str]:
    """What is told of a decision, alone or of many, is the one that the books have."""
    kept = {entry.data["review_id"]: entry.kind for entry in books.all if entry.kind in ("approved", "rejected")}
    for ask in asks:
        for said in (one.body for one in ask.said if one.is_good):
            told = [said] if ask.path.startswith("/v1/reviews/{review_id}") else _results(ask, said)
            for one in told:
                if kept.get(one["review_id"]) != one["state"]:
                    yield f"told to be {one['state']}, and {kept.get(one['review_id'])} in the books: {ask}"


def _results(ask: Ask, said: Body) -> list[Body]:
    if ask.of != ("rulings",):
        return []
    return [one["body"] for one in said["results"] if one["status"] == 200]


# ---- names -----------------------------------------------------------------------------------------------------------


def _first(ask: Ask) -> Ask:
    """The ask whose id it is: somebody may have sent other content under it."""
    return ask.of[1] if ask.of and ask.of[0] == "other" else ask


def _sent(asks: list[Ask]) -> dict[str, list[Ask]]:
    """The check-ins that phones have sent, by their names; under one there may be several contents."""
    found: dict[str, list[Ask]] = defaultdict(list)
    for ask in asks:
        first = _first(ask)
        name = name_of(first) if first.of and first.of[0] == "checkin" else None
        if name is not None and ask.sent:
            found[name].append(ask)
    return found


def _operation(books: Books, name: str) -> Body | None:
    """What the name keeps of the check-in, as it was judged."""
    items = books.chains.get(name)
    said: Body | None = items[0].get("op") if items else None
    return said
