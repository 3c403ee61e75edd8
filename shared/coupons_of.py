"""What more than one service must know of coupons: which codes stand for what, and what a member may use now."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

from shared import holdout, keys, places
from shared.codes import Code, Codec, Form, Generation, NotACode, Reading, normalise, show
from shared.coupon_book import BOOK, Coupon, unpack_coupons
from shared.table import Item
from shared.world import World

_LOCATORS = keys.locator(0)[0]


class Codebook:
    """Turns coupons into codes and back, by the locators that are in force at this moment."""

    def __init__(self, world: World) -> None:
        self._secrets = world.secrets
        self._locators = _locators(world)
        self._accepted = world.secrets.derive_accepted("codes")
        self._codec = _codec(*self._accepted)

    @property
    def key(self) -> bytes:
        """What tells the current code key from others."""
        return _check(self._accepted[0])

    def campaign_of(self, locator: int) -> str:
        """The campaign that a locator stands for."""
        return str(self._locators[locator]["campaign_id"])

    def generation(self, locator: int) -> Generation | None:
        """What a locator stands for; None for one that nobody was given."""
        item = self._locators.get(locator)
        if item is None:
            return None
        accepted = self._secrets.derive_accepted(_purpose(locator))
        key = next((key for key in accepted if hmac.compare_digest(_check(key), item["check"])), None)
        return None if key is None else Generation(locator, Form(item["form"]), key, item.get("made", 0))

    def form(self, locator: int) -> Form:
        """How the codes of a locator come to be."""
        return Form(self._locators[locator]["form"])

    def locator_of(self, campaign_id: str, form: Form) -> int | None:
        """The locator of a campaign's codes of one form; None as long as it has none.

        Were there two, after a change of the root in the very moment of the first job, one has made no codes.
        """
        own = [
            (item.get("made", 0), locator)
            for locator, item in self._locators.items()
            if item["campaign_id"] == campaign_id and item["form"] == form.value
        ]
        return max(own)[1] if own else None

    def edition_of(self, locator: int, index: int) -> int:
        """The edition of its campaign's terms that a bulk code keeps: the one that its job was made under."""
        editions: list[list[int]] = self._locators[locator]["editions"]
        return int(next(edition for first, edition in reversed(editions) if first <= index))

    def code(self, coupon: Coupon) -> Code:
        """A coupon's code under the current key. Of a foreign code nothing is kept that could be shown."""
        return self.code_of(coupon.locator, 0 if self.form(coupon.locator) is Form.SHARED else coupon.index)

    def code_of(self, locator: int, index: int) -> Code:
        """The code of a place, under the current key."""
        generation = self.generation(locator)
        assert generation is not None, "a coupon was issued under a locator that is there"
        return self._codec.encode(generation, index)

    @property
    def takes_foreign(self) -> bool:
        """Whether any campaign has foreign codes, so that a text that is none of ours may be one."""
        return any(item["form"] == Form.FOREIGN.value for item in self._locators.values())

    def codes(self, locator: int, indexes: range, key: bytes) -> Iterator[Code]:
        """The codes at some places of a locator, spelt under the key that is meant as long as that is accepted."""
        generation = self.generation(locator)
        assert generation is not None, "a locator is there before its codes are counted"
        checks = [_check(accepted) for accepted in self._accepted]
        codec = _codec(self._accepted[checks.index(key) if key in checks else 0])
        return (codec.encode(generation, index) for index in indexes)

    def campaigns_of(self, typed: str) -> set[str]:
        """The campaigns that a code may belong to, as somebody typed it; none for what is no code of ours."""
        try:
            return {self.campaign_of(one.generation.locator) for one in self.read(normalise(typed))}
        except NotACode:
            return set()

    def read(self, code: Code) -> tuple[Reading, ...]:
        """The places that a code may name; none for a code that was never made."""
        return self._codec.decode(code, self.generation)


def campaigns(world: World) -> dict[int, str]:
    """The campaign of each locator, for those who need no code."""
    return {number: str(item["campaign_id"]) for number, item in _locators(world).items()}


def _locators(world: World) -> dict[int, Item]:
    return world.directory.read_all(_LOCATORS, _by_number)


def _by_number(items: list[Item]) -> dict[int, Item]:
    return {int(item["sk"]): item for item in items}


@lru_cache(maxsize=4)
def _codec(current: bytes, previous: bytes | None = None) -> Codec:
    return Codec(current, previous)


def new_locator(world: World, number: int, campaign_id: str, form: Form) -> Item:
    """The item that gives a locator to a campaign. `check` tells, after a rotation, which root its key came from."""
    pk, sk = keys.locator(number)
    check = _check(world.secrets.derive(_purpose(number)))
    item = {"pk": pk, "sk": sk, "campaign_id": campaign_id, "form": form.value, "generation": 1, "check": check}
    return item | ({"made": 0, "editions": [], "version": 1} if form is Form.BULK else {})


def _purpose(locator: int) -> str:
    return f"codes.generation.{locator:05d}"


@lru_cache(maxsize=1 << 12)
def _check(key: bytes) -> bytes:
    return hmac.digest(key, b"check", "sha256")[:8]


def terms(world: World, campaign_id: str, edition: int) -> dict[str, Any]:
    """The terms that a coupon was issued with, as the campaign said them."""
    item = world.directory.fixed(keys.terms(campaign_id, edition))
    assert item is not None, "an edition is written before any coupon names it"
    said: dict[str, Any] = item["said"]
    return said


def usable(world: World, member_id: str, now: datetime, *, with_codes: bool) -> list[dict[str, Any]]:
    """The coupons that a member may use now: `coupon_id, offer, valid_until`, and `code` where it may be shown."""
    head = world.ledger.open_head(BOOK, member_id, consistent=True)
    at = max(now, head.recorded_at)
    day = places.of_programme(world).day(at)
    book = Codebook(world)
    found = []
    for coupon in head.state.shown:
        campaign_id = book.campaign_of(coupon.locator)
        if coupon.state(at, day) != "issued" or coupon.first > day or is_paused(world, campaign_id):
            continue
        offered: dict[str, Any] = {
            "coupon_id": coupon.coupon_id,
            "offer": terms(world, campaign_id, coupon.edition)["offer"],
            "valid_until": coupon.last,
        }
        found.append(offered | ({"code": show(book.code(coupon))} if with_codes else {}))
    return found


def is_paused(world: World, campaign_id: str) -> bool:
    """Whether a campaign stands still: then its coupons can't be used either, until it is resumed."""
    item = world.directory.setting(keys.campaign(campaign_id))
    return item is not None and item["said"]["state"] == "paused"


def holds_out(world: World, campaign_id: str) -> bool:
    """Whether a campaign holds anybody out now."""
    return _share_bp(world, campaign_id) > 0


def is_held_out(world: World, campaign_id: str, member_id: str) -> bool:
    """Whether a member belongs to the share that a campaign holds out now."""
    return holdout.is_held_out(campaign_id, member_id, _share_bp(world, campaign_id))


def _share_bp(world: World, campaign_id: str) -> int:
    item = world.directory.setting(keys.campaign(campaign_id))
    return 0 if item is None else holdout.share_bp(item["said"])


def found_in(redemption: Item, coupon_id: str) -> str | None:
    """The member in whose book a redemption found a coupon, as its name tells; None for a code that is in nobody's.

    Whoever has been merged since, this stays the same for all that is ever said of the two.
    """
    for share in redemption.get("shares", (redemption,)):
        if share["acc"][0] == keys.COUPON_BOOK:
            coupons = unpack_coupons(share["op"]["c"])
            if any(coupon.coupon_id == coupon_id for coupon in coupons):
                return keys.holder(share["acc"])
    return None
