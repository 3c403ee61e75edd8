"""A role for each function, made of what `grants.yaml` says that it may do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infra import template
from infra.locate import INFRA

GRANTS = INFRA / "grants.yaml"
TABLES = ("ledger", "directory", "transient")
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
# What Lambda does in the function's name before it calls the function, as AWS asks for it.
_RECEIVE = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
_LOOK = ("GetQueueUrl", "GetQueueAttributes")
_STREAM = ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
BY_LAMBDA = frozenset([*(f"sqs:{one}" for one in _RECEIVE), *(f"dynamodb:{one}" for one in _STREAM)])
"""Of all that is granted, what Lambda alone calls."""
_SECRETS = {
    "root": {"Fn::ImportValue": {"Fn::Sub": "omo-${Stage}-root-secret"}},
    # Made by the operator, if at all (docs/checkin.md), so it is known by its name, which gets an end of its own.
    "attestation": {
        "Fn::Sub": "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:omo-${Stage}-attestation*"
    },
}

Grant = dict[str, Any]


def of(service: str) -> template.Template:
    """The roles of a service's functions, and each function with its own."""
    found: template.Template = {}
    for function, grant in template.load(GRANTS)[service].items():
        policy = {"PolicyName": function, "PolicyDocument": _document(service, function, grant)}
        properties = {"AssumeRolePolicyDocument": _TRUST, "Policies": [policy]}
        found[f"{function}Role"] = {"Type": "AWS::IAM::Role", "Properties": properties}
        found[function] = {"Properties": {"Role": {"Fn::GetAtt": [f"{function}Role", "Arn"]}}}
    return found


def _document(service: str, function: str, grant: Grant) -> template.Template:
    logs = _allow(
        "logs", ("CreateLogStream", "PutLogEvents"), f"log-group:/aws/lambda/omo-${{Stage}}-{service}-{function}:*"
    )
    return {"Version": "2012-10-17", "Statement": [logs, *_statements(grant)]}


def _statements(grant: Grant) -> Iterator[Grant]:
    for table in TABLES:
        if table in grant:
            yield _allow("dynamodb", grant[table], f"table/omo-${{Stage}}-{table}")
    if "stream" in grant:
        yield _allow("dynamodb", _STREAM, f"table/omo-${{Stage}}-{grant['stream']}/stream/*")
    yield from _queues(grant)
    if grant.get("publish"):
        yield _allow("sns", ("Publish",), "omo-${Stage}-events")
    if "files" in grant:
        yield from _files(**grant["files"])
    for secret in grant.get("secrets", ()):
        yield {"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"], "Resource": [_SECRETS[secret]]}


def _queues(grant: Grant) -> Iterator[Grant]:
    if "receive" in grant:
        yield _allow("sqs", _RECEIVE, *(f"omo-${{Stage}}-{queue}" for queue in grant["receive"]))
    if "send" in grant:
        yield _allow("sqs", ("GetQueueUrl", "SendMessage"), *(f"omo-${{Stage}}-{queue}" for queue in grant["send"]))
    if "look" in grant:
        yield _allow("sqs", _LOOK, *(f"omo-${{Stage}}-{queue}" for queue in grant["look"]))
    if "fails_to" in grant and grant["fails_to"] not in grant.get("send", ()):
        yield _allow("sqs", ("SendMessage",), f"omo-${{Stage}}-{grant['fails_to']}")


def _files(folder: str, may: list[str]) -> Iterator[Grant]:
    bucket = "arn:${AWS::Partition}:s3:::omo-${Stage}-files-${AWS::AccountId}"
    yield _said([f"s3:{one}" for one in may if one != "ListBucket"], [f"{bucket}/{folder}/*"])
    if "ListBucket" in may:
        yield _said(["s3:ListBucket"], [bucket])


def _allow(service: str, actions: Any, *names: str) -> Grant:
    where = f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:"
    return _said([f"{service}:{one}" for one in actions], [where + name for name in names])


def _said(actions: list[str], resources: list[str]) -> Grant:
    return {"Effect": "Allow", "Action": actions, "Resource": [{"Fn::Sub": resource} for resource in resources]}
