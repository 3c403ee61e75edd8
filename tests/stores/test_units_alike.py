"""What the in-memory store counts is what the engine reports: the budgets of all other tests stand on it.

What both promise beside, `tests/engines/` asks of every engine alike.
"""

import pytest

from infra.engine import new_table
from shared.memory import MemoryTable, write_units
from shared.table import PutNew, Replace

ITEM = {"pk": "a", "sk": 1, "version": 1, "text": "é日本", "blob": b"\x00\xff", "list": [1, {"x": True}], "none": None}


@pytest.mark.parametrize("size", [1, 900, 1100, 3000])
def test_units_in_memory_are_those_that_the_engine_reports(dynamodb, size):
    item = {**ITEM, "blob": b"x" * size, "count": -1234567, "deep": {"a": [1, "b", None, False]}}
    usages = []
    for table in (MemoryTable(), new_table(dynamodb)):
        table.put_new(item)
        table.get("a", 1)
        table.newest("a", consistent=True)
        table.scan(after=None, limit=9)
        table.transact([PutNew({**item, "sk": 2}), Replace({**item, "version": 2}, 1)])
        table.put_new({**item, "text": "refused"})
        usages.append(table.usage)
    assert usages[0].round_trips == usages[1].round_trips
    assert usages[0].read_units == usages[1].read_units
    failed = write_units(item) - 1  # the engine does not report a failed condition; we count one unit for it
    assert usages[0].write_units - failed == usages[1].write_units
