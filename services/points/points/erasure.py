"""Erasing a member: first the account, which decides; then whoever was merged into it, the names, and the profile.

1. The profile is claimed: nobody sees the member any more, and nothing is taken back.
2. One append closes the account (`shared.erasing`). If a merge was faster, there is nothing to erase here.
3. Everybody who was merged into it loses profile, identities and the words in the names.
4. The words in the member's own names go (`points.forgetting`), and last, in one transaction, the profile, the
   identities and the place in the list of those who leave.

Each step is harmless to repeat and the last one ends it, so a process that died anywhere is followed by the next run
of the job. The stream tells `member.erased` of each profile that became nobody's, and the other services follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from points import forgetting, merges
from points.balances import ACCOUNT, Account, forfeited, let_go, settle
from points.store import programme
from shared import clock, erasing, keys
from shared.chain import Decided
from shared.errors import NotFound, Unavailable
from shared.patience import attempts
from shared.table import Collision, Item, Remove, Replace, Write
from shared.world import World

_AT_ONCE = 50  # identities: a transaction takes 100 items
_KEPT = ("pk", "sk", "version", "member_id", "fp", "t")
"""What stays of a profile: whose it was, and the keyed hash that answers a retry of its making."""

Rewrite = Callable[[Item], tuple[Item, Sequence[Write]] | None]


def erase(world: World, member_id: str) -> bool:
    """Erase a member whose time has come; False if it has not, or a merge was faster and another one is that member."""
    claimed = rewrite(world, member_id, partial(_claimed, clock.to_ms(world.clock.now())))
    if not claimed.get("is_leaving"):
        return bool(claimed["state"] == "erased")
    zone = programme(world).zone
    if not erasing.close(
        world.ledger, ACCOUNT, member_id, decide=lambda state, at: _closing(state, member_id, at, zone)
    ):
        rewrite(world, member_id, _let_be)
        merges.follow(world, member_id)
        return False
    guests = erasing.all_guests_of(world.ledger.table, ACCOUNT.letter, member_id)
    hosts = {guest: host for host, of_host in guests.items() for guest in of_host}
    for one in (*(one for one in guests if one != member_id), member_id):  # the member's own profile ends it
        forgetting.forget(world, one)
        _strip(world, one, hosts.get(one), guests[one])
    return True


def _closing(account: Account, member_id: str, at: datetime, zone: str) -> Decided[Account]:
    """All that is there is forfeited, and what fell due before has done so."""
    account, due = settle(account, at, zone)
    return Decided(let_go(account).state, (*due, forfeited(account, member_id)))


# ---- profiles -------------------------------------------------------------------------------------------------------


def raw(world: World, member_id: str) -> Item:
    """A profile, also of who is erased; `member_not_found` if there never was one."""
    item = world.directory.table.get(*keys.member(member_id), consistent=True)
    if item is None:
        raise NotFound("member_not_found")
    return item


def rewrite(world: World, member_id: str, make: Rewrite) -> Item:
    """Rewrite a profile, and what must change with it, against other writers; `make` says None where nothing must."""
    for _ in attempts(world.clock):
        old = raw(world, member_id)
        made = make(old)
        if made is None:
            return old
        new, also = made
        new = new | {"version": old["version"] + 1}
        try:
            world.directory.table.transact([Replace(new, old["version"]), *also])
            return new
        except Collision:
            continue
    raise Unavailable


def _claimed(now: int, item: Item) -> tuple[Item, Sequence[Write]] | None:
    """From here on there is no way back: a `keep` comes before it, and then nobody is due, or is refused."""
    if item["state"] == "erased" or item.get("is_leaving") or item.get("erase_at", now + 1) > now:
        return None
    return item | {"is_leaving": True}, ()


def _let_be(item: Item) -> tuple[Item, Sequence[Write]] | None:
    """A merge was faster: the member lives on in another one, and may ask again there."""
    if item["state"] == "erased" or not item.get("is_leaving"):
        return None
    kept = {name: value for name, value in item.items() if name not in ("is_leaving", "erase_at")}
    return kept, _places(item)


def _strip(world: World, member_id: str, host: str | None, guests: Iterable[str]) -> None:
    """Nothing of a profile stays but that there was one, and no identity leads to it."""
    at = clock.to_ms(world.clock.now())

    def stripped(item: Item) -> tuple[Item, Sequence[Write]] | None:
        if item["state"] == "erased":
            return None
        free, rest = item["identities"][:_AT_ONCE], item["identities"][_AT_ONCE:]
        gone = [Remove(*keys.identity(one["type"], one["digest"])) for one in free]
        if rest:
            return item | {"identities": rest}, gone
        codes = world.secrets.digests_accepted("identity", f"code|{item['static_code']}")
        gone += [Remove(*keys.identity("code", digest)) for digest in codes]
        return _nobodys(item, at, host, guests), [*gone, *_places(item)]

    try:
        while rewrite(world, member_id, stripped)["state"] != "erased":
            pass
    except NotFound:
        return  # a chain that a member's id was merged from without there being a profile


def _places(item: Item) -> list[Write]:
    return [Remove(*keys.leaving(item["erase_at"], item["member_id"]))] if "erase_at" in item else []


def _nobodys(item: Item, at: int, host: str | None, guests: Iterable[str]) -> Item:
    """An erased member's profile. Into whom it was merged, and who into it, other services must know to follow."""
    left: dict[str, Any] = {name: item[name] for name in _KEPT if name in item}
    left |= {"state": "erased", "erased_at": at, "identities": [], "consents": {}, "guests": sorted(guests)}
    return left | ({"host": host} if host else {}) | ({"asked_for": item["erase_at"]} if "erase_at" in item else {})
