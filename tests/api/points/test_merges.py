"""Merging members over the routes: what moves, what comes back, and that the old id leads on everywhere."""

import pytest

from infra import invariants
from points.reactions import CARRY_ON, REACTIONS
from shared import chain, events, inbox, keys, relay
from tests.events.test_relay import Box, ledger_records
from tests.kit import CAFE, OPERATOR, TILL, key, member, purchase


def lines(amount):
    return [{"line_id": "1", "quantity": 1, "amount": amount}]


def buy(client, member_id, amount, purchase_id, **changes):
    body = purchase(purchase_id=purchase_id, member={"member_id": member_id}, lines=lines(amount), **changes)
    return client.post("/v1/purchases", body)


@pytest.fixture
def rich(client):
    """Taro has 100 points, Hanako 50."""
    assert buy(client, "taro", 10_000, "of-taro").status == 201
    assert buy(client, "hanako", 5_000, "of-hanako").status == 201
    return client


def merge(client, merge_id="m-1", leaver="taro", host="hanako"):
    body = {"merge_id": merge_id, "into_member_id": host}
    return client.as_(OPERATOR).post(f"/v1/members/{leaver}/merge", body)


def unmerge(client, merge_id="m-1", leaver="taro"):
    return client.as_(OPERATOR).post(f"/v1/members/{leaver}/unmerge", {"merge_id": merge_id})


def balance(client, member_id):
    return client.get(f"/v1/members/{member_id}/balance").body


def available(client, member_id):
    return balance(client, member_id)["available"]


def chains_are_whole(client):
    table = client.world.ledger.table
    return not [fault for one in ("taro", "hanako") for fault in invariants.faults(table.items(f"M#{one}"))]


def test_all_points_are_the_other_members_and_the_old_id_shows_them(rich):
    answer = merge(rich)
    assert (answer.status, answer.body) == (
        200,
        {"merge_id": "m-1", "from": "taro", "into": "hanako", "points_moved": 100},
    )
    for member_id in ("taro", "hanako"):
        said = balance(rich, member_id)
        assert (said["member_id"], said["available"]) == ("hanako", 150)
        assert said["expiring"] == [{"on": "2027-11-20", "points": 150, "kind": "regular"}]
    assert chains_are_whole(rich)


def test_the_entries_say_what_moved_and_the_old_id_lists_the_merged_account(rich):
    merge(rich)
    for member_id in ("taro", "hanako"):
        newest, first = rich.get(f"/v1/members/{member_id}/entries").body["items"]
        assert (newest["kind"], newest["points"], newest["balance_after"]) == ("merged", 100, 150)
        assert newest["ref"] == {"kind": "merge", "id": "m-1"}
        assert newest["lots"] == [{"on": "2027-11-20", "points": 100, "kind": "regular"}]
        assert newest["entry_id"] == "hanako:2"
        assert first["ref"]["id"] == "of-hanako"


def test_the_same_merge_again_is_answered_as_before_and_other_content_is_refused(rich):
    first = merge(rich)
    again = merge(rich)
    assert (again.status, again.body, again.is_replay) == (200, first.body, True)
    assert merge(rich, host="nobody").code == "id_reused"
    assert unmerge(rich).status == 200
    assert merge(rich).body == first.body
    assert available(rich, "taro") == 100


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("nobody/merge", {"merge_id": "m", "into_member_id": "hanako"}, 404, "member_not_found"),
        ("taro/merge", {"merge_id": "m", "into_member_id": "nobody"}, 404, "member_not_found"),
        ("taro/merge", {"merge_id": "m", "into_member_id": "taro"}, 422, "invalid_request"),
        ("taro/merge", {"merge_id": "m"}, 422, "invalid_request"),
        ("taro/merge", {"into_member_id": "hanako"}, 422, "invalid_request"),
        ("taro/merge", {"merge_id": "m", "into_member_id": "hanako", "x": 1}, 422, "invalid_request"),
        ("nobody/unmerge", {"merge_id": "m"}, 404, "member_not_found"),
        ("taro/unmerge", {"merge_id": "m"}, 409, "not_merged"),
        ("taro/unmerge", {}, 422, "invalid_request"),
    ],
)
def test_what_can_not_be_merged_is_refused_and_leaves_nothing(client, path, body, status, code):
    answer = client.as_(OPERATOR).post(f"/v1/members/{path}", body)
    assert (answer.status, answer.code) == (status, code)
    assert client.world.ledger.table.scan() == []


def test_a_member_is_not_merged_into_itself_and_is_told_where_it_says_so(client):
    assert merge(client, host="taro").body["errors"][0]["pointer"] == "/into_member_id"


@pytest.mark.parametrize(
    ("leaver", "host", "closed"), [("taro", "jiro", "taro"), ("jiro", "taro", "taro"), ("hanako", "taro", "taro")]
)
def test_who_is_merged_already_is_neither_merged_nor_merged_into(rich, leaver, host, closed):
    rich.post("/v1/members", {"member_id": "jiro"})
    merge(rich)
    answer = merge(rich, "m-2", leaver, host)
    assert (answer.status, answer.code) == (409, "already_merged")
    assert (answer.body["member_id"], answer.body["merged_into"]) == (closed, "hanako")


def test_members_without_any_entry_are_merged_too(client):
    assert merge(client).body["points_moved"] == 0
    buy(client, "taro", 1000, "p")
    assert available(client, "hanako") == 10
    assert unmerge(client).body["points_moved"] == 0
    assert (available(client, "taro"), available(client, "hanako")) == (0, 10)


@pytest.mark.parametrize(
    "who", [TILL, CAFE, member("taro"), key("ec"), key("operator", scopes=frozenset({"members:write"}))]
)
def test_only_who_may_merge_does(rich, who):
    for path, body in (("merge", {"merge_id": "m", "into_member_id": "hanako"}), ("unmerge", {"merge_id": "m"})):
        assert rich.as_(who).post(f"/v1/members/taro/{path}", body).code == "forbidden"


def test_a_merge_costs_six_writes_and_at_most_three_reads(rich):
    usage, directory = rich.world.ledger.table.usage, rich.world.directory.table.usage
    for act in (merge, unmerge):
        usage.reset()
        directory.reset()
        assert act(rich).status == 200
        assert (usage.write_units, usage.read_units) == (6, 2)
        assert usage.read_units + directory.read_units <= 3


# ---- the old id -----------------------------------------------------------------------------------------------------


def test_the_profile_says_that_the_member_was_merged_until_the_merge_is_ended(rich):
    merge(rich)
    said = rich.get("/v1/members/taro").body
    assert (said["member_id"], said["state"], said["merged_into"]) == ("taro", "merged", "hanako")
    assert rich.get("/v1/members/hanako").body["state"] == "active"
    unmerge(rich)
    said = rich.get("/v1/members/taro").body
    assert said["state"] == "active"
    assert "merged_into" not in said


def test_an_old_login_is_the_merged_member(rich):
    merge(rich)
    taro = rich.as_(member("taro"))
    assert taro.get("/v1/me").body["member_id"] == "hanako"
    assert taro.get("/v1/me/balance").body["available"] == 150
    assert taro.get("/v1/me/entries").body["items"][0]["kind"] == "merged"
    assert taro.post("/v1/me", {}).body["member_id"] == "hanako"
    assert taro.put("/v1/me/consents/location", {"granted": True, "version": "1"}).status == 200
    assert rich.get("/v1/members/hanako").body["consents"]["location"]["granted"]
    unmerge(rich)
    assert taro.get("/v1/me").body["member_id"] == "taro"


def every_way(client):
    """Each way to say taro, as a till or the shop knows it."""
    shown = client.as_(member("taro")).get("/v1/me/code").body
    scan = client.as_(TILL).post("/v1/members/resolve", {"member": {"member_id": "taro"}}).body["scan"]
    return [
        {"member_id": "taro"},
        {"identity": {"type": "card", "value": "card-taro"}},
        {"code": shown["static"]["value"]},
        {"code": shown["rotating"]["value"]},
        {"scan": scan},
    ]


def test_every_old_way_to_say_the_member_leads_to_the_merged_one(rich):
    ways = every_way(rich)
    merge(rich)
    till = rich.as_(TILL)
    for n, way in enumerate(ways):
        said = till.post("/v1/members/resolve", {"member": way}).body
        assert (said["member_id"], said["balance"]) == ("hanako", 150 + 10 * n)
        answer = till.post("/v1/purchases", purchase(purchase_id=f"p{n}", member=way))
        assert (answer.body["member_id"], answer.body["balance"]) == ("hanako", 160 + 10 * n)
        scanned = till.post("/v1/members/resolve", {"member": {"scan": said["scan"]}})
        assert (scanned.body["member_id"], scanned.body["code_level"]) == ("hanako", said["code_level"])


def test_the_rotating_code_of_an_old_card_spends_the_merged_members_points(rich):
    code = rich.as_(member("taro")).get("/v1/me/code").body["rotating"]["value"]
    merge(rich)
    spend = {"spend_id": "s", "member": {"code": code}, "points": 120, "order_ref": "o"}
    assert rich.as_(TILL).post("/v1/spends", spend).body == {"spend_id": "s", "points": 120, "balance": 30}


def test_a_chain_of_merges_leads_to_its_end(rich):
    rich.post("/v1/members", {"member_id": "jiro"})
    merge(rich)
    merge(rich, "m-2", "hanako", "jiro")
    assert balance(rich, "taro")["member_id"] == "jiro"
    assert rich.as_(member("taro")).get("/v1/me").body["member_id"] == "jiro"
    assert buy(rich, "taro", 1000, "p").body["balance"] == 160
    refused = unmerge(rich)
    assert (refused.status, refused.code, refused.body["member_id"]) == (409, "already_merged", "hanako")
    assert unmerge(rich, "m-2", "hanako").body["points_moved"] == 150
    assert unmerge(rich).body["points_moved"] == 100
    assert [available(rich, one) for one in ("taro", "hanako", "jiro")] == [100, 50, 10]


def test_the_balance_of_a_past_day_is_that_of_the_account_as_it_was_then(rich, clock):
    """Merged at noon of the 21st, parted at noon of the 23rd."""
    clock.forward(days=1)
    merge(rich)
    clock.forward(days=1)
    buy(rich, "taro", 1000, "together")
    clock.forward(days=1)
    unmerge(rich)
    clock.forward(days=1)

    def then(member_id, day):
        said = rich.get(f"/v1/members/{member_id}/balance?at=2026-11-{day}").body
        return said["member_id"], said["available"]

    assert [then("taro", day) for day in (19, 20, 21, 22, 23, 24)] == [
        ("taro", 0),
        ("taro", 100),
        ("hanako", 150),
        ("hanako", 160),
        ("taro", 100),
        ("taro", 100),
    ]
    assert [then("hanako", day)[1] for day in (20, 22, 24)] == [50, 160, 60]


def test_a_list_that_was_begun_before_the_merge_goes_on_where_it_began(rich):
    buy(rich, "taro", 1000, "more")
    first = rich.get("/v1/members/taro/entries?limit=1").body
    merge(rich)
    rest = rich.get(f"/v1/members/taro/entries?limit=1&cursor={first['next_cursor']}").body
    assert [entry["entry_id"] for entry in (*first["items"], *rest["items"])] == ["taro:2", "taro:1"]


# ---- what was under way ---------------------------------------------------------------------------------------------


def test_a_purchase_of_before_the_merge_is_answered_as_before(rich):
    first = buy(rich, "taro", 10_000, "of-taro")
    merge(rich)
    assert buy(rich, "taro", 10_000, "of-taro").body == first.body
    unmerge(rich)
    assert buy(rich, "taro", 10_000, "of-taro").body == first.body


def test_a_hold_of_before_the_merge_is_captured_after_it(rich):
    body = {"hold_id": "h", "member": {"member_id": "taro"}, "points": 60, "order_ref": "o"}
    rich.post("/v1/holds", body)
    assert merge(rich).body["points_moved"] == 40
    assert balance(rich, "hanako")["held"] == 60
    assert rich.post("/v1/holds/h/extend", {"ttl_seconds": 3600}).status == 200
    answer = rich.post("/v1/holds/h/capture", {"points": 50})
    assert (answer.body["captured"], answer.body["released"], answer.body["balance"]) == (50, 10, 100)
    assert rich.post("/v1/holds/h/capture", {"points": 50}).is_replay
    assert rich.post("/v1/holds", body).is_replay


def test_a_hold_that_is_open_when_the_merge_ends_goes_back_and_ends_there(rich):
    body = {"hold_id": "h", "member": {"member_id": "taro"}, "points": 60, "order_ref": "o"}
    rich.post("/v1/holds", body)
    merge(rich)
    assert unmerge(rich).body["points_moved"] == 40
    assert (balance(rich, "taro")["held"], balance(rich, "hanako")["held"]) == (60, 0)
    assert rich.post("/v1/holds/h/extend", {"ttl_seconds": 3600}).status == 200
    assert rich.post("/v1/holds/h/capture", {"points": 10}).body["balance"] == 90
    assert rich.post("/v1/holds/h/capture", {"points": 10}).is_replay
    assert rich.post("/v1/holds/h/release", {}).code == "hold_closed"
    assert rich.post("/v1/holds", body).is_replay
    assert (available(rich, "taro"), available(rich, "hanako")) == (90, 50)


def test_a_hold_that_ended_while_they_were_one_has_ended(rich):
    rich.post("/v1/holds", {"hold_id": "h", "member": {"member_id": "taro"}, "points": 60, "order_ref": "o"})
    merge(rich)
    assert rich.post("/v1/holds/h/capture", {}).status == 200
    unmerge(rich)
    assert rich.post("/v1/holds/h/capture", {}).is_replay
    assert rich.post("/v1/holds/h/extend", {"ttl_seconds": 60}).code == "hold_closed"
    assert (available(rich, "taro"), available(rich, "hanako")) == (40, 50)


@pytest.mark.parametrize("merges", [0, 1, 2])
def test_a_hold_that_has_lapsed_is_captured_from_its_own_member(rich, clock, merges):
    rich.post(
        "/v1/holds",
        {"hold_id": "h", "member": {"member_id": "taro"}, "points": 60, "order_ref": "o", "ttl_seconds": 60},
    )
    clock.forward(minutes=5)
    for n in range(merges):
        merge(rich, merge_id=f"m-{n}")
        unmerge(rich, merge_id=f"m-{n}")
    assert rich.post("/v1/holds/h/capture", {}).status == 200
    assert (available(rich, "taro"), available(rich, "hanako")) == (40, 50)


@pytest.mark.parametrize("merges", [0, 1, 2])
@pytest.mark.parametrize("then", ["parted", "merged again"])
def test_what_is_reversed_after_the_merge_has_ended_is_reversed_where_it_was_done(rich, merges, then):
    rich.post("/v1/spends", {"spend_id": "s", "member": {"member_id": "taro"}, "points": 30, "order_ref": "o"})
    buy(rich, "taro", 10_000, "bought")
    for n in range(merges):
        merge(rich, merge_id=f"m-{n}")
        unmerge(rich, merge_id=f"m-{n}")
    if then == "merged again":
        merge(rich, merge_id="again")
    for body, operation_id in (({"kind": "spend"}, "s"), ({"kind": "purchase", "source": "pos"}, "bought")):
        answers = [rich.post(f"/v1/operations/{operation_id}/reverse", {"reverse_id": "r", **body}) for _ in range(2)]
        assert [answer.body["state"] for answer in answers] == ["reversed", "reversed"]
        assert [answer.is_replay for answer in answers] == [False, True]
    if then == "merged again":
        unmerge(rich, merge_id="again")
        assert available(rich, "taro") + available(rich, "hanako") == 150
    else:
        assert (available(rich, "taro"), available(rich, "hanako")) == (100, 50)
    again = {"spend_id": "s", "member": {"member_id": "taro"}, "points": 30, "order_ref": "o"}
    assert rich.post("/v1/spends", again).code == "reversed"


def test_what_was_reversed_while_they_were_one_is_not_reversed_again(rich):
    spend = {"spend_id": "s", "member": {"member_id": "taro"}, "points": 30, "order_ref": "o"}
    rich.post("/v1/spends", spend)
    merge(rich)
    reverse = {"reverse_id": "r", "kind": "spend"}
    assert rich.post("/v1/operations/s/reverse", reverse).body["state"] == "reversed"
    unmerge(rich)
    before = (available(rich, "taro"), available(rich, "hanako"))
    assert rich.post("/v1/operations/s/reverse", reverse).is_replay
    assert rich.post("/v1/spends", spend).code == "reversed"
    assert (available(rich, "taro"), available(rich, "hanako")) == before


@pytest.mark.parametrize(("ends", "captured"), [("release", 0), ("capture", 25), ("lapse", 0), ("reverse", 0)])
def test_what_a_hold_gave_back_before_the_merge_ended_is_the_members_again(rich, clock, ends, captured):
    body = {"hold_id": "h", "member": {"member_id": "taro"}, "points": 60, "order_ref": "o", "ttl_seconds": 60}
    rich.post("/v1/holds", body)
    merge(rich)
    if ends == "lapse":
        clock.forward(minutes=5)
    elif ends == "reverse":
        rich.post("/v1/operations/h/reverse", {"reverse_id": "r", "kind": "hold"})
    else:
        assert rich.post(f"/v1/holds/h/{ends}", {"points": captured} if captured else {}).status == 200
    assert unmerge(rich).body["points_moved"] == 100 - captured
    assert (available(rich, "taro"), available(rich, "hanako")) == (100 - captured, 50)
    assert chains_are_whole(rich)


def test_more_holds_than_one_member_may_open_break_nothing(rich):
    for member_id in ("taro", "hanako"):
        for n in range(16):
            body = {"hold_id": f"{member_id}{n}", "member": {"member_id": member_id}, "points": 1, "order_ref": "o"}
            assert rich.post("/v1/holds", body).status == 201
    merge(rich)
    body = {"hold_id": "more", "member": {"member_id": "taro"}, "points": 1, "order_ref": "o"}
    assert rich.post("/v1/holds", body).code == "too_many_holds"
    for n in range(16):
        assert rich.post(f"/v1/holds/taro{n}/capture", {}).status == 200
    assert (balance(rich, "taro")["available"], balance(rich, "taro")["held"]) == (118, 16)


def test_what_is_reversed_after_the_merge_is_given_back_to_the_merged_account(rich):
    rich.post("/v1/spends", {"spend_id": "s", "member": {"member_id": "taro"}, "points": 30, "order_ref": "o"})
    merge(rich)
    for _ in range(2):
        answer = rich.post("/v1/operations/s/reverse", {"reverse_id": "r", "kind": "spend"})
        assert (answer.body["state"], answer.body["balance"]) == ("reversed", 150)


def test_what_was_spent_is_the_shortfall_of_what_comes_back(rich):
    merge(rich)
    rich.post("/v1/spends", {"spend_id": "s", "member": {"member_id": "hanako"}, "points": 70, "order_ref": "o"})
    assert unmerge(rich).body["points_moved"] == 80
    entry = chain.entries_of(rich.world.ledger.table.newest("M#taro"))[-1]
    assert (entry.data["shortfall"], entry.points) == (20, 80)
    assert (available(rich, "taro"), available(rich, "hanako")) == (80, 0)


def test_what_the_merge_put_together_does_not_expire_twice_or_never(rich, clock):
    merge(rich)
    clock.at = clock.at.replace(year=2027, month=11, day=21)
    assert [available(rich, one) for one in ("taro", "hanako")] == [0, 0]
    assert unmerge(rich).body["points_moved"] == 0
    assert chains_are_whole(rich)


def test_a_partners_cap_counts_the_merged_member_once(rich):
    code = {one: rich.as_(member(one)).get("/v1/me/code").body["static"]["value"] for one in ("taro", "hanako")}

    def award(n, member_id, points):
        body = {"award_id": f"a{n}", "member": {"code": code[member_id]}, "points": points, "reason": "latte"}
        return rich.as_(CAFE).post("/v1/awards", body)

    assert award(1, "taro", 600).status == 201
    assert award(2, "hanako", 300).status == 201
    merge(rich)
    assert award(3, "taro", 101).code == "cap_exceeded"
    assert award(4, "hanako", 101).code == "cap_exceeded"
    assert award(5, "taro", 100).status == 201
    assert award(1, "taro", 600).is_replay
    assert available(rich, "hanako") == 150 + 1000
    unmerge(rich)
    assert award(6, "taro", 401).code == "cap_exceeded"
    assert award(7, "taro", 400).status == 201


def test_points_of_a_visit_enter_the_account_that_the_member_led_to(rich, clock):
    def checkin(n, at):
        data = {"checkin_id": f"c{n}", "member_id": "taro", "store_id": "s", "occurred_at": at, "reward": {"points": 7}}
        kind = "omotenashi.checkin.accepted.v1"
        event = {"id": f"V#taro:{n}", "type": kind, "time": at, "subject": "taro", "data": data, "sequence": "1"}
        REACTIONS[kind](rich.world, events.read(event))

    checkin(1, "2026-11-20T03:00:00Z")
    clock.forward(hours=1)
    merge(rich)
    for _ in range(2):
        checkin(1, "2026-11-20T03:00:00Z")
        checkin(2, "2026-11-20T03:30:00Z")
        checkin(3, "2026-11-20T04:00:00Z")
    assert available(rich, "taro") == 100 + 50 + 3 * 7
    clock.forward(hours=1)
    unmerge(rich)
    clock.forward(hours=1)
    checkin(3, "2026-11-20T04:00:00Z")
    checkin(4, "2026-11-20T05:30:00Z")
    assert (available(rich, "taro"), available(rich, "hanako")) == (107 + 7, 50 + 14)


# ---- crashes and events ---------------------------------------------------------------------------------------------


def dying_in_the_directory(client):
    """The process dies before it has written the profile."""
    table = client.world.directory.table
    transact, table.transact = table.transact, None
    yield
    table.transact = transact
    yield


@pytest.mark.parametrize("is_over", [False, True])
def test_the_profile_follows_though_the_process_died(rich, is_over):
    dying = dying_in_the_directory(rich)
    next(dying)
    assert merge(rich).status == 500
    next(dying)
    assert rich.get("/v1/members/taro").body["state"] == "active"
    assert balance(rich, "taro")["member_id"] == "hanako"
    if is_over:
        unmerge(rich)
    box = Box()
    relay.relay_ledger(rich.world, ledger_records(rich), box)
    names = {name for service, name in box.carried if service == "points" and "merge" in name}
    assert keys.name("merge", "shop", "m-1") in names
    for name in names:
        inbox._finish(rich.world, name, CARRY_ON)
    assert rich.get("/v1/members/taro").body["state"] == ("active" if is_over else "merged")


def test_of_two_merges_in_opposite_directions_the_second_is_refused(rich):
    assert merge(rich).status == 200
    assert merge(rich, "m-2", "hanako", "taro").code == "already_merged"


@pytest.mark.parametrize("merge_id", ["m-2", "m-3"])
def test_only_the_merge_in_force_is_ended(rich, merge_id):
    merge(rich)
    answer = unmerge(rich, merge_id)
    assert (answer.status, answer.code) == (404, "merge_not_found")
    unmerge(rich)
    again = unmerge(rich)
    assert (again.status, again.is_replay) == (200, True)
    assert unmerge(rich, merge_id).code == "not_merged"


def test_a_profile_that_has_not_followed_its_account_yet_is_asked_for_again(rich):
    """A was merged into B, parted, and B merged into A: for a moment the two profiles may tell of each other."""
    table = rich.world.directory.table
    for one, other in (("taro", "hanako"), ("hanako", "taro")):
        table.put(table.get(*keys.member(one)) | {"state": "merged", "merged_into": other})
    answer = rich.as_(member("taro")).get("/v1/me")
    assert (answer.status, answer.body["retryable"]) == (503, True)
