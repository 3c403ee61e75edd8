"""The thin layer of Chalice: authorizer, headers, methods, the error shape, and what is public."""

import json
from dataclasses import replace
from importlib import import_module

import pytest
from chalice.app import Chalice
from chalice.test import Client as ChaliceClient

from shared import auth, web
from shared.http import ANY_TOKEN, MEMBER, Routes
from shared.world import World
from tests.kit import NOON, FakeClock, make_world, purchase


def routes_of(service):
    every = import_module(f"{service}.routes").ROUTES
    fresh = Routes()
    fresh.all += [route for route in every.all if route.path.startswith("/v1/") and route.path != "/v1/whoami"]
    return fresh


@pytest.fixture
def world() -> World:
    return make_world(FakeClock())


@pytest.fixture
def serve(world):
    def make(service: str) -> ChaliceClient:
        app: Chalice = web.serve(service, routes_of(service), lambda: world)
        return ChaliceClient(app)

    return make


def operator_key(world):
    secret = auth.new_secret("test", "0123456789Ab")
    item = {
        "pk": "key",
        "sk": "0123456789Ab",
        "owner": "o",
        "kind": "operator",
        "scopes": sorted(auth.KINDS["operator"]),
        "state": "active",
        "hash": auth.hash_of(secret),
    }
    world.directory.table.put(item)
    return {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}


def send(client, method, path, headers=None, body=b""):
    response = client.http.request(method, path, headers=headers or {}, body=body)
    return response, json.loads(response.body) if response.body else None


@pytest.mark.parametrize("service", ["points", "coupons", "checkin"])
def test_health_and_description_are_public(serve, service):
    with serve(service) as client:
        assert send(client, "GET", "/health")[1] == {"status": "ok", "service": service}
        described = send(client, "GET", "/openapi.json")[1]
        assert described["openapi"] == "3.1.0"
        assert "/v1/whoami" in described["paths"]


@pytest.mark.parametrize("service", ["points", "coupons", "checkin"])
def test_a_key_that_does_not_exist_is_counted_by_where_it_comes_from(serve, world, service):
    """The authorizer lets it through to the app, and no route lets it in."""
    with serve(service) as client:
        statuses = []
        for n in range(101):
            unknown = {"Authorization": f"Bearer {auth.new_secret('test', auth.new_key_id())}"}
            response, said = send(client, "GET", "/v1/whoami", unknown | {"X-Forwarded-For": f"192.0.{n}.1"})
            statuses.append(response.status_code)
            assert said["code"] == ("unauthenticated" if n < 100 else "too_many_requests")
        assert statuses == [401] * 100 + [429]
        assert response.headers["Retry-After"] == "600"
        assert response.headers["RateLimit"] == '"address";r=0;t=600'
        assert send(client, "GET", "/v1/whoami", operator_key(world))[0].status_code == 200


def test_a_caller_is_where_the_gateway_says():
    class Current:
        context = {"identity": {"sourceIp": "203.0.113.7"}, "requestId": "r"}
        headers = {"X-Forwarded-For": "192.0.2.1", "Forwarded": "for=192.0.2.1", "X-Real-Ip": "192.0.2.1"}
        query_params = raw_body = None

    assert web._request(Current(), {}).address == "203.0.113.7"


def test_a_key_is_told_who_it_is(serve, world):
    with serve("points") as client:
        said = send(client, "GET", "/v1/whoami", operator_key(world))[1]
        assert (said["kind"], said["key_id"]) == ("operator", "0123456789Ab")
        assert said["scopes"] == sorted(auth.KINDS["operator"])


@pytest.mark.parametrize("service", ["points", "coupons", "checkin"])
def test_without_a_token_nothing_but_the_public_is_answered(serve, service):
    """In the cloud the gateway makes the 401 of this; Chalice's client lets the authorizer's own word through."""
    with serve(service) as client:
        for route in routes_of(service).all:
            path = route.path.replace("{", "").replace("}", "")
            for headers in ({}, {"Authorization": "Bearer nonsense"}):
                if "Authorization" in headers:
                    with pytest.raises(Exception, match=r"^Unauthorized$"):
                        client.http.request(route.method, path, headers=headers)
                else:
                    assert client.http.request(route.method, path, headers=headers).status_code == 401


def test_an_answer_carries_its_safety_headers_and_request_id(serve, world):
    with serve("points") as client:
        response, _ = send(client, "GET", "/v1/whoami", operator_key(world))
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert response.headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/whoami", 200),
        ("GET", "/v1/me", 403),
        ("GET", "/v1/members/nobody", 404),
        ("DELETE", "/v1/whoami", 405),
        ("POST", "/v1/purchases", 422),
    ],
)
def test_a_browser_may_read_every_answer_from_the_stages_origin_only(serve, world, monkeypatch, method, path, status):
    monkeypatch.setenv("OMO_ALLOWED_ORIGIN", "https://console.example")
    with serve("points") as client:
        response, _ = send(client, method, path, operator_key(world), b"{}")
        assert response.status_code == status
        assert response.headers["Access-Control-Allow-Origin"] == "https://console.example"
        assert "Access-Control-Allow-Credentials" not in response.headers
        assert "Retry-After" in response.headers["Access-Control-Expose-Headers"]


def test_a_purchase_goes_all_the_way(serve, world):
    with serve("points") as client:
        headers = operator_key(world)
        send(client, "POST", "/v1/members", headers, json.dumps({"member_id": "taro"}).encode())
        response, said = send(client, "POST", "/v1/purchases", headers, json.dumps(purchase()).encode())
        assert (response.status_code, said["balance"]) == (201, 10)
        again, _ = send(client, "POST", "/v1/purchases", headers, json.dumps(purchase()).encode())
        assert again.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("media", ["text/csv", "text/csv; charset=utf-8", "application/geo+json"])
def test_a_file_of_stores_comes_through_as_it_is(serve, world, media):
    text = "\ufeffstore_id,name,lat,lon,time_zone\r\nginza,銀座店,35.67,139.76,Asia/Tokyo\r\n"
    point = {"type": "Point", "coordinates": [139.76, 35.67]}
    one = {"type": "Feature", "id": "ginza", "geometry": point}
    one |= {"properties": {"name": "銀座店", "time_zone": "Asia/Tokyo"}}
    geojson = json.dumps({"type": "FeatureCollection", "features": [one]}, ensure_ascii=False)
    body = (geojson if "json" in media else text).encode()
    headers = operator_key(world) | {"Content-Type": media}
    with serve("checkin") as client:
        response, said = send(client, "POST", "/v1/stores/import", headers, body)
        assert (response.status_code, said["results"][0]["status"]) == (200, "created")
        assert send(client, "GET", "/v1/stores/ginza", headers)[1]["name"] == "銀座店"


def test_every_error_has_the_one_shape(serve, world):
    expected = {"type", "title", "status", "detail", "code", "retryable", "request_id"}
    with serve("points") as client:
        headers = operator_key(world)
        asked = [
            ("POST", "/v1/purchases", headers, b"{", 400, "malformed_json"),
            ("POST", "/v1/purchases", headers, b" \t\n", 400, "malformed_json"),
            ("POST", "/v1/purchases", headers, b"{}", 422, "invalid_request"),
            ("POST", "/v1/purchases", headers | {"Content-Type": "text/csv"}, b"a", 415, "unsupported_media_type"),
            ("GET", "/v1/members/nobody", headers, b"", 404, "member_not_found"),
            ("GET", "/v1/me", headers, b"", 403, "forbidden"),
            ("PATCH", "/v1/purchases", headers, b"{}", 405, "method_not_allowed"),
        ]
        for method, path, sent, body, status, code in asked:
            response, said = send(client, method, path, sent, body)
            assert (response.status_code, said["code"], said["status"]) == (status, code, status)
            assert expected <= said.keys()
            assert response.headers["Content-Type"] == "application/problem+json"


def test_an_unexpected_failure_is_a_500_without_its_reason(world):
    routes = Routes()

    @routes.get("/v1/broken", ANY_TOKEN)
    def broken(_):
        raise RuntimeError("the secret is 42")

    with ChaliceClient(web.serve("points", routes, lambda: world)) as client:
        response, said = send(client, "GET", "/v1/broken", operator_key(world))
        assert (response.status_code, said["code"]) == (500, "internal_error")
        assert "42" not in response.body.decode()


def test_the_test_clock_is_refused_unless_the_stack_is_local(serve, world):
    with serve("points") as client:
        headers = operator_key(world) | {"X-Omo-Now": "2026-01-01T00:00:00Z"}
        response, said = send(client, "GET", "/v1/whoami", headers)
        assert (response.status_code, said["code"]) == (400, "bad_header")


def test_the_test_clock_sets_what_the_rules_see():
    routes = Routes()
    routes.get("/v1/now", ANY_TOKEN)(lambda call: {"now": call.world.clock.now().isoformat()})
    world = replace(make_world(FakeClock()), has_test_clock=True)
    with ChaliceClient(web.serve("points", routes, lambda: world)) as client:
        headers = operator_key(world)
        assert send(client, "GET", "/v1/now", headers)[1] == {"now": NOON.isoformat()}
        later = headers | {"X-Omo-Now": "2027-01-01T00:00:00Z"}
        assert send(client, "GET", "/v1/now", later)[1] == {"now": "2027-01-01T00:00:00+00:00"}
        for wrong in ("soon", "2027-01-01", "1999-01-01T00:00:00Z"):
            assert send(client, "GET", "/v1/now", headers | {"X-Omo-Now": wrong})[1]["code"] == "bad_header"


def test_any_deployment_but_the_local_one_refuses_to_start_with_a_test_clock(monkeypatch):
    from shared.world import _has_test_clock

    monkeypatch.setenv("OMO_TEST_CLOCK", "1")
    for endpoint in ("", "https://dynamodb.ap-northeast-1.amazonaws.com"):
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        with pytest.raises(RuntimeError):
            _has_test_clock()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    assert _has_test_clock()
    monkeypatch.setenv("OMO_TEST_CLOCK", "0")
    assert not _has_test_clock()


def test_members_routes_are_marked_as_such():
    assert all(route.scope == MEMBER for route in routes_of("points").all if route.path.startswith("/v1/me/"))
