"""Phones whose platform vouches for them: keys of our own in the place of Google's, and tokens in Google's form.

The tokens are made with the library's own primitives and PyJWT, not with the code that reads them.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PACKAGE = "jp.example.omise"
CERTIFICATE = hashlib.sha256(b"the shop's signing certificate").digest()
NEEDED = {"alg": "A256KW", "enc": "A256GCM"}


def spelt(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def encrypted(content: bytes, key: bytes, header: Mapping[str, Any] = NEEDED) -> str:
    """A JWE of this content: RFC 7516 in compact form."""
    once, iv = os.urandom(32), os.urandom(12)
    head = spelt(json.dumps(header).encode())
    sealed = AESGCM(once).encrypt(iv, content, head.encode())
    return ".".join((head, spelt(aes_key_wrap(key, once)), spelt(iv), spelt(sealed[:-16]), spelt(sealed[-16:])))


@dataclass
class Play:
    """Google Play for one app of the shop's."""

    package: str = PACKAGE
    decryption_key: bytes = field(default_factory=lambda: os.urandom(32))
    signing_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def setting(self, **changes: Any) -> dict[str, Any]:
        """What the operator puts into the secret."""
        public = self.signing_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return {
            "package_name": self.package,
            "certificates": [CERTIFICATE.hex()],
            "decryption_key": base64.b64encode(self.decryption_key).decode(),
            "verification_key": base64.b64encode(public).decode(),
        } | changes

    def token(self, verdict: Any, *, header: Mapping[str, Any] = NEEDED) -> str:
        """The text that the phone gets for a verdict."""
        signed = jwt.PyJWS().encode(json.dumps(verdict).encode(), self.signing_key, algorithm="ES256")
        return encrypted(signed.encode(), self.decryption_key, header)


def verdict(wanted: str, at: datetime, *, classic: bool = True, **changes: Mapping[str, Any]) -> dict[str, Any]:
    """Google's verdict on a good phone for a request's hash; changes by section, where None takes a field away."""
    about = {"requestPackageName": PACKAGE, "timestampMillis": str(int(at.timestamp() * 1000))}
    said: dict[str, dict[str, Any]] = {
        "requestDetails": about | ({"nonce": wanted} if classic else {"requestHash": wanted}),
        "appIntegrity": {
            "appRecognitionVerdict": "PLAY_RECOGNIZED",
            "packageName": PACKAGE,
            "certificateSha256Digest": [spelt(CERTIFICATE)],
            "versionCode": "42",
        },
        "deviceIntegrity": {"deviceRecognitionVerdict": ["MEETS_BASIC_INTEGRITY", "MEETS_DEVICE_INTEGRITY"]},
        "accountDetails": {"appLicensingVerdict": "LICENSED"},
    }
    for section, fields in changes.items():
        merged = said.get(section, {}) | dict(fields)
        said[section] = {name: value for name, value in merged.items() if value is not None}
    return said


def hashed(member_id: str, body: Mapping[str, Any]) -> str:
    """The hash of a check-in, as an app makes it: by the guide alone."""
    fix = body.get("location")
    place = ""
    if fix:
        degrees = [int(fix[name] * 1e6 // 1) for name in ("lat", "lon")]
        at = int(datetime.fromisoformat(fix["captured_at"]).timestamp() * 1000)
        place = ",".join(map(str, (*degrees, int(fix["accuracy_m"]), at, int(fix.get("is_mock", False)))))
    shown = [body.get(name, "") for name in ("presence_code", "qr", "challenge")]
    lines = ["omo-checkin-1", member_id, body["checkin_id"], body["store_id"], body.get("device_id", ""), place, *shown]
    return spelt(hashlib.sha256("\n".join(lines).encode()).digest())
