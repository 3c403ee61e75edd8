"""`omo reconcile`: a till's journal against the ledger, and what the ledger lacks sent once more."""

from __future__ import annotations

import argparse
import csv
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infra import reach, till_journal
from infra.client import NoAnswer, Patience, Send, call
from infra.commands import Failed, Result, Say
from infra.commands_codes import an_id
from infra.commands_jobs import day
from infra.locate import Home
from infra.report_tables import progress
from infra.till_journal import Journal, NoJournal
from points.model import BATCH_MAX

Arguments = list[tuple[tuple[str, ...], dict[str, Any]]]
Found = dict[str, Any]

RECONCILE: Arguments = [
    (("file",), {"type": Path, "metavar": "FILE", "help": "CSV or JSON Lines, in UTF-8: the whole of each day"}),
    (("--store",), {"type": an_id, "metavar": "S", "help": "the store, where the lines name none"}),
    (("--day",), {"type": day, "metavar": "DATE", "help": "its business day, where the lines name none"}),
    (("--repair",), {"action": "store_true", "help": "send what the ledger lacks as purchases, under the same ids"}),
    *reach.BY_KEY,
]
_LISTS = {
    "missing_in_ledger": "missing in the ledger",
    "missing_in_pos": "missing in the journal",
    "amount_differs": "with another amount, or other points",
}
_SHOWN_MAX = 20
_BATCH_BYTES_MAX = 1024 * 1024 - 2000


def reconcile(asked: argparse.Namespace, home: Home, _say: Say) -> Result:
    """Compare each store and day of a file; with `--repair`, send what is missing and compare anew."""
    place = reach.place(asked, home)
    wire = place.wire("points")
    journal = _read(asked)
    days = compare(wire, journal)
    value: Found = {"file": str(asked.file), "days": days}
    if asked.repair:
        value |= repair(place.wire("points", "ec"), journal, days)
        if value["sent"]:
            value["days"] = compare(wire, journal)
    return Result(
        value, "\n".join(_words(value)), 1 if any(one[name] for one in value["days"] for name in _LISTS) else 0
    )


def _read(asked: argparse.Namespace) -> Journal:
    try:
        text = asked.file.read_text("utf-8-sig")
        return till_journal.read(text, asked.store, asked.day and asked.day.isoformat())
    except FileNotFoundError:
        raise Failed(f"There is no file {asked.file}.") from None
    except UnicodeDecodeError:
        raise Failed(f"{asked.file} is not in UTF-8. A spreadsheet saves it as “CSV UTF-8”.") from None
    except (ValueError, RecursionError, csv.Error) as wrong:
        raise Failed(f"{asked.file} is neither CSV nor JSON Lines: {wrong}") from None
    except NoJournal as wrong:
        raise Failed(f"{asked.file}: {wrong}.") from None


def compare(wire: Send, journal: Journal) -> list[Found]:
    """What is alike and what is not, for each store and day. Each run compares anew."""
    run = uuid.uuid4().hex
    found = []
    for n, ((store_id, business_day), receipts) in enumerate(journal.days.items()):
        parts = []
        for m, lines in enumerate(till_journal.calls(receipts)):
            of = {"reconciliation_id": f"cli-{run}-{n}-{m}", "store_id": store_id, "business_day": business_day}
            parts.append(_answered(wire, "/v1/reconciliations", of | {"lines": lines}))
        found.append(till_journal.together(parts))
    return found


# ---- repairing ------------------------------------------------------------------------------------------------------


def repair(wire: Send, journal: Journal, days: list[Found]) -> Found:
    """Send what is missing in the ledger, and tell what takes a person. The same ids again are the same purchases."""
    purchases: list[tuple[int, Found]] = []  # each with the number of its line
    left: list[Found] = []
    for one in days:
        receipts = journal.days[one["store_id"], one["business_day"]]
        for missing in one["missing_in_ledger"]:
            receipt = receipts[missing["purchase_id"]]
            made = till_journal.purchase_of(receipt, journal.columns, missing)
            if isinstance(made, str):
                left.append({"line": receipt.number, "purchase_id": missing["purchase_id"], "why": made})
            else:
                purchases.append((receipt.number, made))
    sent = 0
    with progress("purchases") as tell:
        for number, purchase, result in _sent(wire, purchases):
            tell()
            if result["status"] in (200, 201):
                sent += 1
            else:
                why = f"{result['body'].get('detail')} ({result['body'].get('code')})"
                left.append({"line": number, "purchase_id": purchase["purchase_id"], "why": why})
    return {"sent": sent, "left_to_people": sorted(left, key=lambda one: one["line"])}


def _sent(wire: Send, purchases: list[tuple[int, Found]]) -> Iterator[tuple[int, Found, Found]]:
    for part in _batches(purchases):
        told = _answered(wire, "/v1/purchases/batch", {"purchases": [purchase for _, purchase in part]})
        for (number, purchase), result in zip(part, told["results"], strict=True):
            yield number, purchase, result


def _batches(purchases: list[tuple[int, Found]]) -> Iterator[list[tuple[int, Found]]]:
    part: list[tuple[int, Found]] = []
    size = 0
    for one in purchases:
        more = len(json.dumps(one[1])) + 2
        if part and (len(part) == BATCH_MAX or size + more > _BATCH_BYTES_MAX):
            yield part
            part, size = [], 0
        part.append(one)
        size += more
    if part:
        yield part


def _answered(wire: Send, path: str, said: Found) -> Found:
    try:
        answer = call(wire, "POST", path, json.dumps(said).encode(), patience=Patience())
    except NoAnswer as silent:
        raise Failed(f"{silent}. Run the same line again: nothing doubles.") from silent
    told: Found = json.loads(answer.body)
    if answer.status == 200:
        return told
    errors = "; ".join(f"{one['pointer']}: {one['detail']}" for one in told.get("errors", ()))
    raise Failed(f"{told['detail']} ({told['code']}){': ' if errors else ''}{errors}")


# ---- words ----------------------------------------------------------------------------------------------------------


def _words(value: Found) -> list[str]:
    lines = []
    if "sent" in value:
        lines.append(f"{value['sent']:,} purchases sent, {len(value['left_to_people']):,} left to people:")
        lines += _shown(
            [f"  line {one['line']:,}  {one['purchase_id']}: {one['why']}" for one in value["left_to_people"]]
        )
    for one in value["days"]:
        lines.append(f"{one['store_id']}, {one['business_day']}: {one['matched']:,} matched")
        for name, words in _LISTS.items():
            if one[name]:
                lines.append(f"  {len(one[name]):,} {words}")
                lines += _shown([f"    {_told(each)}" for each in one[name]])
    return lines


def _told(one: Found) -> str:
    words = f"{one['purchase_id']:<40}{one['amount']:>12,}"
    if "ledger_amount" in one:
        words += f"  in the ledger {one['ledger_amount']:,}"
    if "ledger_points" in one:
        words += f", points {one['points']:,} and {one['ledger_points']:,}"
    if one.get("lines", 1) > 1:
        words += f", {one['lines']} lines"
    if place := one.get("found_at"):
        words += f"  found at {place.get('store_id')}, {place['business_day']}"
    return words


def _shown(lines: list[str]) -> list[str]:
    more = [f"    and {len(lines) - _SHOWN_MAX:,} more; --json tells them all"] if len(lines) > _SHOWN_MAX else []
    return lines[:_SHOWN_MAX] + more
