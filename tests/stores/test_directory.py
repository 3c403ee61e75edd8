"""Settings that change together, and lists of settings, in memory and on the local AWS."""

import pytest

from infra.engine import new_table
from shared.clock import Clock
from shared.directory import Directory
from shared.memory import MemoryTable
from shared.table import Collision, Put, PutNew, Remove, Replace

KEY = ("shelf", "a")


@pytest.fixture(params=["memory", "ministack"])
def table(request):
    if request.param == "memory":
        return MemoryTable()
    return new_table(request.getfixturevalue("dynamodb"), sort="S")


@pytest.fixture
def slept():
    return []


@pytest.fixture
def directory(table, slept):
    return Directory(table, Clock(sleep=slept.append, elapsed=lambda: sum(slept)))


def item(sk, **more):
    return {"pk": "book", "sk": sk, **more}


def test_a_put_in_a_transaction_overwrites_and_hangs_on_the_conditions_of_the_others(table):
    table.put_new(item("b", n=1))
    with pytest.raises(Collision):
        table.transact([Replace({"pk": "shelf", "sk": "a", "version": 2}, 1), Put(item("b", n=2))])
    assert table.get("book", "b", consistent=True) == item("b", n=1)
    table.transact([PutNew({"pk": "shelf", "sk": "a", "version": 1}), Put(item("b", n=2)), Put(item("c", n=3))])
    assert table.items("book", consistent=True) == [item("b", n=2), item("c", n=3)]


def test_the_very_same_transaction_again_counts_as_done(table):
    writes = [PutNew({"pk": "shelf", "sk": "a", "version": 1}), Put(item("b", n=1)), Remove("book", "c")]
    table.transact(writes)
    table.transact(writes)
    other = [PutNew({"pk": "shelf", "sk": "a", "version": 2}), Put(item("b", n=2))]
    with pytest.raises(Collision):
        table.transact(other)
    assert table.get("book", "b", consistent=True) == item("b", n=1)


def test_what_changes_with_a_setting_changes_as_one_and_is_waited_out(table, directory, slept):
    def also(old, new):
        gone = [Remove("book", old["shows"])] if old else []
        return [Put(item(new["shows"], version=new["version"])), *gone]

    directory.change(KEY, lambda _: {"shows": "x"}, also)
    directory.change(KEY, lambda old: old | {"shows": "y"}, also)
    assert table.items("book", consistent=True) == [item("y", version=2)]
    assert slept == [1.0, 1.0]


def test_a_change_that_meets_another_starts_again_from_what_it_finds(table, directory):
    directory.change(KEY, lambda _: {"count": 0})
    meddled: list[bool] = []

    def make(old):
        if not meddled:
            meddled.append(True)
            assert table.replace({**old, "count": 5, "version": old["version"] + 1}, old["version"])
        return old | {"count": old["count"] + 1}

    changed = directory.change(KEY, make, lambda _old, new: [Put(item("x", n=new["count"]))])
    assert (changed["count"], changed["version"]) == (6, 3)
    assert table.get("book", "x", consistent=True) == item("x", n=6)


def test_what_is_made_as_it_was_is_not_written_but_waited_out(table, directory, slept):
    """Whoever wrote it may have died before its second was over."""
    directory.change(KEY, lambda _: {"shows": "x"})
    before = table.usage.write_units
    assert directory.change(KEY, lambda old: old, lambda _old, _new: [Put(item("x"))])["version"] == 1
    assert (table.usage.write_units, slept) == (before, [1.0, 1.0])
    assert table.get("book", "x", consistent=True) is None


def test_a_write_without_its_wait_tells_what_was_there_before(table, directory, slept):
    assert directory.write(KEY, lambda _: {"shows": "x"}) == (
        None,
        {"pk": KEY[0], "sk": KEY[1], "shows": "x", "version": 1},
    )
    before, after = directory.write(KEY, lambda old: old | {"shows": "y"})
    assert (before["shows"], after["shows"], after["version"], slept) == ("x", "y", 2, [])
    directory.wait()
    assert slept == [1.0]


def test_a_list_of_settings_is_at_most_a_second_old_and_new_after_ones_own_change(table, directory, slept):
    assert directory.settings("shelf") == []
    table.put_new({"pk": "shelf", "sk": "z", "version": 1})
    assert directory.settings("shelf") == []
    slept.append(1.0)
    assert [one["sk"] for one in directory.settings("shelf")] == ["z"]
    directory.change(KEY, lambda _: {})
    assert [one["sk"] for one in directory.settings("shelf")] == ["a", "z"]


def test_a_setting_is_read_again_when_the_clock_was_put_back(table):
    now = [100.0]
    directory = Directory(table, Clock(elapsed=lambda: now[0]))
    assert (directory.setting(KEY), directory.settings("shelf")) == (None, [])
    table.put_new({"pk": "shelf", "sk": "a", "version": 1})
    now[0] = 50.0
    assert directory.setting(KEY) is not None
    assert len(directory.settings("shelf")) == 1


def test_what_a_setting_means_is_worked_out_once_for_each_of_its_versions(directory, slept):
    seen = []

    def shows(one):
        seen.append(one["version"])
        return one["shows"]

    assert directory.read(KEY, shows) is None
    directory.change(KEY, lambda _: {"shows": "x"})
    assert [directory.read(KEY, shows) for _ in range(3)] == ["x"] * 3
    directory.change(KEY, lambda _: {"shows": "y"})
    assert [directory.read(KEY, shows) for _ in range(3)] == ["y"] * 3
    slept.append(1.0)
    assert directory.read(KEY, shows) == "y"
    assert seen == [1, 2], "what was read again says the same"


def test_what_a_whole_partition_means_is_worked_out_when_one_of_it_has_changed(table, directory, slept):
    seen = []

    def names(items):
        seen.append([one["sk"] for one in items])
        return seen[-1]

    assert directory.read_all("shelf", names) == []
    directory.change(KEY, lambda _: {"shows": "x"})
    assert [directory.read_all("shelf", names) for _ in range(2)] == [["a"]] * 2
    slept.append(1.0)
    assert directory.read_all("shelf", names) == ["a"]
    table.put_new({"pk": "shelf", "sk": "z", "version": 1})
    assert directory.read_all("shelf", names) == ["a"], "from the cache"
    slept.append(1.0)
    assert directory.read_all("shelf", names) == ["a", "z"]
    assert seen == [[], ["a"], ["a", "z"]]


def test_two_readings_of_one_setting_are_kept_apart(directory):
    directory.change(KEY, lambda _: {"shows": "x"})
    assert directory.read(KEY, lambda one: one["shows"]) == "x"
    assert directory.read(KEY, lambda one: one["version"]) == 1


def test_settings_that_are_asked_for_one_by_one_are_fetched_in_one_round_trip(table, directory, slept):
    for name in "ab":
        table.put_new({"pk": "shelf", "sk": name, "version": 1})
    table.usage.reset()
    directory.fetch(("shelf", "a"), ("shelf", "b"), ("shelf", "none"), ("shelf", "a"))
    assert directory.setting(("shelf", "b")) == {"pk": "shelf", "sk": "b", "version": 1}
    assert directory.setting(("shelf", "none")) is None
    assert table.usage.round_trips == 1
    assert directory.is_in_cache(KEY)
    slept.append(1.0)
    assert not directory.is_in_cache(KEY)
    assert directory.setting(KEY)["version"] == 1
    assert table.usage.round_trips == 2


def test_what_is_fetched_is_as_new_as_what_is_read_alone(table, directory, slept):
    directory.fetch(KEY, ("shelf", "b"))
    assert directory.setting(KEY) is None
    table.put_new({"pk": "shelf", "sk": "a", "version": 1})
    assert directory.setting(KEY) is None
    slept.append(1.0)
    directory.fetch(KEY, ("shelf", "b"))
    assert directory.setting(KEY)["version"] == 1


def test_one_setting_alone_is_not_fetched_before_somebody_asks_for_it(table, directory):
    directory.setting(KEY)
    table.usage.reset()
    directory.fetch(KEY, ("shelf", "b"))
    assert table.usage.round_trips == 0


def test_what_never_changes_is_read_once_and_only_once_it_is_there(table, directory, slept):
    assert directory.fixed(KEY) is None
    table.put_new({"pk": "shelf", "sk": "a", "version": 1})
    assert directory.fixed(KEY) == {"pk": "shelf", "sk": "a", "version": 1}
    slept.append(3600.0)
    table.usage.reset()
    assert directory.read_fixed(KEY, lambda item: item["version"]) == 1
    assert table.usage.round_trips == 0
