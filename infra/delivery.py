"""Sending a lane of purchases with all that belongs to them, until everything has a clear answer.

For each member in this order: all purchases in time order, then those that pay with points, then spends, then returns.
`docs/replay.md` says why that order makes the outcome the same however often it is interrupted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from infra.client import Answer, NoAnswer, Patience, Send, call, may_pass
from infra.lanes import Batch, body_of
from infra.mapping import Purchase, Request

# Half of what a member may have open at once: an interrupted replay may have left as many.
_HOLDS_OPEN = 8

Found = dict[str, Any]
Numbers = dict[str, int]


@dataclass(frozen=True)
class Line:
    """How to reach the points service, how patient to be, how many at once, and whom to tell of baskets done."""

    send: Send
    patience: Patience = field(default_factory=Patience)
    workers: int = 4
    tick: Callable[[int], object] = lambda _baskets: None

    def call(self, method: str, path: str, body: bytes | None = None) -> Answer:
        """The first clear answer."""
        return call(self.send, method, path, body, patience=self.patience)


@dataclass
class Delivered:
    """What was refused for good, how many payments with points there were, and what each return answered."""

    refused: list[Found] = field(default_factory=list)
    payments: int = 0
    answers: dict[str, Numbers] = field(default_factory=dict)


def deliver(lane: list[Batch], line: Line) -> Delivered:
    """Make the members of a lane exist, then send its purchases, and after them what else their members did."""
    whole = [purchase for batch in lane for purchase in batch]
    done = Delivered(payments=sum(purchase.is_paying or purchase.spend is not None for purchase in whole))
    for member_id in sorted({purchase.member_id for purchase in whole}):
        answer = line.call("POST", "/v1/members", json.dumps({"member_id": member_id}).encode())
        if answer.status not in (200, 201):
            done.refused.append({"member_id": member_id, "status": answer.status})
    for batch in _in_order(lane, whole):
        for hold in (purchase.hold for purchase in batch if purchase.hold):
            _post(hold, line, done)
        done.refused += _send(batch, line)
        line.tick(len(batch))
    for spend in (purchase.spend for purchase in whole if purchase.spend):
        _post(spend, line, done)
    for returned in (one for purchase in whole for one in purchase.returns):
        told = _post(returned, line, done)
        if told is not None:
            done.answers[returned.name] = json.loads(told.body)["points"]
    return done


def _in_order(lane: list[Batch], whole: list[Purchase]) -> Iterator[Batch]:
    """First what only earns, then what pays with it."""
    for batch in lane:
        if plain := [purchase for purchase in batch if not purchase.is_paying]:
            yield plain
    paying = [purchase for purchase in whole if purchase.is_paying]
    yield from (paying[n : n + _HOLDS_OPEN] for n in range(0, len(paying), _HOLDS_OPEN))


def _post(request: Request, line: Line, done: Delivered) -> Answer | None:
    """The answer to a hold, a spend or a return; None if it was refused, which is noted."""
    answer = line.call("POST", request.path, request.body)
    if answer.status == 201:
        return answer
    kind = request.path.rpartition("/")[2].removesuffix("s")
    done.refused.append({f"{kind}_id": request.name, "status": answer.status, "code": code_of(answer)})
    return None


def code_of(answer: Answer) -> str | None:
    """The code of a refusal; None for anything else."""
    try:
        said = json.loads(answer.body)
    except ValueError:
        return None
    return said.get("code") if isinstance(said, dict) else None


def _send(batch: Batch, line: Line) -> list[Found]:
    """Send a batch until each of its purchases has a clear answer; what may pass is sent again, unchanged."""
    refused: list[Found] = []
    left, give_up_at = batch, line.patience.now() + line.patience.seconds
    while True:
        answer = line.call("POST", "/v1/purchases/batch", body_of(left))
        if answer.status != 200:
            return refused + [{"purchase_id": each.purchase_id, "status": answer.status} for each in left]
        results = {each["purchase_id"]: each for each in json.loads(answer.body)["results"]}
        status = {each.purchase_id: results.get(each.purchase_id, {}).get("status", 503) for each in left}
        refused += [
            {"purchase_id": name, "status": code, "code": results[name].get("body", {}).get("code")}
            for name, code in status.items()
            if code not in (200, 201) and not may_pass(code)
        ]
        left = [each for each in left if may_pass(status[each.purchase_id])]
        if not left:
            return refused
        if line.patience.now() > give_up_at:
            raise NoAnswer(f"{len(left)} purchases got no clear answer for {line.patience.seconds:.0f} s")
        line.patience.sleep(0.5)
