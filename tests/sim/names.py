"""Under which name what a client asked for is in the books."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from shared import keys
from tests.sim.people import Ask

_NAMES: dict[str, Callable[..., str]] = {
    "spend": partial(keys.name, "spend", keys.SHOP),
    "hold": partial(keys.name, "hold", keys.SHOP),
    "action": partial(keys.name, "action", keys.SHOP),
    "award": partial(keys.name, "award", "partner.cafe"),
    "checkin": lambda checkin_id, who: keys.name("checkin", f"member.{who}", checkin_id),
    "approach": lambda approach_id, who: keys.name("approach", f"member.{who}", approach_id),
    "scan": lambda checkin_id, _: keys.name("checkin", keys.SHOP, checkin_id),
    "redemption": lambda redemption_id, _: keys.name("redemption", keys.SHOP, redemption_id),
    "codes": keys.codes,
    "stamp": partial(keys.name, "stamp", keys.SHOP),
    "merge": lambda merge_id, *_: keys.name("merge", keys.SHOP, merge_id),
    "unmerge": partial(keys.name, "unmerge", keys.SHOP),
    "purchase": lambda source, purchase_id: keys.name(f"purchase.{source}", keys.SHOP, purchase_id),
    "return": lambda source, purchase_id, return_id: f"{_NAMES['purchase'](source, purchase_id)}/return/{return_id}",
    "complete": lambda source, purchase_id: f"{_NAMES['purchase'](source, purchase_id)}/complete",
    "cancel": lambda source, purchase_id: f"{_NAMES['purchase'](source, purchase_id)}/cancel",
}


def name_of(ask: Ask) -> str | None:
    """The name under which what was asked is in the books; None if it has none of its own."""
    if ask.of is None or ask.of[0] not in _NAMES or (ask.of[0] == "purchase" and "member" not in ask.body):
        return None
    kind, *ids = ask.of
    return _NAMES[kind](*ids)
