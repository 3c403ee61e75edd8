"""The local stack through a day: up, changed, stopped, up again, killed."""

from __future__ import annotations

import os
import signal
import time

import httpx
import pytest

from infra import files, stack
from infra.deploy import Cloud
from infra.locate import Home

pytestmark = [pytest.mark.stack, pytest.mark.slow]  # three stacks, one after the other

PROBE = "probe#stack"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    found = Home(tmp_path_factory.mktemp("stack"))
    yield found
    stack.down(found, lambda _: None)


@pytest.fixture
def said():
    return []


def up(home, said):
    """Without the sample data: they are not what is proved here, and take longer than all the rest."""
    return stack.up(home, said.append, give=lambda *_: {"keys": {}, "seed": {}})


def cloud_of(local):
    return Cloud("local", local["aws_endpoint"])


def put_probe(local, name):
    item = {"pk": {"S": PROBE}, "sk": {"S": name}}
    cloud_of(local).client("dynamodb").put_item(TableName="omo-local-directory", Item=item)


def probes(local):
    query = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": PROBE}}}
    found = cloud_of(local).client("dynamodb").query(TableName="omo-local-directory", **query)
    return [item["sk"]["S"] for item in found["Items"]]


def relay_runs(local):
    logs = cloud_of(local).client("logs")
    groups = logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/omo-local-points-RelayDirectory")["logGroups"]
    return sum(
        event["message"].startswith("REPORT")
        for group in groups
        for event in logs.filter_log_events(logGroupName=group["logGroupName"])["events"]
    )


def wait_for_more_than(runs, local):
    deadline = time.monotonic() + 40
    while relay_runs(local) <= runs:
        assert time.monotonic() < deadline, "the relay saw nothing"
        time.sleep(0.2)


def test_a_stack_comes_up_keeps_its_data_over_a_stop_and_says_when_they_are_lost(home, said):
    local = up(home, said)
    assert home.local.stat().st_mode & 0o777 == 0o600
    assert stack.status(home)["running"]
    put_probe(local, "before")
    wait_for_more_than(0, local)

    first = len(said)
    assert up(home, said) == local
    assert "running already" in said[first]
    assert not [line for line in said[first:] if line.startswith(("Packaged", "Deployed"))]

    assert stack.down(home, said.append)
    assert not home.local.exists()
    assert not stack.status(home)["running"]

    again = up(home, said)
    assert again["points"] == local["points"]
    assert probes(again) == ["before"]
    runs = relay_runs(again)
    put_probe(again, "after")
    wait_for_more_than(runs, again)

    os.kill(again["pid"], signal.SIGKILL)
    said.clear()
    fresh = up(home, said)
    assert any("data were lost" in line for line in said)
    assert probes(fresh) == []


def test_the_gateway_answers_in_our_shape_and_leaves_wrong_methods_to_the_app(home, said):
    local = up(home, said)
    with httpx.Client(trust_env=False, timeout=30) as client:
        for service in ("points", "coupons", "checkin"):
            nobody = client.get(f"{local[service]}/v1/whoami")
            assert (nobody.status_code, nobody.json()["code"]) == (401, "unauthenticated")
            assert nobody.headers["content-type"] == "application/problem+json"
            assert nobody.headers["x-request-id"] == nobody.json()["request_id"]
            nowhere = client.get(f"{local[service]}/v1/nowhere")
            assert (nowhere.status_code, nowhere.json()["code"]) == (404, "route_not_found")
            assert client.delete(f"{local[service]}/health").status_code == 405


def test_the_consoles_origin_may_read_every_answer_and_no_other(home, said):
    local = up(home, said)
    assert stack.status(home)["console"]
    with httpx.Client(trust_env=False, timeout=30) as client:
        for service in ("points", "coupons", "checkin"):
            asked = [("GET", "/v1/whoami", 401), ("GET", "/v1/nowhere", 404), ("GET", "/health", 200)]
            for method, path, status in [*asked, ("DELETE", "/health", 405), ("OPTIONS", "/v1/whoami", 200)]:
                answer = client.request(method, f"{local[service]}{path}")
                assert answer.status_code == status
                assert answer.headers["access-control-allow-origin"] == local["console"], (service, method, path)
            assert "Authorization" in answer.headers["access-control-allow-headers"]
            assert "GET" in answer.headers["access-control-allow-methods"]


def test_a_console_that_died_comes_back_where_it_was(home, said):
    local = up(home, said)
    os.kill(files.read_json(home.processes)["console"]["pid"], signal.SIGKILL)
    assert up(home, said) == local
    assert stack.status(home)["console"]


def test_two_stacks_live_side_by_side(home, said, tmp_path):
    first = up(home, said)
    other = Home(tmp_path)
    try:
        second = up(other, said)
        assert second["aws_endpoint"] != first["aws_endpoint"]
        assert second["issuer"] != first["issuer"]
        assert second["console"] != first["console"]
    finally:
        assert stack.down(other, said.append)
    assert stack.status(home)["running"]
    assert files.read_json(home.local) == first
