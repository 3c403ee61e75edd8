"""Whole numbers in as few bytes as they need."""

from hypothesis import given, strategies as st

from shared import varint


@given(st.lists(st.integers(0, 2**80)))
def test_numbers_come_back_from_their_bytes(numbers):
    assert list(varint.unpack(varint.pack(numbers))) == numbers


def test_the_bytes_are_those_of_leb128():
    assert varint.pack([0, 127, 128, 624485]) == b"\x00\x7f\x80\x01\xe5\x8e\x26"


@given(st.integers(-(2**80), 2**80))
def test_a_number_below_nothing_is_a_small_one_above(number):
    above = varint.zigzag(number)
    assert varint.unzigzag(above) == number
    assert 0 <= above <= 2 * abs(number)
