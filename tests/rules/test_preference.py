"""What a caller prefers, read from its Accept headers."""

import pytest
from hypothesis import given, strategies as some

from shared.preference import CSV, JSON, language, media

BOTH = (JSON, CSV)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", JSON),
        ("*/*", JSON),
        (CSV, CSV),
        ("Text/CSV; charset=utf-8", CSV),
        ("text/*", CSV),
        (f"{CSV}, {JSON}", JSON),
        (f"{CSV}, {JSON};q=0.9", CSV),
        (f"{CSV};q=0.5, */*;q=0.6", JSON),
        (f"*/*, {JSON};q=0.1", CSV),
        ("text/html, */*;q=0.8", JSON),
        (f"{CSV};q=0", JSON),
        (f"{CSV};q=x", JSON),
        ("application/pdf", JSON),
        (",;,", JSON),
    ],
)
def test_the_form_that_is_preferred_is_answered_and_json_where_none_is(header, expected):
    assert media(header, BOTH) == expected


def test_a_route_of_one_form_answers_that_whatever_is_asked_for():
    assert media(CSV, (JSON,)) == JSON


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "en"),
        ("ja", "ja"),
        ("ja-JP,ja;q=0.9,en;q=0.8", "ja"),
        ("en-US,en;q=0.9,ja;q=0.8", "en"),
        ("en;q=0.1, ja;q=0.2", "ja"),
        ("fr, ja;q=0.5", "ja"),
        ("fr", "en"),
        ("ja;q=0", "en"),
        ("ja;q=nonsense", "en"),
    ],
)
def test_japanese_is_spoken_to_whoever_prefers_it_to_english(header, expected):
    assert language(header) == expected


@given(some.text())
def test_any_header_at_all_gets_an_answer(header):
    assert media(header, BOTH) in BOTH
    assert language(header) in ("ja", "en")
