"""GET /v1/partner/statements/{month}: what a partner gave in a month, as JSON and for a spreadsheet."""

import csv
import io
import json

import pytest
from chalice.test import Client as ChaliceClient

from points import statements
from points.partner_model import StatementLine
from points.routes import ROUTES
from shared import clock as time, openapi, web
from shared.http import Routes
from tests.kit import CAFE, EC, NOON, OPERATOR, OTHER_CAFE, TILL, member

LAMBDA_ANSWER_MAX = 6 * 1024 * 1024


@pytest.fixture
def cafe(client):
    said = {"name": "cafe", "budget": {"kind": "prepaid", "points": 1_000_000}, "caps": {"per_member_day": 100_000}}
    assert client.as_(OPERATOR).put("/v1/partners/cafe", said).status == 200
    return client.as_(CAFE)


@pytest.fixture
def refs(client, cafe):
    """What the café knows its two guests by."""
    codes = [client.as_(member(one)).get("/v1/me/code").body["static"]["value"] for one in ("taro", "hanako")]
    bodies = [{"award_id": f"first-{n}", "member": {"code": code}, "points": 1} for n, code in enumerate(codes)]
    return [cafe.post("/v1/awards", body | {"reason": "x"}).body["member_ref"] for body in bodies]


def give(cafe, refs, award_id, points=100, *, guest=0, **more):
    body = {"award_id": award_id, "member": {"member_ref": refs[guest]}, "points": points, "reason": "latte"} | more
    answer = cafe.post("/v1/awards", body)
    assert answer.status == 201, answer.body
    return answer


def reverse(cafe, award_id):
    return cafe.post(f"/v1/operations/{award_id}/reverse", {"reverse_id": "r", "kind": "award"})


def of(cafe, month, **headers):
    answer = cafe.get(f"/v1/partner/statements/{month}", **headers)
    assert answer.status == 200, answer.body
    return answer.body


def shown(cafe, month):
    """Each line's award and state, without the first two."""
    lines = of(cafe, month)["lines"]
    return [(line["award_id"], line["state"]) for line in lines if not line["award_id"].startswith("first-")]


def test_a_month_is_told_award_by_award_with_its_sums(cafe, refs, clock):
    clock.forward(minutes=1)
    give(cafe, refs, "a", 100, occurred_at="2026-11-20T02:30:00Z")
    give(cafe, refs, "b", 30, guest=1)
    reverse(cafe, "a")
    assert of(cafe, "2026-11") == {
        "month": "2026-11",
        "zone": "Asia/Tokyo",
        "lines": [
            line("first-0", refs[0], 1, "2026-11-20T03:00:00Z"),
            line("first-1", refs[1], 1, "2026-11-20T03:00:00Z"),
            line("a", refs[0], 100, "2026-11-20T02:30:00Z", "reversed"),
            line("b", refs[1], 30, "2026-11-20T03:01:00Z"),
        ],
        "awards": 3,
        "points": 32,
        "reversed": 100,
    }


def line(award_id, ref, points, at, state="given"):
    return {"award_id": award_id, "member_ref": ref, "points": points, "occurred_at": at, "state": state}


def test_a_statement_tells_nothing_of_who_the_members_are(cafe, refs):
    text = json.dumps(of(cafe, "2026-11")) + of(cafe, "2026-11", accept="text/csv")
    assert not [secret for secret in ("taro", "hanako", "balance") if secret in text]


def test_each_partner_sees_its_own_awards_and_knows_the_members_by_its_own_names(client, cafe, refs):
    bakery = client.as_(OTHER_CAFE)
    assert of(bakery, "2026-11")["lines"] == []
    code = client.as_(member("taro")).get("/v1/me/code").body["static"]["value"]
    body = {"award_id": "a", "member": {"code": code}, "points": 5, "reason": "bun"}
    ref = bakery.post("/v1/awards", body).body["member_ref"]
    assert [one["member_ref"] for one in of(bakery, "2026-11")["lines"]] == [ref]
    assert ref not in refs
    assert shown(cafe, "2026-11") == []


def test_an_award_belongs_to_the_month_in_which_it_was_decided_in_the_programmes_zone(cafe, refs, clock):
    clock.at = time.from_text("2026-11-30T14:59:59.999Z")
    give(cafe, refs, "last")
    clock.at = time.from_text("2026-11-30T15:00:00Z")  # midnight in Tokyo
    give(cafe, refs, "first", occurred_at="2026-11-30T14:00:00Z")
    assert shown(cafe, "2026-11") == [("last", "given")]
    assert shown(cafe, "2026-12") == [("first", "given")]
    assert of(cafe, "2026-12")["lines"][0]["occurred_at"] == "2026-11-30T14:00:00Z"


def test_an_award_reversed_in_a_later_month_shows_it_in_its_own(cafe, refs, clock):
    give(cafe, refs, "a", 70)
    give(cafe, refs, "b", 7)
    clock.forward(days=30)
    give(cafe, refs, "c", 9)
    clock.forward(days=60)
    assert reverse(cafe, "a").body["state"] == "reversed"
    november, december = of(cafe, "2026-11"), of(cafe, "2026-12")
    assert shown(cafe, "2026-11") == [("a", "reversed"), ("b", "given")]
    assert (november["awards"], november["points"], november["reversed"]) == (3, 9, 70)
    assert (december["awards"], december["points"], december["reversed"]) == (1, 9, 0)
    assert of(cafe, "2027-02")["lines"] == []


def test_reversals_of_a_whole_month_are_found_years_later(cafe, refs, clock):
    """More than the budget's head can name: the older ones are found by the way back that it keeps."""
    for n in range(50):
        give(cafe, refs, f"a-{n}", 1 + n)
        clock.forward(minutes=1)
    for n in range(0, 50, 2):
        clock.forward(days=20)
        give(cafe, refs, f"between-{n}", 1)
        assert reverse(cafe, f"a-{n}").body["state"] == "reversed"
        assert reverse(cafe, f"a-{n}").body["state"] == "reversed"
    found = of(cafe, "2026-11")
    assert [(one["award_id"], one["state"]) for one in found["lines"][2:52]] == [
        (f"a-{n}", "given" if n % 2 else "reversed") for n in range(50)
    ]
    odd = range(2, 51, 2)
    assert found["reversed"] == sum(range(1, 51, 2))
    assert found["points"] == sum(odd) + 2 + sum(one["points"] for one in found["lines"][52:])


def test_a_month_without_awards_and_one_to_come_are_empty(client, cafe, refs):
    for month in ("2026-10", "2026-12", "2000-01", "2099-12"):
        said = of(cafe, month)
        assert (said["month"], said["lines"], said["awards"], said["points"], said["reversed"]) == (month, [], 0, 0, 0)
    assert of(client.as_(OTHER_CAFE), "2026-11")["lines"] == []


@pytest.mark.parametrize(
    "month", ["2026-13", "2026-00", "2026-1", "26-11", "2026-11-20", "202611", "1999-12", "x", "２０２６-11"]
)
def test_what_is_no_month_is_refused_with_its_place(cafe, month):
    answer = cafe.get(f"/v1/partner/statements/{month}", accept_language="ja")
    assert (answer.status, answer.code, answer.body["errors"][0]["pointer"]) == (422, "invalid_request", "/month")
    assert "2026-11" in answer.body["errors"][0]["detail"]


@pytest.mark.parametrize("who", [EC, TILL, OPERATOR, member("taro")])
def test_statements_are_read_with_partner_keys_alone(client, who):
    assert client.as_(who).get("/v1/partner/statements/2026-11").code == "forbidden"


def test_a_paused_partner_still_reads_its_statement(client, cafe, refs):
    said = {"name": "cafe", "budget": {"kind": "monthly", "points": 0}, "state": "paused"}
    client.as_(OPERATOR).put("/v1/partners/cafe", said)
    assert of(cafe, "2026-11")["awards"] == 2


def test_a_long_month_is_read_page_by_page_and_whole(cafe, refs, monkeypatch):
    monkeypatch.setattr(statements, "_PAGE", 7)
    for n in range(30):
        give(cafe, refs, f"a-{n}", 1)
    assert [award_id for award_id, _ in shown(cafe, "2026-11")] == [f"a-{n}" for n in range(30)]


@pytest.mark.parametrize(("language", "word"), [("en", "ask the shop"), ("ja", "件を超える")])
def test_more_than_one_answer_holds_is_refused_with_the_way_out(cafe, refs, monkeypatch, language, word):
    monkeypatch.setattr(statements, "LINES_MAX", 3)
    give(cafe, refs, "a")
    assert of(cafe, "2026-11")["awards"] == 3
    give(cafe, refs, "b")
    answer = cafe.get("/v1/partner/statements/2026-11", accept_language=language)
    assert (answer.status, answer.code, answer.body["lines_max"]) == (409, "statement_too_long", 3)
    assert word in answer.body["title"]
    assert of(cafe, "2026-12")["lines"] == []


def longest():
    return StatementLine(
        award_id="a" * 64,
        member_ref="r" * 107,
        points=10**12,
        occurred_at=NOON.replace(microsecond=1000),
        state="reversed",
    )


def test_as_many_lines_as_are_allowed_fit_the_answer_of_a_function_however_long_they_are(client, cafe):
    """A Lambda function's answer is a JSON text that holds the body as a text: each quotation mark counts twice."""
    ref = cafe.world.secrets.seal("member_ref", "p" * 64, "m" * 64)
    assert len(ref) <= len(longest().member_ref)
    as_json = json.dumps(longest().model_dump(mode="json"), separators=(",", ":")) + ","
    (_, row) = statements._as_csv("2026-11", [longest()]).body.splitlines(keepends=True)
    for sent in (as_json, row):
        assert (len(json.dumps(sent)) - 2) * statements.LINES_MAX < 0.98 * LAMBDA_ANSWER_MAX


# ---- for a spreadsheet ----------------------------------------------------------------------------------------------


def rows(text):
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_a_spreadsheet_gets_the_same_lines(cafe, refs):
    give(cafe, refs, "a", 100)
    reverse(cafe, "a")
    answer = cafe.get("/v1/partner/statements/2026-11", accept="text/csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="statement-2026-11.csv"'
    assert answer.body.startswith("\ufeffaward_id,member_ref,points,occurred_at,state\r\n")
    assert answer.body.endswith("\r\n")
    assert rows(answer.body)[1:] == [[str(value) for value in one.values()] for one in of(cafe, "2026-11")["lines"]]


def test_an_award_id_that_looks_like_a_formula_is_made_harmless(cafe, refs):
    give(cafe, refs, "-1")
    assert of(cafe, "2026-11")["lines"][-1]["award_id"] == "-1"
    assert rows(of(cafe, "2026-11", accept="text/csv"))[-1][0] == "'-1"


@pytest.mark.parametrize(
    "accept", ["application/json", "*/*", "text/html, */*;q=0.8", "text/csv;q=0.5, application/json", ""]
)
def test_json_is_answered_unless_csv_is_preferred(cafe, refs, accept):
    assert of(cafe, "2026-11", accept=accept)["month"] == "2026-11"


def test_a_refusal_is_a_problem_document_whatever_was_asked_for(cafe):
    answer = cafe.get("/v1/partner/statements/2026-13", accept="text/csv")
    assert (answer.code, answer.headers["Content-Type"]) == ("invalid_request", "application/problem+json")


def test_the_description_tells_both_forms():
    said = openapi.document("points", ROUTES)["paths"]["/v1/partner/statements/{month}"]["get"]
    content = said["responses"]["200"]["content"]
    assert content["text/csv"]["schema"] == {"type": "string"}
    assert content["application/json"]["schema"]["$ref"].endswith("/Statement")


def test_both_forms_pass_the_layer_of_chalice(client, cafe, refs):
    only = Routes()
    only.all += [route for route in ROUTES.all if route.path.startswith("/v1/partner/")]
    app = web.serve("points", only, lambda: client.world)
    key = client.as_(OPERATOR).post("/v1/keys", {"owner": "Cafe", "kind": "partner", "partner_id": "cafe"}).body
    headers = {"Authorization": f"Bearer {key['secret']}"}
    with ChaliceClient(app) as service:
        path = "/v1/partner/statements/2026-11"
        as_csv = service.http.get(path, headers=headers | {"Accept": "text/csv"})
        as_json = service.http.get(path, headers=headers)
    assert as_csv.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert len(rows(as_csv.body.decode())) == 3
    assert as_json.headers["Content-Type"] == "application/json"
    assert len(json.loads(as_json.body)["lines"]) == 2
