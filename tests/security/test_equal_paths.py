"""A code that can't be used says nothing of itself: same status, same body, same reads, whatever is wrong with it."""

import itertools
from typing import Any

import pytest

from coupons.locators import draw_locator
from coupons.routes import ROUTES as COUPONS
from points.routes import ROUTES as POINTS
from shared import keys
from shared.codes import Form, show
from shared.coupons_of import Codebook
from tests.api.coupons.conftest import CAMPAIGN
from tests.kit import EC, OPERATOR, TILL, Client, FakeClock, make_world
from tests.typed import made_up, mistyped

BASKET = {"lines": [{"line_id": "1", "quantity": 1, "amount": 1000}]}
_ids = (f"id-{n}" for n in itertools.count())


class Shop:
    """Two members, and a code in each state in which it can't be used."""

    def __init__(self):
        clock = FakeClock()
        points = Client(POINTS, make_world(clock))
        self.ec = Client(COUPONS, points.world, EC)
        self.till = self.ec.as_(TILL)
        for member_id in ("taro", "hanako"):
            assert points.post("/v1/members", {"member_id": member_id}).status == 201
        campaigns: dict[str, dict[str, Any]] = {
            "spring": {},
            "short": {"valid_until": "2026-11-21"},
            "paper": {"code": {"mode": "unique"}},
            "short-paper": {"code": {"mode": "unique"}, "valid_until": "2026-11-21"},
            "asleep": {"code": {"mode": "unique", "sleeping": True}},
        }
        for campaign_id, more in campaigns.items():
            said = CAMPAIGN | {"campaign_id": campaign_id} | more
            assert self.ec.as_(OPERATOR).post("/v1/campaigns", said).status == 201
        expired = self.issue("short")
        clock.forward(days=2)
        paper = self.printed("paper", 2)
        self.issued = {
            "used": self.used(self.issue()),
            "held": self.used(self.issue(), hold_seconds=3600),
            "expired": expired,
            "used and hers": self.used(self.issue(member_id="hanako")),
        }
        self.on_paper = {
            "used": self.used(paper[0]),
            "held": self.used(paper[1], hold_seconds=3600),
            "expired": self.printed("short-paper", 1)[0],
            "asleep": self.printed("asleep", 1)[0],
        }
        self.hers = self.issue(member_id="hanako")

    def issue(self, campaign_id="spring", member_id="taro"):
        said = {"campaign_id": campaign_id, "source_id": next(_ids), "member": {"member_id": member_id}}
        answer = self.ec.post("/v1/issues", said)
        assert answer.status == 201, answer.body
        return answer.body["code"]

    def printed(self, campaign_id, count):
        world = self.ec.world
        locator = draw_locator(world, campaign_id, Form.BULK)
        item = world.directory.table.get(*keys.locator(locator))
        assert item is not None
        world.directory.table.put(item | {"made": count, "editions": [[0, 1]]})
        world.clock.sleep(1)
        return [show(Codebook(world).code_of(locator, n)) for n in range(count)]

    def used(self, code, **more):
        assert self.redeem(code, order_ref="another", **more).status == 201
        return code

    def redeem(self, code, **more):
        said = {"redemption_id": next(_ids), "codes": [code], "channel": "pos", "order_ref": "mine", "basket": BASKET}
        return self.till.post("/v1/redemptions", said | more)

    def validate(self, code, **more):
        return self.till.post("/v1/validations", {"codes": [code], "channel": "pos", "basket": BASKET} | more)

    def seen(self, ask, code, **more):
        """What a caller sees of a code but the code itself, and what it costs: reads and writes of ledger and directory."""
        world = self.ec.world
        ask(code, **more)  # settings are in the cache now
        tables = (world.ledger.table, world.directory.table)
        for table in tables:
            table.usage.reset()
        answer = ask(code, **more)
        body = {name: value for name, value in answer.body.items() if name != "request_id"}
        told = repr((answer.status, body)).replace(code, "CODE")
        return told, [(one.usage.write_units, one.usage.read_units, one.usage.round_trips) for one in tables]


@pytest.fixture(scope="module")
def shop():
    return Shop()


WAYS = ["redeem", "validate"]


@pytest.mark.parametrize("way", WAYS)
def test_issued_codes_in_every_state_take_the_same_path(shop, way):
    seen = {state: shop.seen(getattr(shop, way), code) for state, code in shop.issued.items()}
    assert len({repr(one) for one in seen.values()}) == 1, seen
    assert "code_not_usable" in seen["used"][0]


@pytest.mark.parametrize("way", WAYS)
def test_codes_on_paper_in_every_state_take_the_same_path(shop, way):
    seen = {state: shop.seen(getattr(shop, way), code) for state, code in shop.on_paper.items()}
    assert len({repr(one) for one in seen.values()}) == 1, seen


@pytest.mark.parametrize("way", WAYS)
def test_whose_coupon_it_is_can_t_be_found_out_by_naming_members(shop, way):
    """A till that names a member gets the same word and reads for another's coupon, used or not."""
    taro = {"member_id": "taro"}
    ask = getattr(shop, way)
    seen = {code: shop.seen(ask, code, member=taro) for code in (shop.hers, shop.issued["used and hers"])}
    assert len({repr(one) for one in seen.values()}) == 1, seen
    mine = shop.seen(ask, shop.issued["used"], member=taro)
    assert mine[1] == seen[shop.hers][1]
    assert "'used'" in mine[0]  # the owner's own till is told why
    assert "'used'" not in seen[shop.hers][0]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("unknown", [show(made_up(1)[0]), show(mistyped(1)[0])])
def test_an_unknown_code_sounds_the_same_and_reads_no_book(shop, way, unknown):
    told, (ledger, directory) = shop.seen(getattr(shop, way), unknown)
    assert told == shop.seen(getattr(shop, way), shop.issued["used"])[0]
    assert directory == (0, 0, 0)
    name = (0, 1, 1) if way == "redeem" else (0, 0, 0)  # whether it is a retry, which any refusal asks
    assert ledger == name
