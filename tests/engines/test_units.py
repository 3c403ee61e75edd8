"""What is paid: the figures that an engine reports, at the borders of 1 KB and 4 KB. The budgets rest on these."""

import pytest

from shared.table import Collision, Put, PutNew, Remove, Replace

FRAME = len("pk" + "a" + "sk" + "b" + "x")


@pytest.fixture
def table(subject):
    return subject.table(sort="S")


def item(size, sk="b", **more):
    """An item of so many bytes, as DynamoDB counts them."""
    rest = sum(len(name) + len(value) for name, value in more.items())
    return {"pk": "a", "sk": sk, "x": b"x" * (size - FRAME - rest), **more}


def paid(table, act, *args, **kwargs):
    before = table.usage.write_units, table.usage.read_units
    act(*args, **kwargs)
    return table.usage.write_units - before[0], table.usage.read_units - before[1]


WRITTEN = [(20, 1), (1024, 1), (1025, 2), (2048, 2), (2049, 3), (10_240, 10), (10_241, 11)]
READ = [(20, 1), (4096, 1), (4097, 2), (8192, 2), (8193, 3), (40_960, 10), (40_961, 11)]


def test_a_write_costs_a_unit_for_each_begun_kb(subject):
    for size, units in WRITTEN:
        table = subject.table(sort="S")
        assert paid(table, table.put_new, item(size)) == (units, 0)
        assert paid(table, table.put, item(size)) == (units, 0)


def test_a_write_in_a_transaction_costs_double(subject):
    for size, units in WRITTEN:
        table = subject.table(sort="S")
        assert paid(table, table.transact, [PutNew(item(size)), PutNew(item(20, "c"))]) == (2 * units + 2, 0)


def test_a_consistent_read_of_one_item_costs_a_unit_for_each_begun_4_kb_and_any_other_half_of_it(subject):
    for size, units in READ:
        table = subject.table(sort="S")
        table.put_new(item(size))
        assert paid(table, table.get, "a", "b", consistent=True) == (0, units)
        assert paid(table, table.get, "a", "b") == (0, units / 2)


def test_a_query_and_a_scan_cost_as_much_as_what_they_read(subject):
    for size, units in READ:
        table = subject.table(sort="S")
        table.put_new(item(size))
        assert paid(table, table.newest, "a", consistent=True) == (0, units)
        assert paid(table, table.newest, "a") == (0, units / 2)
        assert paid(table, table.scan, after=None, limit=9) == (0, units / 2)


def test_items_that_are_read_together_are_rounded_together(table):
    for sk in "bcd":
        table.put_new(item(3000, sk))
    assert paid(table, table.items, "a") == (0, 1.5)  # 9,000 bytes
    assert paid(table, table.items, "a", limit=2, consistent=True) == (0, 2)
    assert paid(table, table.scan, after=None, limit=2) == (0, 1)


def test_reading_nothing_costs_as_much_as_reading_a_little(table):
    assert paid(table, table.get, "a", "b", consistent=True) == (0, 1)
    assert paid(table, table.get, "a", "b") == (0, 0.5)
    assert paid(table, table.newest, "a") == (0, 0.5)


def test_who_overwrites_pays_for_the_larger_of_both(table):
    table.put_new(item(3000, version="1"))
    assert paid(table, table.put, item(20)) == (3, 0)
    assert paid(table, table.put, item(2000)) == (2, 0)


def test_who_deletes_pays_for_what_goes(table):
    table.put_new(item(3000))
    assert paid(table, table.delete, "a", "b") == (3, 0)
    assert paid(table, table.delete, "a", "b") == (1, 0)


def test_a_transaction_that_overwrites_and_removes_pays_double_for_the_larger(table):
    table.put_new(item(3000) | {"version": 1})
    table.put_new(item(2000, "c"))
    table.put_new(item(4000, "d"))
    writes = [Replace(item(20) | {"version": 2}, 1), Remove("a", "c"), Put(item(20, "d"))]
    assert paid(table, table.transact, writes) == (2 * (3 + 2 + 4), 0)


def test_a_refused_write_is_counted_by_the_port_for_engines_do_not_report_it(table):
    table.put_new(item(20))
    assert paid(table, table.put_new, item(21)) == (1, 0)
    assert paid(table, table.replace, item(21), 5) == (1, 0)

    def refused():
        with pytest.raises(Collision):
            table.transact([PutNew(item(20, "c")), PutNew(item(21))])

    assert paid(table, refused) == (4, 0)
