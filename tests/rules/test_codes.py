"""Codes: every slip of a finger is caught, every code leads to its place, and nothing else leads anywhere."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, strategies as st

from shared.codes import (
    ALPHABET,
    CARRYING,
    LENGTH,
    Code,
    Codec,
    Form,
    Generation,
    NotACode,
    Reading,
    check_symbols,
    normalise,
    show,
    source_index,
)

_CODEC = Codec(b"current code key".ljust(32, b"."))
_PREVIOUS = Codec(b"previous code key".ljust(32, b"."))
_BOTH = Codec(b"current code key".ljust(32, b"."), b"previous code key".ljust(32, b"."))
_BULK = Generation(locator=7, form=Form.BULK, key=b"bulk", made=1_000_000)
_ISSUED = Generation(locator=16_383, form=Form.ISSUED, key=b"issued")
_KNOWN = {generation.locator: generation for generation in (_BULK, _ISSUED)}
_carrying = st.text(ALPHABET, min_size=CARRYING, max_size=CARRYING)


def _code(carrying: str) -> Code:
    return Code(carrying + check_symbols(carrying))


def _is_code(text: str) -> bool:
    try:
        return normalise(text) == text
    except NotACode as error:
        return error.reason != "check"


# ---- check symbols: the code is linear, so what holds for errors of one code holds for errors of all -----------------


def _sum(one: str, other: str) -> str:
    """The sum in GF(32), symbol by symbol."""
    return "".join(ALPHABET[ALPHABET.index(a) ^ ALPHABET.index(b)] for a, b in zip(one, other, strict=True))


@given(_carrying, _carrying)
def test_the_sum_of_two_codes_is_a_code(one: str, other: str) -> None:
    """An error e turns code c into c + e; that is a code only if e is one, whatever c is."""
    assert check_symbols(_sum(one, other)) == _sum(check_symbols(one), check_symbols(other))
    assert _is_code(_sum(_code(one), _code(other)))


def test_no_error_in_one_or_two_symbols_is_a_code() -> None:
    """All 434 single and all 87,451 double errors. Swaps, jump swaps and twins are double errors."""
    zero = ["0"] * LENGTH
    assert _is_code("".join(zero))
    places = [(place,) for place in range(LENGTH)] + list(itertools.combinations(range(LENGTH), 2))
    unseen = []
    for where in places:
        for values in itertools.product(ALPHABET[1:], repeat=len(where)):
            error = zero.copy()
            for place, value in zip(where, values, strict=True):
                error[place] = value
            if _is_code("".join(error)):
                unseen.append(error)
    assert not unseen


@given(_carrying, st.data())
def test_a_slip_is_a_typing_error(carrying: str, data: st.DataObject) -> None:
    code = _code(carrying)
    place = data.draw(st.integers(0, LENGTH - 1))
    other = data.draw(st.sampled_from(ALPHABET).filter(lambda symbol: symbol != code[place]))
    assert not _is_code(code[:place] + other + code[place + 1 :])


@given(_carrying)
def test_swaps_jump_swaps_and_twins_are_typing_errors(carrying: str) -> None:
    code = _code(carrying)
    for distance in (1, 2):
        for place in range(LENGTH - distance):
            a, between, b = code[place], code[place + 1 : place + distance], code[place + distance]
            if a != b:
                assert not _is_code(code[:place] + b + between + a + code[place + distance + 1 :])
            else:
                for twin in ALPHABET.replace(a, ""):
                    assert not _is_code(code[:place] + twin + between + twin + code[place + distance + 1 :])


# ---- what people type ------------------------------------------------------------------------------------------------

_EXAMPLE = "014K-9ZQX-70HA-" + check_symbols("014K9ZQX70HA")
_PLAIN = _EXAMPLE.replace("-", "")


@pytest.mark.parametrize(
    "typed",
    [
        _PLAIN,
        _EXAMPLE,
        _EXAMPLE.lower(),
        f"  {_EXAMPLE} \r\n",
        "O" + _PLAIN[1:],
        "o" + _PLAIN[1:],
        _PLAIN[0] + "I" + _PLAIN[2:],
        _PLAIN[0] + "i" + _PLAIN[2:],
        _PLAIN[0] + "l" + _PLAIN[2:],
        _PLAIN[0] + "L" + _PLAIN[2:],
        "".join(chr(ord(symbol) + 0xFEE0) for symbol in _PLAIN),
        "".join(chr(ord(symbol) + 0xFEE0) for symbol in _EXAMPLE.lower()),
        *[_EXAMPLE.replace("-", hyphen) for hyphen in "ーｰ‐‑‒–—―−－﹣﹘⁃─━〜 \u3000\u00a0\u200b\u00ad\t"],
        "-".join(_PLAIN),
    ],
)
def test_forgiving_input(typed: str) -> None:
    assert normalise(typed) == _PLAIN
    assert show(normalise(typed)) == _EXAMPLE


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "length"),
        (_PLAIN[:-1], "length"),
        (_PLAIN + "0", "length"),
        (_EXAMPLE * 5, "length"),
        ("U" + _PLAIN[1:], "symbol"),
        ("ß" + _PLAIN[1:], "symbol"),
        ("ı" + _PLAIN[1:], "symbol"),
        ("é" + _PLAIN[1:], "symbol"),
        ("\x00" + _PLAIN[1:], "symbol"),
        ("\ud800" + _PLAIN[1:], "symbol"),
        ("クーポンコード", "symbol"),
        ("1" + _PLAIN[1:], "check"),
    ],
)
def test_what_is_not_a_code(typed: str, reason: str) -> None:
    with pytest.raises(NotACode) as caught:
        normalise(typed)
    assert caught.value.reason == reason


@given(st.text(max_size=80))
def test_any_text_is_a_code_or_not(typed: str) -> None:
    try:
        code = normalise(typed)
    except NotACode:
        return
    assert len(code) == LENGTH
    assert set(code) <= set(ALPHABET)


# ---- places ----------------------------------------------------------------------------------------------------------


@given(st.integers(0, _BULK.made - 1))
def test_a_bulk_code_leads_to_its_place(index: int) -> None:
    code = _CODEC.encode(_BULK, index)
    assert normalise(show(code)) == code
    assert _CODEC.decode(code, _KNOWN.get) == (Reading(_BULK, index),)


@given(st.integers(0, 2**40 - 1))
def test_an_issued_code_leads_to_its_place(index: int) -> None:
    assert _CODEC.decode(_CODEC.encode(_ISSUED, index), _KNOWN.get) == (Reading(_ISSUED, index),)


def test_printed_codes_stay_good_for_ever() -> None:
    """A changed layout, key use or check would turn every code in the world to paper: this pins them."""
    assert show(_CODEC.encode(_BULK, 123_456)) == "BE3W-B6TM-VFF2-PP"
    assert show(_CODEC.encode(_ISSUED, source_index(_ISSUED, "receipt-1"))) == "4NNN-7648-BJBK-KE"


def test_a_thousand_codes_are_a_thousand_codes() -> None:
    codes = [_CODEC.encode(_BULK, index) for index in range(1000)]
    assert len(set(codes)) == 1000


def test_a_code_that_was_not_made_yet_leads_nowhere() -> None:
    assert _CODEC.decode(_CODEC.encode(_BULK, _BULK.made), _KNOWN.get) == ()


def test_a_code_of_an_unknown_locator_leads_nowhere() -> None:
    foreign = Generation(locator=8, form=Form.BULK, key=b"bulk", made=10)
    assert _CODEC.decode(_CODEC.encode(foreign, 1), _KNOWN.get) == ()


def test_another_generation_key_makes_no_codes() -> None:
    """0 of 200 bulk codes (22 bits), and of issued codes about one in 64 (6 bits)."""
    forged_bulk = Generation(locator=7, form=Form.BULK, key=b"stolen", made=1_000_000)
    forged_issued = Generation(locator=16_383, form=Form.ISSUED, key=b"stolen")
    assert not any(_CODEC.decode(_CODEC.encode(forged_bulk, index), _KNOWN.get) for index in range(200))
    passed = sum(bool(_CODEC.decode(_CODEC.encode(forged_issued, index), _KNOWN.get)) for index in range(6400))
    assert 50 < passed < 150


def test_guesses_with_right_check_symbols_lead_nowhere() -> None:
    chance = random.Random(1)
    guesses = (_code("".join(chance.choices(ALPHABET, k=CARRYING))) for _ in range(5000))
    assert not any(_CODEC.decode(guess, {7: _BULK}.get) for guess in guesses)


def test_codes_of_the_key_before_are_still_read() -> None:
    old, new = _PREVIOUS.encode(_BULK, 5), _BOTH.encode(_BULK, 5)
    assert old != new
    assert _BOTH.decode(old, _KNOWN.get) == _BOTH.decode(new, _KNOWN.get) == (Reading(_BULK, 5),)
    assert new == _CODEC.encode(_BULK, 5)
    assert _CODEC.decode(old, _KNOWN.get) == ()


def test_a_code_that_reads_under_both_keys_gives_both_places() -> None:
    """With every locator in use, one issued code in 64 also passes under the wrong key."""

    def generation_of(locator: int) -> Generation:
        return Generation(locator=locator, form=Form.ISSUED, key=b"issued")

    readings = [_BOTH.decode(_PREVIOUS.encode(_ISSUED, index), generation_of) for index in range(1000)]
    assert all(Reading(_ISSUED, index) in found for index, found in enumerate(readings))
    assert any(len(found) == 2 for found in readings)


@given(st.text(max_size=64))
def test_the_same_source_has_the_same_place(source: str) -> None:
    assert source_index(_ISSUED, source) == source_index(_ISSUED, source) < 2**40


def test_sources_attempts_and_generations_have_places_of_their_own() -> None:
    other = Generation(locator=16_382, form=Form.ISSUED, key=b"issued")
    places = [
        source_index(_ISSUED, "a"),
        source_index(_ISSUED, "b"),
        source_index(_ISSUED, "a", attempt=1),
        source_index(other, "a"),
    ]
    assert len(set(places)) == 4


@pytest.mark.parametrize(("generation", "index"), [(_BULK, -1), (_BULK, 2**24), (_ISSUED, 2**40)])
def test_an_index_outside_is_refused(generation: Generation, index: int) -> None:
    with pytest.raises(ValueError, match="more bits"):
        _CODEC.encode(generation, index)


@pytest.mark.parametrize(("locator", "made"), [(-1, 0), (1 << 14, 0), (0, (1 << 24) + 1), (0, -1)])
def test_a_generation_outside_is_refused(locator: int, made: int) -> None:
    with pytest.raises(ValueError, match=r"14 bits|can count"):
        Generation(locator=locator, form=Form.BULK, key=b"", made=made)


def test_a_generation_does_not_print_its_key() -> None:
    assert "wholly secret" not in repr(Generation(locator=1, form=Form.BULK, key=b"wholly secret"))
