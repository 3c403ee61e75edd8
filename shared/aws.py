"""The AWS clients, made on first use and kept. The only place that imports boto3."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any


@cache
def client(service: str) -> Any:
    """The low-level client of an AWS service.

    Short time-outs and two retries: an answer must be there within a till's patience, and every write of ours may be
    repeated on the wire.
    """
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 3})
    if service == "s3":  # left alone, it signs addresses in the old way, for a host that new buckets do not have yet
        config = config.merge(Config(signature_version="s3v4", s3={"addressing_style": "virtual"}))
    return boto3.client(service, config=config)


@cache
def account_id(clients: Callable[[str], Any] = client) -> str:
    """The account that these clients are of: that of this process, if nobody says otherwise."""
    return str(clients("sts").get_caller_identity()["Account"])
