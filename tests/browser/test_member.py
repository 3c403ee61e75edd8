"""A member's page in a real browser: the card, points, coupons and stores, on the real stack."""

import re
import uuid
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import (
    API,
    STEP_MS,
    ahead,
    assert_everybody_can_use,
    cut,
    picture,
    scanned,
    wait_for_card,
)
from tests.e2e.conftest import eventually

PHONE = (390, 844)
MARKUP = "<img src=x onerror=alert(1)>&amp;<b>"
OCCURRED = "2026-{month:02}-12T03:00:00Z"
SEEN = {
    "ja-JP": ("お会計のときにレジでお見せください", "チェックインしました", "200円引き"),
    "en-GB": ("Show it at the till when you pay", "You are checked in", "¥200 off"),
}


@dataclass
class Phone:
    """The page as a member uses it."""

    page: Page

    def turn_to(self, view: str) -> None:
        self.page.click(f"#tabs a[href='#{view}']")
        expect(self.page.locator(f"#{view}")).to_be_visible()

    def wait_for_code(self) -> str:
        wait_for_card(self.page)
        return self.digits

    @property
    def digits(self) -> str:
        return re.sub(r"\s", "", "".join(self.page.locator("#digits").all_text_contents()))

    def store(self, name: str):
        row = self.page.locator("#nearby > li", has=self.page.get_by_role("heading", name=name, exact=True))
        expect(row).to_be_visible()
        return row


@pytest.fixture
def phone(open_page, stack):
    """Opens the page as a member; as nobody if there is none."""

    def open_it(member_id=None, language="ja-JP", scheme="light", size=PHONE) -> Phone:
        page = open_page("/member/", language, scheme, size)
        expect(page.locator("#key")).to_be_visible()
        if member_id:
            page.fill("#key", stack.token(f"member:{member_id}"))
            page.click("#sign-in button[type=submit]")
            expect(page.locator("#member")).to_be_visible()
        return Phone(page)

    return open_it


@pytest.fixture(scope="session")
def regular(stack) -> str:
    """Somebody who buys something every month, whose name carries markup."""
    member_id = f"m-{uuid.uuid4().hex[:12]}"
    body = {"member_id": member_id, "display_name": MARKUP, "consents": {"location": {"granted": True, "version": "1"}}}
    assert stack.insist("points", "ec", "POST", "/v1/members", body).status_code == 201
    bought = [sale(member_id, OCCURRED.format(month=month), 100 * month * month + 900) for month in range(1, 11)]
    bought.append({**sale(member_id, OCCURRED.format(month=11), 4800), "source": "ec", "state": "placed"})
    answer = stack.insist("points", "ec", "POST", "/v1/purchases/batch", {"purchases": bought})
    assert {one["status"] for one in answer.json()["results"]} == {201}, answer.text
    spend = {"spend_id": uuid.uuid4().hex, "member": {"member_id": member_id}, "points": 30, "order_ref": "web"}
    assert stack.insist("points", "ec", "POST", "/v1/spends", spend).status_code == 201
    return member_id


def sale(member_id, occurred_at, amount):
    lines = [{"line_id": "1", "quantity": 1, "amount": amount}]
    more = {"source": "pos", "store_id": "shibuya", "state": "completed", "occurred_at": occurred_at}
    return {"purchase_id": uuid.uuid4().hex, "member": {"member_id": member_id}, "lines": lines, **more}


def resolved(stack, code):
    return stack.insist("points", "pos", "POST", "/v1/members/resolve", {"member": {"code": code}})


@pytest.mark.parametrize("language", SEEN)
def test_what_the_screen_shows_is_the_member_at_the_till(phone, stack, language):
    shown = phone(member_id := stack.member(), language)
    digits = shown.wait_for_code()
    assert shown.page.get_attribute("html", "lang") == language[:2]
    expect(shown.page.locator("#code-hint")).to_contain_text(SEEN[language][0])
    read = scanned(shown.page)
    assert sorted(read) == sorted([digits, f"omo:{digits}"])
    ahead(shown.page, 30)
    expect(shown.page.locator("#digits")).not_to_have_text(re.compile(rf"^({' ?'.join(digits)})?$"))
    shown.page.unroute(API)
    now = shown.digits
    answer = resolved(stack, f"omo:{now}")
    assert (answer.status_code, answer.json()["member_id"], answer.json()["code_level"]) == (200, member_id, "rotating")


def test_the_code_that_earns_only_is_an_ean_13(phone, stack, regular):
    shown = phone(regular)
    shown.wait_for_code()
    shown.page.check("[name=which][value=static]", force=True)
    expect(shown.page.locator("#digits")).to_have_text(re.compile(r"^2[\d ]{12,}$"))
    code = shown.digits
    assert scanned(shown.page) == [code, code]
    answer = resolved(stack, code).json()
    assert (answer["member_id"], answer["code_level"]) == (regular, "static")


def test_points_are_told_by_what_expires_when_and_what_has_happened(phone, stack, regular):
    shown = phone(regular)
    shown.turn_to("points")
    balance = stack.insist("points", f"member:{regular}", "GET", "/v1/me/balance").json()
    expect(shown.page.locator("#sum-available")).to_have_text(f"{balance['available']:,}")
    expect(shown.page.locator("#sum-pending")).to_have_text("48")
    said = shown.page.locator("#chart svg").get_attribute("aria-label")
    assert str(balance["expiring"][0]["points"]) in said
    years = [balance["as_of"][:4], str(int(balance["as_of"][:4]) + 1)]  # thirteen months begin one year and another
    expect(shown.page.locator("#chart .month").filter(has_text=re.compile(r"20\d\d"))).to_contain_text(years)
    expect(shown.page.locator("#expiring li")).to_have_count(6)
    expect(shown.page.locator("#entries li")).to_have_count(10)
    shown.page.click("#more")
    expect(shown.page.locator("#entries li")).to_have_count(12)
    expect(shown.page.locator("#more")).to_be_hidden()
    expect(shown.page.locator("#entries li").first.locator("strong")).to_have_text("-30")


def test_the_view_that_is_seen_is_anew_when_it_is_pressed_again(phone, stack):
    member_id = stack.member()
    shown = phone(member_id)
    shown.turn_to("points")
    expect(shown.page.locator("#no-entries")).to_be_visible()
    bought = sale(member_id, OCCURRED.format(month=11), 5000)
    assert stack.insist("points", "ec", "POST", "/v1/purchases", bought).status_code == 201
    shown.turn_to("points")
    expect(shown.page.locator("#entries li")).to_have_count(1)
    expect(shown.page.locator("#sum-available")).to_have_text("50")


def test_a_language_chosen_later_holds_for_explanations_too(phone, regular):
    shown = phone(regular, "en-GB")
    shown.turn_to("points")
    expect(shown.page.locator("#entries")).to_contain_text("for each 100 without tax")
    shown.page.click("[data-language=ja]")
    expect(shown.page.locator("#entries")).to_contain_text("税抜100円ごとに1ポイント")


@pytest.mark.parametrize("language", SEEN)
def test_coming_by_is_rewarded_and_a_coupon_is_shown_at_the_till(phone, stack, language):
    shown = phone(member_id := stack.member(), language)
    shown.turn_to("stores")
    here = shown.store("Shibuya")
    expect(shown.page.locator("#map svg")).to_have_attribute("aria-label", re.compile("Shibuya.*Harajuku.*Ebisu"))
    here.get_by_role("button").first.click()
    expect(shown.page.locator("#outcome")).to_have_text(SEEN[language][1])
    here.locator("summary").last.click()
    here.locator(".offer", has_text=re.compile("200")).get_by_role("button").click()
    shown.turn_to("coupons")
    ticket = shown.page.locator(".ticket", has_text=SEEN[language][2])
    expect(ticket).to_be_visible()
    with shown.page.expect_response("**/v1/me/coupons/*") as looked:
        ticket.get_by_role("button").click()
    assert looked.value.status == 200  # it counts as shown
    expect(shown.page.locator("#ticket")).to_be_visible()
    picture(shown.page, f"member-ticket-{language}")
    (payload,) = scanned(shown.page)
    basket = {"lines": [{"line_id": "1", "quantity": 1, "amount": 1500}]}
    asked = {"codes": [payload], "channel": "pos", "basket": basket}
    assert stack.insist("coupons", "pos", "POST", "/v1/validations", asked).json()["discount_total"] == 200
    shown.page.check("#offline")
    (token,) = eventually(lambda: scanned(shown.page), None, 0)
    mine = stack.insist("coupons", f"member:{member_id}", "GET", "/v1/me/coupons").json()["items"]
    assert token in {one.get("offline_token") for one in mine}
    shown.page.click("#close")
    shown.turn_to("card")
    # By event: within seconds, but that of a stack just started first starts its workers.
    expect(shown.page.locator("#available")).to_have_text("10", timeout=2 * STEP_MS)


def test_from_far_away_nothing_is_paid_but_with_the_stores_number_it_is(phone, stack):
    shown = phone(stack.member())
    shown.turn_to("stores")
    for _ in range(3):
        shown.page.click("[data-move='0,1']")
    expect(shown.store("Shibuya")).to_contain_text("300 m")
    shown.store("Shibuya").get_by_role("button").first.click()
    expect(shown.page.locator("#outcome")).to_have_text("今回はポイントが付きませんでした")
    code = stack.insist("checkin", "pos", "GET", "/v1/stores/shibuya/presence-code").json()["code"]
    shown.store("Shibuya").locator("summary").first.click()
    shown.page.fill("#number-shibuya", code)
    shown.page.press("#number-shibuya", "Enter")
    expect(shown.page.locator("#outcome")).to_have_text("チェックインしました")


def test_a_coupon_that_was_used_is_no_longer_shown(phone, stack):
    member_id = stack.member()
    issued = {"campaign_id": "welcome-200", "member": {"member_id": member_id}, "source_id": uuid.uuid4().hex}
    code = stack.insist("coupons", "ec", "POST", "/v1/issues", issued).json()["code"]
    shown = phone(member_id, "en-GB")
    shown.turn_to("coupons")
    expect(shown.page.locator(".ticket")).to_be_visible()
    basket = {"lines": [{"line_id": "1", "quantity": 1, "amount": 1500}]}
    used = {"redemption_id": uuid.uuid4().hex, "codes": [code], "channel": "pos", "basket": basket, "order_ref": "1"}
    assert stack.insist("coupons", "pos", "POST", "/v1/redemptions", used).status_code == 201
    shown.page.locator(".ticket button").click()
    expect(shown.page.locator("#no-coupons")).to_be_visible()
    expect(shown.page.locator("#ticket")).to_be_hidden()
    shown.page.click("summary:has-text('past')")
    expect(shown.page.locator("#past li")).to_contain_text("Used")


def test_a_touch_on_the_map_moves_a_visitor(phone, stack):
    shown = phone(stack.member())
    shown.turn_to("stores")
    expect(shown.store("Shibuya")).to_contain_text("0 m")
    shown.page.locator("#map svg").click(position={"x": 60, "y": 60})
    expect(shown.page.locator("#nearby > li").first).not_to_contain_text("0 m · ")


def test_whoever_did_not_consent_is_asked_before_a_check_in(phone, stack):
    member_id = f"m-{uuid.uuid4().hex[:12]}"
    assert stack.insist("points", "ec", "POST", "/v1/members", {"member_id": member_id}).status_code == 201
    shown = phone(member_id)
    shown.turn_to("stores")
    shown.store("Shibuya").get_by_role("button").first.click()
    shown.page.click("#agree")
    expect(shown.page.locator("#consent")).to_be_hidden()
    shown.store("Shibuya").get_by_role("button").first.click()
    expect(shown.page.locator("#outcome")).to_have_text("チェックインしました")


def test_names_are_text_whatever_they_hold(phone, stack, regular):
    store = {"name": MARKUP, "lat": 35.6601, "lon": 139.7005, "time_zone": "Asia/Tokyo"}
    assert stack.insist("checkin", "operator", "PUT", "/v1/stores/markup-2", store).status_code == 200
    shown = phone(regular)
    expect(shown.page.locator("#who")).to_have_text(MARKUP)
    shown.turn_to("stores")
    shown.store(MARKUP)
    assert shown.page.locator("main img:not([src])").count() == shown.page.locator("[onerror]").count() == 0


def test_without_a_line_no_old_code_is_shown_but_the_card_still_earns(phone, regular):
    shown = phone(regular, "en-GB")
    shown.wait_for_code()
    cut(shown.page)
    shown.page.clock.fast_forward(31_000)
    expect(shown.page.locator("#no-code")).to_contain_text("no signal")
    assert (shown.digits, scanned(shown.page)) == ("", [])
    shown.page.check("[name=which][value=static]", force=True)
    assert len(shown.digits) == 13
    shown.page.check("[name=which][value=rotating]", force=True)
    shown.page.unroute(API)
    shown.page.clock.fast_forward(31_000)
    shown.wait_for_code()


def test_a_visitor_comes_in_by_the_door_and_leaves_nothing_behind(phone):
    shown = phone()
    shown.page.get_by_role("button", name="m-taro として入る").click()
    expect(shown.page.locator("#who")).to_have_text("太郎")
    shown.page.reload()
    shown.wait_for_code()
    shown.page.click("#leave")
    expect(shown.page.locator("#key")).to_be_visible()
    assert shown.page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0
    assert "太郎" not in shown.page.locator("main").inner_text()


def test_whoever_is_no_member_yet_can_join(phone, stack):
    shown = phone()
    shown.page.fill("#key", stack.token(f"member:new-{uuid.uuid4().hex[:8]}"))
    shown.page.click("#sign-in button[type=submit]")
    shown.page.fill("#name", "Aoi")
    shown.page.click("#join button[type=submit]")
    expect(shown.page.locator("#who")).to_have_text("Aoi")


@pytest.mark.parametrize(
    ("token", "words"),
    [("half a token", "トークンの形が違います"), ("aaaa.bbbb.cccc", "もう一度ログインしてください")],
)
def test_a_token_that_does_not_do_is_told_in_plain_words(phone, token, words):
    shown = phone()
    shown.page.fill("#key", token)
    shown.page.click("#sign-in button[type=submit]")
    expect(shown.page.locator("#refused")).to_contain_text(words)


@pytest.mark.parametrize(
    ("language", "scheme", "size"),
    [("ja-JP", "light", PHONE), ("en-GB", "dark", (360, 740))],
    ids=["light", "narrow"],
)
def test_everybody_can_use_every_view(phone, regular, language, scheme, size):
    shown = phone(regular, language, scheme, size)
    shown.wait_for_code()
    for view, ready in (
        ("card", "#digits"),
        ("points", "#entries li"),
        ("coupons", "#no-coupons"),
        ("stores", "#map svg"),
    ):
        shown.turn_to(view)
        expect(shown.page.locator(ready).first).to_be_visible()
        picture(shown.page, f"member-{view}-{language}-{scheme}-{size[0]}", is_whole=True)
        assert_everybody_can_use(shown.page)
