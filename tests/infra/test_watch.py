"""What is watched: alarms, their runbooks, the dashboard, and the metrics that they are about."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from infra import template, watch
from infra.locate import INFRA, ROOT, SERVICES
from infra.package import FUNCTIONS
from shared import log

ALARMS = list(watch.alarms())


def of_kind(whole, kind):
    return {name: one["Properties"] for name, one in whole["Resources"].items() if one["Type"] == kind}


def test_each_alarm_has_a_page_and_each_page_an_alarm():
    pages = {path.stem for path in (ROOT / watch.RUNBOOKS).glob("*.md")}
    assert pages == {alarm.runbook for alarm in ALARMS}


def test_an_alarm_says_where_its_page_is():
    for said in of_kind(watch.template(), "AWS::CloudWatch::Alarm").values():
        (page,) = re.findall(r"docs/runbooks/[a-z-]+\.md", said["AlarmDescription"])
        assert (ROOT / page).exists()


def test_alarms_have_names_of_their_own():
    assert len({alarm.name for alarm in ALARMS}) == len(ALARMS)
    assert len(of_kind(watch.template(), "AWS::CloudWatch::Alarm")) == len(ALARMS)


def test_own_metrics_are_those_that_the_product_tells():
    asked = {alarm.metric for alarm in ALARMS if alarm.namespace == log.NAMESPACE}
    shown = {line[1] for widget in watch._dashboard()["widgets"] for line in widget["properties"]["metrics"]}
    own = {name for name in shown if not name.startswith("Approximate")}
    assert asked | own <= set(log.UNITS)
    unseen = set(log.UNITS) - asked - own
    assert unseen <= {"Latency", "MembersJoined"}, "told and shown nowhere"


def test_every_metric_is_told_somewhere():
    sources = "".join(path.read_text() for path in (*ROOT.glob("shared/*.py"), *ROOT.glob("services/*/*/*.py")))
    for name in log.UNITS:
        assert sources.count(f'"{name}"') >= 2, name


def test_every_function_is_watched_and_has_a_name_and_a_log_that_ends(templates):
    watched = {alarm.dimensions["FunctionName"]["Fn::Sub"] for alarm in ALARMS if alarm.metric == "Errors"}
    for service in SERVICES:
        functions = of_kind(templates[service], "AWS::Serverless::Function")
        assert set(functions) == set(FUNCTIONS[service])
        logs = of_kind(templates[service], "AWS::Logs::LogGroup")
        for function, said in functions.items():
            name = said["FunctionName"]["Fn::Sub"]
            assert name in watched
            assert logs[f"{function}Logs"]["LogGroupName"]["Fn::Sub"] == f"/aws/lambda/{name}"
            assert logs[f"{function}Logs"]["RetentionInDays"] == {"Ref": "LogDays"}


def test_every_inbox_and_table_is_watched():
    data = template.load(INFRA / "data.yaml")
    queues = {one["QueueName"]["Fn::Sub"] for one in of_kind(data, "AWS::SQS::Queue").values()}
    tables = {one["TableName"]["Fn::Sub"] for one in of_kind(data, "AWS::DynamoDB::Table").values()}
    watched = {
        value["Fn::Sub"]
        for alarm in ALARMS
        for value in alarm.dimensions.values()
        if isinstance(value, dict) and "Fn::Sub" in value
    }
    assert queues | tables <= watched


@pytest.mark.parametrize("made", ["watch", "edge"])
def test_cfn_lint_finds_nothing_in_what_comes_last(made, tmp_path):
    whole = watch.template() if made == "watch" else template.load(INFRA / "edge.yaml")
    path = tmp_path / "template.json"
    path.write_text(template.dump(whole))
    lint = [str(Path(sys.executable).with_name("cfn-lint")), "--regions", "ap-northeast-1", "--", str(path)]
    done = subprocess.run(lint, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_dashboard_is_one_json_that_knows_its_stage():
    body = of_kind(watch.template(), "AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"]
    assert "${Stage}" in body
    assert len(json.loads(body)["widgets"]) > 8
