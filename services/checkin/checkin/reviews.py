"""Reviews: check-ins that nobody could make so fast, or that too many made, until people pay them or do not.

The name of the decision is what makes it one: of two reviewers at once, the first to put it has decided.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from checkin import ruling
from checkin.model import Given
from checkin.reviews_model import Decision, ReviewAnswer, ReviewBatch, ReviewPage, ReviewQuery, Span, State
from checkin.ruling import WITHHELD, Ruling
from checkin.visits import VISITS
from shared import clock, http, keys, reviews
from shared.batch import part_of
from shared.cursor import next_cursor, read_cursor
from shared.errors import Conflict, Invalid, NotFound, Refused
from shared.http import Call, Reply
from shared.naming import Verb
from shared.table import Item
from shared.world import World

NAME = reviews.NAME
RULE = Verb(VISITS, ruling.pack, ruling.unpack, ruling.decide, carried_by="checkin")


def listed(call: Call[Any]) -> dict[str, Any]:
    """A page of the check-ins that wait for a review, of all stores or one, the oldest first."""
    page: ReviewQuery = call.query
    table = call.world.directory.table
    after = read_cursor(call, page.cursor)
    pk, _ = keys.review("") if page.store_id is None else keys.review_at(page.store_id, "")
    places = table.items(pk, after=after, limit=page.limit + 1, consistent=True)
    shown = [place for place in places[: page.limit] if reviews.name(call.world, place["sk"]) is None]
    more = places[page.limit - 1]["sk"] if len(places) > page.limit else None
    items = [_answer(place["sk"], keys.holder(place["acc"]), _said(place), "pending") for place in shown]
    return ReviewPage(items=items, next_cursor=next_cursor(call, more)).model_dump(mode="json")


def approve(call: Call[Any]) -> Reply:
    """Pay a check-in that waited for its review, dated by the day of the visit."""
    return _decide(call.world, call.path_id("review_id"), is_approved=True)


def reject(call: Call[Any]) -> Reply:
    """Do not pay a check-in that waited for its review."""
    return _decide(call.world, call.path_id("review_id"), is_approved=False)


def batch(call: Call[ReviewBatch]) -> dict[str, Any]:
    """Decide up to 100 reviews, each as if alone: a bad one harms no other."""
    return {"results": [_result(call, n, sent) for n, sent in enumerate(call.body.reviews)]}


def _result(call: Call[Any], n: int, sent: Any) -> dict[str, Any]:
    try:
        wanted = part_of(Decision, sent, f"/reviews/{n}")
        reply = _decide(call.world, wanted.review_id, is_approved=wanted.decision == "approve")
    except Refused as refused:
        reply = http.refusal(refused, call.language, call.request_id)
    review_id = sent.get("review_id") if isinstance(sent, dict) else None
    told = review_id if isinstance(review_id, str) else None
    return {"review_id": told, "status": reply.status or 200, "body": reply.body}


def _decide(world: World, review_id: str, *, is_approved: bool) -> Reply:
    def found(consistent: bool) -> tuple[str, Ruling]:
        place = world.directory.table.get(*keys.review(review_id), consistent=consistent)
        if place is None:
            raise NotFound("review_not_found")
        said = _said(place)
        return keys.holder(place["acc"]), Ruling(review_id, is_approved, said.said, said.at)

    try:
        done = world.ledger.perform(RULE, reviews.naming(world, review_id, is_approved=is_approved), found)
    except Invalid as refused:
        if refused.code != "id_reused":
            raise
        raise Conflict("review_decided") from None
    member_id = done.last.data.get("asked_of", keys.holder(done.account))
    state: State = "approved" if is_approved else "rejected"
    answer = _answer(review_id, member_id, done.operation, state)
    return Reply(answer.model_dump(mode="json"), is_replay=done.is_replay)


def finish(world: World, name: Item) -> None:
    """Bring a decision into the member's visits whose process died after the name."""
    world.ledger.carry_on(RULE, name, world.clock.now())


def _said(place: Item) -> Ruling:
    """What a place of the list says of its check-in; nothing is decided yet."""
    return Ruling(place["sk"], is_approved=False, said=place["x"], at=clock.from_ms(int(place["t"])))


def _answer(review_id: str, member_id: str, about: Ruling, state: State) -> ReviewAnswer:
    said = about.said
    withheld = said[WITHHELD]
    apart = withheld.get("apart")
    return ReviewAnswer(
        review_id=review_id,
        checkin_id=said["checkin_id"],
        store_id=said["store_id"],
        member_id=member_id,
        business_day=date.fromisoformat(said["business_day"]),
        occurred_at=about.at,
        evidence_level=said["evidence_level"],
        reason=said["reason"],
        distance_m=Span(at_least=int(apart[0]), at_most=int(apart[1])) if apart else None,
        reward=Given(points=int(withheld["points"]), campaigns=tuple(withheld["campaigns"])),
        state=state,
    )
