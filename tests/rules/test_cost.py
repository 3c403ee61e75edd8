"""The estimate of a bill: sums by hand, steps, and that more never costs less."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from infra import prices, template, watch
from infra.cost import Assumed, bill, by_service, in_batches, load_of, one_more, total
from infra.locate import INFRA, ROOT
from infra.units import UNITS
from shared import log

TOKYO = prices.read().of("ap-northeast-1")
NOTHING = dict.fromkeys(UNITS, 0.0)
COUNTS = st.fixed_dictionaries({name: st.floats(0, 1e9) for name in UNITS})


def quantity(lines, service, what):
    (found,) = [line.quantity for line in lines if (line.service, line.what) == (service, what)]
    return found


def test_a_million_looks_at_balances_by_hand():
    lines = bill({**NOTHING, "looks": 1e6}, 0, 1, TOKYO, Assumed())
    look = UNITS["looks"]
    assert quantity(lines, "API Gateway", "REST requests") == 1e6
    assert quantity(lines, "DynamoDB", "read units") == look.reads * 1e6
    assert quantity(lines, "DynamoDB", "write units") == 0
    assert quantity(lines, "Lambda", "api: requests") == 1e6
    assert quantity(lines, "Lambda", "api: GB-seconds") == pytest.approx(1e6 * (0.012 + 0.01 + 0.005 * look.trips) / 2)
    assert quantity(lines, "Lambda", "authorizer: requests") == pytest.approx(1e6 / 3)
    assert by_service(lines)["API Gateway"] == pytest.approx(4.25 + (look.answer + 600) / 1000 * 0.114)


def test_what_stands_idle_costs_little():
    lines = bill(NOTHING, 0, 1, TOKYO, replace(Assumed(), metrics=0, alarms=0))
    assert total(lines) < 2
    assert quantity(lines, "SQS", "polls of empty queues") == 5 * 5 * 3 * 60 * 24 * 30


def test_storage_is_what_has_come_in_all_months_and_the_list_of_sales_goes_after_two_years():
    load = {**NOTHING, "purchases": 1e6}
    kept, passing = UNITS["purchases"].kept / 1000, UNITS["purchases"].passing / 1000
    for months, listed in ((12, 12), (48, 24)):
        lines = bill(load, 0, months, TOKYO, Assumed())
        assert quantity(lines, "DynamoDB", "point-in-time recovery, GB-months") == pytest.approx(months * kept)
        storage = months * kept + listed * passing
        assert quantity(lines, "DynamoDB", "storage, GB-months") == pytest.approx(storage)


@pytest.mark.parametrize(
    ("requests", "dollars"),
    [(0, 0), (1e6, 4.25), (333e6, 333 * 4.25), (400e6, 333 * 4.25 + 67 * 3.53), (2e9, 333 * 4.25 + 667 * 3.53 + 3000)],
)
def test_the_gateway_is_cheaper_for_more_step_by_step(requests, dollars):
    assert TOKYO["gateway_request"].of(requests) == pytest.approx(dollars)


def test_the_gateway_remembers_a_caller():
    """A till in a rush asks once in half a minute; a million tills that sell once ask each time."""
    load = {**NOTHING, "purchases": 1e6}
    busy = bill(load, 0, 1, TOKYO, replace(Assumed(), tills=1))
    rare = bill(load, 0, 1, TOKYO, replace(Assumed(), tills=1e6))
    assert quantity(busy, "Lambda", "authorizer: requests") < 30 * 12 * 120 * 1.01
    assert quantity(rare, "Lambda", "authorizer: requests") == pytest.approx(1e6, rel=0.001)


def test_batches_save_gateway_and_functions_and_no_write():
    load = load_of(1e6, {})
    one, many = (bill(each, 1e6, 12, TOKYO, Assumed()) for each in (load, in_batches(load)))
    before, after = by_service(one), by_service(many)
    assert after["API Gateway"] < before["API Gateway"] * 0.8
    assert after["Lambda"] < before["Lambda"]
    assert total(many) < total(one)


def test_what_is_not_said_is_usual_and_follows_what_is_said():
    load = load_of(1000, {"purchases": 50, "redemptions": 7, "looks": None})
    assert (load["purchases"], load["returns"], load["validations"], load["looks"]) == (50, 1, 7, 4000)
    assert set(load) == set(UNITS)


@given(COUNTS, st.sampled_from(sorted(UNITS)), st.floats(1, 1e6))
def test_more_of_anything_never_costs_less(load, name, more):
    before, after = (total(bill(one, 0, 3, TOKYO, Assumed())) for one in (load, {**load, name: load[name] + more}))
    assert after >= before * (1 - 1e-12)


@given(COUNTS)
def test_services_add_up(load):
    lines = bill(load, 1e6, 7, TOKYO, Assumed())
    assert sum(by_service(lines).values()) == pytest.approx(total(lines))
    assert all(line.usd >= 0 for line in lines)


def test_one_more_is_what_the_bill_grows_by():
    load = load_of(1e5, {})
    after = {**load, "purchases": load["purchases"] + 10_000}
    grown = total(bill(after, 0, 1, TOKYO, Assumed())) - total(bill(load, 0, 1, TOKYO, Assumed()))
    assert one_more(load, "purchases", TOKYO, Assumed()) == pytest.approx(grown / 10_000, rel=1e-3)


def test_what_is_assumed_of_the_deployment_is_so():
    for service in ("points", "coupons", "checkin"):
        said = json.loads((ROOT / f"services/{service}/.chalice/config.json").read_text())
        assert (said["lambda_memory_size"], said["lambda_architecture"]) == (Assumed.memory_mb, "arm64")
    data = template.load(INFRA / "data.yaml")["Resources"]
    queues = [name for name, one in data.items() if one["Type"] == "AWS::SQS::Queue"]
    assert len([name for name in queues if name.endswith("Inbox")]) == Assumed.queues
    assert len(list(watch.alarms())) == Assumed.alarms
    of_requests = {"Requests", "Latency", "TillLatency", "WriteUnits", "ReadUnits", "Faults", "Refusals", "Replays"}
    of_each_service = of_requests | {"LostRaces", "Parked"}
    assert of_each_service < set(log.UNITS)
    assert len(log.UNITS) + (3 - 1) * len(of_each_service) == Assumed.metrics
    days = template.load(INFRA / "service.yaml")["Parameters"]["LogDays"]["Default"]
    assert days == Assumed.log_days
    assert f"ttl_seconds={Assumed.authorizer_seconds:.0f}" in (ROOT / "shared/web.py").read_text()


def test_each_region_has_the_same_prices_each_with_its_source():
    table = prices.read()
    assert set(table.regions) == {"ap-northeast-1", "us-east-1"}
    for found in table.regions.values():
        assert set(found) == set(prices.NAMES)
        assert all(one.source and str(one.seen) for one in found.values())
