"""Actions: what members do besides buying, paid by the programme's rules for it."""

from __future__ import annotations

from functools import partial

from points import acting, packing
from points.acting import Acting, Action, ActionAnswer
from points.earning import relevant
from points.store import programme
from points.verbs import member_verb
from points.words import explained
from shared.http import Call, Reply
from shared.member_ref import require_member, resolve
from shared.table import Item
from shared.world import World

ACT = member_verb(acting.act, packing.pack_acting, packing.unpack_acting, carried_by="points")


def act(call: Call[Action]) -> Reply:
    """Record what a member did that was no purchase: its points are there when this has answered."""

    def found(consistent: bool) -> tuple[str, Acting]:
        wanted = _acting(call)
        return resolve(call.world, call.who, call.body.member, consistent=consistent).member_id, wanted

    naming = call.naming("action", call.body.action_id)
    done = call.world.ledger.perform(ACT, naming, found, partial(require_member, call.world))
    own = [entry for entry in done.entries if entry.ref == done.operation.ref]
    answer = ActionAnswer.model_validate(
        {
            "action_id": done.operation.action_id,
            "points": sum(entry.points for entry in own),
            "balance": done.item["b"],
            "explain": [line for entry in own for line in explained(entry.data["explain"], call.language)],
        }
    )
    return Reply(answer, is_replay=done.is_replay)


def _acting(call: Call[Action]) -> Acting:
    """The action with the rules that can apply to it, judged by where a till stands and by the kind of the key."""
    wanted, who, settings = call.body, call.who, programme(call.world)
    at = wanted.occurred_at or call.now
    call.check_past(at)
    channel = who.kind if who.kind in ("ec", "pos") else None
    rules = relevant(settings, channel, who.store_id, at, (), action=wanted.type)
    return Acting(wanted.action_id, wanted.type, at, rules, who.store_id, wanted.staff_id)


def finish(world: World, name: Item) -> None:
    """Bring an action into its member's account, whose process died."""
    world.ledger.carry_on(ACT, name, world.clock.now())
