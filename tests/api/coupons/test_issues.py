"""Issuing over HTTP: once for each source, within total and member's limit, and back out again after a crash."""

import json

import pytest

from coupons.reactions import CARRY_ON, REACTIONS
from infra import invariants
from shared import chain, events, inbox, keys, relay
from shared.ledger import Ledger
from tests.kit import TILL, member

SAID = {"campaign_id": "spring", "source_id": "s-1", "member": {"member_id": "taro"}}


def issued(world, member_id="taro"):
    items = world.ledger.table.items(keys.account(keys.COUPON_BOOK, member_id))
    assert invariants.faults(items) == []
    return [entry for item in items for entry in chain.entries_of(item) if entry.kind == "issued"]


def pool(world, campaign_id="spring"):
    item = world.ledger.table.newest(keys.account(keys.POOL, campaign_id))
    return item["s"]["n"] if item else 0


def test_a_coupon_is_issued_in_the_contracts_shape(client, campaign):
    campaign()
    answer = client.post("/v1/issues", SAID)
    assert answer.status == 201
    coupon = answer.body
    assert set(coupon) == {
        *("coupon_id", "campaign_id", "state", "code", "qr_payload", "source_id", "valid_from", "valid_until", "offer")
    }
    assert (coupon["state"], coupon["source_id"], coupon["offer"]["value"]) == ("issued", "s-1", 300)
    assert (coupon["valid_from"], coupon["valid_until"]) == ("2026-11-20", "2026-12-31")
    assert coupon["code"].replace("-", "") == coupon["qr_payload"]
    (listed,) = client.as_(member("taro")).get("/v1/me/coupons").body["items"]
    assert listed == coupon | {"offline_token": listed["offline_token"], "name": {"ja": "春の割引", "en": "Spring"}}


def test_a_coupon_that_never_ends_says_so(client, campaign):
    campaign("endless", valid_until=None)
    answer = client.post("/v1/issues", SAID | {"campaign_id": "endless"})
    assert answer.body["valid_until"] is None


def test_valid_days_count_from_the_issue(client, campaign):
    campaign(valid_days=7)
    assert client.post("/v1/issues", SAID).body["valid_until"] == "2026-11-27"


def test_the_same_source_is_the_same_coupon(client, campaign):
    campaign()
    first = client.post("/v1/issues", SAID)
    again = client.post("/v1/issues", SAID)
    assert (again.status, again.body, again.is_replay) == (201, first.body, True)
    assert len(issued(client.world)) == 1


def test_a_retry_is_answered_as_at_first_whatever_became_of_the_coupon(client, campaign, till, redemption, operator):
    campaign(limits={"total": 1, "per_member": 1})
    first = client.post("/v1/issues", SAID)
    assert till.post("/v1/redemptions", redemption(first.body["code"])).status == 201
    operator.post("/v1/campaigns/spring/end")
    again = client.post("/v1/issues", SAID)
    assert (again.status, again.body, again.is_replay) == (201, first.body, True)


def test_a_source_with_other_content_is_refused(client, campaign):
    campaign()
    client.post("/v1/issues", SAID)
    for change in ({"member": {"member_id": "hanako"}}, {"order_ref": "o-1"}):
        answer = client.post("/v1/issues", SAID | change)
        assert (answer.status, answer.code) == (422, "id_reused")
    assert issued(client.world, "hanako") == []


def test_one_source_may_cause_coupons_of_two_campaigns(client, campaign, issue):
    campaign("one")
    campaign("two")
    assert issue("s-1", "one")["code"] != issue("s-1", "two")["code"]


def test_two_sources_at_one_index_get_two_coupons(client, campaign, issue, monkeypatch):
    """40 bits can't keep a million sources apart: the second takes its next place, and finds it again."""
    campaign()
    monkeypatch.setattr(
        "coupons.sources.source_index", lambda _generation, source, attempt: (len(source) % 2) + attempt
    )
    coupons = [issue(f"s-{n}") for n in range(3)]
    assert len({coupon["code"] for coupon in coupons}) == 3
    assert [issue(f"s-{n}") for n in range(3)] == coupons
    assert client.post("/v1/issues", SAID | {"source_id": "s-2", "order_ref": "x"}).code == "id_reused"
    assert len(issued(client.world)) == 3


def test_a_member_may_be_named_by_card(client, campaign):
    campaign()
    by_card = {"identity": {"type": "card", "value": "card-taro"}}
    assert client.post("/v1/issues", SAID | {"member": by_card}).status == 201
    assert len(issued(client.world)) == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [({"campaign_id": "nothing"}, "campaign_not_found"), ({"member": {"member_id": "nobody"}}, "member_not_found")],
)
def test_what_is_not_there(client, campaign, change, code):
    campaign()
    answer = client.post("/v1/issues", SAID | change)
    assert (answer.status, answer.code) == (404, code)
    assert client.world.ledger.table.scan() == []


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"source_id": "a b"}, "/source_id"),
        ({"member": {}}, "/member"),
        ({"member": {"member_id": "taro", "code": "1"}}, "/member"),
        ({"colour": 1}, "/colour"),
    ],
)
def test_a_bad_issue_is_pointed_at(client, campaign, change, where):
    campaign()
    answer = client.post("/v1/issues", SAID | change)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert [error["pointer"] for error in answer.body["errors"]] == [where]


def test_the_header_may_name_the_source(client, campaign):
    campaign()
    said = {name: value for name, value in SAID.items() if name != "source_id"}
    assert client.post("/v1/issues", said, Idempotency_Key="s-9").body["source_id"] == "s-9"
    assert client.post("/v1/issues", said).status == 422


def test_tills_issue_nothing(client, campaign):
    campaign()
    assert client.as_(TILL).post("/v1/issues", SAID).code == "forbidden"


def test_a_campaign_that_is_over_issues_nothing(client, campaign, clock):
    campaign(valid_until="2026-11-20")
    clock.forward(hours=12)  # midnight in Tokyo is 15:00 UTC
    answer = client.post("/v1/issues", SAID)
    assert (answer.status, answer.code) == (409, "campaign_not_active")


def test_a_coupon_may_be_issued_before_its_first_day(client, campaign, till, redemption):
    campaign(valid_from="2026-12-01")
    coupon = client.post("/v1/issues", SAID).body
    assert coupon["valid_from"] == "2026-12-01"
    refused = till.post("/v1/redemptions", redemption(coupon["code"]))
    assert (refused.code, refused.body["reason"]) == ("code_not_applicable", "not_yet_valid")


# ---- limits ---------------------------------------------------------------------------------------------------------


def test_the_members_limit_is_kept_and_a_used_coupon_still_counts(client, campaign, issue, till, redemption):
    campaign(limits={"per_member": 2})
    coupon = issue("s-1")
    issue("s-2")
    till.post("/v1/redemptions", redemption(coupon["code"]))
    answer = client.post("/v1/issues", SAID | {"source_id": "s-3"})
    assert (answer.status, answer.code) == (409, "member_limit_reached")
    issue("s-3", member_id="hanako")  # a refusal is not remembered: the id is free


def test_the_total_is_kept_to_the_last_coupon(client, campaign, issue):
    campaign(limits={"total": 3})
    for n in range(3):
        issue(f"s-{n}", member_id=("taro", "hanako")[n % 2])
    answer = client.post("/v1/issues", SAID | {"source_id": "s-3"})
    assert (answer.status, answer.code) == (409, "campaign_exhausted")
    assert pool(client.world) == 3


def test_a_raised_total_goes_on_where_it_stood(client, campaign, issue, operator):
    campaign(limits={"total": 1})
    issue("s-1")
    assert client.post("/v1/issues", SAID | {"source_id": "s-2"}).code == "campaign_exhausted"
    operator.send("PATCH", "/v1/campaigns/spring", {"limits": {"total": 2}})
    issue("s-2")
    assert client.post("/v1/issues", SAID | {"source_id": "s-3"}).code == "campaign_exhausted"


def test_a_member_at_the_limit_takes_nothing_from_the_pool(client, campaign, issue):
    campaign(limits={"total": 5, "per_member": 1})
    issue("s-1")
    assert client.post("/v1/issues", SAID | {"source_id": "s-2"}).code == "member_limit_reached"
    assert pool(client.world) == 1


def test_the_last_coupon_of_a_campaign_is_told(client, campaign, issue):
    campaign(limits={"total": 2})
    issue("s-1")
    issue("s-2")
    items = client.world.ledger.table.items("L#spring")
    told = [event for item in items for entry in chain.entries_of(item) for event in events.of_entry(entry)]
    assert [(event["type"], event["subject"], event["data"]["campaign_id"]) for event in told] == [
        ("omotenashi.campaign.exhausted.v1", "spring", "spring")
    ]


def test_two_hundred_live_coupons_fill_a_book_and_used_ones_make_room(client, campaign, issue, till, redemption):
    campaign()
    coupons = [issue(f"s-{n}") for n in range(200)]
    answer = client.post("/v1/issues", SAID | {"source_id": "s-200"})
    assert (answer.code, answer.body["limit"]) == ("member_limit_reached", 200)
    assert till.post("/v1/redemptions", redemption(coupons[7]["code"])).status == 201
    issue("s-200")
    mine = client.as_(member("taro"))
    assert mine.get(f"/v1/me/coupons/{coupons[7]['coupon_id']}").code == "coupon_not_found"
    assert till.post("/v1/redemptions", redemption(coupons[7]["code"], redemption_id="r-2")).code == "code_not_usable"
    voided = till.post("/v1/redemptions/r-1/void", {"void_id": "v-1"})
    assert [one["coupon_id"] for one in voided.body["coupons"]] == [coupons[7]["coupon_id"]]
    assert mine.get(f"/v1/me/coupons/{coupons[7]['coupon_id']}").body["state"] == "issued"
    assert till.post("/v1/redemptions", redemption(coupons[7]["code"], redemption_id="r-3")).status == 201


# ---- batches --------------------------------------------------------------------------------------------------------


def test_a_whole_batch_for_one_member_fits_beside_what_the_member_has(client, campaign, issue):
    campaign()
    issue("s-0")
    answer = client.post("/v1/issues/batch", {"issues": [SAID | {"source_id": f"b-{n}"} for n in range(100)]})
    assert {one["status"] for one in answer.body["results"]} == {201}


def test_a_bad_issue_of_a_batch_harms_no_other(client, campaign):
    campaign(limits={"per_member": 1})
    sent = [SAID, "nonsense", SAID | {"source_id": "s-2"}, SAID | {"member": {"member_id": "hanako"}}, {}]
    sent.append(SAID | {"source_id": "s-3", "member": {"member_id": "hanako"}})
    answer = client.post("/v1/issues/batch", {"issues": sent})
    assert answer.status == 200
    told = [(one["source_id"], one["status"], one["body"].get("code")) for one in answer.body["results"]]
    assert [status for _, status, _ in told] == [201, 422, 409, 422, 422, 201]
    assert told[2] == ("s-2", 409, "member_limit_reached")
    assert told[3] == ("s-1", 422, "id_reused")
    assert (told[1][0], told[4][0]) == (None, None)
    single = client.post("/v1/issues", SAID)
    assert (single.is_replay, single.body) == (True, answer.body["results"][0]["body"])


@pytest.mark.parametrize("body", [{}, {"issues": []}, {"issues": [{}] * 101}])
def test_a_bad_batch(client, body):
    assert client.post("/v1/issues/batch", body).code == "invalid_request"


# ---- crashes --------------------------------------------------------------------------------------------------------


class Died(BaseException):
    pass


@pytest.fixture
def die(monkeypatch):
    """Lets the process die before its nth append to a chain."""

    def at(nth):
        entered, calls = Ledger.enter, []

        def enter(*args, **more):
            calls.append(1)
            if len(calls) == nth:
                raise Died
            return entered(*args, **more)

        monkeypatch.setattr(Ledger, "enter", enter)

    return at


def finish(world):
    """What the relay sees in the table and the inbox makes of it."""
    carried = []

    class Outbox:
        def publish(self, _):
            return []

        def carry_on(self, service, partition):
            assert service == "coupons"
            carried.append(partition)

        def park(self, _, reason):
            raise AssertionError(reason)

    for item in world.ledger.table.scan():
        relay._of_ledger(world, item, Outbox())
    records = [{"messageId": f"m-{n}", "body": json.dumps({"carry_on": one})} for n, one in enumerate(carried)]
    assert inbox.work(world, {"Records": records}, reactions=REACTIONS, carry_on=CARRY_ON) == {"batchItemFailures": []}
    assert not [item for item in world.transient.scan() if item["pk"].startswith("parked")]
    return len(carried)


@pytest.mark.parametrize(("nth", "is_finished"), [(1, False), (2, True)])
def test_after_the_pool_has_given_the_stream_finishes(client, campaign, die, monkeypatch, clock, nth, is_finished):
    """Before that nothing happened: what may still be refused only its caller finishes."""
    campaign(limits={"total": 5})
    die(nth)
    with pytest.raises(Died):
        client.post("/v1/issues", SAID)
    monkeypatch.undo()
    assert finish(client.world) == int(is_finished)
    assert (len(issued(client.world)), pool(client.world)) == ((1, 1) if is_finished else (0, 0))
    clock.forward(seconds=1)
    answer = client.post("/v1/issues", SAID)
    assert (answer.status, answer.is_replay) == (201, True)
    assert (len(issued(client.world)), pool(client.world)) == (1, 1)


def test_a_name_without_a_pool_is_finished_by_its_caller(client, campaign, die, monkeypatch):
    campaign()
    die(1)
    with pytest.raises(Died):
        client.post("/v1/issues", SAID)
    monkeypatch.undo()
    assert finish(client.world) == 0
    assert client.post("/v1/issues", SAID).status == 201
    assert len(issued(client.world)) == 1


def test_an_open_name_dies_after_a_day(client, campaign, die, monkeypatch, clock):
    for campaign_id, limits in (("spring", {}), ("capped", {"total": 3})):
        campaign(campaign_id, limits=limits)
        with monkeypatch.context() as patched:
            patched.setattr(Ledger, "enter", lambda *_args, **_more: (_ for _ in ()).throw(Died))
            with pytest.raises(Died):
                client.post("/v1/issues", SAID | {"campaign_id": campaign_id})
    clock.forward(hours=25)
    for campaign_id in ("spring", "capped"):
        assert client.post("/v1/issues", SAID | {"campaign_id": campaign_id}).code == "reversed"
    assert (issued(client.world), pool(client.world, "capped")) == ([], 0)


def test_a_book_that_refuses_at_the_last_moment_gives_the_unit_back(client, campaign, issue, die, monkeypatch):
    """The pool gave, then another issue took the member's last place, then the first goes on."""
    campaign(limits={"total": 5, "per_member": 1})
    die(2)
    with pytest.raises(Died):
        client.post("/v1/issues", SAID)
    monkeypatch.undo()
    issue("s-2")
    assert pool(client.world) == 2
    for _ in range(2):
        answer = client.post("/v1/issues", SAID)
        assert (answer.status, answer.code) == (409, "member_limit_reached")
    finish(client.world)
    assert (len(issued(client.world)), pool(client.world)) == (1, 1)


def test_the_stream_too_gives_back_what_the_book_refuses(client, campaign, issue, die, monkeypatch):
    campaign(limits={"total": 5, "per_member": 1})
    die(2)
    with pytest.raises(Died):
        client.post("/v1/issues", SAID)
    monkeypatch.undo()
    issue("s-2")
    finish(client.world)
    finish(client.world)
    assert (len(issued(client.world)), pool(client.world)) == (1, 1)
    assert client.post("/v1/issues", SAID).code == "member_limit_reached"


def test_the_stream_gives_back_too_if_the_process_died_after_the_refusal(client, campaign, issue, die, monkeypatch):
    campaign(limits={"total": 5, "per_member": 1})
    die(2)
    with pytest.raises(Died):
        client.post("/v1/issues", SAID)
    monkeypatch.undo()
    issue("s-2")
    die(4)  # the retry finds nothing in the book, the pool's entry, the book's no, and dies before the unit is back
    with pytest.raises(Died):
        client.post("/v1/issues", SAID)
    monkeypatch.undo()
    assert pool(client.world) == 2
    for _ in range(2):
        finish(client.world)
        assert (len(issued(client.world)), pool(client.world)) == (1, 1)


def test_the_pools_entry_itself_tells_the_stream(client, campaign, die, monkeypatch):
    """The stream may have looked at the name before a retry brought it into the pool."""
    campaign(limits={"total": 5})
    die(2)
    with pytest.raises(Died):
        client.post("/v1/issues", SAID)
    monkeypatch.undo()
    (entry,) = chain.entries_of(client.world.ledger.table.items("L#spring")[0])
    (name,) = [item for item in client.world.ledger.table.scan() if item["pk"].startswith("N#issue")]
    assert entry.data["carry"] == ["coupons", name["pk"], "B#taro", 0]


@pytest.mark.parametrize(("valid_from", "status"), [("2026-11-21", 201), ("2026-11-22", 409), ("2026-12-20", 409)])
def test_a_coupon_whose_days_are_over_before_they_begin_is_not_issued(client, campaign, valid_from, status):
    campaign(valid_from=valid_from, valid_days=1)
    answer = client.post("/v1/issues", SAID)
    assert answer.status == status
    assert status == 201 or answer.code == "campaign_not_active"
