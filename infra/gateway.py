"""What API Gateway says on its own, in the error shape of the services.

The gateway can't choose a language, so both stand in one `detail`. The words are those of `shared.texts`.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from typing import Any

from shared.http import SAFE_HEADERS
from shared.texts import TITLES

ALLOWED_ORIGIN = {"Fn::Sub": "'${AllowedOrigin}'"}
"""A header's value in a definition of an API: the stage's setting, quoted as a constant."""
PREFLIGHT_HEADER = "method.response.header."
METHODS = ("get", "post", "put", "patch", "delete", "head")


@dataclass(frozen=True)
class Answer:
    """One kind of refusal by the gateway, and how we say it."""

    status: int
    code: str
    retryable: bool = False


ANSWERS = {
    "UNAUTHORIZED": Answer(401, "unauthenticated"),
    "ACCESS_DENIED": Answer(403, "forbidden"),
    "INVALID_API_KEY": Answer(403, "forbidden"),
    "EXPIRED_TOKEN": Answer(403, "forbidden"),
    "INVALID_SIGNATURE": Answer(403, "forbidden"),
    "WAF_FILTERED": Answer(403, "forbidden"),
    # What AWS calls a missing token is an address that it does not know.
    "MISSING_AUTHENTICATION_TOKEN": Answer(404, "route_not_found"),
    "RESOURCE_NOT_FOUND": Answer(404, "route_not_found"),
    "REQUEST_TOO_LARGE": Answer(413, "body_too_large"),
    "UNSUPPORTED_MEDIA_TYPE": Answer(415, "unsupported_media_type"),
    "BAD_REQUEST_BODY": Answer(400, "malformed_json"),
    "BAD_REQUEST_PARAMETERS": Answer(400, "bad_header"),
    "THROTTLED": Answer(429, "too_many_requests", retryable=True),
    "QUOTA_EXCEEDED": Answer(429, "too_many_requests", retryable=True),
    # A crash or time-out may have come after the write: the same request with the same id is always safe.
    "AUTHORIZER_FAILURE": Answer(503, "temporarily_unavailable", retryable=True),
    "INTEGRATION_FAILURE": Answer(503, "temporarily_unavailable", retryable=True),
    "INTEGRATION_TIMEOUT": Answer(503, "temporarily_unavailable", retryable=True),
    "AUTHORIZER_CONFIGURATION_ERROR": Answer(500, "internal_error"),
    "API_CONFIGURATION_ERROR": Answer(500, "internal_error"),
    # A type that AWS may add one day ends in the first; a function that crashed or was killed in the second.
    "DEFAULT_4XX": Answer(400, "bad_header"),
    "DEFAULT_5XX": Answer(503, "temporarily_unavailable", retryable=True),
}


def gateway_responses() -> dict[str, Any]:
    """The `GatewayResponses` property of a SAM API."""
    return {kind: _response(answer) for kind, answer in ANSWERS.items()}


def _response(answer: Answer) -> dict[str, Any]:
    headers: dict[str, Any] = {
        "Content-Type": "'application/problem+json'",
        "X-Request-Id": "context.requestId",
        "Access-Control-Allow-Origin": ALLOWED_ORIGIN,
        "Access-Control-Expose-Headers": "'X-Request-Id,Retry-After'",
        **{name: f"'{value}'" for name, value in SAFE_HEADERS.items()},
    }
    if answer.status in (429, 503):
        headers["Retry-After"] = "'1'"
    return {
        "StatusCode": answer.status,
        "ResponseParameters": {"Headers": headers},
        "ResponseTemplates": {"application/json": _body(answer)},
    }


def _body(answer: Answer) -> str:
    english, japanese = TITLES[answer.code]
    problem = {
        "type": f"urn:omotenashi:problem:{answer.code}",
        "title": english,
        "status": answer.status,
        "detail": f"{english} / {japanese}",
        "code": answer.code,
        "retryable": answer.retryable,
        "request_id": "$context.requestId",
    }
    return json.dumps(problem, ensure_ascii=False)


def answer_every_method(definition: dict[str, Any]) -> None:
    """Let each known path take every method, so that a wrong one reaches the app and is answered with 405.

    The gateway alone would call it an unknown address. A method added here asks for the same token as its path's
    own methods. `x-amazon-apigateway-any-method` would be shorter, but MiniStack does not read it.
    """
    for item in definition["paths"].values():
        known = [item[method] for method in METHODS if method in item]
        secured = [operation for operation in known if operation.get("security")]
        for method in METHODS:
            if known and method not in item:
                item[method] = copy.deepcopy((secured or known)[0])


def name_allowed_origin(definition: dict[str, Any]) -> None:
    """Let preflights name the stage's own origin, where Chalice has written any."""
    for headers in preflights(definition).values():
        headers[f"{PREFLIGHT_HEADER}Access-Control-Allow-Origin"] = ALLOWED_ORIGIN


def preflights(definition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The headers with which the gateway itself answers a preflight, by path."""
    answers = {path: item["options"]["x-amazon-apigateway-integration"] for path, item in definition["paths"].items()}
    return {path: answer["responses"]["default"]["responseParameters"] for path, answer in answers.items()}
