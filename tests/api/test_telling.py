"""The lines that a process writes: one for each request, message and batch, with its metrics, and nothing private."""

import io
import json
import logging

import pytest

from checkin.routes import ROUTES as CHECKIN
from points.reactions import CARRY_ON, REACTIONS
from points.routes import ROUTES
from shared import inbox, log, patience, relay
from shared.clock import Clock
from tests.kit import TILL, Client, FakeClock, make_world, purchase
from tests.stream import Stream, record


@pytest.fixture
def lines():
    """Reads what was written so far."""
    logger, stream = logging.getLogger("omotenashi"), io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log._Line("points"))
    level, before = logger.level, logger.handlers[:]
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.handlers[:] = before
    logger.setLevel(level)


@pytest.fixture
def client():
    client = Client(ROUTES, make_world(FakeClock()))
    assert client.post("/v1/members", {"member_id": "taro", "display_name": "山田太郎"}).status == 201
    return client


def test_a_request_is_one_line_with_its_operation_its_units_and_its_time(client, lines):
    assert client.as_(TILL).post("/v1/purchases", purchase()).status == 201
    (line,) = lines()
    assert (line["route"], line["status"], line["kind"]) == ("POST /v1/purchases", 201, "pos")
    assert line["operation"] == purchase()["purchase_id"]
    assert (line["WriteUnits"], line["Requests"], line["Faults"], line["Refusals"]) == (2, 1, 0, 0)
    assert line["TillLatency"] == line["Latency"] >= 0


def test_only_tills_count_for_what_a_cashier_waits_for(client, lines):
    assert client.get("/v1/members/taro/balance").status == 200
    (line,) = lines()
    assert "TillLatency" not in line
    assert (line["operation"], line["WriteUnits"]) == ("taro", 0)


def test_a_refusal_and_a_repetition_say_so(client, lines):
    till = client.as_(TILL)
    spend = {"spend_id": "s", "member": {"member_id": "taro"}, "points": 9, "order_ref": "o"}
    assert client.post("/v1/spends", spend).status == 409
    assert till.post("/v1/purchases", purchase()).status == till.post("/v1/purchases", purchase()).status == 201
    assert till.post("/v1/purchases", {}).status == 422
    refused, first, again, bad = lines()
    assert (refused["code"], refused["Refusals"]) == ("insufficient_points", 1)
    assert [one["Replays"] for one in (first, again)] == [0, 1]
    assert (bad["code"], bad.get("operation")) == ("invalid_request", None)


def test_a_line_describes_its_metrics_as_cloudwatch_reads_them(client, lines):
    client.get("/v1/members/taro")
    (line,) = lines()
    (found,) = line["_aws"]["CloudWatchMetrics"]
    assert (found["Namespace"], found["Dimensions"]) == ("Omotenashi", [["Stage", "Service"]])
    for metric in found["Metrics"]:
        assert isinstance(line[metric["Name"]], int | float)
        assert metric["Unit"] in ("Count", "Milliseconds")
    assert line["Service"] == "points"
    assert line["_aws"]["Timestamp"] > 1_700_000_000_000


def test_nothing_private_is_in_a_line(client, lines):
    client.get("/v1/members/taro")
    client.post(
        "/v1/members",
        {"member_id": "hanako", "display_name": "花子", "identities": [{"type": "card", "value": "4242"}]},
    )
    Client(CHECKIN, client.world).get("/v1/stores/nearby?lat=35.123456&lon=139.654321")
    written = json.dumps(lines(), ensure_ascii=False)
    assert len(lines()) == 3
    for private in ("山田", "花子", "4242", "35.123456", "139.654321"):
        assert private not in written


def test_a_batch_of_the_stream_is_one_line_with_what_was_earned(client, lines):
    assert client.as_(TILL).post("/v1/purchases", purchase()).status == 201
    records = [record(item) for item in client.world.ledger.table.scan(after=None, limit=100)]
    for one in records:
        one["dynamodb"]["ApproximateCreationDateTime"] = 1_795_000_000.0
    relay.relay_ledger(client.world, records, Stream(client.world))
    line = lines()[-1]
    assert line["message"] == "relayed"
    assert (line["Purchases"], line["PointsEarned"]) == (1, 10)
    assert line["RelayLag"] >= 0


def test_a_message_is_one_line_and_one_that_is_parked_counts(client, lines):
    records = [{"messageId": "m-1", "body": json.dumps({"type": "nonsense"}), "eventSourceARN": "arn:x:q"}]
    inbox.work(client.world, {"Records": records}, reactions=REACTIONS, carry_on=CARRY_ON)
    (line,) = lines()
    assert (line["message"], line["Parked"], line["queue"]) == ("message parked", 1, "q")


def test_each_lost_race_is_counted(lines):
    for attempt in patience.attempts(Clock(sleep=lambda _: None)):
        if attempt == 2:
            break
    assert [line["LostRaces"] for line in lines()] == [1, 1]
