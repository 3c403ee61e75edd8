"""The ladder of evidence: what location, printed QR and a store's code prove together."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from checkin import arrival, visits
from checkin.evidence import Evidence, Shown, at_store, prove
from checkin.rules import CODE_REMEMBERED, arrive, judge
from checkin.visits import Visits
from tests.rules.test_checkin_rules import NOON, fix, store

FIXES = {
    "none": None,
    "here": fix(),
    "far": fix(5000),
    "mock": fix(is_mock=True),
    "old": fix(at=NOON - timedelta(hours=1)),
}
SHOWN = {
    "nothing": Shown(),
    "qr": Shown(has_qr=True),
    "code": Shown(step=7),
    "both": Shown(True, 7),
    "wrong": Shown(True, 7, True),
}


@pytest.mark.parametrize(
    ("where", "what", "level"),
    [
        ("none", "nothing", None), ("here", "nothing", 0), ("far", "nothing", None), ("old", "nothing", None),
        ("none", "qr", None), ("here", "qr", 1), ("far", "qr", None), ("old", "qr", None),
        ("none", "code", 2), ("here", "code", 2), ("far", "code", 2), ("old", "code", 2), ("here", "both", 2),
        ("none", "wrong", None), ("here", "wrong", None),
        ("mock", "nothing", None), ("mock", "qr", None), ("mock", "code", None), ("mock", "wrong", None),
    ],
)  # fmt: skip
def test_each_step_of_the_ladder(where: str, what: str, level: int | None) -> None:
    assert prove(FIXES[where], SHOWN[what], store(), NOON).level == level


@given(st.sampled_from(list(FIXES)), st.sampled_from(list(SHOWN)))
def test_more_that_is_right_never_proves_less_and_what_is_wrong_proves_nothing(where: str, what: str) -> None:
    plain = prove(FIXES[where], SHOWN["nothing"], store(), NOON)
    more = prove(FIXES[where], SHOWN[what], store(), NOON)
    assert (more.level is None) == (more.reason is not None)
    if what == "wrong":
        assert more.level is None
    else:
        assert (more.level if more.level is not None else -1) >= (plain.level if plain.level is not None else -1)


def test_a_code_without_a_fix_places_the_guest_at_the_store() -> None:
    assert prove(None, Shown(step=7), store(), NOON).apart == at_store(150)
    assert prove(fix(5000), Shown(step=7), store(), NOON).apart != at_store(150)


def by_code(
    before: Visits, step: int, *, hours: float = 0, store_id: str = "s-1", late: float = 0
) -> tuple[str, str | None, Visits]:
    at = NOON + timedelta(hours=hours)
    said = arrive(
        store(store_id), Evidence(2, None, at_store(150), step), at - timedelta(hours=late), checkin_id=f"c-{hours}"
    )
    outcome = judge(visits.unpack(visits.pack(before)), arrival.unpack(arrival.pack(said)))
    return outcome.outcome, outcome.reason, outcome.visits


def test_a_code_serves_a_member_once_at_a_store() -> None:
    _, _, state = by_code(Visits(), 7)
    assert by_code(state, 7, hours=24)[:2] == ("recorded_no_award", "code_used")
    assert by_code(state, 8, hours=24)[:2] == ("awarded", None)
    assert by_code(state, 7, hours=24, store_id="s-2")[:2] == ("awarded", None)


def test_a_code_that_comes_when_its_use_may_be_forgotten_serves_nobody() -> None:
    hours = CODE_REMEMBERED / timedelta(hours=1)
    later = Visits(at=NOON + timedelta(hours=hours + 1))
    assert by_code(later, 7)[:2] == ("recorded_no_award", "code_late")
    assert by_code(Visits(at=NOON + timedelta(hours=hours)), 7)[0] == "awarded"
