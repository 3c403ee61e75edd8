"""A platform's verdict on phone and app: which one counts for a check-in, and every way in which one does not."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, strategies as st

from checkin.integrity import AHEAD_MAX, OLD_MAX, App, fault, read_digest, request_hash
from checkin.model import CheckinBody
from tests.kit import NOON
from tests.phones import CERTIFICATE, PACKAGE, hashed, spelt, verdict

APP = App(PACKAGE, frozenset({CERTIFICATE}), "device")
STRONG = App(PACKAGE, frozenset({CERTIFICATE}), "strong")
GUIDE = (Path(__file__).parents[2] / "docs" / "checkin.md").read_text(encoding="utf-8")
BODY: dict[str, Any] = {
    "checkin_id": "c-1",
    "store_id": "shibuya",
    "device_id": "phone-1",
    "location": {"lat": 35.6595, "lon": 139.7005, "accuracy_m": 12.5, "captured_at": "2026-11-20T03:00:00Z"},
}
OTHERS: dict[str, Any] = {
    "checkin_id": "c-2",
    "store_id": "umeda",
    "device_id": "phone-2",
    "presence_code": "12345678",
    "qr": "omo-store:shibuya:x",
    "challenge": "ch",
    "location": None,
}


def of(body: dict[str, Any], member_id: str = "taro") -> str:
    return request_hash(member_id, CheckinBody.model_validate_json(json.dumps(body)))


WANTED = of(BODY)


def test_the_guides_example_has_the_guides_hash():
    text = GUIDE[GUIDE.index("\nomo-checkin-1\n") + 1 :]
    lines = text[: text.index("```")].rstrip("\n").split("\n")
    assert len(lines) == 9 - 3, "three empty lines follow: nothing else was shown"
    body = BODY | {"location": BODY["location"] | {"accuracy_m": 12.5}}
    assert ",".join(lines[5].split(",")[:2]) == "35659500,139700500"
    found = re.search(r"`([A-Za-z0-9_-]{43})`", GUIDE)
    assert found is not None
    assert found[1] == of(body) == hashed("taro", body)


coordinates = st.fixed_dictionaries(
    {
        "lat": st.floats(-90, 90),
        "lon": st.floats(-180, 180),
        "accuracy_m": st.floats(0, 1000),
        "captured_at": st.datetimes(NOON.replace(tzinfo=None), NOON.replace(tzinfo=None, year=2030)).map(
            lambda at: at.isoformat(timespec="milliseconds") + "+00:00"
        ),
        "is_mock": st.booleans(),
    }
)


@given(coordinates)
def test_an_app_that_goes_by_the_guide_makes_the_same_hash(fix):
    body = BODY | {"location": fix}
    assert of(body) == hashed("taro", body)


@pytest.mark.parametrize("name", OTHERS)
def test_everything_that_is_sent_is_in_the_hash(name):
    assert of(BODY | {name: OTHERS[name]}) != WANTED


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lat", 35.659501), ("lon", 139.7006), ("accuracy_m", 14), ("captured_at", "2026-11-20T03:00:00.001Z"),
        ("is_mock", True),
    ],
)  # fmt: skip
def test_every_part_of_the_place_is_in_the_hash(name, value):
    assert of(BODY | {"location": BODY["location"] | {name: value}}) != WANTED


def test_the_member_is_in_the_hash():
    assert of(BODY, "hanako") != WANTED


texts = st.text(max_size=8)


@given(st.tuples(texts, texts, texts), st.tuples(texts, texts, texts))
def test_two_requests_never_share_a_hash(one, other):
    """Also where what was shown holds line ends: then there is no hash at all."""
    assume(one != other)

    def hash_of(shown: tuple[str, ...]) -> str | None:
        more = {name: text for name, text in zip(("presence_code", "qr", "challenge"), shown, strict=True) if text}
        try:
            return of(BODY | more)
        except ValueError:
            return None

    assert hash_of(one) is None or hash_of(one) != hash_of(other)


# ---- verdicts -------------------------------------------------------------------------------------------------------


def weighed(app: App = APP, *, late: timedelta = timedelta(0), classic: bool = True, **changes: Any) -> str | None:
    return fault(verdict(WANTED, NOON, classic=classic, **changes), app, WANTED, NOON + late)


@pytest.mark.parametrize("classic", [True, False])
def test_a_good_phone_counts(classic):
    assert weighed(classic=classic) is None


def test_a_padded_hash_is_the_same():
    assert weighed(requestDetails={"nonce": WANTED + "="}) is None


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"requestDetails": {"nonce": of(BODY, "hanako")}}, "other_request"),
        ({"requestDetails": {"nonce": None}}, "other_request"),
        ({"requestDetails": {"requestHash": WANTED}}, "other_request"),
        ({"requestDetails": {"requestPackageName": "jp.example.other"}}, "other_request"),
        ({"requestDetails": {"requestPackageName": None}}, "other_request"),
        ({"requestDetails": {"timestampMillis": None}}, "stale"),
        ({"requestDetails": {"timestampMillis": True}}, "stale"),
        ({"requestDetails": {"timestampMillis": "soon"}}, "stale"),
        ({"requestDetails": {"timestampMillis": "9" * 40}}, "stale"),
        ({"appIntegrity": {"appRecognitionVerdict": "UNRECOGNIZED_VERSION"}}, "app"),
        ({"appIntegrity": {"appRecognitionVerdict": "UNEVALUATED"}}, "app"),
        ({"appIntegrity": {"appRecognitionVerdict": None}}, "app"),
        ({"appIntegrity": {"packageName": "jp.example.other"}}, "app"),
        ({"appIntegrity": {"certificateSha256Digest": None}}, "app"),
        ({"appIntegrity": {"certificateSha256Digest": []}}, "app"),
        ({"appIntegrity": {"certificateSha256Digest": spelt(CERTIFICATE)}}, "app"),
        ({"appIntegrity": {"certificateSha256Digest": [7]}}, "app"),
        ({"appIntegrity": {"certificateSha256Digest": ["é"]}}, "app"),
        ({"appIntegrity": {"certificateSha256Digest": [spelt(CERTIFICATE), spelt(b"x" * 32)]}}, "app"),
        ({"deviceIntegrity": {"deviceRecognitionVerdict": []}}, "device"),
        ({"deviceIntegrity": {"deviceRecognitionVerdict": None}}, "device"),
        ({"deviceIntegrity": {"deviceRecognitionVerdict": "MEETS_DEVICE_INTEGRITY"}}, "device"),
        ({"deviceIntegrity": {"deviceRecognitionVerdict": [["MEETS_DEVICE_INTEGRITY"]]}}, "device"),
        ({"deviceIntegrity": {"deviceRecognitionVerdict": ["MEETS_BASIC_INTEGRITY"]}}, "device"),
        ({"deviceIntegrity": {"deviceRecognitionVerdict": ["MEETS_VIRTUAL_INTEGRITY"]}}, "device"),
    ],
)  # fmt: skip
def test_what_does_not_count(changes, why):
    assert weighed(**changes) == why


def test_a_strong_phone_may_be_asked_for():
    strong: dict[str, Any] = {"deviceIntegrity": {"deviceRecognitionVerdict": ["MEETS_STRONG_INTEGRITY"]}}
    assert (weighed(STRONG), weighed(STRONG, **strong), weighed(APP, **strong)) == ("device", None, None)


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("late", "why"),
    [(OLD_MAX, None), (OLD_MAX + SECOND, "stale"), (-AHEAD_MAX, None), (-AHEAD_MAX - SECOND, "stale")],
)
def test_a_verdict_is_fresh(late, why):
    assert weighed(late=late) == why


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["requestDetails", "appIntegrity", "deviceIntegrity"]), json_values)
def test_a_verdict_with_a_section_of_any_other_form_does_not_count(section, anything):
    assert fault(verdict(WANTED, NOON) | {section: anything}, APP, WANTED, NOON) is not None


@pytest.mark.parametrize(
    "text",
    [
        CERTIFICATE.hex(), CERTIFICATE.hex().upper(), CERTIFICATE.hex(":").upper(), spelt(CERTIFICATE),
        spelt(CERTIFICATE) + "=",
    ],
)  # fmt: skip
def test_a_digest_is_read_as_tools_show_it(text):
    assert read_digest(text) == CERTIFICATE


@pytest.mark.parametrize("text", ["", "ab", CERTIFICATE.hex()[:-2], spelt(b"x" * 20), "not a digest"])
def test_a_wrong_digest_is_told(text):
    with pytest.raises(ValueError):
        read_digest(text)
