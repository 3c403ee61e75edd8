"""docs/tour.md, step by step as it stands there, with the pictures that the README shows."""

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import STEP_MS, picture, scanned, wait_for_card
from tests.e2e.conftest import eventually, omo

PHONE, DESK = (390, 844), (1180, 820)
BOOKS = re.compile(r"^\d+ chains, \d+ entries, \d+ names: no fault\.$", re.MULTILINE)


@dataclass
class Guest:
    """Who walks through the tour, and what the pages call things in that guest's language."""

    member_id: str
    language: str
    words: dict[str, str]


EN = {
    "come_in": "Come in as m-hanako",
    "stores": "Stores",
    "check_in": "Check in",
    "checked_in": "You are checked in",
    "coupons": "Coupons",
    "off": "10% off",
    "thanks": "Thank you for coming",
    "points": "Points",
    "cut": "Practise: cut the line",
    "join": "Connect the line",
    "waiting": "to be sent",
    "online": "Online",
    "gave": "30 points given",
}
JA = {
    "come_in": "m-taro として入る",
    "stores": "お店",
    "check_in": "チェックイン",
    "checked_in": "チェックインしました",
    "coupons": "クーポン",
    "off": "10%引き",
    "thanks": "お買い上げありがとうございます",
    "points": "ポイント",
    "cut": "練習: 回線を切る",
    "join": "回線をつなぐ",
    "waiting": "送信待ち",
    "online": "オンライン",
    "gave": "30ポイントを贈りました",
}
GUESTS = [Guest("m-hanako", "en-GB", EN), Guest("m-taro", "ja-JP", JA)]


@pytest.fixture
def windows(open_page, browser, stack):
    """Each page in a window of its own, as the tour has them side by side."""
    opened = []

    def open_it(path, guest, size) -> Page:
        context = browser.new_context(locale=guest.language, timezone_id="Asia/Tokyo", reduced_motion="reduce")
        opened.append(context)
        page = context.new_page()
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.goto(stack.local["console"] + path)
        return page

    yield open_it
    for context in opened:
        context.close()


@pytest.mark.parametrize("guest", GUESTS, ids=lambda guest: guest.language)
def test_the_tour_goes_as_it_says(windows, stack, guest):
    words, said = guest.words, f"tour-{{}}-{guest.language[:2]}"
    phone = windows("/member/", guest, PHONE)
    phone.get_by_role("button", name=words["come_in"]).click()
    has_checked_in(phone, words)
    picture(phone, said.format("stores"))
    has_a_coupon(phone, words)
    expect(phone.locator("#available")).to_have_text("10", timeout=2 * STEP_MS)
    picture(phone, said.format("member"))

    tablet = windows("/tablet/", guest, DESK)
    tablet.get_by_role("button", name="Shibuya").click()
    expect(tablet.locator("#qr svg")).to_be_visible()
    picture(tablet, said.format("tablet"))

    till = windows("/till/", guest, DESK)
    till.get_by_role("button", name="Shibuya").click()
    has_sold(till, phone, words, said)
    phone.reload()
    expect(phone.locator("#available")).to_have_text("29", timeout=2 * STEP_MS)
    phone.click("#tabs a[href='#points']")
    expect(phone.locator("#entries li").first).to_contain_text("29")
    picture(phone, said.format("points"))

    has_sold_without_a_line(till, phone, words)
    assert eventually(lambda: stack.balance(guest.member_id), 29 + 12) == 29 + 12
    has_undone_the_first_sale(till)
    assert eventually(lambda: stack.balance(guest.member_id), 10 + 12) == 10 + 12
    cafe = windows("/cafe/", guest, DESK)
    cafe.get_by_role("button", name="Café Aoyama").click()
    has_given(cafe, phone, words)
    picture(cafe, said.format("cafe"))
    assert eventually(lambda: stack.balance(guest.member_id), 10 + 12 + 30) == 10 + 12 + 30
    assert BOOKS.search(omo("audit", "--dir", str(stack.home)).stdout)


def has_checked_in(phone, words):
    phone.get_by_role("link", name=words["stores"], exact=True).click()
    here = phone.locator("#nearby > li", has=phone.get_by_role("heading", name="Shibuya", exact=True))
    here.get_by_role("button").first.click()
    expect(phone.locator("#outcome")).to_have_text(words["checked_in"])


def has_a_coupon(phone, words):
    """It comes by event: the page looks again when it is turned to."""

    def is_there():
        phone.get_by_role("link", name=words["coupons"], exact=True).click()
        phone.wait_for_timeout(300)
        there = phone.locator(".ticket", has_text=words["off"]).count() > 0
        phone.click("#tabs a[href='#card']")
        return there

    assert eventually(is_there, wanted=True, seconds=120)


def code_of(phone) -> str:
    phone.click("#tabs a[href='#card']")
    wait_for_card(phone)
    return re.sub(r"\s", "", "".join(phone.locator("#digits").all_text_contents()))


def types(page, *texts):
    for text in texts:
        page.fill("#scan", text)
        page.press("#scan", "Enter")


def has_sold(till, phone, words, said):
    """A tea cup and sencha for a guest whose coupon takes off 10 %, with ten points used."""
    code = code_of(phone)
    assert f"omo:{code}" in scanned(phone), "a scanner reads what the tour types"
    types(till, code, "4900000000047", "4900000000023")
    till.locator("#coupon-rows li", has_text=words["off"]).get_by_role("checkbox").check()
    till.keyboard.press("F2")
    expect(till.locator("#points")).to_have_value("10")
    expect(till.locator(".due dd")).to_contain_text("3,318")
    picture(till, said.format("till"))
    till.keyboard.press("F9")
    expect(till.locator("#receipt")).to_be_visible()
    expect(till.locator("#receipt-title")).to_have_text(words["thanks"])
    picture(till, said.format("receipt"))
    till.keyboard.press("Enter")


def has_sold_without_a_line(till, phone, words):
    """The line is cut, a bag of beans is sold to the card's code, and the line comes back."""
    till.get_by_role("button", name=words["cut"]).click()
    phone.click("#tabs a[href='#card']")
    phone.check("[name=which][value=static]", force=True)
    expect(phone.locator("#digits")).to_have_text(re.compile(r"^2[\d ]{12,}$"))
    types(till, code_of(phone), "4900000000016")
    till.keyboard.press("F9")
    expect(till.locator("#receipt")).to_be_visible()
    till.keyboard.press("Enter")
    expect(till.locator("#line")).to_contain_text(words["waiting"])
    till.get_by_role("button", name=words["join"]).click()
    expect(till.locator("#line")).to_have_text(words["online"], timeout=2 * STEP_MS)


def has_undone_the_first_sale(till):
    till.keyboard.press("F7")
    undo = till.locator("#sale-rows li", has_text="3,318").get_by_role("button").last
    undo.click()
    undo.click()


def has_given(cafe, phone, words):
    cafe.fill("#code", code_of(phone))
    cafe.fill("#points", "30")
    cafe.press("#points", "Enter")
    expect(cafe.locator("#outcome-words")).to_have_text(words["gave"])
    expect(cafe.locator("#today li").first).to_contain_text("30")
    expect(cafe.locator("#lines tr").first).to_contain_text("30")
