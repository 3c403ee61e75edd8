"""One suite for every store: what the product relies on holds in memory, on moto and on the local AWS alike."""

import boto3
import pytest
from moto import mock_aws

from infra.engine import new_table
from shared.memory import MemoryTable, write_units
from shared.table import Collision, PutNew, Remove, Replace

ITEM = {"pk": "a", "sk": 1, "version": 1, "text": "é日本", "blob": b"\x00\xff", "list": [1, {"x": True}], "none": None}


@pytest.fixture(params=["memory", "moto", "ministack"])
def table(request):
    if request.param == "memory":
        yield MemoryTable()
    elif request.param == "moto":
        with mock_aws():
            keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "aws_session_token": "test"}
            yield new_table(boto3.client("dynamodb", region_name="ap-northeast-1", **keys))
    else:
        yield new_table(request.getfixturevalue("dynamodb"))


def fill(table, count, pk="a"):
    for number in range(1, count + 1):
        assert table.put_new({"pk": pk, "sk": number, "n": number}) is None


def test_an_item_comes_back_as_it_was_put(table):
    table.put_new(ITEM)
    assert table.get("a", 1) == ITEM
    assert table.get("a", 1, consistent=True) == ITEM
    assert table.get("a", 2) is None


def test_what_is_there_is_never_put_over_and_is_shown_instead(table):
    table.put_new(ITEM)
    assert table.put_new({**ITEM, "text": "other"}) == ITEM
    assert table.get("a", 1) == ITEM


def test_the_very_same_item_again_counts_as_put(table):
    """A retry on the wire can't tell its own write from another's."""
    assert table.put_new(ITEM) is None
    assert table.put_new(ITEM) is None


def test_the_newest_item_is_the_one_of_the_highest_number(table):
    assert table.newest("a") is None
    fill(table, 12)
    assert table.newest("a")["sk"] == 12
    assert table.newest("a", upto=7, consistent=True)["sk"] == 7
    assert table.newest("a", upto=0) is None


def test_a_partition_is_read_in_order_in_both_directions_and_in_pieces(table):
    fill(table, 9)
    fill(table, 2, "b")
    assert [item["sk"] for item in table.items("a")] == list(range(1, 10))
    assert [item["sk"] for item in table.items("a", newest_first=True, limit=3)] == [9, 8, 7]
    assert [item["sk"] for item in table.items("a", after=4, limit=2)] == [5, 6]
    assert [item["sk"] for item in table.items("a", upto=4, newest_first=True, limit=2)] == [4, 3]
    assert [item["sk"] for item in table.items("a", after=4, upto=6)] == [5, 6]


def test_a_table_is_read_through_page_by_page_each_item_once(table):
    for pk in ("a", "b", "c"):
        fill(table, 5, pk)
    found, after = [], None
    while page := table.scan(after=after, limit=4):
        assert len(page) <= 4
        found += [(item["pk"], item["sk"]) for item in page]
        after = found[-1]
    assert sorted(found) == [(pk, n) for pk in ("a", "b", "c") for n in range(1, 6)]
    assert [(item["pk"], item["sk"]) for item in table.scan(after=None, limit=100)] == found  # the same order again


def test_reading_through_goes_on_behind_an_item_that_is_gone(table):
    fill(table, 6)
    first = table.scan(after=None, limit=3)
    table.delete("a", first[-1]["sk"])
    assert [item["sk"] for item in table.scan(after=("a", first[-1]["sk"]), limit=9)] == [4, 5, 6]
    assert table.scan(after=("a", 6), limit=9) == []


def test_a_version_guards_a_replacement(table):
    table.put_new(ITEM)
    assert table.replace({**ITEM, "version": 2}, 1)
    assert not table.replace({**ITEM, "version": 2, "text": "lost"}, 1)
    assert table.get("a", 1)["text"] == ITEM["text"]


def test_a_replacement_needs_something_to_replace(table):
    assert not table.replace(ITEM, 1)
    assert table.get("a", 1) is None


def test_deleting_what_is_not_there_is_no_error(table):
    table.delete("a", 1)
    table.put(ITEM)
    table.delete("a", 1)
    assert table.get("a", 1) is None


def test_a_transaction_does_everything(table):
    table.put_new(ITEM)
    table.put_new({"pk": "gone", "sk": 1})
    table.transact([PutNew({"pk": "b", "sk": 1}), Replace({**ITEM, "version": 2}, 1), Remove("gone", 1)])
    assert table.get("b", 1) == {"pk": "b", "sk": 1}
    assert table.get("a", 1)["version"] == 2
    assert table.get("gone", 1) is None


def test_a_transaction_that_fails_does_nothing_and_shows_what_stood_in_the_way(table):
    table.put_new(ITEM)
    with pytest.raises(Collision) as collision:
        table.transact([PutNew({"pk": "b", "sk": 1}), PutNew({**ITEM, "text": "other"})])
    assert collision.value.olds == {1: ITEM}
    assert table.get("b", 1) is None


def test_the_very_same_transaction_again_counts_as_done(table):
    writes = [PutNew({"pk": "b", "sk": 1}), PutNew(ITEM)]
    table.transact(writes)
    table.transact(writes)


@pytest.mark.parametrize("size", [1, 900, 1100, 3000])
def test_units_in_memory_are_those_that_the_engine_reports(dynamodb, size):
    """The budgets of all other tests stand on this."""
    item = {**ITEM, "blob": b"x" * size, "count": -1234567, "deep": {"a": [1, "b", None, False]}}
    usages = []
    for table in (MemoryTable(), new_table(dynamodb)):
        table.put_new(item)
        table.get("a", 1)
        table.newest("a", consistent=True)
        table.scan(after=None, limit=9)
        table.transact([PutNew({**item, "sk": 2}), Replace({**item, "version": 2}, 1)])
        table.put_new({**item, "text": "refused"})
        usages.append(table.usage)
    assert usages[0].round_trips == usages[1].round_trips
    assert usages[0].read_units == usages[1].read_units
    failed = write_units(item) - 1  # the engine does not report a failed condition; we count one unit for it
    assert usages[0].write_units - failed == usages[1].write_units
