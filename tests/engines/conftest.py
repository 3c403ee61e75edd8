"""Every question is put to every engine; what an engine is known to get wrong is marked by name, and must fail."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from infra import dynamodb_local as local
from shared.table import Table
from tests.engines import engines
from tests.engines.engines import Engine
from tests.engines.known import KNOWN, SOMETIMES

LOCAL = pytest.param("dynamodb-local", marks=pytest.mark.java)
MOTO = pytest.param("moto", marks=pytest.mark.slow)
ROUNDS = {"memory": 25, "ministack": 8, "dynamodb-local": 25, "moto": 100}  # moto fails now and then


def pytest_collection_modifyitems(items: list[Any]) -> None:
    for item in items:
        if "tests/engines" not in item.path.as_posix():
            continue
        asked = getattr(item, "callspec", None)
        name = asked and (asked.params.get("subject") or asked.params.get("wired"))
        reason = KNOWN.get(name or "", {}).get(item.originalname)
        if reason:
            item.add_marker(pytest.mark.xfail(reason=f"{name}: {reason}", strict=True))
        if now_and_then := SOMETIMES.get(name or "", {}).get(item.originalname):
            item.add_marker(pytest.mark.xfail(reason=f"{name}: {now_and_then}", strict=False))


@pytest.fixture(scope="session")
def dynamodb_local(tmp_path_factory) -> Iterator[Engine]:
    if lack := local.missing():
        pytest.skip(lack)
    with (
        local.dynamodb_local(tmp_path_factory.mktemp("dynamodb-local")) as address,
        engines.at("dynamodb-local", address) as made,
    ):
        yield made


@pytest.fixture(scope="session")
def ministack(engine) -> Iterator[Engine]:
    with engines.at("ministack", engine) as made:
        yield made


def _made(request: Any, stack: ExitStack) -> Engine:
    if request.param == "memory":
        return Engine("memory")
    if request.param == "moto":
        return stack.enter_context(engines.moto())
    made: Engine = request.getfixturevalue(request.param.replace("-", "_"))
    return made


@pytest.fixture(params=["memory", "ministack", LOCAL, MOTO])
def subject(request) -> Iterator[Engine]:
    """The engine that is asked, through the port."""
    with ExitStack() as stack:
        yield _made(request, stack)


@pytest.fixture(params=["ministack", LOCAL, MOTO])
def wired(request) -> Iterator[Engine]:
    """The engine that is asked what the port does not show."""
    with ExitStack() as stack:
        yield _made(request, stack)


@pytest.fixture
def rounds(subject) -> int:
    """How often a race is run; a control may take as many to be caught."""
    return ROUNDS[subject.name]


@pytest.fixture
def table(subject) -> Table:
    return subject.table()


@pytest.fixture
def switching_often() -> Iterator[None]:
    """Threads of this process change places all the time, so that a gap between two steps is found."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)
