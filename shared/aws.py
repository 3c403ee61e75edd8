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

    # Left alone, S3's signs addresses in the old way, for a host that new buckets do not have yet.
    more = {"signature_version": "s3v4", "s3": {"addressing_style": "virtual"}} if service == "s3" else {}
    return boto3.client(service, config=settings(connect_timeout=1, read_timeout=3, **more))


def settings(**more: Any) -> Any:
    """How the clients are set, as botocore's `Config`.

    Two of these take two fifths off the processor time of a call (`docs/benchmarks.md`). A parameter of the wrong form
    is refused by AWS as it is by botocore, which goes through all of them at each call to say so; and the name that
    botocore gives itself, with all that it knows of machine and client, is put together twice a call unless one is given.
    """
    import boto3
    from botocore.config import Config

    name = f"omotenashi Boto3/{boto3.__version__}"
    retries = {"mode": "standard", "total_max_attempts": 3}
    return Config(retries=retries, parameter_validation=False, user_agent=name, **more)


@cache
def account_id(clients: Callable[[str], Any] = client) -> str:
    """The account that these clients are of: that of this process, if nobody says otherwise."""
    return str(clients("sts").get_caller_identity()["Account"])
