"""POST /v1/operations/{operation_id}/reverse: undone if it arrived, closed for good if not, once in either case."""

import pytest
from hypothesis import given, strategies as st

from infra import invariants
from points.reactions import CARRY_ON
from points.routes import ROUTES
from tests.kit import CAFE, EC, OPERATOR, OTHER_TILL, TILL, Client, FakeClock, key, make_world, member, purchase


def lines(amount):
    return [{"line_id": "1", "quantity": 1, "amount": amount}]


def spend(spend_id="s-1", points=30, **changes):
    return {"spend_id": spend_id, "member": {"member_id": "taro"}, "points": points, "order_ref": "o"} | changes


def reverse(client, operation_id, kind, **changes):
    body = {"reverse_id": f"r-{operation_id}", "kind": kind} | changes
    return client.post(f"/v1/operations/{operation_id}/reverse", body)


def balance(client, member_id="taro"):
    return client.as_(EC).get(f"/v1/members/{member_id}/balance").body


@pytest.fixture
def rich(client):
    client.post("/v1/purchases", purchase(purchase_id="first", lines=lines(10_000)))
    return client


def test_a_spend_that_arrived_gives_its_points_back_to_their_lots(rich):
    before = balance(rich)
    rich.post("/v1/spends", spend())
    answer = reverse(rich, "s-1", "spend")
    assert (answer.status, answer.body) == (
        200,
        {"reverse_id": "r-s-1", "kind": "spend", "id": "s-1", "state": "reversed", "balance": 100},
    )
    assert balance(rich) == before


def test_again_it_is_answered_alike_and_done_once(rich):
    rich.post("/v1/spends", spend())
    first = reverse(rich, "s-1", "spend")
    assert [reverse(rich, "s-1", "spend").body for _ in range(3)] == [first.body] * 3
    assert balance(rich)["available"] == 100


@pytest.mark.parametrize(("kind", "more"), [("spend", {}), ("purchase", {"source": "pos"}), ("hold", {})])
def test_only_a_repeated_reversal_says_that_it_is_one(rich, clock, kind, more):
    rich.post("/v1/spends", spend())
    rich.post("/v1/holds", {"hold_id": "h-1", "member": {"member_id": "taro"}, "points": 5, "order_ref": "o"})
    there = {"spend": "s-1", "purchase": "first", "hold": "h-1"}[kind]
    for operation_id in (there, "never-came"):
        told = []
        for _ in range(3):
            told.append(reverse(rich, operation_id, kind, **more).is_replay)
            clock.forward(seconds=1)
        assert told == [False, True, True]


def test_after_it_the_id_is_closed(rich):
    rich.post("/v1/spends", spend())
    reverse(rich, "s-1", "spend")
    answer = rich.post("/v1/spends", spend())
    assert (answer.status, answer.code) == (409, "reversed")


@pytest.mark.parametrize(("kind", "more"), [("spend", {}), ("purchase", {"source": "pos"}), ("hold", {})])
def test_what_never_arrived_is_closed_for_good(rich, kind, more):
    answer = reverse(rich, "x-1", kind, **more)
    assert (answer.status, answer.body["state"]) == (200, "not_arrived")
    assert reverse(rich, "x-1", kind, **more).body == answer.body
    late = rich.post("/v1/spends", spend("x-1")), rich.post("/v1/purchases", purchase(purchase_id="x-1"))
    assert [one.code for one in late] == [
        "reversed" if kind == "spend" else None,
        "reversed" if kind == "purchase" else None,
    ]


def test_a_purchase_takes_its_points_back_and_gives_those_it_used(rich):
    rich.post("/v1/purchases", purchase(purchase_id="p-2", lines=lines(5000), points_used=40))
    assert balance(rich)["available"] == 100 - 40 + 49
    assert reverse(rich, "p-2", "purchase", source="pos").body["balance"] == 100
    assert rich.post("/v1/purchases", purchase(purchase_id="p-2", lines=lines(5000), points_used=40)).code == "reversed"


def test_points_that_were_spent_meanwhile_become_a_debt_that_the_next_earning_pays(rich):
    rich.post("/v1/spends", spend(points=100))
    answer = reverse(rich, "first", "purchase", source="pos")
    assert answer.body["balance"] == -100
    assert balance(rich)["debt"] == 100
    rich.post("/v1/purchases", purchase(purchase_id="p-2", lines=lines(15_000)))
    assert (balance(rich)["available"], balance(rich)["debt"]) == (50, 0)


def test_a_purchase_of_nobody_is_closed_too(client):
    body = purchase()
    del body["member"]
    client.as_(TILL).post("/v1/purchases", body)
    assert reverse(client.as_(TILL), "p-1", "purchase", source="pos").body["state"] == "reversed"
    assert client.as_(TILL).post("/v1/purchases", body).code == "reversed"


def test_an_award_comes_back_to_its_budget_and_leaves_the_member(client):
    cafe = client.as_(CAFE)
    code = client.as_(member("taro")).get("/v1/me/code").body["static"]["value"]
    award = {"award_id": "a-1", "member": {"code": code}, "points": 60, "reason": "latte"}
    cafe.post("/v1/awards", award)
    answer = reverse(cafe, "a-1", "award")
    assert answer.body == {"reverse_id": "r-a-1", "kind": "award", "id": "a-1", "state": "reversed"}
    assert reverse(cafe, "a-1", "award").body == answer.body
    assert cafe.get("/v1/partner/budget").body["left"] == 2000
    assert balance(client)["available"] == 0
    assert cafe.post("/v1/awards", award).code == "reversed"


def test_an_award_reversed_between_budget_and_member_credits_nobody(client):
    """The process is slow after the budget took; the partner gives up; the process and the stream come back."""
    cafe = client.as_(CAFE)
    code = client.as_(member("taro")).get("/v1/me/code").body["static"]["value"]
    award = {"award_id": "a-1", "member": {"code": code}, "points": 60, "reason": "latte"}
    ledger, enter = client.world.ledger, client.world.ledger.enter

    def slow(verb, account, *rest, **options):
        if account.startswith("M#"):
            ledger.enter = enter
            assert reverse(cafe, "a-1", "award").body["state"] == "reversed"
        return enter(verb, account, *rest, **options)

    ledger.enter = slow
    assert cafe.post("/v1/awards", award).code == "reversed"
    CARRY_ON["award"](client.world, ledger.table.get("N#award#partner.cafe#a-1", 0))
    assert (balance(client)["available"], cafe.get("/v1/partner/budget").body["left"]) == (0, 2000)


def test_a_spend_reversed_while_its_process_is_slow_charges_nobody(rich):
    ledger, enter = rich.world.ledger, rich.world.ledger.enter

    def slow(*arguments, **options):
        ledger.enter = enter
        assert reverse(rich, "s-1", "spend").body["state"] == "not_arrived"
        return enter(*arguments, **options)

    ledger.enter = slow
    assert rich.post("/v1/spends", spend()).code == "reversed"
    assert balance(rich)["available"] == 100


def test_points_given_back_after_their_last_day_are_gone_at_once(rich, clock):
    rich.post("/v1/spends", spend())
    clock.forward(days=400)
    assert reverse(rich, "s-1", "spend").body["balance"] == 0


# ---- who may --------------------------------------------------------------------------------------------------------


def test_a_till_undoes_what_its_own_store_did_within_a_day(client, clock):
    client.as_(TILL).post("/v1/purchases", purchase())
    assert reverse(client.as_(OTHER_TILL), "p-1", "purchase", source="pos").code == "wrong_store"
    clock.forward(hours=24, seconds=1)
    assert reverse(client.as_(TILL), "p-1", "purchase", source="pos").code == "reverse_window_over"
    assert reverse(client, "p-1", "purchase", source="pos").body["state"] == "reversed"


@pytest.mark.parametrize(
    ("who", "kind"),
    [
        (CAFE, "spend"),
        (EC, "award"),
        (key("ec", scopes=frozenset({"points:spend"})), "purchase"),
        (member("taro"), "spend"),
    ],
)
def test_only_who_may_do_it_may_undo_it(client, who, kind):
    more = {"source": "pos"} if kind == "purchase" else {}
    assert reverse(client.as_(who), "x", kind, **more).code == "forbidden"


def test_a_till_closes_no_id_of_the_web_shop(client):
    assert reverse(client.as_(TILL), "web-1", "purchase", source="ec").code == "forbidden"
    assert client.post("/v1/purchases", purchase(purchase_id="web-1", source="ec")).status == 201


def test_a_till_need_not_say_that_its_purchases_are_a_tills(client):
    till = client.as_(TILL)
    till.post("/v1/purchases", purchase())
    assert reverse(till, "p-1", "purchase").body["state"] == "reversed"
    assert till.post("/v1/purchases", purchase()).code == "reversed"
    assert reverse(till, "p-2", "purchase").body["state"] == "not_arrived"
    assert till.post("/v1/purchases", purchase(purchase_id="p-2")).code == "reversed"


def test_a_source_says_nothing_of_what_is_no_purchase(rich):
    rich.post("/v1/spends", spend())
    assert reverse(rich, "s-1", "spend", source="pos").body["state"] == "reversed"


def test_an_id_is_looked_for_among_the_callers_own(rich):
    rich.post("/v1/spends", spend())
    assert reverse(rich.as_(OPERATOR), "s-1", "spend").body["state"] == "reversed"
    assert reverse(rich, "s-1", "hold").body["state"] == "not_arrived"


@pytest.mark.parametrize(
    "changes", [{"kind": "refund"}, {"kind": "purchase"}, {"kind": "spend", "source": "web"}, {"x": 1}]
)
def test_a_bad_reversal_is_refused(rich, changes):
    assert reverse(rich, "s-1", **({"kind": "spend"} | changes)).code == "invalid_request"


# ---- cost and sums --------------------------------------------------------------------------------------------------


def test_the_reversal_of_an_award_costs_three_writes(client):
    cafe = client.as_(CAFE)
    code = client.as_(member("taro")).get("/v1/me/code").body["static"]["value"]
    cafe.post("/v1/awards", {"award_id": "a-1", "member": {"code": code}, "points": 60, "reason": "latte"})
    usage = client.world.ledger.table.usage
    usage.reset()
    reverse(cafe, "a-1", "award")
    assert usage.write_units <= 3
    assert usage.read_units <= 4


def test_a_reversal_costs_its_append_and_two_reads(rich):
    rich.post("/v1/spends", spend())
    usage = rich.world.ledger.table.usage
    usage.reset()
    reverse(rich, "s-1", "spend")
    assert usage.write_units <= 2
    assert usage.read_units <= 2
    assert usage.round_trips <= 5


@given(
    st.lists(st.tuples(st.sampled_from(["buy", "spend", "undo"]), st.integers(0, 5), st.integers(1, 90)), max_size=30)
)
def test_what_is_undone_never_was_and_the_books_add_up(steps):
    client = Client(ROUTES, make_world(FakeClock()))
    client.post("/v1/members", {"member_id": "taro"})
    effects: dict[tuple[str, int], int] = {}
    for action, n, points in steps:
        if action == "buy" and ("buy", n) not in effects:
            body = purchase(purchase_id=f"b{n}", lines=lines(points * 100))
            effects["buy", n] = points if client.post("/v1/purchases", body).status == 201 else 0
        elif action == "spend" and ("spend", n) not in effects:
            answer = client.post("/v1/spends", spend(f"s{n}", points))
            if answer.status == 201:
                effects["spend", n] = -points
        elif action == "undo":
            for kind, more in (("buy", {"source": "pos"}), ("spend", {})):
                named = "purchase" if kind == "buy" else "spend"
                assert reverse(client, f"{kind[0]}{n}", named, **more).status == 200
                effects[kind, n] = 0
    assert balance(client)["available"] == sum(effects.values())
    assert invariants.faults(client.world.ledger.table.items("M#taro")) == []


@pytest.mark.parametrize("reversals", [1, 2])
def test_an_award_that_the_member_refused_comes_back_to_the_budget_once(client, reversals):
    """The cap is reached between the look and the append: the budget has its points again before anybody reverses."""
    cafe, ledger = client.as_(CAFE), client.world.ledger
    said = {"name": "cafe", "budget": {"kind": "monthly", "points": 2000}, "caps": {"per_member_day": 150}}
    client.as_(OPERATOR).put("/v1/partners/cafe", said)
    code = client.as_(member("taro")).get("/v1/me/code").body["static"]["value"]
    award = {"award_id": "a-1", "member": {"code": code}, "points": 100, "reason": "latte"}
    enter = ledger.enter

    def sneak_in(verb, account, *rest, **options):
        if account.startswith("M#"):
            ledger.enter = enter
            assert cafe.post("/v1/awards", award | {"award_id": "twin"}).status == 201
        return enter(verb, account, *rest, **options)

    ledger.enter = sneak_in
    assert cafe.post("/v1/awards", award).code == "cap_exceeded"
    for _ in range(reversals):
        assert reverse(cafe, "a-1", "award").status == 200
    assert cafe.get("/v1/partner/budget").body["left"] == 1900
    assert balance(client)["available"] == 100


def test_a_refused_award_whose_budget_was_not_given_back_yet_comes_back_once_too(client):
    """The process dies after the refusal; the partner reverses; the stream finishes what it saw before."""
    cafe, ledger = client.as_(CAFE), client.world.ledger
    said = {"name": "cafe", "budget": {"kind": "monthly", "points": 2000}, "caps": {"per_member_day": 150}}
    client.as_(OPERATOR).put("/v1/partners/cafe", said)
    code = client.as_(member("taro")).get("/v1/me/code").body["static"]["value"]
    award = {"award_id": "a-1", "member": {"code": code}, "points": 100, "reason": "latte"}
    enter = ledger.enter
    sneaked: list[bool] = []

    def sneak_in_and_die(verb, account, *rest, **options):
        if account.startswith("M#") and not sneaked:
            sneaked.append(True)
            ledger.enter = enter
            assert cafe.post("/v1/awards", award | {"award_id": "twin"}).status == 201
            ledger.enter = sneak_in_and_die
        elif account.startswith("P#") and sneaked:
            raise RuntimeError
        return enter(verb, account, *rest, **options)

    ledger.enter = sneak_in_and_die
    assert cafe.post("/v1/awards", award).status == 500
    ledger.enter = enter
    assert reverse(cafe, "a-1", "award").status == 200
    CARRY_ON["award"](client.world, ledger.table.get("N#award#partner.cafe#a-1", 0))
    assert reverse(cafe, "a-1", "award").status == 200
    assert cafe.get("/v1/partner/budget").body["left"] == 1900


def test_a_purchase_of_last_year_leaves_what_this_year_earned(client, clock):
    client.post("/v1/purchases", purchase(purchase_id="old", occurred_at="2025-12-20T00:00:00Z", lines=lines(3000)))
    client.post("/v1/purchases", purchase(purchase_id="new", lines=lines(5000)))
    reverse(client, "old", "purchase", source="pos")
    assert balance(client)["tier"]["earned_in_window"] == 50
    reverse(client, "new", "purchase", source="pos")
    assert balance(client)["tier"]["earned_in_window"] == 0


@pytest.mark.parametrize("kind", ["spend", "hold", "purchase"])
def test_of_two_of_one_moment_for_what_never_arrived_the_second_is_a_replay(rich, monkeypatch, kind):
    more = {"source": "pos"} if kind == "purchase" else {}
    first = reverse(rich, "never", kind, **more)
    for read in ("get", "newest"):
        monkeypatch.setattr(rich.world.ledger.table, read, lambda *_, **__: None)  # as stale as can be
    monkeypatch.setattr(rich.world.ledger.table, "items", lambda *_, **__: [])
    second = reverse(rich, "never", kind, **more)
    assert (first.body["state"], first.is_replay) == ("not_arrived", False)
    assert (second.body["state"], second.is_replay) == ("not_arrived", True)
