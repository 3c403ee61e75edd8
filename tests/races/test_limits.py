"""Many tills at a campaign's limits, and at codes on paper; each with a control that goes wrong without its condition."""

import pytest

from coupons.locators import draw_locator
from infra import invariants
from shared import keys
from shared.codes import Form
from shared.coupons_of import Codebook
from tests.api.coupons.conftest import CAMPAIGN
from tests.kit import OPERATOR, OTHER_TILL
from tests.races.test_coupons import Careless, Crowded, all_at_once, make, redeem, won

TILLS = 50
ROUNDS = 200


class AtLimits(Crowded):
    crowd = keys.POOL


class CarelessAtLimits(Careless):
    crowd = keys.POOL


class AtCodes(Crowded):
    crowd = keys.CODE


def campaign(shop, **changes):
    answer = shop.as_(OPERATOR).post("/v1/campaigns", CAMPAIGN | {"campaign_id": "paper", **changes})
    assert answer.status == 201, answer.body
    return answer.body.get("shared_code")


def printed(shop, count, **changes):
    """Codes of a campaign, as a job makes them."""
    campaign(shop, **changes)
    world = shop.world
    locator = draw_locator(world, "paper", Form.BULK)
    item = world.directory.table.get(*keys.locator(locator))
    world.directory.table.put(item | {"made": count, "editions": [[0, 1]]})
    world.directory._partitions.clear()
    return [Codebook(world).code_of(locator, n) for n in range(count)]


def sound(shop):
    assert invariants.faults(shop.world.ledger.table.scan()) == []


def taken(shop, *of):
    item = shop.world.ledger.table.newest(keys.account(keys.POOL, keys.limit("paper", *of)))
    return item["s"]["n"]


def refusals(answers):
    return {(answer.code, answer.body.get("reason")) for answer in answers if answer.status != 201}


@pytest.mark.parametrize(
    ("limits", "rounds"),
    [
        ({}, ROUNDS // 10),
        ({"budget": 300 * ROUNDS}, ROUNDS // 10),
        pytest.param({}, ROUNDS, marks=pytest.mark.slow),
    ],
)
def test_fifty_tills_and_one_printed_code_have_one_winner_in_every_round(limits, rounds):
    shop = make(table := AtCodes())
    for number, code in enumerate(printed(shop, rounds, limits=limits)):
        answers = all_at_once(lambda n: redeem(shop, f"r-{number}-{n}", code), TILLS, table if number < 5 else None)  # noqa: B023
        assert won(answers) == 1
        assert refusals(answers) == {("code_not_usable", None)}
    sound(shop)


@pytest.mark.parametrize(
    ("settings", "of", "each"),
    [
        ({"code": {"mode": "shared"}, "limits": {"total": 20}}, (), 1),
        ({"code": {"mode": "shared"}, "limits": {"budget": 20 * 300 + 299}}, ("budget",), 300),
        ({"code": {"mode": "shared"}, "limits": {"per_store_day": 20}}, ("shibuya", "2026-11-20"), 1),
    ],
)
def test_a_limit_is_exact_and_nobody_hears_a_false_no(settings, of, each):
    shop = make(table := AtLimits())
    code = campaign(shop, **settings)
    answers = all_at_once(lambda n: redeem(shop, f"r-{n}", code), TILLS, table)
    assert won(answers) == 20
    assert refusals(answers) == {("code_not_applicable", "limit_reached")}
    assert taken(shop, *of) == 20 * each
    sound(shop)


def test_control_without_the_condition_a_limit_is_overrun():
    shop = make(table := CarelessAtLimits())
    code = campaign(shop, code={"mode": "shared"}, limits={"total": 20})
    assert won(all_at_once(lambda n: redeem(shop, f"r-{n}", code), TILLS, table)) > 20


def test_a_member_s_limit_on_codes_on_paper_is_exact():
    shop = make(table := Crowded(), "taro")
    codes = printed(shop, TILLS, limits={"per_member": 3})
    member = {"member": {"member_id": "taro"}}
    answers = all_at_once(lambda n: redeem(shop, f"r-{n}", codes[n], **member), TILLS, table)
    assert won(answers) == 3
    assert refusals(answers) == {("code_not_applicable", "limit_reached")}
    sound(shop)


def test_what_is_voided_by_many_comes_back_to_its_limits_once():
    shop = make(table := AtLimits())
    code = campaign(shop, code={"mode": "shared"}, limits={"budget": 900, "total": 3})
    for n in range(3):
        assert redeem(shop, f"r-{n}", code).status == 201
    path = "/v1/redemptions/r-0/void"
    answers = all_at_once(lambda n: shop.as_(OPERATOR).post(path, {"void_id": f"v-{n}"}), 16, table)
    assert {answer.status for answer in answers} <= {200, 503}
    assert (taken(shop, "budget"), taken(shop)) == (600, 2)
    again = all_at_once(lambda n: redeem(shop, f"s-{n}", code), 8, table)
    assert won(again) == 1
    sound(shop)


def test_a_hold_captured_and_voided_at_once_leaves_its_limit_as_it_should_be():
    for attempt in range(12):
        shop = make(table := AtLimits())
        code = campaign(shop, code={"mode": "shared"}, limits={"budget": 300})
        assert redeem(shop, "r-1", code, hold_seconds=600).status == 201

        def act(n, shop=shop):
            what, body = ("capture", {}) if n % 2 else ("void", {"void_id": "v"})
            return shop.as_(OPERATOR).post(f"/v1/redemptions/r-1/{what}", body).status

        all_at_once(act, 4 + attempt % 3, table)
        while shop.as_(OPERATOR).post("/v1/redemptions/r-1/void", {"void_id": "v"}).status == 503:
            pass
        assert taken(shop, "budget") == 0
        assert redeem(shop, "r-2", code).status == 201
        sound(shop)


def test_two_stores_do_not_meet_at_a_limit_of_one():
    shop = make(AtLimits())
    code = campaign(shop, code={"mode": "shared"}, limits={"per_store_day": 1})
    assert redeem(shop, "r-1", code).status == 201
    assert shop.world.ledger.table.newest("L#paper#shibuya#2026-11-20")["s"] == {"n": 1}
    said = {"redemption_id": "r-2", "codes": [code], "channel": "pos", "order_ref": "r-2"}
    basket = {"basket": {"lines": [{"line_id": "1", "quantity": 1, "amount": 1000}]}}
    assert shop.as_(OTHER_TILL).post("/v1/redemptions", said | basket).status == 201
