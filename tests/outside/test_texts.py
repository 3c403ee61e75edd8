"""Texts that strangers make up where we expect our own: coupon codes, cursors, scans. Each is what we gave, or is refused."""

from __future__ import annotations

import time
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given, settings, strategies as st

from checkin.routes import ROUTES as CHECKIN
from coupons.routes import ROUTES as COUPONS
from points.routes import ROUTES as POINTS
from shared.codes import ALPHABET, CARRYING, LENGTH, NotACode, check_symbols, normalise, show
from shared.secrets import Secrets
from tests.kit import EC, OPERATOR, ROOT, Client, FakeClock, key, make_world, member, purchase

# ---- coupon codes ---------------------------------------------------------------------------------------------------

CODES = st.text(ALPHABET, min_size=CARRYING, max_size=CARRYING).map(lambda carrying: carrying + check_symbols(carrying))
SEPARATORS = [*"-‐‑‒–—―−ーｰ－﹣〜 \u3000\u00a0\u200b\u00ad\ufeff\t\r\n", ""]
LOOK_ALIKES = {"0": "0oOｏＯ", "1": "1iIlLｉＬ"}


def _widened(symbol: str) -> str:
    return chr(ord(symbol) + 0xFEE0)


@st.composite
def decorated(draw: Any, code: str) -> str:
    """A code as somebody may type it: case, width, look-alikes, and anything like a hyphen anywhere."""
    typed = []
    for symbol in code:
        ways = [*LOOK_ALIKES.get(symbol, ""), symbol, symbol.lower(), _widened(symbol), _widened(symbol.lower())]
        typed += [draw(st.sampled_from(SEPARATORS)), draw(st.sampled_from(ways))]
    return "".join(typed) + draw(st.sampled_from(SEPARATORS))


@given(st.data(), CODES)
def test_a_code_is_read_however_it_is_written(data: st.DataObject, code: str) -> None:
    assert normalise(data.draw(decorated(code))) == code


@given(CODES)
def test_what_was_read_is_read_again_as_itself(code: str) -> None:
    assert normalise(normalise(code)) == code == normalise(show(normalise(code)))


@given(st.text(st.characters(categories=None), max_size=80) | st.text(ALPHABET + "oil-ー", min_size=13, max_size=16))
@example("\ufdfa" * 64)  # the sign that becomes the most letters
@example("\ud800" * 14)
def test_any_text_is_refused_or_a_code_that_checks(text: str) -> None:
    code = _read(text)
    if code is not None:
        assert len(code) == LENGTH
        assert code[CARRYING:] == check_symbols(code[:CARRYING])
        assert normalise(unicodedata.normalize("NFKC", text)) == code


def _read(text: str) -> str | None:
    try:
        return normalise(text)
    except NotACode:
        return None


@pytest.mark.parametrize("part", ["-", "0", "\ufdfa", "\u0301", "\ud800", "０"])
def test_a_flood_is_refused_at_once(part: str) -> None:
    started = time.process_time()  # of this process: whoever else is busy here says nothing about it
    for _ in range(100):
        with pytest.raises(NotACode):
            normalise(part * 100_000)
    assert time.process_time() - started < 0.5


# ---- sealed texts: cursors, scans, pseudonyms -----------------------------------------------------------------------

SECRETS = Secrets(lambda: ROOT)
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@st.composite
def another(draw: Any, token: str) -> str:
    """A text that is not this token, and mostly looks much like it."""
    place = draw(st.integers(0, len(token) - 1))
    symbol = draw(st.sampled_from(BASE64 + "+/=é\n "))
    last = token[:-1] + draw(st.sampled_from(BASE64))
    ways = [
        token[:place] + symbol + token[place + 1 :],  # a changed symbol
        token[:place] + symbol + token[place:],
        token[:place],
        token[place:],
        token + symbol,
        token + "=" * draw(st.integers(1, 4)),
        token.replace("-", "+").replace("_", "/"),
        last,  # which has bits that stand for nothing
        draw(st.text(max_size=60)),
    ]
    return str(draw(st.sampled_from([way for way in ways if way != token])))


@given(st.data(), st.text(max_size=40))
def test_a_sealed_text_opens_by_itself_alone(data: st.DataObject, text: str) -> None:
    token = SECRETS.seal("cursor", "here", text)
    assert SECRETS.unseal("cursor", "here", token) == text
    assert SECRETS.unseal("cursor", "here", data.draw(another(token))) is None


@given(st.data())
def test_another_spelling_of_a_sealed_text_is_another_text(data: st.DataObject) -> None:
    """Base 64 has many spellings of the same bytes: padding, the other two signs, and bits that stand for nothing."""
    token = SECRETS.seal("cursor", "here", "a" * data.draw(st.integers(0, 3)))
    ways = {token[:-1] + symbol for symbol in BASE64} | {token + "=" * n for n in range(1, 5)}
    for way in ways - {token}:
        assert SECRETS.unseal("cursor", "here", way) is None, way


# ---- cursors over HTTP ----------------------------------------------------------------------------------------------

SHIBUYA = {"name": "渋谷店", "lat": 35.6595, "lon": 139.7005, "time_zone": "Asia/Tokyo"}
CAMPAIGN = {
    "campaign_id": "spring",
    "name": {"ja": "春", "en": "Spring"},
    "offer": {"type": "amount_off", "value": 300},
    "valid_from": "2026-11-01",
}
PAGE = "?limit=1"


class Lists:
    """Every list of the product, with more than one page, as those see it who may."""

    def __init__(self) -> None:
        clock = FakeClock()
        self.points = Client(POINTS, make_world(clock))
        world = self.points.world
        self.coupons, self.checkin = Client(COUPONS, world), Client(CHECKIN, world, OPERATOR)
        self.coupons.as_(OPERATOR).post("/v1/campaigns", CAMPAIGN)
        for number in range(3):
            self.points.as_(OPERATOR).post("/v1/keys", {"key_id": f"k{number}", "owner": "o", "kind": "ec"})
            self.checkin.put(f"/v1/stores/s{number}", SHIBUYA)
        for who in ("taro", "hanako"):
            self.points.post("/v1/members", {"member_id": who})
            for number in range(3):
                named = {"purchase_id": f"{who}-{number}", "member": {"member_id": who}}
                self.points.post("/v1/purchases", purchase(**named))
                wish = {"campaign_id": "spring", "source_id": f"{who}-{number}", "member": {"member_id": who}}
                self.coupons.post("/v1/issues", wish)
                visit = {"checkin_id": f"{who}-{number}", "store_id": f"s{number}", "member": {"member_id": who}}
                self.checkin.post("/v1/checkins", visit)
        other = key("ec", key_id="other-ec")
        self.asked = [(self.points.as_(OPERATOR), "/v1/keys")]
        for what, client in (("entries", self.points), ("coupons", self.coupons), ("checkins", self.checkin)):
            for who in ("taro", "hanako"):
                self.asked.append((client.as_(member(who)), f"/v1/me/{what}"))
                self.asked += [(client.as_(caller), f"/v1/members/{who}/{what}") for caller in (EC, other)]

    def cursors(self) -> list[str]:
        """The cursor of the second page of each."""
        answers = [client.get(path + PAGE) for client, path in self.asked]
        assert all(answer.status == 200 for answer in answers)
        return [str(answer.body["next_cursor"]) for answer in answers]


@pytest.fixture(scope="module")
def lists() -> Lists:
    return Lists()


def test_a_cursor_opens_its_own_list_for_its_own_caller_and_no_other(lists: Lists) -> None:
    cursors = lists.cursors()
    assert "None" not in cursors
    assert len(set(cursors)) == len(cursors)
    for own, cursor in enumerate(cursors):
        for number, (client, path) in enumerate(lists.asked):
            answer = client.get(f"{path}{PAGE}&cursor={cursor}")
            assert (answer.code or answer.status) == (200 if number == own else "bad_cursor"), (own, number)
            assert number != own or answer.body["items"]


def test_a_cursor_is_for_the_query_that_it_was_given_to(lists: Lists) -> None:
    for (client, path), cursor in zip(lists.asked, lists.cursors(), strict=True):
        assert client.get(f"{path}?limit=2&cursor={cursor}").code == "bad_cursor"


@settings(max_examples=200)
@given(data=st.data())
def test_a_changed_cursor_is_refused(lists: Lists, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(lists.asked) - 1))
    client, path = lists.asked[number]
    cursor = str(client.get(path + PAGE).body["next_cursor"])
    changed = data.draw(another(cursor)).replace("&", "").replace("=", "%3D")
    answer = client.send("GET", f"{path}{PAGE}&cursor={changed}")
    assert (answer.status, answer.code) == (400, "bad_cursor")


@settings(max_examples=200)
@given(data=st.data())
def test_a_made_up_scan_or_pseudonym_is_nobody(lists: Lists, data: st.DataObject) -> None:
    client = lists.points
    scan = client.post("/v1/members/resolve", {"member": {"member_id": "taro"}}).body["scan"]
    for way in ("scan", "code"):
        text = data.draw(another(scan)) or "x"
        answer = client.post("/v1/members/resolve", {"member": {way: text}})
        assert answer.status in (404, 422), answer.body
