"""What is kept of where somebody was: nothing that leads back to a place, in no table, log, event or list."""

from __future__ import annotations

import json
import logging

import pytest

from checkin.reactions import REACTIONS
from shared import inbox
from tests.kit import key
from tests.stream import Stream

PLANTED = {"lat": 35.65951234, "lon": 139.70054321, "accuracy_m": 17.654321}
TRACES = ("951234", "054321", "654321", "702587", "495987")
PHONE = "planted-device-9f2c"


@pytest.fixture
def lived(operator, taro, checkin, clock, caplog):
    """Check-ins of every ending, with planted digits; answers all that was kept, logged, sent and shown to staff."""
    caplog.set_level(logging.DEBUG)
    stream = Stream(operator.world)
    far = {"lat": 34.70258765, "lon": 135.49598765}
    shown = operator.get("/v1/stores/umeda/presence-code").body
    answers = [
        taro.post("/v1/me/checkins", checkin("c-1", **PLANTED) | {"device_id": PHONE}),
        taro.post("/v1/me/checkins", checkin("c-2", **PLANTED, is_mock=True) | {"presence_code": "00000000"}),
        taro.post("/v1/me/checkins", checkin("c-3", store_id="harajuku", **PLANTED)),
    ]
    clock.forward(minutes=40)
    code = operator.get("/v1/stores/umeda/presence-code").body["code"]
    for n, body in enumerate((checkin("c-4", store_id="umeda", **far), checkin("c-5", store_id="umeda", **far))):
        answers.append(taro.post("/v1/me/checkins", body | ({"presence_code": code} if n else {})))
    answers.append(
        taro.post("/v1/me/checkins", checkin("c-6", **PLANTED) | {"location": {**PLANTED, "captured_at": 7}})
    )
    answers.append(taro.post("/v1/me/checkins", checkin("c-7", **PLANTED | {"lat": 95.951234})))
    answers.append(taro.post("/v1/me/approaches", {"approach_id": "a", "store_id": "shibuya", "lat": PLANTED["lat"]}))
    sent = stream.run()
    records = [{"messageId": f"m-{n}", "body": json.dumps(event)} for n, event in enumerate(sent)]
    assert inbox.work(operator.world, {"Records": records}, reactions=REACTIONS) == {"batchItemFailures": []}
    staff = operator.as_(key("operator"))
    seen = [staff.get("/v1/reviews").body, staff.get("/v1/members/taro/checkins").body]
    assert {answer.status for answer in answers} == {200, 201, 422}
    assert seen[0]["items"], "one of them waits for its review"
    world = operator.world
    kept = [table.scan() for table in (world.ledger.table, world.directory.table, world.transient)]
    logged = [(record.getMessage(), record.__dict__) for record in caplog.records]
    return {
        "kept": repr(kept),
        "logged": repr(logged),
        "sent": json.dumps(sent),
        "seen": json.dumps(seen),
        "answered": json.dumps([answer.body for answer in answers]),
        "shown": shown["code"],
    }


@pytest.mark.parametrize("where", ["kept", "logged", "sent", "seen", "answered"])
def test_no_digit_of_a_phones_place_is_anywhere(lived, where):
    assert [digits for digits in TRACES if digits in lived[where]] == []


@pytest.mark.parametrize("where", ["kept", "logged", "sent", "seen", "answered"])
def test_no_device_and_no_code_is_anywhere_in_clear(lived, where):
    assert PHONE not in lived[where]
    assert lived["shown"] not in lived[where]


def test_events_tell_no_distance_and_members_no_reason(lived):
    assert "withheld" not in lived["sent"]
    assert "apart" not in lived["sent"]
    assert '"reason"' not in lived["answered"]


def test_a_distance_is_kept_as_a_span_that_doubles(lived):
    (item,) = json.loads(lived["seen"])[0]["items"]
    assert item["distance_m"] == {"at_least": 0, "at_most": 100}
