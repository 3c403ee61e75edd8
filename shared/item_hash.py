"""The hash that each item of a chain keeps of the one before it."""

from __future__ import annotations

import hashlib
import json
from binascii import b2a_base64

from shared.table import Item


def hash_of(item: Item) -> bytes:
    """SHA-256 over an item as it is stored: JSON with sorted keys, bytes in base 64."""
    return hashlib.sha256(text_of(item).encode()).digest()


def text_of(item: Item) -> str:
    """What is hashed of an item."""
    return _encoder.encode(item)


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        return b2a_base64(value, newline=False).decode()
    raise TypeError(f"an item can't hold a {type(value).__name__}")


_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
