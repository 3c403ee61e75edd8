"""The store's tablet in a real browser, on the real stack."""

import json
import os
import signal
import uuid

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import API, ahead, assert_everybody_can_use, picture

SEEN = {
    "ja-JP": ("アプリで読み取るか、番号を入力してください", "コードの期限が切れました"),
    "en-GB": ("Scan it with the app, or type the number", "The code is out of date"),
}


def refuse_all(page, status, code, **headers):
    body = json.dumps({"status": status, "code": code, "request_id": "r-1"})
    more = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After", **headers}
    page.route(API, lambda route: route.fulfill(status=status, body=body, headers=more))


@pytest.mark.parametrize("language", SEEN)
def test_what_the_screen_shows_checks_a_member_in_at_level_two(tablet, stack, key, language):
    shown = tablet(language)
    shown.show(key)
    code = shown.wait_for_code()
    expect(shown.page.locator(".lead")).to_have_text(SEEN[language][0])
    assert shown.page.get_attribute("html", "lang") == language[:2]
    (payload,) = shown.scanned()
    assert payload == f"omo-store:shibuya:{code}"
    body = {"checkin_id": uuid.uuid4().hex, "store_id": "shibuya", "presence_code": payload}
    answer = stack.call("checkin", f"member:{stack.member()}", "POST", "/v1/me/checkins", body)
    assert (answer.status_code, answer.json()["evidence_level"]) == (201, 2), answer.text


def test_the_code_turns_with_the_half_minute_and_so_does_its_picture(tablet, key):
    shown = tablet()
    shown.show(key)
    before = shown.wait_for_code()
    ahead(shown.page, 30)
    code = shown.wait_for_next(before)
    assert shown.scanned() == [f"omo-store:shibuya:{code}"]


def test_no_code_is_seen_once_the_stack_is_gone_and_a_new_one_when_it_is_back(tablet, stack, key):
    shown = tablet()
    shown.show(key)
    before = shown.wait_for_code()
    os.kill(stack.local["pid"], signal.SIGSTOP)
    try:
        ahead(shown.page, 31)
        expect(shown.page.locator("#over")).to_be_visible()
        for language, (_, words) in SEEN.items():
            shown.page.click(f"[data-language={language[:2]}]")
            expect(shown.page.locator("#over-title")).to_have_text(words)
            picture(shown.page, f"tablet-over-{language}")
        assert (shown.code, shown.scanned()) == ("", [])
        assert before not in shown.page.content()
    finally:
        os.kill(stack.local["pid"], signal.SIGCONT)
    shown.page.click("#try")
    assert shown.wait_for_code() != before


@pytest.mark.parametrize(
    ("scopes", "words"),
    [
        (None, "このキーは使えません"),
        (["purchases:write"], "コードを表示する権限がありません"),
    ],
)
def test_a_key_that_does_not_do_is_told_in_plain_words_and_forgotten(tablet, key_of, scopes, words):
    shown = tablet()
    shown.show(key_of(*scopes) if scopes else f"omo_local_{'A' * 12}_{'A' * 49}")
    expect(shown.page.locator("#refused")).to_contain_text(words)
    shown.page.reload()
    expect(shown.page.locator("#key")).to_be_visible()
    expect(shown.page.locator("#told")).to_be_hidden()


def test_half_a_key_is_told_apart_and_sent_nowhere(tablet):
    shown = tablet("en-GB")
    sent = []
    shown.page.on("request", lambda request: sent.append(request.url))
    shown.show("omo_local_half")
    expect(shown.page.locator("#refused")).to_contain_text("not a whole key")
    assert sent == []


def test_too_many_calls_are_waited_out_as_long_as_the_service_says(tablet, key):
    shown = tablet("en-GB")
    refuse_all(shown.page, 429, "too_many_requests", **{"Retry-After": "3"})
    shown.show(key)
    expect(shown.page.locator("#why")).to_contain_text("asked too often")
    shown.page.unroute(API)
    shown.page.clock.fast_forward(3_000)
    shown.wait_for_code()


def test_a_key_that_is_revoked_meanwhile_takes_the_code_away(tablet, key):
    shown = tablet("en-GB")
    shown.show(key)
    shown.wait_for_code()
    refuse_all(shown.page, 401, "unauthenticated")
    shown.page.clock.fast_forward(31_000)
    expect(shown.page.locator("#refused")).to_contain_text("does not work")
    assert shown.code == ""


def test_the_name_of_a_store_is_text_whatever_it_holds(tablet, stack, key_of):
    name = "<img src=x onerror=alert(1)>&amp;<b>"
    store = {"name": name, "lat": 43.0687, "lon": 141.3508, "time_zone": "Asia/Tokyo"}
    answer = stack.call("checkin", "operator", "PUT", "/v1/stores/markup", store)
    assert answer.status_code == 200, answer.text
    shown = tablet()
    shown.show(key_of("presence:show", store_id="markup"))
    shown.wait_for_code()
    expect(shown.page.locator("#store")).to_have_text(name)
    assert shown.page.locator("#store *").count() == 0


def test_a_key_lasts_as_long_as_the_page_says(tablet, key):
    shown = tablet()
    shown.show(key)
    shown.wait_for_code()
    shown.page.reload()
    shown.wait_for_code()
    assert key not in shown.page.content()
    assert shown.page.evaluate("localStorage.getItem('omo.tablet.key')") is None
    shown.page.click("#other-key")
    shown.show(key, is_for_good=True)
    shown.wait_for_code()
    assert shown.page.evaluate("localStorage.getItem('omo.tablet.key')") == key
    shown.page.click("#other-key")
    kept = shown.page.evaluate("[localStorage, sessionStorage].map((place) => place.getItem('omo.tablet.key'))")
    assert kept == [None, None]


@pytest.mark.parametrize("size", [(1180, 820), (820, 1180), (390, 844)], ids=["landscape", "portrait", "phone"])
@pytest.mark.parametrize(("language", "scheme"), [("ja-JP", "light"), ("en-GB", "dark")])
def test_everybody_can_use_it_on_every_screen(tablet, key, language, scheme, size):
    shown = tablet(language, scheme, size)
    name = f"{language}-{scheme}-{size[0]}"
    picture(shown.page, f"tablet-key-{name}")
    assert_everybody_can_use(shown.page)
    shown.show(key)
    shown.wait_for_code()
    picture(shown.page, f"tablet-code-{name}")
    assert_everybody_can_use(shown.page)
