"""Challenges: the first of two fixes, where a store asks its guests to stay.

What a challenge says is decided once and kept for a day or two, for a retry; it is no fact of the books.
"""

from __future__ import annotations

from datetime import timedelta

from checkin import dwelling, visitor
from checkin.dwelling import First
from checkin.evidence import weigh
from checkin.model import ChallengeAnswer, ChallengeBody, CheckinBody
from shared import clock, keys
from shared.http import Call, Reply
from shared.naming import check_same
from shared.table import Item
from shared.world import World

NAME = "challenge"
_KEPT = timedelta(days=2)


def give(call: Call[ChallengeBody]) -> Reply:
    """The signed-in member begins to stay at a store. Who is elsewhere gets a challenge as well: one that never passes."""
    world, member_id = call.world, visitor.holder(call)
    naming = call.naming(NAME, call.body.challenge_id, f"member.{member_id}")
    key = keys.challenge(member_id, call.body.challenge_id)
    old = world.transient.get(*key, consistent=True)
    if old is None:
        pk, sk = key
        ttl = int((clock.utc_now() + _KEPT).timestamp())
        new: Item = {"pk": pk, "sk": sk, "fp": naming.fingerprint, "first": _first(call, member_id), "ttl": ttl}
        old = world.transient.put_new(new)
        if old is None:
            return _reply(world, member_id, new, is_replay=False)
    check_same(old, naming)
    return _reply(world, member_id, old, is_replay=True)


def is_passed(call: Call[CheckinBody], member_id: str) -> bool:
    """Whether a check-in shows a challenge of this member and store, given long enough ago and not too long."""
    wanted, world = call.body, call.world
    text = world.secrets.unseal(NAME, member_id, wanted.challenge) if wanted.challenge else None
    if text is None:
        return False
    device = device_of(world, wanted.device_id)
    return dwelling.unpack(text).is_followed(wanted.store_id, device, wanted.location, call.now)


def device_of(world: World, device_id: str | None) -> str | None:
    """The keyed hash of a device."""
    return world.secrets.digest("device", device_id) if device_id else None


def _first(call: Call[ChallengeBody], member_id: str) -> str:
    wanted, world = call.body, call.world
    store = visitor.store_for(world, member_id, wanted.store_id, consistent=True)
    is_there = weigh(wanted.location, store, call.now).level is not None
    device = device_of(world, wanted.device_id)
    seconds = store.dwell_seconds or 0
    return dwelling.pack(dwelling.first(store.store_id, device, wanted.location, seconds, call.now, is_there=is_there))


def _reply(world: World, member_id: str, item: Item, *, is_replay: bool) -> Reply:
    said: str = item["first"]
    first: First = dwelling.unpack(said)
    answer = ChallengeAnswer(
        challenge=world.secrets.seal(NAME, member_id, said),
        not_before=first.not_before,
        expires_at=first.expires_at,
    )
    return Reply(answer, is_replay=is_replay)
