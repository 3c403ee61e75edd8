"""Errors as the caller reads them: `application/problem+json` (RFC 9457) with a stable code."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from shared.errors import Invalid, Refused
from shared.shapes import pointer
from shared.texts import FIELDS, title

CONTENT_TYPE = "application/problem+json"
_ERRORS_MAX = 20


def body(refused: Refused, language: str, request_id: str) -> dict[str, Any]:
    """The problem document of a refusal, in `en` or `ja`."""
    words = title(refused.code, refused.fields, language)
    document: dict[str, Any] = {
        "type": f"urn:omotenashi:problem:{refused.code}",
        "title": words,
        "status": refused.status,
        "detail": refused.fields.get("detail", words),
        "code": refused.code,
        "retryable": refused.is_retryable,
        "request_id": request_id,
    }
    document |= {name: value for name, value in refused.fields.items() if name not in document}
    if "errors" in document:
        document["errors"] = errors(refused, language)
    return document


def errors(refused: Refused, language: str) -> list[dict[str, Any]]:
    """The faulty fields of a refusal, in `en` or `ja`."""
    found: list[dict[str, Any]] = refused.fields["errors"]
    return [one | {"detail": FIELDS.get(one["code"], one["detail"])} for one in found] if language == "ja" else found


def headers(refused: Refused) -> dict[str, str]:
    """`Retry-After` for what may be tried again."""
    seconds = refused.fields.get("retry_after_seconds")
    return {"Retry-After": str(seconds)} if seconds is not None else {}


def of_validation(error: ValidationError) -> Invalid:
    """What a model found wrong, field by field. The values themselves are never repeated."""
    found = [
        {"pointer": pointer(_place(one)), "code": one["type"], "detail": one["msg"]}
        for one in error.errors(include_url=False)
        if not _is_untrue(one)
    ]
    return Invalid("invalid_request", errors=found[:_ERRORS_MAX])


def _place(fault: ErrorDetails) -> tuple[int | str, ...]:
    """Where a fault lies. A bad key has a step of pydantic's own behind it; it is at the key."""
    where = fault["loc"]
    return where[:-1] if where[-1:] == ("[key]",) and fault["type"] != "extra_forbidden" else where


def _is_untrue(fault: ErrorDetails) -> bool:
    """Whether a list is called too short only because what is wrong in it, which is told by itself, was not counted."""
    return fault["type"] == "too_short" and len(fault["input"]) >= fault["ctx"]["min_length"]
