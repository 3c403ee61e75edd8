"""A guest who stays: the second fix counts when both clocks say that it is late enough, on one phone, at one store."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from checkin import dwelling
from checkin.dwelling import OPEN_FOR, First
from checkin.evidence import STAFF_SCAN, Evidence
from checkin.model import Location, Store
from checkin.rules import arrive
from tests.kit import NOON

DWELL = 600


def fix(seconds: float) -> Location:
    at = NOON + timedelta(seconds=seconds)
    return Location.model_validate({"lat": 35.0, "lon": 139.0, "accuracy_m": 10, "captured_at": at})


def begun(dwell: int = DWELL, device: str | None = "d" * 40, *, is_there: bool = True, made: float = -5) -> First:
    said = dwelling.first("s", device, fix(made), dwell, NOON, is_there=is_there)
    return dwelling.unpack(dwelling.pack(said))


def is_followed(one: First, seconds: float, made: float | None = None, **changes: Any) -> bool:
    said: dict[str, Any] = {
        "store_id": "s",
        "device": "d" * 40,
        "fix": fix(seconds if made is None else made),
    } | changes
    return one.is_followed(now=NOON + timedelta(seconds=seconds), **said)


@pytest.mark.parametrize(
    ("seconds", "is_good"),
    [(DWELL - 1, False), (DWELL, True), (DWELL + OPEN_FOR.total_seconds(), True), (DWELL + 1801, False)],
)
def test_the_second_fix_counts_from_the_time_to_stay_on_for_half_an_hour(seconds: float, is_good: bool) -> None:
    assert is_followed(begun(), seconds) == is_good


def test_the_phones_own_clock_must_say_so_too() -> None:
    """Else a phone that left after nine minutes could send its last good fix a minute later."""
    assert not is_followed(begun(made=0), DWELL + 10, made=DWELL - 50)
    assert is_followed(begun(made=-60), DWELL + 10, made=DWELL - 50)


@pytest.mark.parametrize("change", [{"store_id": "t"}, {"device": "e" * 40}, {"device": None}, {"fix": None}])
def test_elsewhere_on_another_phone_or_without_a_fix_nobody_has_stayed(change: dict[str, Any]) -> None:
    assert is_followed(begun(), DWELL)
    assert not is_followed(begun(), DWELL, **change)


def test_who_was_too_far_at_first_never_passes_and_the_text_is_as_long() -> None:
    far = begun(is_there=False)
    assert not any(is_followed(far, seconds) for seconds in range(0, 3600, 60))
    assert len(dwelling.pack(far)) == len(dwelling.pack(begun()))


def test_a_challenge_of_a_store_that_asked_for_nothing_proves_nothing_later() -> None:
    assert not is_followed(begun(dwell=0), 700)


@pytest.mark.parametrize("level", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("has_stayed", [True, False])
def test_only_a_phones_place_must_be_shown_twice(level: int, has_stayed: bool) -> None:
    said = {"store_id": "s", "name": "s", "lat": 35.0, "lon": 139.0, "time_zone": "Asia/Tokyo", "dwell_seconds": DWELL}
    store = Store.model_validate(said)
    got = arrive(store, Evidence(level), NOON, checkin_id="c", has_stayed=has_stayed)
    assert (got.reason is None) == (level >= 2 or has_stayed)
    assert arrive(store, STAFF_SCAN, NOON, checkin_id="c").reason is None


@given(
    st.integers(1, 3600),
    st.integers(-60, 60),
    st.integers(-60, 60),
    st.integers(0, 10_000),
    st.booleans(),
)
def test_whoever_passes_was_seen_twice_so_far_apart(
    dwell: int, first_skew: int, second_skew: int, later: int, is_there: bool
) -> None:
    one = begun(dwell=dwell, made=first_skew, is_there=is_there)
    if is_followed(one, later, made=later + second_skew):
        assert is_there
        assert dwell <= later <= dwell + 1800
        assert later + second_skew - first_skew >= dwell
