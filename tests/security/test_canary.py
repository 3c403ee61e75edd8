"""Planted secrets, codes, names, places and numbers: after a day in the whole shop they are found nowhere.

Searched are the tables, what went through streams and queues, what was told to others, logs, refusals and exports, each
text in every spelling in which it might have slipped through. What must lie somewhere is named with its reason.
"""

from __future__ import annotations

import base64
import io
import json
import logging
import struct
import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from infra import audit_lines, report_campaigns, reports
from shared import log
from tests.day import PLACE, Day


@pytest.fixture
def day(lived) -> Day:
    return lived.day


Places = dict[str, list[bytes]]

ALLOWED = {
    ("name", "directory"): "a member's profile, which is where the shop asks for it",
    (
        "printed member code",
        "directory",
    ): "a number in the profile, on a card that everybody sees; it earns and never spends",
    ("bulk code", "files"): "the file that was ordered, for a day, for whoever holds its signed address",
}
"""What may be found, where, and why."""


# ---- what is searched -----------------------------------------------------------------------------------------------


def blobs(value: Any) -> Iterator[bytes]:
    """All that is in a value: texts, bytes, numbers as they are written, keys as well."""
    if isinstance(value, str):
        yield value.encode("utf-8", "surrogatepass")
    elif isinstance(value, bytes):
        yield value
    elif isinstance(value, dict):
        for one in value.items():
            yield from blobs(one)
    elif isinstance(value, list | tuple | set):
        for one in value:
            yield from blobs(one)
    elif value is not None:
        yield repr(value).encode()


def heap(values: Any) -> list[bytes]:
    """One text for each thing, so that what is found can be named."""
    return [b"\x00".join(blobs(one)) for one in values]


def exported(day: Day) -> Iterator[str]:
    """Everything that leaves as a file."""
    world, today = day.world, day.clock.now().date()
    tables = [
        reports.liability(world, None),
        reports.months(world, None, None),
        reports.statement(world, "cafe", f"{today - timedelta(days=4):%Y-%m}"),
        reports.activity(world, None, 365),
        report_campaigns.campaign(world, "spring"),
        report_campaigns.campaigns(world),
    ]
    for table in tables:
        for form in ("csv", "jsonl", "table"):
            yield "".join(table.text(form))
    file = io.BytesIO()
    audit_lines.write(world.ledger.table.scan(after=None, limit=100_000), file)
    yield from file.getvalue().decode().splitlines()


@pytest.fixture(scope="module")
def places(lived) -> Places:
    """All that is searched, by where it lies."""
    day, world = lived.day, lived.day.world
    tables = {"ledger": world.ledger.table, "directory": world.directory.table, "transient": world.transient}
    found = {name: heap(table.scan(after=None, limit=100_000)) for name, table in tables.items()}
    found |= {
        "queues": heap(day.queued),
        "events": heap(day.passing.seen),
        "parking": heap(day.parked),
        "webhooks": heap(day.hook.got),
        "refusals": heap([one.body, one.headers] for one in day.refusals),
        "files": heap(world.files.kept.items()),
        "exports": heap(exported(day)),
        "logs": heap(lived.logged.splitlines()),
    }
    return found


def spellings(text: str) -> set[bytes]:
    """A text in every form in which it might be kept."""
    plain = {text, text.lower(), text.upper(), text.replace("-", ""), unicodedata.normalize("NFKC", text)}
    raw = {one.encode() for one in plain}
    escaped = {json.dumps(one).strip('"').encode() for one in plain} | {quote(one).encode() for one in plain}
    coded = {base64.b64encode(one).rstrip(b"=")[:-1] for one in raw} | {one.hex().encode() for one in raw}
    return {one for one in raw | escaped | coded if len(one) >= 6}


PACKED = {struct.pack(form, number) for number in PLACE.values() for form in ("<d", ">d", "<f", ">f")}
"""A place as numbers that nobody can read."""


def finds(places: Places, planted: dict[str, set[str]]) -> list[tuple[str, str, bytes]]:
    """Where which kind of secret was found."""
    wanted = {kind: set().union(*map(spellings, texts)) for kind, texts in planted.items()}
    wanted["coordinate"] = wanted.get("coordinate", set()) | PACKED
    return [
        (kind, place, thing[:300])
        for place, things in places.items()
        for thing in things
        for kind, forms in wanted.items()
        if any(form in thing for form in forms)
    ]


@pytest.fixture(scope="module")
def found(lived, places) -> list[tuple[str, str, bytes]]:
    return finds(places, lived.day.planted)


# ---- the search -----------------------------------------------------------------------------------------------------

KINDS = {
    *("name", "phone", "card", "account", "coordinate", "device"),
    *(
        "coupon code",
        "bulk code",
        "foreign code",
        "offline token",
        "one-time member code",
        "printed member code",
        "scan",
        "store code",
        "challenge",
    ),
    *("erased name", "erased phone", "erased words", "attestation"),
    *("key", "token", "webhook secret", "root secret"),
}


def test_every_kind_was_planted_and_every_place_has_something_to_search(day, places):
    assert set(day.planted) == KINDS
    assert all(texts and all(len(text) >= 7 for text in texts) for texts in day.planted.values())
    assert [name for name, things in places.items() if not things] == []


def test_nothing_planted_is_found(found):
    assert [one for one in found if one[:2] not in ALLOWED] == []


def test_what_may_be_found_is_found(found):
    """Else a reason outlives what it was for, or the search is blind there."""
    assert {one[:2] for one in found} == set(ALLOWED)


def test_names_and_printed_codes_lie_in_profiles_alone(found):
    profiles = [thing for _, place, thing in found if place == "directory"]
    assert profiles
    assert all(thing.startswith(b"pk\x00member#") for thing in profiles)


# ---- controls: what is there is found -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_control_one_line_in_a_log_is_found(day, places, kind):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(log._Line("points"))
    text = max(day.planted[kind], key=len)
    handler.emit(logging.LogRecord("omotenashi", logging.INFO, "x.py", 1, f"said {text} aloud", (), None))
    found = finds(
        places | {"logs": [*places["logs"], *heap(stream.getvalue().splitlines())]}, {kind: day.planted[kind]}
    )
    assert (kind, "logs") in {one[:2] for one in found}


@pytest.mark.parametrize(
    "hide",
    [
        lambda text: {"pk": text},
        lambda text: {"op": {"l": [1, text.encode()]}},
        lambda text: {text: 1},
        lambda text: json.dumps({"x": text}),
        lambda text: text.encode().hex(),
        lambda text: base64.b64encode(text.encode()),
        quote,
        lambda text: text.lower(),
    ],
    ids=["key", "packed", "name of a field", "json", "hex", "base64", "address", "lower case"],
)
def test_control_however_it_is_spelt_it_is_found(day, hide):
    for kind, texts in day.planted.items():
        hidden = heap([hide(max(texts, key=len))])
        assert finds({"ledger": hidden}, {kind: texts}), kind


@pytest.mark.parametrize("kept", [PLACE, list(PLACE.values()), struct.pack("<d", PLACE["lat"]), f"{PLACE['lon']:.6f}"])
def test_control_a_place_is_found_as_numbers_too(day, kept):
    assert finds({"transient": heap([kept])}, {"coordinate": day.planted["coordinate"]})
