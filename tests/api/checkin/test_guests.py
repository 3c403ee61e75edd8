"""GET /v1/stores/{store_id}/guests: guests by the hour, and what is usual."""

from datetime import timedelta

import pytest

from checkin import guests, traffic
from checkin.traffic import TRAFFIC, Seen, Traffic
from shared.chain import Part, next_item
from shared.clock import to_text
from tests.kit import EC, NOON, TILL


def counted(world, *times, state=None):
    """Guests at Shibuya at these times, as its chain counts them."""
    for at in times:
        head = world.ledger.head(TRAFFIC, "shibuya")
        decided = traffic.count(state or head.state, Seen("shibuya", at), at)
        item = next_item(TRAFFIC, head, [Part(f"{at}".encode(), decided.steps)], decided.state, at)
        world.ledger.table.put_new(item)


def test_guests_are_told_by_the_hour_from_the_first_whole_one_on(operator, clock):
    hours_ago = [170, 168, 30, 30, 1, 0]
    counted(operator.world, *(NOON - timedelta(hours=n) for n in hours_ago))
    answer = operator.get("/v1/stores/shibuya/guests")
    assert (answer.status, answer.body["since"]) == (200, to_text(NOON - timedelta(days=7)))
    told = [(one["hour"], one["guests"]) for one in answer.body["hours"]]
    assert told == [(to_text(NOON - timedelta(hours=n)), count) for n, count in ((168, 1), (30, 2), (1, 1), (0, 1))]
    assert len(operator.get("/v1/stores/shibuya/guests?days=1").body["hours"]) == 2


def test_what_is_usual_is_told_from_monday_on(operator):
    friday_noon_utc = 4 * 24 + 3  # noon in Tokyo is three in UTC
    hour = int(NOON.timestamp()) // 3600
    usual = [0] * 168
    usual[hour % 168] = 40
    counted(operator.world, NOON, state=Traffic(hour, 0, hour - 2000, 100, tuple(usual)))
    told = operator.get("/v1/stores/shibuya/guests").body["usual"]
    assert [n for n, guests in enumerate(told) if guests] == [friday_noon_utc]
    assert told[friday_noon_utc] == 2.5


def test_a_store_without_guests_has_none(operator):
    answer = operator.get("/v1/stores/shibuya/guests")
    assert (answer.body["hours"], set(answer.body["usual"])) == ([], {0.0})


def test_of_too_many_guests_the_latest_whole_hours_are_told(operator, monkeypatch):
    monkeypatch.setattr(guests, "ITEMS_MAX", 3)
    counted(operator.world, *(NOON - timedelta(minutes=30 * n) for n in (6, 5, 4, 2, 1, 0)))
    body = operator.get("/v1/stores/shibuya/guests").body
    assert body["since"] == to_text(NOON - timedelta(hours=1))
    assert [one["guests"] for one in body["hours"]] == [2, 1]


@pytest.mark.parametrize(("path", "status"), [("nowhere/guests", 404), ("shibuya/guests?days=32", 422)])
def test_what_makes_no_sense_is_refused(operator, path, status):
    assert operator.get(f"/v1/stores/{path}").status == status


def test_nobody_but_the_operator_reads_it(operator):
    for caller in (EC, TILL):
        assert operator.as_(caller).get("/v1/stores/shibuya/guests").code == "forbidden"
