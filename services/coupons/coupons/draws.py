"""The pool's part of an issue: a unit taken before the book is asked, and given back if nothing comes of it."""

from __future__ import annotations

from coupons import packing, pool
from coupons.giving import Issuing
from coupons.pool import POOL, Pool
from shared.chain import Head
from shared.errors import Conflict
from shared.naming import Pending, Verb
from shared.world import World

TAKE = Verb(POOL, packing.pack_issuing, packing.unpack_issuing, pool.take)
GIVE_BACK = Verb(POOL, packing.pack_issuing, packing.unpack_issuing, pool.give_back)


def draw(world: World, pending: Pending[Issuing], head: Head[Pool] | None, *, may_append: bool = True) -> None:
    """Take a unit for an issue. What the pool has back again, it took for one that was refused."""
    account = POOL.partition(pending.operation.campaign_id)
    try:
        world.ledger.enter_one(TAKE, account, _in_pool(pending, pending.mark), head, may_append=may_append)
    except Conflict as refused:
        if refused.code == "reversed" and may_append:
            raise Conflict("member_limit_reached") from None
        raise


def give_back(world: World, pending: Pending[Issuing]) -> None:
    """Return what was taken, once: the book has said no, or the member's points."""
    account = POOL.partition(pending.operation.campaign_id)
    world.ledger.enter(GIVE_BACK, account, [_in_pool(pending, pending.reversal)])


def _in_pool(pending: Pending[Issuing], mark: bytes) -> Pending[Issuing]:
    """The same operation on its way into the pool, where it can be only after the pool's own `seen`."""
    assert pending.operation.drawing is not None
    return pending._replace(mark=mark, seen=pending.operation.drawing.seen)
