"""What each entry of a member's points does to lots, debt, holds and waiting points, by its own words.

By no code that the product decides by: an entry of either hand must agree with the other's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from infra.invariants_account import NONE, Account, Raw
from infra.invariants_lots import (
    Lots,
    as_text,
    is_in_order,
    lots_of,
    of_free,
    of_paid,
    take,
    total,
)

# ---- points that come -----------------------------------------------------------------------------------------------


def _earned(account: Account, raw: Raw, data: Raw) -> None:
    lots = account.of(raw, data, raw.get("p", 0))
    account.add(lots)
    account.slide(lots)


def _waited(account: Account, raw: Raw, data: Raw) -> None:
    """Points wait: for their order, or for a day; of an order that was completed, no longer for that."""
    points = data["pending"]
    lots = account.of(raw, data, points)
    account.waits += points
    if "on" not in data:
        account.pending += points
        return
    if raw.get("r", "").startswith("purchase:") and "amount" not in data:
        account.pending -= points
        account.waits -= points
    for sort, days in lots.items():
        for last, more in days.items():
            key = (data["on"], sort, last)
            account.waiting[key] = account.waiting.get(key, 0) + more
    account.slide(lots)


def _activated(account: Account, raw: Raw, data: Raw) -> None:
    """Points come that waited for a day, or whose order was completed."""
    points = raw.get("p", 0)
    lots = account.of(raw, data, points)
    account.waits -= points
    if "o" in raw:
        account.pending -= points
    else:
        _no_longer_waiting(account, lots)
    account.add(lots)
    if "o" in raw:
        account.slide(lots)


def _no_longer_waiting(account: Account, lots: Lots) -> None:
    for sort, days in lots.items():
        for last, points in days.items():
            due = [one for one, known in account.waiting.items() if one[1:] == (sort, last) and known == points]
            if due:
                del account.waiting[min(due)]
            elif account.knows_rest:
                account.found.append("activated points that did not wait")


def _restored(account: Account, raw: Raw, data: Raw) -> None:
    """Points that were the member's already are in their lots again; they pay no debt."""
    account.put(account.of(raw, data, raw.get("p", 0)))


# ---- points that go -------------------------------------------------------------------------------------------------


def _expired(account: Account, raw: Raw, data: Raw) -> None:
    lots = account.of(raw, data, -raw.get("p", 0))
    for days in lots.values():
        for day in days:
            if not day or account.days.ends(day)[0] > raw.get("t", account.at):
                account.found.append(f"points of {as_text(day)} expired before their time")
    account.take(raw, lots)


def _spent(account: Account, raw: Raw, data: Raw) -> None:
    account.spend(raw, data, -raw.get("p", 0))


def _adjusted(account: Account, raw: Raw, data: Raw) -> None:
    """Points given or taken by hand."""
    if raw["r"].startswith("erasure:"):
        _forfeited(account, raw, data)
        return
    points = raw["p"]
    if points > 0:
        account.add(account.of(raw, data, points))
    else:
        account.spend(raw, data, -points, of_paid if "consideration" in data else of_free)


def _forfeited(account: Account, raw: Raw, data: Raw) -> None:
    """Of an erased member all that there is goes, and nothing else."""
    numbers = (data.get("debt", 0), data.get("held", 0), data.get("pending", 0))
    lots = lots_of(data["lots"]) if "lots" in data else {}
    if total(lots) - numbers[0] != -raw.get("p", 0):
        account.found.append("forfeited other points than it tells")
    if account.knows_lots and (lots, *numbers) != (account.lots, account.debt, account.held, account.waits):
        account.found.append("forfeited something else than was there")
    account.empty()


# ---- holds ----------------------------------------------------------------------------------------------------------


def _holding(account: Account, raw: Raw, data: Raw) -> None:
    """A hold takes its lots out, or gets more time."""
    hold_id, points = _id(raw), -raw.get("p", 0)
    known = account.holds.get(hold_id)
    if "lots" not in data:
        if known is None and account.knows_rest:
            account.found.append("more time for a hold that is not open")
        account.holds[hold_id] = (data["ends"], known[1] if known else NONE)
        return
    if known is not None:
        account.found.append("holds what an open hold holds")
    account.holds[hold_id] = (data["ends"], account.spend(raw, data, points))
    account.held += points


def _ended(account: Account, raw: Raw, data: Raw) -> None:
    """A hold is captured or released, or lapses: what it does not use comes back."""
    hold_id, points = _id(raw), raw.get("p", 0)
    hold = account.holds.pop(hold_id, None)
    if "o" not in raw:
        lots = account.of(raw, data, points)
        if hold != (raw.get("t", account.at), lots) and account.knows_rest:
            account.found.append("a hold lapsed that did not stand so")
        account.lapsed[hold_id] = points
        account.held -= points
        account.put(lots)
        return
    captured, all_of_it = data["captured"], data["captured"] + data["released"]
    if hold is None:
        if all_of_it != account.lapsed.pop(hold_id, all_of_it) or points != -captured:
            account.found.append("captured, released and remaining are not what was held")
        account.spend(raw, data, captured)
        return
    _end(account, raw, data, hold[1])


def _end(account: Account, raw: Raw, data: Raw, held: Lots) -> None:
    """Of an open hold, in the order of spending."""
    points, captured = total(held), data["captured"]
    taken, rest = account.of(raw, data, captured), {sort: dict(days) for sort, days in held.items()}
    if (captured + data["released"], raw.get("p", 0)) != (points, points - captured) or not take(rest, taken):
        account.found.append("captured, released and remaining are not what was held")
    if not is_in_order(taken, rest):
        account.found.append(f"{raw['k']} not in the order of spending")
    account.held -= points
    account.put(rest)


# ---- what tells sums, and not every lot -----------------------------------------------------------------------------


def _returned(account: Account, raw: Raw, data: Raw) -> None:
    """Earned points are taken back: from where they wait, from lots, the rest as debt."""
    points = -raw.get("p", 0)
    if min(points, data["debt"], data["clawed"] - points, points - data["debt"]) < 0:
        account.found.append("returned other points than it tells")
    account.debt += data["debt"]
    account.waits -= data["clawed"] - points
    account.knows_lots = account.knows_rest = False


def _reversed(account: Account, raw: Raw, data: Raw) -> None:
    """Both ways at once: what was used comes back, what was earned is taken."""
    account.debt += data.get("debt", 0)
    kind, _, name = raw["r"].partition(":")
    if kind == "hold" and name in account.holds:
        _, lots = account.holds.pop(name)
        account.held -= total(lots)
    account.knows_lots = False
    if kind in ("purchase", "award"):
        account.knows_rest = account.knows_waits = False


def _merged(account: Account, raw: Raw, data: Raw) -> None:
    """An account's contents leave it or come into it."""
    numbers = (data.get("debt", 0), data.get("held", 0), data.get("pending", 0))
    lots = lots_of(data["lots"]) if "lots" in data else {}
    comes = "moved" not in data and (raw["r"].startswith("unmerge:") is not ("points_moved" in data))
    if total(lots) - numbers[0] != (raw.get("p", 0) if comes else -raw.get("p", 0)):
        account.found.append("merged other points than it tells")
    if "moved" in data and (lots, *numbers) != (account.lots, account.debt, account.held, account.waits):
        account.found.append("merged something else than was there")
    sign = 1 if comes else -1
    account.put(lots) if comes else account.take(raw, lots)
    account.debt += sign * numbers[0]
    account.held += sign * numbers[1]
    account.waits += sign * numbers[2]
    account.knows_rest = False


def _nothing(account: Account, raw: Raw, _data: Raw) -> None:
    """It says something, and moves nothing."""
    if raw.get("p", 0):
        account.found.append(f"{raw['k']} moves points")


PLAY: Mapping[str, Callable[[Account, Raw, Raw], None]] = {
    "earned": _earned,
    "pending": _waited,
    "activated": _activated,
    "restored": _restored,
    "expired": _expired,
    "spent": _spent,
    "adjusted": _adjusted,
    "held": _holding,
    "captured": _ended,
    "released": _ended,
    "returned": _returned,
    "reversed": _reversed,
    "merged": _merged,
    "refused": _nothing,
    "reminded": _nothing,
    "tier": _nothing,
}


def _id(raw: Raw) -> str:
    return str(raw["r"]).partition(":")[2]
