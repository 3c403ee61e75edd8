"""What a member's names say in words is taken out of them: what was bought, order numbers, reasons, who served.

A chain keeps no words, so it needs no change and stays verifiable. A name keeps what a request said. Of an erased
member's it keeps what it takes to answer a retry, a reversal and a return: account, `seen`, the fingerprint (a keyed
hash), and the amounts, which the shop must keep for its books. That is the only change that an item of the ledger ever
sees; it is the same however often it is made. What a till without a line sent leaves its name in the same way, as soon
as the purchase is recorded under its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from points import packing
from points.balances import OF_NOBODY
from points.bought import Bought
from points.model import Line
from shared import chain, erasing, finding, keys, relay
from shared.chain import Entry, Packed
from shared.table import Item
from shared.world import World

_OF_BOOKS = ("store_id", "terminal_id", "taxes", "held_by")


def forget(world: World, member_id: str) -> None:
    """Take the words out of all names that have entered a member's account, and of those that are noted for it."""
    account, noted = keys.account(keys.MEMBER_POINTS, member_id), world.directory.table
    _forget(world, erasing.entries_of(world.ledger.table, account))
    while notes := noted.items(keys.unentered(account, "")[0], consistent=True):
        for note in notes:
            _empty(world, note["sk"])
            noted.delete(note["pk"], note["sk"])


def follow(world: World, item: Item) -> None:
    """The same for what has come into the account of an erased member since, or never may: the relay shows every item."""
    if item["sk"] == 0:
        _note(world, item)
    elif item["pk"].startswith(f"{keys.MEMBER_POINTS}#") and OF_NOBODY in item["s"]:
        _forget(world, chain.entries_of(item))


def _note(world: World, name: Item) -> None:
    """Note a name with words that is not in its account and that nobody has to bring there: an erasure finds the note.

    Its process may have died, its append been refused in a race, or it waits for people. The note comes before the look
    at the account, and an erasure closes the account before it reads the notes: so one of the two sees the other.
    """
    if "carry" in name or "acc" not in name or without_words(name) == name:
        return  # it surely enters, is nobody's, or says nothing
    if relay.has_entered(world, name["pk"], name["acc"], name["seen"]):
        return
    account, seen = name["acc"], name["seen"]
    if account[0] == keys.PARTNER_BUDGET:  # an award that the budget may never take
        giving = packing.unpack_giving(name["op"])
        account, seen = keys.account(keys.MEMBER_POINTS, giving.member_id), giving.member_seen
    pk, sk = keys.unentered(account, name["pk"])
    world.directory.table.put({"pk": pk, "sk": sk})
    if OF_NOBODY in world.ledger.last_head(finding.AS_PACKED, account, seen).state:
        _empty(world, sk)
        world.directory.table.delete(pk, sk)


def _forget(world: World, entries: Iterable[Entry]) -> None:
    for partition in (partition for entry in entries for partition in names_of(entry)):
        _empty(world, partition)


def _empty(world: World, partition: str) -> None:
    table = world.ledger.table
    name = table.get(partition, 0, consistent=True)
    if name is not None and (left := without_words(name)) != name:
        table.put(left)


def without_words(name: Item) -> Item:
    """A name without the words that it has."""
    empty = _EMPTIED.get(keys.kind_of(name["pk"]))
    return name if empty is None or "op" not in name else name | {"op": empty(name["op"])}


def names_of(entry: Entry) -> Iterator[str]:
    """The name that an entry comes from, if it is of a kind with words."""
    kind, _, rest = ":".join(entry.ref or ()).partition(":")
    if kind == "purchase":
        source, _, purchase_id = rest.partition("/")
        yield keys.purchase(source, purchase_id)
    elif kind in ("spend", "hold", "action", "adjustment"):
        yield keys.name(kind, keys.SHOP, rest)
    elif kind == "award" and "partner_id" in entry.data:
        yield keys.name("award", f"partner.{entry.data['partner_id']}", rest)


def _purchase(op: Packed) -> Packed:
    bought = packing.unpack_bought(op)
    rules = bought.programme
    categories = {one for rule in rules.earning for one in rule.conditions.categories or ()}
    payments = rules.pending.payments or {}
    more = {name: value for name, value in bought.more.items() if name in _OF_BOOKS}
    if bought.more.get("payment") in payments:
        more["payment"] = bought.more["payment"]
    lines = tuple(_line(line, categories) for line in bought.lines)
    return packing.pack_bought(replace(bought, lines=lines, more=more, hold=_hold(bought)))


def _line(line: Line, categories: set[str]) -> Line:
    """How many, for how much, at which rate; of which category only if the purchase's own rules ask."""
    category = line.category if line.category in categories else None
    return line.model_copy(update={"sku": None, "category": category})


def _hold(bought: Bought) -> Any:
    used = bought.hold
    return used and replace(used, holding=replace(used.holding, order_ref=""))


def _blank(*names: str) -> Callable[[Packed], Packed]:
    return lambda op: {name: "" if name in names else value for name, value in op.items()}


def _drop(*names: str) -> Callable[[Packed], Packed]:
    return lambda op: {name: value for name, value in op.items() if name not in names}


_EMPTIED: Mapping[str, Callable[[Packed], Packed]] = {
    "purchase.ec": _purchase,
    "purchase.pos": _purchase,
    "spend": _blank("o"),
    "hold": _blank("o"),
    "award": _blank("w"),
    "adjustment": _blank("w"),
    "action": _drop("f"),
    "offline.purchase": _drop("b"),
}
