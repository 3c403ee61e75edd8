"""A coupon's token for a till without a line: what it says, its bytes and its signature; and that of an allowance.

Tills may copy this file and `offline_till.py`: they stand alone, with the standard library and `cryptography`.
`docs/offline.md` spells the bytes out. A token is at most 155 characters, so it fits a QR code; its coupon can be used
once, wherever it is shown; and it dies at the end of the next day, so that a picture of a screen does.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

VERSION = 1
STORES_MAX = 3
"""So many stores a token names; a coupon for more, but not all, has none."""
_HEAD = struct.Struct(">B4sHBIBHHIB")  # version, key, locator, index (40 bits), type, first, last, expires, stores
_SIGNATURE = 64
_STORE = 4
_FIRST_DAY = date(2000, 1, 1).toordinal()
_TYPES: tuple[Literal["amount_off", "percent_off", "item_free"], ...] = ("amount_off", "percent_off", "item_free")


class NotAToken(ValueError):
    """A text that is no token, or one that nobody we know has signed."""


@dataclass(frozen=True, slots=True)
class Token:
    """A coupon's place among all coupons, and all that a till must know of its terms. Money in minor units."""

    locator: int
    index: int
    type: Literal["amount_off", "percent_off", "item_free"]
    value: int
    first: date
    last: date | None
    expires: datetime
    stores: tuple[bytes, ...] = ()  # empty: all
    max_discount: int | None = None
    min_purchase: int = 0

    @property
    def spot(self) -> tuple[int, int]:
        """What makes it single: a till remembers the spots it has taken."""
        return self.locator, self.index


# ---- keys and signatures --------------------------------------------------------------------------------------------


def spelt(raw: bytes) -> str:
    """Bytes as text: base 64 for URLs, without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unspelt(text: str) -> bytes:
    """The bytes of a text; the same bytes have one spelling only. Raises `NotAToken`."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NotAToken("not base 64 for URLs") from None
    if spelt(raw) != text:
        raise NotAToken("not base 64 for URLs")
    return raw


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """The public half of a key: 32 bytes."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_id(public: bytes) -> str:
    """By which a token names its key: the first four bytes of the public key's SHA-256, in hexadecimal."""
    return hashlib.sha256(public).digest()[:4].hex()


def store_mark(store_id: str) -> bytes:
    """By which a token names a store: the first four bytes of the SHA-256 of its id."""
    return hashlib.sha256(store_id.encode()).digest()[:_STORE]


def sign_allowance(key: Ed25519PrivateKey, told: Mapping[str, Any]) -> str:
    """The signature of an allowance."""
    return spelt(key.sign(allowance_bytes(told)))


def is_genuine(told: Mapping[str, Any], keys: Mapping[str, bytes]) -> bool:
    """Whether one of these keys has signed this allowance."""
    try:
        signature = unspelt(str(told.get("signature")))
    except NotAToken:
        return False
    return any(_is_signed(key, signature, allowance_bytes(told)) for key in keys.values())


def allowance_bytes(told: Mapping[str, Any]) -> bytes:
    """What an allowance's signature signs: its other fields as JSON, keys sorted, no spaces, ASCII only."""
    fields = {name: value for name, value in told.items() if name != "signature"}
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()


def _is_signed(public: bytes, signature: bytes, signed: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


# ---- bytes ----------------------------------------------------------------------------------------------------------


def write(token: Token, key: Ed25519PrivateKey) -> str:
    """The text of a token, signed. Raises ValueError for what does not fit: a day after 2179, too many stores."""
    kid = bytes.fromhex(key_id(public_bytes(key)))
    last = 0 if token.last is None else token.last.toordinal() - _FIRST_DAY
    try:
        head = _HEAD.pack(
            VERSION,
            kid,
            token.locator,
            token.index >> 32,
            token.index & 0xFFFFFFFF,
            _TYPES.index(token.type),
            token.first.toordinal() - _FIRST_DAY,
            last,
            int(token.expires.timestamp()),
            len(token.stores),
        )
    except struct.error:
        raise ValueError("a day of it lies too far away") from None
    if len(token.stores) > STORES_MAX:
        raise ValueError("a token names three stores at most")
    numbers = (token.value, token.max_discount or 0, token.min_purchase)
    signed = head + b"".join(token.stores) + b"".join(map(_packed, numbers))
    return spelt(signed + key.sign(signed))


def read(text: str, keys: Mapping[str, bytes]) -> Token:
    """A token by its text, if one of these keys (public bytes by their ids) has signed it. Raises `NotAToken`."""
    raw = unspelt(text)
    signed, signature = raw[:-_SIGNATURE], raw[-_SIGNATURE:]
    if len(signed) < _HEAD.size or signed[0] != VERSION:
        raise NotAToken("not a token of a version that is known here")
    version, kid, locator, high, low, kind, first, last, expires, stores = _HEAD.unpack(signed[: _HEAD.size])
    assert version == VERSION
    key = keys.get(kid.hex())
    if key is None or not _is_signed(key, signature, signed):
        raise NotAToken("nobody we know has signed it")
    rest = signed[_HEAD.size :]
    marks = tuple(rest[at : at + _STORE] for at in range(0, stores * _STORE, _STORE))
    value, max_discount, min_purchase = _unpacked(rest[stores * _STORE :])
    return Token(
        locator=locator,
        index=high << 32 | low,
        type=_TYPES[kind],
        value=value,
        first=date.fromordinal(first + _FIRST_DAY),
        last=date.fromordinal(last + _FIRST_DAY) if last else None,
        expires=datetime.fromtimestamp(expires, UTC),
        stores=marks,
        max_discount=max_discount or None,
        min_purchase=min_purchase,
    )


def _packed(number: int) -> bytes:
    """A number in as few bytes as it needs: seven bits to the byte, the lowest first (LEB128)."""
    packed = bytearray()
    while number > 0x7F:
        packed.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*packed, number])


def _unpacked(packed: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in packed:
        number |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            yield number
            number = shift = 0
