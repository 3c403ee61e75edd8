"""How a route is asked: a bounded number of requests, the same each time."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

from shared.http import PUBLIC
from tests.front import SERVICES
from tests.outside.stranger import Operation, allowed, attack, can_be_disturbed, is_public, keep_out, senseless
from tests.outside.wire import Door

COMMON = [("GET", "/health"), ("GET", "/v1/whoami")]


def bounded(examples: int) -> settings:
    """The same examples each time, so that a town need not be built anew for each."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def _every_route() -> list[Any]:
    return [
        pytest.param(service, method, path, id=f"{service} {method} {path}")
        for service in SERVICES
        for method, path in COMMON + _own_routes(service)
    ]


def _own_routes(service: str) -> list[tuple[str, str]]:
    routes = import_module(f"{service}.routes").ROUTES.all
    return [(one.method, one.path) for one in routes if one.scope != PUBLIC and (one.method, one.path) not in COMMON]


EVERY_ROUTE = pytest.mark.parametrize(("service", "method", "path"), _every_route())


def at_the_door(door: Door, one: Operation, sensible_examples: int, senseless_examples: int) -> None:
    """Requests by those who may send them: as described, and not quite."""
    callers = [None] if is_public(one) else allowed(one)

    @bounded(sensible_examples)
    @given(case=door.sensible(one), who=st.sampled_from(callers))
    def ask(case: Any, who: str | None) -> None:
        attack(case, door.send, who)

    @bounded(senseless_examples)
    @given(case=senseless(one), who=st.sampled_from(callers))
    def disturb(case: Any, who: str | None) -> None:
        attack(case, door.send, who)

    ask()
    if can_be_disturbed(one):
        disturb()


def keeps_out(door: Door, one: Operation, strangers: Iterable[str | None]) -> None:
    """One request, by each of those who may not send it, and by those who may."""
    if is_public(one):
        return

    @bounded(1)
    @given(case=door.sensible(one))
    def ask(case: Any) -> None:
        for who in strangers:
            keep_out(case, door.send, who)

    ask()
