"""GET /v1/reports/audit: the note that `omo audit` has left."""

from datetime import timedelta

import pytest

from points import audited
from points.audited import AuditFault, AuditNote
from tests.kit import NOON, OPERATOR, TILL

PATH = "/v1/reports/audit"


@pytest.fixture
def operator(client):
    return client.as_(OPERATOR)


def leave(client, faults=(), **more):
    said = {"began_at": NOON, "ended_at": NOON + timedelta(seconds=90), "chains": 4, "entries": 10}
    counted = {"fault_count": len(faults), "faults": list(faults)}
    audited.keep(client.world.directory.table, AuditNote.model_validate(said | counted | more))


def test_where_nobody_has_audited_there_is_nothing_to_tell(operator):
    answer = operator.get(PATH)
    assert (answer.status, answer.code) == (404, "report_not_found")


def test_an_audit_without_a_fault(operator):
    leave(operator)
    assert operator.get(PATH).body == {
        "began_at": "2026-11-20T03:00:00Z",
        "ended_at": "2026-11-20T03:01:30Z",
        "chains": 4,
        "entries": 10,
        "fault_count": 0,
        "faults": [],
    }


def test_faults_are_told_as_far_as_they_have_a_place(operator):
    leave(operator, [AuditFault(chain="M#taro", number=3, words="w"), AuditFault(words="v")], fault_count=40)
    body = operator.get(PATH).body
    assert body["fault_count"] == 40
    assert body["faults"] == [{"chain": "M#taro", "number": 3, "words": "w"}, {"words": "v"}]


def test_the_next_audit_takes_its_place(operator):
    leave(operator, [AuditFault(words="mended")])
    leave(operator, entries=11)
    body = operator.get(PATH).body
    assert (body["entries"], body["faults"]) == (11, [])


def test_it_is_one_read(operator):
    usage = operator.world.directory.table.usage
    usage.reset()
    operator.get(PATH)
    assert (usage.round_trips, usage.write_units) == (1, 0)


def test_a_till_is_refused(client):
    leave(client)
    assert client.as_(TILL).get(PATH).code == "forbidden"
