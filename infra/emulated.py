"""What AWS reads from an API's definition and MiniStack passes over: the gateway's own answers, and its preflights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infra import gateway

LAST = "DEFAULT_5XX"
"""The answer that is set last: with it everything is there."""


def is_complete(client: Any, api_id: str) -> bool:
    """Whether an earlier run came to its end."""
    return not client.get_gateway_response(restApiId=api_id, responseType=LAST)["defaultResponse"]


def complete(client: Any, api_id: str, api: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
    """Set by the API's own calls what stands in the properties of its template, and deploy it again."""
    resources = dict(_resources(client, api_id))
    for path, headers in gateway.preflights(api["DefinitionBody"]).items():
        client.put_integration_response(
            restApiId=api_id,
            resourceId=resources[path],
            httpMethod="OPTIONS",
            statusCode="200",
            responseParameters={name: _filled(value, parameters) for name, value in headers.items()},
        )
    for kind, response in sorted(api["GatewayResponses"].items(), key=lambda answer: answer[0] == LAST):
        headers = response["ResponseParameters"]["Headers"]
        client.put_gateway_response(
            restApiId=api_id,
            responseType=kind,
            statusCode=str(response["StatusCode"]),
            responseParameters={
                f"gatewayresponse.header.{name}": _filled(value, parameters) for name, value in headers.items()
            },
            responseTemplates=response["ResponseTemplates"],
        )
    client.create_deployment(restApiId=api_id, stageName=api["StageName"])


def _resources(client: Any, api_id: str) -> Iterator[tuple[str, str]]:
    for page in client.get_paginator("get_resources").paginate(restApiId=api_id):
        yield from ((resource["path"], resource["id"]) for resource in page["items"])


def _filled(value: Any, parameters: Mapping[str, str]) -> str:
    """A text, or one with the stack's parameters put in."""
    if isinstance(value, str):
        return value
    text: str = value["Fn::Sub"]
    for name, said in parameters.items():
        text = text.replace(f"${{{name}}}", said)
    return text
