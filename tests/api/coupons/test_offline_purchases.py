"""Purchases without a line: handed to points once, recorded as if sent, and parked with a reason if they can't be."""

import json
import zlib

import pytest

from infra import invariants
from points.reactions import CARRY_ON, REACTIONS
from shared import inbox, keys
from shared.member_ref import rotating_code
from tests.kit import NOON, OPERATOR, TILL, purchase
from tests.stream import Stream

AT = "2026-11-20T02:30:00Z"


@pytest.fixture
def sync(till):
    """Sends purchases of one till and answers the results."""

    def send(*bodies, by=till, at=AT):
        items = [
            {"id": f"i-{n}", "kind": "purchase", "occurred_at": at, "terminal_seq": n, "body": body}
            for n, body in enumerate(bodies)
        ]
        answer = by.post("/v1/offline/sync", {"items": items})
        assert answer.status == 200, answer.body
        return answer.body["results"]

    return send


@pytest.fixture
def deliver(points):
    """Brings what the stream asks points to finish; answers the reasons of what was parked."""
    stream = Stream(points.world)

    def run():
        stream.run()
        asked = [one.split(" ", 1) for one in stream.carried]
        stream.carried.clear()
        bodies = [json.dumps({"carry_on": name}) for service, name in asked if service == "points"]
        records = [{"messageId": str(n), "body": body} for n, body in enumerate(bodies)]
        done = inbox.work(points.world, {"Records": records}, reactions=REACTIONS, carry_on=CARRY_ON)
        assert done == {"batchItemFailures": []}
        return [one["reason"] for one in points.world.transient.scan(after=None, limit=100) if "reason" in one]

    return run


@pytest.fixture
def balance(points):
    def read(member_id="taro"):
        return points.get(f"/v1/members/{member_id}/balance").body["available"]

    return read


def test_a_purchase_without_a_line_earns_its_points_once(sync, deliver, balance, points):
    body = purchase(occurred_at=AT)
    assert sync(body) == [{"id": "i-0", "outcome": "applied"}]
    assert balance() == 0
    assert deliver() == []
    assert balance() == 10
    assert sync(body, body) == [{"id": f"i-{n}", "outcome": "duplicate", "first": "applied"} for n in range(2)]
    deliver()
    assert balance() == 10
    (entry,) = [one for one in points.get("/v1/members/taro/entries").body["items"] if one["kind"] == "earned"]
    assert entry["occurred_at"] == AT


def test_the_same_item_twice_in_one_sync_is_booked_once_and_told_so(sync, deliver, balance):
    body = purchase(occurred_at=AT)
    again = {"outcome": "duplicate", "first": "applied"}
    assert sync(body, body) == [{"id": "i-0", "outcome": "applied"}, {"id": "i-1", **again}]
    deliver()
    assert balance() == 10


def test_a_purchase_that_is_sent_online_too_is_the_same_one(sync, deliver, balance, points):
    first, second = purchase(occurred_at=AT), purchase(purchase_id="p-2", occurred_at=AT)
    assert points.as_(TILL).post("/v1/purchases", first).status == 201
    assert [one["outcome"] for one in sync(first, second)] == ["duplicate", "applied"]
    deliver()
    again = points.as_(TILL).post("/v1/purchases", second)
    assert (again.status, again.is_replay) == (201, True)
    assert balance() == 20


def test_another_purchase_of_the_same_id_is_told_and_changes_nothing(sync, deliver, balance, points):
    body = purchase(occurred_at=AT)
    points.as_(TILL).post("/v1/purchases", body)
    other = body | {"lines": [{"line_id": "1", "quantity": 1, "amount": 9000}]}
    (result,) = sync(other)
    assert (result["outcome"], result["code"]) == ("conflict_refused", "id_reused")
    late = purchase(purchase_id="p-2", occurred_at=AT)
    assert [one.get("code") for one in sync(late, late | {"state": "placed"})] == [None, "id_reused"]
    deliver()
    assert balance() == 20


def test_what_comes_online_with_other_content_before_the_hand_over_is_parked_with_its_reason(
    sync, deliver, balance, points
):
    body = purchase(occurred_at=AT)
    sync(body)
    points.as_(TILL).post("/v1/purchases", body | {"lines": [{"line_id": "1", "quantity": 1, "amount": 9000}]})
    assert deliver() == ["id_reused"]
    assert balance() == 90


def test_a_purchase_of_nobody_we_know_is_parked(sync, deliver):
    sync(purchase(member={"identity": {"type": "card", "value": "nobody"}}, occurred_at=AT))
    assert deliver() == ["member_not_found"]


def test_a_purchase_that_was_reversed_online_is_told(sync, points):
    said = {"reverse_id": "v", "kind": "purchase", "source": "pos"}
    assert points.as_(TILL).post("/v1/operations/p-1/reverse", said).status == 200
    assert sync(purchase(occurred_at=AT))[0]["code"] == "reversed"


def test_the_members_code_was_good_when_it_was_shown(sync, deliver, balance, points, clock):
    member = points.world.directory.table.get(*keys.member("taro"))
    shown = rotating_code(points.world, "taro", member["static_code"], NOON)
    scan = points.as_(TILL).post("/v1/members/resolve", {"member": {"member_id": "taro"}}).body["scan"]
    clock.forward(hours=6)
    bodies = [
        purchase(purchase_id=f"p-{n}", member=one, occurred_at="2026-11-20T03:00:00Z")
        for n, one in enumerate([{"code": shown.value}, {"scan": scan}])
    ]
    assert [one["outcome"] for one in sync(*bodies, at="2026-11-20T03:00:10Z")] == ["applied"] * 2
    assert deliver() == []
    assert balance() == 20


def test_an_operator_hands_over_for_any_till(operator, sync, deliver, balance):
    (result,) = sync(purchase(occurred_at=AT, terminal_id="till-1"), by=operator)
    assert result["outcome"] == "applied"
    (unknown,) = sync(purchase(purchase_id="p-2", occurred_at=AT), by=operator)
    assert unknown["errors"][0]["pointer"] == "/allowance_id"
    deliver()
    assert balance() == 10


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"source": "ec"}, "invalid_request", "/body/source"),
        ({"points_used": 5}, "invalid_request", "/body/points_used"),
        ({"hold_id": "h"}, "invalid_request", "/body/hold_id"),
        ({"lines": []}, "invalid_request", "/body/lines"),
        ({"lines": [{"line_id": "1", "quantity": 1}]}, "invalid_request", "/body/lines/0/amount"),
        ({"purchase_id": "a b"}, "invalid_request", "/body/purchase_id"),
        ({"occurred_at": "yesterday"}, "invalid_request", "/body/occurred_at"),
        ({"occurred_at": "2026-11-21T00:00:00Z"}, "occurred_in_future", None),
        ({"store_id": "umeda"}, "wrong_store", None),
        ({"order_ref": "x" * 300_000}, "body_too_large", None),
    ],
)
def test_what_can_be_seen_to_be_wrong_is_told_at_once(sync, points, changes, code, pointer):
    before = points.world.ledger.table.usage.write_units
    (result,) = sync(purchase(occurred_at=AT) | changes)
    assert (result["outcome"], result["code"]) == ("conflict_refused", code)
    assert pointer is None or result["errors"][0]["pointer"] == pointer
    assert points.world.ledger.table.usage.write_units == before


def test_what_only_points_can_see_is_parked(sync, deliver):
    assert sync(purchase(occurred_at=AT, nonsense=1))[0]["outcome"] == "applied"
    (reason,) = deliver()
    assert "nonsense" in reason


@pytest.mark.parametrize("items", [[], [{}] * 501, None])
def test_a_sync_holds_one_to_five_hundred_items(till, items):
    assert till.post("/v1/offline/sync", {"items": items}).code == "invalid_request"


def test_a_purchase_is_two_names_and_its_entry(sync, deliver, points):
    """Handed over: one unit, and one for the numbers of the sync; then what a purchase costs, and one to let go of what was sent."""
    usage = points.world.ledger.table.usage
    usage.reset()
    sync(purchase(occurred_at=AT))
    assert usage.write_units == 2
    usage.reset()
    deliver()
    assert usage.write_units == 2 + 1


# ---- what the till sent ---------------------------------------------------------------------------------------------

PHONE = {"type": "phone", "value": "+819012345678"}


@pytest.fixture
def handed(points):
    """What is left of what a till sent, by the purchases' ids."""

    def read():
        names = points.world.ledger.table.scan(after=None, limit=1000)
        sent = {one["pk"].rpartition("#")[2]: one["op"].get("b") for one in names if "#offline.purchase#" in one["pk"]}
        return {one: body and json.loads(zlib.decompress(body)) for one, body in sent.items()}

    return read


def comes_again(points):
    """The queue brings the purchase again, or somebody has it done again."""
    body = json.dumps({"carry_on": keys.name("offline.purchase", keys.SHOP, "p-1")})
    again = {"Records": [{"messageId": "again", "body": body}]}
    done = inbox.work(points.world, again, reactions=REACTIONS, carry_on=CARRY_ON)
    assert done == {"batchItemFailures": []}


def test_what_the_till_sent_is_kept_no_longer_than_until_it_is_recorded(sync, deliver, points, handed, balance):
    operator = points.as_(OPERATOR)
    assert operator.post("/v1/members/taro/identities", {"identity": PHONE}).status == 201
    body = purchase(occurred_at=AT, member={"identity": PHONE})
    bought = [{"line_id": "1", "sku": "SKU-DIARY", "quantity": 1, "amount": 1000}]
    nobodys = purchase(purchase_id="p-2", occurred_at=AT, member=None, lines=bought)
    sync(body, nobodys)
    assert handed() == {"p-1": body, "p-2": nobodys}
    for _ in range(2):
        assert deliver() == []
        assert (handed(), balance()) == ({"p-1": None, "p-2": None}, 10)
    assert [one["outcome"] for one in sync(body, nobodys)] == ["duplicate"] * 2
    assert points.as_(TILL).post("/v1/purchases", body).is_replay
    assert operator.delete("/v1/members/taro", {}).status == 202
    everything = str(points.world.ledger.table.scan(after=None, limit=1000))
    assert PHONE["value"] not in everything
    assert not list(invariants.faults(points.world.ledger.table.scan(after=None, limit=1000)))


def test_a_process_that_dies_before_it_has_let_go_of_it_is_followed_by_the_next(
    sync, deliver, points, handed, balance, monkeypatch
):
    sync(purchase(occurred_at=AT))
    with monkeypatch.context() as dying:
        dying.setattr(points.world.ledger.table, "put", lambda _: 1 / 0)
        with pytest.raises(AssertionError, match="itemIdentifier"):
            deliver()
    assert (balance(), handed()["p-1"] is None) == (10, False)
    comes_again(points)
    assert (balance(), handed()) == (10, {"p-1": None})


def test_what_was_reversed_before_it_was_recorded_is_not_kept(sync, deliver, points, handed):
    sync(purchase(occurred_at=AT))
    said = {"reverse_id": "v", "kind": "purchase", "source": "pos"}
    assert points.as_(TILL).post("/v1/operations/p-1/reverse", said).status == 200
    assert deliver() == ["reversed"]
    assert handed() == {"p-1": None}


def test_what_could_not_be_recorded_is_kept_until_it_can(sync, deliver, points, handed, balance):
    body = purchase(occurred_at=AT, member={"identity": PHONE})
    sync(body)
    assert deliver() == ["member_not_found"]
    assert handed() == {"p-1": body}
    assert points.as_(OPERATOR).post("/v1/members/taro/identities", {"identity": PHONE}).status == 201
    comes_again(points)
    assert (handed(), balance()) == ({"p-1": None}, 10)
