"""Members: joining, identities, consents, codes to show, and the till's one scan."""

from __future__ import annotations

import os
import time
from datetime import datetime
from typing import Any

from points import account
from points.person import (
    Consent,
    IdentityAnswer,
    IdentityValue,
    MemberAnswer,
    NewIdentity,
    NewMe,
    NewMember,
)
from shared import clock, keys
from shared.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from shared.http import Call, Reply
from shared.ledger import backoff_seconds
from shared.member_ref import (
    card_code,
    code_key,
    identity_key,
    login_holder,
    masked,
    profile,
    signed_in,
)
from shared.reference import Identity
from shared.table import Collision, Item, PutNew, Remove, Replace, Write
from shared.world import World

ATTEMPTS_MAX = 8
_SHOP_ONLY = ("oidc", "line", "app")


# ---- joining --------------------------------------------------------------------------------------------------------


def create(call: Call[NewMember]) -> Reply:
    """A new member with its identities; the same request again gets the same member."""
    wanted = call.body
    for n, identity in enumerate(wanted.identities):
        _may_link(call, identity, f"/identities/{n}/type")
    member_id = wanted.member_id or call.idempotency_key
    if member_id is None:
        raise Invalid.at("/member_id", "missing", "a member_id or the header Idempotency-Key is required")
    item = _new_member(call, member_id, wanted.identities, wanted.display_name, wanted.consents)
    old = _join(call.world, item, wanted.identities)
    if old is not None and old["fp"] != item["fp"]:
        raise Invalid("id_reused")
    return Reply(answer(old or item), 201, is_replay=old is not None)


def join(call: Call[NewMe]) -> Reply:
    """The signed-in person becomes a member, and the login is linked; again: the member it is."""
    if call.who.kind != "member":
        raise Forbidden("forbidden")
    try:
        return Reply(answer(profile(call.world, login_holder(call.world, call.who), consistent=True)), 200)
    except NotFound:
        pass
    identities = [Identity(type="oidc", value=call.who.login)]
    member_id = _own_id(call)
    item = _new_member(call, member_id, identities, call.body.display_name, call.body.consents)
    try:
        old = _join(call.world, item, identities)
    except Conflict:  # joined at the same moment from another device
        return Reply(answer(profile(call.world, login_holder(call.world, call.who), consistent=True)), 200)
    return Reply(answer(old or item), 200 if old else 201)


def _own_id(call: Call[Any]) -> str:
    if not call.who.is_local:
        return new_id()
    try:
        return login_holder(call.world, call.who)
    except NotFound:
        raise Forbidden("not_a_member") from None


def new_id() -> str:
    """A UUIDv7 (RFC 9562): its first 48 bits are the time in milliseconds."""
    value = time.time_ns() // 1_000_000 << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0x3 << 62) | 2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _new_member(
    call: Call[Any], member_id: str, identities: list[Identity], display_name: str | None, consents: dict[Any, Consent]
) -> Item:
    pk, sk = keys.member(member_id)
    item: Item = {
        "pk": pk,
        "sk": sk,
        "version": 1,
        "member_id": member_id,
        "identities": [_kept(call.world, identity) for identity in identities],
        "consents": {purpose: _said(consent, call.now) for purpose, consent in consents.items()},
        "state": "active",
        "fp": call.world.secrets.fingerprint(call.content),
        "t": clock.to_ms(call.now),
        "q": call.request_id,  # tells this request's write from a twin's
    }
    return item | ({"display_name": display_name} if display_name else {})


def _join(world: World, item: Item, identities: list[Identity]) -> Item | None:
    """Write a member with its identities and static code, all or nothing; the member that is already there, if any."""
    member_id = item["member_id"]
    for attempt in range(ATTEMPTS_MAX):
        item["static_code"] = static_code(world, member_id, attempt)
        claims = [identity_key(world, identity) for identity in identities]
        claims.append(code_key(world, item["static_code"]))
        if len(set(claims)) != len(claims):
            raise Invalid.at("/identities", "duplicate", "an identity is named twice")
        writes: list[Write] = [PutNew(item)]
        writes += [PutNew({"pk": pk, "sk": sk, "member_id": member_id}) for pk, sk in claims]
        try:
            world.directory.table.transact(writes)
            return None
        except Collision as collision:
            old = world.directory.table.get(item["pk"], item["sk"], consistent=True)
            if old is not None:
                return old
            if any(collision.olds.get(n) for n in range(1, len(claims))):  # {} is a conflict that decides nothing
                raise Conflict("identity_taken") from None
        world.clock.sleep(backoff_seconds(attempt))
    raise Unavailable


def static_code(world: World, member_id: str, attempt: int) -> str:
    """Thirteen digits that any till can scan: EAN-13 with the in-store prefix 29, drawn from a keyed hash."""
    number = int(world.secrets.digest("static_code", f"{member_id}|{attempt}"), 16) % 10**10
    return card_code(number)


# ---- profile --------------------------------------------------------------------------------------------------------


def answer(item: Item) -> MemberAnswer:
    """A profile as it is shown."""
    return MemberAnswer.model_validate(
        {
            "member_id": item["member_id"],
            "display_name": item.get("display_name"),
            "identities": [
                IdentityAnswer(type=kept["type"], value_masked=kept["masked"]) for kept in item["identities"]
            ],
            "tier": account.TIER,
            "consents": {
                purpose: {"granted": said["granted"], "version": said["version"], "at": clock.from_ms(said["t"])}
                for purpose, said in item["consents"].items()
            },
            "state": item["state"],
            "merged_into": item.get("merged_into"),
        }
    )


def read(call: Call[Any]) -> MemberAnswer:
    """A member's profile."""
    return answer(profile(call.world, call.path["member_id"], consistent=True))


def read_me(call: Call[Any]) -> MemberAnswer:
    """The signed-in member's profile."""
    return answer(signed_in(call.world, call.who))


def consent(call: Call[Consent]) -> dict[str, Any]:
    """The member's word on a purpose."""
    purpose = call.path["purpose"]
    if purpose not in ("location", "marketing", "analytics", "partners"):
        raise NotFound("purpose_not_found")
    member_id = signed_in(call.world, call.who)["member_id"]

    def change(item: Item) -> Item:
        old = item["consents"].get(purpose)
        if old and (old["granted"], old["version"]) == (call.body.granted, call.body.version):
            return item
        return item | {"consents": {**item["consents"], purpose: _said(call.body, call.now)}}

    said = _change(call.world, member_id, change)["consents"][purpose]
    at = clock.to_text(clock.from_ms(said["t"]))
    return {"purpose": purpose, "granted": said["granted"], "version": said["version"], "at": at}


def _said(consent: Consent, at: datetime) -> dict[str, Any]:
    return {"granted": consent.granted, "version": consent.version, "t": clock.to_ms(at)}


def _change(world: World, member_id: str, change: Any, extra: Any = lambda _: []) -> Item:
    """Rewrite a profile against other writers; `extra` are further writes of the same transaction."""
    for attempt in range(ATTEMPTS_MAX):
        old = profile(world, member_id, consistent=True)
        changed: Item = change(old)
        if changed == old:
            return old
        changed = changed | {"version": old["version"] + 1}
        try:
            world.directory.table.transact([Replace(changed, old["version"]), *extra(changed)])
            return changed
        except Collision as collision:
            others = [there for n, there in collision.olds.items() if n > 0 and there]
            if any(there["member_id"] != member_id for there in others):
                raise Conflict("identity_taken") from None
        world.clock.sleep(backoff_seconds(attempt))
    raise Unavailable


# ---- identities -----------------------------------------------------------------------------------------------------


def link(call: Call[NewIdentity]) -> Reply:
    """One more way to know a member."""
    identity, member_id = call.body.identity, call.path["member_id"]
    _may_link(call, identity, "/identity/type")
    kept = _kept(call.world, identity)
    pk, sk = identity_key(call.world, identity)
    before = profile(call.world, member_id, consistent=True)
    if kept in before["identities"]:
        return Reply(answer(before), 201, is_replay=True)
    changed = _change(
        call.world,
        member_id,
        lambda item: item if kept in item["identities"] else item | {"identities": [*item["identities"], kept]},
        lambda _: [PutNew({"pk": pk, "sk": sk, "member_id": member_id})],
    )
    return Reply(answer(changed), 201)


def unlink(call: Call[IdentityValue]) -> Reply:
    """Forget one way to know a member."""
    member_id, kind = call.path["member_id"], call.path["type"]
    if kind not in ("ec", "card", "app", "line", "oidc", "phone"):
        raise NotFound("identity_not_found")
    identity = Identity.model_construct(type=kind, value=call.body.value)
    _may_link(call, identity, "/type")
    kept = _kept(call.world, identity)
    if kept not in profile(call.world, member_id, consistent=True)["identities"]:
        raise NotFound("identity_not_found")
    pk, sk = identity_key(call.world, identity)
    _change(
        call.world,
        member_id,
        lambda item: item | {"identities": [one for one in item["identities"] if one != kept]},
        lambda _: [Remove(pk, sk)],
    )
    return Reply(None, 204)


def _may_link(call: Call[Any], identity: Identity, pointer: str) -> None:
    """A till may add a card, never a login or a phone: that would hand an account to whoever stands at it."""
    if call.who.kind == "pos" and identity.type != "card":
        raise Forbidden("forbidden", errors=[{"pointer": pointer, "code": "card_only", "detail": "a till adds cards"}])
    if identity.type in _SHOP_ONLY and call.who.kind not in ("ec", "operator"):
        raise Forbidden("forbidden")


def _kept(world: World, identity: Identity) -> dict[str, str]:
    digest = identity_key(world, identity)[0].rpartition("#")[2]
    return {"type": identity.type, "masked": masked(identity.value), "digest": digest}
