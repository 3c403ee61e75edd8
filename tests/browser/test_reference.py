"""The API's page in a real browser: what the services of the real stack say of themselves, found and opened."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import STEP_MS, assert_everybody_can_use, cut, picture
from tests.front import SERVICES


def routes_of(stack, service):
    item = stack.call(service, "operator", "GET", "/openapi.json").json()["paths"]
    return sum(len(methods) for methods in item.values())


@pytest.fixture
def reference(open_page):
    def open_it(path="/reference/", *looks):
        page = open_page(path, *looks)
        expect(page.locator(".route").first).to_be_visible(timeout=STEP_MS)
        return page

    return open_it


@pytest.mark.parametrize(
    ("looks", "said"),
    [
        pytest.param(("ja-JP", "dark", (390, 844)), "権限: purchases:write", id="Japanese, a phone, dark"),
        pytest.param(("en-GB", "light", (1180, 820)), "Who may: purchases:write", id="English, a desk, light"),
    ],
)
def test_every_route_of_every_service_is_there_and_opens_to_its_fields(reference, stack, looks, said):
    page = reference("/reference/", *looks)
    expect(page.locator(".route")).to_have_count(sum(routes_of(stack, service) for service in SERVICES))
    purchase = page.locator("#post_v1_purchases")
    purchase.locator("summary").click()
    expect(purchase).to_contain_text(said)
    row = purchase.locator("tr").filter(has=page.get_by_text("purchase_id", exact=True)).first
    expect(row).to_contain_text(re.compile("required|必須"))
    expect(row).to_contain_text("^[A-Za-z0-9._-]{1,64}$")
    expect(purchase.locator("td:first-child code", has_text=re.compile("^line_id$")).first).to_be_visible()
    assert_everybody_can_use(page)
    picture(page, f"reference-{looks[0][:2]}")


def test_a_search_finds_by_path_field_and_scope_and_says_how_many(reference):
    page = reference("/reference/", "en-GB")
    page.fill("#wanted", "redemptions void")
    expect(page.locator(".route:visible")).to_have_count(1)
    expect(page.locator("#count")).to_have_text(re.compile(r"^1 of \d+ routes$"))
    expect(page.locator("section:visible")).to_have_count(1)
    page.fill("#wanted", "nobody has such a thing")
    expect(page.locator(".route:visible")).to_have_count(0)


def test_a_route_can_be_linked_to(reference):
    page = reference("/reference/#post_v1_redemptions", "en-GB")
    expect(page.locator("#post_v1_redemptions")).to_have_attribute("open", "")
    expect(page.locator("#post_v1_redemptions")).to_be_in_viewport()


def test_a_service_that_can_not_be_read_is_named_and_the_others_are_there(open_page, stack):
    page = open_page("/", "en-GB")
    cut(page, f"{stack.local['coupons']}/openapi.json")
    page.goto(f"{stack.local['console']}/reference/")
    expect(page.locator("#trouble")).to_have_text("The description of Coupons can't be read. Is the service there?")
    expect(page.locator("#post_v1_purchases")).to_be_visible()
