"""GET and PUT /v1/programme: read, set as a whole, in force when it has answered, every version kept."""

import pytest

from points.programme import Programme
from points.store import programme as in_force
from shared import places
from shared.directory import CACHE_SECONDS
from tests.kit import CAFE, EC, OPERATOR, TILL, member, purchase

DEFAULT = Programme().model_dump(mode="json", exclude_none=True)
BASE = DEFAULT["earning"][0]


@pytest.fixture
def operator(client):
    return client.as_(OPERATOR)


def put(operator, **changes):
    present = operator.get("/v1/programme").body
    return operator.put("/v1/programme", present | changes)


def test_the_default_programme_is_told_before_anybody_set_one(operator):
    answer = operator.get("/v1/programme")
    assert (answer.status, answer.body) == (200, DEFAULT)


def test_a_programme_is_set_as_a_whole_and_read_again(operator):
    double = {"rule_id": "double", "kind": "multiplier", "factor": "2/1", "when": {"from": "2026-11-01"}}
    answer = put(operator, earning=[BASE, double], expiry={"kind": "end_of_month", "n": 12})
    assert answer.status == 200
    assert answer.body == DEFAULT | {
        "version": 2,
        "earning": [BASE, double],
        "expiry": {"kind": "end_of_month", "n": 12},
    }
    assert operator.get("/v1/programme").body == answer.body


def test_what_is_left_out_has_its_default(operator):
    put(operator, clawback="clamp", approval_above=5)
    answer = operator.put("/v1/programme", {"version": 2, "basis": {"tax": "incl"}})
    expected = DEFAULT | {"version": 3, "basis": {"tax": "incl", "deduct_points_used": True}}
    assert (answer.status, answer.body) == (200, expected)


def test_a_change_holds_everywhere_when_it_has_answered(client, operator, clock):
    assert in_force(client.world).version == 1  # remembered for a second
    before = clock.slept
    put(operator, earning=[BASE | {"points": 3}], currency="USD", zone="America/New_York")
    assert clock.slept - before >= CACHE_SECONDS
    assert in_force(client.world).version == 2
    assert places.currency(client.world) == "USD"
    assert places.of_programme(client.world).zone == "America/New_York"


def test_a_new_rate_counts_for_the_next_purchase(client, operator):
    put(operator, earning=[BASE | {"per_amount": 200}])
    assert client.as_(TILL).post("/v1/purchases", purchase()).body["points"]["available"] == 5


def test_of_two_who_read_the_same_version_the_second_is_told(operator):
    put(operator, clawback="clamp")
    answer = operator.put("/v1/programme", DEFAULT | {"clawback": "refuse"})
    assert (answer.status, answer.code, answer.body["version"]) == (409, "version_conflict", 2)
    assert operator.get("/v1/programme").body["clawback"] == "clamp"
    assert operator.put("/v1/programme", DEFAULT | {"version": 3}).code == "version_conflict"


def test_a_repeated_put_is_answered_as_before(operator, clock):
    sent = DEFAULT | {"clawback": "clamp"}
    first = operator.put("/v1/programme", sent)
    before = clock.slept
    again = operator.put("/v1/programme", sent)
    assert (again.status, again.body, again.is_replay) == (200, first.body, True)
    assert clock.slept - before >= CACHE_SECONDS  # the first may have died before its wait was over
    put(operator, clawback="refuse")
    assert operator.put("/v1/programme", sent).code == "version_conflict"


def test_every_version_can_be_read(operator):
    second = put(operator, clawback="clamp").body
    third = put(operator, clawback="refuse").body
    assert operator.get("/v1/programme?version=1").body == DEFAULT
    assert operator.get("/v1/programme?version=2").body == second
    assert operator.get("/v1/programme?version=3").body == third == operator.get("/v1/programme").body
    missing = operator.get("/v1/programme?version=4")
    assert (missing.status, missing.code) == (404, "version_not_found")
    assert operator.get("/v1/programme?version=0").code == "invalid_request"


def pointers(answer):
    assert answer.status == 422
    return [one["pointer"] for one in answer.body["errors"]]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"earning": [BASE | {"per_amount": 0}]}, ["/earning/0/per_amount"]),
        (
            {"earning": [BASE, {"rule_id": "b", "kind": "bonus", "points": 1, "when": {"from": "soon"}}]},
            ["/earning/1/when/from"],
        ),
        ({"earning": [BASE, {"rule_id": "m", "kind": "multiplier", "factor": "1/0"}]}, ["/earning/1/factor"]),
        ({"earning": [BASE, BASE | {"when": {"tiers": ["gold"]}}]}, ["/earning/1/rule_id", "/earning/1/when/tiers/0"]),
        ({"rates": []}, ["/rates"]),
        ({"version": None}, ["/version"]),
        ({"spending": {"min": 0, "step": "1"}}, ["/spending/min", "/spending/step"]),
    ],
)
def test_a_bad_value_is_refused_with_its_pointer(operator, changes, expected):
    answer = operator.put("/v1/programme", DEFAULT | changes)
    assert (answer.code, pointers(answer)) == ("invalid_request", expected)
    assert operator.get("/v1/programme").body == DEFAULT


def test_the_version_that_was_read_must_be_said(operator):
    answer = operator.put("/v1/programme", {name: DEFAULT[name] for name in DEFAULT if name != "version"})
    assert pointers(answer) == ["/version"]


@pytest.mark.parametrize(("name", "value"), [("zone", "Europe/London"), ("currency", "EUR")])
def test_zone_and_currency_never_change_once_they_are_set(operator, name, value):
    assert put(operator, **{name: value}).status == 200
    answer = operator.put("/v1/programme", DEFAULT | {"version": 2})
    assert pointers(answer) == [f"/{name}"]
    told = operator.put("/v1/programme", DEFAULT | {"version": 2}, accept_language="ja")
    assert told.body["errors"][0]["detail"] == "一度設定した値は変更できません。"


def test_points_that_are_premiums_may_not_exceed_the_legal_limit(operator):
    review = {"rule_id": "review", "kind": "bonus", "points": 300, "when": {"actions": ["review"]}}
    changes = {"earning": [BASE, review], "premium_class": "premium"}
    answer = put(operator, **changes)
    assert (answer.code, pointers(answer), answer.body["limit"]) == (
        "premium_limit_exceeded",
        ["/earning/1/points"],
        200,
    )
    assert put(operator, **changes | {"premium_class": "self_discount"}).status == 200


@pytest.mark.parametrize("who", [EC, TILL, CAFE, member("taro")])
def test_only_operators_read_and_set_the_programme(client, who):
    assert client.as_(who).get("/v1/programme").code == "forbidden"
    assert client.as_(who).put("/v1/programme", DEFAULT).code == "forbidden"
