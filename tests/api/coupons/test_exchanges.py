"""A code on paper, exchanged for a coupon of its campaign: once, by whoever comes first, and by nobody after a till."""

import contextlib
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from coupons.locators import draw_locator
from infra import invariants
from shared import chain, keys
from shared.codes import Form
from shared.coupons_of import Codebook
from shared.ledger import Ledger
from tests.kit import member

FORMS = {"code": {"mode": "unique", "sleeping": True}}


@pytest.fixture
def printed(operator, campaign):
    """Makes a campaign with printed codes, and answers some."""

    def make(campaign_id="spring", **changes):
        campaign(campaign_id, **changes)
        world = operator.world
        locator = draw_locator(world, campaign_id, Form.BULK)
        item = world.directory.table.get(*keys.locator(locator))
        world.directory.table.put(item | {"made": 5, "editions": [[0, 1]]})
        world.clock.sleep(1)
        return [Codebook(world).code_of(locator, n) for n in range(5)]

    return make


@pytest.fixture
def taro(client):
    return client.as_(member("taro"))


@pytest.fixture
def hanako(client):
    return client.as_(member("hanako"))


@pytest.fixture(autouse=True)
def _the_books_keep_their_promises(client):
    yield
    assert invariants.faults(client.world.ledger.table.scan()) == []


def exchange(who, qr, claim_id="c-1", campaign_id="spring"):
    return who.post("/v1/me/claims", {"claim_id": claim_id, "campaign_id": campaign_id, "qr": qr})


@pytest.mark.parametrize("changes", [{}, FORMS, {"trigger": {"event": "trigger.survey"}}, {"claimable": False}])
def test_the_code_of_a_form_is_exchanged_for_a_coupon_that_can_be_used(taro, till, printed, redemption, changes):
    code, *_ = printed(**changes)
    answer = exchange(taro, code)
    assert (answer.status, answer.body["state"]) == (201, "issued")
    assert taro.get("/v1/me/claims/c-1").body["code"] == answer.body["code"] != code
    assert till.post("/v1/redemptions", redemption(code)).code == "code_not_usable"
    assert till.post("/v1/redemptions", redemption(answer.body["code"], redemption_id="r-2")).status == 201


def test_a_code_is_exchanged_once_and_a_retry_gets_the_first_answer(taro, hanako, printed):
    code, other, *_ = printed()
    first, again = exchange(taro, code), exchange(taro, code)
    assert (again.status, again.body, again.is_replay) == (201, first.body, True)
    assert exchange(taro, other).code == "id_reused"
    for who, claim_id in ((taro, "c-2"), (hanako, "c-1")):
        answer = exchange(who, code, claim_id)
        assert (answer.status, answer.code) == (409, "code_not_usable")
    assert hanako.get("/v1/me/coupons").body["items"] == []
    assert hanako.get("/v1/me/claims/c-1").status == 404


def test_what_was_redeemed_or_is_held_is_not_exchanged(taro, till, printed, redemption, clock):
    used, held, *_ = printed()
    till.post("/v1/redemptions", redemption(used))
    till.post("/v1/redemptions", redemption(held, redemption_id="r-2", hold_seconds=60))
    assert [exchange(taro, code).code for code in (used, held)] == ["code_not_usable", "code_not_usable"]
    clock.forward(seconds=61)
    assert exchange(taro, held).status == 201
    assert till.post("/v1/redemptions/r-2/capture", {}).code == "code_not_usable"


def test_a_code_of_another_campaign_or_of_none_is_not_exchanged(taro, printed, campaign, issue):
    code, *_ = printed("paper")
    campaign()
    mine = issue()["code"]
    for qr in (code, mine, "0000-0000-0000-00", "nonsense"):
        assert exchange(taro, qr).code == "code_not_usable"
    assert exchange(taro, "x" * 65).status == 422


def test_the_total_counts_a_code_once_and_the_limit_by_member_counts_its_coupon(taro, printed):
    first, second, *_ = printed(limits={"total": 5, "per_member": 1})
    assert exchange(taro, first).status == 201
    assert exchange(taro, second, "c-2").code == "member_limit_reached"
    assert taro.world.ledger.table.newest("L#spring") is None


def test_a_code_that_all_share_lets_everybody_in_who_read_it(taro, hanako, operator, campaign):
    code = campaign(code={"mode": "shared"}, limits={"per_member": 1})["shared_code"]
    for who in (taro, hanako):
        assert exchange(who, code).status == 201
    assert exchange(taro, code, "c-2").code == "member_limit_reached"
    assert taro.post("/v1/me/claims", {"claim_id": "c-3", "campaign_id": "spring"}).status == 404
    operator.post("/v1/campaigns/spring/pause")
    assert exchange(hanako, code, "c-2").code == "campaign_not_active"


def test_codes_that_are_not_counted_when_they_are_made_count_for_the_total_when_they_are_exchanged(
    taro, hanako, till, operator, campaign, redemption
):
    """Shared and foreign codes: a total of one is one, in whatever way it is used."""
    shared = campaign("poster", code={"mode": "shared"}, limits={"total": 1})["shared_code"]
    campaign("foreign", code={"mode": "imported"}, limits={"total": 1})
    assert operator.post("/v1/campaigns/foreign/codes/import", {"codes": ["TEA-1", "TEA-2"]}).status == 200
    for campaign_id, first, second in (("poster", shared, shared), ("foreign", "TEA-1", "TEA-2")):
        assert exchange(taro, first, f"{campaign_id}-1", campaign_id).status == 201
        assert exchange(hanako, second, f"{campaign_id}-2", campaign_id).code == "campaign_exhausted"
        answer = till.post("/v1/redemptions", redemption(second))
        assert (answer.code, answer.body["reason"]) == ("code_not_applicable", "limit_reached")
        assert operator.get(f"/v1/campaigns/{campaign_id}/stats").body["total"]["left"] == 0
        assert exchange(taro, first, f"{campaign_id}-1", campaign_id).is_replay


@pytest.mark.usefixtures("_switch_often")
def test_of_many_who_exchange_foreign_codes_at_once_the_total_serves_its_number(client, operator, campaign):
    campaign("foreign", code={"mode": "imported"}, limits={"total": 2})
    codes = [f"TEA-{n}" for n in range(6)]
    assert operator.post("/v1/campaigns/foreign/codes/import", {"codes": codes}).status == 200
    barrier = threading.Barrier(len(codes))

    def act(n):
        barrier.wait()
        return exchange(client.as_(member(("taro", "hanako")[n % 2])), codes[n], f"c-{n}", "foreign").status

    with ThreadPoolExecutor(len(codes)) as pool:
        assert sorted(pool.map(act, range(len(codes)))) == [201, 201, 409, 409, 409, 409]
    assert len(entries(client.world, "B", "issued")) == 2


def test_a_code_that_was_woken_for_a_member_is_exchanged_by_nobody_else(client, taro, hanako, printed):
    code, *_ = printed(**FORMS)
    said = {"activate_id": "a-1", "member": {"member_id": "hanako"}}
    assert client.post(f"/v1/coupons/{code}/activate", said).status == 200
    assert exchange(taro, code).code == "code_not_usable"
    assert exchange(hanako, code).status == 201


def test_control_without_the_look_at_its_owner_a_code_goes_to_another(client, taro, printed, monkeypatch):
    code, *_ = printed(**FORMS)
    said = {"activate_id": "a-1", "member": {"member_id": "hanako"}}
    assert client.post(f"/v1/coupons/{code}/activate", said).status == 200
    monkeypatch.setattr("coupons.exchanges.check_owner", lambda *_: None)
    assert exchange(taro, code).status == 201


def test_what_costs_points_or_is_for_an_order_is_not_exchanged(taro, printed):
    code, *_ = printed("paid", price_points=10)
    assert exchange(taro, code, campaign_id="paid").body["errors"][0]["pointer"] == "/qr"
    code, *_ = printed("bound", bind="order_ref")
    assert exchange(taro, code, campaign_id="bound").code == "campaign_not_found"


def test_wherever_its_process_dies_the_code_and_the_coupon_go_together(taro, till, printed, redemption, monkeypatch):
    """Each call to the table in turn is its last; then the same claim again."""

    class Dies(BaseException):
        pass

    codes = printed()
    table = taro.world.ledger.table
    for calls in range(1, 5):
        left = [calls]

        def dying(real, left=left):
            def call(*args, **named):
                left[0] -= 1
                if left[0] == 0:
                    raise Dies
                return real(*args, **named)

            return call

        with monkeypatch.context() as patch:
            for name in ("put_new", "transact", "get", "items"):
                patch.setattr(table, name, dying(getattr(table, name)))
            with contextlib.suppress(Dies):
                exchange(taro, codes[calls], f"c-{calls}")
        assert exchange(taro, codes[calls], f"c-{calls}").status == 201
        assert till.post("/v1/redemptions", redemption(codes[calls], redemption_id=f"r-{calls}")).status == 409
    assert len(taro.get("/v1/me/coupons").body["items"]) == 4


def entries(world, letter, kind):
    items = [item for item in world.ledger.table.scan() if item["pk"].startswith(f"{letter}#")]
    return [entry for item in items for entry in chain.entries_of(item) if entry.kind == kind]


@pytest.fixture
def _switch_often():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def race(client, till, code, redemption, rounds=1):
    """Two members and a till want the same code at once."""
    barrier = threading.Barrier(3)

    def act(n):
        barrier.wait()
        if n == 2:
            return till.post("/v1/redemptions", redemption(code, redemption_id=f"r-{code}")).status
        return exchange(client.as_(member(("taro", "hanako")[n])), code, f"c-{code}").status

    with ThreadPoolExecutor(3) as pool:
        return list(pool.map(act, range(3)))


@pytest.mark.usefixtures("_switch_often")
def test_of_two_members_and_a_till_one_gets_it(client, till, printed, redemption):
    for code in printed():
        assert sorted(race(client, till, code, redemption)) == [201, 409, 409]
    used = len(entries(client.world, "C", "exchanged")) + len(entries(client.world, "C", "redeemed"))
    assert (used, len(entries(client.world, "B", "issued"))) == (5, len(entries(client.world, "C", "exchanged")))


def test_control_without_the_transaction_a_code_is_had_twice(client, taro, hanako, printed, monkeypatch):
    """What would be if the book were written without the code's chain."""
    code, *_ = printed()
    monkeypatch.setattr("coupons.exchanges.WithCode.put", Ledger.put)
    assert [exchange(who, code).status for who in (taro, hanako)] == [201, 201]
