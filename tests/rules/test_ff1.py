"""FF1 against the nine samples that NIST publishes with SP 800-38G, and as a permutation."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from shared.ff1 import FF1

_SYMBOLS = "0123456789abcdefghijklmnopqrstuvwxyz"
_AES_128 = "2B7E151628AED2A6ABF7158809CF4F3C"
_AES_192 = _AES_128 + "EF4359D8D580AA4F"
_AES_256 = _AES_192 + "7F036D6F04FC6A94"
_TEN = "39383736353433323130"
_ELEVEN = "3737373770717273373737"
_SAMPLES = [
    (_AES_128, 10, "", "0123456789", "2433477484"),
    (_AES_128, 10, _TEN, "0123456789", "6124200773"),
    (_AES_128, 36, _ELEVEN, "0123456789abcdefghi", "a9tv40mll9kdu509eum"),
    (_AES_192, 10, "", "0123456789", "2830668132"),
    (_AES_192, 10, _TEN, "0123456789", "2496655549"),
    (_AES_192, 36, _ELEVEN, "0123456789abcdefghi", "xbj3kv35jrawxv32ysr"),
    (_AES_256, 10, "", "0123456789", "6657667009"),
    (_AES_256, 10, _TEN, "0123456789", "1001623463"),
    (_AES_256, 36, _ELEVEN, "0123456789abcdefghi", "xs8a0azh2avyalyzuwd"),
]

_CODES = FF1(bytes(32), radix=32, length=12)


def _symbols(text: str) -> tuple[int, ...]:
    return tuple(_SYMBOLS.index(symbol) for symbol in text)


@pytest.mark.parametrize(("key", "radix", "tweak", "plain", "sealed"), _SAMPLES)
def test_the_samples_of_the_standard(key: str, radix: int, tweak: str, plain: str, sealed: str) -> None:
    permutation = FF1(bytes.fromhex(key), radix=radix, length=len(plain), tweak=bytes.fromhex(tweak))
    assert permutation.encrypt(_symbols(plain)) == _symbols(sealed)
    assert permutation.decrypt(_symbols(sealed)) == _symbols(plain)


@given(st.integers(0, 2**60 - 1))
def test_decrypting_undoes_encrypting(number: int) -> None:
    assert _CODES.decrypt_number(_CODES.encrypt_number(number)) == number
    assert _CODES.encrypt_number(_CODES.decrypt_number(number)) == number


@given(st.binary(max_size=40), st.integers(0, 10**7 - 1))
def test_any_tweak_and_an_odd_length_are_undone_too(tweak: bytes, number: int) -> None:
    permutation = FF1(bytes(16), radix=10, length=7, tweak=tweak)
    sealed = permutation.encrypt_number(number)
    assert 0 <= sealed < 10**7
    assert permutation.decrypt_number(sealed) == number


@given(st.lists(st.integers(0, 31), min_size=12, max_size=12))
def test_symbols_and_numbers_are_the_same_permutation(symbols: list[int]) -> None:
    number = int("".join(f"{symbol:05b}" for symbol in symbols), 2)
    sealed = _CODES.encrypt_number(number)
    assert _CODES.encrypt(symbols) == tuple(sealed >> 5 * place & 31 for place in range(11, -1, -1))


def test_neighbours_share_nothing_that_shows() -> None:
    """Of 1,000 numbers in a row no two seals share their first four symbols more often than chance allows."""
    heads = [_CODES.encrypt_number(number) >> 40 for number in range(1000)]
    assert len(set(heads)) > 990


@pytest.mark.parametrize("symbols", [(0,) * 11, (0,) * 13, (32,) + (0,) * 11, (-1,) + (0,) * 11])
def test_strings_of_another_shape_are_refused(symbols: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="12 symbols below 32"):
        _CODES.encrypt(symbols)


@pytest.mark.parametrize("number", [-1, 2**60])
def test_numbers_outside_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="more symbols"):
        _CODES.encrypt_number(number)
    with pytest.raises(ValueError, match="more symbols"):
        _CODES.decrypt_number(number)


@pytest.mark.parametrize(("radix", "length"), [(1, 40), (37, 10), (10, 5), (2, 1), (36, 80)])
def test_parameters_outside_the_standard_are_refused(radix: int, length: int) -> None:
    with pytest.raises(ValueError, match=r"radix|so few|one AES block"):
        FF1(bytes(16), radix=radix, length=length)
