"""GET /v1/reports/dead-letters: about how much the queues themselves have set apart."""

from dataclasses import replace

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from shared import keys
from shared.queues import SqsQueues
from tests.kit import OPERATOR, TILL

PATH = "/v1/reports/dead-letters"
NAMES = [
    "points-inbox-dead",
    "coupons-inbox-dead",
    "checkin-inbox-dead",
    "codes-inbox-dead",
    "webhooks-inbox-dead",
    "parking",
]
STAGE = keys.Stage("test")


class Sqs:
    """SQS with what lies in each queue: to be taken, looked at by somebody, and not to be taken yet."""

    def __init__(self, lying=(0, 0, 0), failure=None):
        self.lying, self.failure, self.asked = lying, failure, []

    def __call__(self, service):
        assert service == "sqs"
        return self

    def get_queue_url(self, QueueName):  # noqa: N803 - as boto3 calls it
        return {"QueueUrl": f"https://sqs/{QueueName}"}

    def get_queue_attributes(self, QueueUrl, AttributeNames):  # noqa: N803
        if self.failure is not None:
            raise self.failure
        self.asked.append(QueueUrl)
        counts = dict(zip(("", "NotVisible", "Delayed"), map(str, self.lying), strict=True))
        told = {f"ApproximateNumberOfMessages{kind}": count for kind, count in counts.items()}
        return {"Attributes": {name: told[name] for name in AttributeNames}}


@pytest.fixture
def operator(client):
    return client.as_(OPERATOR)


def over(client, sqs):
    return replace(client, world=replace(client.world, queues=SqsQueues(STAGE, sqs)))


def test_every_queue_is_told_also_where_nothing_lies(operator):
    answer = operator.get(PATH)
    assert (answer.status, answer.body) == (200, {"queues": [{"queue": name, "waiting": 0} for name in NAMES]})


def test_what_lies_there_is_counted(operator):
    operator.world.queues.lying |= {STAGE.dead("webhooks"): 3, STAGE.parking: 1, STAGE.inbox("points"): 8}
    found = {one["queue"]: one["waiting"] for one in operator.get(PATH).body["queues"]}
    assert found == dict.fromkeys(NAMES, 0) | {"webhooks-inbox-dead": 3, "parking": 1}


def test_sqs_is_asked_once_a_queue_and_what_somebody_looks_at_lies_there_too(operator):
    sqs = Sqs((4, 2, 1))
    answer = over(operator, sqs).get(PATH)
    assert {one["waiting"] for one in answer.body["queues"]} == {7}
    assert sqs.asked == [f"https://sqs/omo-test-{name}" for name in NAMES]


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (EndpointConnectionError(endpoint_url="https://sqs"), "EndpointConnectionError"),
        (ClientError({"Error": {"Code": "RequestThrottled"}}, "GetQueueAttributes"), "RequestThrottled"),
        (ClientError({"Error": {"Code": "AWS.SimpleQueueService.NonExistentQueue"}}, "G"), "NonExistentQueue"),
    ],
)
def test_a_queue_that_cant_be_asked_is_a_503_and_its_name_and_why_are_in_the_log(operator, caplog, failure, reason):
    answer = over(operator, Sqs(failure=failure)).get(PATH)
    assert (answer.status, answer.code) == (503, "temporarily_unavailable")
    (line,) = [one for one in caplog.records if one.message == "queue not asked"]
    assert line.queue == "points-inbox-dead"
    assert line.reason.endswith(reason)


def test_a_till_is_refused_and_no_queue_is_asked(client):
    sqs = Sqs()
    assert over(client.as_(TILL), sqs).get(PATH).code == "forbidden"
    assert sqs.asked == []
