"""`omo report`: as a table, CSV or JSON Lines, into a file or where Athena finds it."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import Any, get_args

from infra import reach, report_campaigns, reports
from infra.commands import Failed, Result, Say
from infra.commands_jobs import day
from infra.locate import Home
from infra.report_tables import Format, Table
from shared.world import World

Arguments = list[tuple[tuple[str, ...], dict[str, Any]]]
COLUMNS = {
    "liability": reports.OUTSTANDING,
    "months": reports.MONTHS,
    "statement": reports.STATEMENT,
    "campaign": report_campaigns.CAMPAIGN,
    "campaigns": report_campaigns.CAMPAIGN,
    "activity": reports.ACTIVITY,
}
_OF = {"campaign": ["CAMPAIGN_ID"], "statement": ["PARTNER", "MONTH"]}
DAYS_MAX = 3660


class _Of(argparse.Action):
    """Whose report: a campaign's is of one, a statement of a partner and a month, the others of all."""

    def __call__(self, parser: Any, namespace: Any, values: Any, *_: Any) -> None:
        wanted = _OF.get(namespace.report, [])
        if len(values) != len(wanted):
            parser.error(f"it is: omo report {' '.join([namespace.report, *wanted])}")
        namespace.of = values


def month(text: str) -> date:
    """The type of a month: its first day."""
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        first = date.min
    if not 2000 <= first.year < 2100 or f"{first:%Y-%m}" != text:
        raise argparse.ArgumentTypeError("a month such as 2026-11")
    return first


def days(text: str) -> int:
    """The type of a number of days."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= DAYS_MAX:
        raise argparse.ArgumentTypeError(f"a whole number from 1 to {DAYS_MAX}")
    return int(text)


REPORT: Arguments = [
    (("report",), {"choices": list(COLUMNS)}),
    (("of",), {"nargs": "*", "action": _Of, "metavar": "OF", "help": "CAMPAIGN_ID, or PARTNER MONTH (2026-11)"}),
    (("--on",), {"type": day, "metavar": "DATE", "help": "liability, activity: at the end of this day (default: now)"}),
    (("--days",), {"type": days, "metavar": "N", "help": "activity: of so many days (default: 365)"}),
    (("--since",), {"type": month, "metavar": "MONTH", "help": "months: from this one on (default: the last twelve)"}),
    (("--until",), {"type": month, "metavar": "MONTH", "help": "months: to this one (default: the present one so far)"}),
    (("--format",), {"choices": get_args(Format), "help": "default: table; of a file: by its name"}),
    (("--out",), {"type": Path, "metavar": "FILE", "help": "into a file that only you can read (.gz: packed)"}),
    (("--to-s3",), {"action": "store_true", "help": "as packed JSON Lines into the stage's bucket, for Athena"}),
    *reach.BY_TABLES,
]  # fmt: skip
_TAKEN = {"on": ("liability", "activity"), "days": ("activity",), "since": ("months",), "until": ("months",)}


def report(asked: argparse.Namespace, home: Home, _say: Say) -> Result:
    """Make a report, and put it where it is wanted."""
    world = reach.place(asked, home).world()
    for option, taken in _TAKEN.items():
        if getattr(asked, option) is not None and asked.report not in taken:
            raise Failed(f"--{option} is for the {' and the '.join(taken)}: the others tell how it stands now.")
    table = _made(world, asked)
    form = asked.format or _by_name(asked.out)
    where: dict[str, Any] = {}
    if asked.out:
        table.write(asked.out, form)
        where["file"] = str(asked.out)
    if asked.to_s3:
        where["put"] = table.put(world.files)
    if where:
        places = [*([where["file"]] if asked.out else []), *where.get("put", ())]
        return Result({**where, "rows": len(table.rows)}, f"{len(table.rows):,} rows: {', '.join(places)}")
    return Result(table.value, "".join(table.text(form)).removesuffix("\n"))


def _made(world: World, asked: argparse.Namespace) -> Table:
    match asked.report:
        case "liability":
            return reports.liability(world, asked.on)
        case "months":
            return reports.months(world, asked.since, asked.until)
        case "statement":
            return reports.statement(world, *asked.of)
        case "campaign":
            return report_campaigns.campaign(world, *asked.of)
        case "campaigns":
            return report_campaigns.campaigns(world)
    return reports.activity(world, asked.on, asked.days or 365)


def _by_name(path: Path | None) -> Format:
    """The form that a file's name says."""
    name = "" if path is None else path.name.removesuffix(".gz")
    return "csv" if name.endswith(".csv") else "jsonl" if name.endswith((".jsonl", ".ndjson", ".json")) else "table"
