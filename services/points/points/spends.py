"""Spending points at once."""

from __future__ import annotations

from points import packing, rules
from points.balances import ACCOUNT
from points.model import Spend, SpendAnswer
from points.rules import Spending
from points.store import programme
from shared.http import Call, Reply
from shared.member_ref import require_member, require_presence, resolve, use_up
from shared.naming import Verb

SPEND = Verb(ACCOUNT, packing.pack_spending, packing.unpack_spending, rules.spend)


def spend(call: Call[Spend]) -> Reply:
    """Take points out of a member's account."""
    wanted = call.body
    naming = call.naming("spend", wanted.spend_id)

    def found(consistent: bool) -> tuple[str, Spending]:
        who = resolve(call.world, call.who, wanted.member, consistent=consistent)
        require_presence(call.who, who)
        use_up(call.world, who, naming.partition)
        zone = programme(call.world).zone
        return who.member_id, Spending(wanted.spend_id, wanted.points, wanted.order_ref, zone, call.who.store_id)

    done = call.world.ledger.perform(SPEND, naming, found, lambda member_id: require_member(call.world, member_id))
    answer = SpendAnswer(spend_id=done.operation.spend_id, points=done.operation.points, balance=done.item["b"])
    return Reply(answer, is_replay=done.is_replay)
