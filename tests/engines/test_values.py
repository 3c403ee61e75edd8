"""What was put comes back as it was: every value that the port takes, at every border, in keys too."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared.table import PutNew

LARGEST = 400 * 1024
VALUES: dict[str, list[Any]] = {
    "whole numbers": [0, 1, -1, 2**31, -(2**63), 10**37, 99999999999999999999999999999999999999],
    "coordinates": [0.5, -33.8688197, 139.7005713, 1e-7],
    "bytes": [b"", b"\x00", bytes(range(256)), b"\xff" * 3000],
    "text": ["", " ", "0", "é日本", "👩‍👩‍👧", "\x00\x1f", "\ufffe\uffff", "e\u0301", '"\\/', "<>&'"],
    "truth and nothing": [True, False, None],
    "lists": [[], [[]], [1, "1", b"1", True, None, [0.5], {}]],
    "dictionaries": [{}, {"x": {}}, {"pk": "no key", "a b": {"é": [{"x": None}]}}],
}


@pytest.mark.parametrize("kind", VALUES)
def test_a_value_comes_back_as_it_was(table, kind):
    for number, value in enumerate(VALUES[kind]):
        item = {"pk": "a", "sk": number, "value": value, "list": [value], "deep": {"x": {"y": value}}}
        assert table.put_new(item) is None
        found = table.get("a", number, consistent=True)
        assert found == item
        assert type(found["value"]) is type(value)


def test_it_comes_back_by_every_way_of_reading(table):
    item = {"pk": "a", "sk": 1, "all": [value for values in VALUES.values() for value in values]}
    table.transact([PutNew(item)])
    assert table.items("a") == [item]
    assert table.newest("a", consistent=True) == item
    assert table.scan(after=None, limit=9) == [item]
    assert table.put_new({"pk": "a", "sk": 1}) == item


@pytest.mark.parametrize("pk", ["é", "日本", "👩‍👩‍👧", "a#b/c %+", "\x00", "a" * 2048])
def test_a_partition_may_be_called_by_any_text(table, pk):
    table.put_new({"pk": pk, "sk": 1})
    table.put_new({"pk": pk[:-1] + "~", "sk": 1})
    assert table.items(pk) == [{"pk": pk, "sk": 1}]
    assert table.get(pk, 1) == {"pk": pk, "sk": 1}


def test_texts_that_look_alike_are_different_keys(table):
    table.put_new({"pk": "é", "sk": 1})
    assert table.get("e\u0301", 1) is None
    assert table.get("É", 1) is None


def test_numbers_are_in_the_order_of_numbers(table):
    numbers = [-(10**20), -10, -9, -1, 0, 1, 2, 9, 10, 11, 99, 100, 10**20]
    for number in sorted(numbers, key=str):
        table.put_new({"pk": "a", "sk": number})
    assert [item["sk"] for item in table.items("a")] == numbers


def test_texts_are_in_the_order_of_their_bytes(subject):
    table = subject.table(sort="S")
    texts = ["\x00", " ", "0", "10", "9", "A", "Z", "a", "aa", "é", "日", "\uffff", "👩"]
    for text in reversed(texts):
        table.put_new({"pk": "a", "sk": text})
    assert [item["sk"] for item in table.items("a")] == texts
    assert [item["sk"] for item in table.items("a", after="a", limit=2)] == ["aa", "é"]


def test_an_item_of_400_kb_is_kept_and_one_byte_more_is_refused(subject):
    table = subject.table(sort="S")
    room = LARGEST - len("pk" + "a" + "sk" + "b" + "x")
    item = {"pk": "a", "sk": "b", "x": b"x" * room}
    assert table.put_new(item) is None
    assert table.get("a", "b") == item
    with pytest.raises(Exception, match="ValidationException"):
        table.put({"pk": "a", "sk": "c", "x": b"x" * (room + len("c") + 1 - len("b"))})
    assert table.get("a", "c") is None


def test_a_transaction_with_an_item_that_is_too_large_is_refused_for_good(table):
    with pytest.raises(ClientError):
        table.transact([PutNew({"pk": "a", "sk": 1}), PutNew({"pk": "b", "sk": 1, "x": b"x" * LARGEST})])
    assert table.get("a", 1) is None


def test_a_key_without_text_is_refused(subject):
    table = subject.table(sort="S")
    for pk, sk in (("", "b"), ("a", "")):
        with pytest.raises(Exception, match="ValidationException"):
            table.put({"pk": pk, "sk": sk})
