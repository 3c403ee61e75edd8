"""Many tills with one token, one item many times, one allowance and many losses; each with a control that goes wrong."""

import threading

from coupons.terminal import TILL as TILLS
from infra import invariants
from shared import chain, keys
from shared.memory import MemoryTable
from tests.kit import key, member
from tests.races.test_coupons import (  # noqa: F401 - threads take turns often
    BASKET,
    Careless,
    Crowded,
    Late,
    _switch_often,
    all_at_once,
    issue,
    make,
    redeem,
    send,
)

AT = "2026-11-20T02:30:00Z"


def till(n):
    return key("pos", key_id=f"k-{n}", store_id="shibuya", terminal_id=f"till-{n}")


def open_tills(shop, count):
    for n in range(count):
        said = {"allowance_id": f"a-{n}", "terminal_id": f"till-{n}", "business_day": "2026-11-20"}
        assert shop.as_(till(n)).post("/v1/offline/allowances", said).status == 201


def token(shop, source_id="s-1"):
    coupon_id = issue(shop, source_id).body["coupon_id"]
    return shop.as_(member("taro")).get(f"/v1/me/coupons/{coupon_id}").body["offline_token"]


def item(text, name, seq=1):
    body = {"redemption_id": name, "order_ref": name, "basket": BASKET}
    said = {"id": name, "kind": "redemption", "offline_token": text, "occurred_at": AT, "terminal_seq": seq}
    return said | {"body": body}


def sync(shop, n, *items):
    answer = send(shop.as_(till(n)), "/v1/offline/sync", {"items": list(items)})
    assert answer.status == 200, answer.body
    return [one["outcome"] for one in answer.body["results"]]


def every(outcomes):
    return [outcome for one in outcomes for outcome in one]


def kinds(shop, account):
    items = shop.world.ledger.table.items(account, consistent=True)
    assert invariants.faults(items) == []
    return [entry.kind for item in items for entry in chain.entries_of(item) if entry.kind != "issued"]


def test_one_token_at_many_tills_is_applied_once_and_absorbed_by_the_others():
    shop = make(table := Crowded(), "taro")
    text = token(shop)
    open_tills(shop, 32)
    outcomes = all_at_once(lambda n: sync(shop, n, item(text, f"r-{n}")), 32, table)
    assert sorted(every(outcomes)) == ["applied"] + ["conflict_absorbed"] * 31
    assert sorted(kinds(shop, "B#taro")) == ["lost"] * 31 + ["redeemed"]
    absorbed = [shop.world.ledger.head(TILLS, f"shibuya#till-{n}").state.days[0].absorbed for n in range(32)]
    assert sum(absorbed) == 31


def test_control_without_the_condition_every_till_applies_it():
    shop = make(table := Careless(), "taro")
    text = token(shop)
    open_tills(shop, 32)
    outcomes = all_at_once(lambda n: sync(shop, n, item(text, f"r-{n}")), 32, table)
    assert every(outcomes).count("applied") == 32


def test_one_item_sent_many_times_at_once_counts_once():
    shop = make(table := Crowded(), "taro")
    text = token(shop)
    open_tills(shop, 1)
    outcomes = all_at_once(lambda _: sync(shop, 0, item(text, "r-1")), 32, table)
    assert set(every(outcomes)) <= {"applied", "duplicate"}
    assert kinds(shop, "B#taro") == ["redeemed"]
    assert kinds(shop, "R#shibuya#till-0") == ["allowed", "synced"]


def test_a_sync_against_the_same_redemption_online_counts_once():
    for _ in range(5):
        shop = make(table := Crowded(), "taro")
        text = token(shop)
        code = shop.get("/v1/members/taro/coupons").body["items"][0]["code"]
        open_tills(shop, 1)

        def work(n, shop=shop, text=text, code=code):
            return sync(shop, 0, item(text, "r-1")) if n % 2 else redeem(shop, "r-1", code).code

        answers = all_at_once(work, 8, table)
        assert {answer[0] for answer in answers[1::2]} <= {"applied", "duplicate"}
        assert set(answers[::2]) <= {None, "id_reused"}
        assert kinds(shop, "B#taro") == ["redeemed"]


def test_a_void_against_its_sync_leaves_no_coupon_used():
    for _ in range(5):
        shop = make(MemoryTable(), "taro")
        text = token(shop)
        open_tills(shop, 1)

        def work(n, shop=shop, text=text):
            if n % 2:
                return sync(shop, 0, item(text, "r-1"))
            return send(shop.as_(till(0)), "/v1/redemptions/r-1/void", {"void_id": "v"}).status

        answers = all_at_once(work, 8)
        assert set(answers[::2]) == {200}
        assert sync(shop, 0, item(text, "r-1")) == ["conflict_refused"]
        assert sync(shop, 0, item(text, "r-2")) == ["applied"]
        assert sorted(kinds(shop, "B#taro")).count("redeemed") - sorted(kinds(shop, "B#taro")).count("voided") == 1


class LateCrowd(Crowded):
    """They meet at their second look at the till's chain: where its loss is borne."""

    def items(self, pk, **more):
        if pk[0] == keys.TERMINAL and self.meeting is not None and not hasattr(_here, "has_looked"):
            _here.has_looked = True
            return super(Crowded, self).items(pk, **more)
        return super().items(pk, **more)


class CarelessLateCrowd(LateCrowd, Careless):
    """And write over what is there."""


_here = threading.local()


def lose_all_at_once(table, count, value):
    """One till, and so many coupons of so much, each used online before."""
    shop = make(table, "taro")
    shop.as_(key("operator")).post(
        "/v1/campaigns",
        {"campaign_id": "big", "name": {"ja": "大", "en": "Big"}, "valid_from": "2026-11-01"}
        | {"offer": {"type": "amount_off", "value": value}},
    )
    basket = {"lines": [{"line_id": "1", "quantity": 1, "amount": value}]}
    texts = []
    for n in range(count):
        coupon = issue(shop, f"s-{n}", campaign_id="big").body
        mine = shop.as_(member("taro")).get(f"/v1/me/coupons/{coupon['coupon_id']}").body
        texts.append(mine["offline_token"])
        assert redeem(shop, f"on-{n}", coupon["code"], basket=basket).status == 201
    open_tills(shop, 1)
    table.crowd = keys.TERMINAL
    items = [item(text, f"r-{n}", n) for n, text in enumerate(texts)]
    for one in items:
        one["body"]["basket"] = basket
    return shop, all_at_once(lambda n: sync(shop, 0, items[n]), count, table)


def test_losses_at_once_never_pass_the_allowance():
    """Sixteen of 10,000 yen: five are within the day's 50,000."""
    shop, outcomes = lose_all_at_once(LateCrowd(), 16, 10_000)
    assert sorted(every(outcomes)) == ["conflict_absorbed"] * 5 + ["conflict_refused"] * 11
    spent = shop.world.ledger.head(TILLS, "shibuya#till-0").state.days[0]
    assert (spent.absorbed, spent.absorbed_value, spent.refused) == (5, 50_000, 11)


def test_control_without_the_condition_the_allowance_is_overrun():
    _, outcomes = lose_all_at_once(CarelessLateCrowd(), 16, 10_000)
    assert every(outcomes).count("conflict_absorbed") == 16


def test_many_allowances_of_one_day_at_once_are_one_limit():
    shop = make(table := Crowded(), "taro")
    table.crowd = keys.TERMINAL

    def ask(n):
        said = {"allowance_id": f"a-{n % 8}", "terminal_id": "till-0", "business_day": "2026-11-20"}
        return send(shop.as_(till(0)), "/v1/offline/allowances", said)

    answers = all_at_once(ask, 32, table)
    assert {answer.status for answer in answers} == {201}
    assert len(shop.world.ledger.head(TILLS, "shibuya#till-0").state.days) == 1
    assert kinds(shop, "R#shibuya#till-0") == ["allowed"] * 8


def test_stale_reads_make_no_false_outcomes():
    shop = make(Late(), "taro")
    text = token(shop)
    open_tills(shop, 2)
    assert sync(shop, 0, item(text, "r-1")) == ["applied"]
    assert sync(shop, 0, item(text, "r-1")) == ["duplicate"]
    assert sync(shop, 1, item(text, "r-2")) == ["conflict_absorbed"]
    assert sync(shop, 1, item(text, "r-2"), item(text, "r-2")) == ["duplicate"] * 2
