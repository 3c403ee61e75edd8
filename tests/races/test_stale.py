"""What the simulator found of reads that show the past, and of processes that die between two writes, one by one."""

import json
from collections.abc import Callable

import pytest

from coupons.reactions import CARRY_ON as ISSUES
from coupons.routes import ROUTES as COUPONS
from points.reactions import CARRY_ON
from points.routes import ROUTES
from shared import chain, inbox
from shared.errors import Unavailable
from shared.memory import MemoryTable
from tests.api.coupons.conftest import CAMPAIGN
from tests.api.points.shop import buy, claim, give_back, happens, hold, of_nobody, part, reverse, set_programme
from tests.chain.schedule import Dies
from tests.kit import CAFE, EC, OPERATOR, Client, FakeClock, key, make_world, member

SECOND = key("operator", key_id="operator-2", owner="second-owner")


class Behind(MemoryTable):
    """Reads that need not be consistent do not see the last items of some partitions yet: so many of each."""

    def __init__(self):
        super().__init__()
        self.unseen = {}

    def get(self, pk, sk, *, consistent=False):
        found = super().get(pk, sk, consistent=consistent)
        return found if consistent or sk in self._seen(pk) else None

    def items(self, pk, **asked):
        if asked.get("consistent") or pk not in self.unseen:
            return super().items(pk, **asked)
        limit, newest_first = asked.pop("limit", 1000), asked.pop("newest_first", False)
        found = [item for item in super().items(pk, **asked) if item["sk"] in self._seen(pk)]
        return found[::-1][:limit] if newest_first else found[:limit]

    def newest(self, pk, *, upto=None, consistent=False):
        found = self.items(pk, upto=upto, newest_first=True, limit=1, consistent=consistent)
        return found[0] if found else None

    def _seen(self, pk):
        order = self._order.get(pk, [])
        return order[: len(order) - self.unseen.get(pk, 0)]


class Failing(MemoryTable):
    """Answers so many calls, then fails once. Whoever writes to a member while it is dying does not live on."""

    def __init__(self):
        super().__init__()
        self.left: int | None = None
        self.is_dying = False

    def put_new(self, item):
        if self.is_dying and item["pk"].startswith(("M#", "B#")):
            raise Dies
        return super().put_new(item)

    def items(self, pk, **asked):
        if self.left is not None:
            self.left -= 1
            if self.left == 0:
                raise Unavailable
        return super().items(pk, **asked)


@pytest.fixture
def table():
    return Behind()


@pytest.fixture
def client(table):
    client = Client(ROUTES, make_world(FakeClock(), (table, MemoryTable(), MemoryTable())))
    for member_id in ("taro", "hanako"):
        client.post("/v1/members", {"member_id": member_id})
    return client


def merge(client, merge_id, leaver="taro", host="hanako"):
    body = {"merge_id": merge_id, "into_member_id": host}
    assert client.as_(OPERATOR).post(f"/v1/members/{leaver}/merge", body).status == 200


def unmerge(client, merge_id, leaver="taro"):
    assert client.as_(OPERATOR).post(f"/v1/members/{leaver}/unmerge", {"merge_id": merge_id}).status == 200


def entries(client, partition):
    return [
        entry
        for item in client.world.ledger.table.items(partition, after=0, consistent=True)
        for entry in chain.entries_of(item)
    ]


def test_a_return_is_found_again_though_a_read_shows_nothing_of_its_chain_but_the_name(client, table):
    """It answered 500: the name that the chain begins with was read as an entry."""
    buy(client, "p-1", 1000, 1000, 1000)
    first = give_back(client, "p-1", "r-1", part("1"))
    give_back(client, "p-1", "r-2", part("2"))
    table.unseen["N#purchase.pos#shop#p-1"] = 2
    again = give_back(client, "p-1", "r-1", part("1"))
    assert (again.status, again.body, again.is_replay) == (201, first.body, True)


def test_an_approval_is_not_judged_by_a_head_that_is_older_than_what_it_has_seen(client, table):
    """It answered 500: the account was closed in the old head, and had been opened before the adjustment was asked."""
    merge(client, "m-1")
    unmerge(client, "m-1")
    body = {"adjustment_id": "j-1", "member": {"member_id": "taro"}, "points": 20_000, "reason": "desk"}
    assert client.as_(OPERATOR).post("/v1/adjustments", body).status == 202
    table.unseen["M#taro"] = 1
    assert client.as_(SECOND).post("/v1/adjustments/j-1/approve", {}).status == 201


def test_a_repeated_reversal_answers_alike_though_a_read_does_not_show_the_claim(client, table):
    """The member's balance was missing in the second answer."""
    of_nobody(client, "p-1", 5000)
    assert claim(client, 5000).status == 201
    first = reverse(client)
    table.unseen["N#purchase.pos#shop#p-1"] = 2
    again = reverse(client)
    assert (again.status, again.body, again.is_replay) == (200, first.body, True)
    assert again.body["balance"] == 0


def test_a_hold_that_was_captured_is_reversed_in_one_write(client, table):
    """In two, a process that died between them left the hold reversed and its points captured."""
    buy(client, "p-1", 10_000)
    assert hold(client, 40).status == 201
    assert client.post("/v1/holds/h-1/capture", {}).status == 200
    table.usage.reset()
    assert reverse(client, "h-1", "hold").body["balance"] == 100
    assert table.usage.write_units == 1
    assert [(entry.kind, entry.points) for entry in entries(client, "M#taro")][-1] == ("reversed", 40)


def test_a_return_that_the_account_may_refuse_is_entered_where_the_stream_will_look_for_it(client, table):
    """It named a head from before a merge: the stream, which follows a merge from there, entered it once more."""
    set_programme(client, clawback="refuse")
    merge(client, "m-1")
    unmerge(client, "m-1")
    of_nobody(client, "p-1", 1000, 1000)
    assert claim(client, 2000).status == 201
    buy(client, "p-2", 9000)
    table.unseen["M#taro"] = 4
    assert give_back(client, "p-1", "r-1", part("1")).status == 201
    decided = entries(client, "N#purchase.pos#shop#p-1")[-1]
    (entered,) = [entry for entry in entries(client, "M#taro") if entry.operation == decided.operation]
    assert decided.data["carry"][2:] == ["M#taro", entered.sequence - 1]


def test_an_order_is_completed_where_it_was_placed_though_a_read_shows_the_account_before_a_merge(client, table):
    """Its points went to the member into whom its own had been merged, before the order and no longer."""
    merge(client, "m-1")
    unmerge(client, "m-1")
    buy(client, "p-1", 5000, state="placed")
    table.unseen["M#taro"] = 3
    assert happens(client, "complete").status == 200
    assert [(entry.kind, entry.points) for entry in entries(client, "M#taro")][-1] == ("activated", 50)


@pytest.mark.parametrize("call", range(1, 12))
def test_an_outage_is_never_taken_for_a_no(call, monkeypatch):
    """An award that the budget had taken was given up when the table failed while its entry was looked for."""
    monkeypatch.setattr("shared.chain.RING_SIZE", 1)  # so that it is looked for in the entries themselves
    table = Failing()
    client = Client(ROUTES, make_world(FakeClock(), (table, MemoryTable(), MemoryTable())))
    client.post("/v1/members", {"member_id": "taro"})
    budget = {"name": "cafe", "budget": {"kind": "prepaid", "points": 2000}}
    assert client.as_(OPERATOR).put("/v1/partners/cafe", budget).status == 200
    code = client.as_(member("taro")).get("/v1/me/code").body["static"]["value"]
    table.is_dying = True
    award = {"award_id": "a-1", "member": {"code": code}, "points": 10, "reason": "latte"}
    with pytest.raises(Dies):
        client.as_(CAFE).post("/v1/awards", award)
    table.is_dying = False
    for other in ("a-2", "a-3"):
        assert client.as_(CAFE).post("/v1/awards", award | {"award_id": other}).status == 201
    message = {"messageId": "m", "body": json.dumps({"carry_on": "N#award#partner.cafe#a-1"})}
    table.left = call
    done = inbox.work(client.world, {"Records": [message]}, reactions={}, carry_on=CARRY_ON)
    table.left = None
    given = client.as_(EC).get("/v1/members/taro/balance").body["available"]
    assert given == (20 if done["batchItemFailures"] else 30)


@pytest.mark.parametrize("call", range(1, 8))
def test_an_outage_while_a_coupon_is_finished_is_none_either(call):
    """A coupon that its campaign's pool had given was given up when the table failed while it was looked for."""
    table = Failing()
    world = make_world(FakeClock(), (table, MemoryTable(), MemoryTable()))
    Client(ROUTES, world).post("/v1/members", {"member_id": "taro"})
    shop = Client(COUPONS, world)
    assert shop.as_(OPERATOR).post("/v1/campaigns", CAMPAIGN | {"limits": {"total": 5}}).status == 201
    table.is_dying = True
    with pytest.raises(Dies):
        shop.post("/v1/issues", {"campaign_id": "spring", "source_id": "i-1", "member": {"member_id": "taro"}})
    table.is_dying = False
    (name,) = [item["pk"] for item in table.scan() if item["pk"].startswith("N#issue#")]
    message = {"messageId": "m", "body": json.dumps({"carry_on": name})}
    table.left = call
    done = inbox.work(world, {"Records": [message]}, reactions={}, carry_on=ISSUES)
    table.left = None
    if done["batchItemFailures"]:  # else it counts as done, and must be
        assert inbox.work(world, {"Records": [message]}, reactions={}, carry_on=ISSUES) == {"batchItemFailures": []}
    assert len(shop.get("/v1/members/taro/coupons").body["items"]) == 1


class Overtaken(Failing):
    """Once the account of a member has been looked at, somebody else acts."""

    then: Callable[[], object] | None = None

    def newest(self, pk, *, upto=None, consistent=False):
        found = super().newest(pk, upto=upto, consistent=consistent)
        if pk.startswith("M#") and self.then is not None:
            then, self.then = self.then, None
            then()
        return found


def test_a_claim_that_is_reversed_while_it_is_finished_is_given_up_for_nobody_to_look_at():
    table = Overtaken()
    client = Client(ROUTES, make_world(FakeClock(), (table, MemoryTable(), MemoryTable())))
    client.post("/v1/members", {"member_id": "taro"})
    of_nobody(client)
    table.is_dying = True
    with pytest.raises(Dies):
        claim(client, 1000)
    table.is_dying = False
    table.then = lambda: reverse(client)
    message = {"messageId": "m", "body": json.dumps({"carry_on": "N#purchase.pos#shop#p-1/claim"})}
    done = inbox.work(client.world, {"Records": [message]}, reactions={}, carry_on=CARRY_ON)
    assert (done["batchItemFailures"], client.world.transient.scan(after=None, limit=1)) == ([], [])
    assert client.as_(EC).get("/v1/members/taro/balance").body["available"] == 0
