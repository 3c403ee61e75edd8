"""A browser, the local stack behind it, and who comes to the pages. One browser and one stack serve all tests."""

from __future__ import annotations

import io
import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from infra.locate import ROOT
from tests.e2e.conftest import Stack, stack

__all__ = ["stack"]

API = "**/restapis/**"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PICTURES = ROOT / ".omo" / "pictures"
STEP_MS = 30_000
"""How long something may take on a busy machine. Nothing waits for a code's half minute: that is turned on."""

expect.set_options(timeout=STEP_MS)


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.stack)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as playwright:
        # Root has no sandbox of Chromium's; the pages are our own.
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


# ---- what all pages have in common ----------------------------------------------------------------------------------


def ahead(page: Page, seconds: int) -> None:
    """Let time pass for the page and for what the services answer it: a half minute need not be waited out."""

    def later(route):
        now = datetime.now(UTC) + timedelta(seconds=seconds)
        route.continue_(headers={**route.request.headers, "x-omo-now": now.isoformat().replace("+00:00", "Z")})

    page.route(API, later)
    page.clock.fast_forward(seconds * 1000)


def cut(page: Page, pattern: str = API) -> None:
    """The line is down."""
    page.route(pattern, lambda route: route.abort())


def wait_for_card(phone: Page) -> None:
    """Wait for a code that stays for some seconds: one that is about to turn is gone while it is read."""
    stays = """() => { const [left, time] = ['#left', '#time'].map((id) => document.querySelector(id));
        return !document.querySelector('#shown').hidden && (time.hidden || left.value > 5); }"""
    expect(phone.locator("#qr svg")).to_be_visible()
    deadline = time.monotonic() + 40
    while not phone.evaluate(stays) and time.monotonic() < deadline:
        phone.wait_for_timeout(100)


def scanned(page: Page) -> list[str]:
    """What a phone or a scanner reads off the screen."""
    screen = Image.open(io.BytesIO(page.screenshot())).convert("L")
    rows = memoryview(screen.tobytes()).cast("B", (screen.height, screen.width))
    return [found.text for found in zxingcpp.read_barcodes(rows)]


def picture(page: Page, name: str, *, is_whole: bool = False) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=is_whole)


def assert_everybody_can_use(page: Page) -> None:
    """Nothing that axe knows is in anybody's way, and nothing is wider than the screen."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.fixture(scope="session")
def window_of(browser) -> Callable[[str, str], Page]:
    """A window in a language, in the light or in the dark; opened once, for a new one costs as much as a test."""
    opened: dict[tuple[str, str], Page] = {}

    def window(language: str, scheme: str) -> Page:
        if (language, scheme) not in opened:
            looks = {"color_scheme": scheme, "reduced_motion": "reduce", "timezone_id": "Asia/Tokyo"}
            opened[language, scheme] = browser.new_context(locale=language, **looks).new_page()
            opened[language, scheme].clock.install()
        return opened[language, scheme]

    return window


@pytest.fixture
def open_page(window_of, stack):
    """Opens a page, on a screen of some size. Its errors fail the test; nothing of it is there for the next one."""
    used: list[Page] = []
    wrong: list[object] = []

    def fail(failure):
        wrong.append(failure)

    def note(line):
        if "Content Security Policy" in line.text:
            wrong.append(line.text)

    def open_it(path: str, language="ja-JP", scheme="light", size=(1180, 820)) -> Page:
        page = window_of(language, scheme)
        assert page not in used, "a window shows one page at a time"
        used.append(page)
        page.clock.set_system_time(datetime.now(UTC))
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.on("pageerror", fail)
        page.on("console", note)
        page.goto(f"{stack.local['console']}{path}")
        return page

    yield open_it
    for page in used:
        page.unroute_all(behavior="ignoreErrors")
        page.goto(f"{stack.local['console']}/config.json")  # of the same origin, and without a script
        page.evaluate("localStorage.clear(); sessionStorage.clear()")
        page.remove_listener("pageerror", fail)
        page.remove_listener("console", note)
    assert not wrong


@pytest.fixture(scope="session")
def key_of(stack: Stack) -> Callable[..., str]:
    """A terminal's key with these scopes; made once, for each new key waits until it holds everywhere."""
    made: dict[Any, str] = {}

    def make(*scopes: str, store_id: str = "shibuya") -> str:
        if (scopes, store_id) not in made:
            wanted = {"kind": "pos", "owner": "shop", "scopes": scopes, "store_id": store_id, "terminal_id": "tablet"}
            body = {"key_id": f"k-{uuid.uuid4().hex[:8]}", **wanted}
            answer = stack.call("points", "operator", "POST", "/v1/keys", body)
            assert answer.status_code == 201, answer.text
            made[scopes, store_id] = answer.json()["secret"]
        return made[scopes, store_id]

    return make


@pytest.fixture(scope="session")
def key(key_of):
    return key_of("presence:show")


# ---- the store's tablet ---------------------------------------------------------------------------------------------


@dataclass
class Tablet:
    """The page as somebody behind the counter uses it."""

    page: Page

    def show(self, key: str, *, is_for_good: bool = False) -> None:
        self.page.fill("#key", key)
        self.page.set_checked("#keep", is_for_good)
        self.page.click("#sign-in button[type=submit]")

    @property
    def code(self) -> str:
        return "".join(self.page.locator("#digits").all_text_contents())

    def wait_for_code(self) -> str:
        expect(self.page.locator("#qr svg")).to_be_visible()
        return self.code

    def wait_for_next(self, before: str) -> str:
        expect(self.page.locator("#spoken")).not_to_have_text(re.compile(f"^({' '.join(before)})?$"))
        return self.code

    def scanned(self) -> list[str]:
        return scanned(self.page)


@pytest.fixture
def tablet(open_page):
    def open_it(*looks: Any) -> Tablet:
        page = open_page("/tablet/", *looks)
        expect(page.locator("#key")).to_be_visible()
        return Tablet(page)

    return open_it
