"""What happens to a purchase, with a process that dies before or after any write, or whose answer is lost.

The stream alone brings all of it into the account or nothing; and the retry answers as if nothing had gone wrong.
"""

import contextlib
import itertools
import json
from typing import Any

import pytest

from points.reactions import CARRY_ON
from points.routes import ROUTES
from shared import inbox, relay
from shared.memory import MemoryTable
from tests.api.points.shop import (
    buy,
    cancel,
    claim,
    complete,
    entries,
    faults,
    give_back,
    hold,
    of_nobody,
    part,
    points,
    reverse,
    set_programme,
)
from tests.chain.test_crashes import HOW, Dies, FaultyTable
from tests.events.test_relay import Box
from tests.kit import Client, FakeClock, make_world
from tests.stream import record


def shop():
    client = Client(ROUTES, make_world(FakeClock(), (FaultyTable(), MemoryTable(), MemoryTable())))
    for member_id in ("taro", "hanako"):
        client.post("/v1/members", {"member_id": member_id})
    return client


def rich(client):
    buy(client, "first", 10_000)
    return client


def order(client):
    buy(rich(client), "p-1", 1000, 500, state="placed", points_used=30)


def completed_order(client):
    order(client)
    complete(client)


def returned_order(client):
    completed_order(client)
    give_back(client, "p-1", "r-0", part("2"))


def paid_from_a_hold(client):
    hold(rich(client), 60)
    buy(client, "p-1", 1000, 500, points_used=45, hold_id="h-1")


def strict(client):
    set_programme(client, clawback="refuse")
    completed_order(client)


def half_claimed(client):
    of_nobody(rich(client), "p-1", 1000, 500)
    give_back(client, "p-1", "r-0", part("1"))


ACTS = {
    "a purchase": (rich, buy),
    "a completion": (order, complete),
    "a cancellation": (order, cancel),
    "a return of an order": (order, lambda client: give_back(client, "p-1", "r-1", part("1"))),
    "a return": (completed_order, lambda client: give_back(client, "p-1", "r-1", part("1"))),
    "another return": (returned_order, lambda client: give_back(client, "p-1", "r-1", part("1"))),
    "a return of what a hold paid": (paid_from_a_hold, give_back),
    "a return that may be refused": (strict, give_back),
    "a return of nobody's": (half_claimed, lambda client: give_back(client, "p-1", "r-1", part("2"))),
    "a claim": (half_claimed, lambda client: claim(client, 1500)),
    "the reversal of a purchase": (lambda client: buy(rich(client)), reverse),
    "the reversal of an order": (order, reverse),
    "the reversal of a returned order": (returned_order, reverse),
    "the reversal of what a hold paid": (paid_from_a_hold, reverse),
    "the reversal of a claimed purchase": (lambda client: (half_claimed(client), claim(client, 1500)), reverse),
    "the reversal of what never came": (rich, reverse),
    "a purchase from a hold": (
        lambda client: hold(rich(client), 60),
        lambda client: buy(client, "p-1", 1000, points_used=45, hold_id="h-1"),
    ),
}
WRITES_MAX = 4


def stream(client):
    """What the relay sees, and the inbox makes of it, until nothing is open; nothing may be parked."""
    client.world.ledger.table.arm(0, "")
    for _ in range(2):
        box = Box()
        relay.relay_ledger(client.world, [record(item) for item in client.world.ledger.table.scan()], box)
        for n, (_, name) in enumerate(box.carried):
            message = {"messageId": str(n), "body": json.dumps({"carry_on": name})}
            done = inbox.work(client.world, {"Records": [message]}, reactions={}, carry_on=CARRY_ON)
            assert done == {"batchItemFailures": []}
    assert not [item for item in client.world.transient.scan() if item["pk"].startswith("parked")]
    waiting = [name for _, name in box.carried if "/" in name or not is_reversed(client, name)]
    assert waiting == []


def is_reversed(client, name):
    """A reversal asks at every delivery: whether it has entered shows only there."""
    return any(raw["k"] == "reversed" for item in client.world.ledger.table.items(name, after=0) for raw in item["e"])


def books(client):
    return points(client), points(client, "hanako")


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("has_stream", [True, False])
def test_wherever_its_process_died_it_happens_once_or_not_at_all(act, how, has_stream):
    prepare, does = ACTS[act]
    calm = shop()
    prepare(calm)
    before = books(calm)
    expected, after = does(calm), books(calm)
    writes = 0
    for fail_at in range(1, WRITES_MAX + 1):
        client = shop()
        prepare(client)
        client.world.ledger.table.arm(fail_at, how)
        try:
            first = does(client)
        except Dies:
            first = None
        client.world.ledger.table.arm(0, "")
        if first is not None and first.status != 503:
            break  # so many writes it does not make
        writes = fail_at
        if has_stream:
            stream(client)
            assert books(client) in (before, after), "all of it, or nothing"
        for _ in range(2):
            again = does(client)
            assert (again.status, again.body) == (expected.status, expected.body)
        stream(client)
        assert books(client) == after
        assert entries(client) == entries(calm)
        assert faults(client) == []
    assert writes >= 1


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(["complete", "return", "reverse"], 2)))
def test_whatever_comes_after_a_process_that_died_brings_its_work_first(first, second, how):
    """Between its two chains: the next one to touch the purchase finds the account as it should be."""
    acts: dict[str, Any] = {"complete": complete, "return": give_back, "reverse": reverse}
    calm, client = shop(), shop()
    for one in (calm, client):
        set_programme(one, clawback="clamp")
        order(one)
    client.world.ledger.table.arm(2, how)
    acts[first](calm)
    with contextlib.suppress(Dies):
        acts[first](client)
    client.world.ledger.table.arm(0, "")
    expected, answer = acts[second](calm), acts[second](client)
    assert (answer.status, answer.body.get("points"), answer.code) == (
        expected.status,
        expected.body.get("points"),
        expected.code,
    )
    stream(client)
    assert books(client) == books(calm)
    assert faults(client) == []
