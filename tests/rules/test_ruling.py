"""What a decision makes of the visits: paid as it would have been, or free again; and nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from checkin import ruling
from checkin.ruling import WITHHELD, Ruling
from checkin.visits import Visit, Visits
from tests.kit import NOON

DAY = date(2026, 11, 20)


def said(checkin_id: str = "c-1", store_id: str = "s", points: int = 10) -> dict[str, Any]:
    told = {"checkin_id": checkin_id, "store_id": store_id, "business_day": DAY.isoformat(), "evidence_level": 0}
    return told | {"reason": "travel", WITHHELD: {"points": points, "campaigns": ["visit"]}}


def waiting(checkin_id: str = "c-1", store_id: str = "s", day: date = DAY) -> Visit:
    return Visit(store_id, day, checkin_id, "pending_review", 0, 0, ())


def decided(visits: Visits, *, is_approved: bool, **about: Any) -> Any:
    one = ruling.unpack(ruling.pack(Ruling("r", is_approved, said(**about), NOON)))
    return ruling.decide(visits, one, NOON + timedelta(days=9))


def test_what_is_approved_is_paid_and_takes_its_store_day() -> None:
    made = decided(Visits(taken=(waiting(),)), is_approved=True)
    (step,) = made.steps
    assert (step.kind, step.occurred_at) == ("approved", NOON)
    assert step.data["reward"] == {"points": 10, "campaigns": ["visit"]}
    assert step.data["outcome"] == "awarded"
    assert WITHHELD not in step.data
    assert "reason" not in step.data
    assert made.state.taken == (replace(waiting(), outcome="awarded", points=10, campaigns=("visit",)),)


def test_what_is_rejected_is_free_again_and_not_paid() -> None:
    made = decided(Visits(taken=(waiting(),)), is_approved=False)
    (step,) = made.steps
    assert (step.kind, step.data["outcome"], step.data["reward"]["points"]) == ("rejected", "recorded_no_award", 0)
    assert made.state.taken == ()


@pytest.mark.parametrize("is_approved", [True, False])
def test_a_visit_that_the_state_has_forgotten_is_decided_all_the_same(is_approved: bool) -> None:
    later = Visits(at=NOON + timedelta(days=9))
    made = decided(later, is_approved=is_approved)
    assert made.state == later
    assert len(made.steps) == 1


def test_of_two_who_became_one_each_that_is_paid_takes_the_store_day() -> None:
    """Each waited with a check-in of that day, and one of them may be forgotten by now. No third may be paid."""
    paid = decided(Visits(taken=(waiting("c-2"),)), is_approved=True)
    assert [(one.checkin_id, one.outcome, one.points) for one in paid.state.taken] == [
        ("c-1", "awarded", 10),
        ("c-2", "pending_review", 0),
    ]
    assert paid.state.count(DAY) == 1
    assert [one.checkin_id for one in decided(paid.state, is_approved=False, checkin_id="c-2").state.taken] == ["c-1"]
    both = decided(paid.state, is_approved=True, checkin_id="c-2").state
    assert {(one.checkin_id, one.outcome) for one in both.taken} == {("c-1", "awarded"), ("c-2", "awarded")}
    freed = decided(Visits(taken=(waiting("c-2"),)), is_approved=False, checkin_id="c-2").state
    assert [one.checkin_id for one in decided(freed, is_approved=True).state.taken] == ["c-1"]


VISITS = st.lists(
    st.builds(
        Visit,
        store_id=st.sampled_from("st"),
        day=st.sampled_from([DAY, DAY + timedelta(days=1)]),
        checkin_id=st.sampled_from(["c-2", "c-3", "c-4"]),
        outcome=st.sampled_from(["awarded", "pending_review"]),
        level=st.just(0),
        points=st.just(0),
        campaigns=st.just(()),
    ),
    max_size=3,
    unique_by=lambda visit: visit.checkin_id,
)


@given(VISITS, st.booleans(), st.booleans())
def test_only_the_visit_that_it_is_about_changes(others: list[Visit], is_kept: bool, is_approved: bool) -> None:
    taken = (*others, *[waiting()] * is_kept)
    made = decided(Visits(taken=taken), is_approved=is_approved).state
    assert [visit for visit in made.taken if visit.checkin_id != "c-1"] == others
    assert [visit.outcome for visit in made.taken if visit.checkin_id == "c-1"] == ["awarded"] * is_approved
    assert (made.of("s", DAY) is not None) >= is_approved
