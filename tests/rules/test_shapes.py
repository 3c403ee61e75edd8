"""What counts as a time in a body, a query and an answer."""

import json
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from shared.shapes import Shape, Time


class Said(Shape):
    at: Time


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-07-01T03:00:00Z", datetime(2026, 7, 1, 3, tzinfo=UTC)),
        ("2026-07-01t03:00:00z", datetime(2026, 7, 1, 3, tzinfo=UTC)),
        ("2026-07-01T12:00:00+09:00", datetime(2026, 7, 1, 3, tzinfo=UTC)),
        ("2026-07-01T03:00Z", datetime(2026, 7, 1, 3, tzinfo=UTC)),
        ("2026-07-01T03:00:00.123987Z", datetime(2026, 7, 1, 3, 0, 0, 123000, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_from_a_body_and_from_a_query(text, expected):
    assert Said.model_validate_json(json.dumps({"at": text})).at == expected
    assert Said.model_validate_strings({"at": text}).at == expected


@pytest.mark.parametrize(
    "value",
    [1_780_000_000, 1.5, True, None, "", "2026-07-01", "2026-07-01T03:00:00", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z",
     "2026-07-01T25:00:00Z", "2026-07-01T03:00:00+99:00", "1899-12-31T23:59:59Z", "9998-01-01T00:00:00Z", "٢٠٢٦-07-01T03:00:00Z",
     "0001-01-01T00:00:00+14:00", "1780000000", "2026-07-01T03:00:00Z and more"],
)  # fmt: skip
def test_what_is_no_time_with_a_zone_is_refused(value):
    with pytest.raises(ValidationError):
        Said.model_validate_json(json.dumps({"at": value}))


def test_a_time_is_written_in_utc():
    assert Said(at=datetime(2026, 7, 1, 3, tzinfo=UTC)).model_dump(mode="json") == {"at": "2026-07-01T03:00:00Z"}
