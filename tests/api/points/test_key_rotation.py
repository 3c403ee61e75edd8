"""POST /v1/keys/{key_id}/rotate: a new secret beside the old one for a time; validity; the day of the last use."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, strategies as st

from points.keyring import OLDER_MAX, Rotated
from shared import auth
from shared.auth import UnknownKey
from shared.errors import Unauthenticated, Unavailable
from shared.memory import MemoryTable
from tests.kit import EC, OPERATOR, key

TILL_7 = {"key_id": "till-7", "owner": "Shibuya", "kind": "pos", "store_id": "shibuya", "terminal_id": "t7"}


@pytest.fixture
def operator(client):
    return client.as_(OPERATOR)


@pytest.fixture
def secret(operator):
    return operator.post("/v1/keys", TILL_7).body["secret"]


def rotate(operator, overlap_seconds=3600, key_id="till-7", **more):
    return operator.post(f"/v1/keys/{key_id}/rotate", {"overlap_seconds": overlap_seconds} | more)


def is_good(operator, secret):
    try:
        auth.authorize(operator.world, f"Bearer {secret}")
    except Unauthenticated:
        return False
    return True


def test_a_rotated_key_has_two_secrets_until_the_overlap_ends(operator, secret, clock):
    told = rotate(operator)
    new = told.body["secret"]
    assert (told.status, told.body["key_id"], told.body["older_until"]) == (201, "till-7", "2026-11-20T04:00:00Z")
    assert new != secret
    assert auth.authorize(operator.world, f"Bearer {new}") == auth.authorize(operator.world, f"Bearer {secret}")
    clock.forward(seconds=3599)
    assert (is_good(operator, secret), is_good(operator, new)) == (True, True)
    clock.forward(seconds=1)
    assert (is_good(operator, secret), is_good(operator, new)) == (False, True)


def test_without_an_overlap_the_old_secret_stops_at_once(operator, secret):
    assert is_good(operator, secret)
    new = rotate(operator, 0).body["secret"]
    assert (is_good(operator, secret), is_good(operator, new)) == (False, True)


def test_a_rotation_names_itself_if_it_likes(operator, secret):
    first = rotate(operator, rotate_id="spring")
    again = rotate(operator, rotate_id="spring")
    assert (again.status, again.is_replay, "secret" in again.body) == (201, True, False)
    assert is_good(operator, first.body["secret"])
    assert rotate(operator, 60, rotate_id="spring").code == "id_reused"
    by_header = operator.post("/v1/keys/till-7/rotate", {"overlap_seconds": 9}, idempotency_key="summer")
    assert operator.post("/v1/keys/till-7/rotate", {"overlap_seconds": 9}, idempotency_key="summer").is_replay
    assert is_good(operator, by_header.body["secret"])


def test_whose_answer_was_lost_rotates_again_and_goes_on_with_the_secret_in_use(operator, secret, clock):
    lost = rotate(operator).body["secret"]
    clock.forward(seconds=1800)
    new = rotate(operator).body["secret"]
    assert all(is_good(operator, one) for one in (secret, lost, new))
    clock.forward(seconds=1800)
    assert [is_good(operator, one) for one in (secret, lost, new)] == [False, True, True]


def test_a_later_rotation_may_shorten_an_overlap_and_not_prolong_it(operator, secret, clock):
    rotate(operator, 3600)
    rotate(operator, 60)
    clock.forward(seconds=60)
    assert not is_good(operator, secret)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 100)), max_size=12))
def test_a_replaced_secret_never_outlives_any_overlap_that_was_said_since(rotations):
    now = 0
    item: dict[str, Any] = {"hash": b"0"}
    promised: dict[bytes, int] = {}
    for n, (gap, overlap) in enumerate(rotations, 1):
        now += gap
        before, secret = item["hash"], str(n).encode()
        item = Rotated(secret, now, now + overlap).of(item)
        promised = {old: min(ends, now + overlap) for old, ends in promised.items()} | {before: now + overlap}
        good = {old: ends for old, ends in promised.items() if ends > now}
        kept: dict[bytes, int] = dict(item["older"])
        assert item["hash"] == secret
        assert kept.items() <= good.items()
        assert len(kept) == min(len(good), OLDER_MAX)


def test_a_revoked_key_has_no_good_secret_and_gets_none(operator, secret):
    new = rotate(operator).body["secret"]
    operator.delete("/v1/keys/till-7")
    assert not is_good(operator, secret)
    assert not is_good(operator, new)
    assert rotate(operator).code == "key_over"


def test_a_secret_past_its_overlap_is_no_guess(operator, secret, clock):
    rotate(operator, 60)
    clock.forward(seconds=61)
    with pytest.raises(Unauthenticated) as past:
        auth.authorize(operator.world, f"Bearer {secret}")
    assert not isinstance(past.value, UnknownKey)
    with pytest.raises(UnknownKey):
        auth.authorize(operator.world, f"Bearer {auth.new_secret('test', secret.split('_')[2])}")


def test_nobody_gets_by_rotation_what_they_could_not_give(operator, secret):
    lesser = operator.as_(key("operator", scopes=frozenset({"keys:admin", "members:read"})))
    assert rotate(lesser).code == "forbidden"
    assert rotate(operator.as_(EC)).code == "forbidden"
    assert is_good(operator, secret)


@pytest.mark.parametrize("wrong", [{}, {"overlap_seconds": -1}, {"overlap_seconds": 90 * 86_400 + 1}, {"overlap": 1}])
def test_a_bad_rotation_is_refused(operator, secret, wrong):
    assert operator.post("/v1/keys/till-7/rotate", wrong).code == "invalid_request"
    assert rotate(operator, key_id="nobody").code == "key_not_found"
    assert is_good(operator, secret)


def test_keys_that_are_rotated_at_once_have_all_their_secrets(operator, secret):
    with ThreadPoolExecutor(3) as pool:
        made = [told.body["secret"] for told in pool.map(lambda _: rotate(operator), range(3))]
    assert all(is_good(operator, one) for one in (secret, *made))


def test_no_secret_lies_in_the_tables(operator, secret):
    new = rotate(operator).body["secret"]
    kept = repr([operator.world.directory.table.scan(), operator.world.transient.scan()])
    assert not any(one.split("_")[3] in kept for one in (secret, new))


# ---- validity --------------------------------------------------------------------------------------------------------


def test_a_key_may_begin_later(operator, clock):
    told = operator.post(
        "/v1/keys", TILL_7 | {"not_before": "2026-11-21T03:00:00Z", "not_after": "2026-11-22T03:00:00Z"}
    )
    assert told.body["not_before"] == "2026-11-21T03:00:00Z"
    assert not is_good(operator, told.body["secret"])
    assert rotate(operator).status == 201  # before it begins, too
    clock.forward(days=1)
    assert is_good(operator, told.body["secret"]) is False  # its overlap is over
    new = rotate(operator).body["secret"]
    assert is_good(operator, new)
    clock.forward(days=1)
    assert not is_good(operator, new)
    assert rotate(operator).code == "key_over"


def test_a_key_that_ends_before_it_begins_is_refused(operator):
    wrong = TILL_7 | {"not_before": "2026-11-22T03:00:00Z", "not_after": "2026-11-22T03:00:00Z"}
    assert operator.post("/v1/keys", wrong).code == "invalid_request"


# ---- last used -------------------------------------------------------------------------------------------------------


def used(operator):
    keys: dict[str, str | None] = {}
    cursor = ""
    while cursor is not None:
        page = operator.get(f"/v1/keys?limit=2{cursor and '&cursor='}{cursor}").body
        keys |= {one["key_id"]: one.get("last_used") for one in page["items"]}
        cursor = page["next_cursor"]
    return keys


def test_the_day_of_the_last_use_is_told_and_costs_a_write_a_day(operator, secret, clock):
    usage = operator.world.transient.usage
    assert used(operator) == {"till-7": None}
    usage.reset()
    for _ in range(50):
        assert is_good(operator, secret)
    assert (usage.write_units, usage.round_trips) == (1, 1)
    assert used(operator) == {"till-7": "2026-11-20"}
    clock.forward(days=1)
    for _ in range(50):
        assert is_good(operator, secret)
    assert usage.write_units == 2
    assert used(operator) == {"till-7": "2026-11-21"}


def test_a_refused_key_is_not_used(operator, secret):
    operator.delete("/v1/keys/till-7")
    assert not is_good(operator, secret)
    assert used(operator) == {"till-7": None}


def test_days_are_told_on_the_page_of_their_key(operator):
    expected = {}
    for n in range(7):
        made = operator.post("/v1/keys", TILL_7 | {"key_id": f"k{n}"}).body["secret"]
        expected[f"k{n}"] = "2026-11-20" if n % 3 else None
        if n % 3:
            assert is_good(operator, made)
    assert used(operator) == expected


class Silent(MemoryTable):
    """A table that takes nothing."""

    def put(self, item):
        raise Unavailable


def test_a_table_that_does_not_answer_keeps_nobody_out(operator, secret):
    world = replace(operator.world, transient=Silent())
    assert auth.authorize(world, f"Bearer {secret}").key_id == "till-7"
