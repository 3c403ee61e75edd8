"""What a member has, compared with the receipts: the balance, and what each return answered."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from urllib.parse import quote
from zoneinfo import ZoneInfo

from infra import receipts
from infra.books import Books, Entry
from infra.delivery import Found, Line, Numbers
from infra.habits import HELD, SPENT, USED
from infra.plan import Sales
from shared import clock

_TOKYO = ZoneInfo(receipts.ZONE)
_PAGE = 100

Key = tuple[str, str, str]
_PAID = {SPENT: [("spent", "spend")], USED: [("spent", "purchase")], HELD: [("held", "hold"), ("captured", "hold")]}


class _Unanswered(Exception):
    """A question about a member that was refused."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def compare_sums(member_id: str, earned: Mapping[date, int], line: Line) -> tuple[int, list[Found]]:
    """The points of a member who only bought, and what differs on the day on which the balance says it was read."""
    try:
        found, today = _balance(member_id, line)
    except _Unanswered as refused:
        return 0, [{"member_id": member_id, "status": refused.status}]
    expected = {"available": receipts.usable(earned, today), "pending": 0, "held": 0, "debt": 0}
    return found["available"], _difference(member_id, found, expected)


def compare_books(member_id: str, sales: Sales, answers: Mapping[str, Numbers], line: Line) -> tuple[int, list[Found]]:
    """The points of a member who also returned or paid with points, and what differs from books kept by hand."""
    try:
        found, today = _balance(member_id, line)
        entries = list(_entries(member_id, line))
    except _Unanswered as refused:
        return 0, [{"member_id": member_id, "status": refused.status}]
    books, expected = Books(sales), _expected(sales)
    missing, wrong = set(expected), []
    for entry in reversed(entries):
        if entry.key in missing or entry.kind == "released":
            books.enter(entry)
        elif entry.key in expected:
            wrong.append({"member_id": member_id, "twice": entry.key})
        missing.discard(entry.key)
    books.expire(today)
    wrong += [{"member_id": member_id, "missing": key} for key in sorted(missing)]
    wrong += [{"member_id": member_id, **each} for each in _wrong_answers(books.answers, answers)]
    return found["available"], wrong + _difference(member_id, found, books.balance)


def _wrong_answers(expected: Mapping[str, Numbers], answers: Mapping[str, Numbers]) -> Iterator[Found]:
    """What returns answered otherwise; those that were sent before this replay are not asked again."""
    for return_id, numbers in expected.items():
        told = answers.get(return_id, numbers)
        if any(told.get(name) != number for name, number in numbers.items()):
            yield {"return_id": return_id, "answer": told, "receipts": numbers}


def _difference(member_id: str, found: Numbers, expected: Numbers) -> list[Found]:
    return [] if found == expected else [{"member_id": member_id, "balance": found, "receipts": expected}]


def _expected(sales: Sales) -> set[Key]:
    """The entries that these sales must have made, each once."""
    found = {("earned", "purchase", name) for name in sales}
    for name, sale in sales.items():
        found |= {("returned", "return", one.return_id) for one in sale.returns}
        if sale.payment is not None:
            found |= {(kind, of, name) for kind, of in _PAID[sale.payment.kind]}
    return found


def _balance(member_id: str, line: Line) -> tuple[Numbers, date]:
    """A member's balance, and the day in Tokyo on which it was read."""
    answer = line.call("GET", f"/v1/members/{member_id}/balance")
    if answer.status != 200:
        raise _Unanswered(answer.status)
    said = json.loads(answer.body)
    return {name: said[name] for name in ("available", "pending", "held", "debt")}, day_of(said["as_of"])


def _entries(member_id: str, line: Line) -> Iterator[Entry]:
    """A member's entries, newest first."""
    cursor: str | None = ""
    while cursor is not None:
        more = f"&cursor={quote(cursor)}" if cursor else ""
        answer = line.call("GET", f"/v1/members/{member_id}/entries?limit={_PAGE}{more}")
        if answer.status != 200:
            raise _Unanswered(answer.status)
        page = json.loads(answer.body)
        for item in page["items"]:
            ref = item.get("ref") or {"kind": "", "id": ""}
            yield Entry(item["kind"], ref["kind"], ref["id"], day_of(item["recorded_at"]))
        cursor = page["next_cursor"]


def day_of(time: str) -> date:
    """The day in Tokyo of a time in an answer."""
    return clock.from_text(time).astimezone(_TOKYO).date()
