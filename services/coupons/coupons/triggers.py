"""What happened to a member issues coupons: here, as an event; or elsewhere, as the shop's own systems tell us.

What is told has a name, which keeps the campaigns that want it: each of them issues once for this name, whoever brings
it to its end. The caller's request does; if its process dies, the stream; and the caller who asks again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from coupons import issues, rules, sources, store
from coupons.campaign import TOLD
from coupons.gift_model import TriggerAnswer, TriggerRequest
from coupons.issues import Asked
from shared import keys
from shared.clock import from_ms, to_ms
from shared.coupon_book import BOOK
from shared.errors import Conflict, NotFound, Refused
from shared.http import Call, Reply
from shared.member_ref import require_known, require_member, resolve
from shared.naming import Naming, check_same
from shared.table import Item
from shared.world import World

KIND = "trigger"


def trigger(call: Call[TriggerRequest]) -> Reply:
    """Something happened to a member: the campaigns that want it issue a coupon, each once."""
    naming = call.naming(KIND, call.body.trigger_id)
    name, is_replay = _named(call, naming)
    finish(call.world, name)
    answer = TriggerAnswer(trigger_id=naming.client_id, type=call.body.type, campaigns=tuple(name["op"]["i"]))
    return Reply(answer, 202, is_replay=is_replay)


def wanting(world: World, event: str, data: Mapping[str, Any]) -> list[str]:
    """The campaigns that an event of this type and data triggers. None is triggered by its own coupons."""
    found = [one.campaign for one in store.triggered(world, event)]
    return [
        campaign.campaign_id
        for campaign in found
        if rules.is_triggered(campaign.trigger, event, data) and data.get("campaign_id") != campaign.campaign_id
    ]


def issue_all(world: World, campaigns: Iterable[str], asked: Asked) -> None:
    """A coupon of each campaign, dated by what happened and not by when it is heard of. What a limit forbids is none."""
    for campaign_id in campaigns:
        try:
            issues.issue(world.at(asked.at), asked.of(campaign_id))
        except Conflict:
            continue
        except NotFound as refused:
            if refused.code != "member_not_found":
                raise
            require_known(world, asked.member(True))
            return  # erased since: for what happened to nobody there are no coupons


def finish(world: World, name: Item) -> None:
    """Issue what a trigger's name says; what is there already stays as it is."""
    _, _, owner, trigger_id = name["pk"].split("#")
    asked = Asked(
        campaign_id="",
        owner=_owner(owner),
        source_id=trigger_id,
        fingerprint=name["fp"],
        at=from_ms(name["t"]),
        member=lambda _: str(name["op"]["m"]),
        comes_again=True,
    )
    issue_all(world, name["op"]["i"], asked)


def _owner(owner: str) -> str:
    return f"{KIND}.{owner}"


def _named(call: Call[TriggerRequest], naming: Naming) -> tuple[Item, bool]:
    """The trigger's name, and whether it was there before. A refusal leaves nothing behind."""
    try:
        item = _look(call, naming, consistent=False)
    except Refused:
        old = call.world.ledger.name(naming)
        if old is None:
            item = _look(call, naming, consistent=True)
        else:
            check_same(old, naming)
            return old, True
    old = call.world.ledger.table.put_new(item)
    if old is not None:
        check_same(old, naming)
    return old or item, old is not None


def _look(call: Call[TriggerRequest], naming: Naming, *, consistent: bool) -> Item:
    world, wanted = call.world, call.body
    member_id = resolve(world, call.who, wanted.member, consistent=consistent).member_id
    head = world.ledger.open_head(BOOK, member_id, consistent=consistent)
    if BOOK.is_nobodys(head):
        require_member(world, member_id)
    campaigns = wanting(world, f"{TOLD}{wanted.type}", wanted.data or {})
    item: Item = {
        "pk": naming.partition,
        "sk": 0,
        "fp": naming.fingerprint,
        "acc": head.account,
        "seen": head.sequence,
        "op": {"m": keys.holder(head.account), "i": campaigns},
        "t": to_ms(naming.at),
        "rq": call.request_id,  # so that of two alike in one moment the second is known as one
        "v": 1,
    }
    if campaigns:
        opens = [sources.place(world, one, _owner(naming.owner), naming.client_id) for one in campaigns]
        item |= {"carry": "coupons", "opens": opens}
    return item
