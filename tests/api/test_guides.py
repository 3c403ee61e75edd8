"""The guides' commands, run as they stand: each `ask` line against the real apps, and the status that it promises."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from coupons.routes import ROUTES as COUPONS
from points.routes import ROUTES as POINTS
from tests.kit import EC, OPERATOR, TILL, Client, FakeClock, make_world, member

DOCS = Path(__file__).parent.parent.parent / "docs"
CALLERS = {"OPERATOR": OPERATOR, "SHOP": EC, "TILL": TILL, "HANAKO": member("m-hanako")}
_ASK = re.compile(r"^ask \$(\w+) (.*?)  # (\d{3})$", re.MULTILINE)
_BASKET = re.compile(r"^BASKET='(.*)'$", re.MULTILINE)


def commands(folder: Path, name: str) -> list[tuple[str, str, int]]:
    """Who asks, what, and the status that the guide promises."""
    return [(who, line, int(status)) for who, line, status in _ASK.findall((folder / name).read_text())]


def basket() -> str:
    found = _BASKET.search((DOCS / "first-campaign.md").read_text())
    assert found is not None
    return found.group(1)


@pytest.fixture
def ask():
    """Runs one line of a guide; whatever code comes back first is `$CODE` from then on."""
    world = make_world(FakeClock())
    for name in ("m-hanako", "m-taro"):
        assert Client(POINTS, world).post("/v1/members", {"member_id": name}).status == 201
    codes: list[str] = []

    def run(who: str, line: str) -> int:
        for name, value in {"'$CODE'": codes[0] if codes else "", """'"$BASKET"'""": basket()}.items():
            line = line.replace(name, value)
        method, path, *body = shlex.split(line)
        answer = Client(COUPONS, world, CALLERS[who]).send(method, path, raw=body[0].encode() if body else b"")
        codes.extend([answer.body["code"]] if path == "/v1/issues" and answer.status == 201 else [])
        return answer.status

    return run


@pytest.mark.parametrize("folder", [DOCS, DOCS / "ja"], ids=["en", "ja"])
def test_the_first_campaign_goes_as_the_guide_says(ask, folder):
    lines = commands(folder, "first-campaign.md")
    assert len(lines) > 10
    for who, line, status in lines:
        assert ask(who, line) == status, line


@pytest.mark.parametrize("folder", [DOCS, DOCS / "ja"], ids=["en", "ja"])
def test_a_day_at_the_till_goes_as_the_guide_says(ask, folder):
    """It goes on from the first guide's issue, with a coupon that is still to be used."""
    for who, line, status in commands(DOCS, "first-campaign.md")[:2]:
        assert ask(who, line) == status
    lines = commands(folder, "till.md")
    assert len(lines) > 7
    for who, line, status in lines:
        assert ask(who, line) == status, line


@pytest.mark.parametrize("folder", [DOCS, DOCS / "ja"], ids=["en", "ja"])
def test_a_campaign_is_measured_as_the_guide_says(ask, folder):
    lines = commands(folder, "did-it-work.md")
    assert len(lines) == 3
    for who, line, status in lines:
        assert ask(who, line) == status, line
