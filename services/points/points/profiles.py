"""A member's profile: shown, and changed by the member's word or by what happened to the member."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from points import account
from points.person import Consent, IdentityAnswer, MemberAnswer
from shared import clock, keys
from shared.errors import Conflict, NotFound, Unavailable
from shared.http import Call
from shared.member_ref import is_gone, profile, signed_in
from shared.patience import attempts
from shared.table import Collision, Item, Replace, Write
from shared.world import World


def answer(call: Call[Any], item: Item) -> MemberAnswer:
    """A profile as it is shown, with the tier that the account makes."""
    return MemberAnswer.model_validate(
        {
            "member_id": item["member_id"],
            "display_name": item.get("display_name"),
            "identities": [
                IdentityAnswer(type=kept["type"], value_masked=kept["masked"]) for kept in item["identities"]
            ],
            "tier": account.tier_name(call.world, item["member_id"], call.now),
            "consents": {
                purpose: {"granted": said["granted"], "version": said["version"], "at": clock.from_ms(said["t"])}
                for purpose, said in item["consents"].items()
            },
            "state": item["state"],
            "merged_into": item.get("merged_into"),
            "erase_after": clock.from_ms(item["erase_at"]) if "erase_at" in item else None,
        }
    )


def read(call: Call[Any]) -> MemberAnswer:
    """A member's profile; of one who is erased, that there was one."""
    item = call.world.directory.table.get(*keys.member(call.path["member_id"]), consistent=True)
    if item is None:
        raise NotFound("member_not_found")
    return answer(call, erased(item) if is_gone(item, call.now) else item)


def erased(item: Item) -> Item:
    """What is shown of a member who is gone: that there was one."""
    return {"member_id": item["member_id"], "state": "erased", "identities": [], "consents": {}}


def read_me(call: Call[Any]) -> MemberAnswer:
    """The signed-in member's profile."""
    return answer(call, signed_in(call.world, call.who))


def consent(call: Call[Consent]) -> dict[str, Any]:
    """The member's word on a purpose."""
    purpose = call.path["purpose"]
    if purpose not in ("location", "marketing", "analytics", "partners"):
        raise NotFound("purpose_not_found")
    member_id = signed_in(call.world, call.who)["member_id"]

    def spoken(item: Item) -> Item:
        old = item["consents"].get(purpose)
        if old and (old["granted"], old["version"]) == (call.body.granted, call.body.version):
            return item
        return item | {"consents": {**item["consents"], purpose: said(call.body, call.now)}}

    kept = change(call.world, member_id, spoken)["consents"][purpose]
    at = clock.to_text(clock.from_ms(kept["t"]))
    return {"purpose": purpose, "granted": kept["granted"], "version": kept["version"], "at": at}


def said(consent: Consent, at: datetime) -> dict[str, Any]:
    """A member's word as the profile keeps it."""
    return {"granted": consent.granted, "version": consent.version, "t": clock.to_ms(at)}


def change(world: World, member_id: str, make: Callable[[Item], Item], also: Sequence[Write] = ()) -> Item:
    """Rewrite a profile against other writers; `also` are further writes of the same transaction."""
    for _ in attempts(world.clock):
        old = profile(world, member_id, consistent=True)
        made = make(old)
        if made == old:
            return old
        made = made | {"version": old["version"] + 1}
        try:
            world.directory.table.transact([Replace(made, old["version"]), *also])
            return made
        except Collision as collision:
            others = [there for n, there in collision.olds.items() if n > 0 and there]
            if any(there["member_id"] != member_id for there in others):
                raise Conflict("identity_taken") from None
    raise Unavailable
