"""Many tills and one code, many issues and one total; each with a control that goes wrong without its condition."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from coupons.routes import ROUTES
from infra import invariants
from points.routes import ROUTES as POINTS
from shared import chain, keys, world as worlds
from shared.clock import Clock
from shared.coupon_book import BOOK
from shared.keys import Stage
from shared.memory import MemoryTable
from shared.secrets import Secrets
from tests.api.coupons.conftest import CAMPAIGN
from tests.kit import OPERATOR, ROOT, TILL, Client, member
from tests.passing import Passing

THREADS = 64
NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
BASKET = {"lines": [{"line_id": "1", "quantity": 1, "amount": 1000}]}


class Crowded(MemoryTable):
    """A table at which everybody who comes at once has read a head before anybody writes."""

    meeting: threading.Barrier | None = None

    def items(self, pk, **more):
        found = super().items(pk, **more)
        if self.meeting is not None and pk[0] in self.crowd and not hasattr(_here, "has_met"):
            _here.has_met = True
            self.meeting.wait()
        return found

    crowd = keys.COUPON_BOOK
    """The kind of account at whose head they meet."""


class Careless(Crowded):
    """A table that writes over what is there: what the product would be without its conditions."""

    def put_new(self, item):
        self.put(item)

    def transact(self, writes):
        for write in writes:
            self.put(write.item)


_here = threading.local()


def make(ledger, *members, **limits):
    """A world whose waiting is real, but for the second that a changed setting takes."""
    clock = Clock(now=lambda: NOW)
    quick = Clock(now=lambda: NOW, sleep=lambda _seconds: None)
    made = worlds.make(Stage("test"), ledger, MemoryTable(), MemoryTable(), Secrets(lambda: ROOT), quick)
    made.directory.clock = quick
    for member_id in members:
        Client(POINTS, made).post("/v1/members", {"member_id": member_id})
    operator = Client(ROUTES, made, OPERATOR)
    for campaign_id in ("one", "two"):
        said = CAMPAIGN | {"campaign_id": campaign_id, "limits": limits}
        assert operator.post("/v1/campaigns", said).status == 201
    made.ledger.clock = clock
    return Client(ROUTES, made)


@pytest.fixture(autouse=True)
def _switch_often():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def all_at_once(work, count=THREADS, table=None):
    """Each in a thread of its own; with a table, all meet at their first head."""
    barrier = threading.Barrier(count)
    if table is not None:
        table.meeting = threading.Barrier(count, timeout=10)

    def one(n):
        barrier.wait()
        return work(n)

    with ThreadPoolExecutor(count) as pool:
        answers = list(pool.map(one, range(count)))
    if table is not None:
        table.meeting = None
    return answers


def send(client, path, body):
    """As a till does: the same request again while the answer is 503."""
    for _ in range(10):
        answer = client.post(path, body)
        if answer.status != 503:
            return answer
    raise AssertionError("never answered")


def issue(shop, source_id, member_id="taro", campaign_id="one"):
    said = {"campaign_id": campaign_id, "source_id": source_id, "member": {"member_id": member_id}}
    return send(shop, "/v1/issues", said)


def redeem(shop, redemption_id, *codes, **changes):
    said = {"redemption_id": redemption_id, "codes": codes, "channel": "pos", "order_ref": redemption_id}
    return send(shop.as_(TILL), "/v1/redemptions", said | {"basket": BASKET} | changes)


def entries(shop, letter, holder, kind):
    items = shop.world.ledger.table.items(keys.account(letter, holder), consistent=True)
    assert invariants.faults(items) == []
    return [entry for item in items for entry in chain.entries_of(item) if entry.kind == kind]


def won(answers):
    return sum(answer.status == 201 and not answer.is_replay for answer in answers)


def test_one_code_at_many_tills_has_one_winner():
    shop = make(table := Crowded(), "taro")
    code, usage = issue(shop, "s-1").body["code"], table.usage
    usage.reset()
    answers = all_at_once(lambda n: redeem(shop, f"r-{n}", code), table=table)
    assert sorted(answer.status for answer in answers) == [201] + [409] * (THREADS - 1)
    assert {answer.code for answer in answers if answer.status == 409} == {"code_not_usable"}
    assert len(entries(shop, keys.COUPON_BOOK, "taro", "redeemed")) == 1
    assert usage.write_units / THREADS <= 8


def test_control_without_the_condition_every_till_wins():
    """Proves that the tills above do meet."""
    shop = make(table := Careless(), "taro")
    code = issue(shop, "s-1").body["code"]
    assert won(all_at_once(lambda n: redeem(shop, f"r-{n}", code), table=table)) == THREADS


def test_the_same_redemption_at_once_is_one():
    shop = make(table := Crowded(), "taro")
    code = issue(shop, "s-1").body["code"]
    answers = all_at_once(lambda _: redeem(shop, "r-1", code), table=table)
    assert {answer.status for answer in answers} == {201}
    assert len({str(answer.body) for answer in answers}) == 1
    assert len(entries(shop, keys.COUPON_BOOK, "taro", "redeemed")) == 1


def test_codes_of_two_members_are_never_redeemed_half():
    """Each till wants a code of both; exactly one gets them, in one transaction."""
    shop = make(table := Crowded(), "taro", "hanako")
    codes = issue(shop, "s-1").body["code"], issue(shop, "s-1", "hanako", "two").body["code"]
    answers = all_at_once(lambda n: redeem(shop, f"r-{n}", *codes[:: (-1) ** n]), 32, table)
    assert won(answers) == 1
    for member_id in ("taro", "hanako"):
        assert len(entries(shop, keys.COUPON_BOOK, member_id, "redeemed")) == 1


def test_a_void_against_its_redemption_leaves_no_coupon_used():
    """Whoever is first: after the void the coupon is free, and the redemption can't come any more."""
    for _ in range(5):
        shop = make(MemoryTable(), "taro")
        code = issue(shop, "s-1").body["code"]

        def work(n, shop=shop, code=code):
            if n % 2:
                return redeem(shop, "r-1", code)
            return send(shop.as_(TILL), "/v1/redemptions/r-1/void", {"void_id": "v-1"})

        answers = all_at_once(work, 16)
        assert {answer.status for answer in answers[::2]} == {200}
        assert redeem(shop, "r-1", code).code == "reversed"
        assert redeem(shop, "r-2", code).status == 201
        used = len(entries(shop, keys.COUPON_BOOK, "taro", "redeemed"))
        assert len(entries(shop, keys.COUPON_BOOK, "taro", "voided")) == used - 1


def test_a_coupon_voided_by_many_comes_back_once():
    shop = make(MemoryTable(), "taro")
    redeem(shop, "r-1", issue(shop, "s-1").body["code"])
    till = shop.as_(TILL)
    answers = all_at_once(lambda n: send(till, "/v1/redemptions/r-1/void", {"void_id": f"v-{n % 3}"}), 32)
    assert {(answer.status, answer.body["state"]) for answer in answers} == {(200, "voided")}
    assert len(entries(shop, keys.COUPON_BOOK, "taro", "voided")) == 1


def test_coupons_of_two_members_voided_by_many_come_back_once_each():
    shop = make(table := Crowded(), "taro", "hanako")
    codes = issue(shop, "s-1").body["code"], issue(shop, "s-1", "hanako", "two").body["code"]
    assert redeem(shop, "r-1", *codes).status == 201
    till = shop.as_(TILL)
    answers = all_at_once(lambda _: send(till, "/v1/redemptions/r-1/void", {"void_id": "v-1"}), 16, table)
    assert {(answer.status, len(answer.body["coupons"])) for answer in answers} == {(200, 2)}
    for member_id in ("taro", "hanako"):
        assert len(entries(shop, keys.COUPON_BOOK, member_id, "voided")) == 1


def test_holds_of_two_members_captured_and_voided_at_once_end_alike():
    """Captured first and then given back, or given back and never captured: both books tell the same story."""
    for _ in range(5):
        shop = make(table := Crowded(), "taro", "hanako")
        codes = issue(shop, "s-1").body["code"], issue(shop, "s-1", "hanako", "two").body["code"]
        assert redeem(shop, "r-1", *codes, hold_seconds=60).status == 201
        till = shop.as_(TILL)
        ways: tuple[tuple[str, dict[str, str]], ...] = ("capture", {}), ("void", {"void_id": "v-1"})

        def work(n, till=till, ways=ways):
            way, body = ways[n % 2]
            return send(till, f"/v1/redemptions/r-1/{way}", body)

        answers = all_at_once(work, 8, table)
        assert {answer.status for answer in answers[1::2]} == {200}
        assert {answer.code for answer in answers[::2]} <= {None, "reversed"}
        stories = [
            tuple(len(entries(shop, keys.COUPON_BOOK, member_id, kind)) for kind in ("redeemed", "voided"))
            for member_id in ("taro", "hanako")
        ]
        assert stories[0] == stories[1]
        assert stories[0] in ((1, 1), (0, 1))


def test_one_campaign_made_by_many_is_one():
    shop = make(MemoryTable())
    operator = shop.as_(OPERATOR)
    answers = all_at_once(lambda _: send(operator, "/v1/campaigns", CAMPAIGN | {"campaign_id": "new"}), 16)
    assert {answer.status for answer in answers} == {201}
    assert len({str(answer.body) for answer in answers}) == 1
    assert len(shop.world.directory.table.items(keys.locator(0)[0])) == 3


def test_a_total_is_exact_and_nobody_hears_a_false_no():
    """40 coupons and 64 who ask: 40 get one, 24 hear that there are no more."""
    members = [f"m-{n}" for n in range(THREADS)]
    shop = make(table := Crowded(), *members, total=40)
    table.crowd = keys.POOL
    answers = all_at_once(lambda n: issue(shop, f"s-{n}", f"m-{n}"), table=table)
    assert won(answers) == 40
    assert {answer.code for answer in answers if answer.status != 201} == {"campaign_exhausted"}
    assert sum(len(entries(shop, keys.COUPON_BOOK, member_id, "issued")) for member_id in members) == 40


def test_control_without_the_condition_a_total_is_overrun():
    shop = make(table := Careless(), *[f"m-{n}" for n in range(16)], total=4)
    table.crowd = keys.POOL
    assert won(all_at_once(lambda n: issue(shop, f"s-{n}", f"m-{n}"), 16, table)) == 16


def test_a_members_limit_and_a_total_are_both_exact():
    """Two ask for each member's only coupon; what the books refuse, the pool has back for others."""
    members = [f"m-{n}" for n in range(16)]
    shop = make(table := Crowded(), *members, total=16, per_member=1)
    answers = all_at_once(lambda n: issue(shop, f"s-{n}", f"m-{n % 16}"), 32, table)
    given = won(answers)
    assert {answer.code for answer in answers if answer.status != 201} <= {"member_limit_reached", "campaign_exhausted"}
    late = [issue(shop, f"late-{n}", f"m-{n}") for n in range(16)]
    assert given + won(late) == 16
    assert all(len(entries(shop, keys.COUPON_BOOK, member_id, "issued")) == 1 for member_id in members)
    assert shop.world.ledger.table.newest("L#one")["s"]["n"] == 16


def test_the_same_source_at_once_is_one_coupon():
    shop = make(table := Crowded(), "taro", total=5)
    answers = all_at_once(lambda _: issue(shop, "s-1"), 32, table)
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body["code"] for answer in answers}) == 1
    assert len(entries(shop, keys.COUPON_BOOK, "taro", "issued")) == 1
    assert shop.world.ledger.table.newest("L#one")["s"]["n"] == 1


# ---- claims for points ----------------------------------------------------------------------------------------------


def claims(table, *members, **limits):
    """A world in which a coupon costs 10 points, and each member has 25."""
    shop = make(table, *members, **limits)
    priced = CAMPAIGN | {"campaign_id": "priced", "price_points": 10, "limits": limits}
    assert shop.as_(OPERATOR).post("/v1/campaigns", priced).status == 201
    points = Client(POINTS, shop.world, OPERATOR)
    for member_id in members:
        gift = {"adjustment_id": member_id, "points": 25, "reason": "gift", "member": {"member_id": member_id}}
        assert points.post("/v1/adjustments", gift).status == 201
    return shop


def claim(shop, claim_id, member_id="taro"):
    return send(shop.as_(member(member_id)), "/v1/me/claims", {"claim_id": claim_id, "campaign_id": "priced"})


def settle(shop, workers=8):
    """Every message is handed to many inboxes at once."""
    passing = Passing(shop.world)
    while messages := passing.step():
        all_at_once(lambda _, messages=messages: [again(passing, one) for one in messages], workers)
    return passing


def again(passing, message):
    while True:
        try:
            return passing.deliver([message])
        except AssertionError as error:
            if "batchItemFailures" not in str(error):
                raise


def test_the_same_claim_at_once_is_one_payment_and_one_coupon():
    shop = claims(table := Crowded(), "taro")
    answers = all_at_once(lambda _: claim(shop, "c-1"), 32, table)
    assert {(answer.status, answer.body["state"]) for answer in answers} == {(202, "pending")}
    settle(shop)
    assert len(entries(shop, keys.COUPON_BOOK, "taro", "issued")) == 1
    assert [entry.points for entry in entries(shop, keys.MEMBER_POINTS, "taro", "spent")] == [-10]
    assert list(invariants.faults(shop.world.ledger.table.scan(), NOW + timedelta(days=1))) == []


def test_many_claims_are_as_many_as_the_points_pay_for_and_the_pool_has_the_rest_back():
    shop = claims(table := Crowded(), "taro", total=40)
    answers = all_at_once(lambda n: claim(shop, f"c-{n}"), 32, table)
    assert won(answers) == 0
    assert {answer.status for answer in answers} == {202}
    settle(shop)
    assert len(entries(shop, keys.COUPON_BOOK, "taro", "issued")) == 2
    assert len(entries(shop, keys.COUPON_BOOK, "taro", "released")) == 30
    assert shop.world.ledger.table.newest("L#priced")["s"]["n"] == 2
    assert list(invariants.faults(shop.world.ledger.table.scan(), NOW + timedelta(days=1))) == []


def test_control_without_the_condition_a_claim_is_reserved_by_many():
    shop = claims(table := Careless(), "taro")
    all_at_once(lambda n: claim(shop, f"c-{n}"), 16, table)
    assert len(shop.world.ledger.table.newest("B#taro")["e"]) == 1
    assert len([one for one in shop.world.ledger.table.scan() if one["pk"].startswith("N#claim#")]) == 16
    assert len(shop.world.ledger.head(BOOK, "taro").state.coupons) < 16  # they wrote over one another


# ---- stale reads ----------------------------------------------------------------------------------------------------


class Late(MemoryTable):
    """Eventually consistent reads see everything but the newest write of each partition."""

    def items(self, pk, *, upto=None, consistent=False, **more):
        if not consistent and upto is None and pk[0] in "BL" and (order := self._order.get(pk)):
            upto = order[-1] - 1
        return super().items(pk, upto=upto, consistent=consistent, **more)

    def get(self, pk, sk, *, consistent=False):
        found = super().get(pk, sk, consistent=consistent)
        return found if consistent or not pk.startswith(keys.NAME_PREFIX) else None


def test_stale_reads_make_no_false_answers():
    shop = make(Late(), "taro", "hanako", total=2, per_member=1)
    till = shop.as_(TILL)
    mine, _ = issue(shop, "s-1"), issue(shop, "s-2", "hanako")
    assert issue(shop, "s-1").is_replay
    assert issue(shop, "s-3").code in ("member_limit_reached", "campaign_exhausted")
    for n in range(3):
        assert redeem(shop, f"r-{n}", mine.body["code"], "x").code == "code_not_usable"
        assert redeem(shop, f"r-{n}", mine.body["code"]).status == 201
        assert redeem(shop, f"r-{n}", mine.body["code"]).is_replay
        assert redeem(shop, f"other-{n}", mine.body["code"]).code == "code_not_usable"
        for _ in range(2):
            assert send(till, f"/v1/redemptions/r-{n}/void", {"void_id": "v"}).body["state"] == "voided"
        assert redeem(shop, f"r-{n}", mine.body["code"]).code == "reversed"
    assert len(entries(shop, keys.COUPON_BOOK, "taro", "voided")) == 3


# ---- codes in bulk --------------------------------------------------------------------------------------------------


def order(shop, job_id, count=10, campaign_id="one"):
    path = f"/v1/campaigns/{campaign_id}/codes"
    return send(shop.as_(OPERATOR), path, {"job_id": job_id, "count": count})


def ranges(shop, campaign_id="one"):
    made = entries(shop, keys.POOL, campaign_id, "made")
    return sorted((entry.data["first"], entry.data["first"] + entry.data["count"]) for entry in made)


def crowded_at_pools(*members, **limits):
    shop = make(table := Crowded(), *members, **limits)
    table.crowd = keys.POOL
    return shop, table


def test_jobs_at_once_get_ranges_that_do_not_overlap():
    shop, table = crowded_at_pools()
    answers = all_at_once(lambda n: order(shop, f"j-{n}", n + 1), 32, table)
    assert {answer.status for answer in answers} == {202}
    found = ranges(shop)
    assert [first for first, _ in found] == [0, *(after for _, after in found[:-1])]
    assert found[-1][1] == 32 * 33 // 2
    assert {len(range(*one)) for one in found} == set(range(1, 33))
    (locator,) = {entry.data["locator"] for entry in entries(shop, keys.POOL, "one", "made")}
    assert shop.world.directory.table.get(*keys.locator(locator))["made"] == found[-1][1]


def test_control_without_the_condition_jobs_get_the_same_codes():
    shop = make(table := Careless())
    table.crowd = keys.POOL
    all_at_once(lambda n: order(shop, f"j-{n}"), 16, table)
    stored = [item["e"][0]["x"] for item in shop.world.ledger.table.items("L#one")]
    assert {said["first"] for said in stored} == {0}


def test_the_same_job_at_once_is_one_range():
    shop, table = crowded_at_pools()
    answers = all_at_once(lambda _: order(shop, "j-1"), 32, table)
    assert {(answer.status, answer.body["status"]) for answer in answers} == {(202, "queued")}
    assert ranges(shop) == [(0, 10)]


def test_coupons_and_codes_at_once_keep_one_total():
    """Half ask for a coupon, half for ten codes: of 100 nothing is given twice, and nothing that is left is refused."""
    members = [f"m-{n}" for n in range(16)]
    shop, table = crowded_at_pools(*members, total=100)

    def work(n):
        return order(shop, f"j-{n}") if n % 2 else issue(shop, f"s-{n}", f"m-{n // 2}")

    answers = all_at_once(work, 32, table)
    given = won(answers) + 10 * sum(answer.status == 202 for answer in answers)
    assert {answer.code for answer in answers if answer.status == 409} == {"campaign_exhausted"}
    assert shop.world.ledger.table.newest("L#one", consistent=True)["s"]["n"] == given
    assert 90 < given <= 100
    if given < 100:
        assert order(shop, "last", 100 - given).status == 202
    assert order(shop, "over", 1).code == "campaign_exhausted"


def test_stale_reads_make_no_false_answers_to_jobs():
    shop = make(Late(), "taro", total=30)
    assert order(shop, "j-1").status == 202
    assert order(shop, "j-2", 20).status == 202
    assert order(shop, "j-3", 1).code == "campaign_exhausted"
    assert order(shop, "j-1").is_replay
    assert order(shop, "j-2", 20).is_replay
    assert ranges(shop) == [(0, 10), (10, 30)]
