"""Approaches: a phone has crossed the fence around a store. The answer is the same whether anybody hears of it."""

from __future__ import annotations

from functools import partial

from checkin import approach, visitor
from checkin.approach import APPROACHES, Approach, is_night
from checkin.model import ApproachAnswer, ApproachBody
from shared.http import Call, Reply
from shared.member_ref import require_member
from shared.naming import Verb
from shared.table import Item
from shared.world import World

NAME = "approach"
VERB = Verb(APPROACHES, approach.pack, approach.unpack, approach.decide, carried_by="checkin")


def record(call: Call[ApproachBody]) -> Reply:
    """The signed-in member has come near a store, as the phone says."""
    wanted, world = call.body, call.world
    member_id = visitor.holder(call)

    def found(consistent: bool) -> tuple[str, Approach]:
        store = visitor.store_for(world, member_id, wanted.store_id, consistent=consistent)
        is_closed, is_quiet = store.state != "open", is_night(call.now, store.time_zone)
        return member_id, Approach(wanted.approach_id, wanted.store_id, call.now, is_closed, is_quiet)

    naming = call.naming(NAME, wanted.approach_id, f"member.{member_id}")
    done = world.ledger.perform(VERB, naming, found, partial(require_member, world))
    answer = ApproachAnswer(approach_id=wanted.approach_id, store_id=done.operation.store_id)
    return Reply(answer, is_replay=done.is_replay)


def finish(world: World, name: Item) -> None:
    """Bring an approach into its chain whose process died after the name."""
    world.ledger.carry_on(VERB, name, world.clock.now())
