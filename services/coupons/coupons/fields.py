"""Fields that only coupons have, each with its limit; the others are in `shared.shapes`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import BeforeValidator, Field, PlainValidator, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from shared.units import AMOUNT_MAX

T = TypeVar("T")

# JSON knows lists only; a tuple keeps frozen models frozen. The items inside stay strict. An empty list would say
# neither "all" nor "none", so it is refused.
Some: TypeAlias = Annotated[tuple[T, ...], Field(strict=False, min_length=1, max_length=1000)]

Problem: TypeAlias = tuple[tuple[str | int, ...], str, str]  # where, code, detail


def _day(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"2\d{3}-[01]\d-[0-3]\d", value, re.ASCII):
        return date.fromisoformat(value)
    if type(value) is date:
        return value
    raise ValueError("a date is written YYYY-MM-DD, from 2000 on")


Day = Annotated[date, BeforeValidator(_day)]
"""A date without a clock time. The years are bounded, so that reckoning with days can't overflow."""


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


def refuse(problems: Iterable[Problem]) -> None:
    """Raise what a rule over several fields found, at the fields it found it in."""
    errors = [
        InitErrorDetails(type=PydanticCustomError(code, detail), loc=where, input=None)
        for where, code, detail in problems
    ]
    if errors:
        raise ValidationError.from_exception_data("rules", errors)
