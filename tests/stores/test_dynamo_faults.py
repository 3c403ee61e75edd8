"""What DynamoDB may answer besides yes: throttling, conflicts, silence. The emulators never do, so a client that does."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from shared.dynamo import DynamoTable
from shared.errors import Unavailable
from shared.table import Collision, PutNew

ITEM = {"pk": "a", "sk": 1}
STORED = {"pk": {"S": "a"}, "sk": {"N": "1"}, "who": {"S": "other"}}


class Client:
    """Answers every call in one way."""

    def __init__(self, answer):
        self._answer = answer

    def __getattr__(self, _):
        def call(**__):
            if isinstance(self._answer, Exception):
                raise self._answer
            return self._answer

        return call


def error(code, **more):
    return ClientError({"Error": {"Code": code, "Message": ""}, **more}, "PutItem")


def cancelled(*reasons):
    return error("TransactionCanceledException", CancellationReasons=list(reasons))


@pytest.mark.parametrize(
    "fault",
    [
        error("ProvisionedThroughputExceededException"),
        error("ThrottlingException"),
        error("RequestLimitExceeded"),
        error("InternalServerError"),
        error("TransactionConflictException"),
        error("TransactionInProgressException"),
        ReadTimeoutError(endpoint_url="x"),
        EndpointConnectionError(endpoint_url="x"),
    ],
)
def test_what_may_pass_is_said_to_be_retryable(fault):
    table = DynamoTable(Client(fault), "t")
    for call in (lambda: table.put_new(ITEM), lambda: table.get("a", 1), lambda: table.newest("a")):
        with pytest.raises(Unavailable) as refused:
            call()
        assert refused.value.is_retryable


def test_what_will_not_pass_is_raised_as_it_is():
    table = DynamoTable(Client(error("AccessDeniedException")), "t")
    with pytest.raises(ClientError):
        table.put_new(ITEM)


def test_a_conflict_of_transactions_is_a_lost_race():
    conflict = cancelled({"Code": "None"}, {"Code": "TransactionConflict"})
    with pytest.raises(Collision) as collision:
        DynamoTable(Client(conflict), "t").transact([PutNew(ITEM), PutNew({"pk": "b", "sk": 1})])
    assert collision.value.olds == {1: {}}


def test_a_failed_condition_of_a_transaction_shows_what_stood_there():
    failed = cancelled({"Code": "ConditionalCheckFailed", "Item": STORED}, {"Code": "None"})
    with pytest.raises(Collision) as collision:
        DynamoTable(Client(failed), "t").transact([PutNew(ITEM), PutNew({"pk": "b", "sk": 1})])
    assert collision.value.olds == {0: {"pk": "a", "sk": 1, "who": "other"}}


def test_a_throttled_transaction_may_be_tried_again():
    throttled = cancelled({"Code": "ThrottlingError"}, {"Code": "None"})
    with pytest.raises(Unavailable):
        DynamoTable(Client(throttled), "t").transact([PutNew(ITEM), PutNew({"pk": "b", "sk": 1})])


def test_a_transaction_that_can_never_be_is_not_tried_again():
    too_large = cancelled({"Code": "ValidationError"}, {"Code": "TransactionConflict"})
    with pytest.raises(ClientError):
        DynamoTable(Client(too_large), "t").transact([PutNew(ITEM), PutNew({"pk": "b", "sk": 1})])


def test_an_answer_that_is_not_the_engines_own_is_retryable():
    gateway = ClientError({"Error": {"Code": "503"}, "ResponseMetadata": {"HTTPStatusCode": 503}}, "PutItem")
    with pytest.raises(Unavailable):
        DynamoTable(Client(gateway), "t").put_new(ITEM)


def test_pages_are_read_until_the_limit():
    class Pages:
        asked = 0

        def query(self, **asked):
            self.asked += 1
            item = {"pk": {"S": "a"}, "sk": {"N": str(self.asked)}}
            return {"Items": [item]} | ({"LastEvaluatedKey": {}} if self.asked < 3 else {})

    assert [item["sk"] for item in DynamoTable(Pages(), "t").items("a")] == [1, 2, 3]
    assert [item["sk"] for item in DynamoTable(Pages(), "t").items("a", limit=2)] == [1, 2]


def test_what_an_item_cannot_hold_is_said():
    with pytest.raises(TypeError, match="set"):
        DynamoTable(Client({}), "t").put({"pk": "a", "sk": 1, "x": {1}})
