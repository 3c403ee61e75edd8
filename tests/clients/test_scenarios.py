"""The till's scenarios: every one passes on the real apps, and fails on a deployment that does not do what it proves."""

from __future__ import annotations

import json
import threading
import uuid
from dataclasses import replace

import pytest

from infra import contract_scenarios
from infra.contract_kit import Kit
from infra.contract_line import Asked, Said
from infra.contract_scenarios import SCENARIOS
from tests.front import Front, open_issuer
from tests.kit import EC, OPERATOR, OTHER_TILL, TILL, FakeClock, make_world
from tests.passing import INBOXES, Passing

WHO = {"ec": EC, "pos": TILL, "pos_other_store": OTHER_TILL, "operator": OPERATOR}
STORE = {"name": "渋谷店", "lat": 35.6595, "lon": 139.7005, "time_zone": "Asia/Tokyo"}


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    with open_issuer(tmp_path_factory.mktemp("issuer")) as opened:
        yield opened


@pytest.fixture(scope="module")
def front():
    return Front(make_world())


@pytest.fixture
def kit(front, issuer):
    """The scenarios over the apps of this process; events pass whenever somebody waits for them."""
    clock = FakeClock()
    front.open(make_world(clock))
    passing, alone = Passing(front.world), threading.Lock()

    def send(asked):
        with alone:
            said = front.request(asked.service, asked.method, asked.target, asked.headers, asked.body)
        return Said(said.status, {name.lower(): value for name, value in said.headers.items()}, said.body)

    def sleep(seconds):
        clock.forward(seconds=seconds)
        while messages := [(to, event) for to, event in passing.step() if to in INBOXES]:
            passing.deliver(messages)

    keys = {name: front.key(who) for name, who in WHO.items()}
    made = Kit(send, keys, issuer.token, sleep, clock.now)
    for store_id in ("shibuya", "umeda"):
        made.yes("operator", "PUT", f"/v1/stores/{store_id}", STORE, "checkin")
    return made


def told(kit, *names):
    return {one.name: one for one in contract_scenarios.run(kit, list(names))}


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_real_apps_pass(kit, name):
    outcome = told(kit, name)[name]
    assert outcome.why is None, outcome.steps
    assert outcome.outcome == "passed"


def test_all_of_them_run_after_one_another_and_again(kit):
    for _ in range(2):
        assert {one.outcome for one in told(kit).values()} == {"passed"}


def test_what_a_file_does_not_tell_is_skipped_and_said(kit):
    less = replace(kit, keys={"pos": kit.keys["pos"], "ec": kit.keys["ec"]}, token=lambda _: None)
    outcomes = told(less)
    skipped = {name: one.why for name, one in outcomes.items() if one.outcome == "skipped"}
    assert skipped["wrong-store"] == "needs a key 'pos_other_store' in `keys`"
    assert "no local issuer" in skipped["presence-code"]
    assert outcomes["earn"].outcome == "passed"


# ---- deployments that are wrong -------------------------------------------------------------------------------------


def with_new_ids(asked):
    """A gateway that gives each request a name of its own."""

    def renamed(value):
        if isinstance(value, list):
            return [renamed(one) for one in value]
        if not isinstance(value, dict):
            return value
        ids = ("purchase_id", "redemption_id")
        return {name: uuid.uuid4().hex if name in ids else renamed(one) for name, one in value.items()}

    return replace(asked, body=json.dumps(renamed(json.loads(asked.body))).encode()) if asked.body else asked


def without_lines(asked):
    """A gateway that forgets what was bought, so that other content looks the same."""
    body = json.loads(asked.body or b"{}")
    if asked.target == "/v1/purchases":
        body["lines"] = [{"line_id": "1", "quantity": 1, "amount": 10_000}]
    return replace(asked, body=json.dumps(body).encode()) if body else asked


def ever(status, target, **body):
    """A service that always answers this to addresses that end so."""

    def answer(real):
        def send(asked):
            if asked.method != "GET" and asked.target.endswith(target):
                return Said(status, {"content-type": "application/json"}, json.dumps(body).encode())
            return real(asked)

        return send

    return answer


def sent_as(change):
    return lambda real: lambda asked: real(change(asked))


def answered_as(change):
    return lambda real: lambda asked: change(real(asked))


def never_replayed(said):
    return replace(said, headers={name: value for name, value in said.headers.items() if "replayed" not in name})


def in_html(said):
    return said if said.status < 400 else replace(said, headers=said.headers | {"content-type": "text/html"})


def with_a_reason(said):
    body = json.loads(said.body or b"null")
    return replace(said, body=json.dumps(body | {"reason": "unknown"}).encode()) if said.status == 409 else said


WRONG = [
    ("earn", ever(201, "/v1/purchases", points={"available": 0, "pending": 0}, explain=[], balance=0)),
    ("earn", ever(200, "/v1/purchases")),
    ("retry", sent_as(with_new_ids)),
    ("retry", answered_as(never_replayed)),
    ("other-content", sent_as(without_lines)),
    ("other-content", answered_as(in_html)),
    ("at-once", sent_as(with_new_ids)),
    ("give-up", ever(200, "/reverse", state="not_arrived")),
    ("give-up", ever(200, "/reverse", state="reversed")),
    ("never-arrived", ever(200, "/reverse", state="not_arrived")),
    ("redeem", sent_as(with_new_ids)),
    ("void", ever(200, "/void", state="voided")),
    ("void-never-arrived", ever(200, "/void", state="not_arrived")),
    ("hold-and-capture", ever(200, "/capture", state="held")),
    ("points-hold", ever(200, "/capture", state="captured", captured=1, balance=99)),
    ("spend-with-code", ever(201, "/v1/spends", balance=0)),
    ("presence-code", ever(201, "/v1/me/checkins", evidence_level=0)),
    ("presence-code", answered_as(never_replayed)),
    ("wrong-store", ever(200, "/void", state="voided")),
    ("unknown-code", answered_as(with_a_reason)),
    ("clear-errors", ever(201, "/v1/purchases")),
    ("offline-sync", ever(200, "/v1/offline/sync", results=[])),
    ("offline-sync", sent_as(with_new_ids)),
]


@pytest.mark.parametrize(("name", "wrong"), WRONG, ids=[f"{name}-{n}" for n, (name, _) in enumerate(WRONG)])
def test_a_deployment_that_is_wrong_fails_and_its_requests_are_shown(kit, name, wrong):
    outcome = told(replace(kit, send=wrong(kit.send)), name)[name]
    assert outcome.outcome == "failed"
    assert outcome.why
    assert outcome.steps


def test_every_scenario_has_a_deployment_that_fails_it():
    assert {name for name, _ in WRONG} == set(SCENARIOS)


def test_a_busy_deployment_is_asked_again_and_a_dead_one_is_told(kit):
    asked, real = [], kit.send

    def busy(one: Asked):
        asked.append(one)
        if len(asked) % 3:
            return Said(503, {}, b"{}")
        return real(one)

    assert told(replace(kit, send=busy), "earn")["earn"].outcome == "passed"

    def dead(_):
        raise OSError

    outcome = told(replace(kit, send=dead), "earn")["earn"]
    assert (outcome.outcome, outcome.why) == ("failed", "POST points/v1/members: no answer in 5 tries")


def test_nothing_that_is_shown_holds_a_key_or_a_code(kit):
    outcome = told(replace(kit, send=ever(200, "/void", state="x")(kit.send)), "void")["void"]
    shown = repr(outcome)
    assert not [secret for secret in kit.keys.values() if secret in shown]
    assert "omo_" not in shown
    codes = [step.answer["code"] for step in outcome.steps if step.target.endswith("/v1/issues")]
    assert codes
    assert codes[0].startswith("#")
