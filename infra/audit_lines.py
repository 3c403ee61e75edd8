"""The ledger as a file: JSON Lines, one stored item a line, each with its hash, the whole with an end.

    {"hash":"<SHA-256 of the item's text>","item":{the item as the ledger hashes it}}
    …
    {"hash":"<SHA-256 of all hashes and the end's text>","end":{"chains":2,"items":7}}

An item's text is the JSON that `shared.item_hash` hashes, so its hash is that of the bytes in the line as they stand,
and the next item of its chain holds it as `h`. Bytes are in base 64, as there; which texts are bytes is known by
their names, and a file is not written that would be read otherwise.
"""

from __future__ import annotations

import hashlib
import json
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO

from shared import keys
from shared.item_hash import text_of
from shared.table import Item

HEAD, MIDDLE, TAIL = b'{"hash":"', b'","item":', b"}\n"
BEGINS = len(HEAD) + 44 + len(MIDDLE)
_END = b'","end":'

_ALSO_IN_ENTRIES = frozenset({"used", "when", "due", "left", "taken", "fp", "key", "instead"})
_ROWS = frozenset("htc")  # of a member's state: holds, points that wait for a day, counts of caps
_IN_NAMES = {"purchase.ec": "l", "purchase.pos": "l", "issue": "c", "redemption": "bchx", "codes": "k",
             "offline.purchase": "b", "reconciliation": "z"}  # fmt: skip
_IN_SHARES_OF_LIMITS = "bow"


class ExportFailed(Exception):
    """An item that would not be read as it was written; the message names it."""


def write(items: Iterable[Item], file: BinaryIO) -> tuple[int, int]:
    """Write items, each chain's together and in the order of its numbers; how many chains and items they were."""
    ending, chains, count, last = Ending(), 0, 0, None
    for item in items:
        text = text_of(item).encode()
        if read(json.loads(text)) != item:
            raise ExportFailed(f"{item['pk']} entry {item['sk']} can't be written: it holds bytes where none are known")
        digest = hashlib.sha256(text).digest()
        ending.add(digest)
        file.write(HEAD + b2a_base64(digest, newline=False) + MIDDLE + text + TAIL)
        chains, count, last = chains + (item["pk"] != last), count + 1, item["pk"]
    file.write(ending.line(chains, count))
    return chains, count


class Ending:
    """The hash of all hashes of a file."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.add: Callable[[bytes], None] = self._hash.update

    def line(self, chains: int, items: int) -> bytes:
        """The last line of the file."""
        text = json.dumps({"chains": chains, "items": items}, separators=(",", ":")).encode()
        whole = self._hash.copy()
        whole.update(text)
        return HEAD + b2a_base64(whole.digest(), newline=False) + _END + text + TAIL


def is_end(line: bytes) -> bool:
    """Whether a line is meant to be the last."""
    return line[len(HEAD) + 44 :].startswith(_END)


# ---- which texts are bytes -------------------------------------------------------------------------------------------


def read(item: Item) -> Item:
    """The stored item, of an item of JSON; in place."""
    if item["sk"] == 0:
        _read_name(item)
        return item
    item["h"], item["r"] = a2b_base64(item["h"]), a2b_base64(item["r"])
    letter = item["pk"][0]
    for raw in item["e"]:
        if "o" in raw:
            raw["o"] = a2b_base64(raw["o"])
        if "x" in raw:
            data = raw["x"]
            if "lots" in data:  # for itself: it is in most entries, and alone
                data["lots"] = a2b_base64(data["lots"])
                if len(data) == 1:
                    continue  # as in most entries: a look at each name takes time that adds up
            if not _ALSO_IN_ENTRIES.isdisjoint(data):
                _read_more(data)
            if "moved" in data and letter in _STATES:
                _STATES[letter](data["moved"])
    if letter in _STATES:
        _STATES[letter](item["s"])
    return item


def _read_more(data: dict[str, Any]) -> None:
    for name in _ALSO_IN_ENTRIES.intersection(data):
        if isinstance(data[name], str):
            data[name] = a2b_base64(data[name])


def _read_name(item: Item) -> None:
    if "fp" in item:
        item["fp"] = a2b_base64(item["fp"])
    names = _IN_NAMES.get(item["pk"].split("#", 2)[1], "")
    packed = item.get("op", {})
    _texts(packed, names)
    for share in item.get("shares", ()):
        _read_share(share["acc"], share["op"], names)
    if isinstance(rules := packed.get("r"), list):  # the version of a programme, and what is special about it
        rules[1:] = map(a2b_base64, rules[1:])


def _read_share(account: str, packed: dict[str, Any], names: str) -> None:
    if account[0] == keys.POOL:
        _texts(packed, _IN_SHARES_OF_LIMITS)
        return
    _texts(packed, names)
    for counted in packed.get("n", ()):  # codes on paper that count for a member
        counted[3:] = map(a2b_base64, counted[3:])


def _texts(packed: dict[str, Any], names: str) -> None:
    for name in names:
        if name in packed:
            packed[name] = a2b_base64(packed[name])


def _read_points(state: dict[str, Any]) -> None:
    state["l"] = a2b_base64(state["l"])
    if "e" in state:
        state["e"] = a2b_base64(state["e"])
    if _ROWS.isdisjoint(state):
        return
    for hold in state.get("h", ()):
        hold[0], hold[3] = a2b_base64(hold[0]), a2b_base64(hold[3])
    for row in (*state.get("t", ()), *state.get("c", ())):
        row[1] = a2b_base64(row[1])


def _read_coupons(state: dict[str, Any]) -> None:
    _texts(state, "ck")
    for _, _, *held in state.get("u", ()):
        _read_held(held)


def _read_pool(state: dict[str, Any]) -> None:
    _texts(state, "e")
    _read_held(state.get("h", ()))


def _read_held(held: Iterable[list[Any]]) -> None:
    for one in held:
        one[0], one[3] = a2b_base64(one[0]), a2b_base64(one[3])


def _read_purchase(state: dict[str, Any]) -> None:
    _texts(state, "l")
    if "f" in state:
        state["f"][3:] = map(a2b_base64, state["f"][3:])


_STATES: dict[str, Callable[[dict[str, Any]], None]] = {
    keys.MEMBER_POINTS: _read_points,
    keys.COUPON_BOOK: _read_coupons,
    keys.CODE: _read_coupons,
    keys.PARTNER_BUDGET: lambda state: _texts(state, "l"),
    keys.PURCHASE: _read_purchase,
    keys.POOL: _read_pool,
    keys.TRAFFIC: lambda state: _texts(state, "u"),
    keys.TERMINAL: lambda state: _texts(state, "dq"),
}
