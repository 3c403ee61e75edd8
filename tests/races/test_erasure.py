"""A member is erased while tills, tablets and the shop's people are at work: nothing stays, whoever comes first.

Turn by turn, with stale reads, processes that rest or die, and the stream behind them; and controls that leave points.
"""

import pytest

from points import erasure, jobs, leaving
from points.balances import ACCOUNT
from shared.naming import Verb
from tests.api.points import shop
from tests.kit import OPERATOR, member
from tests.races.turns import Turns

SEEDS = range(60)


def erase(client, member_id="taro"):
    return client.as_(OPERATOR).delete(f"/v1/members/{member_id}", {})


def merge(client, leaver="taro", host="hanako", what="merge"):
    more = {"into_member_id": host} if what == "merge" else {}
    return client.as_(OPERATOR).post(f"/v1/members/{leaver}/{what}", {"merge_id": "m", **more})


def link(client):
    return client.post("/v1/members/taro/identities", {"identity": {"type": "card", "value": "new"}})


def keep(client):
    return client.as_(member("taro")).post("/v1/me/keep", {})


def leave(client):
    return client.as_(member("taro")).delete("/v1/me", {"confirm": True})


def busy(seed, **changes):
    """Taro has 100 points, a hold, an order; everything happens at once, and he is erased."""
    turns = Turns(seed, with_profiles=True, **changes)
    shop.buy(turns.before, "first", 10_000)
    shop.hold(turns.before, 20)
    shop.buy(turns.before, "order", 5_000, state="placed", source="ec")
    shop.buy(turns.before, "back", 3_000)
    turns.does("erase", erase)
    for n in range(2):
        turns.does(f"buy {n}", shop.buy, f"new-{n}", 1000)
        turns.does(f"spend {n}", shop.spend, 7, f"s-{n}")
    turns.does("capture", lambda client: client.post("/v1/holds/h-1/capture", {}))
    turns.does("complete", shop.complete, "order", "ec")
    turns.does("return", shop.give_back, "back", "r-1")
    turns.does("erase again", erase)
    return turns


def nothing_stays(turns, *erased):
    """Whoever is erased has nothing and is nobody, in profile and chain alike."""
    world = turns.after.world
    for one in erased:
        head = world.ledger.head(ACCOUNT, one, consistent=True)
        assert erasure.raw(world, one)["state"] == "erased"
        assert ACCOUNT.is_erased(head.state) or head.is_closed
        assert turns.points(one) == (0, 0, 0)
    assert world.directory.table.items("leaving") == []
    assert turns.is_sound()


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_stays_whatever_happens_at_once(seed):
    turns = busy(seed)
    answers = turns.run()
    assert (answers["erase"].status, answers["erase again"].status) == (202, 202)
    assert {answers[name].code or 201 for name in ("buy 0", "buy 1")} <= {201, "member_not_found"}
    assert {answers[name].code or 200 for name in ("complete", "return")} == {200}
    nothing_stays(turns, "taro")


def test_where_an_account_would_not_let_go_points_stay(monkeypatch):
    """The control: a purchase that was named before the erasure, and comes after it."""
    monkeypatch.setattr(Verb, "decided", lambda verb, *asked: verb.decide(*asked))

    def stays(seed):
        turns = busy(seed)
        turns.run()
        return turns.points("taro") != (0, 0, 0)

    assert any(stays(seed) for seed in SEEDS)


def test_where_the_last_writer_wins_points_stay():
    """The control: a closing that overwrites what came in between, or is overwritten."""

    def is_wrong(seed):
        turns = busy(seed, lastwins="M#")
        turns.run()
        return turns.points("taro") != (0, 0, 0) or not turns.is_sound()

    assert any(is_wrong(seed) for seed in SEEDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_merge_at_the_same_time_comes_before_or_not_at_all(seed):
    turns = Turns(seed, with_profiles=True)
    for one in ("taro", "hanako"):
        shop.buy(turns.before, f"of-{one}", 10_000, member={"member_id": one})
    turns.does("erase", erase)
    turns.does("merge", merge)
    turns.does("buy", shop.buy, "new", 1000)
    turns.does("buy hers", shop.buy, "hers", 1000, member={"member_id": "hanako"})
    answers = turns.run()
    assert answers["erase"].status == 202
    if answers["merge"].status == 200:
        nothing_stays(turns, "taro", "hanako")
    else:
        assert answers["merge"].code == "member_not_found"
        nothing_stays(turns, "taro")
        assert turns.points("hanako")[0] == 110


@pytest.mark.parametrize("seed", SEEDS)
def test_a_parting_at_the_same_time_comes_before_or_not_at_all(seed):
    turns = Turns(seed, with_profiles=True)
    for one in ("taro", "hanako"):
        shop.buy(turns.before, f"of-{one}", 10_000, member={"member_id": one})
    merge(turns.before)
    turns.does("erase", erase, "hanako")
    turns.does("part", merge, what="unmerge")
    answers = turns.run()
    assert answers["erase"].status == 202
    if answers["part"].status == 200:
        nothing_stays(turns, "hanako")
        assert turns.points("taro")[0] == 100
        assert erasure.raw(turns.after.world, "taro")["state"] == "active"
    else:
        assert answers["part"].code == "member_not_found"
        nothing_stays(turns, "taro", "hanako")


@pytest.mark.parametrize("seed", SEEDS)
def test_who_stays_and_who_goes_at_the_same_time_is_one_or_the_other(seed):
    """The member takes it back at the very time, another card is linked, and two runs of the job are at work."""
    turns = Turns(seed, late=14 * 86_400 - 1, with_profiles=True)
    shop.buy(turns.before, "first", 10_000)
    leave(turns.before)
    turns.does("keep", keep)
    turns.does("link", link)
    for n in range(2):
        turns.does(f"job {n}", worked)
    answers = turns.run()
    is_kept = answers["keep"].status == 200
    jobs.hourly(turns.after.world.at(turns.after.world.clock.now()))
    item = erasure.raw(turns.after.world, "taro")
    assert (item["state"], answers["keep"].code) == (("active", None) if is_kept else ("erased", "not_a_member"))
    head = turns.after.world.ledger.head(ACCOUNT, "taro", consistent=True)
    assert ACCOUNT.is_erased(head.state) is not is_kept
    cards = [item["member_id"] for item in turns.tables[1].scan(after=None, limit=1000) if item.get("sk") == "identity"]
    assert ("taro" in cards) is is_kept


def worked(client):
    """A run of the job, answered as a request would be."""
    leaving.work(client.world, 1e12)
    return client.get("/v1/members/hanako")


def test_where_a_profile_is_not_claimed_somebody_is_told_to_stay_and_erased(monkeypatch):
    """The control: a profile that is not claimed before the account is closed."""
    monkeypatch.setattr(erasure, "_claimed", lambda _, item: (item | {"is_leaving": True}, ()))
    monkeypatch.setattr(leaving, "is_gone", lambda *_: False)

    def is_torn(seed):
        turns = Turns(seed, late=14 * 86_400 - 1, with_profiles=True)
        leave(turns.before)
        turns.does("keep", keep)
        turns.does("job", worked)
        answers = turns.run()
        head = turns.after.world.ledger.head(ACCOUNT, "taro", consistent=True)
        return answers["keep"].status == 200 and ACCOUNT.is_erased(head.state)

    assert any(is_torn(seed) for seed in SEEDS)
