"""Fields that only coupons have, each with its limit; the others are in `shared.shapes`."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import PlainValidator

from shared.units import AMOUNT_MAX


def _wanted(value: Any) -> Any:
    values = value if isinstance(value, (list, tuple)) else [value]
    if not 1 <= len(values) <= 100 or not all(_is_plain(one) for one in values):
        raise ValueError("a text, whole number or boolean, or a list of 1 to 100 of them")
    return tuple(values) if isinstance(value, list) else value


def _is_plain(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= 200 and value.isprintable()
    return isinstance(value, int) and abs(value) <= AMOUNT_MAX


Wanted = Annotated[Any, PlainValidator(_wanted)]
"""What a field of an event must say: one plain value, or any of several."""
