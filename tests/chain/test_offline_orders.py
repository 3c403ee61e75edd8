"""Tills without a line sync in any order, in any pieces, any number of times, and die meanwhile: one and the same ledger.

What depends on the order is only which of several sales of one coupon used it; never how many did, nor the sums.
"""

import contextlib
import itertools
import json
from collections import Counter

import pytest
from hypothesis import given, settings, strategies as st

from coupons import allowances
from coupons.reactions import CARRY_ON, REACTIONS
from coupons.routes import ROUTES
from coupons.terminal import TILL
from infra import invariants
from points.routes import ROUTES as POINTS
from shared import chain, inbox
from shared.errors import Unavailable
from shared.memory import MemoryTable
from tests.api.coupons.conftest import CAMPAIGN
from tests.chain.test_crashes import HOW, Dies, FaultyTable
from tests.kit import OPERATOR, Client, FakeClock, key, make_world, member
from tests.stream import Stream

AT = "2026-11-20T02:30:00Z"
TILLS = [key("pos", key_id=f"k-{n}", store_id="shibuya", terminal_id=f"till-{n}") for n in range(3)]
COUPONS = 4


class Shop:
    """Three tills with an allowance each, and four coupons with their tokens."""

    def __init__(self):
        self.clock = FakeClock()
        self.table = FaultyTable()
        self.world = make_world(self.clock, (self.table, MemoryTable(), MemoryTable()))
        self.stream = Stream(self.world)
        Client(POINTS, self.world).post("/v1/members", {"member_id": "taro"})
        made = Client(ROUTES, self.world, OPERATOR).post("/v1/campaigns", CAMPAIGN | {"offer": OFFER})
        assert made.status == 201
        self.tokens = [self._token(f"s-{n}") for n in range(COUPONS)]
        for n, till in enumerate(TILLS):
            said = {"allowance_id": f"a-{n}", "terminal_id": till.terminal_id, "business_day": "2026-11-20"}
            assert self.post(till, "/v1/offline/allowances", said).status == 201

    def _token(self, source_id):
        said = {"campaign_id": "spring", "source_id": source_id, "member": {"member_id": "taro"}}
        coupon = Client(ROUTES, self.world).post("/v1/issues", said).body
        mine = Client(ROUTES, self.world, member("taro"))
        return mine.get(f"/v1/me/coupons/{coupon['coupon_id']}").body["offline_token"]

    def post(self, who, path, body):
        return Client(ROUTES, self.world, who).post(path, body)

    def item(self, n, sale):
        coupon, till, amount = sale
        basket = {"lines": [{"line_id": "1", "quantity": 1, "amount": amount}]}
        body = {"redemption_id": f"r-{n}", "order_ref": f"o-{n}", "basket": basket}
        named = {"id": f"i-{n}", "kind": "redemption", "allowance_id": f"a-{till}", "terminal_seq": n}
        return named | {"occurred_at": AT, "offline_token": self.tokens[coupon], "body": body}

    def sync(self, till, items):
        return self.post(TILLS[till], "/v1/offline/sync", {"items": items})

    def carry_on(self):
        """The stream brings to its end whatever was left."""
        self.table.arm(0, "")
        for _ in range(3):
            told = [{"messageId": "m", "body": json.dumps(event)} for event in self.stream.run()]
            assert inbox.work(self.world, {"Records": told}, reactions=REACTIONS) == {"batchItemFailures": []}
            asked, self.stream.carried[:] = [one.split(" ", 1)[1] for one in self.stream.carried], []
            for name in asked:
                found = self.table.get(name, 0)
                if found is not None and found.get("state") != "reversed":
                    CARRY_ON[name.split("#")[1]](self.world, found)

    def entries(self):
        items = self.table.scan(after=None, limit=100_000)
        assert invariants.faults(items, self.clock.forward(minutes=10)) == []
        return [entry for item in items if item["sk"] for entry in chain.entries_of(item)]

    def books(self):
        """What became of each redemption, in the coupons' home and at the tills: of one kind only."""
        kinds: dict[str, set[str]] = {}
        for entry in self.entries():
            if entry.ref is not None and entry.ref[0] == "redemption":
                kinds.setdefault(entry.ref[1], set()).add(entry.kind)
        return {name: "+".join(sorted(kinds[name])) for name in sorted(kinds)}


OFFER = {"type": "percent_off", "value": 50}
sales = st.lists(
    st.tuples(st.integers(0, COUPONS - 1), st.integers(0, 2), st.sampled_from([200, 1000, 60_000])), max_size=9
)


@given(sales, st.data())
@settings(max_examples=60, deadline=None)
def test_any_order_and_any_duplication_gives_the_same_ledger(wanted, data):
    """Each coupon is used once, each sale counts once, and what was given is what coupons took off and tills lost."""
    shop = Shop()
    order = data.draw(st.permutations(range(len(wanted))))
    again = data.draw(st.lists(st.sampled_from(order), max_size=4)) if order else []
    for n in [*order, *again]:
        shop.table.arm(data.draw(st.integers(0, 4)), data.draw(st.sampled_from(HOW)))
        with contextlib.suppress(Dies, Unavailable):
            shop.sync(wanted[n][1], [shop.item(n, wanted[n])])
    if data.draw(st.booleans()):
        shop.carry_on()
    shop.table.arm(0, "")
    for till in range(3):
        mine = [shop.item(n, sale) for n, sale in enumerate(wanted) if sale[1] == till]
        if mine:
            assert shop.sync(till, mine).status == 200
    shop.carry_on()
    check(shop, wanted)


def check(shop, wanted):
    books = shop.books()
    assert set(books.values()) <= {"redeemed", "absorbed+lost", "lost+refused"}
    assert len(books) == len(wanted)
    used = Counter(wanted[int(name[2:])][0] for name, kind in books.items() if kind == "redeemed")
    assert used == dict.fromkeys({coupon for coupon, _, _ in wanted}, 1)
    for till in range(3):
        lost = [wanted[int(name[2:])] for name, kind in books.items() if kind == "absorbed+lost"]
        value = sum(amount // 2 for _, by, amount in lost if by == till)
        assert value <= allowances.MAX_VALUE
        said = shop.world.ledger.head(TILL, f"shibuya#till-{till}").state
        assert (said.days[0].absorbed_value, said.repeated) == (value, 0)
        assert sum(last - first + 1 for first, last in said.runs) == sum(by == till for _, by, _ in wanted)


@given(st.permutations(range(COUPONS)), st.permutations(range(COUPONS)))
@settings(max_examples=20, deadline=None)
def test_where_no_coupon_was_shown_twice_the_order_changes_nothing_at_all(one, other):
    def books(order):
        shop = Shop()
        for n in order:
            shop.sync(n % 3, [shop.item(n, (n, n % 3, 1000))])
        shop.carry_on()
        return shop.books()

    assert books(one) == books(other) == {f"r-{n}": "redeemed" for n in range(COUPONS)}


SHOWN_TWICE = [(0, 0, 1000), (0, 1, 1000)]


@pytest.mark.parametrize(("fail_at", "how"), list(itertools.product([1, 2, 3, 4], HOW)))
@pytest.mark.parametrize("finisher", ["the stream", "the till"])
def test_a_loss_is_borne_once_wherever_its_process_died(fail_at, how, finisher):
    shop, sold = Shop(), SHOWN_TWICE
    shop.sync(0, [shop.item(0, sold[0])])
    shop.table.arm(fail_at, how)
    with contextlib.suppress(Dies, Unavailable):
        shop.sync(1, [shop.item(1, sold[1])])
    shop.table.arm(0, "")
    if finisher == "the till":
        (result,) = shop.sync(1, [shop.item(1, sold[1])]).body["results"]
        assert "conflict_absorbed" in (result["outcome"], result.get("first"))
    shop.carry_on()
    expected = {"r-0": "redeemed", "r-1": "absorbed+lost"}
    if finisher == "the stream" and (fail_at, how) == (1, "dies before"):
        del expected["r-1"]  # it never was
    assert shop.books() == expected


@pytest.mark.parametrize(("fail_at", "how"), list(itertools.product([1, 2, 3], HOW)))
def test_the_loss_of_a_voided_sale_is_lifted_wherever_a_process_died(fail_at, how):
    shop, sold = Shop(), SHOWN_TWICE
    shop.sync(0, [shop.item(0, sold[0])])
    shop.table.arm(fail_at, how)
    with contextlib.suppress(Dies, Unavailable):
        shop.sync(1, [shop.item(1, sold[1])])
    shop.table.arm(0, "")
    assert shop.post(TILLS[1], "/v1/redemptions/r-1/void", {"void_id": "v"}).status == 200
    shop.carry_on()
    said = shop.world.ledger.head(TILL, "shibuya#till-1").state
    assert (said.days[0].absorbed, said.days[0].absorbed_value) == (0, 0)
    (result,) = shop.sync(1, [shop.item(1, sold[1])]).body["results"]
    assert (result["outcome"], result["code"]) == ("conflict_refused", "reversed")
    assert shop.books()["r-0"] == "redeemed"


@pytest.mark.parametrize(("fail_at", "how"), list(itertools.product([1, 2], HOW)))
def test_a_redemption_that_died_online_is_brought_to_its_end_by_the_sync(fail_at, how):
    """Its till gave the discount by the token when no answer came."""
    shop = Shop()
    code = Client(ROUTES, shop.world).get("/v1/members/taro/coupons").body["items"][-1]["code"]
    basket = {"lines": [{"line_id": "1", "quantity": 1, "amount": 1000}]}
    said = {"redemption_id": "r-0", "codes": [code], "channel": "pos", "order_ref": "o-0", "basket": basket}
    shop.table.arm(fail_at, how)
    with contextlib.suppress(Dies, Unavailable):
        shop.post(TILLS[0], "/v1/redemptions", said)
    shop.table.arm(0, "")
    if fail_at == 2 and how == "dies before":  # its name is there, and somebody else was faster
        other = shop.post(TILLS[2], "/v1/redemptions", said | {"redemption_id": "other", "order_ref": "x"})
        assert other.status == 201
    (result,) = shop.sync(0, [shop.item(0, (0, 0, 1000))]).body["results"]
    shop.carry_on()
    books = shop.books()
    if "other" in books:
        assert (result["outcome"], books["r-0"]) == ("conflict_absorbed", "absorbed+lost")
        assert shop.post(TILLS[0], "/v1/redemptions", said).code == "code_not_usable"
        shop.post(TILLS[0], "/v1/redemptions/r-0/void", {"void_id": "v"})
        shop.carry_on()
        assert shop.world.ledger.head(TILL, "shibuya#till-0").state.days[0].absorbed == 0
    else:
        assert books["r-0"] == "redeemed"
        assert "applied" in (result["outcome"], result.get("first"))
