"""The shapes of an import of stores: GeoJSON (RFC 7946) in, a word for each row out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field

from checkin.model import StoreBody
from shared.shapes import Id, Shape, either

ROWS_MAX = 500


def _is_wgs84(crs: dict[str, Any]) -> dict[str, Any]:
    properties = crs.get("properties")
    name = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(name, str) or not name.endswith(("CRS84", "EPSG::4326", "EPSG:4326")):
        raise ValueError("coordinates are of WGS 84, longitude first")
    return crs


class Geo(Shape):
    """An object of GeoJSON: the tools that write it add members of their own, which say nothing here."""

    model_config = ConfigDict(extra="ignore")


class Point(Geo):
    """Where a store is: longitude, latitude, and a height that is not looked at."""

    type: Literal["Point"]
    coordinates: Annotated[tuple[Any, ...], Field(strict=False, min_length=2, max_length=3)]


class Feature(Geo):
    """A store: its id, its place, and its other fields as properties."""

    type: Literal["Feature"]
    id: Annotated[str | int | None, either("string_type", "a text or a number")] = None
    geometry: Point
    properties: dict[str, Any]


class StoreImport(Geo):
    """A FeatureCollection of stores, judged one by one; as CSV, one a row."""

    type: Literal["FeatureCollection"]
    features: Annotated[tuple[Any, ...], Field(strict=False, min_length=1, max_length=ROWS_MAX)]
    crs: Annotated[dict[str, Any], AfterValidator(_is_wgs84)] | None = None


class StoreRow(StoreBody):
    """One store of an import."""

    store_id: Id


class ImportedField(Shape):
    pointer: str
    code: str
    detail: str


class ImportedStore(Shape):
    """What became of a row; the first has the number 1. A refused row tells its `store_id` if it has a good one."""

    row: int
    store_id: Id | None = None
    status: Literal["created", "updated", "refused"]
    errors: list[ImportedField] | None = None


class ImportedStores(Shape):
    results: list[ImportedStore]
