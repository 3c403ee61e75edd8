"""The port over the SDK, whose own retries stay on: what each fault of the wire becomes, on real engines."""

from typing import Any

import pytest

from coupons.routes import ROUTES as COUPONS
from shared.clock import Clock
from shared.directory import Directory
from shared.dynamo import DynamoTable
from shared.errors import Unavailable
from shared.table import Collision, PutNew, Remove, Replace
from tests.api.coupons.conftest import CAMPAIGN
from tests.engines.conftest import LOCAL
from tests.engines.wire import Dies, wired
from tests.kit import OPERATOR, Client, make_world

ITEM = {"pk": "a", "sk": 1, "version": 1}
SETTING: Any = ("a", 1)  # a number beside it, as the ledger has: here it serves as a directory too
MINE, THEIRS = {**ITEM, "version": 2, "by": "me"}, {**ITEM, "version": 3, "by": "them"}
IN_VAIN = 3
"""As often as the SDK sends a call."""


@pytest.fixture(params=["ministack", LOCAL])
def engine_of(request):
    return request.getfixturevalue(request.param.replace("-", "_"))


@pytest.fixture
def wire(engine_of):
    with wired(engine_of.client.meta.endpoint_url, seed=1) as made:
        yield made


@pytest.fixture
def calm(engine_of):
    """The same table without the wire: another's eyes and hands."""
    return engine_of.wired_table()


@pytest.fixture
def table(wire, calm):
    return DynamoTable(wire.client, calm.name)


@pytest.mark.parametrize("fault", ["drop", "lost", "throttled", "broken", "broken_after", "gateway"])
def test_a_fault_that_passes_is_the_sdks_own_business(wire, table, calm, fault):
    wire.meets(fault, fault)
    assert table.put_new(ITEM) is None
    wire.meets(fault)
    assert table.replace(MINE, 1)
    wire.meets(fault, fault)
    table.transact([PutNew({"pk": "b", "sk": 1}), Replace(THEIRS, 2)])
    wire.meets(fault)
    assert table.get("a", 1, consistent=True) == THEIRS == calm.newest("a", consistent=True)
    assert calm.get("b", 1) == {"pk": "b", "sk": 1}


@pytest.mark.parametrize("fault", ["drop", "lost", "throttled", "broken", "broken_after", "gateway"])
def test_a_fault_that_stays_is_said_to_be_retryable_whatever_became_of_the_call(wire, table, fault):
    for call in (
        lambda: table.put_new(ITEM),
        lambda: table.get("a", 1),
        lambda: table.transact([PutNew({"pk": "b", "sk": 1}), PutNew({"pk": "c", "sk": 1})]),
    ):
        wire.meets(*[fault] * IN_VAIN)
        with pytest.raises(Unavailable):
            call()
        call()  # the same again is a first time, or counts as done


def test_a_lost_answer_never_lets_a_write_pass_over_what_came_next(wire, table, calm):
    table.put_new(ITEM)
    wire.between = lambda: calm.replace(THEIRS, 2)
    wire.meets("lost")
    table.replace(MINE, 1)
    assert calm.get("a", 1, consistent=True) == THEIRS
    wire.between = lambda: calm.put_new({**ITEM, "sk": 3})
    wire.meets("lost")
    assert table.put_new({**ITEM, "sk": 2}) is None
    assert [item["sk"] for item in calm.items("a", consistent=True)] == [1, 2, 3]


def test_a_replacement_that_another_followed_before_its_answer_says_no_and_the_caller_looks_again(wire, table, calm):
    """Nobody can tell it from one that came too late. A setting is then changed once more, on top of the other's."""
    table.put_new(ITEM)
    wire.between = lambda: calm.replace({**MINE, "version": 3, "theirs": 1}, 2)
    wire.meets("lost")
    assert not table.replace(MINE, 1)
    directory = Directory(table, Clock(sleep=lambda _: None))
    wire.between = lambda: calm.replace({**MINE, "version": 5, "theirs": 2, "mine": 1}, 4)
    wire.meets("", "lost")
    changed = directory.change(SETTING, lambda old: {**(old or {}), "mine": 2})
    assert changed == calm.get("a", 1, consistent=True)
    assert (changed["mine"], changed["theirs"], changed["version"]) == (2, 2, 6)


def test_a_transaction_whose_answer_was_lost_is_done_also_if_another_followed(wire, table, calm):
    """Its token tells the engine that it is the same."""
    table.put_new(ITEM)
    wire.between = lambda: calm.replace(THEIRS, 2)
    wire.meets("lost")
    table.transact([Replace(MINE, 1), PutNew({"pk": "b", "sk": 1}), Remove("c", 1)])
    assert calm.get("a", 1, consistent=True) == THEIRS


def test_what_arrives_long_after_it_was_given_up_changes_nothing(wire, table, calm):
    table.put_new(ITEM)
    with wire.weather({}):
        wire.meets("late", "late", "late")
        with pytest.raises(Unavailable):
            table.replace(MINE, 1)
        calm.replace({**THEIRS, "version": 2}, 1)
        calm.replace(THEIRS, 2)
        wire.meets("late")
        table.put_new({**ITEM, "sk": 2})
    assert calm.get("a", 1, consistent=True) == THEIRS
    assert [item["sk"] for item in calm.items("a", consistent=True)] == [1, 2]


def test_transactions_in_each_others_way_are_a_lost_race_and_an_append_in_their_way_may_be_tried_again(wire, table):
    wire.meets("conflict")
    with pytest.raises(Collision) as collision:
        table.transact([PutNew(ITEM), PutNew({"pk": "b", "sk": 1})])
    assert list(collision.value.olds.values()) == [{}]
    wire.meets("conflict")
    with pytest.raises(Unavailable):
        table.put_new(ITEM)
    assert table.scan(after=None, limit=9) == []


def test_a_death_is_nobodys_to_catch(wire, table, calm):
    for fault, is_written in (("dies", False), ("dies_after", True)):
        wire.meets(fault)
        with pytest.raises(Dies):
            table.put_new(ITEM)
        assert (calm.get("a", 1, consistent=True) is not None) is is_written


def test_a_campaign_is_there_when_its_creation_was_answered_whoever_was_in_its_way(engine_of, wire):
    names = [engine_of.wired_table(sort=sort).name for sort in "NSS"]
    tables = [DynamoTable(wire.client, name) for name in names]
    operator = Client(COUPONS, make_world(Clock(sleep=lambda _: None), tables), OPERATOR)
    wire.meets("", "", "", "conflict")  # the programme, the campaign, its locator; then all that is written
    assert operator.post("/v1/campaigns", CAMPAIGN).status == 201
    assert operator.get("/v1/campaigns/spring").status == 200
