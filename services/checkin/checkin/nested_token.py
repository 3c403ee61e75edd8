"""Tokens that are signed and then encrypted: a JWS (RFC 7515) inside a JWE (RFC 7516), both in compact form.

One algorithm at each place, as Google Play has them: A256KW wraps the key, A256GCM encrypts, ES256 signs. What a token
says of its algorithms is compared and never followed.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap
from cryptography.hazmat.primitives.serialization import load_der_public_key

_PARTS = 5
_KEY_BYTES, _IV_BYTES, _TAG_BYTES = 32, 12, 16


def opened(token: str, decryption_key: bytes, verification_key: EllipticCurvePublicKey) -> dict[str, Any]:
    """The JSON object of a token; ValueError, without saying of what, for any that these keys did not make."""
    import jwt

    try:
        signed = _decrypted(token, decryption_key)
        said = json.loads(jwt.PyJWS().decode(signed, verification_key, algorithms=["ES256"]))
    except (InvalidTag, InvalidUnwrap, jwt.PyJWTError, RecursionError) as error:
        raise ValueError("the token is not one of these keys") from error
    if not isinstance(said, dict):
        raise ValueError("the token says nothing")  # noqa: TRY004 - a wrong token, not a wrong call
    return said


def read_decryption_key(text: str) -> bytes:
    """The key of 256 bits that Google's console shows in Base64; ValueError for anything else."""
    key = base64.b64decode(text, validate=True)
    if len(key) != _KEY_BYTES:
        raise ValueError("a decryption key has 32 bytes")
    return key


def read_verification_key(text: str) -> EllipticCurvePublicKey:
    """The public P-256 key (Base64 of its DER form) that Google's console shows; ValueError for anything else."""
    key = load_der_public_key(base64.b64decode(text, validate=True))
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise ValueError("a verification key is one of P-256")  # noqa: TRY004 - a wrong setting, not a wrong call
    return key


def _decrypted(token: str, key: bytes) -> bytes:
    """What a token encrypts. Its header is authenticated with the content, in the form in which it was sent."""
    parts = token.split(".")
    if len(parts) != _PARTS or not token.isascii():
        raise ValueError("an encrypted token has five parts")
    header, wrapped, iv, content, tag = (_bytes(part) for part in parts)
    said = json.loads(header)
    if not isinstance(said, dict) or (said.get("alg"), said.get("enc")) != ("A256KW", "A256GCM"):
        raise ValueError("another algorithm")
    if "zip" in said or "crit" in said or (len(iv), len(tag)) != (_IV_BYTES, _TAG_BYTES):
        raise ValueError("another form")
    once = aes_key_unwrap(key, wrapped)
    if len(once) != _KEY_BYTES:
        raise ValueError("another size of key")
    return AESGCM(once).decrypt(iv, content + tag, parts[0].encode())


def _bytes(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
