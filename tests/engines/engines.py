"""The engines that are asked, each behind the product's own port; and the one among them that must be started here."""

from __future__ import annotations

import os
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from moto import mock_aws

from infra import engine as ministack
from infra.locate import ROOT
from infra.package import REGION
from infra.process import free_port, start
from shared.dynamo import DynamoTable
from shared.memory import MemoryTable
from shared.table import Table

JARS = ROOT / ".omo" / "dynamodb-local"
KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


@dataclass(frozen=True)
class Engine:
    """An engine by name, with its clients; the one in memory has none."""

    name: str
    client: Any = None
    streams: Any = None

    def table(self, *, sort: str = "N") -> Table:
        """A fresh table of our key schema."""
        return MemoryTable() if self.client is None else self.wired_table(sort=sort)

    def wired_table(self, *, sort: str = "N") -> DynamoTable:
        return ministack.new_table(self.client, sort=sort)


@contextmanager
def at(name: str, address: str) -> Iterator[Engine]:
    """An engine that answers at an address."""
    streams = boto3.client("dynamodbstreams", endpoint_url=address, region_name=REGION, **KEYS)
    with ministack.client(address) as client:
        yield Engine(name, client, streams)
    streams.close()


@contextmanager
def moto() -> Iterator[Engine]:
    with mock_aws():
        config = Config(account_id_endpoint_mode="disabled")  # moto does not know those addresses
        services = ("dynamodb", "dynamodbstreams")
        made = [boto3.client(service, region_name=REGION, config=config, **KEYS) for service in services]
        yield Engine("moto", *made)
        for client in made:
            client.close()


def missing() -> str | None:
    """What DynamoDB Local lacks on this machine."""
    if shutil.which("java") is None:
        return "there is no Java"
    return None if (JARS / "DynamoDBLocal.jar").exists() else "DynamoDB Local is not installed: run `make engines`"


@contextmanager
def dynamodb_local(folder: Path) -> Iterator[str]:
    """Start DynamoDB Local on a free port; gives its address, and stops it at the end. It keeps nothing."""
    port = free_port()
    where = [f"-Djava.library.path={JARS / 'DynamoDBLocal_lib'}", "-jar", str(JARS / "DynamoDBLocal.jar")]
    command = ["java", *where, "-inMemory", "-disableTelemetry", "-port", str(port)]
    process = start(command, {"PATH": os.environ["PATH"]}, folder / "dynamodb-local.log", port)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address)
        yield address
    finally:
        process.stop(10)


def _wait(address: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(address, timeout=2).close()
            return
        except urllib.error.HTTPError as answer:  # it wants a signature, so it is there
            answer.close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("DynamoDB Local does not answer")
