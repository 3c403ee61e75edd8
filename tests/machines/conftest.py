"""The apps that all machines run against."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.front import Front, open_issuer
from tests.kit import make_world
from tests.machines.street import Street

Run = Callable[..., None]


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Runs a machine for so many stories of so many steps."""
    front = Front(make_world())
    with open_issuer(tmp_path_factory.mktemp("issuer")) as issuer:

        def running(machine: type[Street], *, stories: int, steps: int) -> None:
            machine.front, machine.issuer = front, issuer
            slowly = [HealthCheck.too_slow, HealthCheck.filter_too_much]
            said = settings(max_examples=stories, stateful_step_count=steps, suppress_health_check=slowly)
            run_state_machine_as_test(machine, settings=said)

        yield running
