"""A member was erased: visits and approaches are closed, phones let go of, and nothing of it waits for a review.

Coordinates were never kept. What stays is that somebody, whose id leads to nobody, was at a store on a day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from checkin import arrival, devices
from checkin.approach import APPROACHES
from checkin.visits import VISITS
from shared import chain, clock, erasing, keys, reviews
from shared.chain import Entry
from shared.errors import Refused
from shared.events import Received
from shared.naming import Pending, Verb, unnamed
from shared.table import Item
from shared.world import World

UNBIND = Verb(devices.DEVICE, unnamed, unnamed, devices.unbind)
_NAME = "checkin"


def on_erased(world: World, event: Received) -> None:
    """Close what a member has here, and forget what stands beside it. Each part is harmless to repeat."""
    member_id = erasing.hear(world, event, VISITS, APPROACHES)
    logins = erasing.all_ever_in(world.ledger.table, VISITS.letter, member_id)
    for entry in erasing.entries_of(world.ledger.table, VISITS.partition(member_id)):
        if entry.kind == "flagged":
            reviews.take_out(world, entry, reviews.review_id(entry))
        for name in _names_of(world, entry, logins):
            forget_device(world, name)
    for item in world.transient.items(keys.challenge(member_id, "")[0]):
        world.transient.delete(item["pk"], item["sk"])


def _names_of(world: World, entry: Entry, logins: Iterable[str]) -> Iterator[Item]:
    """The name of a check-in, which keeps the phone's keyed hash: of whichever login, by the entry's own mark."""
    checkin_id = entry.data.get("repeated_by") or entry.data.get("checkin_id")
    if checkin_id is None:
        return
    for owner in (*(f"member.{login}" for login in logins), keys.SHOP):
        partition = keys.name(_NAME, owner, str(checkin_id))
        if entry.operation == chain.operation(partition):
            name = world.ledger.table.get(partition, 0, consistent=True)
            if name is not None and "v" in name["op"]:
                yield name


def forget_device(world: World, name: Item) -> None:
    """The phone lets go of the member, and then the name of the phone: it is gone from there only when that is done.

    It has bound who the check-in was asked of, though a merge may have led that elsewhere since. It enters as the
    reversal of the binding, so that a twin of the check-in which is still on its way can't bind it anew.
    """
    device, at = devices.DEVICE.partition(str(name["op"]["v"])), clock.from_ms(name["t"])
    bound, end = keys.holder(name["acc"]), chain.operation(devices.binding(name["pk"]), is_reversal=True)
    (done,) = world.ledger.enter(UNBIND, device, [Pending(bound, end, end, at, 0, is_effect=True, is_event=True)])
    if isinstance(done, Refused):
        raise done
    world.ledger.table.put(arrival.without_device(name))
