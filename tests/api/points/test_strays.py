"""What careful reading found: processes that die between two chains, rules of two times, and the corners of reversal."""

import pytest

from points import afterwards
from points.reactions import CARRY_ON
from tests.api.points.shop import buy, cancel, complete, give_back, hold, lines, part, reverse, set_programme, spend
from tests.kit import CAFE, OPERATOR, TILL

LEVELS = [{"name": "base", "from": 0}, {"name": "gold", "from": 15}]


class Died(BaseException):
    """The process is gone."""


@pytest.fixture
def dying(monkeypatch):
    """A process that dies after the purchase's chain has decided, before the member's chain obeys."""

    def die(act, *args, **more):
        with monkeypatch.context() as patched:
            patched.setattr(afterwards, "obey", _dead)
            with pytest.raises(Died):
                act(*args, **more)

    return die


def _dead(*_args, **_more):
    raise Died


def finish(client, purchase_id="p-1"):
    partition = f"N#purchase.pos#shop#{purchase_id}"
    CARRY_ON["purchase.pos"](client.world, client.world.ledger.table.get(partition, 0))


def standing(client, member_id="taro"):
    found = client.get(f"/v1/members/{member_id}/balance").body
    return found["available"], found["pending"], found["debt"], found["tier"]["earned_in_window"]


@pytest.mark.parametrize("dead", [1, 2, 3])
def test_returns_whose_processes_died_count_though_the_purchase_was_reversed_meanwhile(client, dying, dead):
    buy(client, "p-1", 1000, 1000, 1000, 1000)
    for n in range(1, dead + 1):
        dying(give_back, client, "p-1", f"r-{n}", part(str(n)))
    assert reverse(client).status == 200
    finish(client)
    finish(client)
    assert standing(client) == (0, 0, 0, 0)


@pytest.mark.parametrize("clawback", ["debt", "clamp"])
def test_a_return_waits_for_a_dead_completion_and_a_dead_return_before_it(client, dying, clawback):
    set_programme(client, clawback=clawback)
    buy(client, "p-1", 1000, 1000, state="placed")
    dying(complete, client)
    dying(give_back, client, "p-1", "r-1", part("1"))
    assert give_back(client, "p-1", "r-2", part("2")).status == 201
    finish(client)
    assert standing(client) == (0, 0, 0, 0)


def test_an_old_purchase_is_counted_by_the_tiers_in_force(client, clock):
    buy(client, "old", 1000)
    clock.forward(days=11)
    set_programme(client, tiers={"window": {"rolling_months": 12}, "levels": LEVELS})
    buy(client, "new", 3000, occurred_at="2026-12-01T03:00:00Z")
    assert client.get("/v1/members/taro/balance").body["tier"]["name"] == "gold"
    clock.forward(days=40)
    give_back(client, "old")
    assert client.get("/v1/members/taro/balance").body["tier"]["name"] == "gold"  # December is not forgotten


def test_a_reversed_award_is_owed_even_where_returns_are_let_go(client):
    set_programme(client, clawback="clamp")
    cafe = client.as_(CAFE)
    code = client.get("/v1/members/taro")  # the member is there
    assert code.status == 200
    card = client.world.directory.table.get("member#taro", "member")["static_code"]
    assert (
        cafe.post("/v1/awards", {"award_id": "a", "member": {"code": card}, "points": 100, "reason": "x"}).status == 201
    )
    assert spend(client, 100).status == 201
    assert cafe.post("/v1/operations/a/reverse", {"reverse_id": "r", "kind": "award"}).body["state"] == "reversed"
    assert client.get("/v1/members/taro/balance").body["debt"] == 100


@pytest.mark.parametrize("act", [complete, cancel, give_back])
def test_nothing_happens_to_a_reversed_purchase_whose_member_was_merged(client, act):
    buy(client)
    assert (
        client.as_(OPERATOR).post("/v1/members/taro/merge", {"merge_id": "m", "into_member_id": "hanako"}).status == 200
    )
    assert reverse(client).status == 200
    assert (act(client).status, act(client).code) == (409, "reversed")


def test_a_purchase_is_of_the_web_shop_or_of_a_till(client):
    assert client.post("/v1/purchases/" + "x" * 3000 + "/p-1/complete", {}).code == "purchase_not_found"


def test_the_zone_stays_once_anything_was_recorded(client):
    operator = client.as_(OPERATOR)
    wanted = operator.get("/v1/programme").body | {"zone": "Europe/Paris"}
    buy(client)
    assert operator.put("/v1/programme", wanted).body["errors"][0]["pointer"] == "/zone"


def test_a_till_that_repeats_its_reversal_the_day_after_is_told_again(client, clock):
    till = client.as_(TILL)
    buy(till)
    assert reverse(till).status == 200
    clock.forward(hours=30)
    assert reverse(till).status == 200
    buy(till, "p-2", occurred_at="2026-11-21T03:00:00Z")
    clock.forward(hours=30)
    assert reverse(till, "p-2").code == "reverse_window_over"


def test_a_hold_that_a_purchase_used_is_closed_until_that_is_reversed(client):
    buy(client, "p-0", 20_000)
    hold(client, 60)
    assert buy(client, "p-1", 1000, points_used=50, hold_id="h-1").status == 201
    assert reverse(client, "h-1", "hold").code == "hold_closed"
    reverse(client)
    before = standing(client)
    assert reverse(client, "h-1", "hold").status == 200
    assert standing(client) == before


def test_a_purchase_in_a_batch_is_no_larger_than_alone(client):
    huge = {"line_id": "x", "quantity": 1, "amount": 1, "sku": "s" * 128, "category": "c" * 128}
    body = {
        "purchase_id": "p-9",
        "source": "pos",
        "member": {"member_id": "taro"},
        "occurred_at": "2026-11-20T02:55:00Z",
        "state": "completed",
        "lines": [huge | {"line_id": "漢" * 60 + str(n)} for n in range(500)],
    }
    fine = body | {"purchase_id": "p-8", "lines": lines(1000)}
    results = client.post("/v1/purchases/batch", {"purchases": [body, fine]}).body["results"]
    assert [one["status"] for one in results] == [413, 201]
