"""One-time codes that change with time (RFC 6238), and the code on a member's screen that is made of one."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta

from shared import clock

STEP_SECONDS = 30
DIGITS = 8
SKEW_STEPS = 1  # a phone's clock may be one step off either way
REMEMBERED_STEPS = 5760  # for two days an old code is told to be old, a photo of yesterday too; then it is nobody's


def totp(secret: bytes, step: int, digits: int = DIGITS, algorithm: str = "sha256") -> str:
    """The code of a time step: RFC 4226's dynamic truncation of an HMAC over the step's number."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), algorithm)
    offset = mac[-1] & 0xF
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**digits:0{digits}d}"


def step_of(at: datetime) -> int:
    """The number of the step that a moment lies in."""
    return clock.to_ms(at) // (STEP_SECONDS * 1000)


def end_of(step: int) -> datetime:
    """When a step is over."""
    return clock.EPOCH + timedelta(seconds=(step + 1) * STEP_SECONDS)


def find_step(secret: bytes, code: str, at: datetime) -> int | None:
    """The step that a code belongs to, looked for from the newest back through two days; None for no code."""
    newest = step_of(at) + SKEW_STEPS
    steps = range(newest, newest - SKEW_STEPS - REMEMBERED_STEPS - 1, -1)
    return next((step for step in steps if hmac.compare_digest(totp(secret, step), code)), None)


def is_current(step: int, at: datetime) -> bool:
    """Whether a step's code is still taken."""
    return abs(step_of(at) - step) <= SKEW_STEPS
