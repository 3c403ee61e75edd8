"""The numbers that `omo cost` multiplies are what the operations cost."""

from dataclasses import fields

import pytest

from infra.units import UNITS, Units
from tests.budgets.measuring import BYTES, measured


@pytest.mark.parametrize("name", UNITS)
def test_an_operation_costs_what_the_table_says(name):
    """Units, trips and events to the last one; bytes within 3 %, for the sizes of packed bytes are zlib's own."""
    found, said = measured(name), UNITS[name]
    for one in (field.name for field in fields(Units)):
        number = getattr(said, one)
        assert getattr(found, one) == (pytest.approx(number, rel=0.03) if one in BYTES else number), (one, found)
