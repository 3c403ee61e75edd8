"""Whether a platform's word about a phone and its app counts for a check-in: Google Play's integrity verdict. Pure.

A verdict is about one request: the app puts a hash of all that it sends into it, so what was said about one check-in
is worth nothing for another member, store, place or id, and a second use of it is a retry of the first. It says that
the shop's own app, unchanged, on a phone that is one, sent this; where the phone is, the check-in itself has to prove.

Names and values are Google's: https://developer.android.com/google/play/integrity/verdicts
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from checkin.model import CheckinBody, Location
from shared import clock

OLD_MAX = timedelta(minutes=2)
"""So long ago may a verdict have been given: a classic request takes some seconds, and a retry some more."""
AHEAD_MAX = timedelta(minutes=1)

_EDITION = "omo-checkin-1"
_GENUINE: Mapping[str, frozenset[str]] = {
    "device": frozenset({"MEETS_DEVICE_INTEGRITY", "MEETS_STRONG_INTEGRITY"}),
    "strong": frozenset({"MEETS_STRONG_INTEGRITY"}),
}
_HEX = re.compile(r"([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}")
_DIGEST_BYTES = 32


@dataclass(frozen=True)
class App:
    """One of the shop's apps: its package, the digests of its signing certificates, and which phones are good enough."""

    package_name: str
    certificates: frozenset[bytes]
    needs: str  # device, strong


def request_hash(member_id: str, sent: CheckinBody) -> str:
    """The hash that a verdict must carry: SHA-256 of nine lines, in Base64 for addresses and without padding.

    ValueError if something that was sent has a line end in it: two requests could then have one hash.
    """
    shown = (sent.presence_code, sent.qr, sent.challenge)
    lines = (
        _EDITION, member_id, sent.checkin_id, sent.store_id, sent.device_id or "",
        _place(sent.location), *(text or "" for text in shown),
    )  # fmt: skip
    if any("\n" in line for line in lines):
        raise ValueError("a line end inside a line")
    return _spelt(hashlib.sha256("\n".join(lines).encode()).digest())


def fault(verdict: Mapping[str, Any], app: App, wanted: str, now: datetime) -> str | None:
    """Why a verdict does not count for the request with this hash, or None. A field that is missing is a fault."""
    about, of_app, of_device = (_object(verdict, one) for one in ("requestDetails", "appIntegrity", "deviceIntegrity"))
    hashes = [about[name] for name in ("nonce", "requestHash") if name in about]
    if about.get("requestPackageName") != app.package_name or [_bare(one) for one in hashes] != [wanted]:
        return "other_request"
    at = _time(about.get("timestampMillis"))
    if at is None or not -AHEAD_MAX <= now - at <= OLD_MAX:
        return "stale"
    is_known = (of_app.get("appRecognitionVerdict"), of_app.get("packageName")) == ("PLAY_RECOGNIZED", app.package_name)
    if not is_known or not _is_signed(of_app.get("certificateSha256Digest"), app):
        return "app"
    labels = of_device.get("deviceRecognitionVerdict")
    if not isinstance(labels, list) or not any(one in _GENUINE[app.needs] for one in labels if isinstance(one, str)):
        return "device"
    return None


def read_digest(text: str) -> bytes:
    """A certificate's SHA-256 as consoles and tools show it, in hex with or without colons, or as verdicts do."""
    found = bytes.fromhex(text.replace(":", "")) if _HEX.fullmatch(text) else _unspelt(text)
    if len(found) != _DIGEST_BYTES:
        raise ValueError("a certificate's digest is its SHA-256")
    return found


def _place(fix: Location | None) -> str:
    """A location as a line: millionths of a degree, whole metres and milliseconds, each rounded down."""
    if fix is None:
        return ""
    lat, lon = (math.floor(degrees * 1e6) for degrees in (fix.lat, fix.lon))
    return f"{lat},{lon},{math.floor(fix.accuracy_m)},{clock.to_ms(fix.captured_at)},{int(bool(fix.is_mock))}"


def _is_signed(digests: Any, app: App) -> bool:
    """Whether the app is signed with the shop's certificates, and with none that is not."""
    try:
        signers = {_unspelt(one) for one in digests} if isinstance(digests, list) else set()
    except (ValueError, TypeError, AttributeError):
        return False
    return bool(signers) and signers <= app.certificates


def _time(sent: Any) -> datetime | None:
    """A time in milliseconds, which Google's JSON has as a text."""
    text = str(sent) if isinstance(sent, str | int) and not isinstance(sent, bool) else ""
    return clock.from_ms(int(text)) if re.fullmatch(r"[0-9]{1,14}", text, re.ASCII) else None


def _object(verdict: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    said = verdict.get(name)
    return said if isinstance(said, dict) else {}


def _bare(sent: Any) -> Any:
    return sent.rstrip("=") if isinstance(sent, str) else sent


def _spelt(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _unspelt(text: str) -> bytes:
    bare = text.rstrip("=")
    return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
