"""The audit of what lies between chains: both halves of every merge, and where closings lead."""

import pytest

from infra import invariants
from infra.invariants import Watch
from tests.chain.toy import merge, put, unmerge
from tests.kit import NOON, make_world


@pytest.fixture
def ledger():
    """A ledger in which a was merged into b and came back, and then b was merged into a."""
    world = make_world()
    put(world, "a", 10, "a")
    put(world, "b", 5, "b")
    merge(world, "m-1", "a", "b")
    put(world, "b", -12, "spent")
    unmerge(world, "m-1", "a")
    merge(world, "m-2", "b", "a")
    return world.ledger.table


def found(table):
    watch = Watch()
    for item in table.scan():
        watch.see(item)
    return list(watch.end(NOON))


def change(table, account, number, make):
    item = table.get(account, number)
    make(item)
    table.put(item)


def test_whole_merges_have_no_faults(ledger):
    assert found(ledger) == []
    assert invariants.faults(ledger.scan()) == []


def test_a_half_that_is_missing_is_found(ledger):
    ledger.delete("T#a", 4)
    faults = found(ledger)
    assert any("of 1 entries" in fault for fault in faults)
    assert any("nothing of the merge is" in fault for fault in faults)


def test_halves_that_do_not_cancel_out_are_found(ledger):
    change(ledger, "T#b", 2, lambda item: item["e"][0].update(p=11))
    assert [fault for fault in found(ledger) if "adds up to 1, not to 0" in fault]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ([2, "b", 0, 1], "nothing of the merge is"),
        ([2, "nobody", 1, 1], "nothing of the merge is"),
        ([1, "b", 1, 1], "names no entry of a merge"),
    ],
)
def test_a_closing_that_leads_elsewhere_is_found(ledger, row, said):
    last = ledger.newest("T#a")["sk"]
    change(ledger, "T#a", last, lambda item: item.update(c=[row]))
    assert any(said in fault for fault in found(ledger))
