"""What an action works with: the tables, the secrets and the clock of one deployment."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache
from urllib.parse import urlsplit

from shared import aws, keys, secrets
from shared.clock import Clock
from shared.directory import Directory
from shared.dynamo import DynamoTable
from shared.files import Files, MemoryFiles, S3Files
from shared.keys import Stage
from shared.ledger import Ledger
from shared.queues import MemoryQueues, Queues, SqsQueues
from shared.secrets import Secrets
from shared.table import Table


@dataclass(frozen=True)
class World:
    """Handed to every action. `at` gives the same world with the clock of one request."""

    stage: Stage
    ledger: Ledger
    directory: Directory
    transient: Table
    secrets: Secrets
    clock: Clock
    files: Files = field(default_factory=MemoryFiles)
    queues: Queues = field(default_factory=MemoryQueues)
    has_test_clock: bool = False
    heard: dict[str, tuple[int, ...]] = field(default_factory=dict)  # of whose failures, for answers that ask nobody
    noted: dict[str, date] = field(default_factory=dict)  # on which day which key was noted as used

    def at(self, now: datetime) -> World:
        """This world, at the `now` that a test's request set."""
        clock = self.clock.at(now)
        return replace(self, ledger=Ledger(self.ledger.table, clock), clock=clock)


def make(stage: Stage, ledger: Table, directory: Table, transient: Table, held: Secrets, clock: Clock) -> World:
    """A world over any tables, whose files and queues are in memory."""
    return World(stage, Ledger(ledger, clock), Directory(directory, clock), transient, held, clock)


@cache
def deployed() -> World:
    """The world of this process's stage, made on first use."""
    stage, clock = keys.stage(), Clock()
    client = aws.client("dynamodb")
    ledger, directory, transient = (
        DynamoTable(client, name) for name in (stage.ledger, stage.directory, stage.transient)
    )
    made = make(stage, ledger, directory, transient, secrets.from_secrets_manager(stage), clock)
    return replace(made, files=S3Files(stage), queues=SqsQueues(stage), has_test_clock=_has_test_clock())


def _has_test_clock() -> bool:
    """Whether requests may set their time: on a local stack only; anything else refuses to start."""
    if os.environ.get("OMO_TEST_CLOCK", "0") != "1":
        return False
    if urlsplit(os.environ.get("AWS_ENDPOINT_URL", "")).hostname not in ("127.0.0.1", "localhost", "::1"):
        raise RuntimeError("OMO_TEST_CLOCK=1 is for the local stack only")
    return True
