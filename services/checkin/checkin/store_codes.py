"""What a store shows its guests: a printed QR that never changes, and a code that changes every half minute.

Both are made of the stage's secret, so nobody else can make one, and nothing of them is kept. The printed one proves
little, since a photo of it goes round; it counts together with a location only.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import datetime

from shared import totp
from shared.world import World

_PREFIX = "omo-store:"
_STATIC = re.compile(_PREFIX + r"([A-Za-z0-9._-]{1,64}):([0-9a-f]{40})")
_ROTATING = re.compile(_PREFIX + r"([A-Za-z0-9._-]{1,64}):([0-9]{8})")
_TYPED = re.compile(r"[0-9]{8}")


@dataclass(frozen=True, slots=True)
class Shown:
    """A store's code as its screen shows it."""

    code: str
    qr_payload: str
    valid_until: datetime


def qr_of(world: World, store_id: str) -> str:
    """The payload of the QR that a store may print."""
    return f"{_PREFIX}{store_id}:{world.secrets.digest('store_qr', store_id)}"


def store_of_qr(world: World, payload: str) -> str | None:
    """The store whose printed QR this is, made under the secret of today or the one before; None for any other text."""
    found = _STATIC.fullmatch(payload)
    if found is None:
        return None
    store_id, mac = found.groups()
    accepted = world.secrets.digests_accepted("store_qr", store_id)
    return store_id if any(hmac.compare_digest(mac, one) for one in accepted) else None


def presence_code(world: World, store_id: str, now: datetime) -> Shown:
    """The code of a store's screen for this half minute, to type or to scan."""
    step = totp.step_of(now)
    code = totp.totp(_seeds(world, store_id)[0], step)
    return Shown(code, f"{_PREFIX}{store_id}:{code}", totp.end_of(step))


def step_of_code(world: World, store_id: str, shown: str, now: datetime) -> int | None:
    """The half minute of a store's code, typed or scanned, that is still taken; None for every other text."""
    code = shown.strip()
    scanned = _ROTATING.fullmatch(code)
    if scanned is not None:
        if scanned[1] != store_id:
            return None
        code = scanned[2]
    if not _TYPED.fullmatch(code):
        return None
    newest = totp.step_of(now)
    steps = range(newest + totp.SKEW_STEPS, newest - totp.SKEW_STEPS - 1, -1)
    right = [
        step for step in steps for seed in _seeds(world, store_id) if hmac.compare_digest(totp.totp(seed, step), code)
    ]
    return right[0] if right else None


def is_well_formed(text: str) -> bool:
    """Whether a text could be the code of some store: what is none of any store's is a guess then, no typing error."""
    return any(form.fullmatch(text.strip()) for form in (_TYPED, _ROTATING, _STATIC))


def is_rotating(payload: str) -> bool:
    """Whether a scanned text has the form of a screen's code, and not of a printed QR."""
    return _ROTATING.fullmatch(payload) is not None


def _seeds(world: World, store_id: str) -> list[bytes]:
    """A store's own secrets, made of the stage's: today's, and that of the one before."""
    return [hmac.digest(key, store_id.encode(), "sha256") for key in world.secrets.derive_accepted("presence_code")]
