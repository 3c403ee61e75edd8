"""Head office in a real browser, on the real stack: campaigns, stores, decisions, rules, live events, the books."""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import assert_everybody_can_use, picture, scanned
from tests.e2e.conftest import eventually, omo

MARKUP = "<img src=x onerror=alert(1)>&amp;<b>"
VIEWS = ("overview", "campaigns", "campaigns/+", "stores", "stores/+", "decisions", "programme", "live", "books")
LANGUAGES = ("ja-JP", "en-GB")


def now(**ago: float) -> str:
    return (datetime.now(UTC) - timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def office(open_page):
    """A view of head office, on which the sample operator has come in through the door."""

    def open_it(view: str = "overview", *looks) -> Page:
        page = open_page(f"/operator/#{view}", *looks)
        page.click("#guests button >> nth=0")
        expect(page.locator("#view h1")).to_be_visible()
        return page

    return open_it


GUESTS = "/v1/stores/shibuya/guests"
BALANCE = "/v1/members/{}/balance"


def settled(page: Page) -> None:
    """All that the view asked for has come."""
    expect(page.locator("#view .turning")).to_have_count(0)


# ---- coming in ------------------------------------------------------------------------------------------------------


def test_a_tills_key_is_told_that_it_is_no_operators_and_forgotten(open_page, stack):
    page = open_page("/operator/", "en-GB")
    page.fill("#key", stack.local["keys"]["pos"])
    page.click("#sign-in button[type=submit]")
    expect(page.locator("#refused")).to_have_text("This is no operator's key.")
    page.reload()
    expect(page.locator("#key")).to_be_visible()


def test_an_operators_key_with_few_scopes_sees_what_it_may(open_page, stack):
    body = {"key_id": f"k-{uuid.uuid4().hex[:8]}", "kind": "operator", "owner": "stores", "scopes": ["stores:admin"]}
    secret = stack.insist("points", "operator", "POST", "/v1/keys", body).json()["secret"]
    page = open_page("/operator/#programme", "en-GB")
    page.fill("#key", secret)
    page.click("#sign-in button[type=submit]")
    expect(page.locator("#view h1")).to_have_text("Overview")
    settled(page)
    assert page.locator("#views a:visible").all_text_contents() == ["Overview", "Stores", "Books"]
    assert page.locator("#view .trouble").count() == 0
    assert secret not in page.url
    page.click("#leave")
    expect(page.locator("#key")).to_be_visible()
    assert page.evaluate("sessionStorage.getItem('omo.operator.key')") is None


# ---- the overview ---------------------------------------------------------------------------------------------------


NO_REPORT = {"status": 404, "code": "report_not_found", "request_id": "r-1"}


def report_of(day: str, total: int) -> dict[str, Any]:
    sums = [(None, 70), ("2027-01", total - 170), ("2027-02", 100)]
    alike = {"kind": "regular", "consideration": "free", "source": "purchase"}
    rows = [{"month": month, "points": points, **alike} for month, points in sums]
    more = {"zone": "Asia/Tokyo", "version": 1, "held": 30, "pending": 20, "debt": 5, "paid": 0, "members": 3}
    return {"on": day, "total": total, "by_month": rows, "computed_at": "2026-11-29T01:10:00Z", **more}


@pytest.mark.parametrize(
    ("language", "none"), [("ja-JP", "まだ日次の集計がありません"), ("en-GB", "There is no nightly report yet")]
)
def test_the_overview_tells_what_is_owed_what_runs_and_who_comes(office, stack, language, none):
    member = stack.member()
    scan = {"checkin_id": uuid.uuid4().hex, "store_id": "shibuya", "member": {"member_id": member}}
    assert stack.insist("checkin", "operator", "POST", "/v1/checkins", scan).status_code == 201
    # Both follow by event, and the page looks once.
    assert eventually(lambda: bool(stack.insist("checkin", "operator", "GET", GUESTS).json()["hours"]), True)
    assert eventually(lambda: stack.insist("points", "operator", "GET", BALANCE.format(member)).json()["available"], 10)
    has_reports: list[bool] = []

    def report(route):
        asked = route.request.url.partition("?on=")[2]
        day = date.fromisoformat(asked or "2026-11-28")
        found = report_of(day.isoformat(), 10_000 + day.toordinal() % 100) if has_reports else NO_REPORT
        headers = {"Access-Control-Allow-Origin": "*"}
        route.fulfill(status=200 if has_reports else 404, body=json.dumps(found), headers=headers)

    page = office("books", language)
    page.route("**/v1/reports/liability*", report)
    page.click("#views a >> nth=0")
    expect(page.locator("#view")).to_contain_text(none)
    settled(page)
    page.select_option("#store", "shibuya")
    settled(page)
    expect(page.locator("svg.chart .warm").first).to_be_attached()
    has_reports.append(True)
    page.reload()
    settled(page)
    expect(page.locator("#view .figure strong").first).to_have_text("10,048")
    expect(page.locator("svg.chart")).to_have_count(4)
    assert "2027" in page.locator("svg.chart").nth(1).get_attribute("aria-label")
    years = page.locator("svg.chart").nth(1).locator("text.axis").filter(has_text=re.compile(r"^20\d\d年?$"))
    assert "2027" in years.first.text_content()
    issued = page.locator("#view .card", has=page.locator("svg.chart .down")).locator(".figure strong").first
    assert int(issued.text_content().replace(",", "")) >= 10  # the check-in's
    picture(page, f"operator-overview-{language}", is_whole=True)


def test_a_day_before_that_nobody_adds_up_in_time_takes_only_itself_from_the_overview(office):
    asked: list[str] = []

    def report(route):
        asked.append(route.request.url.partition("?on=")[2])
        if asked[-1]:
            route.abort()
        else:
            said = json.dumps(report_of("2026-11-28", 500))
            route.fulfill(status=200, body=said, headers={"Access-Control-Allow-Origin": "*"})

    page = office("books", "en-GB")
    page.route("**/v1/reports/liability*", report)
    page.click("#views a >> nth=0")
    settled(page)
    eventually(lambda: page.wait_for_timeout(50) or len(asked), 7)
    assert sorted(asked) == sorted(["", *{one for one in asked if one}]), "each once"
    expect(page.locator("#view .figure strong").first).to_have_text("500")
    expect(page.locator("#view")).not_to_contain_text("Nobody answers")


@pytest.mark.parametrize(
    ("language", "said"), [("ja-JP", "まだ何もありませんでした"), ("en-GB", "Nothing was there at the end of that day")]
)
def test_on_the_first_day_the_overview_says_why_nothing_is_owed(office, language, said):
    asked: list[str] = []

    def report(route):
        asked.append(route.request.url)
        body = json.dumps(report_of("2026-11-28", 0) | {"members": 0, "by_month": []})
        route.fulfill(status=200, body=body, headers={"Access-Control-Allow-Origin": "*"})

    page = office("books", language)
    page.route("**/v1/reports/liability*", report)
    page.click("#views a >> nth=0")
    settled(page)
    expect(page.locator("#view")).to_contain_text(said)
    assert len(asked) == 1, "where nothing is owed, nobody asks how it came to that"


# ---- campaigns ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "active"), [("ja-JP", "実施中"), ("en-GB", "Active")])
def test_a_campaign_is_tried_on_real_baskets_made_paused_changed_and_ended(office, stack, language, active):
    campaign_id = f"c-{uuid.uuid4().hex[:8]}"
    page = office("campaigns/+", language)
    page.fill("[name=value]", "200")
    page.click("#look")
    expect(page.locator("[name=value]")).to_have_attribute("aria-invalid", "true")  # no one takes 200 % off
    page.fill("[name=value]", "10")
    page.fill("[name=min_purchase]", "500")
    page.click("#look")
    expect(page.locator("#preview .figure strong").first).to_contain_text("35")
    page.click("#view button[type=submit]")
    expect(page.locator("[name=name_ja]")).to_be_focused()
    page.fill("[name=name_ja]", MARKUP)
    page.fill("[name=name_en]", MARKUP)
    page.fill("[name=campaign_id]", campaign_id)
    page.fill("[name=budget]", "50,000")
    picture(page, f"operator-campaign-new-{language}", is_whole=True)
    page.click("#view button[type=submit]")
    expect(page.locator("#view h1")).to_have_text(MARKUP)
    assert page.locator("#view h1 *").count() == 0
    expect(page.locator(".head .badge")).to_have_text(active)
    made = stack.insist("coupons", "operator", "GET", f"/v1/campaigns/{campaign_id}").json()
    assert (made["offer"], made["limits"]) == (
        {"type": "percent_off", "value": 10},
        {"budget": 50_000, "per_member": 1},
    )
    for what, state in (("pause", "paused"), ("resume", "active")):
        page.click(f"[data-action={what}]")
        expect(page.locator(f".head .badge.{state}")).to_be_visible()
    page.click("details.part summary")
    page.fill("[name=budget]", "60000")
    page.click("details.part button[type=submit]")
    expect(page.locator("details.part[open]")).to_have_count(0)  # saved
    expect(page.locator("#figures")).to_contain_text("60,000")
    picture(page, f"operator-campaign-{language}", is_whole=True)
    page.click("[data-action=end]")
    page.click("dialog .main")
    expect(page.locator(".head .badge.ended")).to_be_visible()
    page.goto(page.url.partition("#")[0] + "#campaigns")
    page.fill("#view input[type=search]", campaign_id)
    expect(page.locator("li.entry")).to_have_count(1)


def test_codes_are_ordered_saved_and_laid_out_on_a_sheet_that_a_scanner_reads(office, stack, tmp_path):
    campaign_id = f"c-{uuid.uuid4().hex[:8]}"
    body = {
        "campaign_id": campaign_id,
        "name": {"ja": "紙", "en": "Paper"},
        "offer": {"type": "amount_off", "value": 100},
        "valid_from": "2026-01-01",
        "claimable": False,
    }
    assert stack.insist("coupons", "operator", "POST", "/v1/campaigns", body).status_code == 201
    page = office(f"campaigns/{campaign_id}", "en-GB")
    page.fill("[name=count]", "0")
    page.click("#view button:has-text('Order codes')")
    expect(page.locator("[name=count]")).to_have_attribute("aria-invalid", "true")
    page.fill("[name=count]", "4")
    page.click("#view button:has-text('Order codes')")
    saved = tmp_path / "codes.csv"
    saved.write_bytes(httpx.get(page.get_attribute(".job a", "href"), trust_env=False).content)
    page.set_input_files("#codes-file", saved)
    expect(page.locator(".coupons li")).to_have_count(4)
    codes = sorted(code.replace("-", "") for code in saved.read_text().split()[1:])
    page.emulate_media(media="print")
    page.locator(".coupons").scroll_into_view_if_needed()
    picture(page, "operator-sheet", is_whole=True)
    assert sorted(scanned(page)) == codes
    page.emulate_media(media="screen")
    saved = tmp_path / "wrong.csv"
    saved.write_text("code\nNO-CODE\n")
    page.set_input_files("#codes-file", saved)
    expect(page.locator("#sheet .wrong")).to_be_visible()


# ---- stores ---------------------------------------------------------------------------------------------------------


def test_a_store_is_made_changed_and_paused_and_its_qr_can_be_read(office, stack):
    store_id = f"s-{uuid.uuid4().hex[:8]}"
    page = office("stores/+", "en-GB")
    page.fill("[name=store_id]", store_id)
    page.fill("[name=name]", MARKUP)
    page.fill("[name=lat]", "135")
    page.fill("[name=lon]", "139.7")
    page.click("#view button[type=submit]")
    expect(page.locator("[name=lat]")).to_be_focused()
    page.fill("[name=lat]", "35.7")
    page.check("[name=has_hours]")
    page.fill("[name=fri]", "10")
    page.click("#view button[type=submit]")
    expect(page.locator("[name=fri]")).to_have_attribute("aria-invalid", "true")
    page.fill("[name=fri]", "9:00-15:00, 18:00-02:00")
    page.fill("[name=level_2]", "30")
    page.click("#view button[type=submit]")
    expect(page.locator("#view h1")).to_have_text(MARKUP)
    made = stack.insist("checkin", "operator", "GET", f"/v1/stores/{store_id}").json()
    assert made["hours"] == {"fri": [["09:00", "15:00"], ["18:00", "02:00"]]}
    assert made["rewards"] == [{"min_level": 0, "points": 10}, {"min_level": 2, "points": 30}]
    page.locator(".poster").scroll_into_view_if_needed()
    payload = stack.insist("checkin", "operator", "GET", f"/v1/stores/{store_id}/qr").json()["qr_payload"]
    assert scanned(page) == [payload]
    picture(page, "operator-store", is_whole=True)
    page.fill("#reason", "Inventory")
    page.click("button:has-text('Pause rewards')")
    expect(page.locator(".head .badge.paused")).to_be_visible()
    page.fill("[name=radius_m]", "200")
    page.click("#view button[type=submit]")
    expect(page.locator(".head [role=status]")).to_have_text("Saved, and in force everywhere.")
    found = stack.insist("checkin", "operator", "GET", f"/v1/stores/{store_id}").json()
    assert (found["rewards_paused"], found["radius_m"], found["hours"]) == (True, 200, made["hours"])
    page.click("button:has-text('Resume rewards')")
    expect(page.locator(".head .badge.open")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_stores_are_searched_and_a_file_of_them_says_what_is_wrong_with_which_row(office, tmp_path, language):
    mark = uuid.uuid4().hex[:6]
    file = tmp_path / "stores.csv"
    rows = [f"i-{mark}-{n},Store {mark} {n},{35 + n},139.7,Asia/Tokyo" for n in range(2)]
    bad = f'i-{mark}-9,"Oslo, {mark}",599.1,10.7,Europe/Oslo'
    file.write_text("\n".join(["store_id,name,lat,lon,time_zone", rows[0], bad, rows[1]]) + "\n")
    page = office("stores", language)
    page.click("details.part summary")
    page.set_input_files("#stores-file", file)
    expect(page.locator("#imported tbody tr")).to_have_count(1)
    cells = page.locator("#imported tbody td").all_text_contents()
    assert (cells[0], cells[1]) == ("2", f"i-{mark}-9")
    assert "/lat" in cells[2]
    page.fill("#view input[type=search]", mark.upper())
    expect(page.locator("#list tbody tr")).to_have_count(2)
    picture(page, f"operator-stores-{language}", is_whole=True)


# ---- decisions ------------------------------------------------------------------------------------------------------


@pytest.fixture
def own_card(stack) -> str:
    """A receipt with the card of whoever served; the store that it was in."""
    member, staff = stack.member(), f"s-{uuid.uuid4().hex[:8]}"
    assert stack.insist("points", "operator", "PUT", f"/v1/staff/{staff}", {"member_id": member}).status_code == 200
    sale = {
        "purchase_id": uuid.uuid4().hex,
        "source": "pos",
        "member": {"member_id": member},
        "staff_id": staff,
        "occurred_at": now(),
        "state": "completed",
        "lines": [{"line_id": "1", "quantity": 1, "amount": 5000}],
    }
    assert stack.insist("points", "pos", "POST", "/v1/purchases", sale).status_code == 201
    return member


@pytest.fixture
def traveller(stack) -> str:
    """A member who is in Shibuya and half an hour later in Sapporo."""
    member = stack.member()
    for store_id, lat, lon, minutes in (("shibuya", 35.6595, 139.7005, 40), ("sapporo", 43.0687, 141.3508, 5)):
        at = now(minutes=minutes)
        place = {"lat": lat, "lon": lon, "accuracy_m": 10, "captured_at": at}
        body = {"checkin_id": uuid.uuid4().hex, "store_id": store_id, "location": place}
        answer = stack.call("checkin", f"member:{member}", "POST", "/v1/me/checkins", body, X_Omo_Now=at)
        assert answer.status_code == 201, answer.text
    assert answer.json()["outcome"] == "pending_review"
    return member


@pytest.mark.parametrize("language", LANGUAGES)
def test_alerts_are_resolved_and_reviews_decided(office, stack, own_card, traveller, language):
    page = office("decisions", language)
    alert = page.locator("li.entry", has_text=own_card)
    review = page.locator("li.entry", has_text=traveller)
    for _ in range(20):  # both come by the stream
        settled(page)
        if alert.count() and review.count():
            break
        page.wait_for_timeout(500)
        page.reload()
    picture(page, f"operator-decisions-{language}", is_whole=True)
    alert.locator("[data-verdict=harmless]").click()
    expect(alert).to_have_count(0)
    before = stack.balance(traveller)
    review.locator("[data-decision=approve]").click()
    expect(review).to_have_count(0)
    expect(page.locator("#decided")).not_to_be_empty()
    for _ in range(40):
        if stack.balance(traveller) == before + 10:
            break
        page.wait_for_timeout(250)
    assert stack.balance(traveller) == before + 10
    page.select_option("#view select", "all")
    expect(page.locator("li.entry", has_text=own_card)).to_contain_text("operator")


# ---- the programme --------------------------------------------------------------------------------------------------


@pytest.fixture
def programme(stack):
    """The programme in force, which is there again for whoever comes next."""
    before = stack.insist("points", "operator", "GET", "/v1/programme").json()
    yield before
    version = stack.insist("points", "operator", "GET", "/v1/programme").json()["version"]
    assert stack.insist("points", "operator", "PUT", "/v1/programme", before | {"version": version}).status_code == 200


def trial(page: Page) -> list[int]:
    """The rules in force, and the proposed ones, in points; when all members have been looked at."""
    page.click("#try")
    expect(page.locator("#trial .turning")).to_have_count(0)
    expect(page.locator("#trial .figure")).to_have_count(3)
    return [int(text.replace(",", "")) for text in page.locator("#trial .figure strong").all_text_contents()[:2]]


@pytest.mark.parametrize(("language", "more"), [("ja-JP", "版"), ("en-GB", "is in force")])
def test_a_rule_is_tried_on_past_purchases_before_it_is_put_in_force(office, stack, programme, language, more):
    sku = f"cat-{uuid.uuid4().hex[:8]}"
    sale = {
        "purchase_id": uuid.uuid4().hex,
        "source": "ec",
        "member": {"member_id": stack.member()},
        "occurred_at": now(days=3),
        "state": "completed",
        "lines": [{"line_id": "1", "quantity": 1, "amount": 7000, "category": sku}],
    }
    assert stack.insist("points", "ec", "POST", "/v1/purchases", sale).status_code == 201
    page = office("programme", language)
    page.click("#add")
    rule = page.locator("details.rule[open]")
    rule.locator("[name=rule_id]").fill("triple")
    rule.locator("[name=factor]").fill("3")
    rule.locator("[name=from]").fill(now(days=20)[:10])
    rule.locator("[name=until]").fill("")
    rule.locator("[name=categories]").fill(sku)
    page.click("#try")
    expect(rule.locator("[name=factor]")).to_have_attribute("aria-invalid", "true")
    rule.locator("[name=factor]").fill("3/1")
    in_force, proposed = trial(page)
    assert proposed - in_force == 140
    assert "triple" in page.locator("#trial table").text_content()
    picture(page, f"operator-programme-{language}", is_whole=True)
    page.click("#put")
    expect(page.locator("#saved .good")).to_contain_text(more)
    now_in_force = stack.insist("points", "operator", "GET", "/v1/programme").json()
    assert now_in_force["earning"][1]["when"] == {"categories": [sku], "from": now(days=20)[:10]}
    assert now_in_force["version"] == programme["version"] + 1
    assert {**now_in_force, "version": 0, "earning": 0} == {**programme, "version": 0, "earning": 0}


def test_who_was_slower_is_told_and_loses_nothing(office, stack, programme):
    page = office("programme", "en-GB")
    page.click("#add")
    rule = page.locator("details.rule[open]")
    rule.locator("[name=categories]").fill("mine")
    assert stack.insist("points", "operator_second", "PUT", "/v1/programme", programme).status_code == 200
    page.click("#put")
    expect(page.locator("#saved")).to_contain_text("Somebody else has put version")
    expect(rule.locator("[name=categories]")).to_have_value("mine")
    page.click("#saved button >> nth=1")
    expect(page.locator("#saved .good")).to_be_visible()
    found = stack.insist("points", "operator", "GET", "/v1/programme").json()
    assert found["earning"][-1]["when"]["categories"] == ["mine"]
    page.click("details.part summary")
    page.fill("#json", "{")
    page.click("#put")
    expect(page.locator("#saved .wrong")).to_contain_text("no JSON")


# ---- live events, and the books -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "delivered"), [("ja-JP", "届きました"), ("en-GB", "Delivered")])
def test_what_happens_is_seen_as_it_is_told(office, stack, language, delivered):
    page = office("live", language)
    page.click("#watch")
    expect(page.locator("#events")).to_be_visible()
    sale = {
        "purchase_id": uuid.uuid4().hex,
        "source": "ec",
        "member": {"member_id": stack.member()},
        "occurred_at": now(),
        "state": "completed",
        "lines": [{"line_id": "1", "quantity": 1, "amount": 7000}],
    }
    assert stack.insist("points", "ec", "POST", "/v1/purchases", sale).status_code == 201
    expect(page.locator("#events li", has_text="points.earned").first).to_contain_text(delivered)
    picture(page, f"operator-live-{language}", is_whole=True)
    page.click("#turn")
    page.click("#view .card button >> nth=1")
    page.click("dialog .main")
    expect(page.locator("#watch")).to_be_visible()


MINUTE = "2026-11-29T01:00:00Z"
NOTE = {"began_at": MINUTE, "ended_at": MINUTE, "chains": 12_345, "entries": 67_890, "fault_count": 0, "faults": []}
APART = [{"queue": f"{one}-inbox-dead", "waiting": 0} for one in ("points", "coupons", "checkin", "codes", "webhooks")]


def told(page: Page, report: str, body: Any, status: int = 200) -> None:
    """From now on a report of the books is this."""
    answer = {"status": status, "body": json.dumps(body), "headers": {"Access-Control-Allow-Origin": "*"}}
    page.unroute(f"**/v1/reports/{report}")
    page.route(f"**/v1/reports/{report}", lambda route: route.fulfill(**answer))


@pytest.mark.parametrize(("language", "cause"), [("ja-JP", "チェックイン"), ("en-GB", "Check-in")])
def test_the_books_say_what_lies_apart_and_which_commands_do_what(office, language, cause):
    found = {"places": [{"place": "checkin", "count": 3, "is_whole": True, "causes": [{"cause": MARKUP, "count": 3}]}]}
    page = office("books", language)
    settled(page)
    expect(page.locator("#lying")).to_be_visible()
    expect(page.locator("#queues tbody tr")).to_have_count(6)  # as the stack's own queues are
    told(page, "parked", found)
    told(
        page,
        "dead-letters",
        {"queues": [*APART[:-1], APART[-1] | {"waiting": 1_234}, {"queue": "parking", "waiting": 0}]},
    )
    page.reload()
    expect(page.locator("#lying tbody td").first).to_have_text(cause)
    expect(page.locator("#lying tbody td").nth(2)).to_have_text(f"{MARKUP} (3)")
    expect(page.locator("#queues .wrong")).to_have_text(["1,234"])
    expect(page.locator("#queues tr", has=page.locator(".wrong"))).to_contain_text("webhooks-inbox-dead")
    picture(page, f"operator-books-{language}", is_whole=True)
    page.set_viewport_size({"width": 360, "height": 740})
    box = page.locator("#queues .wrong").bounding_box()
    assert box
    assert box["x"] + box["width"] < 360
    said = page.locator(".command code").all_text_contents()
    assert {"omo redrive points --dry-run", "omo redrive webhooks --dry-run", "omo audit", "omo report months"} <= set(
        said
    )
    assert all(line.startswith("omo ") for line in said)


@pytest.mark.parametrize(
    ("language", "none", "clean", "ago", "old"),
    [
        ("ja-JP", "監査の結果がまだありません", "問題は見つかりませんでした", "3 時間前", "1週間以上前"),
        ("en-GB", "No audit has been noted yet", "No fault was found", "3 hours ago", "more than a week ago"),
    ],
)
def test_the_books_say_when_they_were_audited_and_what_was_found(office, language, none, clean, ago, old):
    page = office("books", language)
    last = page.locator("#last-audit")
    told(page, "audit", NO_REPORT, status=404)
    page.reload()
    expect(last).to_contain_text(none)
    told(page, "audit", NOTE | {"ended_at": now(hours=3, minutes=5)})
    page.reload()
    expect(last.locator("strong")).to_have_text([ago, "12,345", "67,890", "0"])
    expect(last.locator(".good")).to_contain_text(clean)
    assert last.locator(".wrong").count() == 0
    fault = {"chain": "M#taro", "number": 12, "words": MARKUP}
    faults = [fault, {"words": "between"}]
    told(page, "audit", NOTE | {"ended_at": now(days=8), "fault_count": 40, "faults": faults})
    page.reload()
    expect(last.locator("tbody td")).to_have_text(["M#taro", "12", MARKUP, "–", "–", "between"])
    expect(last.locator("strong .wrong")).to_have_text("40")
    expect(last.locator(".wrong").last).to_contain_text(old)
    picture(page, f"operator-books-faults-{language}", is_whole=True)
    assert_everybody_can_use(page)


def test_the_books_of_this_stack_are_shown_as_the_command_has_found_them(office, stack):
    scan = {"checkin_id": uuid.uuid4().hex, "store_id": "shibuya", "member": {"member_id": stack.member()}}
    stack.insist("checkin", "operator", "POST", "/v1/checkins", scan)
    said = json.loads(omo("audit", "--json", "--dir", str(stack.home), check=False).stdout)
    page = office("books", "en-GB")
    settled(page)
    figures = page.locator("#last-audit strong").all_text_contents()
    assert said["entries"] > 0
    assert figures[1:] == [f"{said[one]:,}" for one in ("chains", "entries")] + [f"{len(said['faults']):,}"]
    assert "ago" in figures[0]


def test_what_cant_be_asked_of_the_books_hides_nothing_else(office):
    page = office("books", "en-GB")
    busy = {
        "status": 503,
        "code": "temporarily_unavailable",
        "detail": "Not available for the moment.",
        "request_id": "r",
    }
    told(page, "dead-letters", busy, status=503)
    page.reload()
    expect(page.locator("#view .trouble")).to_contain_text("Not available for the moment.")
    expect(page.locator("#lying")).to_be_visible()
    expect(page.locator("#last-audit")).to_be_visible()
    told(page, "dead-letters", {"queues": APART})
    page.click("#view .trouble button")
    expect(page.locator("#queues tbody tr")).to_have_count(5)
    assert page.locator("#view .trouble").count() == 0


# ---- everybody ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "scheme", "size"),
    [("ja-JP", "light", (1280, 900)), ("en-GB", "dark", (390, 844))],
    ids=["desk", "phone"],
)
def test_everybody_can_use_every_view(office, language, scheme, size):
    page = office("overview", language, scheme, size)
    here = page.url.partition("#")[0]
    for view in VIEWS:
        page.goto(f"{here}#{view}")
        expect(page.locator("#view h1")).to_be_visible()
        settled(page)
        picture(page, f"operator-{view.replace('/', '-')}-{language}-{scheme}-{size[0]}", is_whole=True)
        assert_everybody_can_use(page)
        page.set_viewport_size({"width": 360, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
        page.set_viewport_size({"width": size[0], "height": size[1]})
