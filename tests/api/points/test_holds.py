"""Holds: made, captured in whole or part, released, extended, lapsed, reversed; each once."""

import pytest
from hypothesis import given, strategies as st

from infra import invariants
from points.routes import ROUTES
from tests.kit import CAFE, EC, TILL, Client, FakeClock, key, make_world, member, purchase


def lines(amount):
    return [{"line_id": "1", "quantity": 1, "amount": amount}]


def wanted(hold_id="h-1", points=60, **changes):
    return {"hold_id": hold_id, "member": {"member_id": "taro"}, "points": points, "order_ref": "o-1"} | changes


@pytest.fixture
def rich(client):
    client.post("/v1/purchases", purchase(purchase_id="first", lines=lines(10_000)))
    return client


def balance(client):
    said = client.as_(EC).get("/v1/members/taro/balance").body
    return said["available"], said["held"]


def act(client, verb, hold_id="h-1", body=None):
    return client.post(f"/v1/holds/{hold_id}/{verb}", body or {})


def test_held_points_are_neither_available_nor_gone(rich):
    answer = rich.post("/v1/holds", wanted())
    assert answer.status == 201
    assert answer.body == {
        "hold_id": "h-1",
        "state": "held",
        "points": 60,
        "captured": 0,
        "released": 0,
        "expires_at": "2026-11-20T03:15:00Z",
        "balance": 40,
    }
    assert balance(rich) == (40, 60)
    assert rich.post("/v1/spends", {"spend_id": "s", **wanted("x")} | {"points": 41}).status == 422


def test_the_same_hold_again_is_answered_as_before(rich):
    first = rich.post("/v1/holds", wanted())
    assert rich.post("/v1/holds", wanted()).body == first.body
    assert rich.post("/v1/holds", wanted(points=61)).code == "id_reused"
    assert balance(rich) == (40, 60)


@pytest.mark.parametrize(("points", "captured", "available"), [(None, 60, 40), (60, 60, 40), (25, 25, 75)])
def test_a_capture_uses_what_it_says_and_the_rest_comes_back(rich, points, captured, available):
    rich.post("/v1/holds", wanted())
    body = {} if points is None else {"points": points}
    answer = act(rich, "capture", body=body)
    assert (answer.status, answer.body["state"]) == (200, "captured")
    assert (answer.body["captured"], answer.body["released"]) == (captured, 60 - captured)
    assert answer.body["balance"] == available
    again = act(rich, "capture", body=body)
    assert (again.body, again.is_replay) == (answer.body, True)
    assert balance(rich) == (available, 0)


def test_a_hold_has_one_end(rich):
    rich.post("/v1/holds", wanted())
    act(rich, "capture", body={"points": 25})
    assert act(rich, "capture", body={"points": 26}).code == "hold_closed"
    assert act(rich, "release").code == "hold_closed"
    assert act(rich, "extend", body={"ttl_seconds": 60}).code == "hold_closed"
    rich.post("/v1/holds", wanted("h-2", 10))
    assert act(rich, "release", "h-2").body["state"] == "released"
    assert act(rich, "release", "h-2").is_replay
    assert act(rich, "capture", "h-2").code == "hold_closed"
    assert balance(rich) == (75, 0)


def test_a_lapsed_hold_gives_its_points_back_by_itself(rich, clock):
    rich.post("/v1/holds", wanted())
    clock.forward(minutes=14, seconds=59)
    assert balance(rich) == (40, 60)
    clock.forward(seconds=1)
    assert balance(rich) == (100, 0)
    rich.post("/v1/purchases", purchase(purchase_id="next", lines=lines(100)))
    kinds = [entry["kind"] for entry in rich.get("/v1/members/taro/entries").body["items"]]
    assert kinds == ["earned", "released", "held", "earned"]


def test_a_capture_after_the_lapse_succeeds_while_the_points_are_there(rich, clock):
    rich.post("/v1/holds", wanted())
    rich.post("/v1/holds", wanted("h-2", 30))
    clock.forward(hours=1)
    answer = act(rich, "capture")
    assert (answer.body["captured"], answer.body["balance"]) == (60, 40)
    assert act(rich, "capture").is_replay
    rich.post("/v1/spends", {"spend_id": "s", "member": {"member_id": "taro"}, "points": 20, "order_ref": "o"})
    refused = act(rich, "capture", "h-2")
    assert (refused.status, refused.code) == (409, "insufficient_points")
    assert act(rich, "release", "h-2").body["state"] == "released"
    assert act(rich, "capture", "h-2").code == "hold_closed"
    assert balance(rich) == (20, 0)


def test_a_hold_is_kept_for_longer_and_never_for_shorter(rich, clock):
    rich.post("/v1/holds", wanted())
    assert act(rich, "extend", body={"ttl_seconds": 3600}).body["expires_at"] == "2026-11-20T04:00:00Z"
    assert act(rich, "extend", body={"ttl_seconds": 60}).body["expires_at"] == "2026-11-20T04:00:00Z"
    clock.forward(minutes=59)
    assert balance(rich) == (40, 60)


def test_held_points_do_not_expire_and_those_that_come_back_too_late_are_gone(rich, clock):
    clock.at = clock.at.replace(year=2027, month=11, day=20, hour=14, minute=50)
    rich.post("/v1/holds", wanted(ttl_seconds=1200))
    clock.forward(minutes=15)  # past midnight in Tokyo: the other 40 are gone
    assert balance(rich) == (0, 60)
    answer = act(rich, "capture", body={"points": 50})
    assert (answer.body["captured"], answer.body["released"], answer.body["balance"]) == (50, 10, 0)


def test_a_reversed_hold_leaves_no_trace_on_the_balance(rich, clock):
    def undo(hold_id):
        return rich.post(f"/v1/operations/{hold_id}/reverse", {"reverse_id": f"r-{hold_id}", "kind": "hold"})

    rich.post("/v1/holds", wanted("open", 10))
    rich.post("/v1/holds", wanted("used", 20))
    rich.post("/v1/holds", wanted("lapsed", 30))
    act(rich, "capture", "used", {"points": 15})
    act(rich, "extend", "open", {"ttl_seconds": 86_400})
    clock.forward(hours=1)
    for hold_id in ("open", "used", "lapsed"):
        first = undo(hold_id)
        assert (first.status, first.body["state"]) == (200, "reversed")
        assert undo(hold_id).status == 200
        assert act(rich, "capture", hold_id).code == "reversed"
        assert rich.post("/v1/holds", wanted(hold_id, 10)).status in (409, 422)
    assert balance(rich) == (100, 0)
    assert undo("never").body["state"] == "not_arrived"
    assert rich.post("/v1/holds", wanted("never")).code == "reversed"


def test_seventeen_holds_are_too_many(rich):
    for n in range(16):
        assert rich.post("/v1/holds", wanted(f"h{n}", 1)).status == 201
    answer = rich.post("/v1/holds", wanted("h16", 1))
    assert (answer.status, answer.code, answer.body["limit"]) == (409, "too_many_holds", 16)
    act(rich, "release", "h3")
    assert rich.post("/v1/holds", wanted("h16", 1)).status == 201


@pytest.mark.parametrize(
    ("verb", "body", "status", "code"),
    [
        ("capture", {"points": 61}, 422, "exceeds_hold"),
        ("capture", {"points": 0}, 422, "invalid_request"),
        ("extend", {"ttl_seconds": 59}, 422, "invalid_request"),
        ("extend", {"ttl_seconds": 86_401}, 422, "invalid_request"),
        ("release", {"points": 1}, 422, "invalid_request"),
    ],
)
def test_what_a_hold_does_not_take_is_refused(rich, verb, body, status, code):
    rich.post("/v1/holds", wanted())
    answer = act(rich, verb, body=body)
    assert (answer.status, answer.code) == (status, code)
    assert balance(rich) == (40, 60)


@pytest.mark.parametrize("verb", ["capture", "release", "extend"])
def test_an_unknown_hold_is_not_found(rich, verb):
    body = {"ttl_seconds": 60} if verb == "extend" else {}
    assert act(rich, verb, "nothing", body).code == "hold_not_found"


def test_a_hold_that_was_named_and_never_entered_is_not_captured(rich):
    ledger, enter = rich.world.ledger, rich.world.ledger.enter
    ledger.enter = None
    assert rich.post("/v1/holds", wanted()).status == 500
    ledger.enter = enter
    assert act(rich, "capture").code == "hold_not_found"
    assert rich.post("/v1/holds", wanted()).status == 201
    assert act(rich, "capture").body["captured"] == 60


@pytest.mark.parametrize(
    "changes", [{"points": 0}, {"ttl_seconds": 59}, {"ttl_seconds": 86_401}, {"order_ref": ""}, {"x": 1}]
)
def test_a_bad_hold_is_refused(rich, changes):
    assert rich.post("/v1/holds", wanted(**changes)).code == "invalid_request"


def test_a_till_needs_the_members_presence(rich):
    assert rich.as_(TILL).post("/v1/holds", wanted()).code == "presence_required"
    code = rich.as_(member("taro")).get("/v1/me/code").body["rotating"]["value"]
    assert rich.as_(TILL).post("/v1/holds", wanted(member={"code": code})).status == 201
    assert act(rich.as_(TILL), "capture").status == 200


@pytest.mark.parametrize("who", [CAFE, member("taro"), key("ec", scopes=frozenset({"points:read"}))])
def test_only_who_may_spend_holds(rich, who):
    assert rich.as_(who).post("/v1/holds", wanted()).code == "forbidden"
    assert act(rich.as_(who), "capture").code == "forbidden"


def test_a_hold_costs_two_writes_and_its_end_one(rich):
    usage = rich.world.ledger.table.usage
    usage.reset()
    rich.post("/v1/holds", wanted())
    assert (usage.write_units, usage.read_units, usage.round_trips) == (2, 0.5, 3)
    for verb, body in (("extend", {"ttl_seconds": 1000}), ("capture", {"points": 5})):
        usage.reset()
        act(rich, verb, body=body)
        assert (usage.write_units, usage.round_trips) == (1, 3)
        assert usage.read_units <= 1


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["hold", "capture", "release", "extend", "wait", "undo"]), st.integers(0, 3), st.integers(1, 60)
    ),
    max_size=25,
)


@given(STEPS)
def test_captured_released_and_held_always_add_up(steps):
    clock = FakeClock()
    client = Client(ROUTES, make_world(clock))
    client.post("/v1/members", {"member_id": "taro"})
    client.post("/v1/purchases", purchase(purchase_id="first", lines=lines(10_000)))
    captured: dict[int, int] = {}
    for action, n, number in steps:
        if action == "hold":
            client.post("/v1/holds", wanted(f"h{n}", number))
        elif action in ("capture", "release"):
            answer = act(client, action, f"h{n}", {"points": number} if action == "capture" else {})
            if answer.status == 200:
                captured[n] = answer.body["captured"]
                assert answer.body["captured"] + answer.body["released"] == answer.body["points"]
        elif action == "extend":
            act(client, "extend", f"h{n}", {"ttl_seconds": 60 * number + 60})
        elif action == "wait":
            clock.forward(minutes=number)
        else:
            assert client.post(f"/v1/operations/h{n}/reverse", {"reverse_id": "r", "kind": "hold"}).status == 200
            captured[n] = 0
        available, held = balance(client)
        assert available + held + sum(captured.values()) == 100
        assert min(available, held) >= 0
    assert invariants.faults(client.world.ledger.table.items("M#taro")) == []
