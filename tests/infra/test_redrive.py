"""Dead letters: sent on once more, twice is once, what fails stays; against SQS and SNS as moto has them."""

import json
from dataclasses import replace

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from infra import redrive
from infra.redrive import Redrive
from points.reactions import REACTIONS
from points.routes import ROUTES
from shared import aws, inbox, keys
from shared.queues import SqsQueues
from tests import catalogue
from tests.kit import Client, FakeClock, make_world, purchase
from tests.stream import record

REGION = "ap-northeast-1"
ARN = "arn:aws:sqs:ap-northeast-1:123456789012:"


@pytest.fixture
def clients():
    with mock_aws():
        made = {}

        def client(service):
            if service not in made:
                secret = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
                config = Config(account_id_endpoint_mode="disabled")  # moto does not know those addresses
                made[service] = boto3.client(service, region_name=REGION, config=config, **secret)
            return made[service]

        aws.account_id.cache_clear()
        yield client
        aws.account_id.cache_clear()
        for one in made.values():
            one.close()


@pytest.fixture
def client(clients):
    """The points service; its queues and its topic are there, and a queue that hears everything."""
    made = Client(ROUTES, make_world(FakeClock()))
    stage, sqs, sns = made.world.stage, clients("sqs"), clients("sns")
    names = [stage.inbox("points"), f"{stage.inbox('points')}-dead", stage.parking, "heard", stage.inbox("coupons")]
    for name in names:
        sqs.create_queue(QueueName=name)
    topic = sns.create_topic(Name=stage.topic)["TopicArn"]
    raw = {"RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"{ARN}heard", Attributes=raw)
    made.world = replace(made.world, queues=SqsQueues(stage, clients))
    for member_id in ("taro", "hanako"):
        assert made.post("/v1/members", {"member_id": member_id}).status == 201
    return made


@pytest.fixture
def job(client, clients):
    return Redrive(client.world, clients)


def url(clients, name):
    return clients("sqs").get_queue_url(QueueName=name)["QueueUrl"]


def send(clients, name, body):
    text = body if isinstance(body, str) else json.dumps(body)
    clients("sqs").send_message(QueueUrl=url(clients, name), MessageBody=text)


def received(clients, name):
    """What is in a queue; it is taken out."""
    sqs, found = clients("sqs"), []
    while messages := sqs.receive_message(QueueUrl=url(clients, name), MaxNumberOfMessages=10).get("Messages"):
        for one in messages:
            found.append(json.loads(one["Body"]))
            sqs.delete_message(QueueUrl=url(clients, name), ReceiptHandle=one["ReceiptHandle"])
    return found


def work(client, bodies):
    records = [
        {"messageId": f"m-{n}", "body": json.dumps(body), "eventSourceARN": ARN + client.world.stage.inbox("points")}
        for n, body in enumerate(bodies)
    ]
    return inbox.work(client.world, {"Records": records}, reactions=REACTIONS)


def balance(client):
    return client.get("/v1/members/taro/balance").body["available"]


# ---- a service's inbox ----------------------------------------------------------------------------------------------


def test_what_was_received_too_often_is_sent_to_its_inbox_and_counts_once(client, clients, job):
    stage, event = client.world.stage, catalogue.example("checkin.accepted")
    dead = f"{stage.inbox('points')}-dead"
    for _ in range(2):
        send(clients, dead, event)
        done = job.again("points")
        assert (done.sent, done.settled, done.left) == (1, 0, [])
        sent = received(clients, stage.inbox("points"))
        assert sent == [event]
        assert work(client, sent) == {"batchItemFailures": []}
    assert balance(client) == 10
    assert received(clients, dead) == []
    assert job.again("points").sent == 0


def test_what_was_for_webhooks_is_sent_to_their_inbox(client, clients, job):
    stage = client.world.stage
    for name in (stage.inbox("webhooks"), stage.dead("webhooks")):
        clients("sqs").create_queue(QueueName=name)
    send(clients, stage.dead("webhooks"), {"deliver": ["hook", "place"]})
    assert client.world.queues.waiting(stage.dead("webhooks")) == 1
    assert job.again("webhooks").sent == 1
    assert received(clients, stage.inbox("webhooks")) == [{"deliver": ["hook", "place"]}]
    assert client.world.queues.waiting(stage.dead("webhooks")) == 0


def test_what_was_parked_is_sent_and_if_it_fails_again_it_is_parked_again(client, clients, job):
    event = catalogue.example("checkin.accepted") | {"subject": "jiro"}
    event["data"] |= {"member_id": "jiro"}
    assert work(client, [event]) == {"batchItemFailures": []}
    (lying,) = job.lying("points")
    assert (lying.of, lying.reason, json.loads(lying.body)) == ("parked", "member_not_found", event)
    assert job.again("points").sent == 1
    assert list(job.lying("points")) == []
    sent = received(clients, client.world.stage.inbox("points"))
    work(client, sent)
    assert [one.reason for one in job.lying("points")] == ["member_not_found"]
    assert client.post("/v1/members", {"member_id": "jiro"}).status == 201  # what was missing is there now
    job.again("points")
    work(client, received(clients, client.world.stage.inbox("points")))
    assert list(job.lying("points")) == []
    assert client.get("/v1/members/jiro/balance").body["available"] == 10


def test_more_than_a_page_is_sent(client, clients, job):
    for n in range(redrive._PAGE + 20):
        pk, sk = keys.parked(client.world.stage.inbox("points"), f"m-{n}")
        client.world.transient.put({"pk": pk, "sk": sk, "reason": "r", "body": json.dumps({"n": n}), "t": 0, "ttl": 0})
    assert job.again("points").sent == redrive._PAGE + 20
    assert len(received(clients, client.world.stage.inbox("points"))) == redrive._PAGE + 20


def test_to_look_takes_nothing_away(client, clients, job):
    send(clients, f"{client.world.stage.inbox('points')}-dead", "{no json")
    (lying,) = job.lying("points")
    assert (lying.of, lying.reason, lying.body) == ("dead", "no JSON", "{no json")
    attributes = clients("sqs").get_queue_attributes(
        QueueUrl=url(clients, f"{client.world.stage.inbox('points')}-dead"), AttributeNames=["All"]
    )["Attributes"]
    assert attributes["ApproximateNumberOfMessagesNotVisible"] == "1"


def test_a_queue_that_is_not_there_leaves_the_message_where_it_is(client, clients, job):
    send(clients, f"{client.world.stage.inbox('points')}-dead", {"n": 1})
    clients("sqs").delete_queue(QueueUrl=url(clients, client.world.stage.inbox("points")))
    done = job.again("points")
    assert (done.sent, len(done.left)) == (0, 1)
    assert "NonExistentQueue" in done.left[0][1] or "QueueDoesNotExist" in done.left[0][1]


# ---- what the relay parked ------------------------------------------------------------------------------------------


def parked_key(item):
    return record(item)["dynamodb"]["Keys"]


def test_what_the_relay_could_not_tell_is_told_under_the_same_id(client, clients, job):
    client.post("/v1/purchases", purchase())
    item = client.world.ledger.table.newest("M#taro")
    for _ in range(2):
        send(clients, client.world.stage.parking, {"key": parked_key(item), "reason": "not published"})
        done = job.again("parking")
        assert (done.sent, done.left) == (1, [])
        heard = received(clients, "heard")
        assert [one["id"] for one in heard] == ["M#taro:1:points.earned", "M#taro:1:purchase.recorded"]
        (sale,) = [one for one in client.world.transient.scan() if one["pk"].startswith("sales#")]
        assert sale["n"] == 1000  # in the list for the close of the day, too
    assert received(clients, client.world.stage.parking) == []


def test_a_members_profile_is_told_again(client, clients, job):
    item = client.world.directory.table.get(*keys.member("taro"))
    send(clients, client.world.stage.parking, {"key": parked_key(item), "reason": "not published"})
    assert job.again("parking").sent == 1
    assert [one["type"] for one in received(clients, "heard")] == ["omotenashi.member.created.v1"]


def test_a_job_that_failed_needs_nothing_and_what_nobody_knows_stays(client, clients, job):
    failed = {"requestContext": {"condition": "RetriesExhausted", "functionArn": "…:Hourly"}, "requestPayload": {}}
    unknown = {"key": {"pk": {"S": "M#nobody"}, "sk": {"N": "7"}}, "reason": "ValueError: x"}
    for body in (failed, unknown, {"hello": 1}):
        send(clients, client.world.stage.parking, body)
    done = job.again("parking")
    assert (done.sent, done.settled) == (0, 1)
    assert sorted(reason.partition(":")[0] for _, reason in done.left) == ["LookupError", "ValueError"]


def test_what_the_topic_does_not_take_stays(client, clients, job):
    client.post("/v1/purchases", purchase())
    item = client.world.ledger.table.newest("M#taro")
    send(clients, client.world.stage.parking, {"key": parked_key(item), "reason": "not published"})
    topic = f"arn:aws:sns:{REGION}:123456789012:{client.world.stage.topic}"
    clients("sns").delete_topic(TopicArn=topic)
    done = job.again("parking")
    assert (done.sent, [reason.partition(":")[0] for _, reason in done.left]) == (0, ["Unavailable"])


def test_a_batch_on_which_the_relay_crashed_is_read_from_the_stream(client, clients, job):
    """The destination of a stream that gave up names the batch alone, by its numbers in the shard."""
    table = "of-its-own"
    schema = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
    types = [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"}]
    arn = clients("dynamodb").create_table(
        TableName=table, KeySchema=schema, AttributeDefinitions=types, BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]["LatestStreamArn"]  # fmt: skip
    for n in range(3):
        client.post("/v1/purchases", purchase(purchase_id=f"p-{n}"))
        item = client.world.ledger.table.newest("M#taro")
        clients("dynamodb").put_item(TableName=table, Item=parked_key(item))
    streams = clients("dynamodbstreams")
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]  # fmt: skip
    numbers = [one["dynamodb"]["SequenceNumber"] for one in streams.get_records(ShardIterator=iterator)["Records"]]
    info = {"streamArn": arn, "shardId": shard["ShardId"], "batchSize": 2,
            "startSequenceNumber": numbers[1], "endSequenceNumber": numbers[2]}  # fmt: skip
    said = {"requestContext": {"condition": "RetryAttemptsExhausted"}, "DDBStreamBatchInfo": info}
    send(clients, client.world.stage.parking, said)
    done = job.again("parking")
    assert (done.sent, done.left) == (1, [])
    assert {one["id"] for one in received(clients, "heard")} == {
        f"M#taro:{n}:{name}" for n in (2, 3) for name in ("points.earned", "purchase.recorded")
    }
