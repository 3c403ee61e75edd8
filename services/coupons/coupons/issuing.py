"""The routes that issue coupons: one, or up to a hundred of which a bad one harms no other."""

from __future__ import annotations

from typing import Any

from coupons import listing
from coupons.giving import Issuing
from coupons.issues import Asked, issue
from coupons.model import IssueBatch, IssueRequest
from shared import http, keys
from shared.batch import one_of
from shared.errors import Refused
from shared.http import Call, Reply
from shared.member_ref import resolve
from shared.naming import Done
from shared.world import World


def one(call: Call[IssueRequest]) -> Reply:
    """Issue a coupon of a campaign to a member; the same source again gets the same coupon."""
    wanted = call.body
    call.world.directory.fetch(keys.campaign(wanted.campaign_id), keys.programme())
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
    return Reply(answer(call.world, done), 201, is_replay=done.is_replay)


def batch(call: Call[IssueBatch]) -> dict[str, Any]:
    """Issue up to 100 coupons, each judged by itself."""
    return {"results": [_result(call, sent) for sent in call.body.issues]}


def answer(world: World, done: Done[Issuing]) -> dict[str, Any]:
    """The coupon as it was issued, whatever became of it since."""
    coupon = done.operation.coupon
    (shown,) = listing.shown(world, [coupon], done.last.recorded_at)
    return listing.as_json(shown) | {"state": "issued"}


def _result(call: Call[IssueBatch], sent: Any) -> dict[str, Any]:
    try:
        reply = one(one_of(call, "/v1/issues", IssueRequest, sent))
    except Refused as refused:
        reply = http.refusal(call.told(refused), call.language, call.request_id)
    source_id = sent.get("source_id") if isinstance(sent, dict) else None
    told = source_id if isinstance(source_id, str) else None
    return {"source_id": told, "status": reply.status, "body": reply.body}
