"""What a write may find, and what it then says: one writer at a time."""

import uuid

import pytest
from botocore.exceptions import ClientError

from shared.table import Collision, Put, PutNew, Remove, Replace

ITEM = {"pk": "a", "sk": 1, "version": 1, "text": "é", "blob": b"\x00\xff", "list": [1, {"x": True}], "none": None}


def test_what_is_there_is_never_put_over_and_is_shown_whole(table):
    assert table.put_new(ITEM) is None
    assert table.put_new({"pk": "a", "sk": 1}) == ITEM
    assert table.get("a", 1, consistent=True) == ITEM


def test_the_identical_put_again_counts_as_put(table):
    assert [table.put_new(ITEM) for _ in range(3)] == [None, None, None]
    assert table.put_new({**ITEM, "list": [1, {"x": False}]}) == ITEM


def test_a_version_is_replaced_once(table):
    table.put_new(ITEM)
    assert table.replace({**ITEM, "version": 2, "text": "mine"}, 1)
    assert not table.replace({**ITEM, "version": 2, "text": "lost"}, 1)
    assert table.get("a", 1, consistent=True) == {**ITEM, "version": 2, "text": "mine"}


def test_the_identical_replacement_again_counts_as_done(table):
    table.put_new(ITEM)
    assert [table.replace({**ITEM, "version": 2}, 1) for _ in range(3)] == [True, True, True]


def test_what_is_not_there_has_no_version(table):
    assert not table.replace(ITEM, 1)
    table.put_new({"pk": "a", "sk": 1})
    assert not table.replace(ITEM, 1)
    assert table.get("a", 1) == {"pk": "a", "sk": 1}


def test_a_replacement_leaves_nothing_of_what_was_there(table):
    table.put_new({**ITEM, "more": 1})
    table.replace({"pk": "a", "sk": 1, "version": 2}, 1)
    table.put({"pk": "a", "sk": 1, "other": 1})
    assert table.get("a", 1) == {"pk": "a", "sk": 1, "other": 1}


def test_what_was_deleted_can_be_put_anew(table):
    table.delete("a", 1)
    table.put_new(ITEM)
    table.delete("a", 1)
    assert table.get("a", 1, consistent=True) is None
    assert table.put_new({"pk": "a", "sk": 1}) is None


# ---- several items at once -------------------------------------------------------------------------------------------


def test_a_transaction_does_everything(table):
    table.put_new(ITEM)
    table.put_new({"pk": "gone", "sk": 1})
    table.put_new({"pk": "over", "sk": 1, "old": 1})
    mine = {**ITEM, "version": 2}
    table.transact([PutNew({"pk": "b", "sk": 1}), Replace(mine, 1), Remove("gone", 1), Put({"pk": "over", "sk": 1})])
    assert table.get("b", 1) == {"pk": "b", "sk": 1}
    assert table.get("a", 1) == mine
    assert table.get("gone", 1) is None
    assert table.get("over", 1) == {"pk": "over", "sk": 1}


@pytest.mark.parametrize("place", range(4))
def test_a_transaction_with_one_failed_condition_does_nothing(table, place):
    table.put_new(ITEM)
    table.put_new({"pk": "kept", "sk": 1})
    writes = [PutNew({"pk": "b", "sk": 1}), Put({"pk": "c", "sk": 1}), Remove("kept", 1)]
    writes.insert(place, PutNew({**ITEM, "text": "other"}))
    with pytest.raises(Collision) as collision:
        table.transact(writes)
    assert collision.value.olds == {place: ITEM}
    assert [table.get(pk, 1, consistent=True) for pk in "abc"] == [ITEM, None, None]
    assert table.get("kept", 1) == {"pk": "kept", "sk": 1}


def test_each_failed_condition_shows_what_stood_there_by_its_place(table):
    table.put_new(ITEM)
    table.put_new({"pk": "b", "sk": 1, "version": 7})
    other = {"pk": "c", "sk": 1}
    with pytest.raises(Collision) as collision:
        table.transact([PutNew(other), PutNew({**ITEM, "text": "x"}), Replace({"pk": "b", "sk": 1, "version": 9}, 8)])
    assert collision.value.olds == {1: ITEM, 2: {"pk": "b", "sk": 1, "version": 7}}
    with pytest.raises(Collision) as collision:
        table.transact([Replace({**other, "version": 2}, 1), PutNew(ITEM | {"sk": 2})])
    assert collision.value.olds == {0: {}}


def test_the_identical_transaction_again_counts_as_done(table):
    table.put_new(ITEM)
    writes = [PutNew({"pk": "b", "sk": 1}), Replace({**ITEM, "version": 2}, 1), Remove("gone", 1)]
    table.transact(writes)
    table.transact(writes)
    with pytest.raises(Collision):
        table.transact([*writes, PutNew({"pk": "c", "sk": 1})])
    assert table.get("c", 1) is None


def test_a_hundred_items_are_one_transaction(table):
    table.transact([PutNew({"pk": "a", "sk": number}) for number in range(100)])
    assert len(table.items("a")) == 100


# ---- what the port does not show -------------------------------------------------------------------------------------


def part(table, pk, **more):
    item = {"pk": {"S": pk}, "sk": {"N": "1"}}
    return {"Put": {"TableName": table.name, "Item": item, "ConditionExpression": "attribute_not_exists(pk)", **more}}


def code_of(call, **asked):
    with pytest.raises(ClientError) as refused:
        call(**asked)
    return refused.value.response["Error"]["Code"], refused.value.response


def test_the_old_item_is_shown_only_to_who_asks_for_it(wired):
    table = wired.wired_table()
    put = part(table, "a")["Put"]
    wired.client.put_item(**put)
    code, said = code_of(wired.client.put_item, **put)
    assert (code, "Item" in said) == ("ConditionalCheckFailedException", False)
    code, said = code_of(wired.client.put_item, **put, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert (code, said["Item"]) == ("ConditionalCheckFailedException", put["Item"])


def test_a_cancelled_transaction_gives_a_reason_for_each_of_its_parts(wired):
    table = wired.wired_table()
    wired.client.put_item(**part(table, "b")["Put"])
    parts = [part(table, "a"), part(table, "b", ReturnValuesOnConditionCheckFailure="ALL_OLD"), part(table, "c")]
    code, said = code_of(wired.client.transact_write_items, TransactItems=parts)
    assert code == "TransactionCanceledException"
    assert [reason["Code"] for reason in said["CancellationReasons"]] == ["None", "ConditionalCheckFailed", "None"]
    assert [reason.get("Item", {}).get("pk") for reason in said["CancellationReasons"]] == [None, {"S": "b"}, None]


def test_a_transaction_of_two_writes_to_one_item_is_refused(wired):
    table = wired.wired_table()
    code, _ = code_of(wired.client.transact_write_items, TransactItems=[part(table, "a"), part(table, "a")])
    assert code == "ValidationException"
    assert table.scan(after=None, limit=9) == []


def test_a_transaction_of_more_than_a_hundred_items_is_refused(wired):
    table = wired.wired_table()
    parts = [part(table, str(number)) for number in range(101)]
    code, _ = code_of(wired.client.transact_write_items, TransactItems=parts)
    assert code == "ValidationException"
    assert table.scan(after=None, limit=9) == []


def test_a_transaction_that_is_sent_again_under_its_token_has_one_effect(wired):
    """What the client does by itself when an acknowledgement is lost."""
    table = wired.wired_table()
    key = {"pk": {"S": "a"}, "sk": {"N": "1"}}
    one_more = {"UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
    parts = [{"Update": {"TableName": table.name, "Key": key, **one_more}}]
    token = uuid.uuid4().hex
    for _ in range(3):
        wired.client.transact_write_items(TransactItems=parts, ClientRequestToken=token)
    assert table.get("a", 1) == {"pk": "a", "sk": 1, "n": 1}
    wired.client.transact_write_items(TransactItems=parts, ClientRequestToken=uuid.uuid4().hex)
    assert table.get("a", 1) == {"pk": "a", "sk": 1, "n": 2}


def test_a_token_does_not_serve_for_another_transaction(wired):
    table = wired.wired_table()
    token = uuid.uuid4().hex
    wired.client.transact_write_items(TransactItems=[part(table, "a")], ClientRequestToken=token)
    again = {"TransactItems": [part(table, "b")], "ClientRequestToken": token}
    assert code_of(wired.client.transact_write_items, **again)[0] == "IdempotentParameterMismatchException"


def test_deleting_what_is_not_there_is_no_error(table):
    table.delete("a", 1)
    assert table.get("a", 1, consistent=True) is None
