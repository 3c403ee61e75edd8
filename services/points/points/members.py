"""Members: joining, by the shop's word or by their own."""

from __future__ import annotations

import os
import time
from typing import Any

from points.identities import kept_of, may_link
from points.person import Consent, MemberAnswer, NewMe, NewMember
from points.profiles import answer, erased, said
from points.store import programme
from shared import clock, keys
from shared.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from shared.http import Call, Reply
from shared.member_ref import card_code, code_key, identity_key, is_gone, login_holder, present
from shared.patience import attempts
from shared.reference import Identity
from shared.table import Collision, Item, PutNew, Write
from shared.world import World


def create(call: Call[NewMember]) -> Reply:
    """A new member with its identities; the same request again gets the same member."""
    wanted = call.body
    for n, identity in enumerate(wanted.identities):
        may_link(call, identity, f"/identities/{n}/type")
    member_id = wanted.member_id or call.idempotency_key
    if member_id is None:
        raise Invalid.at("/member_id", "missing", "a member_id or the header Idempotency-Key is required")
    item = _new_member(call, member_id, wanted.identities, wanted.display_name, wanted.consents)
    old = _join(call.world, item, wanted.identities)
    if old is None:
        return Reply(answer(call, item), 201)
    if old["fp"] != item["fp"]:
        raise Invalid("id_reused")
    return Reply(_answer_of_then(call, old, item), 201, is_replay=True)


def _answer_of_then(call: Call[Any], old: Item, sent: Item) -> MemberAnswer:
    """What this request was answered when it made the member, whatever became of it; but of who is gone only that."""
    if is_gone(old, call.now):
        return answer(call, erased(old))
    consents = {purpose: consent | {"t": old["t"]} for purpose, consent in sent["consents"].items()}
    tier = programme(call.world).tiers.at(0)
    return answer(call, sent | {"consents": consents}).model_copy(update={"tier": tier})


def join(call: Call[NewMe]) -> Reply:
    """The signed-in person becomes a member, and the login is linked; again: the member it is."""
    if call.who.kind != "member":
        raise Forbidden("forbidden")
    try:
        return Reply(answer(call, present(call.world, login_holder(call.world, call.who), consistent=True)), 200)
    except NotFound:
        pass
    identities = [Identity(type="oidc", value=call.who.login)]
    member_id = _own_id(call)
    item = _new_member(call, member_id, identities, call.body.display_name, call.body.consents)
    try:
        old = _join(call.world, item, identities)
    except Conflict:  # joined at the same moment from another device
        return Reply(answer(call, present(call.world, login_holder(call.world, call.who), consistent=True)), 200)
    if old is not None and is_gone(old, call.now):
        raise Forbidden("not_a_member")  # the local issuer knows one id for good
    return Reply(answer(call, old or item), 200 if old else 201)


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
        "identities": [kept_of(call.world, identity) for identity in identities],
        "consents": {purpose: said(consent, call.now) for purpose, consent in consents.items()},
        "state": "active",
        "fp": call.world.secrets.fingerprint(call.content),
        "t": clock.to_ms(call.now),
        "q": call.request_id,  # tells this request's write from a twin's
    }
    return item | ({"display_name": display_name} if display_name else {})


def _join(world: World, item: Item, identities: list[Identity]) -> Item | None:
    """Write a member with its identities and static code, all or nothing; the member that is already there, if any."""
    member_id = item["member_id"]
    for attempt in attempts(world.clock):
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
            # {} is a conflict that decides nothing; and what is ours already is a twin's, whose member comes in sight.
            there = (collision.olds.get(n) for n in range(1, len(claims)))
            if any(old and old["member_id"] != member_id for old in there):
                raise Conflict("identity_taken") from None
    raise Unavailable


def static_code(world: World, member_id: str, attempt: int) -> str:
    """Thirteen digits that any till can scan: EAN-13 with the in-store prefix 29, drawn from a keyed hash."""
    number = int(world.secrets.digest("static_code", f"{member_id}|{attempt}"), 16) % 10**10
    return card_code(number)
