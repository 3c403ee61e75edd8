"""What a stranger sends, made by schemathesis from the published description, and how the answers are judged."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core import NOT_SET
from schemathesis.core.transport import Response
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from shared.auth import KINDS
from shared.texts import TITLES
from tests.outside.town import Known

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
KINDS_OF_CALLERS = ("ec", "pos", "partner", "operator", "member")
Case = Any
Operation = Any


@st.composite
def sensible(draw: Any, operation: Operation, known: Known, body: dict[str, Any] | None) -> Case:
    """A request as described, of which much names things that exist, and much is what would be taken."""
    case = draw(operation.as_strategy(GenerationMode.POSITIVE))
    for container in (case.path_parameters, case.query):
        container.update({name: _one(draw, known, name, value) for name, value in container.items()})
    if case.body is not NOT_SET:
        case.body = _placed(draw, known, case.body)
    if body is not None and isinstance(case.body, dict) and draw(st.booleans()):
        case.body = _nearer(draw, case.body, body)
    return case


def _nearer(draw: Any, said: dict[str, Any], taken: dict[str, Any]) -> dict[str, Any]:
    """What would be taken, under ids of the stranger's own, with one other part of what the stranger said at most."""
    own = {name: value for name, value in said.items() if name not in taken}
    kept = {name: value for name, value in own.items() if name.endswith("_id")}
    part = draw(st.sampled_from([None, *sorted(said)]))
    return kept | taken | ({} if part is None else {part: said[part]})


def senseless(operation: Operation) -> st.SearchStrategy[Case]:
    """A request that breaks the description somewhere."""
    made: st.SearchStrategy[Case] = operation.as_strategy(GenerationMode.NEGATIVE)
    return made


def _placed(draw: Any, known: Known, value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _one(draw, known, name, one) for name, one in value.items()}
    if isinstance(value, list):
        return [_placed(draw, known, one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _one(draw: Any, known: Known, name: str, value: Any) -> Any:
    if name in known and draw(st.integers(0, 5)):
        return draw(st.sampled_from(known[name]))
    return _placed(draw, known, value)


# ---- who may --------------------------------------------------------------------------------------------------------


def allowed(operation: Operation) -> list[str]:
    """The kinds of callers that the description lets in; none is asked for where it is public."""
    scope = operation.definition.raw["x-scope"]
    if scope == "member's own token":
        return ["member"]
    if scope == "any":
        return list(KINDS_OF_CALLERS)
    keys = [kind for kind in KINDS_OF_CALLERS if kind != "member"]
    return keys if scope == "any key" else [kind for kind in keys if scope in KINDS[kind]]


def is_public(operation: Operation) -> bool:
    """Whether the description asks for no token."""
    return operation.definition.raw["security"] == []


def can_be_disturbed(operation: Operation) -> bool:
    """Whether there is anything that a request could get wrong: any text will do where no form is described."""
    raw = operation.definition.raw
    return "requestBody" in raw or any(one["schema"] != {"type": "string"} for one in raw["parameters"])


# ---- judgement ------------------------------------------------------------------------------------------------------


def judge(case: Case, response: Response) -> None:
    """Raise for an answer that the description does not allow."""
    is_named_by_header = "Idempotency-Key" in case.headers  # it stands in for an id that the body would have to have
    more = [] if is_named_by_header else [negative_data_rejection]
    case.validate_response(response, checks=[*CHECKS, *more, in_the_one_shape])


@schemathesis.check
def in_the_one_shape(ctx: Any, response: Response, case: Case) -> None:
    """Every answer can be traced, and a refusal is one of those that are documented."""
    assert response.headers["x-request-id"], "nobody can ask for this answer"
    (origin,) = response.headers["access-control-allow-origin"]
    assert origin == "*" or origin.startswith("http://127.0.0.1:"), "a browser can't read this answer"
    if response.status_code < 400:
        return
    said = json.loads(response.content)
    assert said["status"] == response.status_code, "the status in the body is another"
    assert said["code"] in TITLES or said["code"].endswith("_not_found"), f"nobody knows {said['code']}"
    assert all((said["title"], said["detail"])), "it has no words"


def is_yes(response: Response) -> bool:
    return bool(response.status_code < 300)


def names_itself(case: Case, response: Response) -> bool:
    """Whether this was a write that may be sent again under its id."""
    described = case.operation.definition.raw["parameters"]
    return is_yes(response) and any(one["name"] == "Idempotency-Key" for one in described)


def next_page(case: Case, response: Response) -> str | None:
    """The cursor of the page after this one."""
    if case.method != "GET" or not is_yes(response):
        return None
    said = json.loads(response.content) if b"next_cursor" in response.content else None
    cursor: str | None = said["next_cursor"] if isinstance(said, dict) else None
    return cursor


Send = Callable[[Case, str | None], Response]


def attack(case: Case, send: Send, who: str | None) -> None:
    """Send a request, judge the answer, and follow where it leads: the same again, and the next page."""
    response = send(case, who)
    judge(case, response)
    if names_itself(case, response):
        again = send(case, who)
        assert (again.status_code, again.content) == (response.status_code, response.content), "said again, it differs"
    if cursor := next_page(case, response):
        case.query["cursor"] = cursor
        response = send(case, who)
        judge(case, response)
        assert is_yes(response), "the next page is refused"


STRANGERS = (None, "nonsense", "omo_test_0123456789ab_nonsense", *KINDS_OF_CALLERS)


def wrong_ones(operation: Operation) -> list[str | None]:
    """Nobody, and one kind of caller who may not."""
    return [None, *[who for who in KINDS_OF_CALLERS if who not in allowed(operation)][:1]]


def keep_out(case: Case, send: Send, who: str | None) -> None:
    """Nobody gets 401, the wrong kind of caller 403, before anything else is looked at."""
    response = send(case, who)
    judge(case, response)
    if who not in KINDS_OF_CALLERS:
        assert response.status_code == 401, f"{who} gets {response.status_code}"
    elif who not in allowed(case.operation):
        assert response.status_code == 403, f"{who} gets {response.status_code}"
        assert response.json()["code"] == "forbidden"
    else:
        assert response.status_code != 401, f"{who} gets 401"
