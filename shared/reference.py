"""The ways to say which member is meant, as callers write them. `shared.member_ref` finds the member."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from shared.shapes import Id, Shape, never_null

Level = Literal["none", "static", "rotating"]
"""How strongly a caller showed that the member is there."""

IdentityType = Literal["ec", "card", "app", "line", "oidc", "phone"]


class Identity(Shape):
    """How a member is known elsewhere; `phone` in E.164."""

    type: IdentityType
    value: Annotated[str, Field(min_length=1, max_length=300)]

    @model_validator(mode="after")
    def _is_phone(self) -> Identity:
        if self.type == "phone" and not re.fullmatch(r"\+[1-9][0-9]{6,14}", self.value):
            raise ValueError("a phone number is written in E.164, such as +819012345678")
        return self


def _say_one(schema: dict[str, Any]) -> None:
    """What the validator below judges, in the description's own words."""
    schema["properties"] = {name: never_null(said) for name, said in schema["properties"].items()}
    schema |= {"minProperties": 1, "maxProperties": 1}


class MemberRef(Shape):
    """Exactly one way to say who is meant."""

    model_config = ConfigDict(json_schema_extra=_say_one)

    member_id: Id | None = None
    identity: Identity | None = None
    code: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    scan: Annotated[str, Field(min_length=1, max_length=400)] | None = None
    member_ref: Annotated[str, Field(min_length=1, max_length=200)] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> MemberRef:
        if len(self.model_fields_set) != 1 or getattr(self, next(iter(self.model_fields_set))) is None:
            raise ValueError("exactly one of member_id, identity, code, scan, member_ref")
        return self
