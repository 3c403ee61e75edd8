"""Who integrates a till, on the whole local stack: the scenarios pass, and the Python client keeps every rule on a bad line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from omotenashi_client import Client, GaveUp, Outbox, Patience, Till, new_id

from infra import contract_rules
from infra.contract_proxy import Proxy, forward_to
from tests.e2e.conftest import eventually, omo

pytestmark = pytest.mark.slow  # each waits as tills wait; the CI runs them


def purchase(member_id, amount=1000):
    at = (datetime.now(UTC) - timedelta(minutes=1)).isoformat(timespec="seconds").replace("+00:00", "Z")
    line = {"line_id": "1", "quantity": 1, "amount": amount}
    said = {"purchase_id": new_id(), "source": "pos", "occurred_at": at, "state": "completed", "lines": [line]}
    return said | {"member": {"member_id": member_id}}


def test_the_local_stack_passes_every_scenario(stack):
    done = omo("contract", "--json", "--dir", str(stack.home), check=False)
    told = json.loads(done.stdout)
    assert not [one for one in told["scenarios"] if one["outcome"] != "passed"]
    assert done.returncode == 0


def test_the_python_till_keeps_every_rule_on_a_bad_line_and_counts_each_sale_once(stack, tmp_path):
    """Lost answers, lost requests, silence, a sale that it gives up on, and a sale without a line: all come right."""
    line = forward_to(stack.local)
    fates: dict[str, list[Any]] = {
        "fine": [],
        "answer": ["lost answer"],
        "request": ["lost request"],
        "silence": ["silence"],
        "busy": ["busy"],
    }
    sales = {name: purchase(stack.member()) for name in fates}
    for name, faults in fates.items():
        line._fates["/v1/purchases", sales[name]["purchase_id"]] = list(faults)
    gone = purchase(stack.member())
    line._fates["/v1/purchases", gone["purchase_id"]] = ["lost answer"] * 2
    line.share = 0.0
    with Proxy(("127.0.0.1", 0), line).running() as proxy, Outbox(tmp_path / "outbox") as box:
        addresses = {name: f"{proxy.address}/{name}" for name in ("points", "coupons", "checkin")}
        with Client(addresses, stack.local["keys"]["pos"], patience=Patience(pauses=(1.0,))) as client:
            till = Till(client, box)
            for body in sales.values():
                assert till.record(body)["points"]["available"] == 10
            with pytest.raises(GaveUp):
                till.record(gone)
            offline = purchase(stack.member())
            box.add_sale("purchase", offline, offline["occurred_at"])
            assert [one.outcome for one in till.catch_up()] == ["undone", "applied"]
            assert not box.waiting()
    for body in sales.values():
        assert stack.balance(body["member"]["member_id"]) == 10
    assert stack.balance(gone["member"]["member_id"]) == 0
    assert eventually(lambda: stack.balance(offline["member"]["member_id"]), 10) == 10
    assert sum(line.faults().values()) == 6
    assert not [one for one in contract_rules.judge(line.seen) if one.broken]
