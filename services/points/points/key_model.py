"""What the routes about API keys take and give, in the shapes of the public contract."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from shared.shapes import Id, Shape, Time, Words

OVERLAP_SECONDS_MAX = 90 * 86_400


class NewKey(Shape):
    """`owner` is who the key is given to: a person or a company. Two owners are needed for approvals."""

    key_id: Id | None = None
    owner: Words
    kind: Literal["ec", "pos", "partner", "operator"]
    scopes: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=40)] | None = None
    store_id: Id | None = None
    terminal_id: Id | None = None
    partner_id: Id | None = None
    not_before: Time | None = None
    not_after: Time | None = None

    @model_validator(mode="after")
    def _is_bound(self) -> NewKey:
        if self.kind == "pos" and (self.store_id is None or self.terminal_id is None):
            raise ValueError("a pos key belongs to a store_id and a terminal_id")
        if self.kind == "partner" and self.partner_id is None:
            raise ValueError("a partner key belongs to a partner_id")
        if self.kind in ("ec", "operator") and (self.store_id or self.terminal_id or self.partner_id):
            raise ValueError("ec and operator keys belong to no store, terminal or partner")
        if self.kind == "partner" and (self.store_id or self.terminal_id):
            raise ValueError("a partner key belongs to no store or terminal")
        if self.kind == "pos" and self.partner_id is not None:
            raise ValueError("a pos key belongs to no partner")
        if self.not_before and self.not_after and self.not_before >= self.not_after:
            raise ValueError("not_after lies behind not_before")
        return self


class Rotation(Shape):
    """For how long the secrets that a key had go on beside its new one. `rotate_id` makes a retry harmless."""

    rotate_id: Id | None = None
    overlap_seconds: Annotated[int, Field(ge=0, le=OVERLAP_SECONDS_MAX)]


class KeyAnswer(Shape):
    """A key as it may be shown; `secret` is there once, when it is made.

    `last_used` is a day (UTC), of the last 400. `older_until`: until when a secret is taken that a newer one replaced.
    """

    key_id: str
    owner: str
    kind: str
    scopes: list[str]
    store_id: str | None = None
    terminal_id: str | None = None
    partner_id: str | None = None
    state: str
    created_at: Time
    not_before: Time | None = None
    not_after: Time | None = None
    last_used: date | None = None
    older_until: Time | None = None
    secret: str | None = None


class KeyPage(Shape):
    items: list[KeyAnswer]
    next_cursor: str | None
