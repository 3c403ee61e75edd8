"""The body of a request: UTF-8, JSON, one object, not too large and not too deep."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from typing import Any

from shared.errors import BadRequest, Invalid, Refused, TooLarge

CSV = "text/csv"
_DEPTH_MAX = 32
_REPLACED = "\ufffd"  # what a gateway puts in the place of bytes that are no UTF-8
_SURROGATE = re.compile("[\ud800-\udfff]")


def read(raw: bytes, content_type: str, limit: int, of_csv: Callable[[str], Any] | None = None) -> dict[str, Any]:
    """The object that a body holds; an empty body is an empty object. `limit` in bytes.

    `of_csv` makes an object of a body that is CSV, where that may be sent. Raises `body_too_large`,
    `unsupported_media_type`, `malformed_json` or, for JSON that is no object, `Invalid`.
    """
    if len(raw) > limit:
        raise TooLarge("body_too_large", limit_bytes=limit)
    if not raw:
        return {}
    media = content_type.partition(";")[0].strip().lower()
    is_csv = of_csv is not None and media == CSV
    if not is_csv:
        _check_media_type(media)
    try:
        text = raw.decode("utf-8-sig" if is_csv else "utf-8")  # spreadsheets begin theirs with a mark
        if _REPLACED in text:
            raise ValueError("not UTF-8")
        if of_csv is not None and is_csv:
            return dict(of_csv(text))
        sent = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError, csv.Error):
        raise BadRequest("malformed_json") from None
    # With few brackets it can't be deep, and without escapes there is no lone half of a character.
    is_plain = "\\u" not in text and text.count("{") + text.count("[") <= _DEPTH_MAX
    if not is_plain and not _is_shallow(sent, _DEPTH_MAX):
        raise BadRequest("malformed_json")
    if not isinstance(sent, dict):
        raise Invalid.at("", "object", "the body must be an object")
    return sent


def _check_media_type(media: str) -> None:
    if media != "application/json" and not (media.startswith("application/") and media.endswith("+json")):
        refused = Refused("unsupported_media_type")
        refused.status = 415
        raise refused


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _is_shallow(value: Any, depth: int) -> bool:
    if isinstance(value, str):
        return value.isascii() or not _SURROGATE.search(value)
    if isinstance(value, dict):
        return depth > 0 and all(_is_shallow(one, depth - 1) for one in value.values())
    if isinstance(value, list):
        return depth > 0 and all(_is_shallow(one, depth - 1) for one in value)
    return True
