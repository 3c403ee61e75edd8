"""Many stores at once: a CSV or a GeoJSON of up to 500, taken in row by row. One bad row harms no other.

A CSV becomes the GeoJSON that it stands for, so that there is one way in.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from checkin import stores
from checkin.import_model import Feature, ImportedStore, ImportedStores, StoreImport, StoreRow
from shared import problem
from shared.errors import Invalid, Refused, Unavailable
from shared.http import Call
from shared.shapes import ID_PATTERN, pointer

COLUMNS = ("store_id", "name", "lat", "lon", "radius_m", "time_zone", "cutoff_hour", "hours")

_GIVE_UP_SECONDS = 20.0
_NAME_SHOWN_MAX = 64
_BRACKETS_MAX = 64
_NUMBER = re.compile(r"[+-]?\d{1,20}(\.\d{1,20})?([eE][+-]?\d{1,2})?", re.ASCII)
_WHOLE = re.compile(r"\d{1,9}", re.ASCII)


def import_stores(call: Call[StoreImport]) -> ImportedStores:
    """Set up to 500 stores, each for itself; in force everywhere when this has answered. The same again changes nothing.

    What is not in after 20 seconds is left to the same request again (503): it finds the rows before in place, and a
    gateway that gives up after 29 would have said less.
    """
    clock = call.world.clock
    started = clock.elapsed()
    taken: set[str] = set()
    results = []
    for number, sent in enumerate(call.body.features, 1):
        if clock.elapsed() - started > _GIVE_UP_SECONDS:
            raise Unavailable
        results.append(_row(call, number, sent, taken))
    call.world.directory.wait()
    return ImportedStores(results=results)


def _row(call: Call[StoreImport], number: int, sent: Any, taken: set[str]) -> ImportedStore:
    store_id = None
    try:
        fields = _fields(sent)
        named = fields.get("store_id")
        store_id = named if isinstance(named, str) and re.fullmatch(ID_PATTERN, named) else None
        row = StoreRow.model_validate_json(json.dumps(fields))
        if row.store_id in stores.RESERVED:
            raise Invalid.at("/store_id", "reserved", "an address of its own has this name")
        if row.store_id in taken:
            raise Invalid.at("/store_id", "duplicate", "a row before this one has the same store_id")
        taken.add(row.store_id)
        is_new = stores.take_in(call.world, row.store_id, row)
        return ImportedStore(row=number, store_id=row.store_id, status="created" if is_new else "updated")
    except ValidationError as error:
        refused: Refused = problem.of_validation(error)
    except Invalid as invalid:
        refused = invalid
    errors = problem.errors(refused, call.language)
    return ImportedStore.model_validate({"row": number, "store_id": store_id, "status": "refused", "errors": errors})


def _fields(sent: Any) -> dict[str, Any]:
    """What a feature says of a store, under the names of the store's own fields."""
    feature = Feature.model_validate_json(json.dumps(sent))
    named = [str(one) for one in (feature.id, feature.properties.get("store_id")) if one is not None]
    if len(set(named)) > 1:
        raise Invalid.at("/store_id", "differs", "id and store_id name two stores")
    if feature.properties.keys() & {"lat", "lon"}:
        raise Invalid.at("/geometry", "differs", "the geometry alone says where a store is")
    lon, lat, *_ = feature.geometry.coordinates  # in this order in GeoJSON; a height may follow
    place = {name: value for name, value in (("lat", lat), ("lon", lon)) if value is not None}
    return {**feature.properties, **place, **({"store_id": named[0]} if named else {})}


# ---- CSV ------------------------------------------------------------------------------------------------------------


def of_csv(text: str) -> dict[str, Any]:
    """The GeoJSON that a CSV of stores stands for. Columns that may be missing are those that a store need not name."""
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if any(map(str.strip, row))]
    if not rows:
        raise Invalid.at("", "missing", "a header and rows are required")
    columns = [name.strip() for name in rows[0]]
    _check(columns)
    return {"type": "FeatureCollection", "features": [_feature(columns, row) for row in rows[1:]]}


def _check(columns: Sequence[str]) -> None:
    for name, times in Counter(columns).items():
        where = pointer((name[:_NAME_SHOWN_MAX],))
        if name not in COLUMNS:
            raise Invalid.at(where, "unknown_column", f"the columns are {','.join(COLUMNS)}")
        if times > 1:
            raise Invalid.at(where, "duplicate", "a column is there twice")


def _feature(columns: Sequence[str], row: Sequence[str]) -> dict[str, Any]:
    """A row as a feature: an empty cell, also one that the row is too short for, has the field's default."""
    cells = [*row, *[""] * (len(columns) - len(row))]
    values = {name: _value(name, cell.strip()) for name, cell in zip(columns, cells, strict=False)}
    said = {name: value for name, value in values.items() if value != ""}
    point = {"type": "Point", "coordinates": [said.pop("lon", None), said.pop("lat", None)]}
    if any(map(str.strip, row[len(columns) :])):
        said["more_cells"] = None  # than the header has: no store has a field of that name
    return {"type": "Feature", "geometry": point, "properties": said}


def _value(column: str, text: str) -> Any:
    """What a cell says; what can't be read stays the text that it is, and is refused where the row is judged."""
    field = StoreRow.model_fields[column]
    if not text and not field.is_required():
        return field.default
    if column in ("lat", "lon") and _NUMBER.fullmatch(text):
        return float(text)
    if column in ("radius_m", "cutoff_hour") and _WHOLE.fullmatch(text):
        return int(text)
    if column == "hours" and _is_plain(text):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return text


def _is_plain(text: str) -> bool:
    """Whether a text can be hours: they need no escapes, and a bracket for each day and interval."""
    return "\\" not in text and text.count("[") + text.count("{") <= _BRACKETS_MAX
