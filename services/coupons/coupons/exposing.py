"""Who was exposed to which campaign, and what they did then: heard from events, each counted once in whatever order.

The member's chain of exposures decides; what it says travels by its own events into the campaign's figures and its
days by store. A purchase whose member is not exposed to anything leaves nothing behind, also when its event overtook the
one that exposes the member. So whenever an exposure is heard of, what points and check-in have told of the member since
is looked through once more: it was in their books before, and finds the exposure now.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from coupons import attribution, notes, store, store_days
from coupons.attribution import EXPOSURES, Exposing, Exposure, Heard, Spot, Visiting
from coupons.giving import Issuing
from coupons.store_days import STORE_DAYS, Counted
from shared import chain, clock, closings, events, keys, places
from shared.chain import Head, Part
from shared.errors import Unavailable
from shared.event_types import short_name
from shared.events import Received
from shared.finding import Stop
from shared.http import AHEAD_MAX
from shared.naming import Verb, unnamed
from shared.patience import attempts
from shared.table import Item
from shared.world import World

PURCHASES = ("purchase.recorded", "purchase.completed", "purchase.cancelled", "purchase.returned")
EXPOSE = Verb(EXPOSURES, unnamed, unnamed, attribution.expose)
VISIT = Verb(EXPOSURES, unnamed, unnamed, attribution.visit)
COUNT = Verb(STORE_DAYS, unnamed, unnamed, store_days.count)
_PAGE = 8


# ---- exposed --------------------------------------------------------------------------------------------------------


def hold_out(world: World, member_id: str, issuing: Issuing) -> None:
    """A member would have been issued a coupon now, and is held out."""
    assert issuing.exposed is not None, "nobody is held out of what is not measured"
    exposure = Exposure(issuing.campaign_id, True, *issuing.exposed)
    _expose(world, member_id, exposure, issuing.coupon.source_id, issuing.store_id)


def on_issued(world: World, event: Received) -> None:
    """A member has a coupon of a campaign that was measured when it was issued."""
    said, member_id = event.data, _member(event)
    if "attribution_hours" in said and member_id is not None:
        at = clock.from_text(said["exposed_at"])
        exposure = Exposure(said["campaign_id"], False, at, int(said["attribution_hours"]))
        _expose(world, member_id, exposure, said["source_id"], said.get("store_id"))


def _expose(world: World, member_id: str, exposure: Exposure, source_id: str, store_id: str | None) -> None:
    """Once a campaign and member: who has been exposed already stays in that arm, and costs half a read."""
    head = world.ledger.head(EXPOSURES, member_id)
    if attribution.is_exposed(head.state, exposure.campaign_id):
        return
    exposing = Exposing(exposure, source_id, _spot(world, store_id, exposure.at))
    cause = f"exposed|{exposure.campaign_id}|{source_id}"
    world.ledger.obey(EXPOSE, member_id, [(cause, exposure.at, exposing)])  # a twin of it may have been first


def on_exposed(world: World, event: Received) -> None:
    """Look once more through what was told of the member since, for it may have come before this."""
    on_counted(world, event)
    since, member_id = clock.from_text(event.data["occurred_at"]) - AHEAD_MAX, str(event.subject)
    for letter in (keys.MEMBER_POINTS, keys.VISITS):
        for told in _told_since(world, keys.account(letter, member_id), since):
            if told.type == events.type_name("checkin.accepted"):
                on_checkin(world, told)
            elif told.type == events.type_name("purchase.recorded"):
                on_purchase(world, told)
                _hear_the_rest(world, told)


def _told_since(world: World, account: str, since: datetime) -> Iterator[Received]:
    """What the entries of an account have told since then, and of all to which it has ever led; read consistently."""
    wanted, known = [account], set()
    while wanted:
        account = wanted.pop()
        known.add(account)
        for item in _backwards(world, account):
            led_to = {closing.account for closing in closings.unpack(item.get("c", ()), account)}
            wanted += sorted(led_to - known.union(wanted))
            if clock.from_ms(item["t"]) < since:
                break
            yield from _events_of(item)


def _backwards(world: World, account: str) -> Iterator[Item]:
    upto: int | None = None
    while found := world.ledger.table.items(account, upto=upto, newest_first=True, limit=_PAGE, consistent=True):
        yield from found
        if len(found) < _PAGE:
            return
        upto = found[-1]["sk"] - 1


def _hear_the_rest(world: World, recorded: Received) -> None:
    """What has happened to a purchase since it was recorded."""
    name = keys.purchase(*notes.told(recorded)[1].split("/", 1))
    for item in world.ledger.table.items(name, after=0, consistent=True):
        for told in _events_of(item):
            on_purchase(world, told)


def _events_of(item: Item) -> Iterator[Received]:
    return (events.read(event) for entry in chain.entries_of(item) for event in events.of_entry(entry))


# ---- what they did then ---------------------------------------------------------------------------------------------


def on_checkin(world: World, event: Received) -> None:
    """A check-in counts for each campaign that its member is exposed to at this time, once."""
    member_id = _member(event)
    if member_id is None or not store.measured(world):
        return
    said, at = event.data, clock.from_text(event.data["occurred_at"])
    head = world.ledger.head(EXPOSURES, member_id, consistent=True)
    spot = Spot(said["store_id"], date.fromisoformat(said["business_day"]))
    wanted = [
        (f"{event.id}|{campaign_id}", event.time, Visiting(campaign_id, said["checkin_id"], at, spot))
        for campaign_id in attribution.visited_in(head.state, at)
    ]
    if wanted:
        world.ledger.obey(VISIT, member_id, wanted)


def on_purchase(world: World, event: Received) -> None:
    """What happens to a purchase counts for each campaign that its member was exposed to when it was made.

    The head is read consistently: whoever sees no exposure here was earlier than the exposure, which then sees the purchase.
    """
    member_id = _member(event)
    if member_id is None or not store.measured(world):
        return
    for _ in attempts(world.clock):
        head = world.ledger.head(EXPOSURES, member_id, consistent=True)
        item = _bought(world, head, event) if head.state else None
        if item is None or world.ledger.put(item) is None:
            return
    raise Unavailable


def _bought(world: World, head: Head[attribution.Exposures], event: Received) -> Item | None:
    """The item by which an event about a purchase enters; None if nothing follows from it."""
    heard = _heard(world, event)
    if not any(map(heard.counts_for, head.state)):
        return None

    def name(number: int) -> str:
        return f"attribution|{heard.ref[1]}|{number}"

    said = notes.latest(world.ledger.table, [Stop(head, 0, heard.at - AHEAD_MAX, None)], name)
    known = attribution.Known() if said is None else attribution.known_of(said)
    decided = attribution.buy(head.state, known, heard)
    if decided is None:
        return None
    part = Part(chain.operation(name(known.entries)), decided.steps)
    return chain.next_item(EXPOSURES, head, [part], decided.state, max(head.recorded_at, event.time))


def _heard(world: World, event: Received) -> Heard:
    kind, ref, left = notes.told(event)
    at = clock.from_text(event.data.get("bought_at", event.data["occurred_at"]))
    spot = _spot(world, event.data.get("store_id"), at) if kind == "recorded" else None
    return Heard(("purchase", ref), at, left, spot)


def _member(event: Received) -> str | None:
    """Whose an event is: of the account that was asked, whatever was merged since.

    So all events about a purchase are of one member, and a member is in the arm that was drawn for that account.
    """
    member_id: str | None = event.data.get("asked_of", event.subject)
    return member_id


def _spot(world: World, store_id: str | None, at: datetime) -> Spot:
    return Spot(store_id, places.of_store(world, store_id).day(at))


# ---- by store and day -----------------------------------------------------------------------------------------------


def on_redeemed(world: World, event: Received) -> None:
    """A coupon of a campaign that is measured was redeemed, or its redemption voided."""
    if event.data["campaign_id"] in store.measured(world):
        on_counted(world, event)


def on_counted(world: World, event: Received) -> None:
    """Add what has happened to its day at its store, once."""
    said, row = event.data, store_days.of_event(short_name(event.type), event.data)
    if row is None:
        return
    store_id = said.get("store_id") or ""
    day = said.get("business_day") or _spot(world, store_id, clock.from_text(said["occurred_at"])).day.isoformat()
    holder = keys.store_days(said["campaign_id"], day, store_id or event.id)
    world.ledger.obey(COUNT, holder, [(event.id, event.time, Counted(store_id, row))])


REACTIONS = {
    events.type_name("coupon.issued"): on_issued,
    events.type_name("coupon.redeemed"): on_redeemed,
    events.type_name("coupon.voided"): on_redeemed,
    events.type_name("campaign.exposed"): on_exposed,
    events.type_name("campaign.attributed"): on_counted,
}
"""What follows from each event besides its being counted in the campaign's figures."""
