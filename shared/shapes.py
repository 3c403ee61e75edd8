"""The shapes that requests and answers are built of: one strict base model and the types with their limits."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from shared import clock
from shared.units import AMOUNT_MAX


class Shape(BaseModel):
    """Frozen, strict (no text for numbers, no numbers for booleans), and closed: an unknown field is an error.

    What was sent is kept out of the errors' text, which may get into a log.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


_ISO_8601 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}")


def _within_reason(at: datetime) -> datetime:
    at = at.astimezone(UTC) if 1800 <= at.year <= 9998 else at
    if not 1900 <= at.year <= 9997:
        raise ValueError("the year must lie between 1900 and 9997")
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
LineId = Annotated[str, Field(min_length=1, max_length=64)]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Words = Annotated[str, Field(min_length=1, max_length=200)]
Ref = Annotated[str, Field(min_length=1, max_length=128)]
Amount = Annotated[int, Field(ge=0, le=AMOUNT_MAX)]
SomePoints = Annotated[int, Field(ge=1, le=AMOUNT_MAX)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


def pointer(location: tuple[Any, ...]) -> str:
    """The JSON pointer (RFC 6901) of a place in a body."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)
