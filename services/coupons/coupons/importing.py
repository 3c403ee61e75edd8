"""Codes that somebody else made: taken in row by row, and kept as keyed hashes alone."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from coupons import store
from coupons.homes import ON_PAPER
from coupons.locators import draw_locator
from coupons.model import CodeImport
from shared import codes, keys
from shared.chain import Decided, Step
from shared.codes import Form, NotACode
from shared.coupon_book import CODES, Book, Coupon, Status
from shared.coupons_of import Codebook
from shared.directory import CACHE_SECONDS
from shared.errors import Conflict, Invalid, Refused
from shared.http import Call
from shared.naming import Verb, unnamed

ROWS_MAX = 500


def of_csv(text: str) -> dict[str, Any]:
    """A CSV of codes, one a row in the first column, as the body that it stands for. A header `code` may lead it."""
    rows = [row[0].strip() for row in csv.reader(io.StringIO(text)) if row and row[0].strip()]
    return {"codes": rows[1:] if rows and rows[0].lower() == "code" else rows}


@dataclass(frozen=True, slots=True)
class Importing:
    """A foreign code on its way to its chain."""

    coupon: Coupon
    campaign_id: str


def take_in(code: Book, importing: Importing, _: datetime) -> Decided[Book]:
    """Let a code be there; refuse one that is: as it is if it is this campaign's, else as somebody else's."""
    for there in code.coupons:
        raise Conflict("unchanged" if there.locator == importing.coupon.locator else "code_taken")
    data = {"coupon_id": importing.coupon.coupon_id, "campaign_id": importing.campaign_id}
    step = Step("imported", ref=("campaign", importing.campaign_id), data=data)
    return Decided(replace(code, coupons=(importing.coupon,)), (step,))


TAKE_IN = Verb(CODES, unnamed, unnamed, take_in)


def import_codes(call: Call[CodeImport]) -> dict[str, Any]:
    """Take in codes that somebody else made, each once, however often it is sent."""
    running = store.campaign(call.world, call.path["campaign_id"])
    if running.campaign.code.mode != "imported":
        raise Invalid.at("/campaign_id", "not_imported", "the campaign's own codes are its only ones")
    campaign_id = running.campaign.campaign_id
    locator = Codebook(call.world).locator_of(campaign_id, Form.FOREIGN)
    if locator is None:
        locator = draw_locator(call.world, campaign_id, Form.FOREIGN)
        call.world.clock.sleep(CACHE_SECONDS)  # an environment may believe that nobody has foreign codes
    terms = running.campaign.terms
    status = Status.ASLEEP if running.campaign.code.sleeping else Status.ISSUED
    coupon = Coupon(locator, 0, running.edition, terms.valid_from, terms.valid_until, ON_PAPER, status)
    rows = [_row(call, number, typed, coupon, campaign_id) for number, typed in enumerate(call.body.codes, 1)]
    return {"results": rows}


def _row(call: Call[CodeImport], number: int, typed: str, coupon: Coupon, campaign_id: str) -> dict[str, Any]:
    try:
        return {"row": number, "status": _taken_in(call, typed, coupon, campaign_id)}
    except NotACode:
        return _refused(number, "not_a_code", f"4 to {codes.TYPED_MAX} signs")
    except Refused as refused:
        if refused.code == "unchanged":
            return {"row": number, "status": "unchanged"}
        if refused.is_retryable:
            raise
        return _refused(number, refused.code, "the code is another campaign's")


def _taken_in(call: Call[CodeImport], typed: str, coupon: Coupon, campaign_id: str) -> str:
    code = codes.foreign(typed)
    if _could_be_ours(code):
        raise Conflict("code_taken")  # ours are read before any other, and without a look at what is kept
    digest, *before = call.world.secrets.digests_accepted("foreign", code)
    for old in before:
        there = call.world.ledger.head(CODES, keys.foreign(old), consistent=True)
        if there.state.coupons:
            raise Conflict("unchanged" if there.state.coupons[0].locator == coupon.locator else "code_taken")
    importing = Importing(replace(coupon, index=int(digest[:10], 16)), campaign_id)
    event = f"import/{campaign_id}/{digest}"
    (done,) = call.world.ledger.obey(TAKE_IN, keys.foreign(digest), [(event, call.now, importing)])
    if isinstance(done, Refused):
        raise done
    return "unchanged" if done.is_replay else "created"


def _could_be_ours(code: str) -> bool:
    try:
        codes.normalise(code)
    except NotACode:
        return False
    return True


def _refused(number: int, code: str, detail: str) -> dict[str, Any]:
    return {"row": number, "status": "refused", "errors": [{"pointer": "", "code": code, "detail": detail}]}
