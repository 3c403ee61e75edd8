"""The same strangers at the local stack: the gateway, the packages and the tables are real, so a few must do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
import schemathesis

from tests.e2e.conftest import Stack
from tests.front import SERVICES
from tests.outside.asking import EVERY_ROUTE, at_the_door, keeps_out
from tests.outside.bodies import bodies
from tests.outside.conftest import CONFIG
from tests.outside.stranger import wrong_ones
from tests.outside.town import Known, settle
from tests.outside.wire import Door

pytestmark = [pytest.mark.slow, pytest.mark.stack]
KEYS = ("ec", "pos", "partner", "operator", "operator_second")


@pytest.fixture(scope="module")
def tokens(stack: Stack) -> dict[str, str]:
    named = {name: stack.local["keys"][name] for name in KEYS}
    return named | {"member": stack.token("member:o-taro")}


@pytest.fixture(scope="module")
def known(stack: Stack, tokens: dict[str, str]) -> Known:
    """A town on the stack."""

    def ask(service: str, who: str, method: str, path: str, body: Any = None) -> Any:
        answer = stack.call(service, tokens[who.partition(":")[0]], method, path, body)
        assert answer.status_code < 300, (method, path, body, answer.text)
        return answer.json()

    ask("points", "operator", "POST", "/v1/keys", {"key_id": "o-key", "owner": "o", "kind": "ec"})
    now = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)
    return settle(ask, now) | {"partner_id": [stack.local["seed"]["partner_id"]]}


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as opened:
        opened.trust_env = False
        yield opened


@pytest.fixture(scope="module")
def operations(stack: Stack) -> dict[str, Any]:
    said = {service: stack.call(service, None, "GET", "/openapi.json").json() for service in SERVICES}
    return {service: schemathesis.openapi.from_dict(document, config=CONFIG) for service, document in said.items()}


@pytest.mark.parametrize("service", SERVICES)
def test_the_stack_describes_itself_as_the_apps_do(stack: Stack, described: dict[str, Any], service: str) -> None:
    said = stack.call(service, None, "GET", "/openapi.json").json()
    assert json.dumps(said, sort_keys=True) == json.dumps(described[service].raw_schema, sort_keys=True)


@EVERY_ROUTE
def test_the_stack_answers_as_described(
    stack: Stack, tokens: Any, known: Known, session: Any, operations: Any, service: str, method: str, path: str
) -> None:
    door = Door(tokens, known, bodies(known), stack.local[service], session)
    one = operations[service][path][method]
    at_the_door(door, one, 2, 1)
    keeps_out(door, one, wrong_ones(one))
