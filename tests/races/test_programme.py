"""Many operators set the programme at once: one of those who read the same version wins; and a control that loses."""

import sys
import threading

import pytest

from points.routes import ROUTES
from shared.clock import Clock
from shared.memory import MemoryTable
from shared.table import Put, Remove
from tests.kit import OPERATOR, Client, make_world
from tests.races.test_chain import all_at_once

TEN = 10


@pytest.fixture(autouse=True)
def _switch_often():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def operator(directory=None):
    tables = (MemoryTable(), directory or MemoryTable(), MemoryTable())
    return Client(ROUTES, make_world(Clock(), tables), OPERATOR)


def set_at_once(operator):
    present = operator.get("/v1/programme").body
    answers = all_at_once(TEN, lambda n: operator.put("/v1/programme", present | {"approval_above": n}))
    return [answer for answer in answers if answer.status == 200], answers


def test_of_those_who_read_the_same_version_one_wins():
    client = operator()
    won, answers = set_at_once(client)
    assert len(won) == 1
    assert {answer.code for answer in answers if answer.status != 200} == {"version_conflict"}
    assert client.get("/v1/programme").body == won[0].body
    assert client.get("/v1/programme?version=2").body == won[0].body
    assert client.get("/v1/programme?version=3").status == 404


def test_the_same_change_at_once_is_one_version_and_one_answer():
    client = operator()
    present = client.get("/v1/programme").body
    answers = all_at_once(TEN, lambda _: client.put("/v1/programme", present | {"approval_above": 7}))
    assert {answer.status for answer in answers} == {200}
    assert {answer.body["version"] for answer in answers} == {2}


class LastWins(MemoryTable):
    """Writes whatever has come since; and all who come at once have read before anybody writes."""

    def __init__(self):
        super().__init__()
        self.meeting = threading.Barrier(TEN, timeout=10)
        self.met = {threading.get_ident()}  # who prepares is not among them

    def get(self, pk, sk, *, consistent=False):
        found = super().get(pk, sk, consistent=consistent)
        if threading.get_ident() not in self.met:
            self.met.add(threading.get_ident())
            self.meeting.wait()
        return found

    def transact(self, writes):
        super().transact([write if isinstance(write, Remove) else Put(write.item) for write in writes])


def test_control_without_the_condition_all_win():
    """The same threads over a table that writes whatever has come since."""
    won, _ = set_at_once(operator(LastWins()))
    assert len(won) == TEN
