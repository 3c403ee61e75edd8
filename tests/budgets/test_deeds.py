"""Every operation through its whole handler costs no more than is allowed, and the first of an environment little more."""

import pytest

from infra.bench.deeds import DEEDS
from infra.bench.shop import quiet
from infra.bench.units import counted
from shared.memory import MemoryTable

SETTINGS_MAX = 3
"""So many round trips at most are spent on settings by a request that finds none in the cache."""


@pytest.fixture(scope="module")
def found():
    with quiet():
        return counted([MemoryTable(), MemoryTable(), MemoryTable()])


@pytest.mark.parametrize("name", DEEDS)
def test_an_operation_costs_what_is_allowed(found, name):
    cost, allowed = found[name][0], DEEDS[name][1]
    assert cost.writes <= allowed.writes
    assert cost.reads <= allowed.reads
    assert cost.trips <= allowed.trips


@pytest.mark.parametrize("name", DEEDS)
def test_the_first_request_of_an_environment_reads_few_settings(found, name):
    cost, first = found[name]
    assert cost.trips <= first <= cost.trips + SETTINGS_MAX
