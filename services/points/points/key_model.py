"""What the routes about API keys take and give, in the shapes of the public contract."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from shared.shapes import Id, Shape, Time, Words


class NewKey(Shape):
    """`owner` is who the key is given to: a person or a company. Two owners are needed for approvals."""

    key_id: Id | None = None
    owner: Words
    kind: Literal["ec", "pos", "partner", "operator"]
    scopes: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=40)] | None = None
    store_id: Id | None = None
    terminal_id: Id | None = None
    partner_id: Id | None = None
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
        return self


class KeyAnswer(Shape):
    """A key as it may be shown; `secret` is there once, when the key is made."""

    key_id: str
    owner: str
    kind: str
    scopes: list[str]
    store_id: str | None = None
    terminal_id: str | None = None
    partner_id: str | None = None
    state: str
    created_at: Time
    not_after: Time | None = None
    secret: str | None = None


class KeyPage(Shape):
    items: list[KeyAnswer]
    next_cursor: str | None
