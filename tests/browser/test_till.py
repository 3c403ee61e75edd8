"""A till in a real browser, on the real stack: sales, lost answers, a line that is cut."""

import random
import re
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from infra.locate import ROOT
from shared import offline_till
from shared.offline_token import Token
from tests.browser.conftest import assert_everybody_can_use, picture
from tests.e2e.conftest import Stack, eventually

MARKUP = "<img src=x onerror=alert(1)>&amp;<b>"
PURCHASES = "**/_user_request_/v1/purchases"
DAYS = "**/_user_request_/v1/till"
SEEN = {
    "ja-JP": ("お買い上げありがとうございます", "200円引き", "付くポイント"),
    "en-GB": ("Thank you for coming", "¥200 off", "Points earned"),
}


@dataclass
class Till:
    """The page as a cashier uses it."""

    page: Page

    def scan(self, *texts: str) -> None:
        for text in texts:
            self.page.fill("#scan", text)
            self.page.press("#scan", "Enter")

    def pay(self) -> None:
        self.page.keyboard.press("F9")

    def wait_for_receipt(self) -> str:
        expect(self.page.locator("#receipt")).to_be_visible()
        return self.page.locator("#receipt-id").inner_text().split()[-1]

    def run_out_of_patience(self) -> None:
        """All tries, without their waits."""
        for tries in range(1, 5):
            expect(self.page.locator("#busy-words")).to_contain_text(str(tries))
            self.page.clock.fast_forward(8_000)
        expect(self.page.locator("#stuck")).to_be_visible()


@pytest.fixture
def till(open_page, stack):
    def open_it(*looks, key="pos") -> Till:
        page = open_page("/till/", *looks)
        enter(page, stack.local["keys"][key])
        return Till(page)

    return open_it


def enter(page: Page, key: str) -> None:
    page.fill("#key", key)
    page.click("#sign-in button[type=submit]")
    expect(page.locator("#scan")).to_be_focused()


@dataclass
class Guest:
    """A member with some points and a coupon, and what their phone shows."""

    stack: Stack
    member_id: str

    def says(self, path: str, service: str = "points"):
        return self.stack.insist(service, f"member:{self.member_id}", "GET", path).json()

    @property
    def rotating(self) -> str:
        return self.says("/v1/me/code")["rotating"]["qr_payload"]

    @property
    def static(self) -> str:
        return self.says("/v1/me/code")["static"]["value"]

    @property
    def balance(self) -> int:
        return self.says("/v1/me/balance")["available"]

    @property
    def coupon(self):
        (only,) = self.says("/v1/me/coupons", "coupons")["items"]
        return only


@pytest.fixture
def guest(stack) -> Guest:
    member_id = f"m-{uuid.uuid4().hex[:12]}"
    stack.insist("points", "ec", "POST", "/v1/members", {"member_id": member_id, "display_name": MARKUP})
    member = {"member_id": member_id}
    lines = [{"line_id": "1", "quantity": 1, "amount": 50_000}]
    now = datetime.now(UTC).isoformat()
    bought = {"purchase_id": uuid.uuid4().hex, "source": "ec", "member": member, "occurred_at": now}
    stack.insist("points", "ec", "POST", "/v1/purchases", {**bought, "state": "completed", "lines": lines})
    issued = {"campaign_id": "welcome-200", "member": member, "source_id": uuid.uuid4().hex}
    stack.insist("coupons", "ec", "POST", "/v1/issues", issued)
    return Guest(stack, member_id)


def lose_answers(page: Page, pattern: str = PURCHASES) -> list[str]:
    """Every request arrives, and no answer comes back; returns the bodies as they were sent."""
    sent: list[str] = []

    def lose(route):
        if route.request.method == "POST":
            sent.append(route.request.post_data)
            route.fetch()
        route.abort()

    page.route(pattern, lose)
    return sent


@pytest.mark.parametrize("language", SEEN)
def test_a_sale_redeems_spends_and_earns_and_can_be_undone(till, guest, language):
    shown = till(language)
    shown.scan(guest.rotating)
    expect(shown.page.locator("#who")).to_have_text(MARKUP)
    assert shown.page.locator("#customer img").count() == 0
    shown.scan("4900000000047", "2x450")
    coupon = shown.page.locator("#coupon-rows li", has_text=SEEN[language][1])
    coupon.get_by_role("checkbox").check()
    shown.page.fill("#points", "300")
    expect(shown.page.locator("#sums")).to_contain_text(SEEN[language][2])
    # 3,300 less 200, and 10 % of it, less 300 points; and one point for 100 of each line's 2,032 and 763 that is left
    expect(shown.page.locator(".due dd")).to_have_text(re.compile("3,110"))
    picture(shown.page, f"till-sale-{language}", is_whole=True)
    shown.pay()
    shown.wait_for_receipt()
    expect(shown.page.locator("#receipt-title")).to_have_text(SEEN[language][0])
    picture(shown.page, f"till-receipt-{language}", is_whole=True)
    assert guest.balance == 500 - 300 + 27
    assert "227" in shown.page.locator("#receipt-points").inner_text()
    assert guest.coupon["state"] == "redeemed"
    shown.page.keyboard.press("Enter")
    shown.page.keyboard.press("F7")
    undo = shown.page.locator("#sale-rows button").last
    undo.click()
    undo.click()
    assert eventually(lambda: guest.balance, 500) == 500
    assert eventually(lambda: guest.coupon["state"], "issued") == "issued"


def test_a_lost_answer_is_asked_for_again_under_the_same_number(till, guest):
    shown = till("en-GB")
    shown.scan(guest.static, "1980")
    expect(shown.page.locator("#who")).to_have_text(MARKUP)
    sent = lose_answers(shown.page)
    shown.pay()
    expect(shown.page.locator("#busy-words")).to_contain_text("1 times")
    picture(shown.page, "till-waiting-en")
    shown.page.unroute(PURCHASES)

    def note(request):
        if request.method == "POST" and request.url.endswith("/v1/purchases"):
            sent.append(request.post_data)

    shown.page.on("request", note)
    shown.page.clock.fast_forward(1_000)
    shown.wait_for_receipt()
    assert len(sent) >= 2
    assert len(set(sent)) == 1
    assert guest.balance == 519


def test_a_sale_under_way_outlives_a_reload_and_counts_once(till, guest):
    shown = till("en-GB")
    shown.scan(guest.rotating, "1980")
    expect(shown.page.locator("#who")).to_have_text(MARKUP)
    shown.page.fill("#points", "80")
    sent = lose_answers(shown.page)
    shown.pay()
    shown.run_out_of_patience()
    expect(shown.page.locator("#wait")).to_be_hidden()  # points can't be used without the line
    picture(shown.page, "till-stuck-en")
    assert_everybody_can_use(shown.page)
    shown.page.unroute(PURCHASES)
    shown.page.reload()
    shown.wait_for_receipt()
    assert len(set(sent)) == 1
    assert guest.balance == 500 - 80 + 19


def test_a_sale_that_is_given_up_is_undone_and_its_items_stay(till, guest):
    shown = till()
    shown.scan(guest.rotating, "1980")
    shown.page.locator("#coupon-rows input").check()
    expect(shown.page.locator("#sums")).to_contain_text("-200円".replace("-", "−"))
    lose_answers(shown.page)
    shown.pay()
    shown.run_out_of_patience()
    shown.page.unroute(PURCHASES)
    shown.page.click("#give-up")
    expect(shown.page.locator("#note")).to_contain_text("会計をやめました")
    expect(shown.page.locator("#line-rows tr")).to_have_count(1)
    assert eventually(lambda: guest.balance, 500) == 500
    assert eventually(lambda: guest.coupon["state"], "issued") == "issued"


def test_a_sale_without_points_can_be_finished_without_the_line_and_counts_once(till, guest):
    shown = till()
    shown.scan(guest.static, "1980")
    expect(shown.page.locator("#who")).to_have_text(MARKUP)
    lose_answers(shown.page)
    shown.pay()
    shown.run_out_of_patience()
    shown.page.click("#wait")
    shown.wait_for_receipt()
    expect(shown.page.locator("#receipt-waits")).to_be_visible()
    shown.page.clock.fast_forward(4_000)
    expect(shown.page.locator("#line")).to_have_text("オンライン")
    assert guest.balance == 519
    kinds = [entry["kind"] for entry in guest.says("/v1/me/entries")["items"]]
    assert kinds == ["earned", "earned"]


def test_without_a_line_it_goes_on_selling_and_sends_it_afterwards(till, guest):
    token = guest.coupon["offline_token"]
    shown = till()
    eventually(
        lambda: shown.page.evaluate("Object.keys(localStorage).some((name) => name.endsWith('.allowance'))"), True
    )
    shown.page.click("#cut")
    shown.scan(guest.static, "1980", token)
    expect(shown.page.locator("#sums")).to_contain_text("200")
    picture(shown.page, "till-offline-ja", is_whole=True)
    shown.pay()
    shown.wait_for_receipt()
    expect(shown.page.locator("#receipt-waits")).to_be_visible()
    assert_everybody_can_use(shown.page)
    shown.page.keyboard.press("Enter")
    shown.scan("1980", token)
    shown.pay()
    expect(shown.page.locator("#note")).to_contain_text("このレジで使用済み")
    assert guest.balance == 500
    shown.page.click("#cut")
    expect(shown.page.locator("#line")).to_have_text("オンライン")
    assert guest.coupon["state"] == "redeemed"
    assert eventually(lambda: guest.balance, 517) == 517
    shown.page.keyboard.press("F7")
    expect(shown.page.locator("#sale-rows li").last).to_contain_text("あとから送信済み")
    shown.page.locator("#sale-rows li").last.get_by_role("button").first.click()
    expect(shown.page.locator("#receipt-waits")).to_have_text(re.compile("あとから送信"))
    picture(shown.page, "till-sent-afterwards-ja")
    expect(shown.page.locator("#troubles")).to_be_hidden()


def test_what_is_scanned_over_a_receipt_is_the_next_customers(till, guest):
    shown = till("en-GB")
    shown.scan("1980")
    shown.pay()
    shown.wait_for_receipt()
    shown.page.keyboard.type(guest.static)
    shown.page.keyboard.press("Enter")
    expect(shown.page.locator("#who")).to_have_text(MARKUP)
    shown.page.click("#cut")
    expect(shown.page.locator("#scan")).to_be_focused()
    shown.page.click("#cut")
    expect(shown.page.locator("#line")).to_have_text("Online")


def test_sales_stand_in_the_order_of_their_time_and_open_from_a_receipt(till):
    shown = till("en-GB")
    for price in ("100", "200", "300"):
        shown.scan(price)
        shown.pay()
        shown.wait_for_receipt()
        shown.page.keyboard.press("Enter" if price != "300" else "F7")
    rows = shown.page.locator("#sale-rows li")
    undo = rows.nth(1).get_by_role("button").last
    undo.click()
    undo.click()
    expect(rows.nth(1)).to_contain_text(re.compile("Undone|Being undone"))
    prices = [int(price) for row in rows.all_inner_texts() for price in re.findall(r"¥(\d+)", row)]
    assert len(prices) == 3
    assert prices == sorted(prices, reverse=True)


def test_what_a_sync_refuses_is_told_and_not_lost(till):
    shown = till()
    eventually(
        lambda: shown.page.evaluate("Object.keys(localStorage).some((name) => name.endsWith('.allowance'))"), True
    )
    shown.page.click("#cut")
    shown.scan("1980")
    shown.pay()
    shown.wait_for_receipt()
    shown.page.evaluate(
        """() => { for (const name of Object.keys(localStorage)) if (name.includes('.queue.')) {
            const kept = JSON.parse(localStorage[name]); kept.value.body.lines[0].amount = -1;
            localStorage[name] = JSON.stringify(kept); } }"""
    )
    shown.page.click("#cut")
    expect(shown.page.locator("#trouble-count")).to_contain_text("1件")
    expect(shown.page.locator("#receipt-waits")).to_contain_text("受け付けられませんでした")
    shown.page.click("#trouble-count")
    shown.page.click("#trouble-rows button")
    expect(shown.page.locator("#troubles")).to_be_hidden()


def test_refusals_are_in_a_cashiers_words_and_nothing_is_used(till, guest):
    shown = till()
    shown.scan("hello")
    expect(shown.page.locator("#note")).to_contain_text("読み取れませんでした")
    shown.scan("2900000000018")
    expect(shown.page.locator("#note")).to_contain_text("見つかりません")
    shown.scan("500", guest.coupon["code"])
    expect(shown.page.locator("#coupon-rows")).to_contain_text("お買い上げ金額に達していません")
    shown.pay()
    expect(shown.page.locator("#note")).to_contain_text("お買い上げ金額に達していません")
    shown.page.keyboard.press("F4")
    code = guest.rotating
    shown.scan(code)
    expect(shown.page.locator("#who")).to_have_text(MARKUP)
    shown.scan(code)
    expect(shown.page.locator("#note")).to_contain_text("使用済み")
    assert (guest.balance, guest.coupon["state"]) == (500, "issued")


def test_a_card_earns_but_does_not_spend(till, guest):
    shown = till("en-GB")
    shown.scan("1980", guest.static)
    expect(shown.page.locator("#level")).to_contain_text("ask for the app's code")
    expect(shown.page.locator("#spend")).to_be_hidden()
    expect(shown.page.locator("#coupons")).to_be_hidden()


def test_a_key_that_is_no_tills_is_told_so(open_page, stack):
    page = open_page("/till/")
    page.fill("#key", stack.local["keys"]["ec"])
    page.click("#sign-in button[type=submit]")
    expect(page.locator("#refused")).to_contain_text("店舗の端末用ではありません")


def test_the_port_of_the_offline_rules_says_what_the_reference_says(open_page):
    """Two thousand baskets, and the token that docs/offline.md spells out."""
    page = open_page("/till/")
    named = dict(re.findall(r"^\| `(\w+)` \| `?([^`|]+?)`? \|$", (ROOT / "docs/offline.md").read_text(), re.MULTILINE))
    keys = [{"kid": named["kid"], "key": named["public_key"]}]
    read = "async ([text, keys]) => (await import('/till/offline.js')).readToken(text, keys)"
    token = page.evaluate(read, [named["token"], keys])
    assert token["spot"] == f"{0x1267}.{0x0123456789}"
    assert (token["first"], token["last"], token["maxDiscount"], token["minPurchase"]) == (
        "2026-11-20",
        "2026-12-31",
        1000,
        500,
    )
    forged = named["token"][:-1] + ("A" if named["token"][-1] != "A" else "B")
    refused = page.evaluate(
        f"(asked) => ({read})(asked).then(() => 'taken', (failure) => failure.code)", [forged, keys]
    )
    assert refused == "token_invalid"

    chance = random.Random(45)
    kinds: list[Literal["amount_off", "percent_off", "item_free"]] = ["amount_off", "percent_off", "item_free"]
    cases = []
    for _ in range(2000):
        kind = chance.choice(kinds)
        value = chance.randint(1, {"amount_off": 3000, "percent_off": 100, "item_free": 4}[kind])
        basket = [(chance.randint(0, 5), chance.randint(0, 3000)) for _ in range(chance.randint(1, 6))]
        cases.append((kind, value, chance.choice([None, 1, 500]), basket))
    worth = """async (cases) => { const { worth } = await import('/till/offline.js');
        return cases.map(([type, value, maxDiscount, basket]) =>
            worth({ type, value, maxDiscount }, basket.map(([quantity, amount]) => ({ quantity, amount })))); }"""
    day = date(2026, 11, 20)
    ends = datetime(2026, 11, 21, tzinfo=UTC)
    wanted = [
        offline_till.worth(Token(1, 1, kind, value, day, None, ends, max_discount=most), basket)
        for kind, value, most, basket in cases
    ]
    assert page.evaluate(worth, cases) == wanted


@pytest.mark.parametrize(
    ("language", "scheme", "size"),
    [("ja-JP", "light", (1180, 820)), ("en-GB", "dark", (360, 740))],
    ids=["desk", "narrow"],
)
def test_everybody_can_use_the_till(till, guest, language, scheme, size):
    shown = till(language, scheme, size)
    assert_everybody_can_use(shown.page)
    shown.scan(guest.rotating, "4900000000016", "3x450")
    shown.page.locator("#coupon-rows input").check()
    expect(shown.page.locator("#coupon-rows .good")).to_be_visible()
    picture(shown.page, f"till-counter-{language}-{scheme}-{size[0]}", is_whole=True)
    assert_everybody_can_use(shown.page)
    shown.pay()
    shown.wait_for_receipt()
    picture(shown.page, f"till-receipt-{language}-{scheme}-{size[0]}", is_whole=True)
    assert_everybody_can_use(shown.page)
    shown.page.keyboard.press("Enter")
    shown.page.keyboard.press("F7")
    expect(shown.page.locator("#sales")).to_be_visible()
    picture(shown.page, f"till-sales-{language}-{scheme}-{size[0]}")
    assert_everybody_can_use(shown.page)


def test_the_services_are_asked_nothing_by_a_till_that_is_closed(till):
    shown = till()
    shown.page.click("#leave")
    asked: list[str] = []
    shown.page.on("request", lambda request: asked.append(request.url))
    shown.page.clock.fast_forward(30_000)
    expect(shown.page.locator("#key")).to_be_visible()
    assert [url for url in asked if "/restapis/" in url] == []


def test_an_answer_that_comes_after_the_till_is_closed_leads_to_no_other_request(open_page, stack):
    page = open_page("/till/")
    held = []
    page.route(DAYS, lambda route: held.append(route))  # noqa: PLW0108 - playwright marks what it is given
    enter(page, stack.local["keys"]["pos"])
    eventually(lambda: page.wait_for_timeout(50) or len(held), 1)
    page.click("#leave")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with page.expect_response(DAYS):
        held[0].fulfill(json={"business_day": "2027-01-05"})
    page.clock.fast_forward(30_000)
    expect(page.locator("#key")).to_be_visible()
    assert [url for url in asked if "/restapis/" in url] == []


def test_a_till_that_is_not_closed_in_the_evening_has_the_next_days_allowance(till):
    shown = till()
    kept = """() => Object.entries(localStorage).filter(([name]) => name.endsWith('.allowance'))
        .map(([, text]) => JSON.parse(text).told.business_day)[0]"""
    today = eventually(lambda: bool(shown.page.evaluate(kept)), True) and shown.page.evaluate(kept)
    tomorrow = (date.fromisoformat(today) + timedelta(days=1)).isoformat()
    shown.page.route(DAYS, lambda route: route.fulfill(json={"business_day": tomorrow}))
    shown.page.clock.fast_forward(900_000)
    assert eventually(lambda: shown.page.evaluate(kept), tomorrow) == tomorrow
