"""Starts MiniStack, and makes up for what it does otherwise than AWS when it stops and starts again."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from infra import files, process
from infra.deploy import Cloud
from infra.locate import MINISTACK, Home
from infra.package import REGION
from infra.process import Process

# Longer than the relay takes for one batch: its log is written when a batch is done.
QUIET_SECONDS = 4
PATIENCE_SECONDS = 60


class StackFailed(Exception):
    """The local stack can't be brought up; the message says what to do."""


def start(home: Home, port: int) -> Process:
    """Start MiniStack on loopback, in an environment of its own."""
    python = MINISTACK / "bin" / "python"
    if not python.exists():
        raise StackFailed("MiniStack is not installed: run `make setup` first.")
    temporary = home.folder / "tmp"
    for folder in (temporary, home.state):  # the state holds the tables, the files and the root secret
        files.own_folder(folder)
    # Lambda workers inherit this environment: nothing of the caller's may leak into them.
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG", "SYSTEMROOT") if name in os.environ},
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(home.state),
        "LAMBDA_EXECUTOR": "local",
        "TMPDIR": str(temporary),
        "PYTHONUNBUFFERED": "1",
    }
    return process.start([str(python), "-m", "ministack"], environment, home.logs / "ministack.log", port)


def wait_until_relayed(cloud: Cloud, say: Callable[[str], None]) -> None:
    """Wait until the relays have nothing left to do: MiniStack forgets the unread records of a stream when it stops.

    There is no way to ask for a relay's position, so silence in its log stands for it.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while _seconds_since_relay(cloud) < QUIET_SECONDS:
        if time.monotonic() > deadline:
            say("The relay is still busy: what it has not published yet will be missing after a restart.")
            return
        time.sleep(0.5)


def forget_stream_positions(state: Path) -> None:
    """Let the relays read restarted streams from their beginning.

    MiniStack saves how many records each relay has read, but not the records: after a restart it would pass over as
    many new ones, silently.
    """
    saved = state / "lambda.json"
    content = files.read_json(saved)
    if content is not None:
        content["payload"]["dynamodb_stream_positions"]["data"] = {}
        files.write_private(saved, json.dumps(content).encode())


def _seconds_since_relay(cloud: Cloud) -> float:
    logs = cloud.client("logs")
    prefix = f"/aws/lambda/{cloud.stack_name('points')}-Relay"
    last = 0
    for group in logs.describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]:
        streams = logs.describe_log_streams(logGroupName=group["logGroupName"])["logStreams"]
        last = max([last, *(stream.get("lastEventTimestamp", 0) for stream in streams)])
    return time.time() - last / 1000
