"""The shapes that requests and answers are built of: one strict base model and the types with their limits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Annotated, Any, LiteralString, TypeAlias, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from shared import clock
from shared.units import AMOUNT_MAX

T = TypeVar("T")


class Shape(BaseModel):
    """Frozen, strict (no text for numbers, no numbers for booleans), and closed: an unknown field is an error.

    What was sent is kept out of the errors' text, which may get into a log.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


_ISO_8601 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}")


YEAR_MIN, YEAR_MAX = 1900, 9997
"""Lots are kept as days since 1900; behind the last year there must be room for a zone and a business day."""


def _within_reason(at: datetime) -> datetime:
    at = at.astimezone(UTC) if YEAR_MIN - 100 <= at.year <= YEAR_MAX + 1 else at
    if not YEAR_MIN <= at.year <= YEAR_MAX:
        raise ValueError(f"the year must lie between {YEAR_MIN} and {YEAR_MAX}")
    return clock.from_ms(clock.to_ms(at))


def _from_text(value: Any) -> Any:
    """A text is read here: what a validator has touched counts as a value, and strict models take no text for a time."""
    if not isinstance(value, str):
        return value
    if not _ISO_8601.match(value):
        raise ValueError("a time is written in ISO 8601, such as 2026-11-20T09:30:00Z")
    return datetime.fromisoformat(value.upper())


Time = Annotated[
    AwareDatetime,
    BeforeValidator(_from_text),
    AfterValidator(_within_reason),
    PlainSerializer(clock.to_text, return_type=str, when_used="json"),
]


Occurred = Annotated[Time, Field(description=f"Any age back to the year {YEAR_MIN}; at most five minutes ahead.")]
"""When something happened that is told later."""


def _day(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"2\d{3}-[01]\d-[0-3]\d", value, re.ASCII):
        return date.fromisoformat(value)
    if type(value) is date:
        return value
    raise ValueError("a date is written YYYY-MM-DD, from 2000 on")


Day = Annotated[date, BeforeValidator(_day)]
"""A date without a clock time. The years are bounded, so that reckoning with days can't overflow."""

_TIMES: TypeAdapter[datetime] = TypeAdapter(Time, config=ConfigDict(strict=True))


def _time_or_day(value: Any, _: Any) -> Any:
    is_day = type(value) is date or (isinstance(value, str) and len(value) == len("2026-11-20"))
    return _day(value) if is_day else _TIMES.validate_python(value)


TimeOrDay = Annotated[
    datetime | date,
    WrapValidator(_time_or_day),
    PlainSerializer(
        lambda at: clock.to_text(at) if isinstance(at, datetime) else at.isoformat(), return_type=str, when_used="json"
    ),
]
"""A time, or a date whose zone the context knows."""

LineId = Annotated[str, Field(min_length=1, max_length=64)]
ID_PATTERN = r"^[A-Za-z0-9._-]{1,64}$"
Id = Annotated[str, Field(pattern=ID_PATTERN)]
Words = Annotated[str, Field(min_length=1, max_length=200)]
Ref = Annotated[str, Field(min_length=1, max_length=128)]

# Marks that turn the direction of writing: with them a name reads as another one.
_TURNING = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNSEEN = ("Cc", "Cs", "Zl", "Zp")


def _readable(name: str) -> str:
    if not name.strip() or any(sign in _TURNING or unicodedata.category(sign) in _UNSEEN for sign in name):
        raise ValueError("a name is one line that can be read")
    return name


ShownName = Annotated[Words, AfterValidator(_readable)]
"""A name that others see, on a screen or a receipt: it gives no orders to a printer and reads as what it is."""
Amount = Annotated[int, Field(ge=0, le=AMOUNT_MAX)]
SomePoints = Annotated[int, Field(ge=1, le=AMOUNT_MAX)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]

# JSON knows lists only; a tuple keeps frozen models frozen. The items inside stay strict. An empty list would say
# neither "all" nor "none", so it is refused.
Some: TypeAlias = Annotated[tuple[T, ...], Field(strict=False, min_length=1, max_length=1000)]

Problem: TypeAlias = tuple[tuple[str | int, ...], str, str]  # where, code, detail


def refuse(problems: Iterable[Problem]) -> None:
    """Raise what a rule over several fields found, at the fields it found it in."""
    errors = [
        InitErrorDetails(type=PydanticCustomError(code, detail), loc=where, input=None)
        for where, code, detail in problems
    ]
    if errors:
        raise ValidationError.from_exception_data("rules", errors)


def word_or(word: str, model: type[BaseModel]) -> WrapValidator:
    """A validator for "this word, or an object of that shape" whose errors point at the field, not at an alternative."""

    def read(value: Any, _: Callable[[Any], Any]) -> Any:
        if value == word or isinstance(value, model):
            return value
        if not isinstance(value, dict):
            raise PydanticCustomError("literal_error", '"{word}" or an object', {"word": word})
        return model.model_validate(value)

    return WrapValidator(read)


def either(code: LiteralString, detail: LiteralString) -> WrapValidator:
    """A validator around a union whose one error points at the field, not at each of the alternatives."""

    def read(value: Any, union: ValidatorFunctionWrapHandler) -> Any:
        try:
            return union(value)
        except ValidationError:
            raise PydanticCustomError(code, detail) from None

    return WrapValidator(read)


def never_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The description of a field that may be left out and, where it is named, has a value."""
    others = {name: value for name, value in schema.items() if name != "anyOf" and (name, value) != ("default", None)}
    kinds = [one for one in schema.get("anyOf", []) if one != {"type": "null"}]
    return others | (kinds[0] if len(kinds) == 1 else {"anyOf": kinds} if kinds else {})


def pointer(location: tuple[Any, ...]) -> str:
    """The JSON pointer (RFC 6901) of a place in a body."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)
