"""Order, pieces, limits and pages."""

import pytest

BIG = b"x" * 150_000  # seven of these are more than a page of the engine


@pytest.fixture
def partition(table):
    for number in range(1, 10):
        table.put_new({"pk": "a", "sk": number})
    table.put_new({"pk": "b", "sk": 5})
    return table


def numbers(items):
    return [item["sk"] for item in items]


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({}, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ({"newest_first": True}, [9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ({"limit": 3}, [1, 2, 3]),
        ({"limit": 100}, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ({"after": 7}, [8, 9]),
        ({"after": 9}, []),
        ({"after": -5, "limit": 1}, [1]),
        ({"upto": 2}, [1, 2]),
        ({"upto": 0}, []),
        ({"upto": 4, "newest_first": True, "limit": 2}, [4, 3]),
        ({"after": 4, "newest_first": True, "limit": 2}, [9, 8]),
        ({"after": 3, "upto": 5}, [4, 5]),
        ({"after": 3, "upto": 5, "consistent": True}, [4, 5]),
        ({"after": 5, "upto": 3}, []),
    ],
)
def test_a_piece_of_a_partition_is_what_was_asked_for_and_in_order(partition, asked, wanted):
    assert numbers(partition.items("a", **asked)) == wanted


def test_the_newest_is_the_one_of_the_highest_number_up_to_another(partition):
    assert partition.newest("a")["sk"] == 9
    assert partition.newest("a", upto=4, consistent=True)["sk"] == 4
    assert partition.newest("a", upto=0) is None
    assert partition.newest("nobody") is None


def test_a_partition_of_many_pages_is_read_whole(table):
    for number in range(10):
        table.put_new({"pk": "a", "sk": number, "x": BIG})
    assert numbers(table.items("a")) == list(range(10))
    assert numbers(table.items("a", newest_first=True, limit=9)) == list(range(9, 0, -1))
    assert len(table.scan(after=None, limit=10)) == 10


def test_a_table_is_read_through_each_item_once_and_always_in_the_same_order(table):
    everything = sorted((pk, number) for pk in "abcdefgh" for number in range(5))
    for pk, number in everything:
        table.put_new({"pk": pk, "sk": number})
    orders = []
    for limit in (1, 3, 7, 100):
        found: list[tuple[str, int]] = []
        after = None
        while page := table.scan(after=after, limit=limit):
            assert len(page) <= limit
            found += [(item["pk"], item["sk"]) for item in page]
            after = found[-1]
        assert sorted(found) == everything
        orders.append(found)
    assert orders == [orders[0]] * 4


def test_reading_through_goes_on_behind_an_item_that_is_gone(partition):
    order = [(item["pk"], item["sk"]) for item in partition.scan(after=None, limit=100)]
    partition.delete(*order[3])
    assert [(item["pk"], item["sk"]) for item in partition.scan(after=order[3], limit=100)] == order[4:]
    assert partition.scan(after=order[-1], limit=100) == []


def test_many_are_read_at_once_each_that_is_there_once(partition):
    asked = [("a", 2), ("b", 5), ("a", 77), ("nobody", 1), ("a", 2)]
    found = partition.get_many(asked, consistent=True)
    assert sorted((item["pk"], item["sk"]) for item in found) == [("a", 2), ("b", 5)]
    assert partition.get_many([]) == []


def test_more_than_one_call_takes_are_read_whole(table):
    for number in range(130):
        table.put_new({"pk": f"p{number}", "sk": 1, "x": BIG if number < 9 else b""})
    assert len(table.get_many([(f"p{number}", 1) for number in range(130)])) == 130
