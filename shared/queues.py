"""The product's own queues: sending what an inbox shall finish or do the next step of; asking what lies in one."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any, Protocol

from shared import aws
from shared.errors import Unavailable
from shared.keys import Stage

_log = logging.getLogger("omotenashi")
# What somebody looks at in this moment is hidden from others, and lies there all the same.
_LYING = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")

Clients = Callable[[str], Any]
"""A client of an AWS service, by the service's name."""


class Queues(Protocol):
    """The inboxes of one stage."""

    def carry_on(self, service: str, partition: str, delay_seconds: int = 0) -> None:
        """Ask a service to carry a name on."""

    def send(self, inbox: str, body: dict[str, Any], delay_seconds: int = 0) -> None:
        """Put a message into an inbox."""

    def waiting(self, queue: str) -> int:
        """About how many messages lie in the queue of this name; `Unavailable` if it can't be asked."""


class MemoryQueues:
    """Keeps what was asked for, and what was sent, with its delay; `lying` is set by tests: by the queue's name."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.sent: list[tuple[str, dict[str, Any], int]] = []
        self.lying: dict[str, int] = {}

    def send(self, inbox: str, body: dict[str, Any], delay_seconds: int = 0) -> None:
        self.sent.append((inbox, body, delay_seconds))

    def carry_on(self, service: str, partition: str, delay_seconds: int = 0) -> None:  # noqa: ARG002 - nothing waits
        self.asked.append((service, partition))

    def waiting(self, queue: str) -> int:
        return self.lying.get(queue, 0)


class SqsQueues:
    """SQS."""

    def __init__(self, stage: Stage, clients: Clients = aws.client) -> None:
        self._stage, self._clients = stage, clients

    def carry_on(self, service: str, partition: str, delay_seconds: int = 0) -> None:
        self.send(service, {"carry_on": partition}, delay_seconds)

    def send(self, inbox: str, body: dict[str, Any], delay_seconds: int = 0) -> None:
        send(self._stage.inbox(inbox), body, delay_seconds, clients=self._clients)

    def waiting(self, queue: str) -> int:
        from botocore.exceptions import BotoCoreError, ClientError

        sqs = self._clients("sqs")
        try:
            url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
            told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(_LYING))["Attributes"]
        except (BotoCoreError, ClientError) as error:
            _log.warning("queue not asked", extra={"queue": self._stage.short(queue), "reason": _code(error)})
            raise Unavailable from error
        return sum(int(told[one]) for one in _LYING)


def _code(error: Exception) -> str:
    """What SQS calls it, or what happened on the way there."""
    answer: dict[str, Any] = getattr(error, "response", {})
    return str(answer.get("Error", {}).get("Code", type(error).__name__))


def send(queue: str, body: dict[str, Any], delay_seconds: int = 0, *, clients: Clients = aws.client) -> None:
    """Send one message to the queue of this name."""
    sqs = clients("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body), DelaySeconds=delay_seconds)
