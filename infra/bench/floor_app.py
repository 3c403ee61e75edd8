"""The least that a function of this kind can be: Chalice, a client of boto3, one pydantic model, and its calls.

Copied beside a bundle's packages as their `app.py`.
"""

import os
from typing import Any

from chalice.app import Chalice
from pydantic import BaseModel


class Asked(BaseModel):
    member_id: str
    calls: int = 1


app = Chalice(app_name="floor")


@app.route("/floor", methods=["POST"], content_types=["*/*"])
def floor() -> dict[str, Any]:
    import boto3

    request = app.current_request
    assert request is not None
    asked = Asked.model_validate_json(request.raw_body)
    client = boto3.client("dynamodb")
    for n in range(asked.calls):
        client.get_item(TableName=os.environ["FLOOR_TABLE"], Key={"pk": {"S": asked.member_id}, "sk": {"N": str(n)}})
    return {"member_id": asked.member_id}
