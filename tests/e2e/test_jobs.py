"""What runs by the clock, on the local stack: the real rule starts the real function."""

import json
from datetime import UTC, date, datetime, timedelta

import boto3
import pytest

from shared import keys
from tests.e2e.conftest import eventually, omo


@pytest.fixture
def aws(stack):
    local = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "ap-northeast-1"}
    return lambda service: boto3.client(service, endpoint_url=stack.local["aws_endpoint"], **local)


def buy(stack, member_id, purchase_id):
    body = {
        "purchase_id": purchase_id,
        "source": "pos",
        "member": {"member_id": member_id},
        "occurred_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "state": "completed",
        "lines": [{"line_id": "1", "quantity": 1, "amount": 1000}],
    }
    assert stack.call("points", "pos", "POST", "/v1/purchases", body).status_code == 201


def last_day(stack, member_id):
    balance = stack.call("points", "ec", "GET", f"/v1/members/{member_id}/balance").json()
    return date.fromisoformat(balance["expiring"][0]["on"])


def job_item(aws, name):
    pk, sk = keys.job(name)
    found = aws("dynamodb").get_item(TableName="omo-local-transient", Key={"pk": {"S": pk}, "sk": {"S": sk}})
    return found.get("Item")


def test_an_entry_is_looked_at_on_the_day_on_which_something_falls_due(stack, fresh, aws):
    member_id = stack.member()
    buy(stack, member_id, fresh)
    last = last_day(stack, member_id)
    pk, sk = keys.alarm(f"{keys.MEMBER_POINTS}#{member_id}", (last - timedelta(days=30)).toordinal())
    key = {"pk": {"S": pk}, "sk": {"S": sk}}
    asked = lambda: "Item" in aws("dynamodb").get_item(TableName="omo-local-transient", Key=key)  # noqa: E731
    assert eventually(asked, True)

    def look(day):
        told = json.loads(omo("alarms", "--on", day.isoformat(), "--json", "--dir", str(stack.home)).stdout)
        return told["points"]["entered"], told["points"]["parked"]

    look(last - timedelta(days=31))  # for whoever else is a member here
    assert look(last - timedelta(days=31)) == (0, 0)
    assert look(last - timedelta(days=30))[0] >= 1
    assert stack.balance(member_id) == 10
    assert look(last + timedelta(days=1))[0] >= 1
    assert stack.balance(member_id) == 0
    entries = stack.call("points", "ec", "GET", f"/v1/members/{member_id}/entries").json()["items"]
    assert [entry["kind"] for entry in entries] == ["expired", "earned"]


def test_a_coupon_is_counted_and_reminded_of_and_said_to_have_expired(stack, fresh):
    """Over the real topic, filter and queue: what happens to a coupon stands in the figures of its campaign."""
    member_id, today, campaign_id = stack.member(), datetime.now(UTC).date(), f"c-{fresh}"
    said = {
        "campaign_id": campaign_id,
        "name": {"ja": "割引", "en": "Off"},
        "offer": {"type": "amount_off", "value": 100},
        "valid_from": (today - timedelta(days=1)).isoformat(),
        "valid_until": (today + timedelta(days=40)).isoformat(),
    }
    assert stack.call("coupons", "operator", "POST", "/v1/campaigns", said).status_code == 201
    issue = {"campaign_id": campaign_id, "member": {"member_id": member_id}}
    codes = []
    for n in range(2):
        answer = stack.call("coupons", "ec", "POST", "/v1/issues", issue | {"source_id": f"{fresh}-{n}"})
        codes.append(answer.json()["code"])
    line = {"line_id": "1", "quantity": 1, "amount": 1000}
    body = {
        "redemption_id": fresh,
        "codes": codes[:1],
        "channel": "ec",
        "order_ref": fresh,
        "basket": {"lines": [line]},
    }
    assert stack.call("coupons", "ec", "POST", "/v1/redemptions", body).status_code == 201

    def figures():
        told = json.loads(omo("report", "campaign", campaign_id, "--json", "--dir", str(stack.home)).stdout)
        return told["issued"], told["redeemed"], told["expired"], told["discount_total"]

    assert eventually(figures, (2, 1, 0, 100)) == (2, 1, 0, 100)
    for days in (33, 42):
        on = (today + timedelta(days=days)).isoformat()
        told = json.loads(omo("alarms", "--on", on, "--json", "--dir", str(stack.home)).stdout)["coupons"]
        assert (told["entered"] > 0, told["parked"]) == (True, 0)
    assert eventually(figures, (2, 1, 1, 100)) == (2, 1, 1, 100)


@pytest.mark.slow
def test_the_schedule_starts_the_job(stack, aws):
    (coupons,) = aws("events").list_rules(NamePrefix="omo-local-coupons-Hourly")["Rules"]
    assert coupons["ScheduleExpression"] == "cron(10 * * * ? *)"
    (rule,) = aws("events").list_rules(NamePrefix="omo-local-points-Hourly")["Rules"]
    assert rule["ScheduleExpression"] == "cron(10 * * * ? *)"
    rates = aws("events")
    rates.put_rule(Name=rule["Name"], ScheduleExpression="rate(1 minute)", State="ENABLED")
    try:
        assert eventually(lambda: job_item(aws, "liability") is not None, True, seconds=240)
    finally:
        rates.put_rule(Name=rule["Name"], ScheduleExpression=rule["ScheduleExpression"], State="ENABLED")

    def is_kept():
        asked = [stack.call("points", "operator", "GET", "/v1/reports/liability").json() for _ in range(2)]
        return asked[0]["computed_at"] == asked[1]["computed_at"]

    assert eventually(is_kept, True, seconds=120), "the job has begun, and its report comes at its end"


def test_the_report_of_this_moment_holds_the_sum_of_the_balances(stack, fresh):
    member_id = stack.member()
    before = json.loads(omo("report", "liability", "--json", "--dir", str(stack.home)).stdout)
    buy(stack, member_id, fresh)
    after = json.loads(omo("report", "liability", "--json", "--dir", str(stack.home)).stdout)
    assert (after["total"] - before["total"], after["members"] - before["members"]) == (10, 1)
    missing = omo("report", "liability", "--on", "2020-01-01", "--dir", str(stack.home), check=False)
    assert (missing.returncode, "no report of 2020-01-01" in missing.stderr) == (1, True)
