"""What lies between purchases and accounts: what they decided, and what their members' accounts did of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from infra import invariants
from infra.invariants import Watch
from points.lots import Lot, pack_lots
from points.routes import ROUTES
from shared import keys
from tests.kit import NOON, Client, FakeClock, make_world, member, purchase

LATER = NOON + timedelta(minutes=10)
LINES = [{"line_id": "1", "quantity": 3, "amount": 1000}, {"line_id": "2", "quantity": 1, "amount": 500}]
ACCOUNT = keys.account(keys.MEMBER_POINTS, "taro")


def name_of(purchase_id: str, source: str = "pos") -> str:
    return keys.name(f"purchase.{source}", "shop", purchase_id)


@pytest.fixture
def table():
    """A ledger in which everything has happened to purchases that can."""
    client = Client(ROUTES, make_world(FakeClock()))
    assert client.post("/v1/members", {"member_id": "taro"}).status == 201

    def done(path: str, body: dict[str, Any] | None = None, *, who: Client = client) -> None:
        answer = who.post(path, body or {})
        assert answer.status in (200, 201), answer.body

    done("/v1/purchases", purchase(purchase_id="first", lines=LINES))
    done("/v1/purchases", purchase(purchase_id="paid", lines=LINES, points_used=10))
    parts: list[dict[str, Any]] = [
        {"lines": [{"line_id": "1", "quantity": 1}]},
        {"lines": [{"line_id": "2"}]},
        {"all": True},
    ]
    for n, said in enumerate(parts):
        done("/v1/purchases/pos/paid/returns", {"return_id": f"r-{n}", "channel": "ec", **said})
    for n, end in enumerate(["complete", "cancel"]):
        done("/v1/purchases", purchase(purchase_id=f"order-{n}", source="ec", state="placed", lines=LINES))
        done(f"/v1/purchases/ec/order-{n}/{end}")
    done("/v1/purchases", purchase(purchase_id="wrong"))
    done("/v1/operations/wrong/reverse", {"reverse_id": "u-1", "kind": "purchase", "source": "pos"})
    done("/v1/operations/never/reverse", {"reverse_id": "u-2", "kind": "purchase", "source": "pos"})
    nobodys = purchase(purchase_id="found", lines=LINES)
    del nobodys["member"]
    done("/v1/purchases", nobodys)
    shown = {"receipt_claim_id": "c-1", "source": "pos", "purchase_id": "found", "amount": 1500}
    done("/v1/me/receipts", shown, who=client.as_(member("taro")))
    done("/v1/purchases/pos/found/returns", {"return_id": "r-9", "channel": "pos", "all": True})
    return client.world.ledger.table


def found(table, now=LATER) -> list[str]:
    """What is wrong with purchases, and between the chains; a changed hash or balance is another matter."""
    watch = Watch()
    seen = [fault for item in table.scan() for fault in watch.see(item) if fault.startswith(keys.NAME_PREFIX)]
    return [*(fault for fault in seen if "the hash" not in fault), *watch.end(now)]


def change(table, partition: str, kind: str, make: Callable[[dict[str, Any]], None]) -> None:
    """Change the last item that holds an entry of a kind."""
    items = [item for item in table.items(partition) if any(raw["k"] == kind for raw in item.get("e", ()))]
    item = items[-1]
    make(item)
    table.put(item)


def test_a_whole_ledger_has_no_fault(table):
    assert invariants.faults(table.scan(), LATER) == []


def test_lines_that_grow_are_found(table):
    smaller = table.items(name_of("paid"))[1]["s"]["l"]
    change(table, name_of("paid"), "returned", lambda item: item["s"].update(l=smaller))
    faults = found(table)
    assert any("more is left of a line than there was" in fault for fault in faults)
    assert all(name_of("paid") in fault for fault in faults)


def test_an_amount_that_is_not_the_lines_is_found(table):
    change(table, name_of("paid"), "returned", lambda item: item["e"][0]["x"].update(amount=1))
    assert [fault for fault in found(table) if "not by the amount that it tells" in fault]


@pytest.mark.parametrize("name", ["lots", "used"])
def test_a_decision_of_other_points_than_the_account_obeyed_is_found_on_both_sides(table, name):
    more = pack_lots([Lot(False, 740_000, 99)])
    change(table, name_of("paid"), "returned", lambda item: item["e"][0]["x"].update({name: more}))
    faults = found(table)
    assert any(ACCOUNT in fault and "took and gave back" in fault for fault in faults)
    assert any("more points came back than it gave or used" in fault for fault in faults)


@pytest.mark.parametrize(("kind", "name"), [("returned", "clawed"), ("restored", "forfeited")])
def test_an_account_that_did_otherwise_than_was_decided_is_found(table, kind, name):
    def other(item):
        for raw in item["e"]:
            if raw["k"] == kind:
                raw["x"][name] = raw["x"].get(name, 0) + 1

    change(table, ACCOUNT, kind, other)
    (fault,) = found(table)
    assert "took and gave back" in fault


def test_a_completion_that_earned_otherwise_is_found(table):
    change(table, ACCOUNT, "activated", lambda item: item["e"][0].update(p=16))
    (fault,) = found(table)
    assert "earned 16 points, not 15" in fault
    assert name_of("order-0", "ec") in fault


def obeyed(table, kind: str) -> None:
    """Take the last item with an entry of a kind out of the account."""
    item = [item for item in table.items(ACCOUNT) if any(raw["k"] == kind for raw in item["e"])][-1]
    table.delete(ACCOUNT, item["sk"])


@pytest.mark.parametrize("kind", ["returned", "activated", "reversed"])
def test_a_decision_that_no_account_obeyed_is_found_once_it_is_not_on_its_way_any_more(table, kind):
    obeyed(table, kind)
    (fault,) = found(table)
    assert fault.endswith("no account has obeyed it")
    assert found(table, NOON) == []


def test_a_purchase_that_only_earns_and_is_nowhere_is_found(table):
    (first,) = [item for item in table.items(ACCOUNT) if item["sk"] == 1]
    table.delete(ACCOUNT, first["sk"])
    assert found(table) == [f"{name_of('first')}: no account has it"]


def test_what_an_account_gave_back_by_itself_is_found(table):
    last = table.items(name_of("paid"))[-1]
    table.delete(last["pk"], last["sk"])
    (fault,) = found(table)
    assert fault.endswith("no purchase decided it")


def test_entries_without_a_purchase_are_found(table):
    table.delete(name_of("paid"), 0)
    assert f"{name_of('paid')} entry 1: entries of a purchase that never came" in found(table)
