"""A member leaves: asks for it, may stay after all, and is erased; what comes in later moves nothing."""

import json
import re
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta

import pytest

from infra import invariants
from points import erasure, forgetting, jobs, leaving, packing
from points.reactions import CARRY_ON
from shared import events, inbox, keys, relay
from shared.directory import Directory
from shared.ledger import Ledger
from tests import catalogue
from tests.api.points import shop
from tests.api.points.shop import balance, buy, entries, points, spend
from tests.events.test_relay import Box, ledger_records
from tests.kit import CAFE, EC, OPERATOR, TILL, key, member, purchase
from tests.stream import Stream, record

TARO = member("taro")


def everything(world):
    """Every item of the three tables, as one text."""
    tables = world.ledger.table, world.directory.table, world.transient
    return "\n".join(str(item) for table in tables for item in items(table))


def items(table):
    return table.scan(after=None, limit=100_000)


def faults(client):
    """What is wrong with the books, of everybody."""
    return invariants.faults(items(client.world.ledger.table), client.world.clock.now() + timedelta(days=1))


def state_of(client, member_id="taro"):
    return client.get(f"/v1/members/{member_id}").body["state"]


def erase(client, member_id="taro", body=None):
    return client.as_(OPERATOR).delete(f"/v1/members/{member_id}", {} if body is None else body)


# ---- asking, and staying --------------------------------------------------------------------------------------------


def test_who_asks_is_told_from_when_on_and_is_a_member_until_then(client, clock):
    answer = client.as_(TARO).delete("/v1/me", {"confirm": True})
    assert (answer.status, answer.body) == (202, {"erase_after": "2026-12-04T03:00:00Z"})
    clock.forward(days=13)
    me = client.as_(TARO).get("/v1/me").body
    assert (me["state"], me["erase_after"]) == ("active", "2026-12-04T03:00:00Z")
    assert buy(client).status == 201
    jobs.hourly(client.world)
    assert state_of(client) == "active"


def test_asking_again_moves_nothing(client, clock):
    first = client.as_(TARO).delete("/v1/me", {"confirm": True})
    clock.forward(days=3)
    assert client.as_(TARO).delete("/v1/me", {"confirm": True}).body == first.body


@pytest.mark.parametrize(
    ("body", "pointer"), [({}, "/confirm"), ({"confirm": False}, "/confirm"), ({"confirm": "hanako"}, "/confirm")]
)
def test_without_the_members_word_nothing_happens(client, body, pointer):
    answer = client.as_(TARO).delete("/v1/me", body)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert answer.body["errors"][0]["pointer"].startswith(pointer)
    assert "erase_after" not in client.as_(TARO).get("/v1/me").body


def test_who_stays_after_all_stays(client, clock):
    client.as_(TARO).delete("/v1/me", {"confirm": "taro"})
    answer = client.as_(TARO).post("/v1/me/keep", {})
    assert (answer.status, answer.body["state"]) == (200, "active")
    assert "erase_after" not in answer.body
    assert client.as_(TARO).post("/v1/me/keep", {}).status == 200
    clock.forward(days=30)
    jobs.hourly(client.world)
    assert state_of(client) == "active"
    assert client.world.directory.table.items(keys.leaving(0, "")[0]) == []


def test_when_the_time_has_come_there_is_no_way_back_even_before_the_job(client, clock):
    client.as_(TARO).delete("/v1/me", {"confirm": True})
    clock.forward(days=14)
    for answer in (client.as_(TARO).post("/v1/me/keep", {}), client.as_(TARO).get("/v1/me")):
        assert (answer.status, answer.code) == (403, "not_a_member")
    assert state_of(client) == "erased"
    jobs.hourly(client.world)
    assert state_of(client) == "erased"
    assert erasure.raw(client.world, "taro")["state"] == "erased"


def test_a_grace_of_no_days_erases_at_once(client):
    shop.set_programme(client, erasure_grace_days=0)
    assert client.as_(TARO).delete("/v1/me", {"confirm": True}).status == 202
    assert erasure.raw(client.world, "taro")["state"] == "erased"


def test_who_was_merged_away_meanwhile_lives_on_in_the_other_member(client, clock):
    client.as_(TARO).delete("/v1/me", {"confirm": True})
    body = {"merge_id": "m", "into_member_id": "hanako"}
    assert client.as_(OPERATOR).post("/v1/members/taro/merge", body).status == 200
    clock.forward(days=15)
    jobs.hourly(client.world)
    assert (state_of(client), state_of(client, "hanako")) == ("merged", "active")
    assert client.world.directory.table.items(keys.leaving(0, "")[0]) == []
    assert "erase_after" not in client.get("/v1/members/taro").body


def test_one_who_can_not_be_erased_is_in_nobodys_way_and_comes_again(client, clock):
    for one in ("taro", "hanako"):
        client.as_(member(one)).delete("/v1/me", {"confirm": True})
    clock.forward(days=15)

    def fails(world, member_id):
        return erasure.erase(world, member_id) if member_id == "taro" else 1 / 0

    assert leaving.work(client.world, 1e12, fails) == (1, 1, True)
    assert erasure.raw(client.world, "taro")["state"] == "erased"
    assert erasure.raw(client.world, "hanako")["state"] == "active"
    assert leaving.work(client.world, 1e12) == (1, 0, True)
    assert erasure.raw(client.world, "hanako")["state"] == "erased"


def test_a_job_that_has_no_time_left_goes_on_the_next_time(client, clock):
    client.as_(TARO).delete("/v1/me", {"confirm": True})
    clock.forward(days=15)
    assert leaving.work(client.world, client.world.clock.elapsed()) == (0, 0, False)
    assert erasure.raw(client.world, "taro")["state"] == "active"


# ---- erased ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def known(client):
    """Taro has a name, a phone, consents, points of every kind, a debt to come, holds, an order that is placed."""
    operator = client.as_(OPERATOR)
    phone = {"identity": {"type": "phone", "value": "+819012345678"}}
    assert operator.post("/v1/members/taro/identities", phone).status == 201
    for purpose in ("location", "marketing"):
        client.as_(TARO).put(f"/v1/me/consents/{purpose}", {"granted": True, "version": "consent-of-2026"})
    line = {"line_id": "1", "sku": "SKU-DIARY", "category": "stationery", "quantity": 2, "amount": 10_000}
    assert buy(client, "p-1", staff_id="clerk-7", order_ref="ORDER-SECRET", payment="SUICA", lines=[line]).status == 201
    assert buy(client, "p-2", source="ec", state="placed", lines=[line]).status == 201
    for spend_id in ("s-1", "s-2"):
        body = {"spend_id": spend_id, "member": {"member_id": "taro"}, "points": 5, "order_ref": "ORDER-SECRET"}
        assert client.post("/v1/spends", body).status == 201
    hold = {"hold_id": "h-1", "member": {"member_id": "taro"}, "points": 20, "order_ref": "ORDER-SECRET"}
    assert client.post("/v1/holds", hold).status == 201
    gift = {"adjustment_id": "a-1", "member": {"member_id": "taro"}, "points": 7, "reason": "WEDDING of Taro"}
    assert operator.post("/v1/adjustments", gift).status == 201
    code = client.as_(TARO).get("/v1/me/code").body["static"]["value"]
    award = {"award_id": "w-1", "member": {"code": code}, "points": 3, "reason": "LATTE for Taro"}
    assert client.as_(CAFE).post("/v1/awards", award).status == 201
    assert points(client) == (80, 100, 20, 0)
    return client


def test_an_erased_member_has_nothing_and_is_nobody(known):
    answer = erase(known)
    assert (answer.status, answer.body) == (202, {"erase_after": "2026-11-20T03:00:00Z"})
    assert known.get("/v1/members/taro").body == {
        "member_id": "taro",
        "identities": [],
        "tier": "base",
        "consents": {},
        "state": "erased",
    }
    assert points(known) == (0, 0, 0, 0)
    assert faults(known) == []
    newest = known.get("/v1/members/taro/entries").body["items"][0]
    assert (newest["kind"], newest["points"], newest["balance_after"]) == ("adjusted", -80, 0)
    assert newest["ref"] == {"kind": "erasure", "id": "taro"}
    for method, path, body in (
        ("get", "/v1/me", None),
        ("get", "/v1/me/balance", None),
        ("get", "/v1/me/entries", None),
        ("get", "/v1/me/code", None),
        ("post", "/v1/me", {}),
        ("post", "/v1/me/keep", {}),
        ("put", "/v1/me/consents/location", {"granted": True, "version": "1"}),
        ("delete", "/v1/me", {"confirm": True}),
    ):
        said = getattr(known.as_(TARO), method)(path, *([] if body is None else [body]))
        assert (said.status, said.code) == (403, "not_a_member"), path


def test_of_who_somebody_was_nothing_is_left_in_any_table(known):
    before = everything(known.world)
    digests = [one["digest"] for one in erasure.raw(known.world, "taro")["identities"]]
    card = erasure.raw(known.world, "taro")["static_code"]
    assert len(digests) == 2
    words = ["…5678", "consent-of-2026", "ORDER-SECRET", "clerk-7", "SUICA", "WEDDING", "LATTE", card, *digests]
    assert [word for word in words if word not in before] == []
    assert "SKU-DIARY" in str(sold(known, "p-1"))
    erase(known)
    after = everything(known.world)
    assert [word for word in words if word in after] == []
    for source, purchase_id in (("pos", "p-1"), ("ec", "p-2")):
        (line,) = sold(known, purchase_id, source)
        assert (line.sku, line.category, line.quantity, line.amount) == (None, None, 2, 10_000)


def sold(client, purchase_id, source="pos"):
    name = client.world.ledger.table.get(keys.purchase(source, purchase_id), 0)
    return packing.unpack_bought(name["op"]).lines


def test_an_award_that_gave_nothing_keeps_no_reason(client):
    """The member's chain refused one after the budget had taken it; another was closed before it came there."""
    settings = {"name": "cafe", "budget": {"kind": "monthly", "points": 2000}}
    capped = settings | {"caps": {"per_member_day": 100}}
    assert client.as_(OPERATOR).put("/v1/partners/cafe", capped).status == 200
    code = client.as_(TARO).get("/v1/me/code").body["static"]["value"]

    def give(award_id):
        body = {"award_id": award_id, "member": {"code": code}, "points": 80, "reason": f"LATTE {award_id} for Taro"}
        return client.as_(CAFE).post("/v1/awards", body)

    dying(client, lambda: give("refused"))
    assert give("given").status == 201
    assert give("refused").code == "cap_exceeded"
    assert client.as_(OPERATOR).put("/v1/partners/cafe", settings).status == 200
    dying(client, lambda: give("closed"))
    assert client.as_(CAFE).post("/v1/operations/closed/reverse", {"reverse_id": "u", "kind": "award"}).status == 200
    assert everything(client.world).count("LATTE") == 3
    told = sweep(client).sent
    assert [fault for event in told for fault in catalogue.faults(event)] == []
    erase(client)
    assert "LATTE" not in everything(client.world)
    assert faults(client) == []


def test_the_chain_is_as_it_was_and_one_entry_longer(known):
    before = known.world.ledger.table.items("M#taro")
    erase(known)
    after = known.world.ledger.table.items("M#taro")
    assert after[:-1] == before
    assert invariants.faults(after) == []


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/v1/purchases", purchase(purchase_id="new"), "member_not_found"),
        ("/v1/purchases/preview", purchase(purchase_id="new"), "member_not_found"),
        ("/v1/spends", {"spend_id": "n", "points": 1, "order_ref": "o"}, "member_not_found"),
        ("/v1/holds", {"hold_id": "n", "points": 1, "order_ref": "o"}, "member_not_found"),
        ("/v1/actions", {"action_id": "n", "type": "own_bag"}, "member_not_found"),
        ("/v1/members/resolve", {}, "member_not_found"),
        ("/v1/members/taro/identities", {"identity": {"type": "card", "value": "c"}}, "member_not_found"),
        ("/v1/members/taro/merge", {"merge_id": "m", "into_member_id": "hanako"}, "member_not_found"),
        ("/v1/members/hanako/merge", {"merge_id": "m", "into_member_id": "taro"}, "member_not_found"),
        ("/v1/holds/h-1/capture", {}, "insufficient_points"),
        ("/v1/holds/h-1/extend", {"ttl_seconds": 100}, "hold_closed"),
    ],
)
def test_nothing_new_happens_to_an_erased_member_and_a_refusal_writes_nothing(known, path, body, code):
    shop.set_programme(
        known, earning=[shop.BASE, {"rule_id": "bag", "kind": "bonus", "points": 1, "when": {"actions": ["own_bag"]}}]
    )
    erase(known)
    before = items(known.world.ledger.table)
    if "member" not in body and path in ("/v1/spends", "/v1/holds", "/v1/actions", "/v1/members/resolve"):
        body = {**body, "member": {"member_id": "taro"}}
    answer = known.as_(OPERATOR).post(path, body)
    assert answer.code == code, answer.body
    assert items(known.world.ledger.table) == before


def test_an_award_finds_nobody(known):
    code = known.as_(TARO).get("/v1/me/code").body["static"]["value"]
    erase(known)
    body = {"award_id": "w-2", "member": {"code": code}, "points": 3, "reason": "latte"}
    assert known.as_(CAFE).post("/v1/awards", body).code == "member_not_found"


def test_what_was_the_members_may_be_somebody_elses_now(known):
    erase(known)
    identities = [{"type": "card", "value": "card-taro"}, {"type": "phone", "value": "+819012345678"}]
    assert known.as_(OPERATOR).post("/v1/members", {"member_id": "jiro", "identities": identities}).status == 201
    body = purchase(purchase_id="of-jiro", member={"identity": {"type": "card", "value": "card-taro"}})
    assert known.post("/v1/purchases", body).body["member_id"] == "jiro"
    assert erase(known).is_replay
    assert known.as_(OPERATOR).post("/v1/members/resolve", {"member": {"identity": identities[1]}}).status == 200


def test_a_member_with_a_hundred_identities_is_erased(client):
    for n in range(120):
        body = {"identity": {"type": "card", "value": f"card-{n}"}}
        assert client.post("/v1/members/taro/identities", body).status == 201
    erase(client)
    left = [item for item in items(client.world.directory.table) if item.get("sk") == "identity"]
    assert {item["member_id"] for item in left} == {"hanako"}


def test_requests_that_came_before_are_answered_as_before(known):
    body = purchase(purchase_id="p-9")
    first = known.post("/v1/purchases", body)
    gift = {"adjustment_id": "a-1", "member": {"member_id": "taro"}, "points": 7, "reason": "WEDDING of Taro"}
    erase(known)
    again = known.post("/v1/purchases", body)
    assert (again.status, again.body, again.is_replay) == (201, first.body, True)
    assert known.as_(OPERATOR).post("/v1/adjustments", gift).is_replay
    assert known.as_(OPERATOR).post("/v1/adjustments", {**gift, "reason": "else"}).code == "id_reused"
    assert points(known) == (0, 0, 0, 0)


@pytest.mark.parametrize("clawback", ["debt", "clamp", "refuse"])
def test_what_comes_back_later_is_taken_and_moves_no_points(known, clawback):
    shop.set_programme(known, clawback=clawback)
    paid = {"purchase_id": "p-3", "points_used": 30, "lines": [shop.line(10_000)]}
    assert known.post("/v1/purchases", purchase(**paid)).status == 201
    erase(known)
    returned = shop.give_back(known, "p-3", "r-3")
    assert returned.status == 201, returned.body
    assert (returned.body["balance"], points(known)) == (0, (0, 0, 0, 0))
    assert shop.give_back(known, "p-3", "r-3").is_replay
    assert shop.give_back(known, "p-1", "r-1", shop.part(quantity=1)).status == 201
    assert shop.complete(known, "p-2", "ec").status == 200
    assert shop.reverse(known, "s-1", "spend").status == 200
    assert shop.reverse(known, "p-1").status == 200
    assert shop.reverse(known, "p-2", source="ec").status == 200
    assert shop.reverse(known, "h-1", "hold").status == 200
    assert known.as_(CAFE).post("/v1/operations/w-1/reverse", {"reverse_id": "u", "kind": "award"}).status == 200
    assert points(known) == (0, 0, 0, 0)
    assert faults(known) == []


def test_an_order_that_is_cancelled_later_moves_nothing(known):
    erase(known)
    assert shop.cancel(known, "p-2", "ec").status == 200
    assert points(known) == (0, 0, 0, 0)
    assert faults(known) == []


def test_a_debt_is_let_go(known):
    spend(known, 70, "much")
    shop.give_back(known, "p-1")
    assert balance(known)["debt"] > 0
    erase(known)
    assert points(known) == (0, 0, 0, 0)
    assert faults(known) == []


def dying(client, act, before=("M#",)):
    """A request whose process dies after its name."""
    put_new = client.world.ledger.table.put_new

    def until_the_name(item):
        if item["pk"].startswith(before):
            raise KeyboardInterrupt
        return put_new(item)

    client.world.ledger.table.put_new = until_the_name
    with pytest.raises(KeyboardInterrupt):
        act()
    client.world.ledger.table.put_new = put_new


@pytest.mark.parametrize("is_used", [True, False])
def test_a_purchase_whose_process_died_before_its_entry_moves_nothing(client, is_used):
    """The stream finishes it, or its till asks again: late, and the points are gone in the same item."""
    if is_used:
        buy(client, "before")
    dying(client, lambda: buy(client, "late"))
    erase(client)
    sweep(client)
    assert entries(client)[-1 - (not is_used) :][0][0] in ("earned", "adjusted")
    answer = buy(client, "late")
    assert (answer.status, answer.is_replay, answer.body["points"]["available"]) == (201, True, 10)
    assert (answer.body["balance"], points(client)) == (0, (0, 0, 0, 0))
    assert faults(client) == []


def sweep(client, follow=None):
    box = Box()
    relay.relay_ledger(client.world, ledger_records(client), box, follow)
    assert box.parked == []
    for n, (_, name) in enumerate(box.carried):
        message = {"messageId": str(n), "body": json.dumps({"carry_on": name})}
        done = inbox.work(client.world, {"Records": [message]}, reactions={}, carry_on=CARRY_ON)
        assert done == {"batchItemFailures": []}
    assert not [item for item in items(client.world.transient) if item["pk"].startswith("parked")]
    return box


# ---- names that never entered ---------------------------------------------------------------------------------------


@pytest.fixture
def asked(client):
    """Requests of Taro's that have a name with words, and no entry: their processes died, or they wait for people."""
    buy(client, "before", 30_000)
    code = client.as_(TARO).get("/v1/me/code").body["static"]["value"]
    line = {"line_id": "1", "sku": "SKU-DIARY", "quantity": 1, "amount": 1000}
    of_taro = {"member": {"member_id": "taro"}, "points": 5, "order_ref": "ORDER-SECRET"}
    award = {"award_id": "w", "member": {"code": code}, "points": 3, "reason": "LATTE for Taro"}
    for act in (
        lambda: buy(client, "p", points_used=5, order_ref="ORDER-SECRET", lines=[line]),
        lambda: client.post("/v1/spends", {"spend_id": "s", **of_taro}),
        lambda: client.post("/v1/holds", {"hold_id": "h", **of_taro}),
        lambda: client.as_(CAFE).post("/v1/awards", award),
    ):
        dying(client, act, before=("M#", "P#"))
    shop.set_programme(client, approval_above=10)
    gift = {"adjustment_id": "a", "member": {"member_id": "taro"}, "points": 70, "reason": "WEDDING of Taro"}
    assert client.as_(OPERATOR).post("/v1/adjustments", gift).status == 202
    assert words_of(client) == ["N#adjustment#a", "N#award#w", "N#hold#h", "N#purchase.pos#p", "N#spend#s"]
    return client


def words_of(client):
    """The names that have words still, without whose they are."""
    names = [one for one in items(client.world.ledger.table) if one["sk"] == 0]
    return sorted(re.sub("#[a-z.]*#", "#", one["pk"][2:]).join(("N#", "")) for one in names if is_told(one))


def is_told(name):
    said = str(packing.unpack_bought(name["op"])) if "purchase" in name["pk"] else str(name.get("op"))
    return any(word in said for word in ("ORDER-SECRET", "SKU-DIARY", "LATTE", "WEDDING"))


def noted(client):
    return [one for one in items(client.world.directory.table) if one["pk"].startswith("unentered#")]


@pytest.mark.parametrize("is_relayed_late", [True, False])
def test_a_name_that_never_entered_loses_its_words_too(asked, is_relayed_late):
    """The relay has noted it for the erasure; or it comes after the erasure, and does it itself."""
    if not is_relayed_late:
        sweep(asked, follow=forgetting.follow)
        assert len(noted(asked)) == 5
    erase(asked)
    if is_relayed_late:
        sweep(asked, follow=forgetting.follow)
    assert (words_of(asked), noted(asked)) == ([], [])
    assert faults(asked) == []


def test_an_erasure_between_the_look_and_the_note_leaves_no_words(asked):
    put = asked.world.directory.table.put

    def erased_before(item):
        if item["pk"].startswith("unentered#") and state_of(asked) == "active":
            erase(asked)
        put(item)

    asked.world.directory.table.put = erased_before
    sweep(asked, follow=forgetting.follow)
    assert (words_of(asked), noted(asked)) == ([], [])


def test_who_was_merged_loses_the_words_of_what_never_entered_too(asked):
    sweep(asked, follow=forgetting.follow)
    body = {"merge_id": "m", "into_member_id": "hanako"}
    assert asked.as_(OPERATOR).post("/v1/members/taro/merge", body).status == 200
    erase(asked, "hanako")
    assert (words_of(asked), noted(asked)) == ([], [])


def test_what_has_entered_is_not_noted_and_costs_the_relay_half_a_unit(client):
    buy(client, "before", 30_000)
    spend(client, 5, "s")
    (name,) = [one for one in items(client.world.ledger.table) if one["pk"].startswith("N#spend")]
    usage = client.world.ledger.table.usage
    usage.reset()
    forgetting.follow(client.world, name)
    assert (usage.read_units, usage.write_units, noted(client)) == (0.5, 0, [])


# ---- merged members -------------------------------------------------------------------------------------------------


@pytest.fixture
def merged(client):
    """Jiro went into Taro, and Taro into Hanako; each had a phone."""
    operator = client.as_(OPERATOR)
    client.post("/v1/members", {"member_id": "jiro", "display_name": "JIRO YAMADA"})
    for one, into in (("jiro", "taro"), ("taro", "hanako")):
        buy(client, f"of-{one}", member={"member_id": one}, order_ref=f"ORDER-{one}")
        body = {"merge_id": f"m-{one}", "into_member_id": into}
        assert operator.post(f"/v1/members/{one}/merge", body).status == 200
    return client


@pytest.mark.parametrize("asked", ["hanako", "taro", "jiro"])
def test_everybody_who_was_merged_goes_too_by_whichever_id(merged, asked):
    assert erase(merged, asked).status == 202
    assert [state_of(merged, one) for one in ("jiro", "taro", "hanako")] == ["erased"] * 3
    after = everything(merged.world)
    assert [word for word in ("JIRO YAMADA", "ORDER-jiro", "ORDER-taro") if word in after] == []
    body = {"merge_id": "m-taro"}
    assert merged.as_(OPERATOR).post("/v1/members/taro/unmerge", body).code == "member_not_found"
    assert points(merged) == (0, 0, 0, 0)
    assert faults(merged) == []


def test_a_login_that_was_merged_asks_for_all_of_it(merged, clock):
    assert merged.as_(member("jiro")).delete("/v1/me", {"confirm": True}).status == 202
    assert "erase_after" in merged.as_(member("hanako")).get("/v1/me").body
    clock.forward(days=15)
    jobs.hourly(merged.world)
    assert [state_of(merged, one) for one in ("jiro", "taro", "hanako")] == ["erased"] * 3


def test_who_was_parted_before_stays(merged):
    operator = merged.as_(OPERATOR)
    assert operator.post("/v1/members/taro/unmerge", {"merge_id": "m-taro"}).status == 200
    erase(merged, "hanako")
    assert [state_of(merged, one) for one in ("jiro", "taro", "hanako")] == ["merged", "active", "erased"]
    assert points(merged)[0] == 20
    assert operator.post("/v1/members/jiro/unmerge", {"merge_id": "m-jiro"}).status == 200


# ---- who may, and what is told --------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", [TILL, CAFE, EC, TARO, key("operator", scopes=frozenset({"members:write"}))])
def test_only_the_privacy_officer_erases_others(client, who):
    assert client.as_(who).delete("/v1/members/taro", {}).code == "forbidden"
    assert state_of(client) == "active"


@pytest.mark.parametrize("who", [TILL, CAFE, EC, OPERATOR])
def test_only_members_leave(client, who):
    for method, path, body in (("delete", "/v1/me", {"confirm": True}), ("post", "/v1/me/keep", {})):
        assert getattr(client.as_(who), method)(path, body).code == "forbidden"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [("nobody", {}, 404), ("taro", {"confirm": False}, 422), ("taro", {"why": "asked"}, 422), ("a!", {}, 404)],
)
def test_what_can_not_be_erased_is_refused(client, path, body, status):
    before = everything(client.world)
    assert client.as_(OPERATOR).delete(f"/v1/members/{path}", body).status == status
    assert everything(client.world) == before


def test_it_is_told_once_for_each_member_and_says_who_went_with_whom(merged):
    before = {item["pk"]: item for item in items(merged.world.directory.table)}
    erase(merged, "hanako")
    box = Box()
    records = [record(item, before.get(item["pk"])) for item in items(merged.world.directory.table)]
    relay.relay_directory(records, box)
    told = [event for event in box.sent if event["type"] == events.type_name("member.erased")]
    assert [fault for event in told for fault in catalogue.faults(event)] == []
    assert {event["id"]: event["data"] for event in told} == {
        "member:hanako:erased": {"member_id": "hanako", "guests": ["taro"]},
        "member:taro:erased": {"member_id": "taro", "guests": ["jiro"], "merged_into": "hanako"},
        "member:jiro:erased": {"member_id": "jiro", "guests": [], "merged_into": "taro"},
    }


def test_every_entry_that_says_so_makes_an_event_that_its_schema_knows(known):
    before = len(known.world.ledger.table.items("M#taro"))
    erase(known)
    shop.give_back(known, "p-1")
    stream = Stream(known.world)
    stream.run()
    told = [event for event in stream.sent if event["type"] == events.type_name("points.adjusted")]
    assert [event["data"]["ref"] for event in told[1:]] == [
        {"kind": "erasure", "id": "taro"},
        {"kind": "erasure", "id": "late"},
    ]
    assert len(known.world.ledger.table.items("M#taro")) == before + 2


# ---- a process that dies at any step --------------------------------------------------------------------------------


class Dying:
    """A table whose process dies at its n-th write."""

    def __init__(self, table, left):
        self._table, self._left = table, left

    def __getattr__(self, name):
        found = getattr(self._table, name)
        if name not in ("put", "put_new", "transact", "delete", "replace"):
            return found

        def write(*args):
            if not self._left[0]:
                raise KeyboardInterrupt
            self._left[0] -= 1
            return found(*args)

        return write


def dies_after(client, writes):
    """Whether the erasing died after so many writes of ledger and directory."""
    left = [writes]
    here = client.world
    world = replace(
        here,
        ledger=Ledger(Dying(here.ledger.table, left), here.clock),
        directory=Directory(Dying(here.directory.table, left), here.clock),
    )
    try:
        assert erase(replace(client, world=world)).status == 202
    except KeyboardInterrupt:
        return True
    return False


def test_a_process_that_dies_between_any_two_steps_is_followed_by_the_job(known):
    tables = known.world.ledger.table, known.world.directory.table
    before = [deepcopy((table._partitions, table._order)) for table in tables]
    wanted = None
    for writes in range(100):
        for table, kept in zip(tables, before, strict=True):
            table._partitions, table._order = deepcopy(kept)
        has_died = dies_after(known, writes)
        jobs.hourly(known.world)
        if writes == 0:
            assert state_of(known) == "active"
            continue
        assert state_of(known) == "erased"
        assert faults(known) == []
        left = [str(item) for item in (*items(known.world.ledger.table), *items(known.world.directory.table))]
        left = sorted(line for line in left if "report" not in line and "first" not in line)
        wanted = wanted or left
        assert left == wanted
        if not has_died:
            assert writes > 8
            return
    raise AssertionError("it never ended")


def test_words_of_what_comes_in_later_go_when_the_stream_brings_it(client):
    dying(client, lambda: buy(client, "late", order_ref="ORDER-LATE"))
    erase(client)
    assert "ORDER-LATE" in everything(client.world)
    sweep(client)
    stream = Stream(client.world)
    stream.run()
    assert "ORDER-LATE" not in everything(client.world)
    assert buy(client, "late", order_ref="ORDER-LATE").is_replay
    assert faults(client) == []


def test_the_answer_of_the_officer_is_the_same_again(client, clock):
    first = erase(client)
    clock.forward(days=3)
    again = erase(client)
    assert (again.status, again.body, again.is_replay) == (202, first.body, True)
