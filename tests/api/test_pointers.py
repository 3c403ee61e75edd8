"""`errors[].pointer` leads into the body as it was sent, wherever the fault lies: tests over the real routes."""

import types
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel, WrapValidator

from checkin.routes import ROUTES as CHECKIN
from coupons.routes import ROUTES as COUPONS
from points.routes import ROUTES as POINTS
from tests.kit import EC, OPERATOR, Client, make_world, member

CONSENT = {"granted": True, "version": "1"}
CAMPAIGN = {
    "campaign_id": "c",
    "name": {"ja": "c", "en": "c"},
    "offer": {"type": "amount_off", "value": 1},
    "valid_from": "2026-11-01",
}
STORE = {"name": "s", "lat": 35.6, "lon": 139.7, "time_zone": "Asia/Tokyo"}
OF_A_LINE = ["/lines/0/line_id", "/lines/0/quantity", "/lines/0/amount"]
PURCHASE = {"purchase_id": "p", "source": "pos", "occurred_at": "2026-11-20T02:55:00Z", "state": "completed"}


def pointers(routes, who, method, path, body):
    answer = Client(routes, make_world(), who).send(method, path, body)
    assert (answer.status, answer.code) == (422, "invalid_request"), answer.body
    return [one["pointer"] for one in answer.body["errors"]]


@pytest.mark.parametrize(
    ("routes", "who", "method", "path", "body", "expected"),
    [
        (POINTS, member("taro"), "DELETE", "/v1/me", {"confirm": False}, ["/confirm"]),
        (POINTS, member("taro"), "DELETE", "/v1/me", {"confirm": ""}, ["/confirm"]),
        (POINTS, member("taro"), "DELETE", "/v1/me", {}, ["/confirm"]),
        (POINTS, EC, "POST", "/v1/members", {"member_id": "m", "consents": {"foo": CONSENT}}, ["/consents/foo"]),
        (POINTS, EC, "POST", "/v1/members", {"member_id": "m", "[key]": 1}, ["/[key]"]),
        (POINTS, EC, "POST", "/v1/purchases", PURCHASE | {"lines": [{}]}, OF_A_LINE),
        (POINTS, EC, "POST", "/v1/purchases", PURCHASE | {"lines": []}, ["/lines"]),
        (COUPONS, OPERATOR, "POST", "/v1/campaigns", CAMPAIGN | {"channels": ["web"]}, ["/channels/0"]),
        (COUPONS, OPERATOR, "POST", "/v1/campaigns", CAMPAIGN | {"channels": []}, ["/channels"]),
        (CHECKIN, OPERATOR, "PUT", "/v1/stores/s", STORE | {"hours": {"foo": []}}, ["/hours/foo"]),
        (
            CHECKIN,
            OPERATOR,
            "PUT",
            "/v1/stores/s",
            STORE | {"hours": {"mon": [["5"]]}},
            ["/hours/mon/0/0", "/hours/mon/0/1"],
        ),
    ],
)
def test_a_fault_is_told_once_and_where_it_lies(routes, who, method, path, body, expected):
    assert pointers(routes, who, method, path, body) == expected


def test_a_watch_of_the_guard_is_told_where_it_is_wrong():
    operator = Client(POINTS, make_world(), OPERATOR)
    said = operator.get("/v1/programme").body | {"guard": {"own_card": {"outcome": "shout"}}}
    answer = operator.put("/v1/programme", said)
    assert [one["pointer"] for one in answer.body["errors"]] == ["/guard/own_card/outcome"]


def test_a_store_of_an_import_with_a_bad_id_is_told_so_once():
    feature = {
        "type": "Feature",
        "id": 1.5,
        "geometry": {"type": "Point", "coordinates": [139.7, 35.6]},
        "properties": {},
    }
    sent = {"type": "FeatureCollection", "features": [feature]}
    (row,) = Client(CHECKIN, make_world(), OPERATOR).post("/v1/stores/import", sent).body["results"]
    assert [one["pointer"] for one in row["errors"]] == ["/id"]


def bare_unions(kind: Any, where: str, is_wrapped: bool = False):
    """Where a shape holds a union of several kinds that no validator of ours stands around."""
    if get_origin(kind) is Annotated:
        kind, *more = get_args(kind)
        yield from bare_unions(kind, where, is_wrapped or any(isinstance(one, WrapValidator) for one in more))
    elif get_origin(kind) in (Union, types.UnionType):
        kinds = [one for one in get_args(kind) if one is not type(None)]
        if len(kinds) > 1 and not is_wrapped:
            yield where
        for one in kinds:
            yield from bare_unions(one, where)
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, field in kind.model_fields.items():
            has_validator = any(isinstance(one, WrapValidator) for one in field.metadata)
            yield from bare_unions(field.annotation, f"{where}/{name}", has_validator)
    else:
        for one in get_args(kind):
            yield from bare_unions(one, f"{where}/*")


def test_no_body_holds_a_union_whose_faults_would_point_at_its_alternatives():
    bodies = [(route.body, f"{route.method} {route.path} ") for one in (POINTS, COUPONS, CHECKIN) for route in one.all]
    assert [where for body, name in bodies for where in bare_unions(body, name)] == []
