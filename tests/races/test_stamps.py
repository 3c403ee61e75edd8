"""Many hands that stamp one card at once, and events that meet; each with a control that goes wrong without its condition."""

import json
from dataclasses import replace

from coupons.reactions import CARRY_ON, REACTIONS
from infra import invariants
from shared import events, inbox
from shared.coupon_book import BOOK, Status
from shared.directory import Directory
from shared.memory import MemoryTable
from tests.kit import OPERATOR, Client
from tests.races.test_coupons import Careless, Crowded, _switch_often, all_at_once, make, send, won  # noqa: F401

CROWD = 32


def shop(table, **changes):
    made = make(table, "taro")
    said = {"programme_id": "coffee", "name": "Coffee", "stamps": 3, "by": "manual", "per_day": 100}
    answer = made.as_(OPERATOR).post("/v1/stamp-programmes", said | {"campaign_id": "one"} | changes)
    assert answer.status == 201, answer.body
    fresh = Directory(made.world.directory.table, made.world.directory.clock)  # it has not seen that there were none
    return Client(made.routes, replace(made.world, directory=fresh))


def stamp(client, stamp_id):
    said = {"stamp_id": stamp_id, "member": {"member_id": "taro"}, "programme_id": "coffee"}
    return send(client, "/v1/stamps", said)


def book(client):
    items = client.world.ledger.table.scan(after=None, limit=100_000)
    assert invariants.faults(sorted(items, key=lambda item: (item["pk"], item["sk"]))) == []
    return client.world.ledger.head(BOOK, "taro", consistent=True).state


def stamps(client):
    return [(card.stamps, card.completed) for card in book(client).cards]


def told(kind, n=1, **data):
    """What is heard of taro's purchase number n."""
    return {
        "id": f"{kind}-{n}",
        "source": "/omotenashi/points",
        "type": events.type_name(f"purchase.{kind}"),
        "time": "2026-11-20T02:55:00Z",
        "subject": "taro",
        "data": {
            "ref": {"kind": "return" if kind == "returned" else "purchase", "id": f"pos/p-{n}{'/r-1' * (kind == 'returned')}"},
            "occurred_at": "2026-11-20T02:55:00Z",
            "bought_at": "2026-11-20T02:55:00Z",
            "member_id": "taro",
            "amount": 1000,
            **data,
        },
    }  # fmt: skip


def deliver(client, event):
    """As the queue does: again until it is taken."""
    records = [{"messageId": "m", "body": json.dumps(event)}]
    for _ in range(10):
        if not inbox.work(client.world, {"Records": records}, reactions=REACTIONS, carry_on=CARRY_ON)[
            "batchItemFailures"
        ]:
            return
    raise AssertionError("never taken")


def test_each_stamp_of_many_hands_counts_and_each_full_card_is_one_coupon():
    made = shop(table := Crowded())
    assert won(all_at_once(lambda n: stamp(made, f"st-{n}"), CROWD, table)) == CROWD
    assert stamps(made) == [(CROWD % 3, CROWD // 3)]
    assert len(book(made).coupons) == CROWD // 3


def test_control_without_the_condition_stamps_are_lost():
    made = shop(table := Careless())
    assert won(all_at_once(lambda n: stamp(made, f"st-{n}"), CROWD, table)) == CROWD
    (card,) = made.world.ledger.head(BOOK, "taro").state.cards
    assert card.completed * 3 + card.stamps < CROWD


def test_a_day_takes_no_more_than_it_has_room_for_however_many_come_at_once():
    made = shop(table := Crowded(), per_day=5)
    assert won(all_at_once(lambda n: stamp(made, f"st-{n}"), CROWD, table)) == 5
    assert stamps(made) == [(2, 1)]


def test_the_same_stamp_at_once_is_one():
    made = shop(table := Crowded())
    answers = all_at_once(lambda _: stamp(made, "st-1"), CROWD, table)
    assert len({str(answer.body) for answer in answers}) == 1
    assert stamps(made) == [(1, 0)]


def test_a_purchase_that_many_hear_of_at_once_is_one_stamp():
    made = shop(table := Crowded(), by="purchase")
    all_at_once(lambda _: deliver(made, told("recorded")), CROWD, table)
    assert stamps(made) == [(1, 0)]


def test_purchases_that_are_heard_of_at_once_all_count():
    made = shop(table := Crowded(), by="purchase")
    all_at_once(lambda n: deliver(made, told("recorded", n)), CROWD, table)
    assert stamps(made) == [(CROWD % 3, CROWD // 3)]


def test_control_without_the_condition_purchases_are_lost():
    made = shop(table := Careless(), by="purchase")
    all_at_once(lambda n: deliver(made, told("recorded", n)), CROWD, table)
    (card,) = made.world.ledger.head(BOOK, "taro").state.cards
    assert card.completed * 3 + card.stamps < CROWD


def test_a_purchase_and_its_return_at_once_end_in_nothing():
    made = shop(MemoryTable(), by="purchase", stamps=1)
    life = [told("recorded"), told("returned", amount_left=0)]
    all_at_once(lambda n: deliver(made, life[n % 2]), 16)
    assert stamps(made) in ([], [(0, 0)])
    assert all(coupon.status is Status.VOIDED for coupon in book(made).coupons)
