"""EAN-13's check digit, by numbers that others have published."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from shared.barcode import ean13

digits = st.text("0123456789", min_size=12, max_size=12)


@pytest.mark.parametrize(
    "published",
    [
        "6291041500213",  # GS1, "How to calculate a check digit manually"
        "4006381333931",  # Wikipedia, "International Article Number"
        "5901234123457",
        "9780306406157",  # Wikipedia, "ISBN"
        "4901234567894",  # GS1 Japan's sample of a JAN
        "0012345678905",  # a UPC-A, which is an EAN-13 with a 0 before it
        "2000000000008",
    ],
)
def test_published_numbers(published: str) -> None:
    assert ean13(published[:12]) == published


@given(digits)
def test_the_weighted_digits_add_up_to_whole_tens(first: str) -> None:
    weighted = [int(one) * weight for one, weight in zip(ean13(first), [1, 3] * 6 + [1], strict=True)]
    assert sum(weighted) % 10 == 0


@given(digits, st.integers(0, 12), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(first: str, place: int, off: int) -> None:
    code = ean13(first)
    wrong = code[:place] + str((int(code[place]) + off) % 10) + code[place + 1 :]
    assert ean13(wrong[:12]) != wrong


@given(digits, st.integers(0, 11))
def test_two_neighbours_in_the_wrong_order_are_found_unless_they_differ_by_five(first: str, place: int) -> None:
    """3a + b and 3b + a differ by 2 (a - b): a whole ten only where a and b are five apart."""
    code = ean13(first)
    a, b = code[place], code[place + 1]
    wrong = code[:place] + b + a + code[place + 2 :]
    assert (ean13(wrong[:12]) == wrong) == ((int(a) - int(b)) % 5 == 0)


@pytest.mark.parametrize("text", ["", "12345678901", "1234567890123", "12345678901x", "１２３４５６７８９０１２"])
def test_what_is_not_twelve_digits_has_no_check_digit(text: str) -> None:
    with pytest.raises(ValueError, match="twelve digits"):
        ean13(text)
