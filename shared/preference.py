"""What a caller prefers: the language and the form of the answer, from its `Accept…` headers (RFC 9110, section 12)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

JSON = "application/json"
CSV = "text/csv"


@lru_cache(maxsize=256)  # callers send the same header again and again
def language(header: str) -> str:
    """`ja` if the header prefers it to English, else `en`."""
    best, wish = "en", 0.0
    for tag, weight in _weighed(header):
        if weight > wish and (short := tag[:2]) in ("ja", "en"):
            best, wish = short, weight
    return best


def media(header: str, offered: Sequence[str]) -> str:
    """The offered media type that the header prefers; the first of equals, and where it wants none of them."""
    if len(offered) == 1:
        return offered[0]
    ranges = dict(_weighed(header))
    return max(offered, key=lambda one: _wish(one, ranges))


def _wish(offered: str, ranges: dict[str, float]) -> float:
    """How much one type is wanted: what is said of it itself counts before what is said of its family, or of all."""
    family = offered.partition("/")[0] + "/*"
    return next((ranges[one] for one in (offered, family, "*/*") if one in ranges), 0.0)


def _weighed(header: str) -> Iterator[tuple[str, float]]:
    """The names of a header with their weights; one that can't be read weighs nothing."""
    for part in header.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        weights = [one.removeprefix("q=") for one in parameters if one.startswith("q=")]
        try:
            yield name, float(weights[0]) if weights else 1.0
        except ValueError:
            yield name, 0.0
