"""POST, GET and DELETE /v1/keys, and how a key is checked."""

import re

import pytest

from shared import auth, clock
from shared.errors import Unauthenticated
from tests.kit import CAFE, EC, OPERATOR, TILL, key, member


@pytest.fixture
def operator(client):
    return client.as_(OPERATOR)


def new(**changes):
    return {"key_id": "till-7", "owner": "Shibuya", "kind": "pos", "store_id": "shibuya", "terminal_id": "t7"} | changes


def test_a_key_is_shown_with_its_secret_once(operator):
    made = operator.post("/v1/keys", new())
    assert made.status == 201
    assert re.fullmatch(r"omo_test_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}", made.body["secret"])
    again = operator.post("/v1/keys", new())
    assert (again.status, again.is_replay, "secret" in again.body) == (201, True, False)
    assert operator.post("/v1/keys", new(owner="Umeda")).code == "id_reused"


def test_a_key_opens_what_it_was_made_for(operator):
    secret = operator.post("/v1/keys", new()).body["secret"]
    who = auth.authorize(operator.world, f"Bearer {secret}")
    assert (who.kind, who.store_id, who.terminal_id, who.key_id) == ("pos", "shibuya", "t7", "till-7")
    assert who.scopes == auth.KINDS["pos"]
    assert auth.Principal.from_context(who.to_context()) == who


def test_no_secret_lies_in_the_tables(operator):
    secret = operator.post("/v1/keys", new()).body["secret"]
    kept = str(operator.world.directory.table.scan())
    assert secret not in kept
    assert secret.split("_")[3] not in kept


def test_a_typing_error_is_refused_without_a_read(operator):
    secret = operator.post("/v1/keys", new()).body["secret"]
    usage = operator.world.directory.table.usage
    usage.reset()
    for wrong in (secret[:-1] + ("0" if secret[-1] != "0" else "1"), secret[:30] + "!" + secret[31:], secret + "0"):
        with pytest.raises(Unauthenticated):
            auth.authorize(operator.world, f"Bearer {wrong}")
    assert usage.round_trips == 0


def test_another_secret_for_a_known_id_is_refused(operator):
    secret = operator.post("/v1/keys", new()).body["secret"]
    forged = auth.new_secret("test", secret.split("_")[2])
    with pytest.raises(Unauthenticated):
        auth.authorize(operator.world, f"Bearer {forged}")


def test_a_revoked_key_stops(operator):
    secret = operator.post("/v1/keys", new()).body["secret"]
    auth.authorize(operator.world, f"Bearer {secret}")
    assert operator.delete("/v1/keys/till-7").status == 204
    with pytest.raises(Unauthenticated):
        auth.authorize(operator.world, f"Bearer {secret}")
    assert operator.delete("/v1/keys/till-7").status == 204
    assert operator.delete("/v1/keys/unknown").code == "key_not_found"


def test_a_key_ends_when_it_is_said_to_by_the_real_clock(operator):
    past, coming = "2026-01-01T00:00:00Z", "2099-01-01T00:00:00Z"
    over = operator.post("/v1/keys", new(key_id="over", not_after=past)).body["secret"]
    good = operator.post("/v1/keys", new(key_id="good", not_after=coming)).body["secret"]
    assert clock.utc_now().year >= 2026
    with pytest.raises(Unauthenticated):
        auth.authorize(operator.world, f"Bearer {over}")
    assert auth.authorize(operator.world, f"Bearer {good}").key_id == "good"


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Basic abc", "omo_test_x", "Bearer omo_", "Bearer abc", "Bearer " + "x" * 9000]
)
def test_anything_else_is_nobody(operator, header):
    with pytest.raises(Unauthenticated):
        auth.authorize(operator.world, header)


def test_a_key_gets_no_scope_that_its_kind_or_its_maker_lacks(operator):
    assert operator.post("/v1/keys", new(scopes=["keys:admin"])).code == "invalid_request"
    assert operator.post("/v1/keys", new(scopes=["purchases:write"])).body["scopes"] == ["purchases:write"]
    lesser = operator.as_(key("operator", scopes=frozenset({"keys:admin", "members:read"})))
    assert lesser.post("/v1/keys", new(key_id="more")).code == "forbidden"
    assert lesser.post("/v1/keys", new(key_id="less", scopes=["members:read"])).status == 201


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "root"},
        {"store_id": None},
        {"terminal_id": None},
        {"partner_id": "cafe"},
        {"kind": "partner"},
        {"kind": "ec"},
        {"kind": "operator"},
        {"owner": ""},
        {"not_after": "soon"},
        {"secret": "mine"},
    ],
)
def test_a_bad_key_is_refused(operator, changes):
    assert operator.post("/v1/keys", new(**changes)).code == "invalid_request"
    assert operator.get("/v1/keys").body["items"] == []


def test_keys_are_listed_page_by_page_without_secrets(operator):
    for n in range(5):
        operator.post("/v1/keys", new(key_id=f"k{n}"))
    seen, cursor = [], ""
    while cursor is not None:
        page = operator.get(f"/v1/keys?limit=2{cursor and '&cursor='}{cursor}").body
        seen += page["items"]
        cursor = page["next_cursor"]
    assert sorted(one["key_id"] for one in seen) == [f"k{n}" for n in range(5)]
    assert not any("secret" in one for one in seen)


@pytest.mark.parametrize("who", [EC, TILL, CAFE, member("taro")])
def test_only_operators_make_keys(client, who):
    assert client.as_(who).post("/v1/keys", new()).code == "forbidden"
    assert client.as_(who).get("/v1/keys").code == "forbidden"
    assert client.as_(who).delete("/v1/keys/k").code == "forbidden"


def test_a_key_that_nobody_named_is_revoked_by_the_id_it_got(operator):
    made = operator.post("/v1/keys", {"owner": "HQ", "kind": "ec"}).body
    assert operator.delete(f"/v1/keys/{made['key_id']}").status == 204
    with pytest.raises(Unauthenticated):
        auth.authorize(operator.world, f"Bearer {made['secret']}")
    named = operator.post("/v1/keys", new()).body["secret"]
    assert operator.delete(f"/v1/keys/{named.split('_')[2]}").code == "key_not_found"
