"""What `omo audit` leaves behind: a note of a whole audit, without a word about anybody, or nothing where it may not."""

import json
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import boto3
import pytest
from moto import mock_aws

from infra import audit as auditing, cli, reach
from infra.audit import Audit, note_of
from points import audited
from points.routes import ROUTES
from shared import keys
from shared.dynamo import DynamoTable
from tests.kit import NOON, OPERATOR, Client, make_world, purchase

STAGE = keys.Stage("local")


class Cloud:
    """Its DynamoDB is moto's; `broken` breaks what is called there."""

    broken: str | None = None

    def __init__(self, stage="local", *_):
        self.stage = stage
        secret = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        self._dynamo = boto3.client("dynamodb", region_name="ap-northeast-1", **secret)

    def client(self, service):
        assert service == "dynamodb"
        if Cloud.broken:
            setattr(self._dynamo, Cloud.broken, self._refuse)
        return self._dynamo

    @staticmethod
    def _refuse(**_):
        raise PermissionError("read only")


@pytest.fixture
def client(monkeypatch, tmp_path):
    """Points over a stage's tables, with a member who has bought something."""
    with mock_aws():
        dynamo = Cloud().client("dynamodb")
        for name, number in ((STAGE.ledger, "N"), (STAGE.directory, "S"), (STAGE.transient, "S")):
            kinds = {"pk": ("S", "HASH"), "sk": (number, "RANGE")}
            dynamo.create_table(
                TableName=name,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[
                    {"AttributeName": one, "AttributeType": kind} for one, (kind, _) in kinds.items()
                ],
                KeySchema=[{"AttributeName": one, "KeyType": role} for one, (_, role) in kinds.items()],
            )
        tables = [DynamoTable(dynamo, name) for name in (STAGE.ledger, STAGE.directory, STAGE.transient)]
        made = Client(ROUTES, replace(make_world(tables=tables), stage=STAGE), OPERATOR)
        made.post("/v1/members", {"member_id": "taro"})
        assert made.post("/v1/purchases", purchase()).status == 201
        monkeypatch.setattr(reach, "Cloud", Cloud)
        monkeypatch.setattr(reach, "live", lambda _: SimpleNamespace(endpoint="http://127.0.0.1:1"))
        monkeypatch.setattr(Cloud, "broken", None)
        yield made
        dynamo.close()


def omo(capsys, *line):
    status = cli.run(["audit", *line, "--json"])
    told = capsys.readouterr()
    return status, json.loads(told.out), told.err


def noted(client):
    return client.get("/v1/reports/audit")


def spoil(client):
    """The balance of the member's first entry is not the sum of the points."""
    item = client.world.ledger.table.get("M#taro", 1, consistent=True)
    client.world.ledger.table.put(item | {"b": 999})


def test_a_whole_audit_is_noted_with_its_counts(client, capsys):
    status, said, err = omo(capsys)
    assert (status, said["faults"], err) == (0, [], "")
    body = noted(client).body
    assert {name: body[name] for name in ("chains", "entries", "fault_count", "faults")} == {
        "chains": said["chains"],
        "entries": said["entries"],
        "fault_count": 0,
        "faults": [],
    }
    assert said["entries"] >= 1
    assert body["began_at"] <= body["ended_at"]


def test_faults_are_noted_by_chain_and_number(client, capsys):
    spoil(client)
    status, said, _ = omo(capsys)
    assert status == 1
    body = noted(client).body
    assert body["fault_count"] == len(said["faults"])
    assert (body["faults"][0]["chain"], body["faults"][0]["number"]) == ("M#taro", 1)
    assert body["faults"][0]["words"].startswith("the balance is 999")


@pytest.mark.parametrize("line", [["--member", "taro"], ["--no-note"]])
def test_of_a_part_and_where_nobody_wants_it_there_is_no_note(client, capsys, line):
    assert omo(capsys, *line)[0] == 0
    assert noted(client).code == "report_not_found"


def test_whoever_may_only_read_audits_all_the_same_and_is_told(client, capsys, monkeypatch):
    monkeypatch.setattr(Cloud, "broken", "put_item")
    status, said, err = omo(capsys)
    assert (status, said["faults"]) == (0, [])
    assert "could not be noted" in err
    assert "read only" in err
    assert noted(client).code == "report_not_found"


def test_a_note_that_fails_hides_no_fault(client, capsys, monkeypatch):
    spoil(client)
    monkeypatch.setattr(Cloud, "broken", "put_item")
    assert omo(capsys)[0] == 1


# ---- what is noted of a fault ----------------------------------------------------------------------------------------


def told(fault):
    (one,) = note_of(Audit(faults=[fault]), NOON, NOON).faults
    return one.chain, one.number, one.words


@pytest.mark.parametrize(
    ("fault", "chain", "number", "words"),
    [
        ("M#taro entry 12: dated before the entry ahead of it", "M#taro", 12, "dated before the entry ahead of it"),
        ("N#purchase.pos#shop#p-1: no account has it", "N#purchase.pos#shop#p-1", None, "no account has it"),
        ("M#taro entry 3: M#jiro entry 4 got other points", "M#taro", 3, "M#jiro entry 4 got other points"),
        ("the services do not agree: M#a m-1, B#a open", None, None, "the services do not agree: M#a m-1, B#a open"),
        ("M#a entry 1: two\nlines", "M#a", 1, "two\nlines"),
    ],
)
def test_a_fault_is_noted_by_its_place_and_its_words(fault, chain, number, words):
    assert told(fault) == (chain, number, words)


def test_what_cant_be_read_is_not_shown():
    fault = "M#taro entry 2: it can't be read: ValueError(\"invalid literal for int(): 'Hanako\\nYamada'\")"
    assert told(fault) == ("M#taro", 2, "it can't be read: ValueError")


def test_twenty_faults_are_told_and_all_are_counted():
    note = note_of(Audit(faults=[f"M#m-{n} entry 1: {'w' * 300}" for n in range(25)]), NOON, NOON + timedelta(hours=1))
    assert (note.fault_count, len(note.faults)) == (25, audited.TOLD_MAX)
    assert {len(one.words) for one in note.faults} == {audited.WORDS_MAX}


def test_an_audit_counts_a_thousand_faults_at_most():
    found = Audit()
    found.add(f"M#m-{n} entry 1: wrong" for n in range(2000))
    assert note_of(found, NOON, NOON).fault_count == auditing._FAULTS_MAX
