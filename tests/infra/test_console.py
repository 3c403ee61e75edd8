"""The pages' small server: what it gives, what it never gives, and under which headers."""

from __future__ import annotations

import hashlib
import json
import re
import threading

import httpx
import jwt
import pytest

from infra import console, door, files, issuer
from infra.commands_deploy import origin
from infra.locate import CONSOLE, Home

API = "http://127.0.0.1:4566"


@pytest.fixture
def local(tmp_path):
    return tmp_path / "local.json"


@pytest.fixture
def pages(local):
    server = console.make_server(local, [API], 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with httpx.Client(base_url=console.address(server.server_port), trust_env=False, timeout=10) as client:
        yield client
    server.shutdown()
    server.server_close()


PAGES = sorted(page.parent.relative_to(CONSOLE).as_posix() for page in CONSOLE.rglob("index.html"))
SEED = {"member_ids": ["m-hanako"], "place": {"lat": 35.6595, "lon": 139.7005}}
SERVICES = {"points": f"{API}/p", "coupons": f"{API}/c", "checkin": f"{API}/k"}


def test_whoever_comes_finds_the_way_to_every_page(pages):
    start = pages.get("/")
    assert (start.status_code, "text/html" in start.headers["content-type"]) == (200, True)
    for name in PAGES:
        if name != ".":
            assert f'href="{name}/"' in start.text
            answer = pages.get(f"/{name}")
            assert (answer.status_code, answer.headers["location"]) == (307, f"/{name}/")
            assert "text/html" in pages.get(f"/{name}/").headers["content-type"]
            assert pages.head(f"/{name}/").status_code == 200


def test_whatever_a_page_asks_for_is_there(pages):
    for page in CONSOLE.rglob("*.html"):
        here = f"/{page.parent.relative_to(CONSOLE).as_posix()}/"
        for asked in re.findall(r'(?:src|href)="([^"#:]+)"', page.read_text()):
            assert pages.get(here + asked).status_code == 200, (page, asked)
    for module in CONSOLE.rglob("*.js"):
        here = f"/{module.parent.relative_to(CONSOLE).as_posix()}/"
        for asked in re.findall(r'^import .* from "([^"]+)";$', module.read_text(), re.MULTILINE):
            assert pages.get(here + asked).status_code == 200, (module, asked)


def test_a_page_by_another_name_is_led_to_its_own_origin(pages):
    answer = pages.get("/tablet/", headers={"Host": f"localhost:{pages.base_url.port}"})
    assert (answer.status_code, answer.headers["location"]) == (307, str(pages.base_url).rstrip("/") + "/")


def test_the_pages_learn_where_the_services_are_and_no_keys(pages, local):
    assert pages.get("/config.json").status_code == 503
    local.write_text(json.dumps({**SERVICES, "keys": {"ec": "secret"}, "seed": SEED, "pid": 1}))
    told = pages.get("/config.json")
    door = {
        "members": ["m-hanako"],
        "keys": ["ec"],
        "place": SEED["place"],
        "hook": f"{str(pages.base_url).rstrip('/')}/hook",
    }
    assert told.json() == {**SERVICES, "door": door}
    assert "secret" not in told.text


@pytest.fixture
def house(local, pages):
    """A stack's folder with an issuer's key and a sample key, and the headers of its own pages."""
    home = Home(local.parent)
    issuer.make_key(home.issuer_key)
    said = {**SERVICES, "issuer": "http://127.0.0.1:4567", "keys": {"pos": "omo_local_x"}, "seed": SEED}
    local.write_text(json.dumps(said))
    return {"Origin": str(pages.base_url).rstrip("/")}


def test_the_door_lets_visitors_in_as_a_member_or_with_a_sample_key(pages, local, house):
    assert pages.post("/door/keys/pos", headers=house).json() == {"secret": "omo_local_x"}
    token = pages.post("/door/members/m-hanako", headers=house).json()["secret"]
    key = issuer.documents(Home(local.parent).issuer_key, 4567)["/jwks.json"]
    claims = jwt.decode(
        token, jwt.PyJWKSet.from_json(key.decode()).keys[0].key, algorithms=["RS256"], audience="omotenashi"
    )
    assert (claims["sub"], claims["iss"]) == ("m-hanako", "http://127.0.0.1:4567")
    assert claims["exp"] - claims["iat"] == door.TOKEN_SECONDS


def test_a_key_that_was_made_later_is_behind_the_door_too(pages, local, house):
    files.write_private(Home(local.parent).keys, json.dumps({"pos": "omo_local_y"}).encode())
    assert pages.post("/door/keys/pos", headers=house).json() == {"secret": "omo_local_y"}


@pytest.mark.parametrize("origin", [None, "null", "https://elsewhere.example", "http://localhost:4568"])
def test_the_door_opens_to_the_consoles_own_pages_alone(pages, house, origin):
    answer = pages.post("/door/keys/pos", headers={"Origin": origin} if origin else {})
    assert (answer.status_code, "omo_local" in answer.text) == (403, False)
    renamed = pages.post("/door/keys/pos", headers={**house, "Host": "rebound.example"})
    assert (renamed.status_code, "omo_local" in renamed.text) == (403, False)


@pytest.mark.parametrize(
    "path", ["/door/keys/nobody", "/door/keys/", "/door/members/", "/door/", "/keys/pos", "/door/else/pos"]
)
def test_behind_the_door_is_nothing_else(pages, house, path):
    assert pages.post(path, headers=house).status_code == 404
    assert pages.get("/door/keys/pos").status_code == 404


def test_events_for_who_watches_are_taken_and_thrown_away_whatever_they_say(pages):
    for body in (b"", b'{"type": "points.earned"}', b"\x00" * console.HOOK_BYTES_MAX):
        assert pages.post("/hook", content=body).status_code == 200
    assert pages.post("/hook", content=b"\x00" * (console.HOOK_BYTES_MAX + 1)).status_code == 413
    assert pages.get("/").status_code == 200  # what was not read is not taken for the next request


def test_no_page_of_another_sends_anything_to_where_events_go(pages):
    assert pages.post("/hook", headers={"Origin": "https://elsewhere.example"}).status_code == 403
    assert pages.get("/hook").status_code == 404


def test_before_the_stack_is_up_nobody_is_let_in(pages):
    answer = pages.post("/door/keys/pos", headers={"Origin": str(pages.base_url).rstrip("/")})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "path", ["/../README.md", "/%2e%2e/README.md", "/tablet/../../pyproject.toml", "//etc/passwd", "/x"]
)
def test_nothing_is_served_but_the_pages(pages, path):
    assert pages.get(path).status_code == 404


def test_every_answer_forbids_what_no_page_needs(pages):
    for path in ("/", "/tablet/", "/tablet/main.js", "/nowhere"):
        said = pages.get(path).headers
        rules = dict(rule.split(" ", 1) for rule in said["content-security-policy"].split("; "))
        assert rules["default-src"] == "'none'"
        assert (rules["script-src"], rules["style-src"]) == ("'self'", "'self'")
        assert rules["connect-src"] == f"'self' {API}"
        assert said["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in said


def test_no_page_makes_markup_of_a_text_or_runs_a_script_of_its_own():
    for page in CONSOLE.rglob("*.html"):
        text = page.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)|\bstyle=|\bon[a-z]+=", text), page
    for module in CONSOLE.rglob("*.js"):
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", module.read_text()), (
            module
        )


def test_the_library_that_draws_codes_is_the_one_that_was_taken():
    licence = (CONSOLE / "vendor" / "qrcode.LICENSE.txt").read_text()
    assert hashlib.sha256((CONSOLE / "vendor" / "qrcode.mjs").read_bytes()).hexdigest() in licence


@pytest.mark.parametrize("page", [page for page in PAGES if page != "."] + ["start"])
def test_both_languages_have_the_same_words_and_a_page_asks_for_no_other(page):
    ja, en = (CONSOLE / page / "words.js").read_text().split("\n  en: {")
    names = re.findall(r"^    (\w+):", ja, re.MULTILINE)
    assert names == re.findall(r"^    (\w+):", en, re.MULTILINE)
    assert len(names) == len(set(names))
    html = CONSOLE / ("" if page == "start" else page) / "index.html"
    asked = re.findall(r'data-t(?:-label)?="(\w+)"', html.read_text())
    for module in (CONSOLE / page).glob("*.js"):
        asked += re.findall(r'\bt\("(\w+)"', module.read_text())
    assert set(asked) <= set(names)


def test_a_stages_origin_is_one_or_any():
    assert [origin(text) for text in ("*", "https://shop.example", "http://127.0.0.1:4568")]
    for text in ("https://shop.example/", "shop.example", "https://a.example,https://b.example", ""):
        with pytest.raises(ValueError):
            origin(text)
