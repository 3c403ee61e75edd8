"""The table in memory: what lies in it is nobody else's, and it counts units only where somebody wants to know."""

import pytest

from shared.memory import MemoryTable
from shared.table import Collision, PutNew, Usage


def item(**more):
    return {"pk": "M#taro", "sk": 1, "e": [{"k": "earned", "p": 5}], **more}


def spoil(held):
    held["e"][0]["p"] = 10**6
    held["more"] = True


@pytest.mark.parametrize(
    "look",
    [
        lambda table: table.get("M#taro", 1),
        lambda table: table.newest("M#taro"),
        lambda table: table.items("M#taro")[0],
        lambda table: table.scan()[0],
        lambda table: table.put_new(item(other=1)),
    ],
)
def test_whoever_holds_an_item_can_not_change_the_tables(look):
    table, put = MemoryTable(), item()
    table.put_new(put)
    spoil(put)
    spoil(look(table))
    assert table.get("M#taro", 1) == item()


def test_what_stood_in_the_way_of_a_transaction_is_a_copy_too():
    table = MemoryTable()
    table.put_new(item())
    with pytest.raises(Collision) as collided:
        table.transact([PutNew(item(other=1))])
    spoil(collided.value.olds[0])
    assert table.get("M#taro", 1) == item()


def test_what_no_table_can_hold_is_not_taken():
    with pytest.raises(ValueError, match="unmarshallable"):
        MemoryTable().put({"pk": "a", "sk": 1, "what": object()})


def test_a_table_that_does_not_count_says_nothing_of_its_use():
    table = MemoryTable(counts=False)
    table.put_new(item())
    table.put(item())
    table.get("M#taro", 1)
    table.transact([PutNew(item())])
    table.delete("M#taro", 1)
    assert table.usage == Usage()
    assert table.items("M#taro") == []


def test_the_last_of_many_are_found_from_either_end():
    table = MemoryTable()
    for number in range(1, 9):
        table.put({"pk": "a", "sk": number})
    numbers = lambda **asked: [one["sk"] for one in table.items("a", **asked)]  # noqa: E731
    assert numbers(limit=3) == [1, 2, 3]
    assert numbers(limit=3, newest_first=True) == [8, 7, 6]
    assert numbers(after=2, upto=4, newest_first=True) == [4, 3]
    assert numbers(after=6, upto=4) == numbers(after=6, upto=4, newest_first=True) == []
    assert numbers(after=3, limit=2, newest_first=True) == [8, 7]
