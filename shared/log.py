"""One JSON line a record: ids, codes and durations, never a code, name, phone, coordinate or token.

A line that carries `metrics` is also read by CloudWatch (embedded metric format): what happened and how often are told
once, and no call leaves the process for it.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Mapping
from typing import Any

_FIELDS = (
    "request_id",
    "route",
    "status",
    "code",
    "kind",
    "key_id",
    "operation",
    "is_replay",
    "queue",
    "message_id",
    "event",
    "outcome",
    "reason",
    "count",
    "key",
)
NAMESPACE = "Omotenashi"
UNITS: Mapping[str, str] = {
    "Latency": "Milliseconds",
    "TillLatency": "Milliseconds",
    "RelayLag": "Milliseconds",
    "WriteUnits": "Count",
    "ReadUnits": "Count",
    "Requests": "Count",
    "Faults": "Count",
    "Refusals": "Count",
    "Replays": "Count",
    "LostRaces": "Count",
    "Parked": "Count",
    "GivenUpWebhooks": "Count",
    "Purchases": "Count",
    "PointsEarned": "Count",
    "PointsSpent": "Count",
    "PointsExpired": "Count",
    "PointsAwarded": "Count",
    "CouponsIssued": "Count",
    "CouponsRedeemed": "Count",
    "CheckinsAccepted": "Count",
    "CheckinsFlagged": "Count",
    "StoresPaused": "Count",
    "AlertsOpened": "Count",
    "CampaignsExhausted": "Count",
    "MembersJoined": "Count",
}
"""Every metric that the product tells, and its unit; each by stage and service, so that their number stays small."""


class _Line(logging.Formatter):
    def __init__(self, service: str) -> None:
        super().__init__()
        self._where = {"Stage": os.environ.get("OMO_STAGE", "-"), "Service": service}

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {"level": record.levelname, **self._where, "message": record.getMessage()}
        line |= {name: value for name in _FIELDS if (value := getattr(record, name, None)) is not None}
        told: Mapping[str, float] | None = getattr(record, "metrics", None)
        if told:
            line |= {**told, "_aws": _described(told)}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def _described(told: Mapping[str, float]) -> dict[str, Any]:
    """What CloudWatch needs to find the metrics of a line."""
    metrics = [{"Name": name, "Unit": UNITS[name]} for name in told]
    found = {"Namespace": NAMESPACE, "Dimensions": [["Stage", "Service"]], "Metrics": metrics}
    return {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [found]}


def set_up(service: str) -> None:
    """Log the product's own records as JSON lines; once per process."""
    logger = logging.getLogger("omotenashi")
    if logger.handlers:
        return
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_Line(service))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
