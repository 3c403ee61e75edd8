"""Sending to the product's own queues: what a service's inbox shall finish, or do the next step of."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Protocol

from shared import aws
from shared.keys import Stage

Clients = Callable[[str], Any]
"""A client of an AWS service, by the service's name."""


class Queues(Protocol):
    """The inboxes of one stage."""

    def carry_on(self, service: str, partition: str, delay_seconds: int = 0) -> None:
        """Ask a service to carry a name on."""

    def send(self, inbox: str, body: dict[str, Any], delay_seconds: int = 0) -> None:
        """Put a message into an inbox."""


class MemoryQueues:
    """Keeps what was asked for, and what was sent, with its delay."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.sent: list[tuple[str, dict[str, Any], int]] = []

    def send(self, inbox: str, body: dict[str, Any], delay_seconds: int = 0) -> None:
        self.sent.append((inbox, body, delay_seconds))

    def carry_on(self, service: str, partition: str, delay_seconds: int = 0) -> None:  # noqa: ARG002 - nothing waits
        self.asked.append((service, partition))


class SqsQueues:
    """SQS."""

    def __init__(self, stage: Stage, clients: Clients = aws.client) -> None:
        self._stage, self._clients = stage, clients

    def carry_on(self, service: str, partition: str, delay_seconds: int = 0) -> None:
        self.send(service, {"carry_on": partition}, delay_seconds)

    def send(self, inbox: str, body: dict[str, Any], delay_seconds: int = 0) -> None:
        send(self._stage.inbox(inbox), body, delay_seconds, clients=self._clients)


def send(queue: str, body: dict[str, Any], delay_seconds: int = 0, *, clients: Clients = aws.client) -> None:
    """Send one message to the queue of this name."""
    sqs = clients("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body), DelaySeconds=delay_seconds)
