"""Spending points at once."""

from __future__ import annotations

from functools import partial

from points import packing, rules
from points.model import Spend, SpendAnswer
from points.paying import Payer
from points.rules import Spending
from points.store import programme
from points.verbs import member_verb
from shared.http import Call, Reply
from shared.member_ref import require_member

SPEND = member_verb(rules.spend, packing.pack_spending, packing.unpack_spending)


def spend(call: Call[Spend]) -> Reply:
    """Take points out of a member's account."""
    wanted = call.body
    naming = call.naming("spend", wanted.spend_id)
    payer = Payer(call, naming)

    def found(consistent: bool) -> tuple[str, Spending]:
        who = payer.find(wanted.member, wanted.points, "/points", consistent=consistent)
        kept = (wanted.spend_id, wanted.points, wanted.order_ref)
        return who.member_id, Spending(*kept, programme(call.world).zone, call.who.store_id)

    done = call.world.ledger.perform(SPEND, naming, found, partial(require_member, call.world), payer.use_code)
    answer = SpendAnswer(spend_id=done.operation.spend_id, points=done.operation.points, balance=done.item["b"])
    return Reply(answer, is_replay=done.is_replay)
