"""The hash that each item of a chain keeps of the one before it."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode

from shared.table import Item


def hash_of(item: Item) -> bytes:
    """SHA-256 over an item as it is stored: JSON with sorted keys, bytes in base 64."""
    text = json.dumps(item, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
    return hashlib.sha256(text.encode()).digest()


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    raise TypeError(f"an item can't hold a {type(value).__name__}")
