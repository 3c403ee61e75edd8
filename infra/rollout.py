"""`omo deploy` and `omo destroy`: a whole stage, with each change shown before it is made.

Everything that changes goes through CloudFormation change sets. The data come first, the services after them, what
watches them last; what is unchanged is left alone, so a run that was cut off is simply run again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from botocore.exceptions import ClientError, WaiterError

from infra import package, template, watch
from infra.deploy import Cloud, DeploymentFailed, Prepared
from infra.locate import INFRA, SERVICES
from shared.keys import Stage

Say = Callable[[str], None]
CHANGE_SET = "omo"
OPERATORS = (
    *("Issuers", "LogDays", "BackupDays", "ReportDays", "ApiConcurrency"),
    *("AllowedOrigin", "AlarmMail", "DomainName", "CertificateArn"),
)
"""The parameters that a stage's operator sets; the others are ours, and new versions may set them anew."""
_NOTHING = ("didn't contain changes", "No updates are to be performed")


class Change(NamedTuple):
    """One thing that CloudFormation would do."""

    part: str
    action: str
    kind: str
    name: str
    is_replaced: bool

    def __str__(self) -> str:
        note = "  IS REPLACED" if self.is_replaced else ""
        return f"  {self.action:<8}{self.kind:<34}{self.name}{note}"


class Ended(NamedTuple):
    """How a run ended: the changes of each part that it looked at, and whether it came to its end."""

    changes: dict[str, list[Change]]
    is_whole: bool


class Rollout:
    """One run over all stacks of a stage.

    `said` are parameters by the templates' names. What an operator has set before and does not say now stays as it was.
    """

    def __init__(self, cloud: Cloud, said: Mapping[str, str], say: Say) -> None:
        self._cloud, self._said, self._say = cloud, said, say
        self._formation = cloud.client("cloudformation")

    def run(self, approve: Callable[[list[Change]], bool], *, is_dry: bool = False) -> Ended:
        """Deploy part by part; `approve` sees the changes of each before they are made. What it refuses ends the run.

        A dry run makes none of them, and goes on as far as what is there already lets it see. Raises `DeploymentFailed`
        with CloudFormation's own reasons; it has rolled that stack back by then.
        """
        self._say("Packaging …")
        package.package_all(self._cloud.stage, is_here=self._cloud.endpoint is not None)
        seen: dict[str, list[Change]] = {}
        for part, whole, uploads in self._parts():
            parameters = self._parameters(part, whole)
            prepared = self._cloud.prepare(part, whole, parameters, uploads)
            seen[part] = self._proposed(prepared) if prepared else []
            if prepared and seen[part]:
                self._say(f"{self._cloud.stack_name(part)}:\n" + "\n".join(map(str, seen[part])))
                if is_dry or not approve(seen[part]):
                    self._drop(prepared)
                    if is_dry and not prepared.is_new:
                        continue
                    return Ended(seen, is_whole=is_dry)
                self._formation.execute_change_set(StackName=prepared.asked["StackName"], ChangeSetName=CHANGE_SET)
                self._cloud.wait(prepared)
            else:
                self._say(f"{self._cloud.stack_name(part)}: nothing to change.")
            if part in SERVICES and not is_dry:
                self._cloud.answer_as_we_do(part, whole, parameters, was_touched=bool(seen[part]))
        return Ended(seen, is_whole=True)

    def _parts(self) -> Iterator[tuple[str, template.Template, dict[str, bytes]]]:
        yield "data", template.load(INFRA / "data.yaml"), {}
        for service in SERVICES:
            yield service, *self._cloud.of_package(service)
        if "DomainName" in self._said or self._cloud.find("edge"):
            yield "edge", template.load(INFRA / "edge.yaml"), {}
        yield "watch", watch.template(), {}

    def _parameters(self, part: str, whole: template.Template) -> dict[str, str]:
        before = self._cloud.find(part) or {}
        kept = {one["ParameterKey"]: one["ParameterValue"] for one in before.get("Parameters", ())}
        known = {name: value for name, value in {**kept, **self._said}.items() if name in OPERATORS}
        if part == "edge":
            known |= {f"{one.capitalize()}Api": self._cloud.outputs(one)["RestAPIId"] for one in SERVICES}
        return {name: value for name, value in known.items() if name in whole["Parameters"]}

    def _proposed(self, prepared: Prepared) -> list[Change]:
        """The changes that a change set holds; none if CloudFormation finds nothing to do."""
        name, kind = prepared.asked["StackName"], "CREATE" if prepared.is_new else "UPDATE"
        if not prepared.is_new or self._cloud.find(prepared.part):
            self._forget(name)
        self._formation.create_change_set(ChangeSetName=CHANGE_SET, ChangeSetType=kind, **prepared.asked)
        try:
            waiter = self._formation.get_waiter("change_set_create_complete")
            waiter.wait(StackName=name, ChangeSetName=CHANGE_SET, WaiterConfig=self._cloud.pace)
        except WaiterError:
            told = self._formation.describe_change_set(StackName=name, ChangeSetName=CHANGE_SET)
            reason = told.get("StatusReason", "")
            if not any(nothing in reason for nothing in _NOTHING):
                raise DeploymentFailed(f"{name}: {reason}") from None
            self._forget(name)
            return []
        return list(self._listed(prepared))

    def _listed(self, prepared: Prepared) -> Iterator[Change]:
        asked: dict[str, Any] = {"StackName": prepared.asked["StackName"], "ChangeSetName": CHANGE_SET}
        while True:
            page = self._formation.describe_change_set(**asked)
            for change in page["Changes"]:
                one = change["ResourceChange"]
                is_replaced = one.get("Replacement") in ("True", "Conditional")
                yield Change(prepared.part, one["Action"], one["ResourceType"], one["LogicalResourceId"], is_replaced)
            if "NextToken" not in page:
                return
            asked["NextToken"] = page["NextToken"]

    def _drop(self, prepared: Prepared) -> None:
        """Leave nothing of what was only proposed; not the empty stack either that a first change set brings along."""
        self._forget(prepared.asked["StackName"])
        if prepared.is_new:
            self._cloud.delete(prepared.part)

    def _forget(self, stack: str) -> None:
        try:
            self._formation.delete_change_set(StackName=stack, ChangeSetName=CHANGE_SET)
        except ClientError as failure:
            if "does not exist" not in str(failure) and "NotFound" not in str(failure):
                raise


# ---- and away with it -----------------------------------------------------------------------------------------------


def destroy(cloud: Cloud, say: Say, *, with_data: bool) -> list[str]:
    """Take the services away and, if that is wanted too, the books; the stacks that went.

    Without the data, everything comes back as it was by deploying again.
    """
    gone = []
    for part in ("watch", "edge", *reversed(SERVICES), *(["data"] if with_data else [])):
        if cloud.find(part) is None:
            continue
        say(f"Deleting {cloud.stack_name(part)} …")
        kept = _unprotect(cloud) if part == "data" else []
        cloud.delete(part)
        for table in kept:
            cloud.client("dynamodb").delete_table(TableName=table)
        gone.append(part)
    return gone


def _unprotect(cloud: Cloud) -> list[str]:
    """Empty the buckets and unlock the tables, so that they can go; the tables that their stack would leave behind.

    The root secret rests in Secrets Manager for 30 more days: without it no backup of the books can be read again.
    """
    stage, dynamo = Stage(cloud.stage), cloud.client("dynamodb")
    for table in (stage.ledger, stage.directory):
        dynamo.update_table(TableName=table, DeletionProtectionEnabled=False)
    resources = cloud.client("cloudformation").list_stack_resources(StackName=cloud.stack_name("data"))
    for one in resources["StackResourceSummaries"]:
        if one["ResourceType"] == "AWS::S3::Bucket":
            _empty(cloud.client("s3"), one["PhysicalResourceId"])
    cloud.client("secretsmanager").delete_secret(SecretId=stage.root_secret, RecoveryWindowInDays=30)
    return [stage.ledger, stage.directory]


def _empty(storage: Any, bucket: str) -> None:
    for page in storage.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        found = [{"Key": one["Key"]} for one in page.get("Contents", ())]
        if found:
            storage.delete_objects(Bucket=bucket, Delete={"Objects": found})


def read_issuers(text: str) -> str:
    """The issuers of a settings file as the templates take them; ValueError for what the services would not take."""
    found = json.loads(text)
    if not isinstance(found, list) or not found:
        raise ValueError("it must be a list of issuers")
    for one in found:
        known = {"issuer", "audience", "audience_claim", "jwks_uri"}
        if not isinstance(one, dict) or not {"issuer", "audience"} <= one.keys() <= known:
            raise ValueError("an issuer has issuer, audience, and if need be audience_claim and jwks_uri")
        if not all(str(one[name]).startswith("https://") for name in ("issuer", "jwks_uri") if name in one):
            raise ValueError("issuer and jwks_uri begin with https://")
    return json.dumps(found, separators=(",", ":"))
