"""Balance at any time, and entries page by page."""

import pytest

from tests.api.points.shop import set_programme
from tests.kit import CAFE, EC, TILL, key, member, purchase


def buy(client, n, amount=1000, **changes):
    lines = [{"line_id": "1", "quantity": 1, "amount": amount}]
    return client.post("/v1/purchases", purchase(purchase_id=f"p-{n}", lines=lines, **changes))


def test_the_member_and_the_shop_see_the_same_balance(client):
    buy(client, 1, 12_345)
    mine = client.as_(member("taro")).get("/v1/me/balance")
    assert mine.body == {
        "member_id": "taro",
        "available": 123,
        "pending": 0,
        "held": 0,
        "debt": 0,
        "as_of": "2026-11-20T03:00:00Z",
        "expiring": [{"on": "2027-11-20", "points": 123, "kind": "regular"}],
        "tier": {"name": "base", "earned_in_window": 123},
    }
    assert client.get("/v1/members/taro/balance").body == mine.body


def test_points_last_to_the_end_of_their_last_day_in_tokyo(client, clock):
    buy(client, 1)
    assert client.get("/v1/members/taro/balance?at=2027-11-20").body["available"] == 10
    assert client.get("/v1/members/taro/balance?at=2027-11-20T14:59:59Z").body["available"] == 10
    assert client.get("/v1/members/taro/balance?at=2027-11-20T15:00:00Z").body["available"] == 0
    assert client.get("/v1/members/taro/balance?at=2027-11-21").body["available"] == 0
    clock.forward(days=366)
    assert client.get("/v1/members/taro/balance").body["available"] == 0


def test_the_past_is_what_the_member_would_have_seen(client, clock):
    times = []
    for n in range(12):
        buy(client, n, 100 * (n + 1), occurred_at="2026-11-20T02:00:00Z")
        times.append((clock.now(), sum(range(n + 2))))
        clock.forward(minutes=7)
    for at, expected in times:
        assert client.get(f"/v1/members/taro/balance?at={at:%Y-%m-%dT%H:%M:%SZ}").body["available"] == expected
    assert client.get("/v1/members/taro/balance?at=2026-11-20T02:59:59Z").body["available"] == 0
    assert client.get("/v1/members/taro/balance?at=2026-11-19").body["available"] == 0


def test_a_balance_is_read_consistently_with_one_unit(client):
    buy(client, 1)
    usage = client.world.ledger.table.usage
    usage.reset()
    client.get("/v1/members/taro/balance")
    assert (usage.read_units, usage.round_trips) == (1, 1)


@pytest.mark.parametrize("at", ["yesterday", "2026-13-01", "2026-11-20T03:00:00", "1795143600", "9998-01-01T00:00:00Z"])
def test_a_bad_time_is_refused(client, at):
    assert client.get(f"/v1/members/taro/balance?at={at}").code == "invalid_request"


def test_an_unknown_query_is_refused(client):
    assert client.get("/v1/members/taro/balance?when=now").code == "invalid_request"


def test_entries_come_newest_first_and_add_up(client):
    for n in range(7):
        buy(client, n, 1000 + 100 * n)
    client.post("/v1/spends", {"spend_id": "s", "member": {"member_id": "taro"}, "points": 5, "order_ref": "o"})
    items = client.get("/v1/members/taro/entries").body["items"]
    assert [item["sequence"] for item in items] == list(range(8, 0, -1))
    assert items[0]["kind"] == "spent"
    assert items[0]["lots"] == [{"on": "2027-11-20", "points": 5, "kind": "regular"}]
    assert items[1]["ref"] == {"kind": "purchase", "id": "p-6"}
    assert items[1]["explain"][0]["points"] == 16
    assert sum(item["points"] for item in items) == items[0]["balance_after"]


@pytest.mark.parametrize("limit", [1, 2, 3, 10])
def test_pages_hold_every_entry_once_also_where_one_item_holds_many(client, limit):
    buy(client, 0)
    client.post("/v1/purchases/batch", {"purchases": [purchase(purchase_id=f"b{n}") for n in range(9)]})
    buy(client, 99, occurred_at="2024-01-01T00:00:00Z")
    seen, cursor = [], None
    while True:
        query = f"?limit={limit}" + (f"&cursor={cursor}" if cursor else "")
        page = client.get(f"/v1/members/taro/entries{query}").body
        assert len(page["items"]) <= limit
        seen += [item["sequence"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == list(range(12, 0, -1))


def test_a_cursor_belongs_to_its_caller_route_and_member(client):
    for n in range(3):
        buy(client, n)
    cursor = client.get("/v1/members/taro/entries?limit=1").body["next_cursor"]
    assert client.get(f"/v1/members/hanako/entries?cursor={cursor}").code == "bad_cursor"
    assert client.as_(key("ec", key_id="other")).get(f"/v1/members/taro/entries?cursor={cursor}").code == "bad_cursor"
    assert client.as_(member("taro")).get(f"/v1/me/entries?cursor={cursor}").code == "bad_cursor"
    assert client.get("/v1/members/taro/entries?cursor=abc").code == "bad_cursor"
    assert client.get(f"/v1/members/taro/entries?limit=2&cursor={cursor}").code == "bad_cursor"
    assert client.get(f"/v1/members/taro/entries?cursor={cursor}").code == "bad_cursor"
    assert client.get(f"/v1/members/taro/entries?limit=1&cursor={'A' * 5000}").code == "bad_cursor"
    assert client.get(f"/v1/members/taro/entries?limit=1&cursor={cursor}").status == 200


@pytest.mark.parametrize("limit", ["0", "101", "ten", "-1"])
def test_a_bad_limit_is_refused(client, limit):
    assert client.get(f"/v1/members/taro/entries?limit={limit}").code == "invalid_request"


@pytest.mark.parametrize("path", ["/v1/members/taro/balance", "/v1/members/taro/entries"])
@pytest.mark.parametrize("who", [TILL, CAFE, member("taro"), member("hanako")])
def test_only_who_may_read_points_reads_them(client, path, who):
    assert client.as_(who).get(path).code == "forbidden"


def test_a_member_sees_only_what_is_its_own(client):
    buy(client, 1)
    assert client.as_(member("hanako")).get("/v1/me/balance").body["available"] == 0
    assert client.as_(member("hanako")).get("/v1/me/entries").body == {"items": [], "next_cursor": None}
    assert client.as_(EC).get("/v1/members/taro/balance").body["available"] == 10


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "Pacific/Kiritimati", "America/Los_Angeles"])
@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("0001-01-01", 0),
        ("0001-01-01T00:00:00Z", 0),
        ("1900-01-01T00:00:00Z", 0),
        ("1969-12-31", 0),
        ("1990-01-01", 0),
        ("2027-11-01", 10),
        ("2101-01-01", 0),
        ("9997-12-30", 0),
        ("9997-12-31T23:59:59Z", 0),
    ],
)
def test_any_age_of_the_past_and_any_future_is_told(client, zone, at, expected):
    set_programme(client, zone=zone)
    buy(client, 1000)
    for member_id, points in (("taro", expected), ("hanako", 0)):
        answer = client.get(f"/v1/members/{member_id}/balance?at={at}")
        assert (answer.status, answer.body["available"]) == (200, points)
    assert client.as_(member("taro")).get(f"/v1/me/balance?at={at}").body["available"] == expected


@pytest.mark.parametrize("at", ["0000-01-01", "9999-12-31", "9998-01-02T00:00:00Z", "2026-W01-1", "20261120"])
def test_a_date_outside_of_our_years_or_of_another_form_is_refused(client, at):
    answer = client.get(f"/v1/members/taro/balance?at={at}")
    assert (answer.status, answer.code) == (422, "invalid_request")
