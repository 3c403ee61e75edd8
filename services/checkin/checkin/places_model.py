"""The shapes of what is near a place: stores with their offers, and fences."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from checkin.geo import RADIUS_M_MAX
from checkin.model import Latitude, Longitude
from shared.shapes import Id, Shape


class NearbyQuery(Shape):
    """`GET /v1/stores/nearby`; the values come as text."""

    lat: Latitude
    lon: Longitude
    radius_m: Annotated[int, Field(ge=1, le=RADIUS_M_MAX)] = 1000
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class Offered(Shape):
    """A campaign as a guest of a store reads it."""

    campaign_id: str
    name: str
    offer: dict[str, Any]


class NearbyStore(Shape):
    """One store of the answer, the offers being the campaigns that are on there."""

    store_id: Id
    name: str
    lat: float
    lon: float
    distance_m: int
    open_now: bool
    offers: list[Offered]


class NearbyAnswer(Shape):
    items: list[NearbyStore]


class FencesQuery(Shape):
    """`GET /v1/geofences`; the values come as text."""

    lat: Latitude
    lon: Longitude
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class Fence(Shape):
    """The circle around a store within which a visitor counts as there."""

    store_id: Id
    lat: float
    lon: float
    radius_m: int


class FencesAnswer(Shape):
    items: list[Fence]
