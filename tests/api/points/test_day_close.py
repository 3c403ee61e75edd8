"""The close of a store's day: the journal against the ledger, all that differs and only that, however it came about."""

import json
from datetime import date, timedelta
from random import Random

import pytest

from infra import audit_lines
from points import sales
from shared import keys
from shared.item_hash import text_of
from tests.api.points.shop import buy, cancel, claim, complete, faults, give_back, line, of_nobody, reverse
from tests.kit import EC, OPERATOR, TILL, purchase
from tests.stream import Stream

DAY = "2026-11-20"
NOTHING: dict[str, list[str]] = {"missing_in_ledger": [], "missing_in_pos": [], "amount_differs": []}


@pytest.fixture
def stream(client):
    return Stream(client.world)


def close(client, lines, reconciliation_id="close-1", **changes):
    body = {"reconciliation_id": reconciliation_id, "store_id": "shibuya", "business_day": DAY, "lines": lines}
    return client.as_(OPERATOR).post("/v1/reconciliations", body | changes)


def said(purchase_id, amount=1000, **more):
    return {"purchase_id": purchase_id, "amount": amount, **more}


def told(answer):
    """The ids of each list."""
    assert answer.status == 200, answer.body
    lists = ("missing_in_ledger", "missing_in_pos", "amount_differs")
    return answer.body["matched"], *([one["purchase_id"] for one in answer.body[name]] for name in lists)


def test_a_journal_that_is_like_the_ledger_matches(client, stream):
    buy(client, "p-1")
    of_nobody(client, "p-2", 300)
    stream.run()
    answer = close(client, [said("p-1", points=10), said("p-2", 300, points=0)])
    head = {"reconciliation_id": "close-1", "store_id": "shibuya", "business_day": DAY}
    assert (answer.status, answer.body) == (200, head | {"matched": 2} | NOTHING)


def test_each_side_tells_what_the_other_has_not_and_what_is_otherwise(client, stream):
    for n in range(3):
        buy(client, f"p-{n}")
    stream.run()
    answer = close(client, [said("p-0"), said("p-1", 999), said("lost", 500, points=5)])
    assert answer.body["matched"] == 1
    assert answer.body["missing_in_ledger"] == [{"purchase_id": "lost", "amount": 500, "points": 5}]
    assert answer.body["missing_in_pos"] == [{"purchase_id": "p-2", "amount": 1000, "points": 10}]
    assert answer.body["amount_differs"] == [
        {"purchase_id": "p-1", "amount": 999, "ledger_amount": 1000, "lines": 1},
    ]


def test_the_amount_is_the_receipts_total_with_all_its_tax(client, stream):
    lines = [line(1000, "1", tax=100), line(500, "2", tax_rate_bp=800)]
    buy(client, "p-1", lines=lines, taxes=[{"rate_bp": 800, "amount": 40}])
    stream.run()
    assert told(close(client, [said("p-1", 1640)])) == (1, [], [], [])


def test_points_are_compared_where_the_journal_has_them(client, stream):
    buy(client, "p-1")
    buy(client, "p-2", state="placed")
    buy(client, "p-3")
    stream.run()
    answer = close(client, [said("p-1", points=11), said("p-2", points=10), said("p-3")])
    assert answer.body["amount_differs"] == [
        {"purchase_id": "p-1", "amount": 1000, "ledger_amount": 1000, "points": 11, "ledger_points": 10, "lines": 1}
    ]


def test_lines_of_one_id_are_one_receipt_and_add_up(client, stream):
    buy(client, "twice")
    buy(client, "split")
    stream.run()
    answer = close(client, [said("twice"), said("split", 400, points=4), said("split", 600, points=6), said("twice")])
    assert answer.body["matched"] == 1
    assert answer.body["amount_differs"] == [
        {"purchase_id": "twice", "amount": 2000, "ledger_amount": 1000, "lines": 2},
    ]


def test_what_comes_back_later_is_in_no_line_of_either_side(client, stream):
    buy(client, "p-1")
    give_back(client, "p-1")
    stream.run()
    assert told(close(client, [said("p-1", points=10)])) == (1, [], [], [])


@pytest.mark.parametrize("undo", [cancel, reverse])
@pytest.mark.parametrize("sell", [buy, of_nobody])
@pytest.mark.parametrize("is_heard", [True, False])
def test_what_was_undone_is_not_in_the_ledger(client, stream, undo, sell, is_heard):
    sell(client, "p-1", state="placed")
    if is_heard:
        stream.run()
    undo(client, "p-1")
    if is_heard:
        stream.run()
    assert told(close(client, [])) == (0, [], [], [])
    assert told(close(client, [said("p-1")], "close-2")) == (0, ["p-1"], [], [])


def test_an_id_that_was_closed_before_it_came_is_missing(client, stream):
    reverse(client, "never")
    stream.run()
    assert told(close(client, [said("never")])) == (0, ["never"], [], [])


def test_a_completed_order_of_a_till_is_one_sale(client, stream):
    buy(client, "p-1", state="placed")
    complete(client, "p-1")
    stream.run()
    assert told(close(client, [said("p-1", points=10)])) == (1, [], [], [])


def test_a_receipt_that_is_claimed_later_had_no_points_when_it_was_printed(client, stream):
    of_nobody(client, "p-1")
    of_nobody(client, "p-2")
    stream.run()
    for n in (1, 2):
        assert claim(client, 1000, f"p-{n}", f"c-{n}").status == 201
    assert told(close(client, [said("p-1", points=0), said("p-2", points=0)])) == (2, [], [], [])
    stream.run()
    assert told(close(client, [said("p-1", points=0), said("p-2", points=10)], "close-2")) == (1, [], [], ["p-2"])


def test_the_web_shops_orders_are_in_no_tills_journal(client, stream):
    buy(client, "p-1", source="ec")
    stream.run()
    assert told(close(client, [])) == (0, [], [], [])
    assert told(close(client, [said("p-1")], "close-2")) == (0, ["p-1"], [], [])


@pytest.mark.parametrize(
    ("at", "day"),
    [
        ("2026-11-19T18:59:59.999Z", "2026-11-19"),
        ("2026-11-19T19:00:00Z", DAY),
        ("2026-11-20T02:00:00Z", DAY),
    ],
)
def test_a_sale_belongs_to_the_stores_own_day(client, stream, at, day):
    pk, sk = keys.store("shibuya")
    client.world.directory.table.put({"pk": pk, "sk": sk, "version": 1, "time_zone": "Asia/Tokyo", "cutoff_hour": 4})
    buy(client, "p-1", occurred_at=at)
    stream.run()
    for n, one in enumerate(("2026-11-18", "2026-11-19", DAY, "2026-11-21")):
        answer = close(client, [said("p-1")], f"close-{n}", business_day=one)
        assert told(answer) == ((1, [], [], []) if one == day else (0, ["p-1"], [], []))
        if one != day:
            found = {"store_id": "shibuya", "business_day": day}
            assert answer.body["missing_in_ledger"][0]["found_at"] == found
        assert told(close(client, [], f"open-{n}", business_day=one))[2] == (["p-1"] if one == day else [])


def test_another_stores_sale_is_missing_here_and_told_where_it_is(client, stream):
    buy(client, "p-1", store_id="umeda")
    buy(client, "p-2", store_id=None)
    stream.run()
    missing = close(client, [said("p-1"), said("p-2")]).body["missing_in_ledger"]
    assert [one["found_at"] for one in missing] == [{"store_id": "umeda", "business_day": DAY}, {"business_day": DAY}]


def test_what_is_still_on_its_way_to_the_list_is_not_said_to_be_missing(client):
    """Without any word from the stream: by its name, its own chain, and its member's."""
    buy(client, "first", 10_000)
    buy(client, "p-1")
    of_nobody(client, "p-2")
    buy(client, "p-3", points_used=50)
    lines = [said("p-1", points=10), said("p-2", points=0), said("p-3", points=9), said("p-4")]
    assert told(close(client, lines)) == (3, ["p-4"], [], [])
    assert told(close(client, [said("p-1", 999), said("p-3", points=8)], "close-2")) == (0, [], [], ["p-1", "p-3"])


def test_a_stream_that_stands_still_is_waited_for(client, monkeypatch):
    from points import reconciling

    monkeypatch.setattr(reconciling, "_LATE_MAX", 2)
    for n in range(3):
        buy(client, f"p-{n}")
    answer = close(client, [said(f"p-{n}") for n in range(3)])
    assert (answer.status, answer.code, answer.headers["Retry-After"]) == (503, "temporarily_unavailable", "10")


def test_a_purchase_whose_caller_went_away_before_its_points_were_taken_is_not_in_the_ledger(client, stream):
    """Its name is there; only its caller may finish it."""
    buy(client, "first", 10_000)
    table = client.world.ledger.table
    before = {(item["pk"], item["sk"]) for item in table.scan()}
    buy(client, "p-1", points_used=50)
    for item in list(table.scan()):
        if item["pk"].startswith("M#") and (item["pk"], item["sk"]) not in before:
            table._drop(item["pk"], item["sk"])
    stream.run()
    assert told(close(client, [said("p-1"), said("first", 10_000)])) == (1, ["p-1"], [], [])


@pytest.mark.parametrize("seed", range(5))
def test_the_list_is_the_same_in_whatever_order_and_however_often_it_hears(client, seed):
    for n in range(4):
        buy(client, f"p-{n}", state="placed")
    of_nobody(client, "p-4", state="placed")
    cancel(client, "p-1")
    reverse(client, "p-2")
    cancel(client, "p-4")
    random = Random(seed)
    items = client.world.ledger.table.scan()
    for item in random.sample(items, len(items)) + random.choices(items, k=10):
        sales.follow(client.world, item)
    assert told(close(client, [])) == (0, [], ["p-0", "p-3"], [])


def test_ten_thousand_lines_of_which_one_in_a_hundred_is_dropped_doubled_or_changed(client):
    """All of them are listed, and nothing else."""
    random = Random(8)
    ids = [f"shibuya-{n:05d}" for n in range(10_000)]
    amounts = {one: random.randint(1, 30_000) for one in ids}
    dropped, unsent, changed, doubled = (set(part) for part in _apart(random, ids, 100, 4))
    for start in range(0, len(ids), 100):
        some = [one for one in ids[start : start + 100] if one not in unsent]
        bodies = [_sold(n, one, amounts[one]) for n, one in enumerate(some)]
        assert client.post("/v1/purchases/batch", {"purchases": bodies}).status == 200
    for item in client.world.ledger.table.scan():
        sales.follow(client.world, item)
    journal = [said(one, amounts[one] + (one in changed)) for one in ids if one not in dropped]
    journal += [said(one, amounts[one]) for one in doubled]
    random.shuffle(journal)
    matched, missing_in_ledger, missing_in_pos, differs = told(close(client, journal))
    assert set(missing_in_ledger) == unsent
    assert set(missing_in_pos) == dropped
    assert set(differs) == changed | doubled
    assert (matched, len(missing_in_ledger), len(missing_in_pos), len(differs)) == (9600, 100, 100, 200)


def _apart(random, ids, count, parts):
    picked = random.sample(ids, count * parts)
    return [picked[n * count : (n + 1) * count] for n in range(parts)]


def _sold(n, purchase_id, amount):
    body = purchase(purchase_id=purchase_id, lines=[line(amount)], member={"member_id": ("taro", "hanako")[n % 2]})
    return {name: value for name, value in body.items() if n % 3 or name != "member"}


# ---- the request itself ---------------------------------------------------------------------------------------------


def test_the_same_again_is_answered_as_at_first_whatever_has_come_since(client, stream):
    first = close(client, [said("p-1")])
    buy(client, "p-1")
    stream.run()
    again = close(client, [said("p-1")])
    assert (again.status, again.body, again.is_replay) == (200, first.body, True)
    assert told(close(client, [said("p-1")], "close-2")) == (1, [], [], [])


def test_the_same_id_for_another_journal_is_refused(client):
    close(client, [said("p-1")])
    answer = close(client, [said("p-1", 999)])
    assert (answer.status, answer.code) == (422, "id_reused")


def test_a_comparison_too_large_to_keep_is_made_anew(client, stream, monkeypatch):
    from points import reconciling

    monkeypatch.setattr(reconciling, "_KEPT_BYTES_MAX", 10)
    close(client, [said("p-1")])
    buy(client, "p-1")
    stream.run()
    again = close(client, [said("p-1")])
    assert (told(again), again.is_replay) == ((1, [], [], []), True)
    assert close(client, []).code == "id_reused"


def test_who_may_not_see_reports_may_not_close_a_day(client):
    body = {"reconciliation_id": "r", "store_id": "shibuya", "business_day": DAY, "lines": []}
    for who in (EC, TILL):
        assert client.as_(who).post("/v1/reconciliations", body).status == 403


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"lines": [said("p-1", -1)]}, "/lines/0/amount"),
        ({"lines": [said("p 1")]}, "/lines/0/purchase_id"),
        ({"business_day": "20.11.2026"}, "/business_day"),
        ({"store_id": ""}, "/store_id"),
        ({"lines": None}, "/lines"),
    ],
)
def test_a_bad_body_is_told_where(client, changes, pointer):
    answer = close(client, **{"lines": []} | changes)
    assert (answer.status, answer.body["errors"][0]["pointer"]) == (422, pointer)


def test_four_mebibytes_are_taken_and_no_more(client):
    body = b'{"reconciliation_id": "r", "store_id": "shibuya", "business_day": "2026-11-20", "lines": [%s]}'
    for size, status in ((4 * 1024 * 1024, 200), (4 * 1024 * 1024 + 1, 413)):
        raw = body % b" " * 1
        raw += b" " * (size - len(raw))
        assert client.as_(OPERATOR).send("POST", "/v1/reconciliations", raw=raw).status == status


def test_the_books_stay_sound(client, stream):
    buy(client, "p-1")
    stream.run()
    close(client, [said("p-1")])
    assert faults(client) == []
    for item in client.world.ledger.table.scan():
        assert audit_lines.read(json.loads(text_of(item))) == item, "an export would be refused"


def test_a_place_in_the_list_goes_two_years_after_it_was_noted(client, clock):
    buy(client, "p-1", occurred_at="2020-02-29T00:00:00Z")
    stream = Stream(client.world)
    stream.run()
    (item,) = client.world.transient.items(keys.sales("shibuya", date(2020, 2, 29)))
    assert item["ttl"] == int((clock.at + timedelta(days=731)).timestamp())
