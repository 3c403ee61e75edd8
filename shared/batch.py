"""One item of a batch as a call of its own, so that it is judged and remembered as a single request would be."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from shared import problem
from shared.errors import Invalid
from shared.http import Call

M = TypeVar("M", bound=BaseModel)


def one_of(call: Call[Any], path: str, model: type[M], sent: Any) -> Call[M]:
    """The call that `POST path` with this body would be; its content is the same, so it meets its single twin."""
    try:
        body = model.model_validate_json(json.dumps(sent))
    except ValidationError as error:
        raise problem.of_validation(error) from None
    return Call[M](**{**vars(call), "body": body, "content": content_of(path, sent)})


def content_of(path: str, sent: Any) -> bytes:
    """The content of a `POST` to this path with this body, as a request alone would have it."""
    return json.dumps(["POST", path, {}, {}, sent], sort_keys=True, separators=(",", ":")).encode()


def part_of(model: type[M], sent: Any, where: str) -> M:
    """A part of a body, by a model of its own; what is wrong with it is told from this pointer on."""
    try:
        return model.model_validate_json(json.dumps(sent))
    except ValidationError as error:
        refused = problem.of_validation(error)
        errors = [one | {"pointer": where + one["pointer"]} for one in refused.fields["errors"]]
        raise Invalid("invalid_request", errors=errors) from None
