"""The Python client's tries: when it asks again, with what, and when it tells its caller."""

from __future__ import annotations

import http.client

import pytest
from omotenashi_client import Client, NoAnswer, Patience, Refused, Response, Unnamed, new_id
from omotenashi_client.wire import HttpWire

from tests.clients.wires import FAULTS, one_after_another

LINES = [{"line_id": "1", "quantity": 1, "amount": 1980}]
PURCHASE = {
    "purchase_id": "p-1", "source": "pos", "member": {"member_id": "taro"}, "state": "completed",
    "occurred_at": "2026-11-20T02:55:00Z", "lines": LINES,
}  # fmt: skip


def starts(line):
    """When each try began, in seconds after the first."""
    return [at - line.tried[0][0] for at, _ in line.tried]


def canned(*responses):
    """A client to whom these are answered, one after another, and the list of its pauses."""
    left, pauses = list(responses), list[float]()

    def wire(request, seconds):
        said = left.pop(0)
        if isinstance(said, Exception):
            raise said
        return said

    return Client({}, "", wire=wire, patience=Patience(sleep=pauses.append)), pauses, left


def refusal(status, code="x", **headers):
    kind = {"content-type": "application/problem+json"}
    return Response(status, kind | headers, f'{{"code": "{code}", "status": {status}, "reason": "why"}}'.encode())


YES = Response(200, {"content-type": "application/json"}, b'{"ok": true}')


def test_a_yes_is_told_at_once(line):
    answer = line.client().ask("points", "POST", "/v1/purchases", body=PURCHASE)
    assert (answer.status, answer.body["points"], answer.is_replay, answer.tries) == (
        201, {"pending": 0, "available": 19}, False, 1,
    )  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_is_no_answer_is_asked_again_with_the_same_bytes_and_counts_once(line, shop, fault):
    line.faults = one_after_another(fault, fault)
    answer = line.client().ask("points", "POST", "/v1/purchases", body=PURCHASE)
    assert answer.status == 201
    assert len({request.body for _, request in line.tried}) == 1
    assert shop.points.get_members_balance("taro")["available"] == 19


def test_tries_begin_five_seconds_and_then_1_2_4_8_after_one_another(line):
    line.faults = lambda request: "lost request"
    with pytest.raises(NoAnswer) as caught:
        line.client().points.post_purchases(PURCHASE)
    assert starts(line) == [0, 6, 13, 22, 35]
    assert caught.value.tries == 5
    assert caught.value.request.body == line.tried[0][1].body


def test_a_lost_answer_comes_with_the_next_try_and_says_so(line):
    line.faults = one_after_another("lost answer")
    answer = line.client().ask("points", "POST", "/v1/purchases", body=PURCHASE)
    assert (answer.is_replay, answer.tries) == (True, 2)


def test_a_refusal_is_never_sent_again_and_says_what_it_knows(line):
    with pytest.raises(Refused) as caught:
        line.client(language="ja").points.post_purchases(PURCHASE | {"currency": "EUR"})
    refused = caught.value
    assert (refused.status, refused.code, refused.retryable, len(line.tried)) == (422, "currency_mismatch", False, 1)
    assert refused.fields == {"expected": "JPY"}
    assert refused.request_id
    assert not refused.detail.isascii()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 415, 422])
def test_no_clear_no_is_sent_again(status):
    client, pauses, left = canned(refusal(status), YES)
    with pytest.raises(Refused):
        client.points.get_me()
    assert (pauses, left) == ([], [YES])


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_what_is_our_fault_is_sent_again_and_silence_in_the_end(status):
    client, pauses, _ = canned(*[refusal(status)] * 5)
    with pytest.raises(NoAnswer):
        client.points.get_me()
    assert pauses == [1, 2, 4, 8]


def test_whoever_asks_for_time_gets_it_and_never_less_than_the_pause():
    client, pauses, _ = canned(refusal(503, **{"retry-after": "3"}), refusal(429, **{"retry-after": "1"}), YES)
    assert client.points.get_me() == {"ok": True}
    assert pauses == [3, 2]


def test_too_many_without_a_time_or_with_a_long_one_is_told():
    for headers in ({}, {"retry-after": "600"}):
        client, pauses, _ = canned(refusal(429, "too_many_requests", **headers), YES)
        with pytest.raises(Refused) as caught:
            client.points.get_me()
        assert (pauses, caught.value.code) == ([], "too_many_requests")
    client, _, _ = canned(*[refusal(429, "too_many_requests", **{"retry-after": "1"})] * 5)
    with pytest.raises(Refused):
        client.points.get_me()


@pytest.mark.parametrize(
    "said",
    [
        Response(200, {"content-type": "text/html"}, b"<p>Sign in</p>"),
        Response(200, {"content-type": "application/json"}, b'{"cut of'),
        Response(302, {"location": "https://portal.example"}, b""),
        Response(403, {"content-type": "text/html"}, b"<p>Blocked by policy</p>"),
        Response(409, {"content-type": "application/problem+json"}, b'["no code"]'),
        http.client.RemoteDisconnected("gone"),
        ConnectionResetError("reset"),
    ],
    ids=str,
)
def test_what_we_would_not_say_is_no_answer(said):
    client, pauses, _ = canned(said, YES)
    assert client.points.get_me() == {"ok": True}
    assert pauses == [1]


def test_a_write_without_an_id_is_not_sent(line):
    with pytest.raises(Unnamed, match="purchase_id"):
        line.client().points.post_purchases({name: said for name, said in PURCHASE.items() if name != "purchase_id"})
    assert not line.tried
    assert new_id() != new_id()


def test_numbers_that_json_has_not_are_not_sent(line):
    with pytest.raises(ValueError, match="JSON"):
        line.client().points.post_purchases(PURCHASE | {"points_used": float("nan")})
    assert not line.tried


def test_variables_are_spelled_so_that_they_stay_in_their_place(line):
    with pytest.raises(Refused) as caught:
        line.client().points.get_members("../purchases?x=1#y")
    assert line.tried[0][1].target == "/v1/members/..%2Fpurchases%3Fx%3D1%23y"
    assert caught.value.status == 404


def test_a_query_has_what_was_given(shop):
    shop.points.post_purchases(PURCHASE | {"store_id": "shibuya"})
    assert len(shop.points.get_members_entries("taro", limit=1)["items"]) == 1
    assert shop.points.get_members_balance("taro", at="2026-11-19")["available"] == 0


@pytest.mark.parametrize(
    "address", ["http://api.example.com", "ftp://127.0.0.1", "api.example.com", "https://a@b/", ""]
)
def test_a_key_never_travels_in_the_clear(address):
    with pytest.raises(ValueError, match=r"address|https"):
        HttpWire({"points": address}, "key")


def test_nothing_that_is_shown_holds_a_body_or_a_key(line):
    client = Client(dict.fromkeys(("points", "coupons", "checkin"), "https://example.com"), "omo_the_secret")
    line.faults = lambda request: "lost request"
    with pytest.raises(NoAnswer) as caught:
        line.client().points.post_purchases(PURCHASE)
    assert "taro" not in str(caught.value) + repr(caught.value.request)
    assert "omo_the_secret" not in repr(client) + repr(vars(client))
