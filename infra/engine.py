"""A local AWS without services, for whatever needs a real table for a while: tests of the stores, and the benchmark."""

from __future__ import annotations

import itertools
import os
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.locate import MINISTACK
from infra.package import REGION
from infra.process import free_port, start
from shared import aws
from shared.dynamo import DynamoTable

_numbers = itertools.count()


@contextmanager
def engine(folder: Path) -> Iterator[str]:
    """Start MiniStack on a free port of loopback; gives its address, and stops it at the end."""
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "TMPDIR": str(folder),
    }
    python = str(MINISTACK / "bin" / "python")
    process = start([python, "-m", "ministack"], environment, folder / "ministack.log", port)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(f"{address}/_ministack/health")
        yield address
    finally:
        process.stop(10)


@contextmanager
def client(address: str, *, is_plain: bool = False) -> Iterator[Any]:
    """A DynamoDB client of an engine that many threads may use: set as the product's are, or as boto3 comes."""
    import boto3
    from botocore.config import Config

    threads = {"max_pool_connections": 64}
    made = boto3.client(
        "dynamodb",
        endpoint_url=address,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the local AWS takes anything
        config=Config(**threads) if is_plain else aws.settings(**threads),
    )
    try:
        yield made
    finally:
        made.close()


def new_table(dynamodb: Any, *, sort: str = "N", name: str | None = None) -> DynamoTable:
    """A fresh table of our key schema, with this name or one of its own."""
    name = name or f"omo-bare-{next(_numbers)}"
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": sort},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return DynamoTable(dynamodb, name)


def _wait(address: str) -> None:
    for _ in range(200):
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310 - loopback
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("MiniStack does not answer")
