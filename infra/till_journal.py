"""A till's journal as a file: what it says for the close of a day, and what its lines are as purchases. Pure.

CSV with a header, or JSON Lines (or one array). A line needs `purchase_id` and `amount` (the receipt's total with tax);
`store_id` and `business_day` where the command line does not name them, `points` where they were printed.
"""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydantic import ValidationError

from points.day_close import LINES_MAX, JournalLine
from points.model import Purchase
from shared.clock import from_text

Line = dict[str, Any]
Day = tuple[str, str]
"""A store and its business day."""

BODY_MAX = 4 * 1024 * 1024 - 2000
_NUMBERS = ("amount", "points", "tax")
_MEMBER = ("member_id", "card")


class NoJournal(Exception):
    """A file that is no journal; the message says where, and why."""


@dataclass
class Receipt:
    """All lines of one purchase, as the file has them, with the number of the first."""

    number: int
    lines: list[Line] = field(default_factory=list)


@dataclass
class Journal:
    """The receipts of a file by store and day, and which columns it knows."""

    days: dict[Day, dict[str, Receipt]]
    columns: frozenset[str]


def read(text: str, store_id: str | None, day: str | None) -> Journal:
    """The journal of a file; of `store_id` and `day` where its lines name none."""
    days: dict[Day, dict[str, Receipt]] = defaultdict(dict)
    columns: set[str] = set()
    for number, line in _lines(text):
        said = _told(number, line, store_id, day)
        columns |= line.keys()
        receipts = days[said["store_id"], said["business_day"]]
        receipts.setdefault(said["purchase_id"], Receipt(number)).lines.append(said)
    if not days:
        raise NoJournal("it has no lines")
    return Journal(dict(days), frozenset(columns))


def _lines(text: str) -> Iterator[tuple[int, Line]]:
    if text.lstrip()[:1] not in ("{", "["):
        for number, row in enumerate(csv.DictReader(io.StringIO(text, newline=""), strict=True), 2):
            if None in row or None in row.values():
                raise NoJournal(f"line {number} has not as many cells as the header")
            yield number, {name: cell for name, cell in row.items() if cell != ""}
        return
    if text.lstrip()[:1] == "[":
        yield from enumerate(json.loads(text), 1)
        return
    for number, one in enumerate(text.splitlines(), 1):
        if one.strip():
            yield number, json.loads(one)


def _told(number: int, line: Any, store_id: str | None, day: str | None) -> Line:
    if not isinstance(line, dict):
        raise NoJournal(f"line {number} is no object")
    said: Line = {"store_id": store_id, "business_day": day, **line}
    for name in _NUMBERS:
        if isinstance(said.get(name), str):
            said[name] = _number(number, name, said[name])
    for name, option in (("store_id", "--store"), ("business_day", "--day")):
        if not isinstance(said[name], str):
            raise NoJournal(f"line {number} names no {name}, and the command line no {option}")
    try:
        date.fromisoformat(said["business_day"])
        JournalLine.model_validate(journal_line(said))
    except ValidationError as wrong:
        first = wrong.errors()[0]
        raise NoJournal(f"line {number}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except ValueError:
        raise NoJournal(f"line {number}: business_day is no date such as 2026-11-20") from None
    return said


def _number(number: int, name: str, cell: str) -> int:
    if not cell.isascii() or not cell.isdigit():
        raise NoJournal(f"line {number}: {name} is no whole number: {cell[:40]!r}")
    return int(cell)


# ---- for the close of the day ---------------------------------------------------------------------------------------


def journal_line(said: Line) -> Line:
    """What the close of the day is told of a line."""
    return {name: said[name] for name in ("purchase_id", "amount", "points") if name in said}


def calls(receipts: dict[str, Receipt], lines_max: int = LINES_MAX, body_max: int = BODY_MAX) -> Iterator[list[Line]]:
    """The lines of a day in as few calls as the service takes; those of one receipt stay together."""
    part: list[Line] = []
    size = 0
    for receipt in receipts.values():
        lines = [journal_line(said) for said in receipt.lines]
        more = sum(len(json.dumps(line)) + 2 for line in lines)
        if part and (len(part) + len(lines) > lines_max or size + more > body_max):
            yield part
            part, size = [], 0
        part += lines
        size += more
    if part:
        yield part


def together(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The comparisons of a day's parts as one: the journal lacks only what every part lacks."""
    lacking = set.intersection(*({one["purchase_id"] for one in part["missing_in_pos"]} for part in parts))
    return {
        "store_id": parts[0]["store_id"],
        "business_day": parts[0]["business_day"],
        "matched": sum(part["matched"] for part in parts),
        "missing_in_ledger": [one for part in parts for one in part["missing_in_ledger"]],
        "missing_in_pos": [one for one in parts[0]["missing_in_pos"] if one["purchase_id"] in lacking],
        "amount_differs": [one for part in parts for one in part["amount_differs"]],
    }


# ---- what is missing, as purchases ----------------------------------------------------------------------------------


def purchase_of(receipt: Receipt, columns: frozenset[str], missing: dict[str, Any]) -> Line | str:
    """A receipt as the purchase that the ledger lacks, always the same one; or why it takes a person.

    A line carries enough with `purchase`, the body that the till meant to send; or with `occurred_at`, `tax` (which may
    be 0) and a column `member_id` or `card`, empty where nobody showed one.
    """
    if "found_at" in missing:
        return "the ledger has it on another day, or in another store"
    if len(receipt.lines) > 1:
        return f"{len(receipt.lines)} lines of it: which one is right?"
    (said,) = receipt.lines
    body = said.get("purchase") or _made(said, columns)
    if isinstance(body, str):
        return body
    try:
        purchase = Purchase.model_validate_json(json.dumps(body))
    except (ValidationError, TypeError):
        return "no purchase can be made of it"
    ids = (purchase.purchase_id, purchase.source, purchase.store_id)
    if ids != (said["purchase_id"], "pos", said["store_id"]):
        return "its purchase is of another id, source or store"
    if purchase.total != said["amount"]:
        return f"its purchase adds up to {purchase.total}, the journal says {said['amount']}"
    if purchase.member is None and said.get("points"):
        return "it gave points, and names nobody"
    return body if isinstance(body, dict) else "no purchase can be made of it"


def _made(said: Line, columns: frozenset[str]) -> Line | str:
    for name in ("occurred_at", "tax"):
        if name not in said:
            return f"no {name}"
    if columns.isdisjoint(_MEMBER):
        return "no column member_id or card says whose it was, or that it was nobody's"
    if said["tax"] > said["amount"]:
        return "more tax than amount"
    try:
        from_text(said["occurred_at"])
    except (ValueError, TypeError):
        return "occurred_at is no time with a zone"
    line = {"line_id": "1", "quantity": 1, "amount": said["amount"] - said["tax"], "tax": said["tax"]}
    made: Line = {
        "purchase_id": said["purchase_id"], "source": "pos", "store_id": said["store_id"],
        "occurred_at": said["occurred_at"], "state": "completed", "lines": [line],
    }  # fmt: skip
    if "terminal_id" in said:
        made["terminal_id"] = said["terminal_id"]
    if "member_id" in said:
        made["member"] = {"member_id": said["member_id"]}
    elif "card" in said:
        made["member"] = {"identity": {"type": "card", "value": said["card"]}}
    return made
