"""Engines that tests share: a local AWS without services, for whatever needs a real table."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from infra import engine as engines
from infra.engine import new_table
from shared.dynamo import DynamoTable
from tests import granted

# In the CI the same examples every time, so that what fails there fails here; elsewhere new ones at each run. Each day
# forty of each property; the CI looks at more of the rules.
settings.register_profile(
    "omotenashi",
    deadline=None,
    derandomize="CI" in os.environ,
    max_examples=int(os.environ.get("OMO_EXAMPLES", "40")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("omotenashi")


def pytest_configure(config: pytest.Config) -> None:
    """Before any test's module is imported. A run of the simulator alone is not watched: it would take a sixth longer."""
    if not all("tests/sim" in one for one in config.args):
        granted.install()


def pytest_collection_finish() -> None:
    """All modules and tests are there for good: looking at them again and again took a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


@pytest.fixture(scope="session")
def engine(tmp_path_factory) -> Iterator[str]:
    """The address of a MiniStack of its own, on loopback."""
    with engines.engine(tmp_path_factory.mktemp("ministack")) as address:
        yield address


@pytest.fixture(scope="session")
def dynamodb(engine) -> Iterator[Any]:
    """A client of that engine that many threads may use."""
    with engines.client(engine) as client:
        yield client


@pytest.fixture
def real_tables(dynamodb) -> tuple[DynamoTable, DynamoTable, DynamoTable]:
    """Ledger, directory and transient on the local AWS."""
    return new_table(dynamodb), new_table(dynamodb, sort="S"), new_table(dynamodb, sort="S")
