"""Entries and names stay within one write unit over a real year of real baskets."""

import gzip
import json
from pathlib import Path
from statistics import mean

import pytest

from points.routes import ROUTES
from shared import clock, keys
from shared.memory import MemoryTable, size
from tests.kit import Client, FakeClock, make_world

BASKETS = Path(__file__).parent.parent / "data" / "baskets.jsonl.gz"
KB = 1024


@pytest.fixture(scope="module")
def year():
    """The ledger after the year: each basket sent when it happened."""
    now = FakeClock()
    client = Client(ROUTES, make_world(now))
    with gzip.open(BASKETS, "rt") as lines:
        baskets = [json.loads(line) for line in lines]
    for household in sorted({basket[0] for basket in baskets}):
        client.post("/v1/members", {"member_id": f"household-{household}"})
    for household, basket, store, at, rows in baskets:
        now.at = clock.from_text(at)
        answer = client.post(
            "/v1/purchases",
            {
                "purchase_id": basket,
                "source": "pos",
                "member": {"member_id": f"household-{household}"},
                "store_id": store,
                "occurred_at": at,
                "state": "completed",
                "lines": [
                    {"line_id": str(n), "sku": sku, "quantity": quantity, "amount": amount}
                    for n, (sku, quantity, amount) in enumerate(rows, 1)
                ],
            },
        )
        assert answer.status == 201
    ledger = client.world.ledger.table
    assert isinstance(ledger, MemoryTable)
    return ledger.scan()


def sizes(items, *, names):
    return [size(item) for item in items if item["pk"].startswith(keys.NAME_PREFIX) is names]


def test_an_entry_is_half_a_kilobyte_and_fits_one_unit(year):
    found = sizes(year, names=False)
    assert len(found) > 1000
    assert mean(found) <= 600
    assert sum(one <= KB for one in found) / len(found) >= 0.999


def test_a_name_with_its_lines_fits_one_unit(year):
    found = sizes(year, names=True)
    assert mean(found) <= 600
    assert sum(one <= KB for one in found) / len(found) >= 0.995
