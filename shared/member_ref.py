"""From what a caller knows of a member to the member: `{"member_id"}`, an identity, a code, a scan or a partner's ref."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from shared import barcode, clock, keys, totp
from shared.auth import Principal
from shared.errors import Conflict, Forbidden, NotFound, Unavailable
from shared.reference import Identity, Level, MemberRef
from shared.table import Item
from shared.world import World

SCAN_LIFE = timedelta(minutes=15)
_MERGES_MAX = 32


@dataclass(frozen=True, slots=True)
class Resolved:
    """A member, and how strongly the caller showed that the member is there."""

    member_id: str
    level: Level = "none"
    step: int | None = None  # of a rotating code
    until: datetime | None = None  # of a scan


def resolve(world: World, who: Principal, ref: MemberRef, *, consistent: bool = False) -> Resolved:
    """The member that is meant; `member_not_found` for nobody, `forbidden` for a way this caller may not use.

    A `member_id` is taken as it is: whether there is such a member shows when its chain or profile is read.
    """
    if who.kind == "partner" and ref.code is None and ref.member_ref is None:
        raise Forbidden("forbidden")
    if who.kind != "partner" and ref.member_ref is not None:
        raise Forbidden("forbidden")
    if ref.member_id is not None:
        return Resolved(ref.member_id)
    if ref.scan is not None:
        return _of_scan(world, who, ref.scan)
    if ref.member_ref is not None:
        return _of_pseudonym(world, who, ref.member_ref)
    if ref.identity is not None:
        # The shop's own servers may ask who is a member yet; a till is where a stranger's card or number is tried.
        is_guess = who.kind == "pos"
        key = identity_key(world, ref.identity)
        return Resolved(_holder(world, key, consistent=consistent, is_guess=is_guess))
    assert ref.code is not None
    return _of_code(world, ref.code.strip(), consistent=consistent)


def identity_key(world: World, identity: Identity) -> tuple[str, str]:
    """Where an identity points to its member. Every value is kept as a keyed hash only."""
    return keys.identity(identity.type, world.secrets.digest("identity", f"{identity.type}|{identity.value}"))


def code_key(world: World, value: str) -> tuple[str, str]:
    """Where a static member code points to its member: by its number, with whichever of the shops' prefixes it comes."""
    if is_card_code(value):
        value = card_code(number_of(value))
    return keys.identity("code", world.secrets.digest("identity", f"code|{value}"))


# ---- codes on a member's screen or card -----------------------------------------------------------------------------

CARD_PREFIX = "29"  # of 20 to 29, which GS1 leaves to shops; what is kept has this one, what is shown the programme's
_QR_PREFIX = "omo:"
_NUMBER_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Shown:
    """A rotating code as the member's screen shows it."""

    value: str
    qr_payload: str
    valid_until: datetime


def card_code(number: int, prefix: str = CARD_PREFIX) -> str:
    """The static code of a member's number: an EAN-13 that any till can scan."""
    return barcode.ean13(f"{prefix}{number:0{_NUMBER_DIGITS}d}")


def is_card_code(value: str) -> bool:
    """Whether a text can be a static code: an EAN-13 of those that GS1 leaves to shops, with a right check digit."""
    return re.fullmatch(r"2[0-9]{12}", value) is not None and barcode.ean13(value[:-1]) == value


def number_of(card: str) -> int:
    """The member's number in a static code."""
    return int(card[len(CARD_PREFIX) : -1])


def rotating_code(world: World, member_id: str, card: str, now: datetime) -> Shown:
    """The member's number and the one-time code of this half minute."""
    step = totp.step_of(now)
    value = f"{number_of(card):0{_NUMBER_DIGITS}d}" + totp.totp(_seed(world, member_id), step)
    return Shown(value, _QR_PREFIX + value, totp.end_of(step))


def use_up(world: World, found: Resolved, by: str) -> None:
    """Spend a rotating code: each can be used once, and again only by the same request. Other levels are not spent."""
    if found.step is None:
        return
    pk, sk = keys.code_step(found.member_id, found.step)
    ttl = int((max(totp.end_of(found.step), clock.utc_now()) + timedelta(days=1)).timestamp())
    old = world.transient.put_new({"pk": pk, "sk": sk, "by": by, "ttl": ttl})
    if old is not None and old["by"] != by:
        raise Conflict("code_used")


def _of_code(world: World, code: str, *, consistent: bool) -> Resolved:
    code = code.removeprefix(_QR_PREFIX)
    if not re.fullmatch(rf"[0-9]{{{_NUMBER_DIGITS + totp.DIGITS}}}", code):
        if not is_card_code(code):  # a typing error: nobody's, and no guess
            raise NotFound("member_not_found")
        return Resolved(_holder(world, code_key(world, code), consistent=consistent, is_guess=True), "static")
    card = card_code(int(code[:_NUMBER_DIGITS]))
    item, now = world.directory.table.get(*code_key(world, card), consistent=consistent), world.clock.now()
    member_id = str(item["member_id"]) if item else ""
    step = totp.find_step(_seed(world, member_id), code[_NUMBER_DIGITS:], now)
    if item is None or step is None:  # the search takes as long for a number of nobody: the time tells of no member
        raise NotFound("member_not_found").as_guess()
    if not totp.is_current(step, now):
        raise Conflict("code_expired")
    return Resolved(member_id, "rotating", step)


def _seed(world: World, member_id: str) -> bytes:
    """A member's own secret, made of the stage's: nothing of it is kept, and no app ever holds it."""
    return hmac.digest(world.secrets.derive("member_code"), member_id.encode(), "sha256")


def _holder(world: World, key: tuple[str, str], *, consistent: bool, is_guess: bool = False) -> str:
    item = world.directory.table.get(*key, consistent=consistent)
    if item is None:
        raise NotFound("member_not_found").as_guess(int(is_guess))
    return str(item["member_id"])


# ---- what a till's one scan leaves ----------------------------------------------------------------------------------


def make_scan(world: World, who: Principal, found: Resolved, now: datetime) -> tuple[str, datetime]:
    """A token that stands for this member at this terminal, with its level, and when it ends."""
    ends = found.until or now + SCAN_LIFE  # a scan of a scan lasts no longer
    text = f"{found.member_id}|{found.level}|{clock.to_ms(ends)}"
    return world.secrets.seal("scan", who.identity, text), ends


def _of_scan(world: World, who: Principal, scan: str) -> Resolved:
    text = world.secrets.unseal("scan", who.identity, scan)
    member_id, level, ends = text.split("|") if text else ("", "", "0")
    if clock.to_ms(world.clock.now()) >= int(ends):
        raise NotFound("member_not_found")
    return Resolved(member_id, cast("Level", level), until=clock.from_ms(int(ends)))


def require_presence(who: Principal, found: Resolved, *, is_needed: bool = True) -> None:
    """A till may spend a member's points only if the member showed a rotating code, unless the programme waives it."""
    if is_needed and who.kind == "pos" and found.level != "rotating":
        raise Forbidden("presence_required")


# ---- a partner's pseudonym ------------------------------------------------------------------------------------------


def pseudonym(world: World, partner_id: str, member_id: str) -> str:
    """What one partner knows a member by: the same every time, different for each partner, opened only by us."""
    return world.secrets.seal("member_ref", partner_id, member_id)


def _of_pseudonym(world: World, who: Principal, token: str) -> Resolved:
    member_id = world.secrets.unseal("member_ref", who.partner_id or "", token)
    if member_id is None:
        raise NotFound("member_not_found")
    return Resolved(member_id)


# ---- members behind tokens and ids ----------------------------------------------------------------------------------


def profile(world: World, member_id: str, *, consistent: bool = False) -> Item:
    """A member's profile; `member_not_found` if there is none."""
    item = world.directory.table.get(*keys.member(member_id), consistent=consistent)
    if item is None or is_gone(item, world.clock.now()):
        raise NotFound("member_not_found")
    return item


def is_gone(item: Item, now: datetime) -> bool:
    """Whether a profile is nobody's any more: erased, or its time has come and the job is on its way."""
    due: int | None = item.get("erase_at")
    return item["state"] == "erased" or bool(item.get("is_leaving")) or (due is not None and due <= clock.to_ms(now))


def present(world: World, member_id: str, *, consistent: bool = False) -> Item:
    """The profile of the member that an id stands for today: after a merge, of the one it leads to."""
    item = profile(world, member_id, consistent=consistent)
    for _ in range(_MERGES_MAX):
        if item["state"] != "merged":
            return item
        item = profile(world, item["merged_into"], consistent=True)
    raise Unavailable  # a profile has not followed its account yet


def require_member(world: World, member_id: str) -> None:
    """Raise `member_not_found` unless there is such a member."""
    profile(world, member_id, consistent=True)


def require_known(world: World, member_id: str) -> None:
    """Raise `member_not_found` if there never was such a member: for what happened while there was."""
    if world.directory.table.get(*keys.member(member_id), consistent=True) is None:
        raise NotFound("member_not_found")


def signed_in(world: World, who: Principal) -> Item:
    """The profile of the member behind a token, after a merge the one it leads to; `not_a_member` if there is none."""
    if who.kind != "member":
        raise Forbidden("forbidden")
    try:
        return present(world, login_holder(world, who))
    except NotFound:
        raise Forbidden("not_a_member") from None


def login_holder(world: World, who: Principal) -> str:
    """The member id of a login. The local issuer's subjects are member ids; all others are identities."""
    assert who.subject is not None
    if who.is_local:
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", who.subject):
            raise NotFound("member_not_found")
        return who.subject
    login = Identity(type="oidc", value=who.login)
    return _holder(world, identity_key(world, login), consistent=False)


def masked(value: Any) -> str:
    """An identity's value as it may be shown: its last four characters."""
    text = str(value)
    return "…" + text[-4:] if len(text) > 4 else "…"
