"""What coupons cost, from what the tables report: a member with a history, settings in the cache."""

import json

import pytest

from coupons import code_files
from coupons.locators import draw_locator
from coupons.reactions import REACTIONS, STEPS
from coupons.routes import ROUTES
from points.routes import ROUTES as POINTS
from shared import chain, guessing, inbox, keys
from shared.codes import Form
from shared.coupon_book import BOOK
from shared.coupons_of import Codebook
from shared.memory import size
from tests.api.coupons.conftest import CAMPAIGN
from tests.api.coupons.test_inbox import VISIT, checkin, deliver
from tests.kit import OPERATOR, TILL, Client, FakeClock, make_world, member
from tests.passing import Passing
from tests.stream import Stream
from tests.typed import made_up

BASKET = {"lines": [{"line_id": str(n), "sku": f"4901234567{n:03d}", "quantity": 1, "amount": 298} for n in range(20)]}


@pytest.fixture
def shop():
    world = make_world(FakeClock())
    for member_id in ("taro", "hanako"):
        Client(POINTS, world).post("/v1/members", {"member_id": member_id})
    operator = Client(ROUTES, world, OPERATOR)
    for campaign_id, limits in (("open", {}), ("once", {"per_member": 9}), ("capped", {"total": 100}), ("other", {})):
        operator.post("/v1/campaigns", CAMPAIGN | {"campaign_id": campaign_id, "limits": limits})
    shop = Client(ROUTES, world)
    for member_id in ("taro", "hanako"):
        for n in range(5):
            issue(shop, f"{member_id}-before-{n}", "open", member_id)
    issue(shop, "before", "capped", "hanako")
    said = redemption(issue(shop, "warm", "other", "hanako"), redemption_id="warm")
    assert shop.as_(TILL).post("/v1/redemptions", said).status == 201  # settings and terms are in the cache now
    return shop


def issue(shop, source_id, campaign_id="open", member_id="taro"):
    said = {"campaign_id": campaign_id, "source_id": source_id, "member": {"member_id": member_id}}
    answer = shop.post("/v1/issues", said)
    assert answer.status == 201, answer.body
    return answer.body["code"]


def redemption(*codes, redemption_id="s-0042-t-03-20261120-000123", **changes):
    said = {"redemption_id": redemption_id, "codes": codes, "channel": "pos", "order_ref": "20261120-000123"}
    return said | {"basket": BASKET} | changes


def spent(shop, act, status=201):
    """Write units, read units and round trips of ledger and directory; settings come from the cache."""
    world = shop.world
    for table in (world.ledger.table, world.directory.table, world.transient):
        table.usage.reset()
    answer = act()
    assert answer.status == status, answer.body
    used, other = world.ledger.table.usage, world.directory.table.usage
    assert (other.write_units, world.transient.usage.round_trips) == (0, 0)
    return used.write_units, used.read_units + other.read_units, used.round_trips + other.round_trips


def test_an_issue_is_two_writes(shop):
    issue(shop, "warm", "once")
    assert spent(shop, lambda: _issue(shop, "s-1", "open")) == (2, 0.5, 3)
    assert spent(shop, lambda: _issue(shop, "s-1", "once")) == (2, 0.5, 3)


def _issue(shop, source_id, campaign_id, member_id="taro"):
    said = {"campaign_id": campaign_id, "source_id": source_id, "member": {"member_id": member_id}}
    return shop.post("/v1/issues", said)


def test_a_total_costs_one_write_more_and_its_heads_read(shop):
    assert spent(shop, lambda: _issue(shop, "s-1", "capped")) == (3, 1, 5)


def test_the_first_coupon_of_a_member_asks_whether_there_is_one(shop):
    Client(POINTS, shop.world).post("/v1/members", {"member_id": "jiro"})
    assert spent(shop, lambda: _issue(shop, "s-1", "open", "jiro")) == (2, 1.5, 4)


def test_a_redemption_is_two_writes_and_one_read(shop):
    code, till = issue(shop, "s-1"), shop.as_(TILL)
    assert spent(shop, lambda: till.post("/v1/redemptions", redemption(code))) == (2, 1, 4)


def test_a_redemption_that_names_the_member_reads_half(shop):
    code, till = issue(shop, "s-1"), shop.as_(TILL)
    said = redemption(code, member={"member_id": "taro"})
    assert spent(shop, lambda: till.post("/v1/redemptions", said)) == (2, 0.5, 3)


def test_ten_coupons_of_one_member_cost_no_more_reads_than_one(shop):
    for n in range(10):
        shop.as_(OPERATOR).post("/v1/campaigns", CAMPAIGN | {"campaign_id": f"c-{n}"})
    codes = [issue(shop, f"s-{n}", f"c-{n}") for n in range(10)]
    shop.as_(TILL).post("/v1/validations", {"codes": codes, "channel": "pos", "basket": BASKET})  # into the cache
    writes, reads, trips = spent(shop, lambda: shop.as_(TILL).post("/v1/redemptions", redemption(*codes)))
    assert (reads, trips) == (1, 4)
    assert writes <= 2 + 4  # each KB beyond the first costs a unit: ten coupons and what each took


def test_a_validation_writes_nothing(shop):
    code = issue(shop, "s-1")
    said = {"codes": [code], "channel": "pos", "basket": BASKET}
    assert spent(shop, lambda: shop.as_(TILL).post("/v1/validations", said), 200) == (0, 1, 2)


def test_a_mistyped_code_costs_nothing(shop):
    said = {"codes": ["0000-0000-0000-01", "x"], "channel": "pos", "basket": BASKET}
    assert spent(shop, lambda: shop.as_(TILL).post("/v1/validations", said), 200) == (0, 0, 0)


def guess(shop, *codes):
    """Ledger, then directory, then transient: write units, read units and round trips of a validation."""
    tables = (shop.world.ledger.table, shop.world.directory.table, shop.world.transient)
    for table in tables:
        table.usage.reset()
    answer = shop.as_(TILL).post("/v1/validations", {"codes": codes, "channel": "pos", "basket": BASKET})
    return answer.status, [(one.usage.write_units, one.usage.read_units, one.usage.round_trips) for one in tables]


def test_an_unknown_code_costs_no_read_of_the_books_and_one_write_of_its_budget(shop):
    nothing = (0, 0, 0)
    codes = made_up(70)
    assert guess(shop, codes[0]) == (200, [nothing, nothing, (1, 0.5, 2)])
    assert guess(shop, *codes[1:11]) == (200, [nothing, nothing, (1, 0.5, 2)])
    for code in codes[11:60]:
        guess(shop, code)
    assert guess(shop, codes[60]) == (429, [nothing, nothing, (0, 0.5, 1)])


def test_the_fullest_budget_is_one_write_unit():
    clock = FakeClock()
    world = make_world(clock)
    for n in range(guessing.OF_AN_ADDRESS):
        clock.forward(milliseconds=5_999)
        counted = guessing.count(
            world, guessing.Budget("address", "somewhere", guessing.OF_AN_ADDRESS), 1, "r" * 36 + str(n)
        )
    (item,) = world.transient.scan(after=None, limit=9)
    assert len(counted.times) == guessing.OF_AN_ADDRESS
    assert size(item) < 512


def test_a_hold_is_two_writes_and_its_capture_one(shop):
    code, till = issue(shop, "s-1"), shop.as_(TILL)
    said = redemption(code, hold_seconds=600)
    path = f"/v1/redemptions/{said['redemption_id']}/capture"
    assert spent(shop, lambda: till.post("/v1/redemptions", said)) == (2, 1, 4)
    assert spent(shop, lambda: till.post(path, {}), 200) == (1, 1, 3)
    assert spent(shop, lambda: till.post(path, {}), 200) == (0, 1, 2)


def test_a_void_is_one_write_and_one_read(shop):
    said, till = redemption(issue(shop, "s-1")), shop.as_(TILL)
    till.post("/v1/redemptions", said)
    path = f"/v1/redemptions/{said['redemption_id']}/void"
    assert spent(shop, lambda: till.post(path, {"void_id": "v"}), 200) == (1, 1, 3)
    assert spent(shop, lambda: till.post(path, {"void_id": "v"}), 200) == (0, 1, 2)
    assert spent(shop, lambda: till.post("/v1/redemptions/never/void", {"void_id": "v"}), 200) == (1, 0.5, 2)


def test_a_retry_is_one_failed_condition(shop):
    said, till = redemption(issue(shop, "s-1")), shop.as_(TILL)
    till.post("/v1/redemptions", said)
    assert spent(shop, lambda: till.post("/v1/redemptions", said)) == (1, 1, 3)
    assert spent(shop, lambda: _issue(shop, "s-1", "open")) == (1, 1, 3)  # its entry lies behind the redemption's
    _issue(shop, "s-2", "capped")
    assert spent(shop, lambda: _issue(shop, "s-2", "capped")) == (1, 0.5, 2)


def test_two_homes_are_one_transaction(shop):
    codes = issue(shop, "s-1", "open"), issue(shop, "s-1", "other", "hanako")
    said, till = redemption(*codes), shop.as_(TILL)
    writes, reads, trips = spent(shop, lambda: till.post("/v1/redemptions", said))
    assert (writes, reads) == (2 * (1 + 2), 0.5 * 2 + 1)
    assert trips == 5  # a name and a head for each code, then the transaction
    path = f"/v1/redemptions/{said['redemption_id']}/void"
    assert spent(shop, lambda: till.post(path, {"void_id": "v"}), 200) == (2 * 2, 1.5, 4)


# ---- claims ---------------------------------------------------------------------------------------------------------


def _take(shop, claim_id, campaign_id):
    return shop.as_(member("taro")).post("/v1/me/claims", {"claim_id": claim_id, "campaign_id": campaign_id})


def test_a_claim_is_an_issue_and_its_name(shop):
    _take(shop, "warm", "open")
    assert spent(shop, lambda: _take(shop, "c-1", "open")) == (3, 1, 5)
    assert spent(shop, lambda: _take(shop, "c-1", "open")) == (2, 1, 4)


def test_a_claim_for_points_is_five_writes_all_told(shop):
    shop.as_(OPERATOR).post("/v1/campaigns", CAMPAIGN | {"campaign_id": "priced", "price_points": 5})
    gift = {"adjustment_id": "a", "points": 9, "reason": "gift", "member": {"member_id": "taro"}}
    assert Client(POINTS, shop.world, OPERATOR).post("/v1/adjustments", gift).status == 201
    passing, usage = Passing(shop.world), shop.world.ledger.table.usage
    _take(shop, "warm", "priced")
    passing.work()
    assert spent(shop, lambda: _take(shop, "c-1", "priced"), 202) == (3, 1, 5)
    for service, units in (("points", (1, 0.5)), ("coupons", (1, 2))):  # it pays or refuses, and the book hears it
        messages = [one for one in passing.step() if one[0] == service]
        usage.reset()
        passing.deliver(messages)
        assert (usage.write_units, usage.read_units) == units


def test_a_triggered_coupon_is_two_writes(shop):
    shop.as_(OPERATOR).post("/v1/campaigns", CAMPAIGN | {"campaign_id": "visit", "trigger": VISIT})
    shop.world.directory.settings("campaign")
    shop.world.directory.setting(("campaign", "visit"))
    shop.world.directory.settings("locator")
    usage = shop.world.ledger.table.usage
    usage.reset()
    records = [{"messageId": "m", "body": json.dumps(checkin())}]
    assert inbox.work(shop.world, {"Records": records}, reactions=REACTIONS) == {"batchItemFailures": []}
    assert (usage.write_units, usage.read_units, usage.round_trips) == (2, 0.5, 3)


def used(shop):
    """Write and read units of ledger, directory and transient since the last time."""
    tables = shop.world.ledger.table, shop.world.directory.table, shop.world.transient
    units = [(table.usage.write_units, table.usage.read_units) for table in tables]
    for table in tables:
        table.usage.reset()
    return units


def warm(shop):
    """Campaign, locators and programme come from the cache; what was spent so far is forgotten."""
    shop.world.directory.settings("locator")
    for key in (keys.campaign("open"), keys.programme()):
        shop.world.directory.setting(key)
    used(shop)


def test_a_job_costs_the_same_however_many_codes_it_makes(shop):
    operator, path = shop.as_(OPERATOR), "/v1/campaigns/open/codes"
    assert operator.post(path, {"job_id": "first", "count": 1}).status == 202  # gives the campaign its locator
    for job_id, count in (("large", 10_000), ("larger", 1_000_000)):
        warm(shop)
        assert operator.post(path, {"job_id": job_id, "count": count}).status == 202
        # Name and entry; the locator raised; the file's note.
        assert used(shop) == [(2, 0.5), (1, 1), (1, 1)]


def test_a_step_of_a_job_is_one_note(shop, monkeypatch):
    monkeypatch.setattr(code_files, "STEP", 10)
    monkeypatch.setattr(code_files, "AT_ONCE", 0)
    shop.as_(OPERATOR).post("/v1/campaigns/open/codes", {"job_id": "job", "count": 25})
    for _ in range(3):
        warm(shop)
        records = [{"messageId": "m", "body": json.dumps({"carry_on": keys.codes("job")})}]
        assert inbox.work(shop.world, {"Records": records}, reactions={}, carry_on=STEPS) == {"batchItemFailures": []}
        assert used(shop) == [(0, 2), (0, 0), (1, 1)]  # the name and the job's entry, and the note


def test_a_code_that_was_made_in_bulk_costs_no_write_until_it_is_used(shop):
    shop.as_(OPERATOR).post("/v1/campaigns/open/codes", {"job_id": "job", "count": 5})
    warm(shop)
    book = Codebook(shop.world)
    locator = book.locator_of("open", Form.BULK)
    assert locator is not None
    assert all(book.read(code) for code in book.codes(locator, range(5), book.key))
    assert used(shop) == [(0, 0)] * 3


def test_a_book_of_twelve_live_coupons_stays_within_one_kilobyte(shop):
    """Ring and bookkeeping take about 400 bytes, a coupon about 35; a fuller book costs a unit for each KB more."""
    for n in range(7):
        issue(shop, f"shibuya-1-20261120-{n:04d}")
    item = shop.world.ledger.table.newest("B#taro")
    assert len(chain.head_of(BOOK, "B#taro", item).state.coupons) == 12
    assert size(item) <= 1024


def test_counting_an_event_is_one_write_and_half_a_read(shop):
    stream = Stream(shop.world)
    deliver(shop.world, *stream.run())
    for n in range(20):
        issue(shop, f"counted-{n}", "once" if n % 2 else "open", "hanako" if n % 3 else "taro")
    events = stream.run()
    for event in events:
        used = shop.world.ledger.table.usage
        used.reset()
        assert deliver(shop.world, event) == []
        assert (used.write_units, used.round_trips) == (1, 2)
        assert used.read_units <= 0.5
    used.reset()
    assert deliver(shop.world, events[-1]) == []
    assert (used.write_units, used.read_units) == (0, 0.5)


def test_a_campaigns_figures_are_read_from_eight_heads_and_its_pools(shop):
    operator = shop.as_(OPERATOR)
    deliver(shop.world, *Stream(shop.world).run())
    assert spent(shop, lambda: operator.get("/v1/campaigns/open/stats"), 200) == (0, 4.5, 9)


def test_a_coupon_that_is_shown_costs_half_a_read_and_a_write_while_there_are_few(shop):
    code = issue(shop, "to-be-shown")
    taro = shop.as_(member("taro"))
    (shown,) = [one for one in taro.get("/v1/me/coupons").body["items"] if one["code"] == code]
    look = lambda: taro.get(f"/v1/me/coupons/{shown['coupon_id']}")  # noqa: E731
    look()
    _, of_list, trips = spent(shop, lambda: taro.get("/v1/me/coupons"), 200)
    writes, reads, more = spent(shop, look, 200)
    assert (writes, reads - of_list, more - trips) == (1, 0.5, 2)


# ---- codes on paper -------------------------------------------------------------------------------------------------


@pytest.fixture
def paper(shop):
    """Printed codes of a campaign with such limits, of which one has been used."""

    def make(**limits):
        said = CAMPAIGN | {"campaign_id": "paper", "limits": limits}
        assert shop.as_(OPERATOR).post("/v1/campaigns", said).status == 201
        world = shop.world
        locator = draw_locator(world, "paper", Form.BULK)
        item = world.directory.table.get(*keys.locator(locator))
        world.directory.table.put(item | {"made": 10, "editions": [[0, 1]]})
        world.clock.sleep(1)
        codes = [Codebook(world).code_of(locator, n) for n in range(10)]
        first = redemption(codes[9], redemption_id="first", member={"member_id": "taro"})
        assert shop.as_(TILL).post("/v1/redemptions", first).status == 201
        return codes

    return make


def test_a_printed_code_costs_two_writes_and_half_a_read_and_its_void_one_write(shop, paper):
    till, (code, *_) = shop.as_(TILL), paper()
    said = redemption(code)
    assert spent(shop, lambda: till.post("/v1/redemptions", said)) == (2, 0.5, 3)
    writes, reads, trips = spent(shop, lambda: till.post("/v1/redemptions", said))
    assert (writes, reads <= 1.5, trips <= 3) == (1, True, True)
    void = f"/v1/redemptions/{said['redemption_id']}/void"
    assert spent(shop, lambda: till.post(void, {"void_id": "v"}), 200) == (1, 1, 3)


@pytest.mark.parametrize(
    ("limits", "chains"),
    [
        ({"budget": 10_000}, 2),
        ({"per_store_day": 9}, 2),
        ({"per_member": 9}, 2),
        ({"budget": 9999, "per_member": 9}, 3),
    ],
)
def test_limits_are_chains_of_one_transaction(shop, paper, limits, chains):
    code, *_ = paper(**limits)
    said = redemption(code, **({"member": {"member_id": "taro"}} if "per_member" in limits else {}))
    writes, reads, trips = spent(shop, lambda: shop.as_(TILL).post("/v1/redemptions", said))
    assert (writes, reads) == (2 * (1 + chains), 0.5 * chains)
    assert trips <= 1 + chains
    void = f"/v1/redemptions/{said['redemption_id']}/void"
    writes, reads, trips = spent(shop, lambda: shop.as_(TILL).post(void, {"void_id": "v"}), 200)
    assert writes == 2 * chains
    assert reads <= 0.5 * chains + 1
    assert trips <= 2 + chains


def test_a_wrong_code_on_paper_costs_no_read_of_the_ledger(shop, paper):
    code, *_ = paper()
    other = redemption(f"{'0' if code[0] != '0' else '1'}{code[1:]}")
    assert spent(shop, lambda: shop.as_(TILL).post("/v1/redemptions", other), 409)[0] == 0
