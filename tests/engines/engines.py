"""The engines that are asked, each behind the product's own port."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from moto import mock_aws

from infra import engine as ministack
from infra.package import REGION
from shared.dynamo import DynamoTable
from shared.memory import MemoryTable
from shared.table import Table

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
