"""What a stream shows: each change once, as it was, and of one key in order; of what was refused nothing."""

import itertools

import pytest

from shared.dynamo import _dump
from shared.table import Collision, PutNew, Replace
from tests.races.test_chain import all_at_once
from tests.stream import record

WRITERS, ENTRIES = 8, 10


@pytest.fixture
def table(wired):
    made = wired.wired_table()
    view = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    wired.client.update_table(TableName=made.name, StreamSpecification=view)
    return made


def records(wired, table):
    """All records of a table's stream, shard by shard from its beginning."""
    arn = wired.client.describe_table(TableName=table.name)["Table"]["LatestStreamArn"]
    found = []
    for shard in wired.streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        asked = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = wired.streams.get_shard_iterator(**asked)["ShardIterator"]
        while iterator:
            answer = wired.streams.get_records(ShardIterator=iterator)
            found += answer["Records"]
            iterator = answer.get("NextShardIterator") if answer["Records"] else None
    return found


def images(wired, table):
    return [one["dynamodb"]["NewImage"] for one in records(wired, table)]


def raw(item):
    """An item as a client of the stream shows it."""
    return _dump(item)


def test_a_new_item_is_shown_whole_and_as_it_was(wired, table):
    item = {"pk": "a", "sk": 1, "text": "é👩", "blob": b"\x00\xff", "n": -(10**20), "list": [None, True, {"x": b"1"}]}
    table.put_new(item)
    (one,) = records(wired, table)
    assert one["eventName"] == "INSERT"
    assert one["dynamodb"]["NewImage"] == raw(item)
    assert one["dynamodb"]["Keys"] == raw({"pk": "a", "sk": 1})
    assert "OldImage" not in one["dynamodb"]
    assert set(record(item)["dynamodb"]) <= set(one["dynamodb"])  # what our tests of the relay are built with


def test_each_change_is_one_record_of_its_kind(wired, table):
    table.put_new({"pk": "a", "sk": 1, "version": 1})
    table.replace({"pk": "a", "sk": 1, "version": 2}, 1)
    table.put({"pk": "a", "sk": 1, "version": 3})
    table.delete("a", 1)
    found = records(wired, table)
    assert [one["eventName"] for one in found] == ["INSERT", "MODIFY", "MODIFY", "REMOVE"]
    assert [one["dynamodb"].get("NewImage", {}).get("version", {}).get("N") for one in found] == ["1", "2", "3", None]


def test_what_changed_nothing_leaves_no_record(wired, table):
    table.put_new({"pk": "a", "sk": 1, "version": 1})
    before = len(records(wired, table))
    table.put_new({"pk": "a", "sk": 1, "other": 1})
    table.put_new({"pk": "a", "sk": 1, "version": 1})
    table.replace({"pk": "a", "sk": 1, "version": 9}, 8)
    with pytest.raises(Collision):
        table.transact([PutNew({"pk": "b", "sk": 1}), PutNew({"pk": "a", "sk": 1})])
    table.delete("nobody", 1)
    assert len(records(wired, table)) == before == 1


def test_the_same_put_over_itself_leaves_no_record(wired, table):
    for _ in range(2):
        table.put({"pk": "a", "sk": 1, "version": 1})
    assert len(records(wired, table)) == 1


def test_a_transaction_shows_each_of_its_items_once(wired, table):
    table.put_new({"pk": "a", "sk": 1, "version": 1})
    table.transact([PutNew({"pk": "b", "sk": 1}), Replace({"pk": "a", "sk": 1, "version": 2}, 1)])
    found = sorted((one["pk"]["S"], one.get("version", {}).get("N")) for one in images(wired, table))
    assert found == [("a", "1"), ("a", "2"), ("b", None)]


@pytest.mark.usefixtures("switching_often")
def test_of_one_partition_everything_comes_once_and_in_the_order_it_was_written(wired, table):
    """Threads append to chains; half of the entries come by transactions with a name of their own."""

    def append(n):
        account = f"chain{n % 2}"
        for number in range(ENTRIES):
            for place in itertools.count(len(table.items(account, consistent=True)) + 1):
                item = {"pk": account, "sk": place, "by": f"{n}.{number}"}
                name = {"pk": f"name{n}.{number}", "sk": place}
                try:
                    if number % 2 and table.put_new(item) is None:
                        break
                    if not number % 2 and table.transact([PutNew(name), PutNew(item)]) is None:
                        break
                except Collision:
                    continue

    all_at_once(WRITERS, append)
    shown = [(one["pk"]["S"], int(one["sk"]["N"])) for one in images(wired, table)]
    for account in ("chain0", "chain1"):
        assert [sk for pk, sk in shown if pk == account] == list(range(1, WRITERS * ENTRIES // 2 + 1))
    assert len(shown) == len(set(shown)) == len(table.scan(after=None, limit=10_000))


@pytest.mark.usefixtures("switching_often")
def test_of_one_item_every_version_comes_once_and_in_order(wired, table):
    table.put_new({"pk": "a", "sk": 1, "version": 1})

    def add(n):
        for _ in range(ENTRIES // 2):
            while True:
                old = table.get("a", 1, consistent=True)
                if table.replace({**old, "version": old["version"] + 1, "by": n}, old["version"]):
                    break

    all_at_once(WRITERS, add)
    shown = [int(one["version"]["N"]) for one in images(wired, table)]
    assert shown == list(range(1, WRITERS * ENTRIES // 2 + 2))
