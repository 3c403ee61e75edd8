"""The programme's settings as versioned data, pure. Every entry keeps the version that it used.

What the numbers do is said here, field by field; `points.earning` reckons with them. A purchase keeps the rules that
can apply to it in its name and is judged by them in ten years. So a limit in these shapes may be widened, never
narrowed, and what a field means that was left out never changes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from points import shorthand
from points.guard_model import Guard
from points.rule import Expiry, LotTerms, Rule
from points.tiers import Tiers
from shared.business_day import business_day, zone as zone_of
from shared.retention import Retention
from shared.shapes import Amount, Currency, Problem, Shape, SomePoints, Words, refuse, word_or

RULES_MAX = 100
CAPPED_MAX = 6
"""So many rates and multipliers with a cap may stand in a programme: each doubles the sums that are compared."""

RESERVED = ("premium", "checkin")
"""What explanations call that no rule of the programme gave or took."""


class Basis(Shape):
    """What of a line earns: its amount, with tax or without; less its share of the points used, or not."""

    tax: Literal["excl", "incl"] = "excl"
    deduct_points_used: bool = True


class Rounding(Shape):
    """How fractions of a point are rounded, and whether for each line or once over the order's exact sum.

    Line by line is what Rakuten does: 1,800 + 380 + 100 yen at half the rate are 9 + 1 + 0 = 10 points; over the order
    they are 11.
    """

    mode: Literal["floor", "half_up", "ceil"] = "floor"
    scope: Literal["line", "order"] = "line"


class RefundExpired(Shape):
    """What becomes of points used that come back after their last day.

    `forfeit`: they are gone at once. `grace`: they can be used for `days` more days. `reissue`: they come back as new
    points, with the last day of points earned on the day of the return.
    """

    kind: Literal["forfeit", "grace", "reissue"] = "forfeit"
    days: Annotated[int, Field(ge=0, le=3650)] | None = None

    @model_validator(mode="after")
    def _days_are_for_grace(self) -> RefundExpired:
        if self.kind == "grace" and self.days is None:
            refuse([(("days",), "missing", "grace needs days")])
        if self.kind != "grace" and self.days is not None:
            refuse([(("days",), "not_for_kind", f"{self.kind} has no days")])
        return self


class Spending(Shape):
    """Points are spent at least `min` at a time, in multiples of `step`, up to so much of an order (basis points)."""

    min: SomePoints = 1
    step: SomePoints = 1
    max_share_bp: Annotated[int, Field(ge=0, le=10_000)] = 10_000


class Days(Shape):
    days: Annotated[int, Field(ge=0, le=365)]


Wait = Annotated[Literal["complete"] | Days, word_or("complete", Days)]


class Pending(Shape):
    """From when on points are available, by channel; a payment that is named goes before its channel.

    `complete`: a placed purchase's points pend until it is complete, a completed one's are available at once.
    `{"days": n}`: they become available where the programme's day begins that is n days after the day of completion.
    """

    ec: Wait = "complete"
    pos: Wait = "complete"
    payments: Annotated[dict[Words, Wait], Field(max_length=50)] | None = None


def _is_zone(name: str) -> str:
    zone_of(name)
    return name


class Programme(Shape):
    """The settings of a programme; without any, the default programme.

    `refund_expired` and `clawback` speak of returns. Claw-back takes earned points back; what the member has spent
    meanwhile becomes debt that the next earning pays (`debt`), is let go (`clamp`), or keeps the return from being
    taken (`refuse`). `receipt_claim_days`: a receipt without a member can be claimed so long after the purchase.
    `premium_class` says whether the law on premiums looks at the points (`points.premium`). `member_code_prefix`: what
    static member codes are shown with; every prefix from 20 to 29 is read, so cards printed before keep their member.
    `guard`: what the insider guard looks for at tills (`points.guard_rules`), and what follows. `erasure_grace_days`: for
    so long a member who wants to be erased may still stay. `retention`: when what is over is gone.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    version: Annotated[int, Field(ge=1)] = 1
    zone: Annotated[str, Field(max_length=64), AfterValidator(_is_zone)] = "Asia/Tokyo"
    currency: Currency = "JPY"
    earning: Annotated[tuple[Rule, ...], Field(strict=False, max_length=RULES_MAX)] = (
        Rule(rule_id="base", kind="base", points=1, per_amount=100),
    )
    basis: Basis = Basis()
    rounding: Rounding = Rounding()
    expiry: Expiry = Expiry(kind="fixed_days", n=365)
    refund_expired: RefundExpired = RefundExpired()
    clawback: Literal["debt", "clamp", "refuse"] = "debt"
    spending: Spending = Spending()
    pending: Pending = Pending()
    tiers: Tiers = Tiers()
    approval_above: Amount = 10_000
    pos_spend_needs_presence: bool = True
    receipt_claim_days: Annotated[int, Field(ge=0, le=3650)] = 30
    premium_class: Literal["self_discount", "premium"] = "self_discount"
    member_code_prefix: Annotated[str, Field(pattern=r"^2[0-9]$")] = "29"
    guard: Guard = Guard()
    erasure_grace_days: Annotated[int, Field(ge=0, le=30)] = 14
    retention: Retention = Retention()

    @model_validator(mode="after")
    def _fits_together(self) -> Programme:
        refuse(self._faults())
        return self

    def day(self, at: datetime) -> date:
        """The programme's day of a moment."""
        return business_day(at, self.zone, 0)

    def last_day(self, earned_at: datetime, lot: LotTerms | None = None) -> int:
        """The last day (ordinal) on which points earned at a moment can be used; NEVER where they do not expire."""
        expiry = lot.expiry if lot else self.expiry
        return expiry.last_day(self.day(earned_at))

    @property
    def for_gifts(self) -> Programme:
        """The programme without its rules of earning: what an award or a reward needs of it."""
        return self.model_copy(update={"earning": ()})

    def available_from(self, channel: Literal["ec", "pos"], payment: str | None, completed_at: datetime) -> int | None:
        """The day (ordinal) with whose start a purchase's points become available; None: at once."""
        wait: Literal["complete"] | Days = self.pending.ec if channel == "ec" else self.pending.pos
        if payment is not None and self.pending.payments is not None:
            wait = self.pending.payments.get(payment, wait)
        if wait == "complete" or wait.days == 0:
            return None
        return (self.day(completed_at) + timedelta(days=wait.days)).toordinal()

    def _faults(self) -> Iterator[Problem]:
        """What is wrong between the rules. Holds for any part of a sound programme's rules, too."""
        if self.premium_class == "premium" and self.currency != "JPY":
            yield ("premium_class",), "needs_yen", "the law on premiums counts in yen"
        known = {level.name for level in self.tiers.levels}
        ids: set[str] = set()
        for n, rule in enumerate(self.earning):
            if rule.rule_id in ids:
                yield ("earning", n, "rule_id"), "duplicate", "each rule has an id of its own"
            if rule.rule_id in RESERVED:
                yield ("earning", n, "rule_id"), "reserved", "explanations use this id"
            ids.add(rule.rule_id)
            for m, tier in enumerate(rule.conditions.tiers or ()):
                if tier not in known:
                    yield ("earning", n, "when", "tiers", m), "unknown_tier", "no level has this name"
        capped = [n for n, rule in enumerate(self.earning) if rule.cap and rule.kind != "bonus"]
        for n in capped[CAPPED_MAX:]:
            yield ("earning", n, "cap"), "too_many_caps", f"at most {CAPPED_MAX} base rules and multipliers have caps"

    # ---- packed form ------------------------------------------------------------------------------------------------

    @property
    def differences(self) -> str:
        """What differs from the default programme, as JSON; the version apart."""
        whole = self.model_dump(mode="json", exclude_none=True, exclude={"version"})
        differs = {name: value for name, value in whole.items() if value != _default()[name]}
        return json.dumps(differs, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def of(cls, version: int, differences: str) -> Programme:
        """The programme of a version, from what differs."""
        return _of(cls, version, differences)

    def to_rule(self) -> list[Any]:
        """What a name keeps: the version and, packed, what differs from the default programme and judges anything."""
        defaults = {name: Programme.model_fields[name].default for name in _JUDGES_NO_PURCHASE}
        differences = self.model_copy(update=defaults).differences
        return [self.version] if differences == _NOTHING else [self.version, shorthand.pack(differences)]

    @classmethod
    def from_rule(cls, rule: Sequence[Any]) -> Programme:
        """The programme that `to_rule` kept."""
        version, *packed = rule
        return cls.of(version, shorthand.unpack(packed[0]) if packed else _NOTHING)


_NOTHING = "{}"
_JUDGES_NO_PURCHASE = ("guard", "erasure_grace_days", "retention")


@lru_cache(maxsize=64)  # of equal words, and frozen: every name of a purchase keeps the words of its programme
def _of(kind: type[Programme], version: int, differences: str) -> Programme:
    return kind.model_validate_json(json.dumps({**json.loads(differences), "version": version}))


@cache
def _default() -> dict[str, Any]:
    return Programme().model_dump(mode="json", exclude_none=True, exclude={"version"})
