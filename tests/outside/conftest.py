"""The same strangers at two doors: the real apps in this process, and the local stack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis

from tests.e2e.conftest import stack  # noqa: F401 - a stack of this folder's own, for its slow tests
from tests.front import SERVICES, Front, HttpClient, Issuer, open_issuer
from tests.kit import EC, NOON, OPERATOR, TILL, FakeClock, key, make_world, member
from tests.outside.bodies import bodies
from tests.outside.town import Known, settle
from tests.outside.wire import Door, through

CALLERS = {
    "ec": EC,
    "pos": TILL,
    "partner": key("partner", partner_id="cafe"),
    "operator": OPERATOR,
    "operator_second": key("operator", key_id="second-key", owner="second"),
    "member": member("o-taro"),
}
# Tokens are our part: schemathesis has none that is good.
CONFIG = schemathesis.Config.from_dict({"generation": {"with-security-parameters": False}})
PARTNER = {"name": "Cafe", "budget": {"kind": "prepaid", "points": 100_000}}


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    with open_issuer(tmp_path_factory.mktemp("issuer")) as opened:
        yield opened


@pytest.fixture(scope="session")
def front() -> Front:
    return Front(make_world())


@pytest.fixture(scope="session")
def described(front: Front) -> dict[str, Any]:
    """What each service says of itself, with its app behind it."""
    return {
        service: schemathesis.openapi.from_wsgi("/openapi.json", through(front, service), config=CONFIG)
        for service in SERVICES
    }


@pytest.fixture
def door(front: Front, issuer: Issuer) -> Door:
    """A new town in process, and how its callers ask."""
    front.open(make_world(FakeClock()))
    tokens = {name: front.key(who) for name, who in CALLERS.items() if name != "member"}
    tokens["member"] = issuer.token("o-taro")
    clients = {name: HttpClient(front, issuer, "points", who) for name, who in CALLERS.items()}

    def ask(service: str, who: str, method: str, path: str, body: Any = None) -> Any:
        answer = clients[who.partition(":")[0]].at(service).send(method, path, body)
        assert answer.status < 300, (method, path, body, answer.body)
        return answer.body

    ask("points", "operator", "PUT", "/v1/partners/cafe", PARTNER)
    key_ = {"key_id": "o-key", "owner": "o", "kind": "ec"}
    ask("points", "operator", "POST", "/v1/keys", key_)
    known: Known = settle(ask, NOON)
    return Door(tokens, known, bodies(known))
