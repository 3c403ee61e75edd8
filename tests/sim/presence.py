"""Those who show a store's code, share a phone, travel faster than anybody can, and come near."""

from __future__ import annotations

from typing import Any

from tests.sim.opening import DWELL_SECONDS, LOUNGES, MEMBERS, PLACES, RUSHED, STORES
from tests.sim.stage import Stage

CHECK_IN = "checkin POST /v1/me/checkins"
CHALLENGE = "checkin POST /v1/me/checkins/challenges"


class Presence(Stage):
    """Stories around check-ins that prove more, or less, than a place."""

    def shows_a_code(self) -> None:
        """One code of a store's screen, shown by one or two members, and once more later."""
        store_id = self._store()
        shown = self.people.ask(
            "operator", "checkin GET /v1/stores/{store_id}/presence-code", of=("look",), store_id=store_id
        )
        if not shown.good:
            return
        code = shown.good.body[self.random.choice(("code", "qr_payload"))]
        visitors = self.random.sample(MEMBERS, self.random.randint(1, 2))
        self.at_once(*[lambda who=who: self._comes(who, store_id, presence_code=code) for who in visitors])
        self.pause(self.random.choice((2, 90)))
        self._comes(visitors[0], store_id, presence_code=code)

    def shares_a_phone(self) -> None:
        """All members check in on one phone at once; some of them, long after, again."""
        phone, store_id = self.id("phone"), self._store()
        visitors = self.random.sample(MEMBERS, len(MEMBERS))
        self.at_once(*[lambda who=who: self._stands(who, store_id, device_id=phone) for who in visitors])
        self.pause(self.random.choice((60, 100_000)))
        self._stands(self.random.choice(visitors), store_id, device_id=phone)

    def travels(self) -> None:
        """Tokyo, and forty minutes later Osaka: two who look at it decide at once, and perhaps otherwise."""
        who = self.member()
        there, back = self.random.sample(tuple(STORES), 2)
        self._stands(who, there)
        self.turns.sleep(2_400)
        self._stands(who, back)
        self.pause(self.random.choice((10, 10, 700, 200_000)))
        self.reviews()

    def comes_to_a_rush(self) -> None:
        """A store that is overrun: two come at once, people look at it, and perhaps pay from then on as ever."""
        (store_id,) = RUSHED
        visitors = self.random.sample(MEMBERS, 2)
        self.at_once(*[lambda who=who: self._stands(who, store_id) for who in visitors])
        self.pause(self.random.choice((10, 700, 100_000)))
        self.reviews()
        if self.perhaps(0.2):
            self._pauses(store_id, is_paused=self.perhaps(0.3))
        self._stands(visitors[0], store_id)

    def overruns(self) -> None:
        """Everybody comes to one store at once; people look at it, resume or stop its rewards, and guests come again."""
        store_id = self._store()
        for _ in range(self.random.choice((1, 2, 3))):
            visitors = self.random.sample(MEMBERS, len(MEMBERS))
            self.at_once(*[lambda who=who: self._stands(who, store_id) for who in visitors])
            self.pause(self.random.choice((5, 600, 5_000)))
            if self.perhaps(0.7):
                self._pauses(store_id, is_paused=self.perhaps(0.25))
            self._stands(self.random.choice(visitors), store_id)
            self.reviews()
            self.pause(self.random.choice((600, 90_000)))

    def _pauses(self, store_id: str, *, is_paused: bool) -> None:
        path = "checkin PUT /v1/stores/{store_id}/rewards-pause"
        self.people.ask("operator", path, {"paused": is_paused}, of=("pause", is_paused), store_id=store_id)

    def stays(self) -> None:
        """A guest stays at a store, or says so: from elsewhere, too short, too long, with one fix for both, with
        somebody else's challenge or another phone; and shows what was got once more.
        """
        who, (store_id,) = self.member(), LOUNGES
        first = self._fix(store_id if self.perhaps(0.8) else self._store())
        more = {"device_id": self.id("phone")} if self.perhaps(0.5) else {}
        body = {"challenge_id": self.id("z"), "store_id": store_id, "location": first, **more}
        begun = self.people.ask(who, CHALLENGE, body, of=("challenge", body["challenge_id"], who))
        self.mistaken(begun, store_id=self._store())
        if not begun.good:
            return
        self.turns.sleep(DWELL_SECONDS * self.random.choice((0.5, 1.1, 1.1, 1.1, 1.1, 100)))
        guest = who if self.perhaps(0.9) else self.member()
        fix = self._fix(store_id) if self.perhaps(0.8) else first
        phone = more if self.perhaps(0.85) else {"device_id": self.id("phone")}
        shown = {"challenge": begun.good.body["challenge"], "location": fix, **phone}
        for _ in range(self.random.choice((1, 1, 2))):
            self._comes(guest, store_id, **shown)

    def reviews(self) -> None:
        """What waits is decided by one or two people."""
        waiting = self.people.ask("operator", "checkin GET /v1/reviews", {"limit": "5"}, of=("look",))
        if not waiting.good:
            return
        waiting_ids = [item["review_id"] for item in waiting.good.body["items"]]
        if waiting_ids and self.perhaps(0.3):
            self.at_once(*[lambda by=by: self._decide_all(by, waiting_ids) for by in ("operator", "second")])
            return
        for review_id in waiting_ids:
            self._is_reviewed(review_id)

    def _decide_all(self, by: str, review_ids: list[str]) -> None:
        """All that waits in one call, and one of it twice."""
        chosen = [*review_ids, review_ids[0]]
        decisions = [{"review_id": one, "decision": self.random.choice(("approve", "reject"))} for one in chosen]
        self.people.ask(by, "checkin POST /v1/reviews/batch", {"reviews": decisions}, of=("rulings",))

    def _is_reviewed(self, review_id: str) -> None:
        words = self.random.choices(("approve", "reject"), k=self.random.randint(1, 2))
        deciding = zip(("operator", "second"), words, strict=False)
        self.at_once(*[lambda by=by, word=word: self._decides(by, review_id, word) for by, word in deciding])

    def comes_near(self) -> None:
        """A phone crosses the fence of a store, and crosses it again."""
        who, store_id = self.member(), self._store()
        for _ in range(self.random.randint(1, 3)):
            body = {"approach_id": self.id("n"), "store_id": store_id}
            ask = self.people.ask(
                who, "checkin POST /v1/me/approaches", body, of=("approach", body["approach_id"], who)
            )
            self.mistaken(ask, store_id=self._store())
            self.pause(self.random.choice((1, 20_000, 80_000)))

    def _decides(self, by: str, review_id: str, word: str) -> None:
        path = f"checkin POST /v1/reviews/{{review_id}}/{word}"
        self.people.ask(by, path, {}, of=("ruling", review_id, word), review_id=review_id)

    def _stands(self, who: str, store_id: str, **more: Any) -> None:
        self._comes(who, store_id, location=self._fix(store_id), **more)

    def _fix(self, store_id: str) -> dict[str, Any]:
        """Where a phone is that stands at a store, just now."""
        place = {name: PLACES[store_id][name] for name in ("lat", "lon")}
        return {**place, "accuracy_m": 10, "captured_at": self.now()}

    def _comes(self, who: str, store_id: str, **evidence: Any) -> None:
        body = {"checkin_id": self.id("k"), "store_id": store_id, **evidence}
        ask = self.people.ask(who, CHECK_IN, body, of=("checkin", body["checkin_id"], who))
        self.mistaken(ask, device_id="another")

    def _store(self) -> str:
        chosen: str = self.random.choice(tuple(STORES))
        return chosen
