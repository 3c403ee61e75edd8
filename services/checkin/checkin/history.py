"""What was recorded of a member's check-ins, as pages of a list."""

from __future__ import annotations

from datetime import date
from typing import Any

from checkin import ruling
from checkin.checkins import KINDS, LIMITED, given
from checkin.model import CheckinListed, CheckinPage, Page
from checkin.visits import VISITS
from shared import chain, clock, reviews
from shared.chain import Entry
from shared.cursor import next_cursor, read_cursor
from shared.http import Call
from shared.member_ref import require_member
from shared.world import World

_SHOWN = frozenset((*KINDS.values(), LIMITED))
# A page looks past this many queries' worth of entries that are not shown, then goes on with a cursor.
_ROUNDS_MAX = 5


def listed(call: Call[Any], member_id: str) -> dict[str, Any]:
    """A page of a member's check-ins, newest first."""
    page: Page = call.query
    position = read_cursor(call, page.cursor)
    if position is None:
        account = call.world.ledger.open_head(VISITS, member_id, consistent=True).account
        shown, more = _page(call.world, account, None, page.limit)
    else:
        upto, _, account = position.partition(":")  # the account in which the list began, whatever was merged meanwhile
        shown, more = _page(call.world, account, int(upto), page.limit)
    if not shown and position is None:
        require_member(call.world, member_id)
    items = [_listed(call.world, entry) for entry in shown]
    cursor = next_cursor(call, None if more is None else f"{more}:{account}")
    return CheckinPage(items=items, next_cursor=cursor).model_dump(mode="json")


def _page(world: World, account: str, upto: int | None, limit: int) -> tuple[list[Entry], int | None]:
    """The newest entries up to a number that are shown, and the number at which the next page begins."""
    shown: list[Entry] = []
    for _ in range(_ROUNDS_MAX):
        items = world.ledger.table.items(account, upto=upto, newest_first=True, limit=limit + 1, consistent=True)
        found = (entry for item in items for entry in reversed(chain.entries_of(item)))
        for entry in found:
            if entry.kind not in _SHOWN or (upto is not None and entry.sequence > upto):
                continue
            if len(shown) == limit:
                return shown, entry.sequence
            shown.append(entry)
        if len(items) <= limit:
            return shown, None
        upto = items[-1]["sk"] - 1
    return shown, upto


def _listed(world: World, entry: Entry) -> CheckinListed:
    """An entry as the list shows it; what people have decided meanwhile stands for what waited for them."""
    said = entry.data
    outcome, reward = said["outcome"], given(said)
    decided = reviews.name(world, reviews.review_id(entry)) if entry.kind == "flagged" else None
    if decided is not None:
        ruled = ruling.unpack(decided["op"])
        outcome = "awarded" if ruled.is_approved else "recorded_no_award"
        reward = given({"reward": ruled.reward})
    return CheckinListed(
        checkin_id=said["checkin_id"],
        store_id=said["store_id"],
        business_day=date.fromisoformat(said["business_day"]),
        outcome=outcome,
        evidence_level=said.get("evidence_level"),
        reward=reward,
        occurred_at=clock.from_ms(clock.to_ms(entry.occurred_at)),
    )
