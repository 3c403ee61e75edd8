"""The description that an app developer reads: valid OpenAPI 3.1, and true of the routes."""

from importlib import import_module

import pytest
from openapi_spec_validator import validate

from shared import openapi, problem
from shared.errors import Invalid
from shared.http import PUBLIC, Routes

SERVICES = ("points", "coupons", "checkin")


def document(service):
    routes = Routes()
    routes.all += import_module(f"{service}.routes").ROUTES.all
    return routes, openapi.document(service, routes)


@pytest.mark.parametrize("service", SERVICES)
def test_the_description_is_valid(service):
    validate(document(service)[1])


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_is_described_with_its_token_statuses_and_variables(service):
    routes, said = document(service)
    for route in routes.all:
        operation = said["paths"][route.path][route.method.lower()]
        assert operation["summary"], route.path
        assert (operation["security"] == []) is (route.scope == PUBLIC)
        assert {str(route.status), "default"} <= set(operation["responses"])
        named = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
        assert all(f"{{{name}}}" in route.path for name in named)
        assert route.path.count("{") == len(named)


def test_a_check_in_may_be_answered_in_two_ways_and_named_by_a_header():
    operation = document("checkin")[1]["paths"]["/v1/me/checkins"]["post"]
    assert {"200", "201"} <= set(operation["responses"])
    assert "Idempotency-Key" in {one["name"] for one in operation["parameters"]}


def test_a_faulty_field_is_told_in_the_callers_language():
    faulty = Invalid.at("/lines", "missing", "Field required")
    assert problem.body(faulty, "en", "r")["errors"][0]["detail"] == "Field required"
    assert problem.body(faulty, "ja", "r")["errors"][0]["detail"] == "必須項目です。"
    unknown = Invalid.at("/lines", "unheard_of", "Something else")
    assert problem.body(unknown, "ja", "r")["errors"][0]["detail"] == "Something else"
