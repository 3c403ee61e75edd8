"""Where a word of the command line works: on the stack of this machine, or on a stage on AWS."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from infra import files, stack
from infra.client import Wire
from infra.commands import Failed, live, stage_name
from infra.deploy import Cloud
from infra.locate import Home
from shared import keys
from shared.clock import Clock
from shared.dynamo import DynamoTable
from shared.files import S3Files
from shared.secrets import Secrets
from shared.world import World, make

KEY = "OMO_KEY"
"""The environment's variable for a key of a stage on AWS: on a command line it would stand in the shell's history."""

ENDPOINT: tuple[tuple[str, ...], dict[str, Any]] = (
    ("--endpoint",),
    {"metavar": "URL", "help": "another AWS than the real one, such as that of a local stack"},
)


def _where(with_what: str) -> Sequence[tuple[tuple[str, ...], dict[str, Any]]]:
    says = f"a stage on AWS, with {with_what} (default: the local stack)"
    return [(("--stage",), {"default": stack.STAGE, "type": stage_name, "metavar": "S", "help": says}), ENDPOINT]


BY_TABLES = _where("the credentials of this shell")
"""Options of a command that reads and writes tables and queues itself."""
BY_KEY = _where(f"the credentials of this shell and an operator's key in ${KEY}")
"""Options of one that asks the services, as anybody would."""


@dataclass(frozen=True)
class Place:
    """A stage; `home` has the keys of the local one."""

    stage: str
    home: Home
    endpoint: str | None = None

    @property
    def is_local(self) -> bool:
        return self.stage == stack.STAGE

    @cached_property
    def cloud(self) -> Cloud:
        """The account that it is in; `Failed` for a stage that is not there."""
        if self.is_local:
            return Cloud(self.stage, live(self.home).endpoint)
        cloud = Cloud(self.stage, self.endpoint)
        if cloud.find("data") is None:
            raise Failed(f"There is no stage {self.stage} in this account and region.")
        return cloud

    def world(self) -> World:
        """The tables and files. The root secret is read only by what needs it."""
        names, client = keys.Stage(self.stage), self.cloud.client("dynamodb")
        ledger, directory, transient = (
            DynamoTable(client, name) for name in (names.ledger, names.directory, names.transient)
        )

        def root() -> str:
            held = self.cloud.client("secretsmanager").get_secret_value(SecretId=names.root_secret)
            return str(held["SecretString"])

        made = make(names, ledger, directory, transient, Secrets(root), Clock())
        return replace(made, files=S3Files(names, self.cloud.client))

    def wire(self, service: str, key: str = "operator") -> Wire:
        """A line to a service: on this machine with one of the keys of `local.json`, elsewhere with that of `$OMO_KEY`."""
        if self.is_local:
            local = files.read_json(self.home.local)
            if local is None:
                raise Failed("The stack is not up: run `omo up` first.")
            return Wire(local[service], local["keys"][key])
        secret = os.environ.get(KEY)
        if not secret:
            raise Failed(f"A stage on AWS asks for a key: put an operator's into ${KEY}.")
        address = self.cloud.address(service)
        if address is None:
            raise Failed(f"The stage {self.stage} has no service {service}.")
        return Wire(address, secret)


def place(asked: argparse.Namespace, home: Home) -> Place:
    """The stage that was asked for."""
    return Place(asked.stage, home, asked.endpoint)
