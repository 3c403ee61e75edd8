"""The edges of every route: how much is taken in, what headers go out, and what a text can do on its way through."""

from __future__ import annotations

import ast
import base64
import io
import json
import logging
from importlib import import_module
from pathlib import Path

import pytest

from infra import gateway
from points import outbound
from shared import log, problem
from shared.http import PUBLIC, SAFE_HEADERS
from tests.front import SERVICES, Front, HttpClient, open_issuer
from tests.kit import CAFE, EC, OPERATOR, Client, FakeClock, key, make_world, member

PROJECT = Path(__file__).parents[2]
ALL = key("operator", scopes=OPERATOR.scopes, store_id="shibuya", terminal_id="t", partner_id="cafe")
EVERY_ROUTE = [(service, route) for service in SERVICES for route in import_module(f"{service}.routes").ROUTES.all]
EVERY_ROUTE = [(service, route) for service, route in EVERY_ROUTE if route.scope != PUBLIC]
NAMES = [f"{service} {route.method} {route.path}" for service, route in EVERY_ROUTE]


def routes(wanted):
    some = [(pair, name) for pair, name in zip(EVERY_ROUTE, NAMES, strict=True) if wanted(pair[1])]
    return pytest.mark.parametrize(("service", "route"), [pair for pair, _ in some], ids=[name for _, name in some])


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    with open_issuer(tmp_path_factory.mktemp("issuer")) as here:
        yield here


@pytest.fixture(scope="module")
def front():
    front = Front(make_world(FakeClock()))
    assert (
        Client(import_module("points.routes").ROUTES, front.world).post("/v1/members", {"member_id": "taro"}).status
        == 201
    )
    return front


def ask(front, issuer, service, route, raw=b"", query="", **headers):
    """What a caller who is let in hears from the real app."""
    who = member("taro") if route.scope == "member" else CAFE if route.scope == "awards:write" else ALL
    path = "/".join("x" if part.startswith("{") else part for part in route.path.split("/"))
    return HttpClient(front, issuer, service, who).send(route.method, path + query, raw=raw, **headers)


# ---- how much is taken in -----------------------------------------------------------------------------------------------


@routes(lambda route: route.has_body)
def test_a_body_beyond_its_size_is_refused_unread(front, issuer, service, route):
    answer = ask(front, issuer, service, route, b'{"x": "' + b"a" * route.body_max + b'"}')
    assert (answer.status, answer.code) == (413, "body_too_large")
    assert answer.body["limit_bytes"] == route.body_max <= 4 << 20  # Lambda takes 6 MB, of which base 64 could make 4.5


@routes(lambda route: route.has_body)
def test_a_body_beyond_its_depth_is_refused(front, issuer, service, route):
    def nested(depth):
        return b'{"x":' * (depth - 1) + b"{}" + b"}" * (depth - 1)

    assert ask(front, issuer, service, route, nested(32)).code != "malformed_json"
    for raw in (nested(33), b'{"x":' + b"[" * 32 + b"]" * 32 + b"}", b"[" * 100_000, b'{"x":' * 30_000):
        answer = ask(front, issuer, service, route, raw)
        assert (answer.status, answer.code) == (400, "malformed_json")


NO_JSON = [
    *(b'{"x": NaN}', b'{"x": Infinity}', b'{"x": -Infinity}', b'{"x": 1' + b"0" * 5000 + b"}", b'{"x": "\\ud800"}'),
    *(
        b'{"x": 1,}',
        b"{'x': 1}",
        b'{"x": "\xff"}',
        b'{"x": "\n"}',
        b'\xef\xbb\xbf{"x": 1}',
        b"{}{}",
        b"\x00",
        b"/**/{}",
    ),
]


@pytest.mark.parametrize("raw", NO_JSON, ids=lambda raw: repr(raw[:16]))
def test_what_only_looks_like_json_is_refused(front, issuer, raw):
    ((service, route),) = [
        pair for pair, name in zip(EVERY_ROUTE, NAMES, strict=True) if name == "points POST /v1/purchases"
    ]
    answer = ask(front, issuer, service, route, raw)
    assert (answer.status, answer.code) == (400, "malformed_json")


# ---- what goes out ------------------------------------------------------------------------------------------------------


def answers(front, issuer):
    """One answer of every kind that an app gives."""
    operator = HttpClient(front, issuer, "points", OPERATOR)
    told = {
        "yes": operator.get("/v1/whoami"),
        "nothing to say": operator.delete("/v1/staff/nobody"),
        "not let in": operator.get("/v1/me"),
        "nobody": operator.get("/v1/whoami", Authorization="Bearer nonsense"),
        "no key": operator.get("/v1/whoami", Authorization=""),
        "not there": operator.get("/v1/members/nobody"),
        "no such method": operator.patch("/v1/whoami", {}),
        "wrong": operator.post("/v1/purchases", {}),
        "too large": operator.post("/v1/purchases", {"x": "a" * (1 << 18)}),
        "another form": operator.send("POST", "/v1/purchases", raw=b"a,b", Content_Type="text/csv"),
        "no table": operator.get("/v1/reports/liability?on=never", Accept="text/csv"),
        "the description": operator.get("/openapi.json"),
    }
    read, front.world.directory.table.get = front.world.directory.table.get, None  # whatever it asks for breaks
    try:
        return told | {"failed": operator.get("/v1/programme")}
    finally:
        front.world.directory.table.get = read


def test_every_answer_carries_the_safe_headers_and_may_be_read_by_a_browser(front, issuer):
    told = answers(front, issuer)
    assert {one.status for one in told.values()} == {200, 204, 401, 403, 404, 405, 413, 415, 422, 500}
    for name, one in told.items():
        for header, value in SAFE_HEADERS.items():
            assert one.headers.get(header.title()) == value, (name, header)
        assert one.headers["Access-Control-Allow-Origin"] == "*", name
        if one.status >= 400:
            assert one.headers["Content-Type"] == problem.CONTENT_TYPE, name
            assert {"type", "title", "status", "detail", "code", "retryable", "request_id"} <= set(one.body), name


def test_what_the_gateway_answers_by_itself_carries_them_too():
    for kind, answer in gateway.gateway_responses().items():
        headers = answer["ResponseParameters"]["Headers"]
        assert {name: headers[name] for name in SAFE_HEADERS} == {n: f"'{v}'" for n, v in SAFE_HEADERS.items()}, kind
        assert "'" not in "".join(SAFE_HEADERS.values()), "the gateway knows no escape for a quote"


# ---- what a text can do on its way ------------------------------------------------------------------------------------

EVIL = [
    "x\r\nSet-Cookie: stolen=1",
    "x\nlevel: fine",
    "x%0d%0aSet-Cookie:%20stolen=1",
    '"}\n{"level": "INFO", "message": "all is well"}',
    "\u2028{}\u2029",
    "\x1b[2J\x07",
    "${jndi:ldap://x.example/a}",
    "\ud800",
]
HEADERS = ("Accept-Language", "Idempotency-Key", "Accept", "X-Omo-Now", "User-Agent", "X-Forwarded-For", "Content-Type")


@pytest.fixture
def lines():
    """The lines that were logged, as they stand in the stream."""
    logger, stream = logging.getLogger("omotenashi"), io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log._Line("points"))
    before, level, logger.handlers[:] = logger.handlers[:], logger.level, [handler]
    logger.setLevel(logging.DEBUG)
    yield lambda: stream.getvalue().split("\n")[:-1]
    logger.handlers[:] = before
    logger.setLevel(level)


@pytest.mark.parametrize("text", EVIL, ids=ascii)
def test_no_text_becomes_a_header_or_a_line_of_the_log(lines, text):
    world = make_world(FakeClock())
    client = Client(import_module("points.routes").ROUTES, world, OPERATOR)
    said = [client.get("/v1/reports/liability", **{header: text}) for header in HEADERS]
    sale = {
        "purchase_id": "p",
        "source": "pos",
        "occurred_at": "2026-11-20T02:00:00Z",
        "state": "completed",
        "lines": [],
    }
    said += [client.post("/v1/purchases", sale, **{header: text}) for header in HEADERS]
    said += [client.post("/v1/purchases", {**sale, field: text}) for field in ("purchase_id", "store_id", "source")]
    plain = text.replace("/", "").replace("?", "")
    said += [client.get(f"/v1/members/{plain}"), client.get(f"/v1/partner/statements/{plain}")]
    said.append(client.put(f"/v1/partners/{plain}", {"name": text, "budget": {"kind": "monthly", "points": 1}}))
    assert all(400 <= one.status < 500 or one.status in (200, 201) for one in said)
    for one in said:
        for name, value in one.headers.items():
            assert value.isascii(), name
            assert value.isprintable(), name
            assert "stolen" not in value, name
    logged = lines()
    assert len(logged) == len(said)
    for line in logged:
        assert set(json.loads(line)) >= {"level", "message", "route", "status"}
        assert "stolen" not in line
        assert "\x1b" not in line


def test_control_a_line_that_is_not_escaped_would_be_two(lines):
    logging.getLogger("omotenashi").info("%s", EVIL[3])
    (line,) = lines()
    assert json.loads(line)["message"] == EVIL[3]
    assert len(EVIL[3].split("\n")) == 2


@pytest.mark.parametrize("name", ["a\u202eb", "a\nb", "\x1b@", "a\u2066b", "  ", "a\u2028b", "a\x00b", "\x7f"])
def test_a_name_that_others_see_gives_no_orders_and_reads_as_it_is(name):
    client = Client(import_module("points.routes").ROUTES, make_world(FakeClock()), EC)
    for who, path, body in (
        (EC, "/v1/members", {"member_id": "x", "display_name": name}),
        (member("y"), "/v1/me", {"display_name": name}),
    ):
        answer = client.as_(who).post(path, body)
        assert (answer.status, answer.body["errors"][0]["pointer"]) == (422, "/display_name")


@pytest.mark.parametrize("name", ["山田 花子", "O'Brien-José", "🙂 Ali", "न्दी", "علي"])
def test_names_of_people_are_names(name):
    client = Client(import_module("points.routes").ROUTES, make_world(FakeClock()), EC)
    answer = client.post("/v1/members", {"member_id": "x", "display_name": name})
    assert (answer.status, answer.body["display_name"]) == (201, name)


@routes(lambda route: "cursor" in route.query.model_fields)
def test_a_cursor_that_is_none_of_ours_leads_nowhere(front, issuer, service, route):
    forged = base64.urlsafe_b64encode(json.dumps({"pk": "member#taro", "sk": "member"}).encode()).decode().rstrip("=")
    for cursor in ("x", "..%2F..%2Fetc%2Fpasswd", forged, "A" * 4000, "%00", "%F0%9F%99%82", "AAAA" * 8):
        answer = ask(front, issuer, service, route, query=f"?cursor={cursor}")
        assert answer.code in ("bad_cursor", "invalid_request") or answer.status == 404, cursor
        assert "etc" not in json.dumps(answer.body)


# ---- addresses that a stranger chose ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        *("127.1", "0", "0x7f.1", "0x7f000001", "017700000001", "2130706433", "127.0.0.1.", "localhost", "localhost."),
        *("[::]", "[::1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[fe80::1%25lo]", "[64:ff9b::7f00:1]"),
        *(
            "①②⑦.⓪.⓪.①",
            "127。0。0。1",
            "１２７.０.０.１",
            "169.254.169.254",
            "[fd00:ec2::254]",
            "0.0.0.0",
            "255.255.255.255",
        ),
    ],
)
def test_no_spelling_of_an_inner_address_is_sent_to(host):
    for url in (
        f"https://{host}/hook",
        f"https://{host}:6379/",
        f"https://x.example@{host}/",
        f"https://{host}\\@x.example/",
    ):
        told = outbound.post(url, {}, b"", is_local=False)
        assert told.status is None
        assert told.error not in (None, "ConnectionRefusedError", "TimeoutError", "SSLCertVerificationError"), url


# ---- tables for spreadsheets --------------------------------------------------------------------------------------------


def test_tables_are_written_in_one_place_where_no_cell_becomes_a_formula():
    """`tests/rules/test_spreadsheet.py` proves that place; here that there is no other."""
    found = set()
    for folder in ("shared", "services", "infra"):
        for path in (PROJECT / folder).rglob("*.py"):
            if "vendor" in path.parts:
                continue
            tree = ast.parse(path.read_text(encoding="utf-8"))
            calls = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
            if any(node.attr in ("writer", "DictWriter") for node in calls):
                found.add(str(path.relative_to(PROJECT)))
    assert found == {"shared/spreadsheet.py"}


def test_whoever_names_an_award_like_a_formula_gets_a_text_in_the_statement():
    client = Client(import_module("points.routes").ROUTES, make_world(FakeClock()), EC)
    client.post("/v1/members", {"member_id": "taro"})
    budget = {"name": "C", "budget": {"kind": "prepaid", "points": 100}}
    assert client.as_(OPERATOR).put("/v1/partners/cafe", budget).status == 200
    code = client.as_(member("taro")).get("/v1/me/code").body["static"]["value"]
    award = {"award_id": "-2", "member": {"code": code}, "points": 1, "reason": "=HYPERLINK(1)"}
    assert client.as_(CAFE).post("/v1/awards", award).status == 201
    text = client.as_(CAFE).get("/v1/partner/statements/2026-11", accept="text/csv").body
    cells = [cell for line in text.removeprefix("\ufeff").splitlines()[1:] for cell in line.split(",")]
    assert "'-2" in cells
    assert not any(cell.startswith(("=", "+", "@", "-2")) for cell in cells)
