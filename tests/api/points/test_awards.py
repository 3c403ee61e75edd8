"""POST /v1/awards and the partner's budget."""

import pytest

from infra import invariants
from points.awards import finish
from points.balances import ACCOUNT
from points.budgets import BUDGET
from shared.memory import MemoryTable
from tests.kit import CAFE, EC, OPERATOR, OTHER_CAFE, TILL, member


@pytest.fixture
def code(client):
    return client.as_(member("taro")).get("/v1/me/code").body["static"]["value"]


@pytest.fixture
def cafe(client):
    return client.as_(CAFE)


@pytest.fixture
def award(code):
    return lambda **changes: {"award_id": "a-1", "member": {"code": code}, "points": 100, "reason": "latte"} | changes


def balance(client, member_id="taro"):
    return client.as_(EC).get(f"/v1/members/{member_id}/balance").body["available"]


def settings(client, **changes):
    said = {"name": "cafe", "budget": {"kind": "monthly", "points": 2000}} | changes
    assert client.as_(OPERATOR).put("/v1/partners/cafe", said).status == 200


def test_a_guest_gets_points_out_of_the_partners_budget(cafe, award):
    answer = cafe.post("/v1/awards", award())
    assert answer.status == 201
    assert set(answer.body) == {"award_id", "member_ref", "points", "budget_left"}
    assert (answer.body["points"], answer.body["budget_left"]) == (100, 1900)
    assert balance(cafe) == 100


def test_a_partner_never_sees_who_the_member_is(cafe, award):
    answer = cafe.post("/v1/awards", award())
    assert "taro" not in str(answer.body)
    entry = cafe.as_(EC).get("/v1/members/taro/entries").body["items"][0]
    assert entry["ref"] == {"kind": "award", "id": "a-1"}


def test_a_members_pseudonym_is_the_partners_own_and_may_be_used_again(cafe, award, client):
    ref = cafe.post("/v1/awards", award()).body["member_ref"]
    assert cafe.post("/v1/awards", award(award_id="a-2", member={"member_ref": ref})).body["member_ref"] == ref
    other = client.as_(OTHER_CAFE)
    assert other.post("/v1/awards", award()).body["member_ref"] != ref
    assert other.post("/v1/awards", award(award_id="a-3", member={"member_ref": ref})).code == "member_not_found"


def test_the_same_award_again_is_answered_as_before(cafe, award):
    first = cafe.post("/v1/awards", award())
    cafe.post("/v1/awards", award(award_id="a-2"))
    again = cafe.post("/v1/awards", award())
    assert (again.status, again.body, again.is_replay) == (201, first.body, True)
    assert balance(cafe) == 200


def test_the_same_id_with_other_content_is_refused(cafe, award):
    cafe.post("/v1/awards", award())
    assert cafe.post("/v1/awards", award(points=99)).code == "id_reused"


def test_two_partners_may_use_the_same_id(cafe, award, client):
    assert cafe.post("/v1/awards", award()).status == 201
    assert client.as_(OTHER_CAFE).post("/v1/awards", award()).status == 201
    assert balance(cafe) == 200


def test_the_budget_is_not_exceeded(cafe, award, client):
    settings(client, budget={"kind": "monthly", "points": 250})
    assert [cafe.post("/v1/awards", award(award_id=f"a-{n}")).status for n in range(3)] == [201, 201, 409]
    answer = cafe.post("/v1/awards", award(award_id="a-9"))
    assert answer.code == "budget_exceeded"
    assert cafe.post("/v1/awards", award(award_id="a-10", points=50)).body["budget_left"] == 0
    assert balance(cafe) == 250


def test_a_months_budget_comes_back_with_the_month_and_a_prepaid_one_does_not(cafe, award, client, clock):
    for kind, status in (("monthly", 201), ("prepaid", 409)):
        settings(client, budget={"kind": kind, "points": 100})
        clock.forward(days=31)
        assert cafe.post("/v1/awards", award(award_id=f"{kind}-1")).status == status
        clock.forward(days=31)
        assert cafe.post("/v1/awards", award(award_id=f"{kind}-2")).status == status


@pytest.mark.parametrize(
    ("caps", "cap", "limit"),
    [
        ({"per_award": 99}, "per_award", 99),
        ({"per_member_day": 150}, "per_member_day", 150),
        ({"per_day": 150}, "per_day", 150),
    ],
)
def test_each_cap_is_named_with_its_limit(cafe, award, client, caps, cap, limit):
    settings(client, caps=caps)
    cafe.post("/v1/awards", award())
    answer = cafe.post("/v1/awards", award(award_id="a-2"))
    assert (answer.status, answer.code, answer.body["cap"], answer.body["limit"]) == (409, "cap_exceeded", cap, limit)


def test_a_days_caps_end_with_the_programmes_day(cafe, award, client, clock):
    settings(client, caps={"per_member_day": 100})
    assert cafe.post("/v1/awards", award()).status == 201
    clock.forward(hours=11, minutes=59)  # 23:59 in Tokyo
    assert cafe.post("/v1/awards", award(award_id="a-2")).code == "cap_exceeded"
    clock.forward(minutes=1)
    assert cafe.post("/v1/awards", award(award_id="a-3")).status == 201


class Sneaky(MemoryTable):
    """Runs something between the taking from the budget and the member's acceptance."""

    between = None

    def put_new(self, item):
        old = super().put_new(item)
        if item["pk"].startswith("P#") and self.between:
            run, self.between = self.between, None
            run()
        return old


def test_a_refusal_by_the_members_chain_is_an_entry_and_gives_the_budget_back(client, clock, code, award):
    client.world.ledger.table.__class__ = Sneaky
    cafe = client.as_(CAFE)
    settings(client, caps={"per_member_day": 150})
    client.world.ledger.table.between = lambda: cafe.post("/v1/awards", award(award_id="twin"))
    refused = cafe.post("/v1/awards", award())
    assert (refused.status, refused.code) == (409, "cap_exceeded")
    for _ in range(3):
        assert cafe.post("/v1/awards", award()).code == "cap_exceeded"
    assert cafe.get("/v1/partner/budget").body == {
        "kind": "monthly",
        "period": "2026-11",
        "budget": 2000,
        "used": 100,
        "left": 1900,
    }
    assert balance(cafe) == 100
    kinds = [entry["kind"] for entry in cafe.as_(EC).get("/v1/members/taro/entries").body["items"]]
    assert kinds == ["earned"]


def test_an_award_whose_process_died_after_the_budget_is_finished_by_the_stream_or_the_retry(client, award):
    class Dies(BaseException):
        pass

    def die():
        raise Dies

    client.world.ledger.table.__class__ = Sneaky
    cafe = client.as_(CAFE)
    client.world.ledger.table.between = die
    with pytest.raises(Dies):
        cafe.post("/v1/awards", award())
    assert balance(cafe) == 0
    name = client.world.ledger.table.get("N#award#partner.cafe#a-1", 0)
    for _ in range(3):
        finish(client.world, name)
    assert cafe.post("/v1/awards", award()).is_replay
    assert balance(cafe) == 100


def test_an_award_that_never_reached_the_budget_is_not_finished_by_the_stream(client, award):
    cafe = client.as_(CAFE)
    enter = client.world.ledger.enter
    client.world.ledger.enter = lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        cafe.post("/v1/awards", award())
    client.world.ledger.enter = enter
    finish(client.world, client.world.ledger.table.get("N#award#partner.cafe#a-1", 0))
    assert (balance(cafe), cafe.get("/v1/partner/budget").body["left"]) == (0, 2000)


def test_the_caps_of_an_award_are_those_of_its_name_whatever_changed_before_it_entered(client, award):
    """Its process died behind the name; the retry is the same award, under what held when it was judged."""
    cafe = client.as_(CAFE)
    enter = client.world.ledger.enter
    client.world.ledger.enter = lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        cafe.post("/v1/awards", award())
    client.world.ledger.enter = enter
    settings(client, budget={"kind": "monthly", "points": 10}, caps={"per_member_day": 10, "per_day": 10})
    assert cafe.post("/v1/awards", award(award_id="new")).code == "cap_exceeded"
    answer = cafe.post("/v1/awards", award())
    assert (answer.status, answer.body["budget_left"]) == (201, 1900)
    assert cafe.get("/v1/partner/budget").body["left"] == 0


@pytest.mark.parametrize("ref", [{"member_id": "taro"}, {"identity": {"type": "card", "value": "card-taro"}}])
def test_a_partner_names_members_by_code_or_pseudonym_only(cafe, award, ref):
    assert cafe.post("/v1/awards", award(member=ref)).code == "forbidden"


@pytest.mark.parametrize(
    "changes",
    [{"points": 0}, {"points": 1.0}, {"reason": ""}, {"award_id": "ä"}, {"occurred_at": "2026-11-20"}, {"x": 1}],
)
def test_a_bad_award_is_refused(cafe, award, changes):
    assert cafe.post("/v1/awards", award(**changes)).code == "invalid_request"


def test_an_award_from_the_future_is_refused(cafe, award):
    assert cafe.post("/v1/awards", award(occurred_at="2026-11-21T00:00:00Z")).code == "occurred_in_future"


def test_an_award_sent_again_from_an_earlier_clock_is_replayed(cafe, award, clock):
    said = award(occurred_at="2026-11-20T03:00:00Z")
    first = cafe.post("/v1/awards", said)
    clock.forward(days=-1)
    again = cafe.post("/v1/awards", said)
    assert (again.status, again.body, again.is_replay) == (201, first.body, True)
    assert cafe.post("/v1/awards", said | {"points": said["points"] + 1}).code == "id_reused"


@pytest.mark.parametrize("who", [EC, TILL, OPERATOR, member("taro")])
def test_awards_are_given_with_partner_keys_alone(client, award, who):
    assert client.as_(who).post("/v1/awards", award()).code == "forbidden"
    assert client.as_(who).get("/v1/partner/budget").code == "forbidden"


def test_a_paused_partner_gives_nothing(cafe, award, client):
    done = cafe.post("/v1/awards", award())
    settings(client, state="paused")
    assert (refused := cafe.post("/v1/awards", award(award_id="a-2"))).code == "partner_paused"
    assert refused.status == 403
    assert cafe.post("/v1/awards", award()).body == done.body  # what was given is told again
    assert cafe.get("/v1/partner/budget").body["used"] == 100
    settings(client, state="active")
    assert cafe.post("/v1/awards", award(award_id="a-2")).status == 201


def test_a_budget_lowered_below_what_is_used_has_nothing_left_and_never_less(cafe, award, client):
    cafe.post("/v1/awards", award())
    for kind in ("monthly", "prepaid"):
        settings(client, budget={"kind": kind, "points": 40})
        said = cafe.get("/v1/partner/budget").body
        assert (said["budget"], said["used"], said["left"]) == (40, 100, 0)
        assert cafe.post("/v1/awards", award(award_id="a-2", points=1)).code == "budget_exceeded"
    cafe.post("/v1/operations/a-1/reverse", {"reverse_id": "r", "kind": "award"})
    assert cafe.post("/v1/awards", award(award_id="a-2", points=40)).body["budget_left"] == 0


def test_both_chains_are_whole_after_all_this(cafe, award):
    for n in range(5):
        cafe.post("/v1/awards", award(award_id=f"a-{n}"))
    table = cafe.world.ledger.table
    for account in (ACCOUNT.partition("taro"), BUDGET.partition("cafe")):
        assert invariants.faults(table.items(account)) == []
