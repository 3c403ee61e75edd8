"""In which account a purchase's points are, after its member was merged into another and parted again."""

from __future__ import annotations

from points.balances import ACCOUNT, Account
from shared import chain, keys
from shared.chain import Head
from shared.table import Item
from shared.world import World


def find(world: World, account: str, seen: int, item: Item | None, *, is_placed: bool) -> Head[Account]:
    """The head of that account. `item` is the latest one that the purchase has in any; else where it was named tells.

    Points that are there go with a merge and come back with its end, so they are where that account leads now. Those
    of a placed order stay where the merge has brought them: nobody can tell any more whose orders they are of.
    """
    if item is None:
        return world.ledger.last_head(ACCOUNT, account, seen)
    if is_placed:
        return world.ledger.last_head(ACCOUNT, item["pk"], chain.last_sequence(item))
    return world.ledger.open_head(ACCOUNT, keys.holder(item["pk"]), consistent=True)
