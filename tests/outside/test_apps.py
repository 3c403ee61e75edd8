"""Strangers at the real apps in this process: whatever follows the description or breaks it is answered as described."""

from __future__ import annotations

from typing import Any

import pytest

from tests.front import SERVICES
from tests.outside.asking import EVERY_ROUTE, at_the_door, keeps_out
from tests.outside.stranger import STRANGERS, Operation
from tests.outside.wire import Door


@pytest.fixture
def one(described: dict[str, Any], service: str, method: str, path: str) -> Operation:
    return described[service][path][method]


@EVERY_ROUTE
def test_every_answer_is_as_described(one: Operation, door: Door) -> None:
    at_the_door(door, one, 6, 3)


@pytest.mark.slow
@EVERY_ROUTE
def test_many_more_answers_are_as_described(one: Operation, door: Door) -> None:
    at_the_door(door, one, 40, 20)


@EVERY_ROUTE
def test_only_those_whom_the_description_names_are_let_in(one: Operation, door: Door) -> None:
    keeps_out(door, one, STRANGERS)


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_has_its_place_in_the_description(described: dict[str, Any], service: str) -> None:
    """Else a route could hide from all that is asked here."""
    asked = {(method, path) for at, method, path in (param.values for param in EVERY_ROUTE.args[1]) if at == service}
    said = {(method.upper(), path) for path, item in described[service].raw_schema["paths"].items() for method in item}
    assert said - {("GET", "/openapi.json")} == asked
