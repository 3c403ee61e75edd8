"""One JSON line a record: ids, codes and durations, never a code, name, phone, coordinate or token."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

_FIELDS = ("code", "status", "route", "queue", "message_id", "reason", "event", "count", "key")


class _Line(logging.Formatter):
    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {"level": record.levelname, "service": self._service, "message": record.getMessage()}
        line |= {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


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
