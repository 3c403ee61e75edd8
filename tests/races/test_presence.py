"""Many on one device at once, two reviewers at once, one code shown twice, one challenge asked twice; with controls."""

import itertools
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from checkin import devices
from checkin.routes import ROUTES as CHECKIN
from infra import invariants
from points.routes import ROUTES as POINTS
from shared import chain, keys, reviews
from shared.clock import Clock
from tests.kit import Client, key, member
from tests.races.test_checkin import FIX, NOW, Careless, Slow, all_at_once, make

MANY = 24


def crowd(operator, count=MANY):
    points = Client(POINTS, operator.world)
    consents = {"location": {"granted": True, "version": "1"}}
    for n in range(count):
        assert points.post("/v1/members", {"member_id": f"m-{n}", "consents": consents}).status == 201
    return [operator.as_(member(f"m-{n}")) for n in range(count)]


def by_device(one, checkin_id="c-1", store_id="s-0"):
    """As a phone does: the same request again while the answer is 503."""
    body = {"checkin_id": checkin_id, "store_id": store_id, "location": FIX, "device_id": "emulator"}
    for _ in range(20):
        answer = one.post("/v1/me/checkins", body)
        if answer.status != 503:
            return answer
    raise AssertionError("never answered")


def test_of_many_members_on_one_device_at_once_three_are_paid():
    operator = make(Slow())
    members = crowd(operator)
    answers = all_at_once(lambda n: by_device(members[n]), MANY)
    assert sum(answer.body["outcome"] == "awarded" for answer in answers) == devices.MEMBERS_PER_DEVICE
    assert {answer.status for answer in answers} == {201}
    assert invariants.faults(operator.world.ledger.table.scan()) == []


def test_control_without_the_condition_a_device_has_more_members():
    members = crowd(make(Careless()))
    answers = all_at_once(lambda n: by_device(members[n]), MANY)
    assert sum(answer.body["outcome"] == "awarded" for answer in answers) > devices.MEMBERS_PER_DEVICE


def test_one_member_on_one_device_many_times_at_once_is_bound_and_paid_once():
    operator = make(Slow())
    taro = operator.as_(member("taro"))
    answers = all_at_once(lambda n: by_device(taro, f"c-{n}"), MANY)
    assert sum(answer.status == 201 for answer in answers) == 1
    (device,) = {item["pk"] for item in operator.world.ledger.table.scan() if item["pk"].startswith("D#")}
    head = operator.world.ledger.head(devices.DEVICE, keys.holder(device))
    assert [place.who for place in head.state] == ["taro"]


def test_one_code_shown_by_two_phones_of_a_member_pays_once():
    operator = make(Slow())
    taro = operator.as_(member("taro"))
    code = operator.get("/v1/stores/s-0/presence-code").body["code"]
    body = {"store_id": "s-0", "presence_code": code}

    def show(n):
        return taro.post("/v1/me/checkins", body | {"checkin_id": f"c-{n}"})

    answers = [answer for answer in all_at_once(show, MANY) if answer.status != 503]
    assert sum(answer.status == 201 for answer in answers) == 1


# ---- one challenge asked for many times ------------------------------------------------------------------------------


class Ticking(Slow):
    """A table that is looked at for a moment."""

    def get(self, pk, sk, *, consistent=False):
        found = super().get(pk, sk, consistent=consistent)
        time.sleep(0.002)
        return found


class CarelessTicking(Ticking):
    def put_new(self, item):
        self.put(item)


def challenges(transient):
    """What is answered to one challenge that is asked for many times, while the clock goes on."""
    operator = make(Slow())
    ticks = itertools.count()
    clock = Clock(now=lambda: NOW + timedelta(milliseconds=next(ticks)))
    world = replace(operator.world, transient=transient, clock=clock)
    taro = Client(CHECKIN, world, member("taro"))
    body = {"challenge_id": "d-1", "store_id": "s-0", "location": FIX}
    answers = all_at_once(lambda _: taro.post("/v1/me/checkins/challenges", body), MANY)
    assert {answer.status for answer in answers} == {201}
    return {answer.body["challenge"] for answer in answers}


def test_a_challenge_that_is_asked_for_many_times_at_once_is_one():
    assert len(challenges(Ticking())) == 1


def test_control_without_the_condition_it_is_several():
    assert len(challenges(CarelessTicking())) > 1


# ---- two reviewers ---------------------------------------------------------------------------------------------------


@pytest.fixture
def review():
    """A world in which one check-in waits, whatever its table is."""

    def make_one(ledger):
        operator = make(ledger)
        world = operator.world
        arrival_of = {"store_id": "s-0", "business_day": "2026-11-20", "checkin_id": "c-1", "evidence_level": 0}
        said = arrival_of | {"reason": "travel", "withheld": {"points": 10, "campaigns": []}}
        review_id = "1795143600000-0011223344556677"
        pk, sk = keys.review(review_id)
        place = {"pk": pk, "sk": sk, "acc": keys.account(keys.VISITS, "taro"), "x": said, "t": 1795143600000}
        world.directory.table.put(place)
        return operator, review_id

    return make_one


REVIEWERS = [key("operator", key_id=f"operator-{n}", owner=f"owner-{n}") for n in range(16)]


def decide_at_once(operator, review_id):
    def decide(n):
        word = "approve" if n % 2 else "reject"
        return word, operator.as_(REVIEWERS[n]).post(f"/v1/reviews/{review_id}/{word}", {})

    return all_at_once(decide, len(REVIEWERS))


def entries(operator):
    items = operator.world.ledger.table.items(keys.account(keys.VISITS, "taro"))
    return [entry.kind for item in items for entry in chain.entries_of(item)]


def test_of_reviewers_at_once_the_first_decides_and_the_others_hear_it(review):
    operator, review_id = review(Slow())
    answers = decide_at_once(operator, review_id)
    good = {word for word, answer in answers if answer.status == 200}
    assert len(good) == 1
    assert {answer.code for word, answer in answers if word not in good} <= {
        "review_decided",
        "temporarily_unavailable",
    }
    assert entries(operator) == [{"approve": "approved", "reject": "rejected"}[good.pop()]]
    assert reviews.name(operator.world, review_id) is not None


def test_control_without_the_condition_two_reviewers_decide_both(review):
    operator, review_id = review(Careless())
    answers = decide_at_once(operator, review_id)
    assert len({word for word, answer in answers if answer.status == 200}) == 2
