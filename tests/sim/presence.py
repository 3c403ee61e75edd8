"""Those who show a store's code, share a phone, travel faster than anybody can, and come near."""

from __future__ import annotations

from typing import Any

from tests.sim.opening import MEMBERS, RUSHED, STORES
from tests.sim.stage import Stage

CHECK_IN = "checkin POST /v1/me/checkins"


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
            said = {"paused": self.perhaps(0.3)}
            path = "checkin PUT /v1/stores/{store_id}/rewards-pause"
            self.people.ask("operator", path, said, of=("pause", said["paused"]), store_id=store_id)
        self._stands(visitors[0], store_id)

    def reviews(self) -> None:
        """What waits is decided by one or two people."""
        waiting = self.people.ask("operator", "checkin GET /v1/reviews", {"limit": "5"}, of=("look",))
        if not waiting.good:
            return
        for item in waiting.good.body["items"]:
            self._is_reviewed(item["review_id"])

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
        place = {name: (STORES | RUSHED)[store_id][name] for name in ("lat", "lon")}
        self._comes(who, store_id, location={**place, "accuracy_m": 10, "captured_at": self.now()}, **more)

    def _comes(self, who: str, store_id: str, **evidence: Any) -> None:
        body = {"checkin_id": self.id("k"), "store_id": store_id, **evidence}
        ask = self.people.ask(who, CHECK_IN, body, of=("checkin", body["checkin_id"], who))
        self.mistaken(ask, device_id="another")

    def _store(self) -> str:
        chosen: str = self.random.choice(tuple(STORES))
        return chosen
