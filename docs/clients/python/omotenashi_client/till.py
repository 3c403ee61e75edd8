"""A till: what it sends is written down first; what gets no answer is undone; what was sold without a line is told later."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from omotenashi_client import models
from omotenashi_client.asking import Answer, NoAnswer, Refused
from omotenashi_client.client import Client, as_bytes
from omotenashi_client.outbox import Call, Outbox, Sale

SYNC_ITEMS_MAX = 100
SYNC_BYTES_MAX = 900_000
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_IS_ELSEWHERE = ("id_reused", "reversed")
"""The id stands for something else, or is closed: there is nothing of this request to be undone."""


class GaveUp(Exception):
    """No answer in all tries. The sale is off: its undoing waits in the outbox. Start anew with a new id."""

    def __init__(self, id: str) -> None:
        self.id = id
        super().__init__(f"no answer for {id}; it will be undone")


@dataclass(frozen=True)
class Outcome:
    """What became of something that waited. `code` and `body` say why, where it was refused."""

    entry: Sale | Call
    outcome: str  # as a sync says; "undone", "recorded" or "refused"
    code: str | None
    body: Any

    @property
    def needs_a_person(self) -> bool:
        """Whether somebody should look at it."""
        return self.outcome in ("refused", "conflict_refused")


class Till:
    """One terminal over its client and outbox.

    `redeem`, `record`, `spend` and `hold` give the answer or raise `Refused` (nothing has changed) or `GaveUp`.
    Call `catch_up` whenever there may be a line, and before the first sale of the day.
    """

    def __init__(self, client: Client, outbox: Outbox) -> None:
        self.client = client
        self.outbox = outbox

    def redeem(self, body: models.RedemptionRequest) -> models.RedemptionAnswer:
        """Use coupons on a basket."""
        return cast("models.RedemptionAnswer", self._do("redemption", "/v1/redemptions", body["redemption_id"], body))

    def record(self, body: models.Purchase) -> models.PurchaseAnswer:
        """Record a purchase, with the points that it uses."""
        return cast("models.PurchaseAnswer", self._do("purchase", "/v1/purchases", body["purchase_id"], body))

    def spend(self, body: models.Spend) -> models.SpendAnswer:
        """Spend points at once."""
        return cast("models.SpendAnswer", self._do("spend", "/v1/spends", body["spend_id"], body))

    def hold(self, body: models.Hold) -> models.HoldAnswer:
        """Hold points for a while."""
        return cast("models.HoldAnswer", self._do("hold", "/v1/holds", body["hold_id"], body))

    def undo(self, kind: str, id: str) -> None:
        """Undo something of this till: at once if there is a line, else when there is one."""
        self.outbox.give_up(f"{kind} {id}", _undoing(kind, id))
        self.catch_up()

    def resume(self) -> list[str]:
        """What was under way when the till went down is undone, for the guest has left: their ids. Call it at each start."""
        begun = self.outbox.begun()
        for call in begun:
            self.outbox.give_up(call.key, _undoing(*call.key.split(" ")))
        return [call.key.split(" ")[1] for call in begun]

    def catch_up(self) -> list[Outcome]:
        """Tell what waits, oldest first, until all has its outcome or the line is gone (no error: it waits on).

        A call that is refused as a whole raises `Refused`, and what it was about waits on.
        """
        outcomes: list[Outcome] = []
        try:
            for group in _groups(self.outbox.waiting()):
                told = self._sync(group) if isinstance(group[0], Sale) else [self._call(group[0])]
                self.outbox.done([one.entry for one in told])
                outcomes += told
        except NoAnswer:
            pass
        return outcomes

    def _do(self, kind: str, path: str, id: str, body: Any) -> Any:
        undoing = _undoing(kind, id)
        service = "coupons" if kind == "redemption" else "points"
        call = Call(f"{kind} {id}", service, path, as_bytes(body).decode())
        self.outbox.begin(call)
        try:
            answer = self.client.send(call.request())
        except Refused as refused:
            if refused.tries > 1 and refused.code not in _IS_ELSEWHERE:
                self.outbox.give_up(call.key, undoing)  # a try that got no answer may still arrive
            else:
                self.outbox.end(call.key, is_refused=True)
            raise
        except NoAnswer:
            self.outbox.give_up(call.key, undoing)
            raise GaveUp(id) from None
        self.outbox.end(call.key)
        return answer.body

    def _sync(self, sales: Sequence[Sale | Call]) -> list[Outcome]:
        items = [cast("Sale", sale).item() for sale in sales]
        said = self.client.ask("coupons", "POST", "/v1/offline/sync", body={"items": items}).body["results"]
        results = {one["id"]: one for one in said}
        return [
            Outcome(sale, one["outcome"], one.get("code"), one)
            for sale in sales
            if (one := results.get(str(cast("Sale", sale).seq))) is not None
        ]

    def _call(self, call: Call) -> Outcome:
        try:
            answer: Answer = self.client.send(call.request())
        except Refused as refused:
            if refused.status in (401, 429):  # about the key or the moment, not about the call
                raise
            return Outcome(call, "refused", refused.code, refused.fields)
        return Outcome(call, "undone", None, answer.body)


def upload(client: Client, outbox: Outbox) -> list[Outcome]:
    """Tell purchases that wait by `POST /v1/purchases/batch`, for a head office whose key is no till's.

    Each is done when its own answer is clear; what the services could not judge yet waits on. Raises `Refused` for a
    call that is refused as a whole, `NoAnswer`, and ValueError for a sale that is no purchase.
    """
    outcomes: list[Outcome] = []
    for group in _groups(outbox.waiting()):
        if any(not isinstance(entry, Sale) or entry.kind != "purchase" for entry in group):
            raise ValueError("only purchases go in batches")
        sales = cast("list[Sale]", group)
        said = client.points.post_purchases_batch({"purchases": [sale.body for sale in sales]})["results"]
        told = [_of_batch(sale, one) for sale, one in zip(sales, said, strict=True) if _is_clear(one["status"])]
        outbox.done([one.entry for one in told])
        outcomes += told
    return outcomes


def _is_clear(status: int) -> bool:
    return status < 500 and status != 429


def _of_batch(sale: Sale, said: dict[str, Any]) -> Outcome:
    is_yes = said["status"] < 300
    body = said["body"]
    return Outcome(sale, "recorded" if is_yes else "refused", None if is_yes else body.get("code"), body)


def _undoing(kind: str, id: str) -> Call:
    """What undoes something, whatever became of it. Its own id is the same text. Raises ValueError for what is no id."""
    if not _ID.fullmatch(id):
        raise ValueError("an id is 1 to 64 of A-Z a-z 0-9 . _ -")
    if kind == "redemption":
        return Call(f"undo {kind} {id}", "coupons", f"/v1/redemptions/{id}/void", json.dumps({"void_id": id}))
    said = {"reverse_id": id, "kind": kind} | ({"source": "pos"} if kind == "purchase" else {})
    return Call(f"undo {kind} {id}", "points", f"/v1/operations/{id}/reverse", json.dumps(said))


def _groups(waiting: Sequence[Sale | Call]) -> Iterator[list[Sale | Call]]:
    """What is told together: sales that follow one another, as many as a call takes; any other call by itself."""
    group: list[Sale | Call] = []
    size = 0
    for entry in waiting:
        more = len(as_bytes(entry.item())) if isinstance(entry, Sale) else 0
        is_full = len(group) == SYNC_ITEMS_MAX or size + more > SYNC_BYTES_MAX
        if group and (is_full or isinstance(entry, Call) or isinstance(group[0], Call)):
            yield group
            group, size = [], 0
        group.append(entry)
        size += more
    if group:
        yield group
