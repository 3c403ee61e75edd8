"""What the till's scenarios are told with: callers of a deployment, what they asked, and what they must be told."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.contract_line import Asked, Said
from infra.contract_record import hidden
from shared import clock

POLL_SECONDS = 10.0
"""So long may take what travels by event (docs/api.md)."""
PAUSES = (1.0, 2.0, 4.0, 8.0)
CAMPAIGN = {
    "campaign_id": "omo-contract",
    "name": {"ja": "接続テスト", "en": "Contract test"},
    "offer": {"type": "amount_off", "value": 100},
    "valid_from": "2026-01-01",
}


class Differs(Exception):
    """A deployment that does not do what the contract says; the text says what was expected and what came."""


class Skipped(Exception):
    """A scenario that needs what this deployment's file does not tell; the text says what."""


@dataclass(frozen=True)
class Step:
    """One request of a scenario and its answer, for those who look for what went wrong. No secret is in it."""

    who: str
    method: str
    target: str
    body: Any
    status: int
    answer: Any


@dataclass(frozen=True)
class Told:
    """An answer."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def is_replay(self) -> bool:
        return self.headers.get("idempotent-replayed") == "true"

    @property
    def code(self) -> str | None:
        return self.body.get("code") if isinstance(self.body, dict) else None


@dataclass
class Kit:
    """A deployment as the scenarios see it.

    `send` is one try; `token` gives a member's token, or None where nobody can make one: then `guest_id` may be a
    member whose token is known. `sleep` and `now` are replaced in tests.
    """

    send: Callable[[Asked], Said]
    keys: Mapping[str, str]
    token: Callable[[str], str | None]
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    guest_id: str | None = None
    steps: list[Step] = field(default_factory=list)
    _bound: dict[str, Any] = field(default_factory=dict)

    def fresh(self) -> Kit:
        """The same for another scenario, with no steps yet."""
        return replace(self, steps=[])

    # ---- asking ----

    def ask(self, who: str, method: str, target: str, body: Any = None, service: str = "points") -> Told:
        """An answer, also a refusal. What may pass is asked again as docs/api.md says."""
        raw = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers = {"authorization": f"Bearer {self._secret(who)}", "content-type": "application/json"}
        asked = Asked(service, method, target, headers, raw)
        for pause in (*PAUSES, None):
            said = self._try(asked)
            if pause is None or (said is not None and said.status not in (500, 502, 503, 504)):
                break
            self.sleep(pause)
        if said is None:
            raise Differs(f"{method} {service}{target}: no answer in {len(PAUSES) + 1} tries")
        told = Told(said.status, _json(said.body), said.headers)
        self.steps.append(
            Step(who, method, f"{service}{target}", hidden(body), said.status, hidden(told.body, is_answer=True))
        )
        return told

    def yes(self, who: str, method: str, target: str, body: Any = None, service: str = "points") -> Any:
        """The body of an answer that must be a yes."""
        told = self.ask(who, method, target, body, service)
        if told.status >= 300:
            raise Differs(f"{method} {service}{target}: a yes was expected, {told.status} {told.code} came")
        return told.body

    def no(self, status: int, code: str, told: Told) -> Any:
        """The body of a refusal that must be this one."""
        expect(f"{status} {code}", f"{told.status} {told.code}", "answer")
        wanted = {"type", "title", "status", "detail", "code", "retryable", "request_id"}
        missing = wanted - set(told.body)
        if missing or not told.headers.get("content-type", "").startswith("application/problem+json"):
            raise Differs(f"{code}: an error is application/problem+json; {sorted(missing) or 'another type'} differs")
        return told.body

    def eventually(self, wanted: Any, ask: Callable[[], Any], what: str) -> None:
        """Poll until it is so, for as long as an event may take."""
        for _ in range(int(POLL_SECONDS / 0.5)):
            if (got := ask()) == wanted:
                return
            self.sleep(0.5)
        expect(wanted, got, f"{what} after {POLL_SECONDS:.0f} s")

    def _try(self, asked: Asked) -> Said | None:
        try:
            return self.send(asked)
        except OSError:
            return None

    def _secret(self, who: str) -> str:
        if who.startswith("member:"):
            token = self.token(who.removeprefix("member:"))
            if token is None:
                raise Skipped("members' tokens: no local issuer here, and no `member` with its `token`")
            return token
        if who not in self.keys:
            raise Skipped(f"a key {who!r} in `keys`")
        return self.keys[who]

    # ---- what scenarios need ----

    def id(self, word: str = "c") -> str:
        """An id that nobody has used."""
        return f"{word}-{uuid.uuid4().hex[:20]}"

    def time(self, seconds_ago: float = 60) -> str:
        """A moment ago."""
        return clock.to_text(self.now() - timedelta(seconds=seconds_ago))

    def member(self) -> str:
        """A new member, who has consented to location."""
        member_id = self.id("contract")
        consents = {"location": {"granted": True, "version": "contract"}}
        self.yes("ec", "POST", "/v1/members", {"member_id": member_id, "consents": consents})
        return member_id

    def guest(self) -> str:
        """A member who shows a phone: new, or the one whose token is known."""
        return self.guest_id or self.member()

    def till(self) -> dict[str, Any]:
        """What the till's key is bound to."""
        if "till" not in self._bound:
            self._bound["till"] = self.yes("pos", "GET", "/v1/whoami")
        found: dict[str, Any] = self._bound["till"]
        return found

    def purchase(self, member_id: str | None, amount: int = 10_000, **more: Any) -> dict[str, Any]:
        """A receipt of the till."""
        said = {"purchase_id": self.id("p"), "source": "pos", "occurred_at": self.time(), "state": "completed"}
        member = {} if member_id is None else {"member": {"member_id": member_id}}
        return said | member | {"lines": [{"line_id": "1", "quantity": 1, "amount": amount}]} | more

    def balance(self, member_id: str) -> int:
        """A member's available points."""
        return int(self.yes("ec", "GET", f"/v1/members/{member_id}/balance")["available"])

    def coupon(self, member_id: str) -> str:
        """The code of a new coupon over 100 off, which any basket can use."""
        if "campaign" not in self._bound:
            self._bound["campaign"] = self.yes("operator", "POST", "/v1/campaigns", CAMPAIGN, "coupons")
        said = {"campaign_id": CAMPAIGN["campaign_id"], "member": {"member_id": member_id}, "source_id": self.id("o")}
        return str(self.yes("ec", "POST", "/v1/issues", said, "coupons")["code"])

    def coupon_state(self, member_id: str) -> str:
        """What has become of a member's only coupon."""
        return str(self.yes("ec", "GET", f"/v1/members/{member_id}/coupons", None, "coupons")["items"][0]["state"])

    def redemption(self, code: str, **more: Any) -> dict[str, Any]:
        """A redemption of the till over a basket of 2,000."""
        basket = {"lines": [{"line_id": "1", "quantity": 2, "amount": 2000}]}
        redemption_id = self.id("r")
        said = {"redemption_id": redemption_id, "codes": [code], "channel": "pos", "basket": basket}
        return said | {"order_ref": redemption_id} | more


def expect(wanted: Any, got: Any, what: str) -> None:
    """Raise `Differs` where they do."""
    if wanted != got:
        raise Differs(f"{what}: {wanted!r} was expected, {got!r} came")


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return {"not_json": len(raw)}
