"""Coupons that members take themselves: for nothing, or for points; never the one without the other."""

import random
from datetime import timedelta

import pytest

from coupons import draws, issues
from infra import invariants
from shared import keys
from shared.coupon_book import BOOK
from shared.coupons_of import Codebook
from shared.errors import Unavailable
from shared.ledger import Ledger
from tests.kit import OPERATOR, TILL, member
from tests.passing import Passing

SHOPS_OWN = {"trigger": {"event": "checkin.accepted"}}


@pytest.fixture
def taro(client):
    return client.as_(member("taro"))


@pytest.fixture
def passing(client):
    return Passing(client.world)


@pytest.fixture(autouse=True)
def _the_books_keep_their_promises(client, clock):
    yield
    Passing(client.world).work()  # whatever was heard of before, once more
    items = client.world.ledger.table.scan()
    assert invariants.faults(items, clock.now() + timedelta(days=9)) == []


@pytest.fixture
def give(points):
    """Gives a member points."""

    def make(count, member_id="taro", adjustment_id="a-1"):
        said = {"adjustment_id": adjustment_id, "points": count, "reason": "gift", "member": {"member_id": member_id}}
        assert points.as_(OPERATOR).post("/v1/adjustments", said).status == 201

    return make


@pytest.fixture
def balance(points):
    def read(member_id="taro"):
        return points.get(f"/v1/members/{member_id}/balance").body["available"]

    return read


def take(who, claim_id="c-1", campaign_id="spring"):
    return who.post("/v1/me/claims", {"claim_id": claim_id, "campaign_id": campaign_id})


def stands(who, claim_id="c-1"):
    answer = who.get(f"/v1/me/claims/{claim_id}")
    assert answer.status == 200, answer.body
    return answer.body


def coupons(who):
    return who.get("/v1/me/coupons?limit=100").body["items"]


# ---- for nothing ----------------------------------------------------------------------------------------------------


def test_a_member_takes_a_coupon(taro, campaign):
    campaign()
    answer = take(taro)
    assert (answer.status, answer.body["state"], answer.body["source_id"]) == (201, "issued", "c-1")
    (listed,) = coupons(taro)
    assert {name: listed[name] for name in answer.body} == answer.body
    assert stands(taro) == {
        "claim_id": "c-1",
        "state": "issued",
        "coupon_id": listed["coupon_id"],
        "code": listed["code"],
    }


def test_the_same_claim_again_is_the_same_coupon(taro, campaign):
    campaign()
    first, again = take(taro), take(taro)
    assert (again.status, again.body, again.is_replay) == (201, first.body, True)
    assert len(coupons(taro)) == 1


def test_a_claim_id_is_one_for_all_campaigns(taro, campaign):
    campaign()
    campaign("other")
    campaign("over", limits={"per_member": 1})
    take(taro)
    before = len(taro.world.ledger.table.scan())
    assert take(taro, campaign_id="other").code == "id_reused"
    assert take(taro, campaign_id="nothing").code == "id_reused"
    assert len(taro.world.ledger.table.scan()) == before


def test_a_claim_id_is_its_members_own(client, taro, campaign):
    campaign()
    hanako = client.as_(member("hanako"))
    assert take(taro).body["code"] != take(hanako).body["code"]
    assert client.as_(member("hanako")).get("/v1/me/claims/c-2").code == "claim_not_found"
    take(taro, "c-2")
    assert hanako.get("/v1/me/claims/c-2").code == "claim_not_found"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"limits": {"total": 1}}, "campaign_exhausted"),
        ({"limits": {"per_member": 1}}, "member_limit_reached"),
    ],
)
def test_a_limit_holds_for_claims_and_a_refusal_leaves_nothing_behind(taro, campaign, changes, code):
    campaign(**changes)
    assert take(taro).status == 201
    before = len(taro.world.ledger.table.scan())
    answer = take(taro, "c-2")
    assert (answer.status, answer.code) == (409, code)
    assert len(taro.world.ledger.table.scan()) == before
    assert taro.get("/v1/me/claims/c-2").code == "claim_not_found"


@pytest.mark.parametrize("state", ["draft", "paused", "ended"])
def test_a_campaign_that_is_not_active_gives_none(taro, campaign, state):
    campaign(state=state)
    answer = take(taro)
    assert (answer.status, answer.code) == (409, "campaign_not_active")


@pytest.mark.parametrize("changes", [SHOPS_OWN, {"claimable": False}])
def test_what_is_given_out_otherwise_is_not_there_to_be_claimed(taro, campaign, changes):
    campaign(**changes)
    assert (take(taro).status, take(taro).code) == (404, "campaign_not_found")
    assert take(taro, campaign_id="nothing").code == "campaign_not_found"
    assert taro.world.ledger.table.scan() == []


def test_who_is_no_member_claims_nothing(client, campaign):
    campaign()
    nobody = client.as_(member("nobody"))
    assert (take(nobody).status, take(nobody).code) == (403, "not_a_member")
    assert nobody.get("/v1/me/claims/c-1").code == "not_a_member"
    assert take(client).code == "forbidden"


@pytest.mark.parametrize("body", [{}, {"claim_id": "c-1"}, {"claim_id": "ü", "campaign_id": "x"}, {"claim_id": 5}])
def test_a_claim_that_says_too_little_is_told_where(taro, body):
    answer = taro.post("/v1/me/claims", body)
    assert (answer.status, answer.code) == (422, "invalid_request")


def test_a_claim_whose_process_died_is_finished_by_the_next_request(taro, campaign, monkeypatch):
    campaign()
    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "enter", lambda *_args, **_more: (_ for _ in ()).throw(Unavailable))
        assert take(taro).status == 503
    assert stands(taro) == {"claim_id": "c-1", "state": "pending"}
    assert take(taro).status == 201
    assert stands(taro)["state"] == "issued"


def test_a_claim_that_nobody_finished_within_a_day_is_refused(taro, campaign, monkeypatch, clock):
    campaign()
    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "enter", lambda *_args, **_more: (_ for _ in ()).throw(Unavailable))
        take(taro)
    clock.forward(hours=25)
    assert stands(taro)["state"] == "refused"
    assert take(taro).code == "reversed"


# ---- for points -----------------------------------------------------------------------------------------------------


def test_a_claim_for_points_is_on_its_way_until_they_have_paid(taro, campaign, passing, give, balance):
    campaign(price_points=50)
    give(80)
    answer = take(taro)
    assert (answer.status, answer.body) == (202, {"claim_id": "c-1", "state": "pending"})
    assert stands(taro) == answer.body
    assert (coupons(taro), balance()) == ([], 80)
    passing.work()
    (coupon,) = coupons(taro)
    assert (coupon["state"], balance()) == ("issued", 30)
    said = {"claim_id": "c-1", "state": "issued", "coupon_id": coupon["coupon_id"], "code": coupon["code"]}
    assert stands(taro) == said
    again = take(taro)
    assert (again.status, again.body, again.is_replay) == (202, answer.body, True)


def test_the_points_are_of_the_claim(taro, campaign, passing, give, points):
    campaign(price_points=50)
    give(80)
    take(taro)
    passing.work()
    entry = points.get("/v1/members/taro/entries").body["items"][0]
    assert (entry["kind"], entry["points"], entry["ref"]) == ("spent", -50, {"kind": "claim", "id": "c-1"})
    reverse = {"reverse_id": "x", "kind": "spend"}
    answer = points.post("/v1/operations/c-1/reverse", reverse)
    assert (answer.status, answer.body["state"]) == (200, "not_arrived")
    assert points.get("/v1/members/taro/balance").body["available"] == 30


def test_a_claim_that_the_points_refuse_leaves_neither(taro, campaign, passing, give, balance):
    campaign(price_points=50, limits={"per_member": 1, "total": 1})
    give(49)
    assert take(taro).status == 202
    assert take(taro, "c-2").code == "campaign_exhausted"
    passing.work()
    assert stands(taro) == {"claim_id": "c-1", "state": "refused", "code": "insufficient_points"}
    assert (coupons(taro), balance()) == ([], 49)
    give(1, adjustment_id="a-2")
    assert take(taro).body["state"] == "pending"  # its first answer: this claim stays refused
    assert take(taro, "c-2").status == 202  # limit and total are as before
    passing.work()
    assert (stands(taro)["state"], stands(taro, "c-2")["state"], balance()) == ("refused", "issued", 0)


def test_what_may_be_spent_at_a_time_holds_for_claims(taro, campaign, passing, give, balance, points):
    programme = points.as_(OPERATOR).get("/v1/programme").body
    points.as_(OPERATOR).put("/v1/programme", programme | {"spending": {"min": 100, "step": 1, "max_share_bp": 10000}})
    campaign(price_points=50)
    give(80)
    take(taro)
    passing.work()
    assert (stands(taro)["state"], balance()) == ("refused", 80)


def test_the_price_is_that_of_the_claim_and_a_pause_does_not_stop_it(taro, campaign, operator, passing, give, balance):
    campaign(price_points=50)
    give(80)
    take(taro)
    operator.post("/v1/campaigns/spring/pause")
    passing.work()
    assert (stands(taro)["state"], balance()) == ("issued", 30)


def test_a_coupon_that_is_not_paid_for_is_shown_to_nobody_and_works_for_nobody(
    client, taro, campaign, passing, give, points, redemption, basket
):
    campaign(price_points=50)
    give(80)
    with_code = take(taro)
    assert with_code.status == 202
    assert client.get("/v1/members/taro/coupons").body["items"] == []
    resolved = points.post("/v1/members/resolve", {"member": {"member_id": "taro"}})
    assert resolved.body["coupons"] == []
    best = {"member": {"member_id": "taro"}, "channel": "ec", "basket": basket(1000)}
    assert client.post("/v1/validations", best).body == {"discount_total": 0, "applied": [], "refused": []}
    messages = passing.step()
    passing.deliver(messages)
    passing.work()
    code = coupons(taro)[0]["code"]
    assert client.as_(TILL).post("/v1/redemptions", redemption(code)).status == 201


def test_a_code_that_somebody_guessed_before_it_is_paid_is_not_usable(
    client, taro, campaign, give, redemption, passing
):
    campaign(price_points=50)
    give(80)
    take(taro)
    (coupon,) = client.world.ledger.head(BOOK, "taro").state.coupons
    code = Codebook(client.world).code(coupon)
    assert client.as_(TILL).post("/v1/redemptions", redemption(code)).code == "code_not_usable"
    passing.work()
    assert client.as_(TILL).post("/v1/redemptions", redemption(code)).status == 201


@pytest.mark.parametrize("seed", range(20))
def test_many_claims_end_in_a_coupon_or_in_none_whatever_the_queues_do(client, campaign, give, balance, seed):
    chance = random.Random(seed)
    passing = Passing(client.world, chance)
    campaign("few", price_points=30, limits={"total": 4})
    campaign("own", price_points=20, limits={"per_member": 2})
    give(100)
    give(45, "hanako", "a-2")
    claims = [(who, f"c-{n}", name) for n in range(5) for who in ("taro", "hanako") for name in ("few", "own")]
    chance.shuffle(claims)
    asked = []
    for who, claim_id, name in claims:
        answer = take(client.as_(member(who)), f"{claim_id}-{name}", name)
        if answer.status == 202:
            asked.append((who, f"{claim_id}-{name}", name))
        if chance.random() < 0.3:
            passing.work()
    passing.work()
    for who, before in (("taro", 100), ("hanako", 45)):
        me = client.as_(member(who))
        issued = [one for one in asked if one[0] == who and stands(me, one[1])["state"] == "issued"]
        assert all(stands(me, one[1])["state"] != "pending" for one in asked if one[0] == who)
        assert balance(who) == before - sum({"few": 30, "own": 20}[name] for _, _, name in issued)
        assert len(coupons(me)) == len(issued)
    taken = client.world.ledger.table.newest("L#few")["s"]["n"]
    assert taken == sum(
        one["campaign_id"] == "few" for who in ("taro", "hanako") for one in coupons(client.as_(member(who)))
    )


def test_an_answer_that_comes_a_week_late_is_dated_by_the_claim(taro, campaign, passing, give, clock, points):
    campaign(price_points=50)
    give(80)
    take(taro)
    clock.forward(days=7)
    passing.work()
    entry = points.get("/v1/members/taro/entries").body["items"][0]
    assert (entry["kind"], entry["recorded_at"]) == ("spent", "2026-11-20T03:00:00Z")
    assert stands(taro)["state"] == "issued"


def test_a_member_who_is_merged_meanwhile_has_the_coupon_and_pays_for_it(client, taro, campaign, give, balance, points):
    campaign(price_points=50)
    give(80)
    take(taro)
    merge = {"merge_id": "m-1", "into_member_id": "hanako"}
    assert points.as_(OPERATOR).post("/v1/members/taro/merge", merge).status == 200
    passing = Passing(client.world, random.Random(3))
    passing.work()
    hanako = client.as_(member("hanako"))
    assert (len(coupons(hanako)), balance("hanako"), balance("taro")) == (1, 30, 30)
    assert stands(taro)["state"] == "issued"
    assert hanako.get("/v1/me/claims/c-1").code == "claim_not_found"  # the id is that of the login
    assert take(taro).is_replay


@pytest.mark.parametrize("seed", range(30))
def test_merged_and_parted_members_pay_once_for_each_coupon(client, campaign, give, points, seed):
    """The invariants say the rest: each coupon has its payment, each refusal its release."""
    chance = random.Random(seed)
    passing = Passing(client.world)
    campaign("few", price_points=30, limits={"total": 3})
    give(100)
    give(45, "hanako", "a-2")
    operator, waiting, merges = points.as_(OPERATOR), [], 0
    for n in range(12):
        turn = chance.randrange(4)
        if turn == 0:
            take(client.as_(member(chance.choice(("taro", "hanako")))), f"c-{n}", "few")
        elif turn == 1 and merges < 6:
            merges += 1
            operator.post("/v1/members/taro/merge", {"merge_id": f"m-{n}", "into_member_id": "hanako"})
            operator.post("/v1/members/taro/unmerge", {"merge_id": f"m-{chance.randrange(n + 1)}"})
        else:
            waiting += passing.step()
            chance.shuffle(waiting)
            late, waiting = waiting[:2], waiting[2:]
            _deliver_patiently(passing, late, waiting)
    while waiting or (waiting := passing.step()):
        chance.shuffle(waiting)
        late, waiting = waiting[:3], waiting[3:]
        _deliver_patiently(passing, late, waiting)
        waiting += passing.step()
    books = [client.world.ledger.table.newest(f"{keys.COUPON_BOOK}#{who}") for who in ("taro", "hanako")]
    assert all(book is None or bytes([4]) != book["s"]["c"][:1] for book in books)


def _deliver_patiently(passing, messages, waiting):
    """A merge that is heard of too early comes again."""
    for message in messages:
        try:
            passing.deliver([message])
        except AssertionError:
            waiting.append(message)


# ---- whatever crashes -----------------------------------------------------------------------------------------------


def test_a_release_whose_process_died_gives_the_pool_its_unit_back_by_the_stream(
    client, taro, campaign, passing, monkeypatch
):
    campaign(price_points=50, limits={"total": 1})
    take(taro)
    passing.deliver(passing.step())  # refused: there are no points
    messages = passing.step()
    with monkeypatch.context() as patched:
        patched.setattr(draws, "give_back", lambda *_args: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            passing.deliver(messages)
    assert client.world.ledger.table.newest("L#spring")["s"]["n"] == 1
    passing.work()
    assert client.world.ledger.table.newest("L#spring")["s"]["n"] == 0
    assert take(taro, "c-2").status == 202
    passing.work()


def test_a_reservation_whose_process_died_after_the_pool_is_brought_on_by_the_stream(
    client, taro, campaign, passing, give, balance, monkeypatch
):
    campaign(price_points=50, limits={"total": 1})
    give(80)
    with monkeypatch.context() as patched:
        patched.setattr(issues, "_accept", lambda *_args: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            take(taro)
    assert stands(taro)["state"] == "pending"
    passing.work()
    assert (stands(taro)["state"], balance()) == ("issued", 30)


def test_the_shop_may_still_give_a_coupon_away_that_has_a_price(taro, campaign, issue, passing, balance):
    campaign(price_points=50)
    issue()
    passing.work()
    assert (len(coupons(taro)), balance()) == (1, 0)
