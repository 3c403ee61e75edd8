"""What is watched in the cloud: alarms, each with its runbook, and one dashboard. A stack of its own, deployed last.

An alarm is declared here once; the template, the pages in `docs/runbooks/` and the tests follow this list.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.locate import SERVICES
from infra.package import FUNCTIONS
from infra.template import Template
from shared import keys
from shared.log import NAMESPACE

TABLES = ("ledger", "directory", "transient")
RUNBOOKS = "docs/runbooks"


@dataclass(frozen=True)
class Alarm:
    """Something that a person must look at: when `metric` is beyond `limit` in `periods` of the last `of` periods."""

    name: str
    runbook: str  # the page's name
    says: str
    namespace: str
    metric: str
    dimensions: Mapping[str, Any]
    statistic: str
    limit: float
    seconds: int = 60
    periods: int = 1
    of: int = 1


_LASTING: Mapping[str, Any] = {"of": 5, "periods": 3}
"""In three of five minutes: not for a moment's trouble."""


def alarms() -> Iterator[Alarm]:
    """All alarms, in the order in which a person on call would read them."""
    for service in SERVICES:
        yield from _of_service(service)
    told_by_relay = (
        ("stores-paused", "StoresPaused", "a store's rewards paused by themselves"),
        ("campaigns-exhausted", "CampaignsExhausted", "a campaign has given all it may"),
        ("webhooks-given-up", "GivenUpWebhooks", "an endpoint took nothing for a day"),
    )
    for name, metric, says in told_by_relay:
        yield _own(name, "points", metric, says, 0, seconds=300)
    late = "events leave a minute after their entries"
    yield _own("relay-behind", "points", "RelayLag", late, 60_000, statistic="Maximum", **_LASTING)
    yield from _of_queues()
    yield from _of_functions()
    for table in TABLES:
        named = {"TableName": {"Fn::Sub": f"omo-${{Stage}}-{table}"}}
        says = "DynamoDB refuses calls for being too many"
        where = ("AWS/DynamoDB", "ThrottledRequests", named)
        yield Alarm(f"throttled-{table}", "throttled", says, *where, "Sum", 10, **_LASTING)


def _of_service(service: str) -> Iterator[Alarm]:
    """Each request says 0 or 1 fault, so the mean is the share."""
    faults, slow = "more than 1 % of the answers are 5xx", "one of a hundred tills waits half a second"
    yield _own("faults", service, "Faults", faults, 0.01, statistic="Average", **_LASTING)
    yield _own("till-latency", service, "TillLatency", slow, 500, statistic="p99", **_LASTING)
    crowded = "writers of one chain stand in each other's way"
    yield _own("lost-races", service, "LostRaces", crowded, 600, **_LASTING)
    yield _own("parked", service, "Parked", "something could not be handled and was put aside", 0, seconds=300)


def _of_queues() -> Iterator[Alarm]:
    waits, failed = "a message has waited for five minutes", "a message failed five times"
    aside = "the relay put a record aside, or a job failed"
    visible = "ApproximateNumberOfMessagesVisible"
    for inbox in keys.INBOXES:
        queue = f"omo-${{Stage}}-{inbox}-inbox"
        age = "ApproximateAgeOfOldestMessage"
        yield _queue(f"oldest-message-{inbox}", "oldest-message", queue, age, waits, 300, of=3, periods=3)
        yield _queue(f"dead-letters-{inbox}", "dead-letters", f"{queue}-dead", visible, failed, 0)
    yield _queue("dead-letters-parking", "dead-letters", "omo-${Stage}-parking", visible, aside, 0)


def _of_functions() -> Iterator[Alarm]:
    says = "a function crashed or ran out of time"
    for service, functions in FUNCTIONS.items():
        for function in functions:
            named = {"FunctionName": {"Fn::Sub": f"omo-${{Stage}}-{service}-{function}"}}
            name, where = f"{service}-{function}-errors", ("AWS/Lambda", "Errors", named)
            yield Alarm(name, "function-errors", says, *where, "Sum", 0, seconds=300)


def _own(name: str, service: str, metric: str, says: str, limit: float, **more: Any) -> Alarm:
    where = {"Stage": {"Ref": "Stage"}, "Service": service}
    return Alarm(f"{name}-{service}", name, says, NAMESPACE, metric, where, more.pop("statistic", "Sum"), limit, **more)


def _queue(name: str, runbook: str, queue: str, metric: str, says: str, limit: float, **more: Any) -> Alarm:
    return Alarm(name, runbook, says, "AWS/SQS", metric, {"QueueName": {"Fn::Sub": queue}}, "Maximum", limit, **more)


def template() -> Template:
    """The stack: a topic that people subscribe to, the alarms, the dashboard."""
    resources: dict[str, Any] = {
        "Alarms": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Fn::Sub": "omo-${Stage}-alarms"}}},
        "Mail": {
            "Type": "AWS::SNS::Subscription",
            "Condition": "HasMail",
            "Properties": {"TopicArn": {"Ref": "Alarms"}, "Protocol": "email", "Endpoint": {"Ref": "AlarmMail"}},
        },
        "Dashboard": {
            "Type": "AWS::CloudWatch::Dashboard",
            "Properties": {
                "DashboardName": {"Fn::Sub": "omo-${Stage}"},
                "DashboardBody": {"Fn::Sub": json.dumps(_dashboard())},
            },
        },
    }
    resources |= {_logical(alarm.name): _alarm(alarm) for alarm in alarms()}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Omotenashi's alarms and dashboard. Deployed after the services.",
        "Parameters": {
            "Stage": {"Type": "String", "AllowedPattern": "[a-z][a-z0-9]{0,15}"},
            "AlarmMail": {"Type": "String", "Default": "", "Description": "Who is written to; nobody if empty."},
        },
        "Conditions": {"HasMail": {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmMail"}, ""]}]}},
        "Resources": resources,
    }


def _logical(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("-")) + "Alarm"


def _alarm(alarm: Alarm) -> dict[str, Any]:
    told: dict[str, Any] = {
        "AlarmName": {"Fn::Sub": f"omo-${{Stage}}-{alarm.name}"},
        "AlarmDescription": f"{alarm.says[0].upper()}{alarm.says[1:]}. What to do: {RUNBOOKS}/{alarm.runbook}.md",
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": alarm.limit,
        "EvaluationPeriods": alarm.of,
        "DatapointsToAlarm": alarm.periods,
        "TreatMissingData": "notBreaching",
        "AlarmActions": [{"Ref": "Alarms"}],
        "OKActions": [{"Ref": "Alarms"}],
    }
    told |= {"Namespace": alarm.namespace, "MetricName": alarm.metric, "Period": alarm.seconds}
    told |= {"Dimensions": [{"Name": name, "Value": value} for name, value in alarm.dimensions.items()]}
    told["ExtendedStatistic" if alarm.statistic.startswith("p") else "Statistic"] = alarm.statistic
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": told}


# ---- the dashboard --------------------------------------------------------------------------------------------------


def _dashboard() -> dict[str, Any]:
    def own(*metrics: str, services: Sequence[str] = SERVICES) -> list[list[Any]]:
        return [
            [NAMESPACE, metric, "Stage", "${Stage}", "Service", service] for metric in metrics for service in services
        ]

    def queues(metric: str, end: str) -> list[list[Any]]:
        return [["AWS/SQS", metric, "QueueName", f"omo-${{Stage}}-{inbox}-inbox{end}"] for inbox in keys.INBOXES]

    relay = ("points",)
    widgets = [
        ("Requests, and what went wrong", own("Requests", "Faults", "Refusals"), "Sum"),
        ("What a till waits for (p50)", own("TillLatency"), "p50"),
        ("What a till waits for (p99; the limit is 500 ms)", own("TillLatency"), "p99"),
        ("Points: earned, spent, expired, given by partners", own("PointsEarned", "PointsSpent", "PointsExpired", "PointsAwarded", services=relay), "Sum"),
        ("Purchases, coupons, check-ins", own("Purchases", "CouponsIssued", "CouponsRedeemed", "CheckinsAccepted", services=relay), "Sum"),
        ("Check-ins that wait for people, stores paused, alerts of the guard, campaigns exhausted", own("CheckinsFlagged", "StoresPaused", "AlertsOpened", "CampaignsExhausted", services=relay), "Sum"),
        ("Oldest message of each inbox", queues("ApproximateAgeOfOldestMessage", ""), "Maximum"),
        ("Dead letters", queues("ApproximateNumberOfMessagesVisible", "-dead"), "Maximum"),
        ("Parked, lost races, repetitions", own("Parked", "LostRaces", "Replays"), "Sum"),
        ("How far the relay is behind", own("RelayLag", services=relay), "Maximum"),
        ("Write and read units", own("WriteUnits", "ReadUnits"), "Sum"),
    ]  # fmt: skip
    return {
        "widgets": [
            {
                "type": "metric",
                "x": 12 * (n % 2),
                "y": 6 * (n // 2),
                "width": 12,
                "height": 6,
                "properties": {
                    "title": title,
                    "metrics": metrics,
                    "stat": stat,
                    "period": 60,
                    "region": "${AWS::Region}",
                    "view": "timeSeries",
                },
            }
            for n, (title, metrics, stat) in enumerate(widgets)
        ]
    }
