"""The ways to know a member: linking one more, forgetting one."""

from __future__ import annotations

from typing import Any

from points.person import IdentityValue, NewIdentity
from points.profiles import answer, change
from shared.errors import Forbidden, NotFound
from shared.http import Call, Reply
from shared.member_ref import identity_key, masked, profile
from shared.reference import Identity
from shared.table import PutNew, Remove
from shared.world import World

_SHOP_ONLY = ("oidc", "line", "app")


def link(call: Call[NewIdentity]) -> Reply:
    """One more way to know a member."""
    identity, member_id = call.body.identity, call.path["member_id"]
    may_link(call, identity, "/identity/type")
    kept = kept_of(call.world, identity)
    pk, sk = identity_key(call.world, identity)
    before = profile(call.world, member_id, consistent=True)
    if kept in before["identities"]:
        return Reply(answer(call, before), 201, is_replay=True)
    changed = change(
        call.world,
        member_id,
        lambda item: item if kept in item["identities"] else item | {"identities": [*item["identities"], kept]},
        [PutNew({"pk": pk, "sk": sk, "member_id": member_id})],
    )
    return Reply(answer(call, changed), 201)


def unlink(call: Call[IdentityValue]) -> Reply:
    """Forget one way to know a member."""
    member_id, kind = call.path["member_id"], call.path["type"]
    if kind not in ("ec", "card", "app", "line", "oidc", "phone"):
        raise NotFound("identity_not_found")
    identity = Identity.model_construct(type=kind, value=call.body.value)
    may_link(call, identity, "/type")
    kept = kept_of(call.world, identity)
    if kept not in profile(call.world, member_id, consistent=True)["identities"]:
        raise NotFound("identity_not_found")
    pk, sk = identity_key(call.world, identity)
    change(
        call.world,
        member_id,
        lambda item: item | {"identities": [one for one in item["identities"] if one != kept]},
        [Remove(pk, sk)],
    )
    return Reply(None, 204)


def may_link(call: Call[Any], identity: Identity, pointer: str) -> None:
    """A till may add a card, never a login or a phone: that would hand an account to whoever stands at it."""
    if call.who.kind == "pos" and identity.type != "card":
        raise Forbidden("forbidden", errors=[{"pointer": pointer, "code": "card_only", "detail": "a till adds cards"}])
    if identity.type in _SHOP_ONLY and call.who.kind not in ("ec", "operator"):
        raise Forbidden("forbidden")


def kept_of(world: World, identity: Identity) -> dict[str, str]:
    """An identity as the profile keeps it: enough to be shown, and to be found again."""
    digest = identity_key(world, identity)[0].rpartition("#")[2]
    return {"type": identity.type, "masked": masked(identity.value), "digest": digest}
