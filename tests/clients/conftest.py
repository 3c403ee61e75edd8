"""The three apps in this process with something to sell: members, a campaign, a till."""

from typing import Any

import pytest

from tests.clients.wires import Line
from tests.front import Front
from tests.kit import EC, OPERATOR, FakeClock, make_world

CAMPAIGN: Any = {
    "campaign_id": "winter",
    "name": {"ja": "冬の300円引き", "en": "300 yen off"},
    "offer": {"type": "amount_off", "value": 300},
    "valid_from": "2026-11-01",
}
STORE: Any = {"name": "渋谷店", "lat": 35.6595, "lon": 139.7005, "time_zone": "Asia/Tokyo"}


@pytest.fixture(scope="session")
def front():
    return Front(make_world())


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def line(front, clock):
    """A till's line to a new world."""
    front.open(make_world(clock))
    operator = Line(front, clock, who=OPERATOR).client()
    for member_id in ("taro", "hanako"):
        operator.points.post_members({"member_id": member_id})
    operator.coupons.post_campaigns(CAMPAIGN)
    operator.checkin.put_stores("shibuya", STORE)
    return Line(front, clock)


@pytest.fixture
def shop(line):
    """The shop's servers on a line of their own."""
    return Line(line.front, line.clock, who=EC).client()


@pytest.fixture
def coupon(shop):
    """Issues one coupon after another, and gives their codes."""

    def issue(source_id="o-1", member_id="taro"):
        said = {"campaign_id": "winter", "member": {"member_id": member_id}, "source_id": source_id}
        return shop.coupons.post_issues(said)["code"]

    return issue
