"""Attested phones: which apps the shop has, and what a check-in's token says of the phone and app that sent it.

The apps and the platform's keys are in a secret of their own, which the operator makes; without it no phone is attested.
A token that does not count is no fault of the request: the check-in is judged by what else it proves.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from pydantic import Field, RootModel, ValidationError

from checkin import integrity, nested_token
from checkin.integrity import App
from checkin.model import CheckinBody
from shared.http import Call
from shared.shapes import Shape

_log = logging.getLogger("omotenashi")
_Text = Annotated[str, Field(min_length=1, max_length=1000)]
_APPS_MAX = 8


class AppSetting(Shape):
    """An app of the shop's: what Google Play's console says of it. Two of one package while its keys change."""

    package_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.]{1,255}$")]
    certificates: Annotated[list[_Text], Field(min_length=1, max_length=8)]
    decryption_key: _Text
    verification_key: _Text
    needs: Literal["device", "strong"] = "device"


class Apps(RootModel[Annotated[list[AppSetting], Field(max_length=_APPS_MAX)]]):
    """The attestation secret's text."""


@dataclass(frozen=True)
class Keyed:
    """An app and the keys of its tokens."""

    app: App
    decryption_key: bytes
    verification_key: EllipticCurvePublicKey


def fault(call: Call[CheckinBody], member_id: str) -> str | None:
    """Why the token that a check-in brings does not count, or None: this phone and app are what they say to be.

    Who brings one says which phone it is, too: else one phone could vouch for any number of members.
    """
    sent = call.body
    assert sent.attestation is not None
    if sent.device_id is None:
        return "no_device"
    text = call.world.secrets.attestation(call.world.clock.elapsed())
    if text is None:
        return "unset"
    try:
        wanted = integrity.request_hash(member_id, sent)
    except ValueError:
        return "other_request"
    for one in apps(text):
        try:
            verdict = nested_token.opened(sent.attestation.token, one.decryption_key, one.verification_key)
        except ValueError:
            continue
        return integrity.fault(verdict, one.app, wanted, call.now)
    return "unreadable"


@lru_cache(maxsize=2)
def apps(text: str) -> tuple[Keyed, ...]:
    """The apps of the secret's text. One that can't be read is told to the operator, without what it says, and is none."""
    try:
        return tuple(_keyed(one) for one in Apps.model_validate_json(text).root)
    except (ValidationError, ValueError) as error:
        _log.error("attestation secret unreadable", extra={"reason": type(error).__name__})
        return ()


def _keyed(setting: AppSetting) -> Keyed:
    certificates = frozenset(integrity.read_digest(one) for one in setting.certificates)
    return Keyed(
        App(setting.package_name, certificates, setting.needs),
        nested_token.read_decryption_key(setting.decryption_key),
        nested_token.read_verification_key(setting.verification_key),
    )
