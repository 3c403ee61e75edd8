"""The routes that issue coupons: one, or up to a hundred of which a bad one harms no other."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from coupons import listing
from coupons.book import Issuing
from coupons.issues import Asked, issue
from coupons.model import IssueBatch, IssueRequest
from shared import http, problem
from shared.errors import Refused
from shared.http import Call, Reply
from shared.ledger import Done
from shared.member_ref import resolve
from shared.world import World


def one(call: Call[IssueRequest]) -> Reply:
    """Issue a coupon of a campaign to a member; the same source again gets the same coupon."""
    wanted = call.body
    asked = Asked(
        campaign_id=wanted.campaign_id,
        owner=call.who.shop,
        source_id=wanted.source_id,
        fingerprint=call.world.secrets.fingerprint(call.content),
        at=call.now,
        member=lambda consistent: resolve(call.world, call.who, wanted.member, consistent=consistent).member_id,
        order_ref=wanted.order_ref,
    )
    done = issue(call.world, asked)
    return Reply(_answer(call.world, done), 201, is_replay=done.is_replay)


def batch(call: Call[IssueBatch]) -> dict[str, Any]:
    """Issue up to 100 coupons, each judged by itself."""
    return {"results": [_result(call, sent) for sent in call.body.issues]}


def _answer(world: World, done: Done[Issuing]) -> dict[str, Any]:
    """The coupon as it was issued, whatever became of it since."""
    coupon = done.operation.coupon
    (shown,) = listing.shown(world, [coupon], done.last.recorded_at)
    return listing.as_json(shown) | {"state": "issued"}


def _result(call: Call[IssueBatch], sent: Any) -> dict[str, Any]:
    try:
        reply = one(_one_of(call, sent))
    except Refused as refused:
        reply = http.refusal(refused, call.language, call.request_id)
    source_id = sent.get("source_id") if isinstance(sent, dict) else None
    told = source_id if isinstance(source_id, str) else None
    return {"source_id": told, "status": reply.status, "body": reply.body}


def _one_of(call: Call[IssueBatch], sent: Any) -> Call[IssueRequest]:
    """An issue of a batch as a call of its own: its content is what a single request would have said."""
    try:
        wanted = IssueRequest.model_validate_json(json.dumps(sent))
    except ValidationError as error:
        raise problem.of_validation(error) from None
    content = json.dumps(["POST", "/v1/issues", {}, {}, sent], sort_keys=True, separators=(",", ":"))
    return replace(call, body=wanted, content=content.encode())  # type: ignore[return-value, arg-type]
