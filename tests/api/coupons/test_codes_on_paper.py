"""Codes that lie in no member's book: printed in bulk, shared by all, made by somebody else, asleep."""

import pytest

from coupons.locators import draw_locator
from infra import invariants
from shared import chain, events, keys
from shared.codes import Form
from shared.coupons_of import Codebook
from tests.kit import EC, OPERATOR, OTHER_TILL, TILL, member


@pytest.fixture
def printed(operator, campaign):
    """Makes a campaign with codes on paper, and answers some of them."""

    def make(campaign_id="spring", count=3, **changes):
        campaign(campaign_id, **changes)
        world = operator.world
        locator = draw_locator(world, campaign_id, Form.BULK)
        pk, sk = keys.locator(locator)
        item = world.directory.table.get(pk, sk)
        world.directory.table.put(item | {"made": 10, "editions": [[0, 1]]})
        world.clock.sleep(1)
        codebook = Codebook(world)
        return [codebook.code_of(locator, n) for n in range(count)]

    return make


def entries(world, letter):
    items = [item for item in world.ledger.table.scan() if item["pk"].startswith(f"{letter}#")]
    return [entry for item in items for entry in chain.entries_of(item)]


def sound(world):
    assert invariants.faults(world.ledger.table.scan()) == []


def reason(answer):
    return answer.status, answer.code, answer.body.get("reason")


# ---- printed --------------------------------------------------------------------------------------------------------


def test_a_printed_code_is_redeemed_once(till, printed, redemption):
    code, other, _ = printed()
    answer = till.post("/v1/redemptions", redemption(code))
    assert (answer.status, answer.body["discount_total"]) == (201, 300)
    assert answer.body["applied"][0]["code"] == f"{code[:4]}-{code[4:8]}-{code[8:12]}-{code[12:]}"
    again = till.post("/v1/redemptions", redemption(code, redemption_id="r-2"))
    assert reason(again) == (409, "code_not_usable", None)
    assert till.post("/v1/redemptions", redemption(other, redemption_id="r-3")).status == 201
    sound(till.world)


def test_a_printed_code_that_nobody_made_is_not_usable(till, printed, operator, redemption):
    printed()
    locator = Codebook(till.world).locator_of("spring", Form.BULK)
    assert locator is not None
    never = Codebook(till.world).code_of(locator, 10)
    till.world.ledger.table.usage.reset()
    assert till.post("/v1/redemptions", redemption(never)).code == "code_not_usable"
    assert till.world.ledger.table.usage.write_units == 0


def test_the_same_redemption_of_a_printed_code_is_replayed_and_other_content_refused(till, printed, redemption):
    code, other, _ = printed()
    first, again = (till.post("/v1/redemptions", redemption(code)) for _ in range(2))
    assert (again.status, again.body, again.is_replay) == (201, first.body, True)
    assert till.post("/v1/redemptions", redemption(other)).code == "id_reused"


def test_a_redeemed_printed_code_makes_an_event_and_a_void_gives_it_back_once(till, printed, redemption):
    code, *_ = printed()
    till.post("/v1/redemptions", redemption(code))
    void = till.post("/v1/redemptions/r-1/void", {"void_id": "v-1"})
    assert (void.body["state"], [one["state"] for one in void.body["coupons"]]) == ("voided", ["issued"])
    assert till.post("/v1/redemptions/r-1/void", {"void_id": "v-1"}).is_replay
    assert till.post("/v1/redemptions", redemption(code)).code == "reversed"
    assert till.post("/v1/redemptions", redemption(code, redemption_id="r-2")).status == 201
    told = [event["type"].split(".")[2] for one in entries(till.world, "C") for event in events.of_entry(one)]
    assert told == ["redeemed", "voided", "redeemed"]
    sound(till.world)


def test_a_hold_of_a_printed_code_is_no_bar_to_its_own_order_and_ends(till, printed, redemption, clock):
    code, *_ = printed()
    held = till.post("/v1/redemptions", redemption(code, hold_seconds=60))
    assert held.body["state"] == "held"
    assert till.post("/v1/redemptions", redemption(code, redemption_id="r-2", order_ref="x")).code == "code_not_usable"
    assert till.post("/v1/validations", validation(code)).body["refused"][0]["reason"] == "code_not_usable"
    assert till.post("/v1/redemptions/r-1/capture", {}).body["state"] == "redeemed"
    clock.forward(seconds=61)
    assert till.post("/v1/redemptions", redemption(code, redemption_id="r-3")).code == "code_not_usable"


def validation(*codes, **changes):
    basket = {"lines": [{"line_id": "1", "quantity": 1, "amount": 1000}]}
    return {"codes": list(codes), "channel": "pos", "basket": basket} | changes


def test_printed_codes_of_two_campaigns_and_a_member_s_coupon_go_together_or_not_at_all(
    till, printed, campaign, issue, redemption
):
    code, spare, _ = printed("paper")
    campaign("mine")
    coupon = issue(campaign_id="mine")
    assert till.post("/v1/redemptions", redemption(spare)).status == 201
    said = redemption(code, redemption_id="r-2", codes=[code, coupon["code"]])
    answer = till.post("/v1/redemptions", said)
    assert (answer.status, answer.body["discount_total"], len(answer.body["applied"])) == (201, 600, 2)
    assert till.post("/v1/redemptions", said).is_replay
    void = till.post("/v1/redemptions/r-2/void", {"void_id": "v"})
    assert len(void.body["coupons"]) == 2
    used = redemption(code, redemption_id="r-3", codes=[coupon["code"], spare])
    assert till.post("/v1/redemptions", used).code == "code_not_usable"
    assert till.post("/v1/redemptions", redemption(coupon["code"], redemption_id="r-4")).status == 201
    sound(till.world)


def test_a_printed_code_keeps_the_terms_it_was_made_with(till, printed, operator, redemption):
    code, *_ = printed(stores=["shibuya"])
    assert operator.send("PATCH", "/v1/campaigns/spring", {"stores": ["umeda"]}).status == 200
    assert till.post("/v1/redemptions", redemption(code)).status == 201


# ---- limits ---------------------------------------------------------------------------------------------------------


def test_a_campaign_limited_by_member_wants_to_know_who_uses_its_printed_codes(till, printed, redemption):
    first, second, third = printed(limits={"per_member": 1})
    assert reason(till.post("/v1/redemptions", redemption(first))) == (409, "code_not_usable", None)
    taro, jiro = ({"member": {"member_id": one}} for one in ("taro", "hanako"))
    assert till.post("/v1/redemptions", redemption(first, **taro)).status == 201
    refused = till.post("/v1/redemptions", redemption(second, redemption_id="r-2", **taro))
    assert reason(refused) == (409, "code_not_applicable", "limit_reached")
    assert till.post("/v1/redemptions", redemption(second, redemption_id="r-2", **jiro)).status == 201
    assert till.post("/v1/redemptions/r-1/void", {"void_id": "v"}).body["state"] == "voided"
    assert till.post("/v1/redemptions", redemption(third, redemption_id="r-4", **taro)).status == 201
    sound(till.world)


def test_a_limit_by_member_counts_coupons_and_printed_codes_together(till, client, printed, issue, redemption):
    code, *_ = printed(limits={"per_member": 2})
    taro = {"member": {"member_id": "taro"}}
    issue("s-1")
    assert till.post("/v1/redemptions", redemption(code, **taro)).status == 201
    said = {"campaign_id": "spring", "source_id": "s-2", "member": {"member_id": "taro"}}
    assert client.post("/v1/issues", said).code == "member_limit_reached"


def test_a_store_takes_no_more_of_a_campaign_on_a_day_than_its_limit(client, till, printed, redemption, clock):
    first, second, third = printed(limits={"per_store_day": 1})
    assert till.post("/v1/redemptions", redemption(first)).status == 201
    full = till.post("/v1/redemptions", redemption(second, redemption_id="r-2"))
    assert reason(full) == (409, "code_not_applicable", "limit_reached")
    assert till.post("/v1/validations", validation(second)).body["refused"][0]["reason"] == "limit_reached"
    elsewhere = client.as_(OTHER_TILL).post("/v1/redemptions", redemption(second, redemption_id="r-2"))
    assert elsewhere.status == 201
    clock.forward(days=1)
    assert till.post("/v1/redemptions", redemption(third, redemption_id="r-4")).status == 201
    sound(till.world)


def test_a_store_that_nobody_has_put_is_no_way_round_a_limit(client, printed, redemption):
    first, second, third, fourth = printed(count=4, limits={"per_store_day": 1})
    web = {"channel": "ec", "store_id": "shibuya"}
    assert client.post("/v1/redemptions", redemption(first, store_id="made-up")).status == 201
    other = client.post("/v1/redemptions", redemption(second, redemption_id="r-2", store_id="another"))
    assert reason(other) == (409, "code_not_applicable", "limit_reached")
    assert client.post("/v1/redemptions", redemption(second, redemption_id="r-2", **web)).status == 201
    again = client.post("/v1/redemptions", redemption(third, redemption_id="r-3", **web | {"store_id": "made-up"}))
    assert reason(again) == (409, "code_not_applicable", "limit_reached")
    for code, status in ((third, 201), (fourth, 409)):
        answer = client.post("/v1/redemptions", redemption(code, redemption_id=f"r-{code}", store_id="shibuya"))
        assert answer.status == status
    sound(client.world)


def test_a_budget_is_never_overdrawn_and_gets_back_what_is_voided(till, printed, redemption):
    first, second, third = printed(limits={"budget": 500})
    assert till.post("/v1/redemptions", redemption(first)).status == 201
    over = till.post("/v1/redemptions", redemption(second, redemption_id="r-2"))
    assert reason(over) == (409, "code_not_applicable", "limit_reached")
    assert till.post("/v1/redemptions/r-1/void", {"void_id": "v"}).body["state"] == "voided"
    assert till.post("/v1/redemptions", redemption(third, redemption_id="r-3")).status == 201
    sound(till.world)


def test_a_hold_that_ends_leaves_its_share_of_the_budget_and_a_late_capture_takes_it_again(
    till, printed, redemption, clock
):
    first, second, third = printed(limits={"budget": 300})
    till.post("/v1/redemptions", redemption(first, hold_seconds=60))
    assert till.post("/v1/redemptions", redemption(second, redemption_id="r-2")).body["reason"] == "limit_reached"
    clock.forward(seconds=61)
    assert till.post("/v1/redemptions/r-1/capture", {}).status == 200
    assert till.post("/v1/redemptions", redemption(second, redemption_id="r-3")).body["reason"] == "limit_reached"
    assert till.post("/v1/redemptions/r-1/void", {"void_id": "v"}).body["state"] == "voided"
    till.post("/v1/redemptions", redemption(second, redemption_id="r-4", hold_seconds=60))
    clock.forward(seconds=61)
    assert till.post("/v1/redemptions", redemption(third, redemption_id="r-5")).status == 201
    late = till.post("/v1/redemptions/r-4/capture", {})
    assert reason(late) == (409, "code_not_applicable", "limit_reached")
    assert till.post("/v1/redemptions/r-4/void", {"void_id": "v"}).status == 200
    assert till.post("/v1/redemptions", redemption(second, redemption_id="r-6")).body["reason"] == "limit_reached"
    sound(till.world)


@pytest.mark.parametrize("limits", [{"per_store_day": 1}, {"budget": 300}, {"per_member": 1}])
def test_the_order_s_own_hold_is_not_in_its_way_at_a_limit(till, printed, redemption, limits):
    first, second, _ = printed(limits=limits)
    taro = {"member": {"member_id": "taro"}}
    assert till.post("/v1/redemptions", redemption(first, hold_seconds=600, **taro)).status == 201
    longer = redemption(first, redemption_id="r-2", hold_seconds=900, **taro)
    assert till.post("/v1/redemptions", longer).body["state"] == "held"
    assert till.post("/v1/redemptions", longer).is_replay
    for order_ref in ("order-1", "order-2"):
        answer = till.post("/v1/redemptions", redemption(second, redemption_id="r-3", order_ref=order_ref, **taro))
        assert reason(answer) == (409, "code_not_applicable", "limit_reached")
    assert till.post("/v1/redemptions/r-1/capture", {}).code == "code_not_usable"
    assert till.post("/v1/redemptions/r-1/void", {"void_id": "v"}).body["state"] == "not_arrived"
    assert till.post("/v1/redemptions/r-2/capture", {}).status == 200
    assert till.post("/v1/redemptions", redemption(second, redemption_id="r-3", **taro)).status == 409
    assert till.post("/v1/redemptions/r-2/void", {"void_id": "v"}).body["state"] == "voided"
    assert till.post("/v1/redemptions", redemption(second, redemption_id="r-3", **taro)).status == 201
    sound(till.world)


def test_a_capture_after_the_hold_finds_what_was_issued_meanwhile(
    till, client, printed, imported, issue, redemption, clock
):
    """A hold that is over counts no more, though its line is still there: what others took since counts."""
    code, *_ = printed(limits={"per_member": 1})
    imported("TEA-1", campaign_id="tea", limits={"total": 1})
    till.post("/v1/redemptions", redemption(code, hold_seconds=60, member={"member_id": "taro"}))
    till.post("/v1/redemptions", redemption("TEA-1", redemption_id="r-2", hold_seconds=60))
    clock.forward(seconds=61)
    issue("s-1"), issue("s-2", "tea")
    for redemption_id in ("r-1", "r-2"):
        late = till.post(f"/v1/redemptions/{redemption_id}/capture", {})
        assert reason(late) == (409, "code_not_applicable", "limit_reached")
    sound(till.world)


def test_a_total_that_is_added_later_counts_the_codes_that_were_made(operator, client, campaign, issue):
    campaign()
    assert operator.post("/v1/campaigns/spring/codes", {"job_id": "j-1", "count": 3}).status == 202
    assert operator.send("PATCH", "/v1/campaigns/spring", {"limits": {"total": 4}}).status == 200
    issue("s-1")
    said = {"campaign_id": "spring", "source_id": "s-2", "member": {"member_id": "taro"}}
    assert client.post("/v1/issues", said).code == "campaign_exhausted"


# ---- one code for all -----------------------------------------------------------------------------------------------


def test_a_shared_code_is_used_by_everybody_up_to_its_total(till, campaign, redemption):
    code = campaign(code={"mode": "shared"}, limits={"total": 2})["shared_code"]
    for n in (1, 2):
        answer = till.post("/v1/redemptions", redemption(code, redemption_id=f"r-{n}"))
        assert (answer.status, answer.body["applied"][0]["code"]) == (201, code)
    third = till.post("/v1/redemptions", redemption(code, redemption_id="r-3"))
    assert reason(third) == (409, "code_not_applicable", "limit_reached")
    void = till.post("/v1/redemptions/r-1/void", {"void_id": "v"})
    assert (void.body["state"], void.body["coupons"][0]["code"]) == ("voided", code)
    assert till.post("/v1/redemptions", redemption(code, redemption_id="r-3")).status == 201
    sound(till.world)


@pytest.mark.parametrize("limits", [{"total": 1}, {"per_member": 1}, {"per_store_day": 1}, {"budget": 300}])
def test_of_a_shared_code_too_the_orders_own_hold_is_never_in_its_way(till, campaign, redemption, limits):
    code = campaign(code={"mode": "shared"}, limits=limits)["shared_code"]
    taro = {"member": {"member_id": "taro"}}
    assert till.post("/v1/redemptions", redemption(code, hold_seconds=600, **taro)).status == 201
    stranger = redemption(code, redemption_id="r-2", order_ref="order-2", **taro)
    assert reason(till.post("/v1/redemptions", stranger)) == (409, "code_not_applicable", "limit_reached")
    longer = redemption(code, redemption_id="r-3", hold_seconds=900, **taro)
    assert till.post("/v1/redemptions", longer).body["state"] == "held"
    assert till.post("/v1/redemptions", longer).is_replay
    own = redemption(code, redemption_id="r-4", **taro)  # and the hold that took over is not in the way either
    assert till.post("/v1/redemptions", own).body["state"] == "redeemed"
    for lost in ("r-1", "r-3"):  # their place is taken
        assert reason(till.post(f"/v1/redemptions/{lost}/capture", {})) == (409, "code_not_applicable", "limit_reached")
        assert till.post(f"/v1/redemptions/{lost}/void", {"void_id": "v"}).body["state"] == "voided"
    another = redemption(code, redemption_id="r-5", **taro)  # what is used for good stays used
    assert reason(till.post("/v1/redemptions", another)) == (409, "code_not_applicable", "limit_reached")
    assert till.post("/v1/redemptions/r-4/void", {"void_id": "v"}).body["state"] == "voided"
    assert till.post("/v1/redemptions", stranger).status == 201
    sound(till.world)


def test_an_order_takes_over_no_hold_of_another_coupon(till, campaign, issue, redemption):
    """A coupon of the same campaign that the order holds elsewhere keeps its place."""
    code = campaign(code={"mode": "shared"}, limits={"per_store_day": 1})["shared_code"]
    coupon = issue()
    assert till.post("/v1/redemptions", redemption(coupon["code"], hold_seconds=600)).status == 201
    other = till.post("/v1/redemptions", redemption(code, redemption_id="r-2"))
    assert reason(other) == (409, "code_not_applicable", "limit_reached")
    assert till.post("/v1/redemptions/r-1/capture", {}).status == 200
    sound(till.world)


def test_a_shared_code_without_limits_costs_no_more_than_a_name_and_an_entry(till, campaign, redemption):
    code = campaign(code={"mode": "shared"})["shared_code"]
    till.world.ledger.table.usage.reset()
    first = till.post("/v1/redemptions", redemption(code))
    assert (first.status, till.world.ledger.table.usage.write_units) == (201, 2)
    assert till.post("/v1/redemptions", redemption(code)).is_replay
    assert till.post("/v1/redemptions", redemption(code, order_ref="x")).code == "id_reused"
    assert till.post("/v1/redemptions", redemption(code, redemption_id="r-2")).status == 201


def test_a_shared_code_that_was_voided_before_it_came_stays_closed(till, campaign, redemption):
    code = campaign(code={"mode": "shared"})["shared_code"]
    assert till.post("/v1/redemptions/r-1/void", {"void_id": "v"}).body["state"] == "not_arrived"
    assert till.post("/v1/redemptions", redemption(code)).code == "reversed"


def test_a_shared_code_ends_with_its_campaign(till, operator, campaign, redemption):
    code = campaign(code={"mode": "shared"})["shared_code"]
    operator.post("/v1/campaigns/spring/end")
    assert till.post("/v1/redemptions", redemption(code)).code == "code_not_usable"


def test_the_shared_code_is_shown_with_its_campaign_and_is_the_same_each_time(operator, campaign):
    code = campaign(code={"mode": "shared"})["shared_code"]
    assert operator.get("/v1/campaigns/spring").body["shared_code"] == code
    assert "shared_code" not in campaign("other")


# ---- made by somebody else ------------------------------------------------------------------------------------------


@pytest.fixture
def imported(operator, campaign):
    def make(*codes, campaign_id="spring", **changes):
        campaign(campaign_id, **({"code": {"mode": "imported"}} | changes))
        answer = operator.post(f"/v1/campaigns/{campaign_id}/codes/import", {"codes": list(codes)})
        assert answer.status == 200, answer.body
        return [one["status"] for one in answer.body["results"]]

    return make


def test_a_foreign_code_is_redeemed_once_however_it_is_typed(till, imported, redemption):
    assert imported("HELLO-2026", "WELCOME 77") == ["created", "created"]
    answer = till.post("/v1/redemptions", redemption("hello ２０２６"))
    assert (answer.status, answer.body["applied"][0]["code"]) == (201, "HE1102026")
    assert till.post("/v1/redemptions", redemption("HELLO2026", redemption_id="r-2")).code == "code_not_usable"
    void = till.post("/v1/redemptions/r-1/void", {"void_id": "v"})
    assert (void.body["state"], void.body["coupons"][0]["code"]) == ("voided", "HE1102026")
    assert till.post("/v1/redemptions", redemption("HELLO2026", redemption_id="r-3")).status == 201
    sound(till.world)


def test_a_foreign_code_that_is_held_is_captured_and_shown_again(till, imported, redemption):
    imported("HELLO-2026")
    till.post("/v1/redemptions", redemption("HELLO-2026", hold_seconds=60))
    captured = till.post("/v1/redemptions/r-1/capture", {})
    assert (captured.status, captured.body["applied"][0]["code"]) == (200, "HE1102026")


def test_the_same_import_again_changes_nothing_and_another_campaign_s_code_is_refused(operator, imported, campaign):
    imported("HELLO-2026", "x")
    again = operator.post("/v1/campaigns/spring/codes/import", {"codes": ["hello2026", "NEW-1"]})
    assert [one["status"] for one in again.body["results"]] == ["unchanged", "created"]
    campaign("other", code={"mode": "imported"})
    other = operator.post("/v1/campaigns/other/codes/import", {"codes": ["HELLO-2026", "OK-22"]})
    assert [one["status"] for one in other.body["results"]] == ["refused", "created"]
    assert other.body["results"][0]["errors"][0]["code"] == "code_taken"


def test_foreign_codes_come_as_csv_too(operator, imported, campaign):
    campaign(code={"mode": "imported"})
    raw = '\ufeffcode\r\nHELLO-1\r\n\r\n"WEL,COME",more\r\n'.encode()
    answer = operator.send("POST", "/v1/campaigns/spring/codes/import", raw=raw, content_type="text/csv; charset=utf-8")
    assert [(one["row"], one["status"]) for one in answer.body["results"]] == [(1, "created"), (2, "created")]
    bad = operator.send("POST", "/v1/campaigns/spring/codes/import", raw=b"\xff", content_type="text/csv")
    assert bad.code == "malformed_json"
    empty = operator.send("POST", "/v1/campaigns/spring/codes/import", raw=b"code\n", content_type="text/csv")
    assert (empty.status, empty.body["errors"][0]["pointer"]) == (422, "/codes")
    assert operator.send("POST", "/v1/campaigns", raw=raw, content_type="text/csv").code == "unsupported_media_type"


def test_a_code_that_could_be_one_of_ours_is_not_taken_in(operator, imported, printed, campaign):
    ours, *_ = printed("paper")
    assert imported(ours) == ["refused"]


def test_only_campaigns_with_foreign_codes_take_them_in(operator, campaign):
    campaign()
    refused = operator.post("/v1/campaigns/spring/codes/import", {"codes": ["HELLO-1"]})
    assert (refused.status, refused.body["errors"][0]["pointer"]) == (422, "/campaign_id")
    assert operator.post("/v1/campaigns/none/codes/import", {"codes": ["HELLO-1"]}).code == "campaign_not_found"
    assert operator.as_(EC).post("/v1/campaigns/spring/codes/import", {"codes": ["HELLO-1"]}).status == 403


def test_no_table_holds_a_foreign_code_in_clear(till, imported, redemption):
    imported("HELLO-2026")
    till.post("/v1/redemptions", redemption("HELLO-2026"))
    tables = (till.world.ledger.table, till.world.directory.table, till.world.transient)
    kept = repr([item for table in tables for item in table.scan()])
    assert "HELLO" not in kept
    assert "HE1102026" not in kept


# ---- asleep ---------------------------------------------------------------------------------------------------------

ASLEEP = {"code": {"mode": "unique", "sleeping": True}}


def test_a_sleeping_code_is_woken_once_and_then_used(till, client, printed, redemption):
    code, *_ = printed(**ASLEEP)
    assert till.post("/v1/redemptions", redemption(code)).code == "code_not_usable"
    woken = client.post(f"/v1/coupons/{code}/activate", {"activate_id": "a-1"})
    assert (woken.status, woken.body["state"], woken.body["campaign_id"]) == (200, "issued", "spring")
    again = client.post(f"/v1/coupons/{code}/activate", {"activate_id": "a-1"})
    assert (again.status, again.body, again.is_replay) == (200, woken.body, True)
    assert client.post(f"/v1/coupons/{code}/activate", {"activate_id": "a-2"}).code == "code_not_usable"
    other = client.post(f"/v1/coupons/{code}/activate", {"activate_id": "a-1", "member": {"member_id": "taro"}})
    assert (other.status, other.code) == (422, "id_reused")
    assert till.post("/v1/redemptions", redemption(code)).status == 201
    assert client.post(f"/v1/coupons/{code}/activate", {"activate_id": "a-1"}).body == woken.body
    sound(till.world)


def test_a_code_that_was_woken_for_a_member_is_nobody_else_s(till, client, printed, redemption):
    code, *_ = printed(**ASLEEP)
    client.post(f"/v1/coupons/{code}/activate", {"activate_id": "a-1", "member": {"member_id": "taro"}})
    other = till.post("/v1/redemptions", redemption(code, member={"member_id": "hanako"}))
    assert other.code == "code_not_usable"
    assert till.post("/v1/redemptions", redemption(code, member={"member_id": "taro"})).status == 201


def test_a_member_s_sleeping_coupon_is_woken_in_its_book(till, client, campaign, issue, redemption):
    campaign(**ASLEEP)
    coupon = issue()
    assert till.post("/v1/redemptions", redemption(coupon["code"])).code == "code_not_usable"
    path = f"/v1/coupons/{coupon['code']}/activate"
    hanako = client.post(path, {"activate_id": "a-0", "member": {"member_id": "hanako"}})
    assert (hanako.status, hanako.code) == (404, "coupon_not_found")
    assert client.post(path, {"activate_id": "a-1", "member": {"member_id": "taro"}}).status == 200
    assert till.post("/v1/redemptions", redemption(coupon["code"])).status == 201
    sound(till.world)


def test_a_foreign_code_may_sleep_too(till, client, imported, redemption):
    imported("HELLO-2026", code={"mode": "imported", "sleeping": True})
    assert till.post("/v1/redemptions", redemption("HELLO-2026")).code == "code_not_usable"
    assert client.post("/v1/coupons/HELLO-2026/activate", {"activate_id": "a-1"}).body["code"] == "HELLO-2026"
    assert till.post("/v1/redemptions", redemption("HELLO-2026")).status == 201


@pytest.mark.parametrize("code", ["0000-0000-0000-00", "nonsense", "%E3%81%82"])
def test_nobody_wakes_a_code_that_is_not_there(client, printed, code):
    printed(**ASLEEP)
    answer = client.post(f"/v1/coupons/{code}/activate", {"activate_id": "a-1"})
    assert (answer.status, answer.code) == (404, "coupon_not_found")


def test_who_may_wake_codes(client, printed):
    code, *_ = printed(**ASLEEP)
    for who in (TILL, member("taro")):
        assert client.as_(who).post(f"/v1/coupons/{code}/activate", {"activate_id": "a"}).status == 403
    assert client.as_(OPERATOR).post(f"/v1/coupons/{code}/activate", {}).status == 422


# ---- for one order, for points --------------------------------------------------------------------------------------


def test_a_coupon_that_is_bound_to_an_order_is_good_for_that_one_alone(client, till, campaign, redemption):
    campaign(bind="order_ref")
    said = {"campaign_id": "spring", "source_id": "s-1", "member": {"member_id": "taro"}}
    missing = client.post("/v1/issues", said)
    assert (missing.status, missing.body["errors"][0]["pointer"]) == (422, "/order_ref")
    code = client.post("/v1/issues", said | {"order_ref": "order-1"}).body["code"]
    assert till.post("/v1/redemptions", redemption(code, order_ref="order-2")).code == "code_not_usable"
    assert till.post("/v1/redemptions", redemption(code, order_ref="order-1")).status == 201
    sound(till.world)


def test_bonus_points_are_told_and_need_somebody_who_gets_them(till, printed, redemption):
    code, *_ = printed(offer={"type": "bonus_points", "value": 500})
    assert till.post("/v1/redemptions", redemption(code)).code == "code_not_usable"
    answer = till.post("/v1/redemptions", redemption(code, member={"member_id": "taro"}))
    assert (answer.status, answer.body["discount_total"]) == (201, 0)
    assert answer.body["applied"][0]["explain"] == [{"rule": "bonus_points", "amount": 0, "detail": "+500"}]
    (entry,) = entries(till.world, "C")
    (event,) = events.of_entry(entry)
    assert (event["subject"], event["data"]["bonus_points"]) == ("taro", 500)


def test_a_free_item_is_taken_off(till, campaign, issue, redemption):
    campaign(offer={"type": "item_free", "skus": ["coffee"]})
    lines = [
        {"line_id": "1", "sku": "coffee", "quantity": 3, "amount": 900},
        {"line_id": "2", "quantity": 1, "amount": 500},
    ]
    answer = till.post("/v1/redemptions", redemption(issue()["code"], basket={"lines": lines}))
    assert answer.body["applied"][0]["lines"] == [{"line_id": "1", "discount": 300}]


def test_a_voided_redemption_with_parts_in_many_chains_is_no_fault_to_who_reads_chain_by_chain(
    client, till, printed, campaign, issue, redemption
):
    code, *_ = printed("paper", limits={"budget": 9000, "per_store_day": 9})
    campaign("mine")
    campaign("other")
    mine, hers = issue(campaign_id="mine"), issue("s-2", campaign_id="other", member_id="hanako")
    said = redemption(code, mine["code"], hers["code"])
    assert till.post("/v1/redemptions", said).status == 201
    till.world.clock.sleep(1)
    assert till.post("/v1/redemptions/r-1/void", {"void_id": "v"}).status == 200
    items = sorted(till.world.ledger.table.scan(), key=lambda item: (item["sk"] != 0, item["pk"], item["sk"]))
    assert invariants.faults(items) == []
