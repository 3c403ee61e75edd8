"""The promises of the chains around check-in: each break of one is found."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from checkin.reactions import REACTIONS
from checkin.routes import ROUTES as CHECKIN
from infra import invariants
from points.routes import ROUTES as POINTS
from shared import inbox
from shared.table import Item
from tests.infra.books import doctored, first_faults
from tests.kit import NOON, OPERATOR, Client, FakeClock, make_world, member
from tests.stream import Stream

STORES = {"shibuya": (35.6595, 139.7005), "umeda": (34.7025, 135.4959)}
LATER = NOON + timedelta(days=90)


@cache
def _lived() -> tuple[Item, ...]:
    """Two members on one phone travel too fast; one is believed, one is not; and both come near a store."""
    clock = FakeClock()
    points = Client(POINTS, make_world(clock))
    operator = Client(CHECKIN, points.world, OPERATOR)
    for store_id, (lat, lon) in STORES.items():
        store = {"name": store_id, "lat": lat, "lon": lon, "time_zone": "Asia/Tokyo", "rewards": [{"points": 0}]}
        assert operator.put(f"/v1/stores/{store_id}", store).status == 200
    for who in ("taro", "hanako"):
        joins = {"member_id": who, "consents": {"location": {"granted": True, "version": "1"}}}
        assert points.post("/v1/members", joins).status == 201
        near = {"approach_id": "a-1", "store_id": "shibuya"}
        assert operator.as_(member(who)).post("/v1/me/approaches", near).status == 202
    for n, store_id in enumerate(STORES):
        lat, lon = STORES[store_id]
        for who in ("taro", "hanako"):
            fix = {"lat": lat, "lon": lon, "accuracy_m": 10, "captured_at": clock.now().isoformat()}
            said: dict[str, Any] = {"checkin_id": f"c-{n}", "store_id": store_id, "location": fix, "device_id": "phone"}
            assert operator.as_(member(who)).post("/v1/me/checkins", said).status == 201
        clock.forward(minutes=40)
    sent = Stream(operator.world).run()
    records = [{"messageId": f"m-{n}", "body": json.dumps(event)} for n, event in enumerate(sent)]
    assert inbox.work(operator.world, {"Records": records}, reactions=REACTIONS) == {"batchItemFailures": []}
    one, other = operator.get("/v1/reviews").body["items"]
    assert operator.post(f"/v1/reviews/{one['review_id']}/approve", {}).status == 200
    assert operator.post(f"/v1/reviews/{other['review_id']}/reject", {}).status == 200
    return tuple(operator.world.ledger.table.scan(after=None, limit=1000))


def lived() -> list[Item]:
    return sorted(deepcopy(list(_lived())), key=lambda item: item["sk"])


def set_(where: str, **values: Any) -> Any:
    return lambda item, raw: {"item": item, "s": item["s"], "x": raw.get("x"), "e": raw}[where].update(values)


def test_what_has_happened_has_no_fault() -> None:
    assert invariants.faults(lived(), LATER) == []


@pytest.mark.parametrize(
    ("letter", "kind", "change", "said"),
    [
        ("D", "bound", set_("s", m=[f"m-{n} 1" for n in range(4)]), "4 members on one device"),
        ("D", "bound", set_("x", member_id="nobody"), "nobody is not bound as the entry says"),
        ("D", "bound", set_("e", k="lent"), "unknown kind"),
        ("G", "counted", set_("e", k="guessed"), "unknown kind"),
        ("G", "counted", lambda item, _: item["s"]["n"].__setitem__(1, 9), "9 guests in an hour"),
        (
            "G",
            "counted",
            lambda item, raw: item["e"].extend([{"k": "anomaly", "x": {"hour": "h"}}] * 2),
            "the hour h is too much twice",
        ),
        ("A", "approached", lambda item, raw: item["e"].append(raw), "told of shibuya twice"),
        ("A", "approached", set_("e", k="shouted"), "unknown kind"),
        ("V", "approved", lambda item, raw: item["e"].append(raw), "is decided twice"),
        ("V", "approved", lambda _, raw: raw["x"]["reward"].update(points=7), "not as the review says"),
        ("V", "approved", set_("e", k="rejected"), "not as the review says"),
    ],
)
def test_an_item_that_breaks_a_promise_is_found(letter: str, kind: str, change: Any, said: str) -> None:
    items = lived()
    doctored(items, kind, change, letter)
    found = first_faults(items)
    assert any(said in fault for fault in found), found


@pytest.mark.parametrize(("letter", "kind"), [("V", "approved"), ("V", "rejected"), ("A", "approached")])
def test_a_name_whose_entry_is_missing_is_found(letter: str, kind: str) -> None:
    items = lived()
    lost = next(one for one in items if one["pk"][0] == letter and any(raw["k"] == kind for raw in one.get("e", ())))
    left = [one for one in items if one["pk"] != lost["pk"] or one["sk"] < lost["sk"]]
    assert any(fault.endswith("no account has it") for fault in invariants.faults(left, LATER))
