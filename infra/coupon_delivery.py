"""Sending real coupons: campaigns first, then lane by lane the issues, then each household's redemptions in their order.

Every request names itself, and a household's are sent one after another, so a run that is cut off is made good by the
next one with the same bytes. The time of each is told by `X-Omo-Now`, which only a local stack obeys.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from infra.client import Answer, NoAnswer, Patience, Send, call, may_pass
from infra.coupon_mapping import Issue, Use, Wallet, as_bytes
from infra.delivery import Found, code_of

# A quarter of what the route takes: a busy machine needs some seconds for it, and a gateway waits 29.
BATCH_ISSUES = 25


@dataclass(frozen=True)
class Desk:
    """How to reach points and coupons (now, at a time, as an operator), how patiently, how many at once, whom to tell."""

    points: Send
    coupons: Send
    coupons_at: Callable[[datetime], Send]
    operator: Send
    patience: Patience = field(default_factory=Patience)
    workers: int = 4
    makers: int = 8
    tick: Callable[[int], object] = lambda _redemptions: None

    def call(self, send: Send, method: str, path: str, body: bytes | None = None) -> Answer:
        """The first clear answer."""
        return call(send, method, path, body, patience=self.patience)


@dataclass
class Told:
    """What was refused for good, and what the redemptions answered, by their first name."""

    refused: list[Found] = field(default_factory=list)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)


def make_campaign(name: str, body: bytes, desk: Desk) -> list[Found]:
    """Make a campaign that is not there yet. Each waits until it counts everywhere, so many go side by side."""
    if desk.call(desk.operator, "GET", f"/v1/campaigns/{name}").status == 200:
        return []
    answer = desk.call(desk.operator, "POST", "/v1/campaigns", body)
    return [] if answer.status == 201 else [{"campaign_id": name, "status": answer.status, "code": code_of(answer)}]


def lanes(wallets: Iterable[Wallet]) -> Iterator[list[Wallet]]:
    """Households whose issues fit into one batch together, or one that needs several."""
    lane: list[Wallet] = []
    for wallet in wallets:
        if lane and sum(len(each.issues) for each in (*lane, wallet)) > BATCH_ISSUES:
            yield lane
            lane = []
        lane.append(wallet)
    if lane:
        yield lane


def deliver(lane: Sequence[Wallet], issued_at: datetime, desk: Desk) -> Told:
    """Make the members of a lane exist, issue their coupons, and redeem those that are redeemed."""
    told = Told()
    for wallet in lane:
        answer = desk.call(desk.points, "POST", "/v1/members", as_bytes({"member_id": wallet.member_id}))
        if answer.status not in (200, 201):
            told.refused.append({"member_id": wallet.member_id, "status": answer.status})
    issues = [issue for wallet in lane for issue in wallet.issues]
    codes: dict[str, str] = {}
    for start in range(0, len(issues), BATCH_ISSUES):
        codes |= _issue(issues[start : start + BATCH_ISSUES], desk.coupons_at(issued_at), desk, told)
    for use in (use for wallet in lane for use in wallet.used):
        if use.name in codes:
            _redeem(use, codes[use.name], desk, told)
        desk.tick(1)
    return told


def _issue(issues: Sequence[Issue], send: Send, desk: Desk, told: Told) -> dict[str, str]:
    """The codes of these coupons by source; what may pass is sent again, unchanged."""
    codes: dict[str, str] = {}
    left, give_up_at = list(issues), desk.patience.now() + desk.patience.seconds
    while left:
        answer = desk.call(send, "POST", "/v1/issues/batch", _batch(left))
        if answer.status != 200:
            told.refused += [{"source_id": one.source_id, "status": answer.status} for one in left]
            return codes
        results = {one["source_id"]: one for one in json.loads(answer.body)["results"]}
        for name, one in results.items():
            if one["status"] == 201:
                codes[name] = one["body"]["code"]
            elif not may_pass(one["status"]):
                told.refused.append({"source_id": name, "status": one["status"], "code": one["body"].get("code")})
        left = [one for one in left if may_pass(results.get(one.source_id, {"status": 503})["status"])]
        if left and desk.patience.now() > give_up_at:
            raise NoAnswer(f"{len(left)} issues got no clear answer for {desk.patience.seconds:.0f} s")
        if left:
            desk.patience.sleep(0.5)
    return codes


def _batch(issues: Iterable[Issue]) -> bytes:
    return b'{"issues":[' + b",".join(issue.body for issue in issues) + b"]}"


def _redeem(use: Use, code: str, desk: Desk, told: Told) -> None:
    """Redeem a coupon: at once, by a hold and its capture, or once by mistake, voided, and again under a new name."""
    send = desk.coupons_at(use.at)

    def post(path: str, body: bytes, *done: tuple[int, str | None]) -> dict[str, Any] | None:
        answer = desk.call(send, "POST", path, body)
        if (answer.status, code_of(answer)) in done:
            said: dict[str, Any] = json.loads(answer.body)
            return said
        told.refused.append({"redemption_id": use.name, "at": path, "status": answer.status, "code": code_of(answer)})
        return None

    name = use.name
    if use.is_voided:
        # In a replay that is repeated, the void has been there already.
        first = post("/v1/redemptions", use.body(name, code), (201, None), (409, "reversed"))
        if first is None or post(f"/v1/redemptions/{name}/void", as_bytes({"void_id": name}), (200, None)) is None:
            return
        name = f"{name}-2"
    said = post("/v1/redemptions", use.body(name, code), (201, None))
    if said is not None and use.is_held:
        said = post(f"/v1/redemptions/{name}/capture", b"{}", (200, None))
    if said is not None:
        told.answers[use.name] = said
