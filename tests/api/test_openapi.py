"""The description that an app developer reads: valid OpenAPI 3.1, and true of the routes."""

from importlib import import_module

import pytest
from openapi_spec_validator import validate

from shared import openapi, problem
from shared.errors import Invalid
from shared.http import PUBLIC, Routes
from shared.shapes import ID_PATTERN

SERVICES = ("points", "coupons", "checkin")


def document(service):
    routes = Routes()
    routes.all += import_module(f"{service}.routes").ROUTES.all
    return routes, openapi.document(service, routes)


@pytest.mark.parametrize("service", SERVICES)
def test_the_description_is_valid(service):
    validate(document(service)[1])


def referred(said):
    """All that a description refers to."""
    if isinstance(said, dict):
        yield from [said["$ref"]] if isinstance(said.get("$ref"), str) else []
        said = said.values()
    for one in said if not isinstance(said, str | int | float | None) else ():
        yield from referred(one)


@pytest.mark.parametrize("service", SERVICES)
def test_whatever_is_referred_to_is_there(service):
    """Two models of one name would both be called something else, and each reference to them would lead nowhere."""
    said = document(service)[1]
    there = {f"#/components/schemas/{name}" for name in said["components"]["schemas"]}
    assert set(referred(said)) <= there


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_is_described_with_its_token_statuses_and_variables(service):
    routes, said = document(service)
    for route in routes.all:
        operation = said["paths"][route.path][route.method.lower()]
        assert operation["summary"], route.path
        assert (operation["security"] == []) is (route.scope == PUBLIC)
        assert {str(route.status), "default"} <= set(operation["responses"])
        assert ("429" in operation["responses"]) is route.is_limited
        named = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
        assert all(f"{{{name}}}" in route.path for name in named)
        assert route.path.count("{") == len(named)


def test_a_check_in_may_be_answered_in_two_ways_and_named_by_a_header():
    operation = document("checkin")[1]["paths"]["/v1/me/checkins"]["post"]
    assert {"200", "201"} <= set(operation["responses"])
    assert "Idempotency-Key" in {one["name"] for one in operation["parameters"]}


def test_the_bounds_of_a_query_are_told():
    said = document("checkin")[1]["paths"]["/v1/stores/nearby"]["get"]["parameters"]
    told = {one["name"]: one["schema"] for one in said}
    assert (told["lat"]["minimum"], told["lat"]["maximum"]) == (-90, 90)
    assert (told["limit"]["minimum"], told["limit"]["maximum"], told["limit"]["default"]) == (1, 100, 20)


@pytest.mark.parametrize("service", SERVICES)
def test_what_an_id_looks_like_is_told_wherever_one_is_named(service):
    for item in document(service)[1]["paths"].values():
        for operation in item.values():
            for one in operation["parameters"]:
                if one["name"].endswith("_id") or one["name"] == "Idempotency-Key":
                    assert one["schema"] == {"type": "string", "pattern": ID_PATTERN}


def test_a_query_is_a_value_or_is_left_out():
    said = document("points")[1]["paths"]["/v1/programme"]["get"]["parameters"]
    assert said[0]["schema"] | {"title": ""} == {"type": "integer", "minimum": 1, "title": ""}


@pytest.mark.parametrize("service", SERVICES)
def test_a_member_is_described_by_exactly_one_way_to_say_who(service):
    said = document(service)[1]["components"]["schemas"]["MemberRef"]
    assert (said["minProperties"], said["maxProperties"]) == (1, 1)
    assert not any("anyOf" in kind or "default" in kind for kind in said["properties"].values())


def test_a_body_is_required_where_something_in_it_is_and_closed_where_nothing_is_known():
    paths = document("points")[1]["paths"]
    assert paths["/v1/spends"]["post"]["requestBody"]["required"]
    assert not paths["/v1/me"]["post"]["requestBody"]["required"]
    nothing = paths["/v1/holds/{hold_id}/release"]["post"]["requestBody"]
    assert (nothing["required"], nothing["content"]["application/json"]["schema"]["additionalProperties"]) == (
        False,
        False,
    )


def test_a_faulty_field_is_told_in_the_callers_language():
    faulty = Invalid.at("/lines", "missing", "Field required")
    assert problem.body(faulty, "en", "r")["errors"][0]["detail"] == "Field required"
    assert problem.body(faulty, "ja", "r")["errors"][0]["detail"] == "必須項目です。"
    unknown = Invalid.at("/lines", "unheard_of", "Something else")
    assert problem.body(unknown, "ja", "r")["errors"][0]["detail"] == "Something else"
