"""What a linter of IAM policies (parliament) says of every role: each action exists, and takes the resource it stands by.

It knows AWS's actions and resources by itself and asks nobody. A slip that it would find is a call refused in the cloud
alone, for the local AWS does not look at policies.
"""

from __future__ import annotations

import json
import re

import parliament
import pytest

from infra.locate import SERVICES

ACCOUNT = {"Partition": "aws", "Region": "ap-northeast-1", "AccountId": "123456789012"}
ROOT_SECRET = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:omo-live-root-a1B2c3"


def filled(resource):
    """A resource as CloudFormation would put it."""
    if "Fn::ImportValue" in resource:
        assert resource["Fn::ImportValue"]["Fn::Sub"] == "omo-${Stage}-root-secret"
        return ROOT_SECRET
    said = resource["Fn::Sub"].replace("${Stage}", "live")
    return re.sub(r"\$\{AWS::(\w+)\}", lambda found: ACCOUNT[found[1]], said)


def linted(document):
    policy = parliament.analyze_policy_string(json.dumps(document), include_community_auditors=True)
    return [f"{one.issue} {one.detail}" for one in policy.findings]


def policies(templates):
    """Every policy of every role, by the service and name of its role."""
    for service in SERVICES:
        for name, one in templates[service]["Resources"].items():
            for policy in one["Properties"].get("Policies", ()) if one["Type"] == "AWS::IAM::Role" else ():
                statements = [
                    {**statement, "Resource": [filled(resource) for resource in statement["Resource"]]}
                    for statement in policy["PolicyDocument"]["Statement"]
                ]
                yield f"{service} {name}", {"Version": policy["PolicyDocument"]["Version"], "Statement": statements}


LISTS_STREAMS = "RESOURCE_MISMATCH [{'action': 'dynamodb:ListStreams', 'required_format': '*'}]"
"""The linter goes by AWS's list of actions, which knows no resource for this one. AWS's own guide to streams and Lambda
grants it on the table's streams, as we do; `*` would open the names of all others."""


def test_the_linter_finds_nothing_in_any_role_but_one_thing_that_aws_itself_writes(templates):
    found = {name: linted(document) for name, document in policies(templates)}
    assert len(found) >= 3 * len(SERVICES)
    assert {name: said for name, said in found.items() if said} == {
        f"points Relay{table}Role": [LISTS_STREAMS] for table in ("Directory", "Ledger")
    }


def linted_statement(actions, resource):
    return linted(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": [resource]}]}
    )


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("dynamodb:PutItems", "UNKNOWN_ACTION"),
        ("dynamodbs:PutItem", "UNKNOWN_PREFIX"),
        ("dynamodb:GetRecords", "RESOURCE_MISMATCH"),
        ("sqs:SendMessage", "RESOURCE_MISMATCH"),
    ],
)
def test_control_the_linter_finds_slips(action, said):
    (found,) = linted_statement([action], "arn:aws:dynamodb:ap-northeast-1:123456789012:table/omo-live-ledger")
    assert found.startswith(said)


def test_control_the_linter_finds_a_role_that_could_give_itself_more():
    found = linted_statement(["iam:CreatePolicyVersion", "sts:GetFederationToken"], "*")
    assert {one.partition(" ")[0] for one in found} >= {"PRIVILEGE_ESCALATION", "CREDENTIALS_EXPOSURE"}
