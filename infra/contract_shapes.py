"""What a single request of a till says: times with their zone, whole numbers, ids, and the shape that the description tells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from infra.contract_record import route_of
from infra.contract_seen import RULES, Broken, Occasions, Seen, canonical, rule
from shared.shapes import ID_PATTERN

__all__ = ["RULES"]

_WHOLE = {"amount", "tax", "points", "points_used", "quantity", "discount", "count", "hold_seconds", "ttl_seconds"}
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}")
_ZONE = re.compile(r"([Zz]|[+-]\d{2}:?\d{2})$")
_SHAPE = {"malformed_json", "invalid_request", "unsupported_media_type"}
_COMMON = ("/health", "/openapi.json", "/v1/whoami")


@rule("zone", "A time has its zone: 2026-11-20T09:30:00Z, or +09:00.")
def _zone(seen: Seen) -> Occasions:
    yield from _each_value(seen, lambda name, value: name.endswith("_at") and _is_time(value), _has_zone, "has no zone")


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and _TIME.match(value) is not None


def _has_zone(value: Any) -> bool:
    return _ZONE.search(value) is not None


@rule("whole-numbers", "Money, points and quantities are whole numbers, as numbers.")
def _whole_numbers(seen: Seen) -> Occasions:
    def is_number(name: str, value: Any) -> bool:
        return name in _WHOLE and not isinstance(value, dict | list | None)

    yield from _each_value(seen, is_number, lambda value: type(value) is int, "is no whole number")


def _each_value(
    seen: Seen, of_interest: Callable[[str, Any], bool], is_right: Callable[[Any], bool], says: str
) -> Occasions:
    for exchange in seen.exchanges:
        for pointer, value in _values(exchange.body):
            if of_interest(pointer.rpartition("/")[2], value):
                yield None if is_right(value) else Broken(f"{pointer} {says}: {value!r}", (exchange.n,))


def _values(value: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _values(one, f"{pointer}/{name}")
    elif isinstance(value, list):
        for n, one in enumerate(value):
            yield from _values(one, f"{pointer}/{n}")
    else:
        yield pointer, value


@rule("ids", "An id is 1 to 64 of A-Z a-z 0-9 . _ -")
def _ids(seen: Seen) -> Occasions:
    for exchange in seen.exchanges:
        route, _ = route_of(exchange.service, exchange.method, exchange.path)
        if route is None or route.id_field is None or not isinstance(exchange.body, dict | None):
            continue
        own = (exchange.body or {}).get(route.id_field, exchange.named)
        is_one = isinstance(own, str) and re.fullmatch(ID_PATTERN, own)
        yield None if is_one else Broken(f"{route.id_field} is {own!r}", (exchange.n,))


@rule("shape", "Requests have the shape that the description tells.")
def _shape(seen: Seen) -> Occasions:
    for exchange in seen.exchanges:
        route, _ = route_of(exchange.service, exchange.method, exchange.path)
        code = exchange.answer.get("code") if exchange.is_clear else None
        if route is None and exchange.path not in _COMMON:
            yield Broken(f"{exchange.method} {exchange.service}{exchange.path}: there is no such route", (exchange.n,))
        elif exchange.is_clear:
            said = f"{exchange.method} {exchange.path}: {exchange.status} {code}"
            yield Broken(said, (exchange.n,)) if code in _SHAPE else None


@rule("key-in-its-header", "A key is in the header Authorization, nowhere else.")
def _key_in_its_header(seen: Seen) -> Occasions:
    for exchange in seen.exchanges:
        elsewhere = "omo_" in exchange.target or "omo_" in canonical(exchange.body)
        yield Broken("a key is in the address or the body", (exchange.n,)) if elsewhere else None
