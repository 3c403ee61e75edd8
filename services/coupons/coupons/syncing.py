"""A till is on the line again and tells what happened meanwhile: each item by itself, once, in any order.

An item's own id only tells its result from the others'. What makes it once is the id of the redemption or purchase in
it, which is the same whether that came in before, online, or comes again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from coupons import allowances, belated, handing
from coupons.belated import Desk, Told
from coupons.offline_model import SyncItem, SyncRequest, SyncResult
from coupons.terminal import TILL, Allowing, Hearing, Terminal, hear
from shared import chain, http, keys
from shared.batch import one_of
from shared.chain import Head
from shared.errors import Forbidden, Invalid, Refused
from shared.http import Call
from shared.naming import Pending, Verb, unnamed
from shared.shapes import ID_PATTERN

PATH = "/v1/offline/sync"
HEAR: Verb[Terminal, Hearing] = Verb(TILL, unnamed, unnamed, hear)


def sync(call: Call[SyncRequest]) -> dict[str, Any]:
    """Take up to 500 things that happened without a line; a bad one harms no other."""
    counter = _Counter(call)
    results = [counter.result(n, sent) for n, sent in enumerate(call.body.items)]
    counter.hear()
    return {"results": [{"id": one.id, **one.model_dump(mode="json", exclude_none=True)} for one in results]}


class _Counter:
    """One sync. Allowances and tills are read once, before anything is written."""

    def __init__(self, call: Call[SyncRequest]) -> None:
        self.call = call
        self._allowances: dict[str, Allowing] = {}
        self._tills: dict[str, Head[Terminal]] = {}
        self._heard: dict[str, set[int]] = {}
        self._repeated: dict[str, int] = {}
        self._lost: set[str] = set()  # the tills whose chains have gone on meanwhile, by losses

    def result(self, place: int, sent: Any) -> SyncResult:
        """What becomes of one item. What can't be done now ends the whole sync: sent again, the rest are duplicates."""
        item_id = sent.get("id") if isinstance(sent, dict) else None
        item_id = item_id if isinstance(item_id, str) else None
        try:
            one = one_of(self.call, PATH, SyncItem, sent)
            one = replace(one, request_id=f"{one.request_id}/{place}")  # the same item twice is a request and its twin
            account, allowing = self._place(one.body)
            told = self._told(one, account, allowing)
        except Refused as refused:
            instead = self.call.told(refused)
            if instead.is_retryable:
                raise instead from None
            body = http.refusal(instead, self.call.language, self.call.request_id).body
            why = {name: body.get(name) for name in ("code", "reason", "detail", "errors")}
            return SyncResult(id=item_id, outcome="conflict_refused", **why)
        self._count(account, one.body.terminal_seq, is_new=told.outcome != "duplicate")
        if told.outcome.startswith("conflict"):
            self._lost.add(account)
        return SyncResult(id=item_id, **told._asdict())

    def hear(self) -> None:
        """Note the numbers of each till that were not known, or are of two things."""
        for account, numbers in self._heard.items():
            head, repeated = self._till(account), self._repeated.get(account, 0)
            new = tuple(sorted(one for one in numbers if not head.state.has_heard(one)))
            if new or repeated:
                said = json.dumps([account, head.sequence, sorted(numbers), repeated])
                mark = chain.operation(f"sync#{hashlib.sha256(said.encode()).hexdigest()}")
                hearing = Hearing(new or tuple(sorted(numbers)), repeated)
                pending = Pending(hearing, mark, mark, self.call.now, head.sequence)
                self.call.world.ledger.enter_one(HEAR, account, pending, None if account in self._lost else head)

    def _told(self, one: Call[SyncItem], account: str, allowing: Allowing | None) -> Told:
        seen = self._till(account).sequence
        if one.body.kind == "purchase":
            return handing.hand_over(one, account, seen)
        if one.body.offline_token is None:
            return belated.by_code(one)
        return belated.by_token(one, Desk(account, seen, allowing or self._in_force(one.body, account)))

    def _place(self, item: SyncItem) -> tuple[str, Allowing | None]:
        """The chain of the till that an item is of, and the allowance that it names; a till's items are its own."""
        who, allowing = self.call.who, self._allowance(item)
        place = (allowing.store_id, allowing.terminal_id) if allowing else None
        if who.kind == "pos":
            own = (str(who.store_id), str(who.terminal_id))
            if place is not None and place != own:
                raise Forbidden("forbidden" if place[0] == own[0] else "wrong_store")
            place = own
        elif place is None:
            place = (_id_in(item.body, "store_id"), _id_in(item.body, "terminal_id"))
            if not all(place):
                raise Invalid.at("/allowance_id", "missing", "nothing says which till this is of")
        return keys.account(keys.TERMINAL, keys.terminal(*place)), allowing

    def _allowance(self, item: SyncItem) -> Allowing | None:
        if item.allowance_id is None:
            return None
        if item.allowance_id not in self._allowances:
            self._allowances[item.allowance_id] = allowances.named_in(self.call.world, item.allowance_id)
        return self._allowances[item.allowance_id]

    def _in_force(self, item: SyncItem, account: str) -> Allowing:
        """The allowance of the day on which something happened, where the item names none."""
        return allowances.of_day(self.call.world, account, self._till(account).state, item.occurred_at)

    def _till(self, account: str) -> Head[Terminal]:
        if account not in self._tills:
            self._tills[account] = self.call.world.ledger.head(TILL, keys.holder(account), consistent=True)
        return self._tills[account]

    def _count(self, account: str, number: int, *, is_new: bool) -> None:
        numbers = self._heard.setdefault(account, set())
        if is_new and (number in numbers or self._till(account).state.has_heard(number)):
            self._repeated[account] = self._repeated.get(account, 0) + 1
        numbers.add(number)


def _id_in(body: Mapping[str, Any], name: str) -> str:
    """An id that stands in a body; nothing for what can't be one."""
    said = body.get(name)
    return said if isinstance(said, str) and re.fullmatch(ID_PATTERN, said) else ""
