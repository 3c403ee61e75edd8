"""Least privilege: what each function may do is what it was seen to do, no more and no less.

Less is seen by every test: whatever a function does in one must be granted, or that test fails (`tests/granted.py`).
More is seen here: a day in the whole shop needs every grant there is.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import Any

import pytest

from shared import files, keys, queues, relay, secrets
from shared.dynamo import DynamoTable
from shared.memory import MemoryTable
from shared.table import PutNew, Remove
from tests import granted
from tests.kit import make_world

ITEM = {"pk": "a", "sk": "b", "version": 1}


@pytest.fixture
def seen(lived):
    """What each function called on a day."""
    return lived.seen


@pytest.mark.parametrize("function", granted.FUNCTIONS)
def test_nothing_is_granted_that_is_not_needed(seen, function):
    needed = seen[function] | granted.by_lambda(function)
    assert granted.granted(function) - needed == set(), "take it out of infra/grants.yaml, or let the day need it"


@pytest.mark.parametrize("function", granted.FUNCTIONS)
def test_all_that_was_called_is_granted(seen, function):
    assert seen[function] - granted.granted(function) == set()


def test_control_what_is_not_granted_fails_where_it_is_called():
    world = make_world()
    with granted.acting(world, "points/Authorizer"):
        world.directory.table.get("key", "x")
        with pytest.raises(pytest.fail.Exception, match="points/Authorizer may not dynamodb:DeleteItem on directory"):
            world.directory.table.delete("key", "x")
        with pytest.raises(pytest.fail.Exception, match="GetItem on ledger"):
            world.ledger.table.get("M#taro", 1)
        with pytest.raises(pytest.fail.Exception, match="points-inbox"):
            world.queues.carry_on("points", "N#x")
    world.directory.table.delete("key", "x")  # a test itself may


# ---- what is noted is what is called -------------------------------------------------------------------------------------

CALLS = {
    "get": lambda table: table.get("a", "b"),
    "get_many": lambda table: table.get_many([("a", "b")]),
    "get_many of none": lambda table: table.get_many([]),
    "newest": lambda table: table.newest("a"),
    "items": lambda table: table.items("a"),
    "scan": lambda table: table.scan(after=None, limit=1),
    "put_new": lambda table: table.put_new(ITEM),
    "put": lambda table: table.put(ITEM),
    "replace": lambda table: table.replace(ITEM, 1),
    "delete": lambda table: table.delete("a", "b"),
    "transact": lambda table: table.transact([PutNew(ITEM), Remove("a", "c")]),
}
ASKED = {"get_item": "GetItem", "batch_get_item": "BatchGetItem", "query": "Query", "scan": "Scan"}
ASKED |= {"put_item": "PutItem", "delete_item": "DeleteItem"}
"""What a client of DynamoDB calls, as IAM calls it; the parts of a transaction are asked for one by one."""


class Clients:
    """Clients of AWS that only remember what was asked of them."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.meta = type("Meta", (), {"region_name": "ap-northeast-1"})
        self.exceptions = type("Exceptions", (), {"NoSuchKey": KeyError})

    def __call__(self, _: str) -> Clients:
        return self

    def __getattr__(self, operation: str) -> Any:
        def call(*of: Any, **asked: Any) -> Any:
            self.asked.append((operation, asked))
            body = type("Body", (), {"read": lambda _: b""})()
            told = {"Items": [], "Responses": {}, "QueueUrl": "q", "Account": "1", "Body": body, "SecretString": "{}"}
            told["Attributes"] = dict.fromkeys(asked.get("AttributeNames", ()), "0")
            return "https://signed" if of else told

        return call

    def called(self) -> set[str]:
        """What was asked for, as IAM calls it."""
        found = set()
        for operation, asked in self.asked:
            for part in asked.get("TransactItems", ()):
                found |= {f"{kind}Item" for kind in part}
            found |= {ASKED[operation]} if operation in ASKED else set()
        return found


@pytest.fixture
def noted(monkeypatch):
    """Lets anything be called by one function that may do all, and tells what was noted."""
    said: list[tuple[str, str, str]] = []
    monkeypatch.setattr(granted, "note", lambda *call: said.append(call))
    return said


@pytest.mark.parametrize("name", CALLS)
def test_a_method_of_the_store_port_is_noted_as_what_dynamodb_is_asked(noted, name):
    client = Clients()
    for table in (DynamoTable(client, "t"), MemoryTable()):
        with granted.acting(replace_transient(table), "points/APIHandler"):
            CALLS[name](table)
    half = len(noted) // 2
    assert noted[:half] == noted[half:], "both forms of the port are watched alike"
    assert {action for _, action, _ in noted} == client.called()


def replace_transient(table: Any) -> Any:
    return replace(make_world(), transient=table)


def test_what_the_other_ports_call_is_noted(noted):
    client = Clients()
    world, stage = make_world(), keys.Stage("test")
    with granted.acting(world, "points/APIHandler"):
        world.queues.carry_on("points", "N#x")
        world.queues.waiting(stage.parking)
        world.files.put("codes/j/codes.csv", b"")
        world.files.get("codes/j/codes.csv")
        world.files.address("codes/j/codes.csv", 1)
        world.secrets.seal("a", "b", "c")
    queues.SqsQueues(stage, client).carry_on("points", "N#x")
    queues.SqsQueues(stage, client).waiting(stage.parking)
    real = files.S3Files(stage, client)
    real.put("codes/j/codes.csv", b"")
    real.get("codes/j/codes.csv")
    real.address("codes/j/codes.csv", 1)
    asked = [operation for operation, _ in client.asked if operation != "get_caller_identity"]  # which needs no grant
    of_queues = ["get_queue_url", "send_message", "get_queue_url", "get_queue_attributes"]
    assert asked == [*of_queues, "put_object", "get_object", "generate_presigned_url"]
    assert noted == [
        ("sqs", "GetQueueUrl", "points-inbox"),
        ("sqs", "SendMessage", "points-inbox"),
        ("sqs", "GetQueueUrl", "parking"),
        ("sqs", "GetQueueAttributes", "parking"),
        ("s3", "PutObject", "files/codes/*"),
        ("s3", "GetObject", "files/codes/*"),
        ("s3", "ListBucket", "files"),  # else S3 answers 403 where nothing is
        ("s3", "GetObject", "files/codes/*"),
        ("secretsmanager", "GetSecretValue", "root-secret"),
    ]


def test_what_the_relay_sends_is_noted(noted):
    client = Clients()
    box = relay.AwsOutbox(replace(make_world(), queues=queues.SqsQueues(keys.Stage("test"), client)), client)
    for one in (granted.Watched(box), granted.Watched(box)):
        one.publish([{"type": "t"}])
        one.carry_on("points", "N#x")
        one.park({}, "r")
    asked = {operation for operation, _ in client.asked} - {"get_caller_identity"}
    assert asked == {"publish_batch", "get_queue_url", "send_message"}
    assert {(service, action) for service, action, _ in noted} == {
        ("sns", "Publish"),
        ("sqs", "GetQueueUrl"),
        ("sqs", "SendMessage"),
    }


def test_the_root_is_read_once_and_only_when_a_key_is_needed(noted):
    read = itertools.count()
    held = secrets.Secrets(lambda: json.dumps({"root": f"r{next(read)}"}))
    with granted.acting(make_world(), "points/APIHandler"):
        held.derive("a")
        held.unseal("a", "b", "c")
    assert (next(read), len(noted)) == (1, 2)
