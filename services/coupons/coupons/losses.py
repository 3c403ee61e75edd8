"""What a redemption of a till without a line became, in the coupon's home and, if the coupon was gone, at the till.

1. The home: the coupon is used, or an entry says that it was gone. That decides.
2. If it was gone, the till's chain: the loss is absorbed or refused. If we die before it, the stream brings it.
3. If the redemption is voided after that, the stream lifts the loss again.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from coupons import offline, packing, terminal
from coupons.book import Redeeming
from coupons.dues import attentive
from coupons.offline import LOST
from coupons.terminal import TILL, Lifting, Loss
from shared import chain, keys
from shared.chain import Entry, Head
from shared.coupon_book import BOOK, Book
from shared.errors import Conflict
from shared.naming import Done, Pending, Verb, named, unnamed
from shared.table import Item
from shared.world import World

REDEEM_OFFLINE: Verb[Book, Redeeming] = Verb(
    BOOK, packing.pack_redeeming, packing.unpack_redeeming, attentive(offline.redeem_or_tell), carried_by="coupons"
)
"""It can't be refused, so the stream finishes it."""
BEAR: Verb[Any, Loss] = Verb(TILL, unnamed, unnamed, terminal.bear)
LIFT: Verb[Any, Lifting] = Verb(TILL, unnamed, unnamed, terminal.lift)


def enter(world: World, account: str, pending: Pending[Redeeming], head: Head[Book] | None = None) -> Done[Redeeming]:
    """Bring a redemption into its home; `reversed` if it was voided."""
    return world.ledger.enter_one(REDEEM_OFFLINE, account, pending, head)


def bear(world: World, lost: Entry) -> Done[Loss]:
    """Bring a loss into the till's chain; `reversed` if it was lifted."""
    _, name, account, seen = lost.data["carry"]
    mark, reversal = chain.operation(name), chain.operation(name, is_reversal=True)
    pending = Pending(offline.loss_of(lost), mark, reversal, lost.recorded_at, seen)
    return world.ledger.enter_one(BEAR, account, pending)


def finish(world: World, name: Item) -> None:
    """Bring a redemption, its loss, or the end of its loss to where it belongs, for a process that died."""
    if "acc" not in name or name["acc"][0] != keys.COUPON_BOOK:
        return  # several homes at once: all there is was written together
    pending = named(REDEEM_OFFLINE, name)
    if "carry" in name:
        with suppress(Conflict):  # it was voided, and what it lost before that must still be lifted
            enter(world, name["acc"], pending)
    place = world.ledger.trace(name["acc"], pending.mark, name["seen"])
    lost = _lost(place.item, pending.mark) if place is not None else None
    if lost is None:
        return
    home = world.ledger.head(BOOK, keys.holder(name["acc"]), consistent=True)
    found = world.ledger.find(home, pending)
    if found is not None and found.mark == pending.reversal:
        _lift(world, lost)
        return
    with suppress(Conflict):  # it was voided meanwhile, and the loss lifted
        bear(world, lost)


def _lift(world: World, lost: Entry) -> None:
    """Take the loss of a voided redemption out of the till's books; if it is not there yet, it can't come any more."""
    _, name, account, seen = lost.data["carry"]
    loss = offline.loss_of(lost)
    world.ledger.undo(
        LIFT,
        {"pk": name, "acc": account, "seen": seen},
        account,
        lambda entries: Lifting(loss, entries[0].kind if entries else None),
    )


def _lost(item: Item, mark: bytes) -> Entry | None:
    """The entry of a redemption, if it says that the coupon was gone."""
    own = (entry for entry in chain.entries_of(item) if entry.operation == mark)
    return next((entry for entry in own if entry.kind == LOST), None)
