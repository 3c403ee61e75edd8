"""Engines that tests share: a local AWS without services, for whatever needs a real table."""

from __future__ import annotations

import itertools
import os
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from hypothesis import HealthCheck, settings

from infra.locate import MINISTACK
from infra.process import free_port, start
from shared.table import DynamoTable

settings.register_profile("omotenashi", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("omotenashi")

_numbers = itertools.count()


@pytest.fixture(scope="session")
def engine(tmp_path_factory) -> Iterator[str]:
    """The address of a MiniStack of its own, on loopback."""
    folder, port = tmp_path_factory.mktemp("ministack"), free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": "ap-northeast-1",
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


def _wait(address: str) -> None:
    for _ in range(200):
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("MiniStack does not answer")


@pytest.fixture(scope="session")
def dynamodb(engine) -> Iterator[Any]:
    """A client of that engine that many threads may use."""
    client = boto3.client(
        "dynamodb",
        endpoint_url=engine,
        region_name="ap-northeast-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(max_pool_connections=64, retries={"mode": "standard", "total_max_attempts": 3}),
    )
    yield client
    client.close()


def new_table(client: Any, *, sort: str = "N") -> DynamoTable:
    """A fresh table of our key schema."""
    name = f"omo-test-{next(_numbers)}"
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": sort},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return DynamoTable(client, name)


@pytest.fixture
def real_tables(dynamodb) -> tuple[DynamoTable, DynamoTable, DynamoTable]:
    """Ledger, directory and transient on the local AWS."""
    return new_table(dynamodb), new_table(dynamodb, sort="S"), new_table(dynamodb, sort="S")
