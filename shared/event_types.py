"""The types of events by their short names, as code and campaigns say them."""

from __future__ import annotations

TYPES = frozenset(
    [
        "member.created",
        "member.merged",
        "member.unmerged",
        "member.erased",
        "consent.changed",
        "purchase.recorded",
        "purchase.completed",
        "purchase.cancelled",
        "purchase.returned",
        "points.earned",
        "points.pending",
        "points.spent",
        "points.refused",
        "points.held",
        "points.released",
        "points.returned",
        "points.expired",
        "points.expiring",
        "points.adjusted",
        "points.reversed",
        "award.given",
        "tier.changed",
        "campaign.exhausted",
        "campaign.exposed",
        "campaign.attributed",
        "coupon.reserved",
        "coupon.issued",
        "coupon.held",
        "coupon.redeemed",
        "coupon.voided",
        "coupon.expiring",
        "coupon.expired",
        "stamp.added",
        "stamp_card.completed",
        "checkin.accepted",
        "checkin.flagged",
        "checkin.limited",
        "checkin.anomaly",
        "store.approached",
    ]
)
"""The short names of all types of events that the contract knows, and of those that are told besides."""


def short_name(type_: str) -> str:
    """The short name of a full type."""
    return type_.removeprefix("omotenashi.").removesuffix(".v1")
