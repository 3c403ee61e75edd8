"""One item of a batch as a call of its own, so that it is judged and remembered as a single request would be."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from shared import problem
from shared.http import Call

M = TypeVar("M", bound=BaseModel)


def one_of(call: Call[Any], path: str, model: type[M], sent: Any) -> Call[M]:
    """The call that `POST path` with this body would be; its content is the same, so it meets its single twin."""
    try:
        body = model.model_validate_json(json.dumps(sent))
    except ValidationError as error:
        raise problem.of_validation(error) from None
    content = json.dumps(["POST", path, {}, {}, sent], sort_keys=True, separators=(",", ":"))
    return Call[M](**{**vars(call), "body": body, "content": content.encode()})
