"""Refusals: every "no" of the product is one of these, with a stable code and the fields a caller can act on."""

from __future__ import annotations

from typing import Any, Self


class Refused(Exception):
    """A request that is answered with an error and has changed nothing.

    `code` is stable and documented; `fields` go into the answer beside it (integers, strings, lists).
    The words for people are looked up by code in `shared.texts`.
    """

    status = 400
    guesses = 0  # how many codes that do not exist it speaks of: they are counted before it is said

    def __init__(self, code: str, **fields: Any) -> None:
        super().__init__(code)
        self.code = code
        self.fields = fields

    def as_guess(self, of: int = 1) -> Self:
        """This refusal of so many well-formed codes that do not exist (`shared.guessing`)."""
        self.guesses = of
        return self

    @property
    def is_retryable(self) -> bool:
        """Whether the very same request may succeed a little later."""
        return bool(self.fields.get("retryable", self.status == 503))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.code!r}, {self.fields!r})"


class BadRequest(Refused):
    """The request can't be read at all: JSON, header or cursor."""


class Unauthenticated(Refused):
    """Nobody we know."""

    status = 401

    def __init__(self) -> None:
        super().__init__("unauthenticated")


class Forbidden(Refused):
    """Known, but not allowed."""

    status = 403


class NotFound(Refused):
    """Does not exist, or belongs to somebody else: one answer for both."""

    status = 404


class TooLarge(Refused):
    """The body is larger than the route takes."""

    status = 413


class Conflict(Refused):
    """Refused by the state of things."""

    status = 409


class Invalid(Refused):
    """The body is well-formed JSON that breaks a rule; `errors` points at the fields."""

    status = 422

    @classmethod
    def at(cls, pointer: str, code: str, detail: str) -> Invalid:
        """An `invalid_request` with one faulty field, named by its JSON pointer."""
        return cls("invalid_request", errors=[{"pointer": pointer, "code": code, "detail": detail}])


class TooMany(Refused):
    """A failure budget or limit is used up for now."""

    status = 429


class Unavailable(Refused):
    """Not now: the same request with the same id may be sent again."""

    status = 503

    def __init__(self, retry_after_seconds: int = 1) -> None:
        super().__init__("temporarily_unavailable", retry_after_seconds=retry_after_seconds)
