"""Spending points at once."""

from __future__ import annotations

from points import packing, rules, spending
from points.model import Spend, SpendAnswer
from points.rules import Spending
from points.store import programme
from points.verbs import member_verb
from shared.http import Call, Reply
from shared.member_ref import Resolved, require_member, require_presence, resolve, use_up

SPEND = member_verb(rules.spend, packing.pack_spending, packing.unpack_spending)


def spend(call: Call[Spend]) -> Reply:
    """Take points out of a member's account."""
    wanted = call.body
    naming = call.naming("spend", wanted.spend_id)

    shown: list[Resolved] = []

    def found(consistent: bool) -> tuple[str, Spending]:
        settings = programme(call.world)
        spending.check(settings.spending, wanted.points, "/points")
        who = resolve(call.world, call.who, wanted.member, consistent=consistent)
        require_presence(call.who, who, is_needed=settings.pos_spend_needs_presence)
        shown[:] = [who]
        kept = (wanted.spend_id, wanted.points, wanted.order_ref)
        return who.member_id, Spending(*kept, settings.zone, call.who.store_id)

    done = call.world.ledger.perform(
        SPEND,
        naming,
        found,
        lambda member_id: require_member(call.world, member_id),
        lambda: use_up(call.world, shown[0], naming.partition),
    )
    answer = SpendAnswer(spend_id=done.operation.spend_id, points=done.operation.points, balance=done.item["b"])
    return Reply(answer, is_replay=done.is_replay)
