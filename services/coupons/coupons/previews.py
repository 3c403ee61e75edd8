"""What a campaign would take off baskets, before it is made: nothing is written."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from coupons import rules
from coupons.campaign import CampaignRequest
from coupons.campaigns import as_days
from coupons.model import Basket, Occasion, Reason
from coupons.rules import Candidate, Place
from shared.http import Call
from shared.shapes import Shape
from shared.units import Money, Points

BASKETS_MAX = 100


class Bought(Occasion):
    """A basket, and where it is bought."""

    basket: Basket


class PreviewRequest(Shape):
    """A campaign as it would be made, and up to 100 baskets: each is judged alone, on the campaign's first day.

    Limits are not counted: it is what one coupon does to each basket.
    """

    campaign: CampaignRequest
    baskets: Annotated[tuple[Bought, ...], Field(strict=False, min_length=1, max_length=BASKETS_MAX)]


class Previewed(Shape):
    """What the coupon does to one basket; the reason where it does not fit."""

    amount: Money
    discount: Money
    bonus_points: Points = 0
    reason: Reason | None = None


class Preview(Shape):
    """Each basket in the order sent, and what all of them come to."""

    results: list[Previewed]
    fitting: int
    amount: Money
    discount_total: Money
    bonus_points_total: Points


def preview(call: Call[PreviewRequest]) -> dict[str, Any]:
    """What a campaign that is not made yet would take off each of these baskets."""
    campaign = as_days(call.world, call.body.campaign)
    candidate = Candidate("", "", campaign.campaign_id, campaign.terms, rules.validity(campaign))
    results = [_previewed(candidate, bought) for bought in call.body.baskets]
    answer = Preview(
        results=results,
        fitting=sum(one.reason is None for one in results),
        amount=sum(one.amount for one in results),
        discount_total=sum(one.discount for one in results),
        bonus_points_total=sum(one.bonus_points for one in results),
    )
    return answer.model_dump(mode="json", exclude_none=True)


def _previewed(candidate: Candidate, bought: Bought) -> Previewed:
    offer, basket = candidate.terms.offer, bought.basket
    place = Place(bought.channel, bought.store_id, candidate.validity.first)
    outcome = rules.discount(basket, [candidate], place)
    if outcome.refused:
        return Previewed(amount=basket.amount, discount=0, reason=rules.why_not(candidate, basket, place))
    points = offer.value if offer.type == "bonus_points" else 0
    return Previewed(amount=basket.amount, discount=outcome.discount_total, bonus_points=points)
