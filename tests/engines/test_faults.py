"""Many customers, tills and a café at once, on real engines behind a bad wire: all that is promised is kept.

A failure says the seed. Threads are not bound to it: the same seed draws the same wishes and as many faults, in an
order of the threads' own. The simulator repeats a run exactly; this shows that the engines are as it takes them to be.
"""

import os
import random
from contextlib import contextmanager

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from shared.dynamo import DynamoTable
from tests.engines import agreed
from tests.engines.acts import Visitor
from tests.engines.conftest import LOCAL
from tests.engines.shop import Shop
from tests.engines.wire import CHANCES, Dies, wired
from tests.races.test_chain import all_at_once

THREADS = 16
RELAYS = 1


@pytest.fixture(params=["ministack", LOCAL])
def engine_of(request):
    return request.getfixturevalue(request.param.replace("-", "_"))


@contextmanager
def shop_of(engine, seed, **more):
    """A shop with fresh tables in an engine, behind a wire of its own."""
    print(f"seed {seed}")
    tables = engine.wired_table(), engine.wired_table(sort="S"), engine.wired_table(sort="S")
    with wired(engine.client.meta.endpoint_url, seed) as wire:
        yield Shop(wire, tables, **more)


def day(shop, seed, visits):
    """Everybody at once in bad weather, with the relay among them; then calm, and all that is under way arrives."""
    codes: list[str] = []
    left = iter(range(THREADS - RELAYS, 0, -1))

    def work(n):
        if n < RELAYS:
            return shop.keep_relaying()
        try:
            Visitor(shop, seed, n, codes).acts(visits)
        finally:
            if next(left) == 1:
                shop.is_open = False
        return None

    with shop.wire.weather(CHANCES):
        all_at_once(THREADS, work)
    shop.sweep()


def found(shop):
    return [*agreed.broken(shop), *agreed.answered_otherwise(shop)]


def seeds(count):
    """New ones at each run, or the one that `OMO_SEED` names."""
    named = os.environ.get("OMO_SEED")
    return [int(named)] * count if named else [random.SystemRandom().randrange(1_000_000) for _ in range(count)]


def test_nothing_is_lost_or_doubled_and_no_cap_is_exceeded_by_whatever_happens_on_the_wire(engine_of):
    (seed,) = seeds(1)
    with shop_of(engine_of, seed) as shop:
        day(shop, seed, visits=3)
        assert "\n".join(found(shop)) == ""
        assert sum(shop.wire.met.values()) > 20


@pytest.mark.slow
def test_the_same_on_days_with_more_visitors(engine_of):
    for seed in seeds(3):
        with shop_of(engine_of, seed) as shop:
            day(shop, seed, visits=12)
            assert "\n".join(found(shop)) == ""


# ---- controls: the same weather finds what is not made for it ---------------------------------------------------------


class WithoutCondition(DynamoTable):
    """Whoever appends last to a member's points has the number."""

    def put_new(self, item):
        if item["pk"].startswith("M#"):
            self.put(item)
            return None
        return super().put_new(item)


def is_noticed(shop, seed):
    try:
        day(shop, seed, visits=2)
    except AssertionError:  # the product itself said so, or left something over
        return True
    return bool(found(shop))


def test_control_a_port_without_its_condition_loses_points(engine_of):
    for seed in seeds(6):
        with shop_of(engine_of, seed, as_ledger=WithoutCondition) as shop:
            if is_noticed(shop, seed):
                return
    pytest.fail("nobody noticed")


def test_control_adding_to_a_sum_counts_what_was_sent_again_twice(engine_of):
    """The plain way, `ADD points :n`: each asks until it has an answer, and the sum is more than was acknowledged."""
    (seed,) = seeds(1)
    print(f"seed {seed}")
    table = engine_of.wired_table()
    with wired(engine_of.client.meta.endpoint_url, seed) as wire:
        asked = {
            "TableName": table.name,
            "Key": {"pk": {"S": "M#aki"}, "sk": {"N": "1"}},
            "UpdateExpression": "ADD points :n",
            "ExpressionAttributeValues": {":n": {"N": "1"}},
        }

        def buy(_):
            for _ in range(10):
                while True:
                    try:
                        wire.client.update_item(**asked)
                        break
                    except (Dies, ClientError, BotoCoreError):
                        continue

        with wire.weather(CHANCES):
            all_at_once(THREADS, buy)
        assert table.get("M#aki", 1, consistent=True)["points"] > 10 * THREADS
