"""What happens to one purchase at once, and to the account behind it; each with a control that shows the danger.

The schedules are drawn by seeds: `OMO_SEEDS=5000` asks for more of them; a failure names its seed.
"""

import os

import pytest

from points import recorded
from points.balances import ACCOUNT
from points.purchase import Change
from points.routes import ROUTES
from shared import chains
from shared.chain import Part
from shared.clock import Clock
from tests.api.points.shop import (
    balance,
    buy,
    cancel,
    claim,
    complete,
    give_back,
    hold,
    of_nobody,
    part,
    reverse,
    set_programme,
    spend,
)
from tests.kit import OPERATOR, Client, make_world
from tests.races.test_chain import all_at_once
from tests.races.turns import Turns

SEEDS = range(int(os.environ.get("OMO_SEEDS", "50")))
CONTROL_SEEDS = range(1500)  # the first that shows the fault ends the search
OF_PURCHASES, OF_MEMBERS = "N#purchase", "M#"


def broken(scenario, seeds=SEEDS, **options):
    """The seeds whose outcome is none that the scenario allows, and that outcome."""
    found = {}
    for seed in seeds:
        turns = Turns(seed, **options)
        outcome = scenario(turns)
        if outcome is not None:
            found[seed] = outcome
            if seeds is CONTROL_SEEDS:
                break
    return found


def outcome_of(turns, allowed):
    """None if what came out is allowed, else what did: codes, and the points of both members."""
    codes = turns.codes()
    points = [turns.points("taro"), turns.points("hanako")]
    is_allowed = turns.is_sound() and allowed(codes, points)
    return None if is_allowed else (codes, points)


NOTHING = (0, 0, 0)

# ---- one line, two returns ------------------------------------------------------------------------------------------


def two_returns(turns, clawback="debt"):
    set_programme(turns.before, clawback=clawback)
    buy(turns.before, "p-1", 1000, 500)
    for n in range(3):
        turns.does(n, give_back, "p-1", f"r-{n}", part("1"))
    turns.does("twin", give_back, "p-1", "r-0", part("1"))
    turns.run()

    def allowed(codes, points):
        first = {n for n in range(3) if codes[n] == 201}
        others = {codes[n] for n in range(3)} - {201}
        same = codes["twin"] == codes[0]
        return len(first) == 1 and others == {"return_exceeds_purchase"} and same and points[0] == (5, 0, 0)

    return outcome_of(turns, allowed)


@pytest.mark.parametrize("clawback", ["debt", "refuse"])
def test_a_line_comes_back_once(clawback):
    assert not broken(lambda turns: two_returns(turns, clawback))


@pytest.mark.parametrize("clawback", ["debt", "refuse"])
def test_on_the_engine_too(real_tables, clawback):
    client = Client(ROUTES, make_world(Clock(), real_tables))
    client.post("/v1/members", {"member_id": "taro"})
    set_programme(client, clawback=clawback)
    buy(client, "p-1", 1000, 500, occurred_at="2026-11-01T00:00:00Z")
    answers = all_at_once(8, lambda n: give_back(client, "p-1", f"r-{n % 4}", part("1")))
    taken = {answer.body["return_id"] for answer in answers if answer.status == 201}
    assert len(taken) == 1
    assert {answer.code for answer in answers if answer.status != 201} == {"return_exceeds_purchase"}
    assert balance(client)["available"] == 5


def test_control_without_the_purchases_chain_it_comes_back_twice():
    assert broken(two_returns, CONTROL_SEEDS, lastwins=OF_PURCHASES)


# ---- complete against cancel ----------------------------------------------------------------------------------------


def complete_or_cancel(turns):
    buy(turns.before, "first", 10_000)
    buy(turns.before, "p-1", 1000, state="placed", points_used=40)
    for n in range(2):
        turns.does(f"complete {n}", complete)
        turns.does(f"cancel {n}", cancel)
    turns.run()

    def allowed(codes, points):
        done, off = (
            {"complete 0": 200, "complete 1": 200, "cancel 0": "purchase_completed", "cancel 1": "purchase_completed"},
            {"complete 0": "purchase_cancelled", "complete 1": "purchase_cancelled", "cancel 0": 200, "cancel 1": 200},
        )
        return (codes, points[0]) in ((done, (69, 0, 0)), (off, (100, 0, 0)))

    return outcome_of(turns, allowed)


def test_an_order_is_completed_or_cancelled():
    assert not broken(complete_or_cancel)


def test_control_without_the_purchases_chain_it_is_both():
    assert broken(complete_or_cancel, CONTROL_SEEDS, lastwins=OF_PURCHASES)


# ---- against its reversal -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("clawback", ["debt", "clamp", "refuse"])
@pytest.mark.parametrize("source", ["pos", "ec"])
def test_whatever_comes_with_its_reversal_nothing_of_a_purchase_stands(clawback, source):
    """Also where points wait for a day (ec), where a shop bears what is missing, and where both chains decide."""

    def scenario(turns):
        set_programme(turns.before, clawback=clawback, pending={"ec": {"days": 3}, "pos": "complete"})
        buy(turns.before, "first", 10_000)
        buy(turns.before, "p-1", 1000, 500, state="placed", points_used=30, source=source)
        turns.does("complete", complete, source=source)
        turns.does("return", give_back, "p-1", "r-1", part("1"), source=source)
        turns.does("rest", give_back, "p-1", "r-2", source=source)
        turns.does("reverse", reverse, source=source)
        turns.does("reverse again", reverse, source=source)
        turns.run()

        def allowed(codes, points):
            return codes["reverse"] == codes["reverse again"] == 200 and points[0] == (100, 0, 0)

        return outcome_of(turns, allowed)

    assert not broken(scenario, range(len(SEEDS) // 4))


def purchase_and_its_reversal(turns):
    buy(turns.before, "first", 10_000)
    turns.does("buy", buy, "p-1", 1000, points_used=30)
    turns.does("twin", buy, "p-1", 1000, points_used=30)
    turns.does("reverse", reverse)
    turns.does("return", give_back)
    turns.run()
    late = buy(turns.after, "p-1", 1000, points_used=30)
    turns.answers["late"] = late
    return outcome_of(turns, lambda codes, points: codes["late"] == "reversed" and points[0] == (100, 0, 0))


def test_a_purchase_reversed_while_it_is_under_way_does_not_stand():
    assert not broken(purchase_and_its_reversal)


def test_control_without_the_members_chain_it_does():
    assert broken(purchase_and_its_reversal, CONTROL_SEEDS, lastwins=OF_MEMBERS)


# ---- against the purchase itself ------------------------------------------------------------------------------------


def return_before_its_purchase(turns):
    buy(turns.before, "first", 10_000)
    turns.does("buy", buy, "p-1", 1000)
    turns.does("buy with points", buy, "p-2", 1000, points_used=40)
    turns.does("return", give_back, "p-1")
    turns.does("return with points", give_back, "p-2")
    turns.run()

    def allowed(codes, points):
        stands = {"purchase_not_found": True, 201: False}
        first, second = stands[codes["return"]], stands[codes["return with points"]]
        return points[0] == (100 + 10 * first - (40 - 9) * second if second else 100 + 10 * first, 0, 0)

    return outcome_of(turns, allowed)


def test_a_return_finds_its_purchase_whole_or_not_at_all():
    assert not broken(return_before_its_purchase)


# ---- one decision after the other -----------------------------------------------------------------------------------


def completed_and_returned(turns):
    """Where the shop bears what is missing, a return that overtakes the completion would leave the points."""
    set_programme(turns.before, clawback="clamp")
    buy(turns.before, "p-1", 1000, 500, state="placed")
    turns.does("complete", complete)
    turns.does("return", give_back, "p-1", "r-1", part("1"))
    turns.does("rest", give_back, "p-1", "r-2", part("2"))
    turns.run()
    if turns.answers["complete"].status != 200:
        return turns.codes(), None
    return outcome_of(turns, lambda codes, points: set(codes.values()) == {200, 201} and points[0] == NOTHING)


def test_decisions_enter_the_account_in_their_order():
    assert not broken(completed_and_returned)


def test_control_out_of_order_points_stay_that_nobody_earned(monkeypatch):
    monkeypatch.setattr(recorded, "bring_those_before", lambda *_: None)
    assert broken(completed_and_returned, CONTROL_SEEDS)


# ---- claimed by two -------------------------------------------------------------------------------------------------


def claimed_by_two(turns):
    of_nobody(turns.before)
    turns.does("taro", claim, 1000, claim_id="c-1", member_id="taro")
    turns.does("taro again", claim, 1000, claim_id="c-1", member_id="taro")
    turns.does("taro anew", claim, 1000, claim_id="c-2", member_id="taro")
    turns.does("hanako", claim, 1000, claim_id="c-1", member_id="hanako")
    turns.run()

    def allowed(codes, points):
        winners = [name for name in ("taro", "taro anew", "hanako") if codes[name] == 201]
        others = {code for name, code in codes.items() if code != 201}
        won = (10, 0, 0)
        expected = [NOTHING, won] if winners == ["hanako"] else [won, NOTHING]
        return len(winners) == 1 and others == {"receipt_claimed"} and points == expected

    return outcome_of(turns, allowed)


def test_a_receipt_is_one_members():
    assert not broken(claimed_by_two)


def test_control_without_the_purchases_chain_it_is_two():
    assert broken(claimed_by_two, CONTROL_SEEDS, lastwins=OF_PURCHASES)


def claimed_and_undone(turns):
    """Whoever returns, cancels or reverses may have found it nobody's a moment ago."""
    of_nobody(turns.before, "p-1", 1000, 500)
    of_nobody(turns.before, "p-2", state="placed")
    of_nobody(turns.before, "p-3")
    for n, amount in ((1, 1500), (2, 1000), (3, 1000)):
        turns.does(f"claim {n}", claim, amount, f"p-{n}", f"c-{n}")
    turns.does("return", give_back, "p-1", "r-1", part("1"))
    turns.does("rest", give_back, "p-1", "r-2", part("2"))
    turns.does("cancel", cancel, "p-2")
    turns.does("reverse", reverse, "p-3")
    turns.run()
    return outcome_of(turns, lambda codes, points: codes["reverse"] == 200 and points == [NOTHING, NOTHING])


def test_a_receipt_that_is_claimed_while_it_comes_back_earns_nothing():
    assert not broken(claimed_and_undone)


def test_control_on_the_belief_that_it_is_nobodys_its_points_stay(monkeypatch):
    monkeypatch.setattr(Change, "facts_in", lambda change, progress: progress.facts or change.facts)
    assert broken(claimed_and_undone, CONTROL_SEEDS)


# ---- paid from a hold -----------------------------------------------------------------------------------------------


def end(client, verb, **body):
    return client.post(f"/v1/holds/h-1/{verb}", body)


def one_hold_many_ends(turns):
    buy(turns.before, "first", 10_000)
    hold(turns.before, 60)
    turns.does("buy", buy, "p-1", 5000, points_used=45, hold_id="h-1")
    turns.does("buy another", buy, "p-2", 5000, points_used=45, hold_id="h-1")
    turns.does("capture", end, "capture", points=20)
    turns.does("release", end, "release")
    turns.does("reverse", reverse, "h-1", "hold")
    turns.run()

    def allowed(codes, points):
        bought = [name for name in ("buy", "buy another") if codes[name] == 201]
        # A hold that was captured and then reversed leaves nothing; one that a purchase used stays used.
        stands = 20 if codes["capture"] == 200 and codes["reverse"] != 200 else 0
        return len(bought) <= 1 and points[0] == (100 + 4 * len(bought) - stands, 0, 0)

    return outcome_of(turns, allowed)


def test_a_hold_ends_once():
    assert not broken(one_hold_many_ends)


def test_control_a_purchase_that_does_not_look_for_the_end_takes_its_points_again(monkeypatch):
    monkeypatch.setattr(chains.Chains, "_part_of", lambda _, __, also: Part(also.operation, also.steps))
    assert broken(one_hold_many_ends, CONTROL_SEEDS)


def a_hold_that_lapses(turns):
    """Its time is over after twenty turns; whoever comes then takes what is there, or is refused."""
    turns.late = 58
    buy(turns.before, "first", 10_000)
    hold(turns.before, 60, ttl_seconds=60)
    turns.does("buy", buy, "p-1", 5000, points_used=45, hold_id="h-1")
    turns.does("capture", end, "capture", points=50)
    turns.does("spend", spend, 70)
    turns.does("buy alone", buy, "p-2", 100, points_used=30)
    turns.run()

    def allowed(codes, points):
        changes = {"buy": 4, "capture": -50, "spend": -70, "buy alone": -30}
        done = [name for name, code in codes.items() if code in (200, 201)]
        left = 100 + sum(changes[name] for name in done)
        return points[0] == (left, 0, 0) and left >= 0 and not {"buy", "capture"} <= set(done)

    return outcome_of(turns, allowed)


def test_what_a_lapsed_hold_gave_back_is_taken_once():
    assert not broken(a_hold_that_lapses)


def test_control_without_the_members_chain_it_is_taken_twice():
    assert broken(a_hold_that_lapses, CONTROL_SEEDS, lastwins=OF_MEMBERS)


# ---- while members are merged ---------------------------------------------------------------------------------------


def merge(client, merge_id="m-1"):
    body = {"merge_id": merge_id, "into_member_id": "hanako"}
    return client.as_(OPERATOR).post("/v1/members/taro/merge", body)


def unmerge(client):
    return client.as_(OPERATOR).post("/v1/members/taro/unmerge", {"merge_id": "m-1"})


def merged_meanwhile(turns):
    buy(turns.before, "p-1", 1000, 500, state="placed")
    buy(turns.before, "p-2", 2000)
    turns.does("merge", merge)
    turns.does("unmerge", unmerge)
    turns.does("complete", complete)
    turns.does("return", give_back, "p-1", "r-1", part("1"))
    turns.does("reverse", reverse, "p-2")
    turns.run()

    def allowed(codes, points):
        heads = [turns.after.world.ledger.head(ACCOUNT, one, consistent=True) for one in ("taro", "hanako")]
        sums = [sum(getattr(head.state, name) for head in heads) for name in ("available", "pending")]
        return codes["reverse"] == 200 and sums == [5, 0]

    return outcome_of(turns, allowed)


def test_what_happens_to_a_purchase_follows_its_member():
    assert not broken(merged_meanwhile)
