"""PUT and GET /v1/stores/{store_id}, …/rewards-pause."""

import pytest

from checkin import store_codes
from shared.table import Remove
from tests.api.checkin.conftest import SHIBUYA
from tests.kit import EC, TILL, member

DEFAULTS = {"radius_m": 150, "cutoff_hour": 0, "rewards": [{"min_level": 0, "points": 10}], "state": "open"}


def near(client, lat=35.6595, lon=139.7005, more=""):
    return [item["store_id"] for item in client.get(f"/v1/stores/nearby?lat={lat}&lon={lon}{more}").body["items"]]


def listings(client, store_id):
    items = client.world.directory.table.scan()
    return sorted(item["pk"] for item in items if item["pk"].startswith("cell#") and item["sk"] == store_id)


def test_a_store_is_answered_with_its_defaults(operator):
    answer = operator.put("/v1/stores/new", SHIBUYA)
    assert answer.status == 200
    assert answer.body == SHIBUYA | DEFAULTS | {"store_id": "new", "rewards_paused": False}
    assert operator.get("/v1/stores/new").body == answer.body


def test_every_field_comes_back_as_it_was_put(operator):
    said = SHIBUYA | {
        "store_id": "full",
        "lat": -0.000123456789,
        "lon": 1e-200,
        "radius_m": 10,
        "cutoff_hour": 23,
        "hours": {"mon": [["05:00", "23:00"]], "sun": []},
        "rewards": [{"min_level": 2, "points": 0, "campaign_id": "c"}],
        "state": "closed",
    }
    assert operator.put("/v1/stores/full", said).body == said | {"rewards_paused": False}
    assert operator.get("/v1/stores/full").body == said | {"rewards_paused": False}


def test_a_change_is_in_force_when_it_has_answered(operator, taro, checkin, clock):
    assert taro.post("/v1/me/checkins", checkin(is_mock=True)).status == 201  # the store is in the cache now
    before = clock.slept
    operator.put("/v1/stores/shibuya", SHIBUYA | {"rewards": [{"points": 77}]})
    assert clock.slept - before >= 1
    assert taro.post("/v1/me/checkins", checkin("c-2")).body["reward"]["points"] == 77


def test_the_same_again_changes_nothing(operator):
    before = listings(operator, "shibuya")
    assert operator.put("/v1/stores/shibuya", SHIBUYA).body == operator.get("/v1/stores/shibuya").body
    assert listings(operator, "shibuya") == before
    assert len(before) == len(set(before)) <= 14


def test_a_store_that_moves_is_found_at_its_new_place_only(operator):
    operator.put("/v1/stores/shibuya", SHIBUYA | {"lat": 43.0687, "lon": 141.3508})
    assert "shibuya" not in near(operator, more="&radius_m=20000")
    assert near(operator, 43.0687, 141.3508) == ["shibuya"]
    assert len(listings(operator, "shibuya")) <= 14


def test_a_retry_puts_right_what_is_missing_of_the_listings(operator):
    for pk in listings(operator, "shibuya"):
        operator.world.directory.table.delete(pk, "shibuya")
    assert "shibuya" not in near(operator)
    operator.put("/v1/stores/shibuya", SHIBUYA)
    assert "shibuya" in near(operator)


def test_a_store_and_its_listings_change_in_one_transaction(operator, monkeypatch):
    """The move is one call to the table, so that a crash leaves the store where it was or where it is going."""
    table, calls = operator.world.directory.table, []
    real = table.transact

    def transact(writes):
        calls.append(writes)
        real(writes)

    monkeypatch.setattr(table, "transact", transact)
    operator.put("/v1/stores/shibuya", SHIBUYA | {"lat": 43.0687, "lon": 141.3508})
    ((store, *rest),) = calls
    assert store.version == 1
    assert any(isinstance(write, Remove) for write in rest)
    assert len(rest) < 99


@pytest.mark.parametrize(
    "change",
    [
        {"lat": 90.1}, {"lon": "1"}, {"time_zone": "Asia/Nowhere"}, {"radius_m": 0}, {"cutoff_hour": 24},
        {"hours": {"mon": [["25:00", "26:00"]]}}, {"rewards": [{"points": -1}]}, {"state": "gone"}, {"name": ""},
        {"rewards_paused": True}, {"store_id": "other"},
    ],
)  # fmt: skip
def test_a_bad_store_is_refused_with_its_pointer(operator, change):
    answer = operator.put("/v1/stores/new", SHIBUYA | change)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert answer.body["errors"][0]["pointer"].startswith("/" + next(iter(change)))
    assert operator.get("/v1/stores/new").code == "store_not_found"


@pytest.mark.parametrize("path", ["/v1/stores/a%20b", "/v1/stores/" + "x" * 65, "/v1/stores/%E5%BA%97"])
def test_a_path_that_is_no_id_is_refused(operator, path):
    assert operator.put(path, SHIBUYA).status in (404, 422)
    assert operator.get(path).code == "store_not_found"
    assert operator.put(f"{path}/rewards-pause", {"paused": True}).status in (404, 422)


@pytest.mark.parametrize("store_id", ["nearby", "import"])
def test_a_store_is_not_named_like_an_address_of_its_own(operator, store_id):
    answer = operator.put(f"/v1/stores/{store_id}", SHIBUYA)
    assert (answer.status, answer.body["errors"][0]["code"]) == (422, "reserved")


@pytest.mark.parametrize("name", [" ", "a\nb", "a\x00", "\u202eabc", "a\u2066b", "a\u2028b"])
def test_a_name_is_one_line_that_can_be_read(operator, name):
    assert operator.put("/v1/stores/new", SHIBUYA | {"name": name}).body["errors"][0]["pointer"] == "/name"


@pytest.mark.parametrize(
    "name", ["店", "CAFÉ № 7", "@cosme TOKYO", "ホテル・ニューグランド", "👩\u200d🍳の店", "葛\U000e0100飾店"]
)
def test_a_name_may_be_in_any_script(operator, name):
    assert operator.put("/v1/stores/new", SHIBUYA | {"name": name}).body["name"] == name


def test_the_qr_of_a_store_is_its_own_and_stays_the_same(operator):
    answer = operator.get("/v1/stores/shibuya/qr")
    assert (answer.status, answer.body["store_id"]) == (200, "shibuya")
    assert store_codes.store_of_qr(operator.world, answer.body["qr_payload"]) == "shibuya"
    operator.put("/v1/stores/shibuya", SHIBUYA | {"name": "渋谷本店"})
    assert operator.get("/v1/stores/shibuya/qr").body == answer.body
    assert operator.get("/v1/stores/umeda/qr").body["qr_payload"] != answer.body["qr_payload"]
    assert len(answer.body["qr_payload"]) <= 122  # what a QR of version 7 takes with medium correction


def test_only_a_store_has_a_qr_and_only_operators_see_it(operator):
    assert operator.get("/v1/stores/nowhere/qr").code == "store_not_found"
    assert operator.get("/v1/stores/%E5%BA%97/qr").code == "store_not_found"
    for who in (EC, TILL, member("taro")):
        assert operator.as_(who).get("/v1/stores/shibuya/qr").status == 403


def test_a_pause_survives_a_change_of_the_store(operator):
    paused = operator.put("/v1/stores/shibuya/rewards-pause", {"paused": True, "reason": "odd visits"})
    assert (paused.status, paused.body) == (200, {"store_id": "shibuya", "paused": True, "reason": "odd visits"})
    assert operator.put("/v1/stores/shibuya", SHIBUYA).body["rewards_paused"] is True
    assert operator.put("/v1/stores/shibuya/rewards-pause", {"paused": True, "reason": "odd visits"}).status == 200
    resumed = operator.put("/v1/stores/shibuya/rewards-pause", {"paused": False})
    assert resumed.body == {"store_id": "shibuya", "paused": False}
    assert operator.get("/v1/stores/shibuya").body["rewards_paused"] is False


def test_a_pause_needs_a_store_and_a_word(operator):
    assert operator.put("/v1/stores/nowhere/rewards-pause", {"paused": True}).code == "store_not_found"
    for body in ({}, {"paused": "yes"}, {"paused": True, "reason": ""}, {"paused": True, "more": 1}):
        assert operator.put("/v1/stores/shibuya/rewards-pause", body).status == 422


@pytest.mark.parametrize("who", [EC, TILL, member("taro")])
def test_only_operators_see_to_stores(operator, who):
    caller = operator.as_(who)
    assert caller.put("/v1/stores/shibuya", SHIBUYA).status == 403
    assert caller.get("/v1/stores/shibuya").status == 403
    assert caller.put("/v1/stores/shibuya/rewards-pause", {"paused": True}).status == 403


@pytest.mark.parametrize(("lat", "lon"), [(90, 0), (-90, 180), (0, -180), (89.999, 179.9999)])
def test_stores_at_the_ends_of_the_map_may_move_anywhere(operator, lat, lon):
    assert operator.put("/v1/stores/edge", SHIBUYA | {"lat": lat, "lon": lon}).status == 200
    assert near(operator, lat, lon) == ["edge"]
    assert operator.put("/v1/stores/edge", SHIBUYA | {"lat": -lat, "lon": lon}).status == 200


def test_a_store_named_like_something_else_makes_no_event(operator):
    """The relay of the directory tells members by their whole key: a store may be called `member`."""
    from shared import relay

    assert operator.put("/v1/stores/member", SHIBUYA).status == 200
    items = [item for item in operator.world.directory.table.scan() if item["sk"] == "member"]
    assert len(items) > 2
    for item in items:
        assert bool(relay._of_directory(None, item)) == item["pk"].startswith("member#")


# ---- the list of all ------------------------------------------------------------------------------------------------


def listed(operator, more=""):
    """All pages of the list: the ids, and how many pages there were."""
    found, cursor, pages = [], "", 0
    while cursor is not None:
        page = operator.get(f"/v1/stores?limit=2{more}{cursor and f'&cursor={cursor}'}").body
        found += [one["store_id"] for one in page["items"]]
        cursor, pages = page["next_cursor"], pages + 1
    return found, pages


def test_stores_are_listed_in_the_order_of_their_ids_as_they_are_now(operator):
    for name in ("b", "a", "c"):
        operator.put(f"/v1/stores/{name}", SHIBUYA | {"name": f"Store {name}"})
    assert listed(operator) == (["a", "b", "c", "harajuku", "shibuya", "umeda"], 3)
    operator.put("/v1/stores/b/rewards-pause", {"paused": True})
    operator.put("/v1/stores/b", SHIBUYA | {"name": "moved", "lat": 43.0})
    (b,) = operator.get("/v1/stores?q=moved").body["items"]
    assert b == operator.get("/v1/stores/b").body
    assert (b["rewards_paused"], b["lat"]) == (True, 43.0)


@pytest.mark.parametrize(("words", "found"), [("ONE", ["s-1"]), ("ginza", ["s-2"]), ("S-", ["s-1", "s-2"]), ("x", [])])
def test_stores_are_found_by_id_and_name_however_they_are_written(operator, words, found):
    operator.put("/v1/stores/s-1", SHIBUYA | {"name": "Shop one"})
    operator.put("/v1/stores/s-2", SHIBUYA | {"name": "ＧＩＮＺＡ"})
    assert listed(operator, f"&q={words}")[0] == found


def test_a_search_looks_through_so_many_stores_a_call_and_goes_on(operator, monkeypatch):
    monkeypatch.setattr("checkin.stores.SEARCHED_MAX", 3)
    for n in range(8):
        operator.put(f"/v1/stores/s-{n}", SHIBUYA | {"name": "wanted" if n in (0, 5, 6, 7) else "other"})
    assert listed(operator, "&q=wanted") == (["s-0", "s-5", "s-6", "s-7"], 4)


def test_an_imported_store_is_in_the_list(operator):
    body = b"store_id,name,lat,lon,time_zone\noslo,Oslo,59.9,10.7,Europe/Oslo\n"
    assert operator.send("POST", "/v1/stores/import", raw=body, content_type="text/csv").status == 200
    assert listed(operator)[0] == ["harajuku", "oslo", "shibuya", "umeda"]


def test_nobody_but_the_operator_lists_stores(operator):
    for caller in (EC, TILL):
        assert operator.as_(caller).get("/v1/stores").code == "forbidden"
    assert operator.get("/v1/stores?cursor=x").code == "bad_cursor"
    answer = operator.get("/v1/stores?q=")
    assert (answer.status, answer.body["errors"][0]["pointer"]) == (422, "/q")
