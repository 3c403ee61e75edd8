"""RFC 6238: the standard's own vectors, and what the member's code makes of them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from shared.totp import SKEW_STEPS, STEP_SECONDS, end_of, find_step, is_current, step_of, totp

SEED = b"1234567890" * 7
NOON = datetime(2026, 11, 20, 3, tzinfo=UTC)

# RFC 6238, appendix B: time, then the codes by SHA-1, SHA-256 and SHA-512, with seeds of 20, 32 and 64 bytes.
VECTORS = [
    (59, "94287082", "46119246", "90693936"),
    (1111111109, "07081804", "68084774", "25091201"),
    (1111111111, "14050471", "67062674", "99943326"),
    (1234567890, "89005924", "91819424", "93441116"),
    (2000000000, "69279037", "90698825", "38618901"),
    (20000000000, "65353130", "77737706", "47863826"),
]


@pytest.mark.parametrize(("seconds", "sha1", "sha256", "sha512"), VECTORS)
def test_codes_are_those_of_the_standard(seconds, sha1, sha256, sha512):
    for size, algorithm, expected in ((20, "sha1", sha1), (32, "sha256", sha256), (64, "sha512", sha512)):
        assert totp(SEED[:size], seconds // 30, 8, algorithm) == expected


@given(st.integers(0, 10**9))
def test_a_step_ends_where_the_next_begins(seconds):
    at = NOON + timedelta(seconds=seconds)
    step = step_of(at)
    assert step_of(end_of(step)) == step + 1
    assert timedelta(0) < end_of(step) - at <= timedelta(seconds=STEP_SECONDS)


@given(st.integers(-5, 5))
def test_a_code_is_taken_one_step_either_way(steps):
    at = NOON + timedelta(seconds=STEP_SECONDS * steps)
    found = find_step(b"secret", totp(b"secret", step_of(NOON)), at)
    if steps < -SKEW_STEPS:
        assert found is None
    else:
        assert found == step_of(NOON)
        assert is_current(found, at) == (abs(steps) <= SKEW_STEPS)


def test_a_code_is_told_to_be_old_for_two_days_and_is_no_code_after_that():
    code = totp(b"secret", step_of(NOON))
    assert find_step(b"secret", code, NOON + timedelta(days=2)) == step_of(NOON)
    assert find_step(b"secret", code, NOON + timedelta(days=2, minutes=1)) is None


def test_another_members_code_is_none_of_mine():
    assert find_step(b"secret", totp(b"other", step_of(NOON)), NOON) is None
