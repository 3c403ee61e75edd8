"""Tokens: their bytes, their signatures, and the one discount that server and till must agree on."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings, strategies as st

from coupons.campaign import Terms
from coupons.model import Basket
from coupons.rules import Candidate, Place, Validity, discount
from shared import offline_token
from shared.offline_till import why_not, worth
from shared.offline_token import NotAToken, Token, key_id, public_bytes, read, spelt, unspelt, write

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEYS = {key_id(public_bytes(KEY)): public_bytes(KEY)}
NOON = datetime(2026, 11, 20, 3, tzinfo=UTC)
DAY = date(2026, 11, 20)


def token(**changes: Any) -> Token:
    said: dict[str, Any] = {"locator": 4711, "index": 0x0123456789, "type": "amount_off", "value": 300, "first": DAY}
    return Token(**said | {"last": None, "expires": NOON + timedelta(days=1)} | changes)


amounts = st.integers(1, 10**12)
tokens = st.builds(
    Token,
    locator=st.integers(0, 2**14 - 1),
    index=st.integers(0, 2**40 - 1),
    type=st.sampled_from(["amount_off", "percent_off", "item_free"]),
    value=amounts,
    first=st.dates(date(2000, 1, 1), date(2179, 1, 1)),
    last=st.none() | st.dates(date(2000, 1, 2), date(2179, 1, 1)),
    expires=st.integers(0, 2**32 - 1).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    stores=st.lists(st.binary(min_size=4, max_size=4), max_size=3).map(tuple),
    max_discount=st.none() | amounts,
    min_purchase=st.integers(0, 10**12),
)


@given(tokens)
@settings(max_examples=150, deadline=None)
def test_a_token_reads_as_it_was_written_and_fits_a_qr_code(one):
    text = write(one, KEY)
    assert read(text, KEYS) == one
    assert len(text) <= 155


@given(tokens, st.data())
@settings(max_examples=150, deadline=None)
def test_no_bit_of_a_token_can_be_changed(one, data):
    raw = bytearray(unspelt(write(one, KEY)))
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(NotAToken):
        read(spelt(bytes(raw)), KEYS)


@given(st.text(max_size=200) | st.binary(max_size=150).map(spelt))
@settings(max_examples=200, deadline=None)
def test_anything_else_is_no_token(text):
    with pytest.raises(NotAToken):
        read(text, KEYS)


def test_a_token_has_one_spelling():
    text = write(token(), KEY)
    for twin in (text + "=", text + "\n", " " + text, text.replace("-", "+").replace("_", "/") + "="):
        with pytest.raises(NotAToken):
            read(twin, KEYS)


def test_a_key_that_is_not_known_signs_nothing():
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    with pytest.raises(NotAToken):
        read(write(token(), other), KEYS)


@pytest.mark.parametrize(
    "changes", [{"first": date(2200, 1, 1)}, {"last": date(2500, 1, 1)}, {"stores": (b"1234",) * 4}]
)
def test_what_does_not_fit_is_not_written(changes):
    with pytest.raises(ValueError, match=r"far away|three stores"):
        write(token(**changes), KEY)


@pytest.mark.parametrize(
    ("changes", "basket", "reason"),
    [
        ({}, [(1, 1000)], None),
        ({"expires": NOON - timedelta(minutes=15)}, [(1, 1000)], None),
        ({"expires": NOON - timedelta(minutes=16)}, [(1, 1000)], "token_expired"),
        ({"first": DAY + timedelta(days=1)}, [(1, 1000)], "not_yet_valid"),
        ({"last": DAY}, [(1, 1000)], None),
        ({"last": DAY - timedelta(days=1)}, [(1, 1000)], "code_not_usable"),
        ({"stores": (offline_token.store_mark("shibuya"),)}, [(1, 1000)], None),
        ({"stores": (offline_token.store_mark("umeda"),)}, [(1, 1000)], "wrong_store"),
        ({"min_purchase": 1000}, [(1, 600), (1, 400)], None),
        ({"min_purchase": 1001}, [(1, 1000)], "minimum_not_met"),
        ({}, [(1, 0)], "no_eligible_item"),
    ],
)
def test_why_a_till_does_not_take_a_token(changes, basket, reason):
    assert why_not(token(**changes), "shibuya", DAY, NOON, basket) == reason


@st.composite
def offers(draw):
    kind = draw(st.sampled_from(["amount_off", "percent_off", "item_free"]))
    value = draw(st.integers(1, {"amount_off": 5000, "percent_off": 100, "item_free": 12}[kind]))
    return {"type": kind, "value": value, "max_discount": draw(st.none() | st.integers(1, 3000))}


@given(
    offers(), st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4000)), min_size=1, max_size=8), st.integers(0, 4000)
)
@settings(max_examples=400, deadline=None)
def test_a_till_gives_what_the_server_would_have_given(offer, lines, minimum):
    basket = Basket.model_validate(
        {
            "lines": [
                {"line_id": str(n), "quantity": quantity, "amount": amount}
                for n, (quantity, amount) in enumerate(lines)
            ]
        }
    )
    said = {"offer": {name: value for name, value in offer.items() if value is not None}, "valid_from": "2026-01-01"}
    terms = Terms.model_validate(said | {"min_purchase": minimum})
    candidate = Candidate("", "c", "campaign", terms, Validity(DAY))
    outcome = discount(basket, [candidate], Place("pos", "shibuya", DAY))
    mine = token(**offer, min_purchase=minimum)
    reason = why_not(mine, "shibuya", DAY, NOON, lines)
    assert reason == (outcome.refused[0].reason if outcome.refused else None)
    if reason is None:
        assert worth(mine, lines) == outcome.discount_total


# ---- the guide ------------------------------------------------------------------------------------------------------

GUIDE = Path(__file__).parents[2] / "docs" / "offline.md"


def test_the_guides_example_is_what_this_file_writes_and_reads():
    """Byte for byte: the key, the token and its fields, the allowance and its signature."""
    text = GUIDE.read_text(encoding="utf-8")
    said = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)` \|$", text, re.MULTILINE))
    assert said["seed"] == bytes(range(32)).hex()
    assert said["public_key"] == spelt(public_bytes(KEY))
    assert said["kid"] == key_id(public_bytes(KEY))
    example = Token(
        locator=4711,
        index=0x0123456789,
        type="percent_off",
        value=20,
        first=date(2026, 11, 20),
        last=date(2026, 12, 31),
        expires=datetime(2026, 11, 21, 15, tzinfo=UTC),
        stores=(offline_token.store_mark("shibuya"),),
        max_discount=1000,
        min_purchase=500,
    )
    assert said["token"] == write(example, KEY)
    assert "".join(said["bytes"].split()) == unspelt(said["token"])[:-64].hex()
    assert read(said["token"], KEYS) == example
    assert int(said["discount"]) == worth(example, [(2, 1200), (1, 98)])
    told = {
        "allowance_id": "a-1",
        "business_day": "2026-11-20",
        "expires_at": "2026-11-20T22:00:00Z",
        "max_redemptions": 50,
        "max_value": 50000,
        "public_keys": [{"key": said["public_key"], "kid": said["kid"]}],
        "store_id": "shibuya",
        "terminal_id": "till-1",
    }
    assert said["signed"] == offline_token.allowance_bytes(told).decode()
    assert said["signature"] == offline_token.sign_allowance(KEY, told)
    assert offline_token.is_genuine(told | {"signature": said["signature"]}, KEYS)
