"""What the routes about members take and give, in the shapes of the public contract."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from shared.reference import Identity, Level, MemberRef
from shared.shapes import Id, Shape, ShownName, Time, Words

Purpose = Literal["location", "marketing", "analytics", "partners"]


class Consent(Shape):
    """A member's word on one purpose."""

    granted: bool
    version: Words


class NewMember(Shape):
    """`member_id` is a pseudonym that the shop chooses: never an e-mail address, phone or card number."""

    member_id: Id | None = None
    identities: Annotated[list[Identity], Field(max_length=10)] = []
    display_name: ShownName | None = None
    consents: dict[Purpose, Consent] = {}


class NewMe(Shape):
    """What a signed-in person may say on joining."""

    display_name: ShownName | None = None
    consents: dict[Purpose, Consent] = {}


class NewIdentity(Shape):
    identity: Identity


class IdentityValue(Shape):
    value: Annotated[str, Field(min_length=1, max_length=300)]


class IdentityAnswer(Shape):
    type: str
    value_masked: str


class ConsentAnswer(Shape):
    granted: bool
    version: str
    at: Time


class MemberAnswer(Shape):
    """A member as the shop and the member see it. `erase_after`: the member has asked to be erased then."""

    member_id: str
    display_name: str | None = None
    identities: list[IdentityAnswer]
    tier: str
    consents: dict[str, ConsentAnswer]
    state: Literal["active", "merged", "erased"]
    merged_into: str | None = None
    erase_after: Time | None = None


class Resolve(Shape):
    member: MemberRef


class Offered(Shape):
    coupon_id: str
    code: str | None = None
    offer: dict[str, Any]
    valid_until: date | None = None


class Resolved(Shape):
    """The till's one scan. `scan` stands for this member at this terminal until `scan_expires_at`."""

    member_id: str
    display_name: str | None = None
    balance: int
    tier: str
    code_level: Level
    scan: str
    scan_expires_at: Time
    coupons: list[Offered]


class Here(Shape):
    """Where a key stands: its store's clock, business day and the shop's currency; without a store, the programme's."""

    store_id: str | None = None
    store_name: str | None = None
    terminal_id: str | None = None
    time_zone: str
    business_day: date
    business_day_ends_at: Time
    currency: str


class StaticCode(Shape):
    value: str
    ean13: str
    code128: str


class RotatingCode(Shape):
    """Good for one spending within its half minute, one step of clock skew forgiven."""

    value: str
    qr_payload: str
    code128: str
    valid_until: Time
    step_seconds: int


class MemberCode(Shape):
    """What the member shows: the static code earns, the rotating one spends."""

    static: StaticCode
    rotating: RotatingCode
