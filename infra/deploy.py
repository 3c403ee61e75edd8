"""Brings packages and templates to CloudFormation: the same calls on this machine and in the cloud.

A stack is touched only if its template, bundle or parameters are other than those it was deployed with; their hash
is kept in a tag of the stack.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError

from infra import emulated, template
from infra.locate import INFRA
from infra.package import REGION, Package

TAG = "omo:made-from"
WHOLE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
# A stack in one of these has nothing that could be updated.
NEVER_CREATED = ("CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED")


class DeploymentFailed(Exception):
    """A stack did not come up; the message holds what CloudFormation said."""


class Prepared(NamedTuple):
    """What CloudFormation will be asked for."""

    part: str
    asked: dict[str, Any]
    is_new: bool


class Cloud:
    """The AWS account that is deployed to: the local one if `endpoint` is given."""

    def __init__(self, stage: str, endpoint: str | None = None) -> None:
        self.stage = stage
        self.endpoint = endpoint
        local = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}
        self._session = boto3.Session(**(local if endpoint else {}))
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """A client, made on first use and kept."""
        if service not in self._clients:
            # Nothing that goes to loopback may take the way over a proxy of the environment.
            config = Config(retries={"max_attempts": 3}, **({"proxies": {}} if self.endpoint else {}))
            self._clients[service] = self._session.client(service, endpoint_url=self.endpoint, config=config)
        return self._clients[service]

    @property
    def pace(self) -> dict[str, float]:
        """How often a waiter asks, and how many times."""
        return {"Delay": 0.2, "MaxAttempts": 300} if self.endpoint else {"Delay": 5, "MaxAttempts": 240}

    @property
    def bucket(self) -> str:
        """Where CloudFormation finds templates and bundles."""
        account = "000000000000" if self.endpoint else self.client("sts").get_caller_identity()["Account"]
        return f"omo-{self.stage}-artifacts-{account}"

    def stack_name(self, part: str) -> str:
        return f"omo-{self.stage}-{part}"

    def deploy_data(self, parameters: Mapping[str, str]) -> bool:
        """Create or update the tables, topic and queues; whether anything was touched."""
        return self._deploy("data", template.load(INFRA / "data.yaml"), parameters)

    def deploy_service(self, service: str, parameters: Mapping[str, str]) -> bool:
        """Create or update one service from its package; whether anything was touched."""
        whole, uploads = self.of_package(service)
        touched = self._deploy(service, whole, parameters, uploads)
        self.answer_as_we_do(service, whole, parameters, was_touched=touched)
        return touched

    def of_package(self, service: str) -> tuple[template.Template, dict[str, bytes]]:
        """A packaged service's template, and the bundle that it names, by its key in the bucket."""
        package = Package(service, self.stage)
        bundle = package.bundle.read_bytes()
        key = f"{service}/{hashlib.sha256(bundle).hexdigest()}.zip"
        whole = template.load(package.template)
        for resource in whole["Resources"].values():
            if resource["Type"] == "AWS::Serverless::Function":
                resource["Properties"]["CodeUri"] = f"s3://{self.bucket}/{key}"
        return whole, {key: bundle}

    def answer_as_we_do(
        self, service: str, whole: template.Template, parameters: Mapping[str, str], *, was_touched: bool
    ) -> None:
        """Give the emulator's gateway our answers and preflights; AWS reads them from the template."""
        if not self.endpoint:
            return
        api, api_id = self.client("apigateway"), self.outputs(service)["RestAPIId"]
        if was_touched or not emulated.is_complete(api, api_id):
            emulated.complete(
                api, api_id, whole["Resources"]["RestAPI"]["Properties"], _with_defaults(whole, parameters)
            )

    def outputs(self, part: str) -> dict[str, str]:
        """The outputs of a deployed stack."""
        return {output["OutputKey"]: output["OutputValue"] for output in (self.find(part) or {}).get("Outputs", [])}

    def address(self, service: str) -> str | None:
        """Where a deployed service is called; None for one that is not deployed."""
        told = self.outputs(service)
        if self.endpoint and "RestAPIId" in told:  # an emulator answers in its own place, whatever the output says
            return f"{self.endpoint}/restapis/{told['RestAPIId']}/api/_user_request_"
        return told["EndpointURL"].removesuffix("/") if "EndpointURL" in told else None

    def _deploy(
        self,
        part: str,
        whole: template.Template,
        parameters: Mapping[str, str],
        uploads: Mapping[str, bytes] | None = None,
    ) -> bool:
        prepared = self.prepare(part, whole, parameters, uploads)
        if prepared is None:
            return False
        formation = self.client("cloudformation")
        (formation.create_stack if prepared.is_new else formation.update_stack)(**prepared.asked)
        self.wait(prepared)
        return True

    def prepare(
        self,
        part: str,
        whole: template.Template,
        parameters: Mapping[str, str],
        uploads: Mapping[str, bytes] | None = None,
    ) -> Prepared | None:
        """Upload what a stack is made from, and say what to ask CloudFormation for; None if it is that already."""
        body = template.dump(whole)
        meant = _with_defaults(whole, parameters)
        made_from = hashlib.sha256(json.dumps([body, sorted(meant.items())]).encode()).hexdigest()
        before = self.find(part)
        if before and before["StackStatus"] in NEVER_CREATED:
            self.delete(part)
            before = None
        if before and _tag(before) == made_from and before["StackStatus"] in WHOLE:
            return None
        template_key = f"{part}/{made_from}.json"
        self._upload({**(uploads or {}), template_key: body.encode()})
        told = {**parameters, "Stage": self.stage}
        asked = {
            "StackName": self.stack_name(part),
            "TemplateURL": self._address(template_key),
            "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in told.items()],
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            "Tags": [{"Key": TAG, "Value": made_from}],
        }
        return Prepared(part, asked, before is None or before["StackStatus"] == "REVIEW_IN_PROGRESS")

    def wait(self, prepared: Prepared) -> None:
        """Wait until a stack has become what it was asked to be; raises `DeploymentFailed` with the reasons."""
        name = self.stack_name(prepared.part)
        kind = "stack_create_complete" if prepared.is_new else "stack_update_complete"
        try:
            self.client("cloudformation").get_waiter(kind).wait(StackName=name, WaiterConfig=self.pace)
        except WaiterError as failure:
            raise DeploymentFailed(f"{name}: {self._reasons(name)}") from failure

    def delete(self, part: str) -> None:
        """Delete a stack; what its template retains stays."""
        formation, name = self.client("cloudformation"), self.stack_name(part)
        formation.delete_stack(StackName=name)
        formation.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig=self.pace)

    def find(self, part: str) -> dict[str, Any] | None:
        """A stack as CloudFormation describes it; None if there is none."""
        try:
            found = self.client("cloudformation").describe_stacks(StackName=self.stack_name(part))["Stacks"]
        except ClientError as failure:
            if "does not exist" in str(failure):
                return None
            raise
        return found[0] if found else None

    def _reasons(self, name: str) -> str:
        events = self.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
        failed = [event for event in events if event["ResourceStatus"].endswith("FAILED")]
        return "; ".join(f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}" for event in failed)

    def _upload(self, objects: Mapping[str, bytes]) -> None:
        storage = self.client("s3")
        try:
            storage.head_bucket(Bucket=self.bucket)
        except ClientError:
            place = {"LocationConstraint": storage.meta.region_name}
            storage.create_bucket(Bucket=self.bucket, CreateBucketConfiguration=place)
        for key, content in objects.items():
            storage.put_object(Bucket=self.bucket, Key=key, Body=content)

    def _address(self, key: str) -> str:
        region = self.client("s3").meta.region_name
        return f"{self.endpoint or f'https://s3.{region}.amazonaws.com'}/{self.bucket}/{key}"


def _with_defaults(whole: template.Template, parameters: Mapping[str, str]) -> dict[str, str]:
    """What a stack is told, and what it takes for itself: said or left to its default, the same is the same."""
    return {name: str(one["Default"]) for name, one in whole["Parameters"].items() if "Default" in one} | {**parameters}


def _tag(stack: Mapping[str, Any]) -> str | None:
    return next((tag["Value"] for tag in stack.get("Tags", []) if tag["Key"] == TAG), None)
