"""The examples of the published description: one story, carried out from its first line to its last at the real apps."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from openapi_spec_validator import validate

from infra import described
from infra.described import Example
from points import audited, reports
from points.audited import AuditNote
from tests.front import Front, HttpClient, Issuer, open_issuer
from tests.kit import EC, NOON, OPERATOR, TILL, FakeClock, key, make_world, member
from tests.passing import INBOXES, Passing

CALLERS = {
    "nobody": EC,
    "ec": EC,
    "pos": TILL,
    "partner": key("partner", partner_id="cafe"),
    "operator": OPERATOR,
    "operator_second": key("operator", key_id="second-key", owner="second"),
    "member": member("m-hanako"),
}


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    with open_issuer(tmp_path_factory.mktemp("issuer")) as opened:
        yield opened


@pytest.fixture(scope="module")
def document():
    return described.merged()


def as_here(value: Any, stands_for: dict[str, str]) -> Any:
    """The same with what this world calls the codes and ids that the services make."""
    text = json.dumps(value)
    for told, here in stands_for.items():
        text = text.replace(json.dumps(told)[1:-1], json.dumps(here)[1:-1])
    return json.loads(text)


def found(body: Any, path: str) -> Any:
    for part in path.split("."):
        body = body[int(part) if part.isdecimal() else part]
    return body


def carry_out(front: Front, issuer: Issuer, one: Example, stands_for: dict[str, str]) -> None:
    client = HttpClient(front, issuer, one.service, CALLERS[one.who])
    method = one.route.partition(" ")[0]
    target, body = as_here([one.target, one.body], stands_for)
    answer = client.send(method, target, body)
    assert answer.status == one.status, (one, answer.body)
    stands_for |= {told: found(answer.body, path) for path, told in one.keep.items()}


def test_every_example_is_answered_as_it_says(issuer):
    clock = FakeClock()
    front = Front(make_world(clock))
    reports.work(front.world, math.inf)  # last night's job
    noted = AuditNote(began_at=NOON, ended_at=NOON, chains=0, entries=0, fault_count=0, faults=[])
    audited.keep(front.world.directory.table, noted)  # and audit
    passing = Passing(front.world)
    stands_for: dict[str, str] = {}
    for one in described.examples():
        clock.forward(minutes=one.after_minutes)
        carry_out(front, issuer, one, stands_for)
        while messages := [(to, event) for to, event in passing.step() if to in INBOXES]:  # codes are made elsewhere
            passing.deliver(messages)


def test_every_route_has_an_example(document):
    routes = {f"{method} {path}" for path, method, _ in described.operations(document)}
    assert routes == {one.route for one in described.examples()}


def test_the_merged_description_is_valid(document):
    validate(document)


def test_every_body_has_its_example_and_every_required_variable_a_value(document):
    for path, method, operation in described.operations(document):
        body = operation.get("requestBody")
        assert body is None or "example" in body["content"]["application/json"], (method, path)
        for parameter in operation["parameters"]:
            assert "example" in parameter or not parameter["required"], (method, path, parameter["name"])
