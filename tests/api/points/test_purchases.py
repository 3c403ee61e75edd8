"""POST /v1/purchases, /preview and /batch."""

import json

import pytest
from hypothesis import given, strategies as st

from points.routes import ROUTES
from tests.kit import CAFE, EC, OTHER_TILL, TILL, Client, key, make_world, member, purchase


def line(amount, line_id="1", **more):
    return {"line_id": line_id, "quantity": 1, "amount": amount, **more}


def lines(*amounts):
    return [line(amount, str(n)) for n, amount in enumerate(amounts)]


def balance(client, member_id="taro"):
    return client.as_(EC).get(f"/v1/members/{member_id}/balance").body["available"]


def test_a_completed_purchase_gives_a_point_for_each_hundred_yen(client):
    answer = client.as_(TILL).post("/v1/purchases", purchase())
    assert answer.status == 201
    assert answer.body == {
        "purchase_id": "p-1",
        "source": "pos",
        "member_id": "taro",
        "state": "completed",
        "points": {"pending": 0, "available": 10},
        "balance": 10,
        "explain": [{"rule": "base", "points": 10, "detail": "1 for each 100 without tax, rounded down line by line"}],
    }


def test_the_explanation_is_in_the_language_of_the_request(client):
    answer = client.post("/v1/purchases", purchase(), accept_language="ja,en;q=0.5")
    assert "ポイント" in answer.body["explain"][0]["detail"]


def test_points_are_rounded_down_line_by_line(client):
    assert client.post("/v1/purchases", purchase(lines=lines(199, 199))).body["points"]["available"] == 2


def test_tax_earns_nothing(client):
    taxed = [line(990, tax=99, tax_rate_bp=1000)]
    assert client.post("/v1/purchases", purchase(lines=taxed)).body["points"]["available"] == 9


def test_the_same_purchase_again_is_answered_as_before(client):
    first = client.post("/v1/purchases", purchase())
    client.post("/v1/purchases", purchase(purchase_id="p-2"))
    again = client.post("/v1/purchases", purchase())
    assert (again.status, again.body, again.is_replay) == (201, first.body, True)
    assert balance(client) == 20


def test_the_order_of_keys_is_no_other_content(client):
    client.post("/v1/purchases", purchase())
    assert client.post("/v1/purchases", dict(reversed(purchase().items()))).is_replay


def test_the_same_id_with_other_content_is_refused(client):
    client.post("/v1/purchases", purchase())
    answer = client.post("/v1/purchases", purchase(lines=lines(2000)))
    assert (answer.status, answer.code) == (422, "id_reused")
    assert balance(client) == 10


def test_an_id_is_the_shops_over_all_its_keys_and_members(client):
    client.as_(TILL).post("/v1/purchases", purchase())
    answer = client.as_(TILL).post("/v1/purchases", purchase(member={"member_id": "hanako"}))
    assert (answer.status, answer.code) == (422, "id_reused")
    assert balance(client, "hanako") == 0


def test_web_and_till_count_their_purchases_apart(client):
    client.post("/v1/purchases", purchase())
    assert client.post("/v1/purchases", purchase(source="ec")).status == 201
    assert balance(client) == 20


def test_a_card_finds_its_member(client):
    card = {"identity": {"type": "card", "value": "card-hanako"}}
    assert client.as_(TILL).post("/v1/purchases", purchase(member=card)).body["member_id"] == "hanako"


def test_an_unknown_member_is_not_found_and_nothing_is_kept(client):
    for ref in (
        {"member_id": "nobody"},
        {"identity": {"type": "card", "value": "lost"}},
        {"code": "123"},
        {"scan": "x"},
    ):
        answer = client.post("/v1/purchases", purchase(member=ref))
        assert (answer.status, answer.code) == (404, "member_not_found")
    assert client.post("/v1/purchases", purchase()).status == 201


def test_a_purchase_of_nobody_is_recorded_without_points(client):
    body = purchase()
    del body["member"]
    answer = client.as_(TILL).post("/v1/purchases", body)
    assert (answer.status, answer.body["member_id"], answer.body["points"]["available"]) == (201, None, 0)
    assert client.as_(TILL).post("/v1/purchases", body).status == 201
    assert client.as_(TILL).post("/v1/purchases", purchase()).code == "id_reused"


def test_a_retry_is_answered_even_after_the_card_was_taken_from_the_member(client):
    by_card = purchase(member={"identity": {"type": "card", "value": "card-taro"}})
    first = client.post("/v1/purchases", by_card)
    client.delete("/v1/members/taro/identities/card", {"value": "card-taro"})
    again = client.post("/v1/purchases", by_card)
    assert (again.status, again.body) == (201, first.body)


def test_the_store_comes_from_the_tills_key_and_another_store_is_refused(client):
    body = purchase(purchase_id="p-9")
    del body["store_id"]
    assert client.as_(OTHER_TILL).post("/v1/purchases", body).status == 201
    answer = client.as_(OTHER_TILL).post("/v1/purchases", purchase())
    assert (answer.status, answer.code) == (403, "wrong_store")


@pytest.mark.parametrize("used", [0, 5])
def test_that_there_is_nobody_is_said_before_that_it_is_another_store(client, used):
    till = client.as_(TILL)
    nobodys, taros = (
        till.post("/v1/purchases", purchase(store_id="umeda", member={"member_id": one}, points_used=used))
        for one in ("nobody", "taro")
    )
    assert (nobodys.status, nobodys.code) == (404, "member_not_found")
    assert (taros.status, taros.code) == (403, "wrong_store")


def test_a_till_records_no_web_purchases(client):
    answer = client.as_(TILL).post("/v1/purchases", purchase(source="ec"))
    assert (answer.status, answer.code) == (403, "forbidden")


def test_a_header_may_stand_in_for_the_id(client):
    body = purchase()
    del body["purchase_id"]
    assert client.post("/v1/purchases", body, idempotency_key="h-1").body["purchase_id"] == "h-1"
    assert client.post("/v1/purchases", body, idempotency_key="h-1").is_replay
    assert client.post("/v1/purchases", body).status == 422
    assert client.post("/v1/purchases", body, idempotency_key="no spaces").code == "bad_header"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"currency": "USD"}, "currency_mismatch"),
        ({"occurred_at": "2026-11-20T03:06:00Z"}, "occurred_in_future"),
        ({"points_used": 1001}, "exceeds_total"),
        ({"lines": []}, "invalid_request"),
        ({"lines": [line(1)] * 2}, "invalid_request"),
        ({"lines": [line(-1)]}, "invalid_request"),
        ({"lines": [line("1")]}, "invalid_request"),
        ({"lines": [line(1.5)]}, "invalid_request"),
        ({"lines": [line(True)]}, "invalid_request"),
        ({"lines": lines(*[1] * 501)}, "invalid_request"),
        ({"purchase_id": "a b"}, "invalid_request"),
        ({"purchase_id": "a" * 65}, "invalid_request"),
        ({"purchase_id": "line\n"}, "invalid_request"),
        ({"occurred_at": "yesterday"}, "invalid_request"),
        ({"occurred_at": "2026-11-20T02:55:00"}, "invalid_request"),
        ({"occurred_at": 1795143600}, "invalid_request"),
        ({"unknown": 1}, "invalid_request"),
        ({"member": {}}, "invalid_request"),
        ({"member": {"member_id": "taro", "code": "1"}}, "invalid_request"),
        ({"state": "done"}, "invalid_request"),
        ({"taxes": [{"rate_bp": 800, "amount": 1}]}, "invalid_request"),
    ],
)
def test_a_bad_purchase_is_refused_and_changes_nothing(client, changes, code):
    answer = client.post("/v1/purchases", purchase(**changes))
    assert (answer.status, answer.code) == (422, code)
    assert balance(client) == 0
    assert client.post("/v1/purchases", purchase()).status == 201


def test_the_faulty_field_is_pointed_at(client):
    answer = client.post("/v1/purchases", purchase(lines=[line(1), line(-5, "2")]))
    assert answer.body["errors"] == [
        {
            "pointer": "/lines/1/amount",
            "code": "greater_than_equal",
            "detail": "Input should be greater than or equal to 0",
        }
    ]


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"\xff",
        b'{"a": NaN}',
        b"[" * 100_000,
        b'"\\ud800"',
        b'{"a":"\\ud800"}',
        b'{"a":' + b"[" * 32 + b"]" * 32 + b"}",
    ],
)
def test_what_is_no_json_is_said_to_be_none(client, raw):
    answer = client.send("POST", "/v1/purchases", raw=raw)
    assert (answer.status, answer.code) == (400, "malformed_json")


def test_a_body_of_another_kind_or_size_is_refused(client):
    assert client.send("POST", "/v1/purchases", raw=b"a=b", content_type="text/plain").status == 415
    assert client.send("POST", "/v1/purchases", raw=b" " * (256 * 1024 + 1)).status == 413
    assert client.send("POST", "/v1/purchases", raw=b"[1]").status == 422


def test_five_minutes_ahead_is_a_tills_clock_and_no_error(client):
    assert client.post("/v1/purchases", purchase(occurred_at="2026-11-20T03:05:00Z")).status == 201


def test_a_purchase_of_long_ago_is_taken_and_its_points_are_gone(client):
    answer = client.post("/v1/purchases", purchase(occurred_at="2024-01-05T00:00:00Z"))
    assert (answer.status, answer.body["points"]["available"], answer.body["balance"]) == (201, 10, 0)
    kinds = [entry["kind"] for entry in client.get("/v1/members/taro/entries").body["items"]]
    assert kinds == ["expired", "earned"]


# ---- points used ----------------------------------------------------------------------------------------------------


def test_points_used_are_spent_and_deducted_from_what_earns(client):
    client.post("/v1/purchases", purchase(lines=lines(100_000)))
    answer = client.post("/v1/purchases", purchase(purchase_id="p-2", lines=lines(700, 300), points_used=100))
    # shares 70 and 30: 630 and 270 yen earn 6 and 2 points
    assert (answer.body["points"]["available"], answer.body["balance"]) == (8, 1000 - 100 + 8)


def test_points_that_are_not_there_are_not_used_and_nothing_is_recorded(client):
    client.post("/v1/purchases", purchase(lines=lines(5000)))
    answer = client.post("/v1/purchases", purchase(purchase_id="p-2", points_used=51))
    assert (answer.status, answer.code) == (409, "insufficient_points")
    assert (answer.body["required"], answer.body["available"], answer.body["missing"]) == (51, 50, 1)
    assert client.post("/v1/purchases", purchase(purchase_id="p-2", points_used=50)).status == 201


def test_a_till_needs_the_members_presence_to_use_points(client):
    client.post("/v1/purchases", purchase(lines=lines(5000)))
    answer = client.as_(TILL).post("/v1/purchases", purchase(purchase_id="p-2", points_used=1))
    assert (answer.status, answer.code) == (403, "presence_required")


def test_using_points_needs_its_scope(client):
    only_writes = key("ec", scopes=frozenset({"purchases:write"}))
    assert client.as_(only_writes).post("/v1/purchases", purchase(points_used=1)).code == "forbidden"


def test_used_points_of_a_retry_are_taken_once(client):
    client.post("/v1/purchases", purchase(lines=lines(5000)))
    using = purchase(purchase_id="p-2", points_used=50)
    first, again = client.post("/v1/purchases", using), client.post("/v1/purchases", using)
    assert (first.body, again.is_replay) == (again.body, True)


# ---- preview --------------------------------------------------------------------------------------------------------


def test_a_preview_says_what_the_purchase_will_say_and_writes_nothing(client):
    client.post("/v1/purchases", purchase(lines=lines(5000)))
    wanted = purchase(purchase_id="p-2", lines=lines(700, 333), points_used=20)
    client.world.ledger.table.usage.reset()
    seen = client.post("/v1/purchases/preview", wanted)
    assert client.world.ledger.table.usage.write_units == 0
    assert seen.body == client.post("/v1/purchases", wanted).body


def test_a_preview_refuses_as_the_purchase_would(client):
    assert client.post("/v1/purchases/preview", purchase(points_used=5)).code == "insufficient_points"
    assert client.post("/v1/purchases/preview", purchase(member={"member_id": "nobody"})).status == 404


# ---- batch ----------------------------------------------------------------------------------------------------------


def batch(client, *purchases):
    answer = client.as_(EC).post("/v1/purchases/batch", {"purchases": list(purchases)})
    assert answer.status == 200
    return answer.body["results"]


def test_one_bad_purchase_of_a_batch_harms_no_other(client):
    client.post("/v1/purchases", purchase(purchase_id="old"))
    results = batch(
        client,
        purchase(purchase_id="b1"),
        {"purchase_id": "b2"},
        purchase(purchase_id="b3", member={"member_id": "nobody"}),
        purchase(purchase_id="old", lines=lines(1)),
        purchase(purchase_id="b4", member={"member_id": "hanako"}),
        purchase(purchase_id="b5", points_used=10_00),
        purchase(purchase_id="b6"),
    )
    assert [one["status"] for one in results] == [201, 422, 404, 422, 201, 409, 201]
    assert [one["purchase_id"] for one in results] == ["b1", "b2", "b3", "old", "b4", "b5", "b6"]
    assert results[3]["body"]["code"] == "id_reused"
    assert (balance(client), balance(client, "hanako")) == (30, 10)


def test_a_batch_again_doubles_nothing_and_meets_single_purchases(client):
    client.post("/v1/purchases", purchase(purchase_id="b1"))
    wanted = [purchase(purchase_id=f"b{n}") for n in range(5)]
    first, again = batch(client, *wanted), batch(client, *wanted)
    assert first == again
    assert balance(client) == 50


def test_the_same_id_twice_in_a_batch_counts_once(client):
    assert [one["status"] for one in batch(client, purchase(), purchase())] == [201, 201]
    assert balance(client) == 10


def test_purchases_of_one_member_are_one_append(client):
    client.post("/v1/purchases", purchase(purchase_id="warm"))
    usage = client.world.ledger.table.usage
    usage.reset()
    batch(client, *[purchase(purchase_id=f"b{n}") for n in range(10)])
    assert usage.write_units <= 10 + 2


def test_a_batch_has_its_limits(client):
    assert client.post("/v1/purchases/batch", {"purchases": []}).status == 422
    assert client.post("/v1/purchases/batch", {"purchases": [{}] * 101}).status == 422
    assert client.send("POST", "/v1/purchases/batch", raw=b" " * (1024 * 1024 + 1)).status == 413


# ---- who may --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/v1/purchases", "/v1/purchases/preview", "/v1/purchases/batch"])
@pytest.mark.parametrize("who", [CAFE, member("taro"), key("ec", scopes=frozenset())])
def test_only_shops_record_purchases(client, path, who):
    answer = client.as_(who).post(path, purchase())
    assert (answer.status, answer.code) == (403, "forbidden")


# ---- properties -----------------------------------------------------------------------------------------------------

AMOUNTS = st.lists(st.integers(0, 10_000), min_size=1, max_size=8)


@given(st.lists(st.tuples(AMOUNTS, st.integers(0, 300)), min_size=1, max_size=12), st.randoms())
def test_balance_is_earned_less_used_and_repeats_change_nothing(sales, random):
    client = Client(ROUTES, make_world())
    client.post("/v1/members", {"member_id": "taro"})
    expected, sent = 0, []
    for n, (amounts, wish) in enumerate(sales):
        used = min(wish, sum(amounts))
        body = purchase(purchase_id=f"p{n}", lines=lines(*amounts), points_used=used)
        answer = client.post("/v1/purchases", body)
        assert answer.status == (201 if used <= expected else 409)
        if answer.status == 201:
            expected += answer.body["points"]["available"] - used
            assert answer.body["balance"] == expected
            sent.append((body, answer.body))
    for body, first in random.sample(sent, len(sent)):
        assert client.post("/v1/purchases", body).body == first
    assert balance(client) == expected


# ---- the corners ----------------------------------------------------------------------------------------------------


def test_nobody_has_no_points_to_use(client):
    body = purchase(points_used=1)
    del body["member"]
    assert client.post("/v1/purchases", body).body["errors"][0]["pointer"] == "/member"


def test_a_preview_for_nobody_earns_nothing(client):
    body = purchase()
    del body["member"]
    assert client.post("/v1/purchases/preview", body).body["points"] == {"pending": 0, "available": 0}


def test_a_till_of_another_store_records_no_purchase_of_nobody_but_learns_its_own_retry(client):
    body = purchase()
    del body["member"]
    assert client.as_(OTHER_TILL).post("/v1/purchases", body).code == "wrong_store"
    assert client.as_(TILL).post("/v1/purchases", body).status == 201
    assert client.as_(OTHER_TILL).post("/v1/purchases", body).status == 201  # the shop's own id, done already


def test_a_preview_of_a_member_without_entries_asks_whether_there_is_one(client):
    assert client.post("/v1/purchases/preview", purchase()).body["balance"] == 10


def test_tax_said_per_rate_counts_for_what_points_may_pay(client):
    client.post("/v1/purchases", purchase(lines=lines(200_000)))
    taxed = {"lines": [line(1000, tax_rate_bp=1000)], "taxes": [{"rate_bp": 1000, "amount": 100}]}
    assert client.post("/v1/purchases", purchase(purchase_id="p-2", points_used=1100, **taxed)).status == 201
    assert client.post("/v1/purchases", purchase(purchase_id="p-3", points_used=1101, **taxed)).code == "exceeds_total"


def test_points_that_pay_the_tax_too_earn_nothing_and_never_less(client):
    client.post("/v1/purchases", purchase(lines=lines(200_000)))
    taxed = [line(500, "1", tax=50), line(500, "2", tax=50)]
    answer = client.post("/v1/purchases", purchase(purchase_id="p-2", lines=taxed, points_used=1100))
    assert answer.body["points"]["available"] == 0


def test_what_is_no_purchase_harms_no_other_and_is_not_repeated(client):
    sent = (
        b'{"purchases": [7, {"purchase_id": 1e400}, {"purchase_id": ["x"]}, ' + json.dumps(purchase()).encode() + b"]}"
    )
    answer = client.send("POST", "/v1/purchases/batch", raw=sent)
    assert [one["status"] for one in answer.body["results"]] == [422, 422, 422, 201]
    assert [one["purchase_id"] for one in answer.body["results"]] == [None, None, None, "p-1"]
    json.dumps(answer.body, allow_nan=False)


def test_of_one_id_in_a_batch_the_first_counts_and_what_others_earn_may_be_used(client):
    results = batch(
        client,
        purchase(),
        purchase(lines=lines(1)),
        purchase(purchase_id="p-2", points_used=10),
    )
    assert [one["status"] for one in results] == [201, 422, 201]


@pytest.mark.parametrize("at", ["1995-01-01T00:00:00Z", "1900-01-01T00:00:00Z"])
def test_any_age_back_is_taken(client, at):
    answer = client.post("/v1/purchases", purchase(occurred_at=at))
    assert (answer.status, answer.body["points"]["available"], answer.body["balance"]) == (201, 10, 0)
    entries = client.get("/v1/members/taro/entries").body["items"]
    assert [entry["kind"] for entry in entries] == ["expired", "earned"]
    assert entries[0]["ref"]["kind"] == "expiry"


@pytest.mark.parametrize("member", [{"member_id": "taro"}, None])
def test_a_purchase_sent_again_from_an_earlier_clock_is_replayed(client, clock, member):
    first = client.post("/v1/purchases", purchase(member=member))
    clock.forward(days=-1)
    again = client.post("/v1/purchases", purchase(member=member))
    assert (again.status, again.body, again.is_replay) == (201, first.body, True)
    assert client.post("/v1/purchases", purchase(member=member, order_ref="o")).code == "id_reused"
    assert client.post("/v1/purchases", purchase(member=member, purchase_id="p-2")).code == "occurred_in_future"
    batch = {"purchases": [purchase(member=member), purchase(member=member, purchase_id="p-2")]}
    results = client.post("/v1/purchases/batch", batch).body["results"]
    assert [one["status"] for one in results] == [201, 422]


def test_any_time_ahead_is_said_to_lie_in_the_future(client):
    assert client.post("/v1/purchases", purchase(occurred_at="9997-01-01T00:00:00Z")).code == "occurred_in_future"


def test_bytes_that_a_gateway_had_to_replace_are_no_utf_8(client):
    raw = '{"purchase_id": "\ufffd"}'.encode()
    assert client.send("POST", "/v1/purchases", raw=raw).code == "malformed_json"


def test_a_line_may_be_named_as_the_till_names_it(client):
    assert client.post("/v1/purchases", purchase(lines=[line(100, "商品 1/2")])).status == 201
