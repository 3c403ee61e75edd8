"""What tills without a line cost, from what the tables report: settings in the cache, a member with a history."""

import pytest

from tests.budgets.test_coupons import issue, redemption, shop, spent  # noqa: F401 - a fixture among them
from tests.kit import TILL, key, member

AT = "2026-11-20T02:30:00Z"
SECOND = key("pos", key_id="second", store_id="shibuya", terminal_id="till-2")


def allow(shop, who):  # noqa: F811
    said = {"allowance_id": f"a-{who.terminal_id}", "terminal_id": who.terminal_id, "business_day": "2026-11-20"}
    return shop.as_(who).post("/v1/offline/allowances", said)


@pytest.fixture
def tills(shop):  # noqa: F811
    """Two tills with an allowance, and tokens of three coupons; settings are in the cache."""
    for who in (TILL, SECOND):
        assert allow(shop, who).status == 201
    for n in range(3):
        issue(shop, f"s-{n}")
    listed = shop.as_(member("taro")).get("/v1/me/coupons?limit=3").body["items"]
    return shop, [one["offline_token"] for one in listed]


def sync(shop, who, *items):  # noqa: F811
    return shop.as_(who).post("/v1/offline/sync", {"items": list(items)})


def item(text, n):
    body = {"redemption_id": f"r-{n}", "order_ref": f"o-{n}", "basket": redemption()["basket"]}
    said = {"id": f"i-{n}", "kind": "redemption", "offline_token": text, "occurred_at": AT, "terminal_seq": n}
    return said | {"body": body}


def test_an_allowance_is_two_writes(shop):  # noqa: F811
    assert spent(shop, lambda: allow(shop, TILL)) == (2, 0.5, 3)
    assert spent(shop, lambda: allow(shop, TILL)) == (1, 0.5, 2)


def test_an_item_is_two_writes_and_one_read_and_a_sync_one_of_each(tills):
    shop, texts = tills  # noqa: F811
    assert spent(shop, lambda: sync(shop, TILL, item(texts[0], 0)), 200) == (2 + 1, 1 + 1, 4 + 2)
    assert spent(shop, lambda: sync(shop, TILL, item(texts[1], 1), item(texts[2], 2)), 200) == (4 + 1, 2 + 1, 8 + 2)


def test_an_absorbed_item_is_three_writes(tills):
    shop, texts = tills  # noqa: F811
    sync(shop, TILL, item(texts[0], 0))
    writes, reads, _ = spent(shop, lambda: sync(shop, SECOND, item(texts[0], 1)), 200)
    assert writes == 3 + 1
    assert reads <= 2 + 1 + 1  # the till's head again, consistently, for its entry and for the sync's


def test_a_duplicate_is_one_failed_condition(tills):
    shop, texts = tills  # noqa: F811
    sync(shop, TILL, item(texts[0], 0))
    writes, reads, _ = spent(shop, lambda: sync(shop, TILL, item(texts[0], 0)), 200)
    assert (writes, reads) == (1, 1 + 2)
