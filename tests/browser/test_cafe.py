"""A partner's page in a real browser, on the real stack: giving, the budget, the day, the statement."""

import json
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import assert_everybody_can_use, picture

AWARDS = "**/_user_request_/v1/awards"
SEEN = {"ja-JP": ("30ポイントを贈りました", "取り消し"), "en-GB": ("30 points given", "Undone")}


@dataclass
class Cafe:
    """The page as somebody behind the counter uses it."""

    page: Page

    def give(self, code: str, points: int) -> None:
        self.page.fill("#code", code)
        self.page.fill("#points", str(points))
        self.page.press("#points", "Enter")

    @property
    def outcome(self):
        return self.page.locator("#outcome-words")


@pytest.fixture(scope="session")
def partner(stack):
    """A partner of its own, whose books nobody else writes; its name is markup."""
    partner_id = f"cafe-{uuid.uuid4().hex[:8]}"
    body = {"name": "<b>Café</b>", "budget": {"kind": "prepaid", "points": 5_000}, "caps": {"per_award": 1_000}}
    assert stack.insist("points", "operator", "PUT", f"/v1/partners/{partner_id}", body).status_code == 200
    key = {"key_id": partner_id, "owner": partner_id, "kind": "partner", "partner_id": partner_id}
    return stack.insist("points", "operator", "POST", "/v1/keys", key).json()["secret"]


@pytest.fixture
def cafe(open_page, partner):
    def open_it(*looks) -> Cafe:
        page = open_page("/cafe/", *looks)
        page.fill("#key", partner)
        page.click("#sign-in button[type=submit]")
        expect(page.locator("#code")).to_be_focused()
        expect(page.locator("#month")).not_to_be_empty()
        return Cafe(page)

    return open_it


@pytest.fixture
def code(stack) -> str:
    """What a guest shows."""
    return stack.insist("points", f"member:{stack.member()}", "GET", "/v1/me/code").json()["static"]["value"]


def left(stack, partner) -> int:
    return stack.insist("points", partner, "GET", "/v1/partner/budget").json()["left"]


@pytest.mark.parametrize("language", SEEN)
def test_a_guest_gets_points_and_the_books_say_so(cafe, stack, partner, code, language):
    before = left(stack, partner)
    shown = cafe(language)
    shown.give(code, 30)
    expect(shown.outcome).to_have_text(SEEN[language][0])
    expect(shown.page.locator("#left")).to_have_text(f"{before - 30:,}")
    first = shown.page.locator("#today li").first
    expect(first).to_contain_text("30")
    row = shown.page.locator("#lines tr").first
    expect(row).to_contain_text("30")
    picture(shown.page, f"cafe-{language}", is_whole=True)
    first.get_by_role("button").click()
    first.get_by_role("button").click()
    expect(first).to_contain_text(SEEN[language][1])
    expect(row).to_contain_text(SEEN[language][1])
    assert left(stack, partner) == before


def test_a_lost_answer_is_asked_for_again_also_after_a_reload_and_counts_once(cafe, stack, partner, code):
    before = left(stack, partner)
    shown = cafe("en-GB")
    sent = []

    def lose(route):
        if route.request.method == "POST":
            sent.append(json.loads(route.request.post_data))
            route.fetch()
        route.abort()

    shown.page.route(AWARDS, lose)
    shown.give(code, 40)
    for tries in range(1, 5):
        expect(shown.outcome).to_contain_text(f"{tries} times")
        shown.page.clock.fast_forward(8_000)
    expect(shown.page.locator("#stuck")).to_be_visible()
    shown.page.reload()
    expect(shown.page.locator("#stuck")).to_be_visible()
    picture(shown.page, "cafe-stuck-en")
    assert_everybody_can_use(shown.page)
    shown.page.unroute(AWARDS)
    shown.page.click("#again")
    expect(shown.outcome).to_have_text("40 points given")
    assert len({award["award_id"] for award in sent}) == 1
    assert left(stack, partner) == before - 40


def test_an_award_that_is_given_up_is_undone(cafe, stack, partner, code):
    before = left(stack, partner)
    shown = cafe()
    shown.page.route(AWARDS, lambda route: (route.request.method == "POST" and route.fetch(), route.abort()))
    shown.give(code, 40)
    for tries in range(1, 5):
        expect(shown.outcome).to_contain_text(f"{tries}回目")
        shown.page.clock.fast_forward(8_000)
    shown.page.click("#give-up")
    expect(shown.outcome).to_contain_text("取りやめました")
    assert left(stack, partner) == before


def test_refusals_are_in_plain_words(cafe, code):
    shown = cafe()
    shown.give("", 10)
    expect(shown.outcome).to_contain_text("コードを入力")
    shown.give(code, 0)
    expect(shown.outcome).to_contain_text("1以上")
    shown.give(code, 1001)
    expect(shown.outcome).to_contain_text("1回に贈れるのは1,000ポイントまで")
    shown.give("2900000000018", 10)
    expect(shown.outcome).to_contain_text("見つかりません")


def test_the_statement_can_be_saved_for_a_spreadsheet(cafe, stack, partner, code):
    shown = cafe("en-GB")
    shown.give(code, 10)
    expect(shown.outcome).to_have_text("10 points given")
    with shown.page.expect_download() as saving:
        shown.page.click("#csv")
    month = saving.value.suggested_filename.removeprefix("statement-").removesuffix(".csv")
    wanted = stack.call("points", partner, "GET", f"/v1/partner/statements/{month}", Accept="text/csv").content
    assert Path(saving.value.path()).read_bytes() == wanted
    assert code not in wanted.decode()
    shown.page.click("#before")
    expect(shown.page.locator("#no-lines")).to_be_visible()
    shown.page.click("#after")
    expect(shown.page.locator("#lines tr").first).to_be_visible()
    expect(shown.page.locator("#after")).to_be_disabled()


def test_a_key_that_is_no_partners_is_told_so(open_page, stack):
    page = open_page("/cafe/")
    page.fill("#key", stack.local["keys"]["pos"])
    page.click("#sign-in button[type=submit]")
    expect(page.locator("#refused")).to_contain_text("提携店用ではありません")


@pytest.mark.parametrize(
    ("language", "scheme", "size"),
    [("ja-JP", "light", (1180, 820)), ("en-GB", "dark", (360, 740))],
    ids=["desk", "narrow"],
)
def test_everybody_can_use_it_and_find_the_way_to_every_page(open_page, language, scheme, size):
    page = open_page("/", language, scheme, size)
    expect(page.locator("#walk")).to_be_visible()
    picture(page, f"start-{language}-{scheme}-{size[0]}", is_whole=True)
    assert_everybody_can_use(page)
    for name in ("member", "till", "tablet", "cafe"):
        page.click(f"a[href='{name}/']")
        expect(page.locator("#guests button").first).to_be_visible()
        picture(page, f"{name}-door-{language}-{scheme}-{size[0]}", is_whole=True)
        assert_everybody_can_use(page)
        if name != "cafe":
            page.click("header a")
    page.locator("#guests button").first.click()
    expect(page.locator("#month")).not_to_be_empty()
    picture(page, f"cafe-{language}-{scheme}-{size[0]}", is_whole=True)
    assert_everybody_can_use(page)
