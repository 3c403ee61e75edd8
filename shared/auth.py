"""Who is calling: our own keys and OpenID Connect tokens, told apart and checked by one authorizer.

A key reads `omo_<env>_<id>_<secret><crc>`: 12 characters of id, 43 of secret (256 bits), 6 of CRC-32, all base 62.
The checksum refuses a typing error without a read; the table holds the SHA-256 of the whole, which is safe for a
secret of this length.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets as random_source
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from shared import clock, keys, last_used
from shared.errors import Forbidden, Unauthenticated
from shared.table import Item
from shared.world import World

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
KEY_PATTERN = re.compile(r"omo_([a-z0-9]{1,16})_([0-9A-Za-z]{12})_([0-9A-Za-z]{43})([0-9A-Za-z]{6})")
LEEWAY_SECONDS = 60
ALGORITHMS = ("RS256", "ES256")

SCOPES: Mapping[str, frozenset[str]] = {
    "ec": frozenset(
        [
            "members:read",
            "members:write",
            "purchases:write",
            "points:spend",
            "points:read",
            "coupons:issue",
            "coupons:redeem",
            "coupons:read",
            "webhooks:admin",
        ]
    ),
    "pos": frozenset(
        [
            "members:read",
            "members:write",
            "purchases:write",
            "points:spend",
            "coupons:redeem",
            "coupons:read",
            "presence:show",
            "offline:sync",
        ]
    ),
    "partner": frozenset({"awards:write"}),
}
OPERATOR_ONLY = frozenset(
    [
        "members:merge",
        "points:admin",
        "programme:admin",
        "campaigns:admin",
        "stores:admin",
        "checkins:review",
        "keys:admin",
        "reports:read",
        "privacy:admin",
    ]
)
KINDS: Mapping[str, frozenset[str]] = {
    **SCOPES,
    "operator": OPERATOR_ONLY.union(*SCOPES.values()),
}


@dataclass(frozen=True)
class Principal:
    """The caller, as the authorizer found it."""

    kind: str  # ec, pos, partner, operator, member
    scopes: frozenset[str]
    key_id: str | None = None
    owner: str | None = None  # who a key was given to; approvals need two of these
    store_id: str | None = None
    terminal_id: str | None = None
    partner_id: str | None = None
    issuer: str | None = None
    subject: str | None = None
    is_local: bool = False  # a token of the local stack's own issuer, whose subjects are member ids

    @property
    def shop(self) -> str:
        """Whose ids the caller's are: one shop behind ec, pos and operator keys; each partner its own."""
        return f"partner.{self.partner_id}" if self.kind == "partner" else keys.SHOP

    @property
    def login(self) -> str:
        """A member token's identity value."""
        return f"{self.issuer}|{self.subject}"

    @property
    def identity(self) -> str:
        """What a cursor is sealed with: this caller and nobody else."""
        return f"key:{self.key_id}" if self.key_id else f"login:{self.login}"

    def require(self, scope: str) -> None:
        if scope not in self.scopes:
            raise Forbidden("forbidden")

    def to_context(self) -> str:
        """The text that the authorizer passes on to the routes."""
        held = {name: value for name, value in vars(self).items() if value is not None and name != "scopes"}
        return json.dumps(held | {"scopes": sorted(self.scopes)}, separators=(",", ":"))

    @classmethod
    def from_context(cls, text: str) -> Principal:
        held = json.loads(text)
        return cls(**held | {"scopes": frozenset(held["scopes"])})


class UnknownKey(Unauthenticated):
    """A key of our form that does not exist."""


def authorize(world: World, header: str) -> Principal:
    """The principal of an `Authorization` header; `Unauthenticated` whatever is wrong with it.

    `UnknownKey` for a key that is spelt right and does not exist: somebody guesses, or has a key of long ago.
    """
    scheme, _, token = header.strip().partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > 8192:
        raise Unauthenticated
    return _of_key(world, token) if token.startswith("omo_") else _of_token(token)


# ---- keys -----------------------------------------------------------------------------------------------------------


def new_secret(env: str, key_id: str) -> str:
    """A fresh key text for a key's id."""
    secret = "".join(random_source.choice(BASE62) for _ in range(43))
    body = f"omo_{env}_{key_id}_{secret}"
    return body + _checksum(body)


def new_key_id() -> str:
    return "".join(random_source.choice(BASE62) for _ in range(12))


def hash_of(secret: str) -> bytes:
    """What is kept of a key: SHA-256, enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()


def _checksum(body: str) -> str:
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = BASE62[digit] + digits
    return digits


def _of_key(world: World, token: str) -> Principal:
    match = KEY_PATTERN.fullmatch(token)
    if match is None or match[1] != world.stage.name or _checksum(token[:-6]) != match[4]:
        raise Unauthenticated
    item = world.directory.setting(keys.api_key(match[2]))
    ends = None if item is None else _end_of_secret(item, hash_of(token))
    if item is None or ends is None:
        raise UnknownKey
    if not is_valid(item, clock.to_ms(world.clock.unmoved()), ends):
        raise Unauthenticated
    last_used.note(world, match[2])
    return Principal(
        kind=item["kind"],
        scopes=frozenset(item["scopes"]),
        key_id=item.get("key_id", match[2]),
        owner=item["owner"],
        store_id=item.get("store_id"),
        terminal_id=item.get("terminal_id"),
        partner_id=item.get("partner_id"),
    )


NEVER = 1 << 63
"""When a secret ends that was not replaced by another."""


def _end_of_secret(item: Item, hashed: bytes) -> int | None:
    """When a key's secret ends, in milliseconds: that of an older one, which was replaced, before the key's own; None for none."""
    secrets_of = [(item["hash"], NEVER), *map(tuple, item.get("older", ()))]
    return next((ends for kept, ends in secrets_of if hmac.compare_digest(kept, hashed)), None)


def is_valid(item: Item, now: int, ends: int = NEVER) -> bool:
    """Whether a key, by a secret that ends then, is good now, by the real clock: a test's clock does not move validity."""
    return bool(
        item["state"] == "active" and item.get("not_before", 0) <= now < min(item.get("not_after", NEVER), ends)
    )


# ---- OpenID Connect -------------------------------------------------------------------------------------------------


def _of_token(token: str) -> Principal:
    import jwt

    try:
        claimed = jwt.decode(token, options={"verify_signature": False}).get("iss")
        trusted = next((one for one in _issuers() if one["issuer"] == claimed), None)
        if trusted is None or jwt.get_unverified_header(token).get("alg") not in ALGORITHMS:
            raise Unauthenticated
        claims = _verified(token, trusted)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
        raise Unauthenticated from error
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise Unauthenticated
    return Principal(
        kind="member",
        scopes=frozenset(),
        issuer=trusted["issuer"],
        subject=subject,
        is_local=bool(trusted.get("local")),
    )


def _verified(token: str, trusted: dict[str, Any]) -> dict[str, Any]:
    import jwt

    key = _key_set(trusted["issuer"], trusted.get("jwks_uri")).get_signing_key_from_jwt(token)
    claim = trusted.get("audience_claim", "aud")
    claims: dict[str, Any] = jwt.decode(
        token,
        key.key,
        algorithms=list(ALGORITHMS),
        issuer=trusted["issuer"],
        audience=trusted["audience"] if claim == "aud" else None,
        leeway=LEEWAY_SECONDS,
        options={"require": ["exp", "iss", "sub"], "verify_aud": claim == "aud"},
    )
    if claims.get(claim) != trusted["audience"] and claim != "aud":
        raise Unauthenticated
    return claims


@cache
def _issuers() -> tuple[dict[str, Any], ...]:
    """The issuers that this stage trusts, from its settings."""
    return tuple(json.loads(os.environ.get("OMO_ISSUERS", "[]")))


@cache
def _key_set(issuer: str, jwks_uri: str | None) -> Any:
    """The pinned key set of an issuer, fetched on first use and kept for five minutes."""
    import jwt

    return jwt.PyJWKClient(jwks_uri or f"{issuer.rstrip('/')}/.well-known/jwks.json", timeout=3, lifespan=300)
