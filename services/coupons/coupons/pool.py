"""A campaign's pool: what is taken of its total, coupon by coupon and job by job, and which bulk codes exist.

One chain counts both, so that a total is kept to the last one whoever takes it. A job's entry is its range of
indexes: what it decided never changes, and the codes follow from it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from coupons.campaign import Campaign
from coupons.giving import Issuing
from shared import keys, tally, varint
from shared.chain import Decided, Kind, Packed, Step
from shared.codes import Form
from shared.errors import Conflict, Invalid
from shared.tally import Held, Tally

INDEXES = 1 << Form.BULK.index_bits
"""So many bulk codes can a campaign ever have."""
EDITIONS_MAX = 100
"""So many times may the terms have changed between its jobs: each range keeps the edition it was made under."""


@dataclass(frozen=True, slots=True)
class Pool:
    """What was taken and not given back; and of that the codes made in bulk, whose indexes are those below `made`.

    `editions` are pairs `(first index, edition)`, one more only where the edition changes. `held` is what redemptions
    hold until they end, and is not among what was taken.
    """

    taken: int = 0
    made: int = 0
    locator: int = -1
    editions: tuple[tuple[int, int], ...] = ()
    held: tuple[Held, ...] = ()

    @property
    def tally(self) -> Tally:
        return Tally(self.taken, self.held)

    def used(self, at: datetime) -> int:
        """What counts against a limit at a time."""
        return self.tally.used(at)

    def with_tally(self, tally: Tally) -> Pool:
        return replace(self, taken=tally.taken, held=tally.held)


def _pack(pool: Pool) -> Packed:
    packed: Packed = {"n": pool.taken}
    if pool.made:
        numbers = (number for pair in pool.editions for number in pair)
        packed |= {"m": pool.made, "l": pool.locator, "e": varint.pack(numbers)}
    if pool.held:
        packed["h"] = [list(one) for one in pool.held]
    return packed


def _unpack(packed: Packed) -> Pool:
    counts = tally.unpack([packed["n"], *packed.get("h", ())])
    if "m" not in packed:
        return Pool(counts.taken, held=counts.held)
    numbers = varint.unpack(packed["e"])
    editions = tuple(zip(numbers, numbers, strict=True))
    return Pool(counts.taken, int(packed["m"]), int(packed["l"]), editions, counts.held)


POOL: Kind[Pool] = Kind(keys.POOL, Pool(), _pack, _unpack)


# ---- coupons --------------------------------------------------------------------------------------------------------


def take(pool: Pool, issuing: Issuing, at: datetime) -> Decided[Pool]:
    """Take one coupon; `campaign_exhausted` if the total is reached."""
    assert issuing.drawing is not None
    drawing = issuing.drawing
    ref = ("coupon", issuing.coupon.coupon_id)
    book = keys.account(keys.COUPON_BOOK, drawing.member_id)
    step = Step("taken", ref=ref, data={"carry": ["coupons", issuing.name, book, drawing.member_seen]})
    return _taken(pool, 1, drawing.total, issuing.campaign_id, step, at)


def give_back(pool: Pool, issuing: Issuing, _: datetime) -> Decided[Pool]:
    """One coupon fewer: the member's book had no room for it, or it was not paid for."""
    step = Step("given_back", ref=("coupon", issuing.coupon.coupon_id))
    return Decided(replace(pool, taken=pool.taken - 1), (step,))


# ---- codes ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Making:
    """A job on its way into the pool.

    `locator` is the one to begin with: a pool that has made codes keeps its own. `key` tells which code key the codes
    are spelt under, so that they are the same after a rotation, too.
    """

    job_id: str
    campaign_id: str
    count: int
    edition: int
    locator: int
    key: bytes
    total: int | None = None


def check_makes_codes(campaign: Campaign, day: date) -> None:
    """Refuse what no codes are made for: codes that come from outside, and campaigns that are over."""
    if campaign.code.mode != "unique":
        raise Invalid.at("/campaign_id", "not_made_here", "the campaign's codes come from elsewhere")
    if campaign.state == "ended" or (campaign.valid_until is not None and campaign.valid_until < day):
        raise Conflict("campaign_not_active")


def make(pool: Pool, making: Making, at: datetime) -> Decided[Pool]:
    """Make the next `count` codes exist; `campaign_exhausted` if the total or the index has no room for all of them."""
    if pool.made + making.count > INDEXES:
        raise Conflict("campaign_exhausted", left=INDEXES - pool.made)
    first, locator = pool.made, making.locator if pool.made == 0 else pool.locator
    editions = pool.editions
    if not editions or editions[-1][1] != making.edition:
        editions = (*editions, (first, making.edition))
    if len(editions) > EDITIONS_MAX:
        raise Conflict("campaign_exhausted", left=0)
    data = {
        "first": first,
        "count": making.count,
        "edition": making.edition,
        "locator": locator,
        "key": making.key,
        "carry": ["codes", keys.codes(making.job_id)],
    }
    step = Step("made", ref=("job", making.job_id), data=data)
    after = replace(pool, made=first + making.count, locator=locator, editions=editions)
    return _taken(after, making.count, making.total, making.campaign_id, step, at)


def _taken(pool: Pool, count: int, total: int | None, campaign_id: str, step: Step, at: datetime) -> Decided[Pool]:
    taken = pool.taken + count
    if total is not None and pool.used(at) + count > total:
        raise Conflict("campaign_exhausted", left=max(0, total - pool.used(at)))
    steps = [step]
    if taken == total:
        steps.append(Step("exhausted", data={"campaign_id": campaign_id, "total": total}))
    return Decided(replace(pool, taken=taken), tuple(steps))


def pack_making(making: Making) -> Packed:
    packed: Packed = {
        "j": making.job_id,
        "i": making.campaign_id,
        "n": making.count,
        "e": making.edition,
        "l": making.locator,
        "k": making.key,
    }
    return packed | ({} if making.total is None else {"t": making.total})


def unpack_making(packed: Packed) -> Making:
    return Making(packed["j"], packed["i"], packed["n"], packed["e"], packed["l"], packed["k"], packed.get("t"))
