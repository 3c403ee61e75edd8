"""What happens to a purchase costs, from what the ledger reports; and how large its entries become."""

import pytest

from points.routes import ROUTES
from shared.memory import size
from tests.api.points.shop import (
    buy,
    cancel,
    claim,
    complete,
    give_back,
    hold,
    line,
    of_nobody,
    part,
    reverse,
    set_programme,
)
from tests.kit import Client, FakeClock, make_world

KB = 1024


@pytest.fixture
def client():
    client = Client(ROUTES, make_world(FakeClock()))
    for member_id in ("taro", "hanako"):
        client.post("/v1/members", {"member_id": member_id})
    buy(client, "first", 10_000)
    return client


def cost(client, act):
    """Write units, read units and round trips of the ledger."""
    usage = client.world.ledger.table.usage
    usage.reset()
    answer = act()
    assert answer.status < 300, answer.body
    return usage.write_units, usage.read_units, usage.round_trips


def others(client, count=3, name=""):
    """The member's account goes on: the purchase is not its newest entry any more."""
    for n in range(count):
        buy(client, f"other-{name}{n}")


LIFE = {
    "complete": (lambda client: buy(client, state="placed"), complete),
    "cancel": (lambda client: buy(client, state="placed"), cancel),
    "return": (lambda client: buy(client, "p-1", 700, 300), lambda client: give_back(client, "p-1", "r-1", part("1"))),
    "return of points used": (lambda client: buy(client, "p-1", 700, 300, points_used=50), give_back),
}


@pytest.mark.parametrize("name", LIFE)
def test_what_happens_to_the_newest_purchase_is_two_writes_and_four_trips(client, name):
    prepare, act = LIFE[name]
    prepare(client)
    assert cost(client, lambda: act(client)) == (2, 1, 4)


@pytest.mark.parametrize("count", [1, 3, 40])
@pytest.mark.parametrize("name", LIFE)
def test_behind_others_it_is_one_look_more(client, name, count):
    """The purchase's own entry tells what it gave; it stands a step behind the number that its name has seen."""
    prepare, act = LIFE[name]
    prepare(client)
    others(client, count)
    assert cost(client, lambda: act(client)) == (2, 1.5, 5)


@pytest.mark.parametrize(("count", "trips"), [(0, [4, 4, 5]), (3, [5, 4, 5]), (40, [5, 5, 6])])
def test_the_next_return_knows_from_the_one_before(client, count, trips):
    """The chain has the facts. That the decision before has entered shows in the account's ring, or in one look more.

    From the third on the name is read by itself, whatever lies between.
    """
    buy(client, lines=[line(1000, "1", 9)])
    for n, expected in enumerate(trips):
        others(client, count, f"{n}-")
        found = cost(client, lambda n=n: give_back(client, "p-1", f"r-{n}", part("1", quantity=1)))
        assert (found[0], found[2]) == (2, expected)
        assert found[1] <= (1.5 if expected < 6 else 2)


def test_a_preview_writes_nothing(client):
    buy(client)
    writes, reads, trips = cost(client, lambda: give_back(client, verb="returns/preview"))
    assert writes == 0
    assert reads <= 2.5
    assert trips <= 3


def test_sent_again_it_is_read_and_not_written(client):
    buy(client)
    give_back(client)
    others(client)
    writes, reads, trips = cost(client, lambda: give_back(client))
    assert writes == 0
    assert reads <= 2
    assert trips <= 4


def test_a_return_that_may_be_refused_is_one_transaction(client):
    set_programme(client, clawback="refuse")
    buy(client)
    writes, reads, trips = cost(client, lambda: give_back(client))
    assert writes == 4
    assert reads <= 3
    assert trips <= 5


@pytest.mark.parametrize(("count", "reads", "trips"), [(0, 1.5, 4), (3, 2, 5), (14, 2, 5)])
def test_a_reversal_is_one_write_in_each_chain(client, count, reads, trips):
    buy(client, "p-1", 1000, points_used=50)
    others(client, count)
    assert cost(client, lambda: reverse(client)) == (2, reads, trips)


def test_a_reversal_of_what_something_had_happened_to_looks_for_that_first(client):
    buy(client, "p-1", 700, 300)
    give_back(client, "p-1", "r-1", part("1"))
    writes, reads, trips = cost(client, lambda: reverse(client))
    assert writes == 2
    assert reads <= 3
    assert trips <= 7


def test_closing_what_never_came_is_one_write(client):
    assert cost(client, lambda: reverse(client, "never")) == (1, 0.5, 2)


def test_a_claim_is_its_name_and_one_write_in_each_chain(client):
    of_nobody(client)
    assert cost(client, lambda: claim(client, 1000)) == (3, 1, 5)


def test_recording_for_nobody_is_one_write(client):
    assert cost(client, lambda: of_nobody(client)) == (1, 0, 1)


def test_a_purchase_from_a_hold_costs_the_look_at_the_hold(client):
    hold(client, 60)
    writes, reads, trips = cost(client, lambda: buy(client, "p-1", 5000, points_used=45, hold_id="h-1"))
    assert writes == 2
    assert reads <= 2
    assert trips <= 6


def test_a_purchase_costs_what_it_did(client):
    assert cost(client, lambda: buy(client, "p-2", points_used=20)) == (2, 0.5, 3)
    assert cost(client, lambda: buy(client, "p-3", state="placed")) == (2, 0.5, 3)


# ---- sizes ----------------------------------------------------------------------------------------------------------


def entries_of(client, prefix):
    items = client.world.ledger.table.scan()
    return [item for item in items if item["pk"].startswith(prefix) and item["sk"]]


def test_an_entry_of_a_purchase_fits_one_unit_up_to_sixty_lines(client):
    goods = [line(100 + 37 * n, str(n), 3, tax=8 + n) for n in range(60)]
    buy(client, lines=goods, points_used=99)
    for n in range(20):
        give_back(client, "p-1", f"r-{n}", *[part(str(one), quantity=1) for one in range(n, n + 20)])
    assert max(size(item) for item in entries_of(client, "N#purchase")) <= KB


def test_five_hundred_lines_returned_in_parts(client):
    """Only lines of which something came back are kept, so an entry grows with what came back, up to 4 KB."""
    goods = [line(1000 + 37 * n, str(n), 3, tax=80 + n) for n in range(500)]
    assert buy(client, lines=goods, points_used=99).status == 201
    sizes = []
    for n in range(10):
        some = [part(str(one), quantity=1) for one in range(50 * n, 50 * n + 50)]
        assert give_back(client, "p-1", f"r-{n}", *some).status == 201
        sizes.append(max(size(item) for item in entries_of(client, "N#purchase")))
    assert sizes[0] <= KB
    assert sizes[-1] <= 5 * KB
    assert give_back(client, "p-1", "rest").status == 201
    last = entries_of(client, "N#purchase")[-1]
    assert size(last) <= 2 * KB, "what is gone takes next to nothing"
    assert max(size(item) for item in entries_of(client, "M#")) <= KB
