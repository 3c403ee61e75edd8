"""What the contract kit finds in a till: nothing in one that keeps the rules, and each rule in one that breaks just it."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from omotenashi_client import Client, GaveUp, Outbox, Patience, Refused, Response, Till

from infra import contract_record, contract_rules
from infra.contract_line import FATES, Asked, Line, Said
from infra.contract_record import Exchange
from infra.contract_seen import RULES

AT = "2026-11-20T02:55:00Z"
LINES = [{"line_id": "1", "quantity": 1, "amount": 1980}]
BASKET = {"lines": LINES}


@pytest.fixture
def bad(line):
    """The bad line to the apps, on the same fake clock."""

    def forward(asked):
        said = line.front.request(asked.service, asked.method, asked.target, asked.headers, asked.body)
        return Said(said.status, {name.lower(): value for name, value in said.headers.items()}, said.body)

    return Line(forward, now=lambda: line.clock.now().timestamp())


@dataclass
class Wire:
    """The Python client's wire over a bad line."""

    bad: Line
    line: Any

    def __call__(self, request, seconds):
        headers = {name.lower(): value for name, value in request.headers.items()}
        headers["authorization"] = f"Bearer {self.line.front.key(self.line.who)}"
        asked = Asked(request.service, request.method, request.target, headers, request.body or b"")
        began, said = self.bad.take(asked)
        if began.fault == "silence":
            self.line.clock.forward(seconds=seconds)
        self.bad.ended(began, said, hung_up=began.fault == "silence")
        if said is None:
            raise TimeoutError
        return Response(said.status, said.headers, said.body)


@dataclass
class Talk:
    """A till that does exactly what a test says. `fault` is what becomes of the next request."""

    bad: Line
    line: Any
    who: str = "pos"

    def say(self, path, body=None, *, fault=None, service="points", wait=60.0, patience=5.0, **headers):
        """Send something, after so many seconds; its status, or None."""
        self.line.clock.forward(seconds=wait)
        sent = {"authorization": f"Bearer {self.line.front.key(self.line.who)}", "content-type": "application/json"}
        raw = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
        setattr(self.bad, "_fault", lambda *_: fault)  # noqa: B010 - a fate of this test's own
        began, said = self.bad.take(Asked(service, "POST", path, sent | headers, raw))
        if fault == "silence":
            self.line.clock.forward(seconds=patience)
        self.bad.ended(began, said, hung_up=fault == "silence")
        return said.status if said else None

    def undo(self, purchase_id, **more):
        said = {"reverse_id": purchase_id, "kind": "purchase", "source": "pos"}
        return self.say(f"/v1/operations/{purchase_id}/reverse", said, **more)

    def sync(self, *items, **more):
        return self.say("/v1/offline/sync", {"items": list(items)}, service="coupons", **more)


@pytest.fixture
def talk(bad, line):
    return Talk(bad, line)


def purchase(name="p-1", amount=1980, **more):
    said = {
        "purchase_id": name,
        "source": "pos",
        "occurred_at": AT,
        "state": "completed",
        "member": {"member_id": "taro"},
    }
    return said | {"lines": [{"line_id": "1", "quantity": 1, "amount": amount}]} | more


def item(name, seq):
    body = purchase(name)
    return {"id": name, "kind": "purchase", "occurred_at": AT, "terminal_seq": seq, "body": body}


def broken(bad):
    return {one.rule for one in contract_rules.judge(bad.seen) if one.broken}


# ---- a till that keeps the rules ------------------------------------------------------------------------------------


def a_day(bad, line, coupon, path, seed):
    dice = random.Random(seed)
    client = Client({}, "", wire=Wire(bad, line), patience=Patience(sleep=line.sleep))
    codes = [coupon(f"o-{seed}-{n}") for n in range(5)]
    with Outbox(path) as box:
        till = Till(client, box)
        for n in range(20):
            name = f"{seed}-{n}"
            line.clock.forward(minutes=dice.randint(1, 9))
            try:
                if n % 4 == 0:
                    said: Any = {
                        "redemption_id": f"r-{name}",
                        "codes": [codes[n // 4]],
                        "channel": "pos",
                        "basket": BASKET,
                    }
                    till.redeem(said | {"order_ref": name})
                elif n % 4 == 1:
                    box.add_sale("purchase", purchase(f"p-{name}"), AT)
                    till.catch_up()
                else:
                    till.record(purchase(f"p-{name}", amount=dice.randint(100, 9000)))
            except (GaveUp, Refused):
                pass
            till.catch_up()
        for _ in range(20):
            till.catch_up()
        assert not box.waiting()


def test_the_till_of_the_python_client_keeps_every_rule_over_every_line(bad, line, coupon, tmp_path):
    occasions: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    for seed in range(6):
        bad.seed, bad.seen = seed, []
        bad._fates.clear()
        a_day(bad, line, coupon, tmp_path / f"box-{seed}", seed)
        verdicts = contract_rules.judge(bad.seen)
        assert not [one for one in verdicts if one.broken]
        occasions += Counter({one.rule: one.occasions for one in verdicts})
        faults += bad.faults()
    assert set(faults) == {fault for fate, _ in FATES.values() for fault in fate}
    assert set(RULES) - set(occasions) == {"no-retry-of-a-no"}  # nothing that it sends is refused


def test_nobody_who_says_nothing_breaks_a_rule():
    assert not [one for one in contract_rules.judge([]) if one.broken or one.occasions]


# ---- one till for each rule -----------------------------------------------------------------------------------------


def new_id_for_a_retry(talk):
    talk.say("/v1/purchases", purchase("p-1"), fault="lost answer")
    talk.say("/v1/purchases", purchase("p-2", occurred_at="2026-11-20T02:56:00Z"), wait=6)


def changed_content(talk):
    talk.say("/v1/purchases", purchase("p-1"), fault="lost answer")
    talk.say("/v1/purchases", purchase("p-1", amount=2000), wait=6)
    talk.undo("p-1")


def changed_content_after_a_yes(talk):
    talk.say("/v1/purchases", purchase("p-1"))
    talk.say("/v1/purchases", purchase("p-1", amount=2000))


def gives_up_and_does_nothing(talk):
    talk.say("/v1/purchases", purchase("p-1"), fault="lost answer")
    talk.say("/v1/purchases", purchase("p-1"), fault="lost request", wait=6)


def undoes_once_without_an_answer(talk):
    talk.say("/v1/purchases", purchase("p-1"), fault="lost answer")
    talk.undo("p-1", fault="lost request")


def leaves_a_return_open(talk):
    talk.say("/v1/purchases", purchase("p-1"))
    back = {"return_id": "b-1", "channel": "pos", "all": True}
    talk.say("/v1/purchases/pos/p-1/returns", back, fault="lost answer")


def retries_a_refusal(talk):
    for _ in range(2):
        talk.say("/v1/purchases", purchase("p-1", currency="EUR"), wait=1)


def retries_too_soon(talk):
    talk.say("/v1/purchases", purchase("p-1"), fault="lost request")
    talk.say("/v1/purchases", purchase("p-1"), wait=0.3)


def does_not_slow_down(talk):
    for _ in range(3):
        talk.say("/v1/purchases", purchase("p-1"), fault="lost request", wait=1)
    talk.say("/v1/purchases", purchase("p-1"), wait=1)


def does_not_heed_retry_after(talk):
    talk.say("/v1/purchases", purchase("p-1"), fault="busy")
    talk.say("/v1/purchases", purchase("p-1"), wait=1)


def hangs_up_too_soon(talk):
    talk.say("/v1/purchases", purchase("p-1"), fault="silence", patience=2)
    talk.say("/v1/purchases", purchase("p-1"), wait=1)


def uses_an_undone_id(talk):
    talk.say("/v1/purchases", purchase("p-1"), fault="lost request")
    talk.undo("p-1")
    talk.say("/v1/purchases", purchase("p-1"))


def leaves_a_sync(talk):
    talk.sync(item("p-1", 1), fault="lost answer")


def numbers_twice(talk):
    talk.sync(item("p-1", 1), item("p-2", 1))


def has_no_zone(talk):
    talk.say("/v1/purchases", purchase(occurred_at="2026-11-20T11:55:00"))


def sends_fractions(talk):
    talk.say("/v1/purchases", purchase(amount=1980.0))


def sends_money_as_text(talk):
    talk.say("/v1/purchases", purchase(amount="1980"))


def makes_ids_of_names(talk):
    talk.say("/v1/purchases", purchase("渋谷店 1"))


def sends_no_id(talk):
    talk.say("/v1/purchases", {name: said for name, said in purchase().items() if name != "purchase_id"})


def sends_a_form(talk):
    talk.say("/v1/purchases", b"purchase_id=p-1", **{"content-type": "application/x-www-form-urlencoded"})


def sends_what_is_unheard_of(talk):
    talk.say("/v1/purchases", purchase(cashier="Taro"))


def asks_at_a_wrong_address(talk):
    talk.say("/v1/purchase", purchase())


def puts_its_key_into_the_address(talk):
    talk.say(f"/v1/purchases?key={talk.line.front.key(talk.line.who)}", purchase())


BREAKS = [
    (new_id_for_a_retry, {"same-id", "until-answered"}),
    (changed_content, {"same-content"}),
    (changed_content_after_a_yes, {"same-content"}),
    (gives_up_and_does_nothing, {"until-answered"}),
    (undoes_once_without_an_answer, {"until-answered"}),
    (leaves_a_return_open, {"until-answered"}),
    (retries_a_refusal, {"no-retry-of-a-no"}),
    (retries_too_soon, {"patience"}),
    (does_not_slow_down, {"patience"}),
    (does_not_heed_retry_after, {"patience"}),
    (hangs_up_too_soon, {"five-seconds"}),
    (uses_an_undone_id, {"new-id-after-undoing"}),
    (leaves_a_sync, {"whole-sync"}),
    (numbers_twice, {"own-number"}),
    (has_no_zone, {"zone", "shape"}),
    (sends_fractions, {"whole-numbers", "shape"}),
    (sends_money_as_text, {"whole-numbers", "shape"}),
    (makes_ids_of_names, {"ids", "shape"}),
    (sends_no_id, {"ids", "shape"}),
    (sends_a_form, {"shape"}),
    (sends_what_is_unheard_of, {"shape"}),
    (asks_at_a_wrong_address, {"shape"}),
    (puts_its_key_into_the_address, {"key-in-its-header", "shape"}),
]


@pytest.mark.parametrize(("till", "rules"), BREAKS, ids=[till.__name__ for till, _ in BREAKS])
def test_a_till_that_breaks_a_rule_is_told_which_and_by_which_requests(talk, bad, till, rules):
    till(talk)
    assert broken(bad) == rules
    for verdict in contract_rules.judge(bad.seen):
        for one in verdict.broken:
            assert one.says
            assert set(one.requests) <= {exchange.n for exchange in bad.seen}
            assert one.requests


def test_every_rule_has_a_till_that_breaks_it():
    assert set.union(*(rules for _, rules in BREAKS)) == set(RULES)


# ---- and what is no fault -------------------------------------------------------------------------------------------


def mends_and_sends_again(talk):
    talk.say("/v1/purchases", purchase("p-1", currency="EUR"))
    talk.say("/v1/purchases", purchase("p-1"), wait=1)


def a_cashier_presses_again_later(talk):
    for _ in range(2):
        talk.say("/v1/purchases", purchase("p-1", currency="EUR"), wait=30)


def begins_anew_while_the_undoing_waits(talk):
    talk.say("/v1/purchases", purchase("p-1"), fault="lost answer")
    talk.say("/v1/purchases", purchase("p-2"), wait=6)
    talk.undo("p-1")


def two_guests_buy_the_same_without_a_member(talk):
    one = {name: said for name, said in purchase("p-1").items() if name != "member"}
    talk.say("/v1/purchases", one, fault="lost request")
    talk.say("/v1/purchases", one | {"purchase_id": "p-2"}, wait=2)
    talk.say("/v1/purchases", one, wait=4)


def tells_in_a_sync_what_got_no_answer(talk):
    talk.say("/v1/purchases", purchase("p-1"), fault="lost answer")
    talk.sync(item("p-1", 1))


def sends_the_same_item_again(talk):
    talk.sync(item("p-1", 1), fault="lost answer")
    talk.sync(item("p-1", 1), item("p-2", 2), wait=1)


def retries_what_says_so(talk):
    talk.say("/v1/purchases", purchase("p-1"), fault="busy")
    talk.say("/v1/purchases", purchase("p-1"), wait=2)


@pytest.mark.parametrize(
    "till",
    [
        mends_and_sends_again,
        a_cashier_presses_again_later,
        begins_anew_while_the_undoing_waits,
        two_guests_buy_the_same_without_a_member,
        tells_in_a_sync_what_got_no_answer,
        sends_the_same_item_again,
        retries_what_says_so,
    ],
    ids=lambda till: till.__name__,
)
def test_what_a_till_may_do_is_no_fault(talk, bad, till):
    till(talk)
    assert broken(bad) == set()


# ---- the record -----------------------------------------------------------------------------------------------------


def test_a_record_says_the_same_when_it_is_read_again(talk, bad):
    new_id_for_a_retry(talk)
    lines = [contract_record.to_line(one) for one in bad.seen]
    again = [contract_record.of_line(line) for line in lines]
    assert contract_rules.judge(again) == contract_rules.judge(bad.seen)
    for wrong in ("", "{}", '{"n": 1}', "[1]", '{"unheard_of": 1}'):
        with pytest.raises(ValueError):
            contract_record.of_line(wrong)


def test_a_record_holds_no_secret_and_nothing_of_a_person(talk, bad, line, coupon):
    code = coupon()
    said = {"redemption_id": "r-1", "codes": [code], "channel": "pos", "basket": BASKET, "order_ref": "o"}
    talk.say("/v1/redemptions", said, service="coupons")
    talk.say("/v1/members/resolve", {"member": {"identity": {"type": "card", "value": "2900000000001"}}})
    talk.say(f"/v1/coupons/{code}/activate", {"activate_id": "a-1"}, service="coupons")
    puts_its_key_into_the_address(talk)
    text = "".join(contract_record.to_line(one) for one in bad.seen)
    for secret in (code, code.replace("-", ""), "2900000000001", line.front.key(line.who)):
        assert secret not in text
    assert '"state": "redeemed"' in text


def test_a_busy_answer_is_a_problem_document_like_ours():
    from infra.contract_line import BUSY

    assert {"type", "title", "status", "detail", "code", "retryable", "request_id"} == set(json.loads(BUSY))


def test_a_gateway_that_can_not_be_reached_is_no_answer(bad):
    def down(_):
        raise ConnectionRefusedError

    bad.forward = down
    began, said = bad.take(Asked("points", "GET", "/v1/whoami", {}, b""))
    assert (said, bad.ended(began, said).status) == (None, None)


def test_one_sale_has_one_fate_and_gets_through_in_the_end():
    line = Line(lambda asked: Said(200, {}, b"{}"), share=1.0)
    for n in range(40):
        asked = Asked("points", "POST", "/v1/spends", {}, json.dumps({"spend_id": f"s-{n}"}).encode())
        tries = [line.take(asked)[1] for _ in range(9)]
        assert tries[-1] is not None
    fates = Line(lambda asked: Said(200, {}, b"{}"), share=0.0)
    assert fates.take(asked)[1] is not None
    assert fates.take(Asked("points", "GET", "/v1/whoami", {}, b""))[0] == Exchange(
        n=2, at=fates.seen[1].at, until=fates.seen[1].at, service="points", method="GET", target="/v1/whoami", key=""
    )
