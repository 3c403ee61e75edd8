"""Whatever is sent to any route, the answer is one of ours: never a 500, and always in the one shape."""

import json
from importlib import import_module

import pytest
from hypothesis import given, settings, strategies as st

from shared import http
from shared.http import PUBLIC, Request
from tests.kit import CAFE, EC, OPERATOR, TILL, Client, key, make_world, member

SERVICES = ("points", "coupons", "checkin")
ALL_SCOPES = key("operator", scopes=OPERATOR.scopes, store_id="shibuya", terminal_id="t", partner_id="cafe")
CALLERS = [EC, TILL, CAFE, OPERATOR, ALL_SCOPES, member("taro"), member("nobody"), member("not an id")]

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(0, 3000),
    st.floats(allow_nan=False),
    st.text(max_size=12),
    st.sampled_from(["taro", "shibuya", "pos", "ec", "completed", "2026-11-20T03:00:00Z", "2026-11-20", "amount_off"]),
)


def fields_of(route):
    """The names that a route's body knows, so that what is sent comes near to what is wanted."""
    names = list(route.body.model_fields)
    return names or ["x"]


def values(depth=2):
    inner = LEAVES if depth == 0 else st.one_of(LEAVES, values(depth - 1))
    names = st.sampled_from(
        ["member", "member_id", "lines", "line_id", "quantity", "amount", "code", "codes", "identity", "type", "value",
         "location", "lat", "lon", "accuracy_m", "captured_at", "basket", "offer", "name", "ja", "en", "budget", "points"]
    )  # fmt: skip
    return st.one_of(LEAVES, st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=5))


def routes(service):
    return [route for route in import_module(f"{service}.routes").ROUTES.all if route.scope != PUBLIC]


def every_route():
    return [pytest.param(route, id=f"{route.method} {route.path}") for one in SERVICES for route in routes(one)]


@pytest.fixture(scope="module")
def world():
    world = make_world()
    client = Client(import_module("points.routes").ROUTES, world)
    client.post("/v1/members", {"member_id": "taro"})
    return world


@pytest.mark.parametrize("route", every_route())
@settings(max_examples=10)
@given(data=st.data())
def test_no_body_query_or_path_makes_a_service_fail(world, route, data):
    body = data.draw(st.one_of(st.dictionaries(st.sampled_from(fields_of(route)), values(), max_size=8), values()))
    path = {part[1:-1]: data.draw(st.sampled_from(["taro", "x", "a%20b", "%00", "é", "-" * 300])) for part in
            route.path.split("/") if part.startswith("{")}  # fmt: skip
    query = {name: data.draw(st.sampled_from(["", "1", "-1", "35.6", "nan", "1e400", "x", "é"])) for name in
             route.query.model_fields if data.draw(st.booleans())}  # fmt: skip
    raw = json.dumps(body).encode()
    who = data.draw(st.sampled_from(CALLERS))
    reply = http.answer(world, route, Request({}, path, query, raw, who, "fuzz"))
    status = reply.status or route.status
    assert status < 500, reply.body
    if status >= 400:
        assert {"type", "title", "status", "detail", "code", "retryable", "request_id"} <= set(reply.body)
    json.dumps(reply.body)
