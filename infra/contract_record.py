"""What a till asked and what it saw, request by request, without secrets: what the rules of the contract are judged by."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import import_module
from typing import Any

from infra.locate import SERVICES
from shared.http import Route

HIDDEN = {"code", "codes", "scan", "offline_token", "value", "presence_code", "qr", "display_name"}
"""What bodies say that is worth something, or personal. Equal values stay equal."""
_TOLD = ("code", "retryable", "state", "reason")
_KEY = re.compile(r"omo_[A-Za-z0-9_]+")
_ERROR = re.compile(r"[a-z_]+")
UNCLEAR = (500, 502, 503, 504)


@dataclass(frozen=True)
class Exchange:
    """One request. Times are seconds since 1970; `until` is when the till had its answer or was gone.

    `status` is what the till saw, None for no answer. `fault` is what the line did to it.
    """

    n: int
    at: float
    until: float
    service: str
    method: str
    target: str
    key: str  # a fingerprint of the token; empty for none
    body: Any = None
    is_json: bool = True
    named: str | None = None  # the header Idempotency-Key
    fault: str | None = None
    status: int | None = None
    answer: Mapping[str, Any] = field(default_factory=dict)
    retry_after: float | None = None
    hung_up: bool = False  # the till did not wait for an answer that was on its way

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def is_clear(self) -> bool:
        """Whether the till knew afterwards what had become of it. A 429 has changed nothing."""
        return self.status is not None and self.status not in UNCLEAR

    @property
    def is_yes(self) -> bool:
        return self.status is not None and self.status < 300

    @property
    def is_no(self) -> bool:
        """A clear refusal that waiting a moment does not change."""
        return self.is_clear and not self.is_yes and self.status != 429 and self.answer.get("retryable") is not True


def to_line(exchange: Exchange) -> str:
    """One exchange as a line of a record."""
    return json.dumps(asdict(exchange), ensure_ascii=False) + "\n"


def of_line(line: str) -> Exchange:
    """The exchange of a line. Raises ValueError for what is none."""
    try:
        return Exchange(**json.loads(line))
    except TypeError as wrong:
        raise ValueError(str(wrong)) from None


def print_of(text: str) -> str:
    """A fingerprint to tell secrets apart by, which does not lead back to them."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def body_of(raw: bytes) -> tuple[Any, bool]:
    """A body as it is kept, and whether it was JSON at all."""
    if not raw:
        return None, True
    try:
        return hidden(json.loads(raw)), True
    except (ValueError, RecursionError):
        return f"#{hashlib.sha256(raw).hexdigest()[:12]}", False


def hidden(value: Any, name: str = "", *, is_answer: bool = False) -> Any:
    """The same without what nobody else should read. In an answer, `code` may also be that of an error."""
    if isinstance(value, dict):
        return {key: hidden(one, key, is_answer=is_answer) for key, one in value.items()}
    if isinstance(value, list):
        return [hidden(one, name, is_answer=is_answer) for one in value]
    if not isinstance(value, str) or (is_answer and name == "code" and _ERROR.fullmatch(value)):
        return value
    return f"#{print_of(value)}" if name in HIDDEN else without_keys(value)


def without_keys(text: str) -> str:
    """A text without the secrets of the API keys in it."""
    return _KEY.sub(lambda key: f"omo_#{print_of(key.group())}", text)


def hidden_target(service: str, method: str, target: str) -> str:
    """A path and query as they are kept: a code in the path is worth something."""
    path, mark, query = target.partition("?")
    _, variables = route_of(service, method, path)
    if variables.get("code"):
        path = path.replace(variables["code"], f"%23{print_of(variables['code'])}")
    return without_keys(path + mark + query)


def told(raw: bytes) -> dict[str, Any]:
    """What of an answer matters here: codes and outcomes, nothing about a person."""
    try:
        said = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(said, dict):
        return {}
    kept = {name: said[name] for name in _TOLD if isinstance(said.get(name), str | bool)}
    if "discount_total" in said or "coupon_id" in said:
        kept.pop("code", None)  # a coupon's
    results = said.get("results")
    if isinstance(results, list):
        names = ("id", "purchase_id", "outcome", "status")
        kept["results"] = [
            {name: one[name] for name in names if name in one} for one in results if isinstance(one, dict)
        ]
    return kept


# ---- routes ---------------------------------------------------------------------------------------------------------


@cache
def _routes() -> list[tuple[str, re.Pattern[str], Route]]:
    found = []
    for service in SERVICES:
        for route in import_module(f"{service}.routes").ROUTES.all:
            pattern = re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", route.path))
            found.append((service, pattern, route))
    return sorted(found, key=lambda one: one[2].path.count("{"))


def route_of(service: str, method: str, path: str) -> tuple[Route | None, dict[str, str]]:
    """The route of a request, and the variables of its path; None for an address that is none of ours."""
    for of, pattern, route in _routes():
        match = pattern.fullmatch(path) if of == service and route.method == method else None
        if match:
            return route, match.groupdict()
    return None, {}
