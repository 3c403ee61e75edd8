"""`omo alarms` and `omo report`: the jobs that run by the clock, run now; and what they found."""

from __future__ import annotations

import argparse
from datetime import date
from typing import Any

from infra import stack
from infra.commands import Failed, Result, Say, live
from infra.deploy import Cloud
from infra.locate import Home
from shared import keys
from shared.clock import Clock
from shared.dynamo import DynamoTable
from shared.errors import NotFound
from shared.secrets import Secrets
from shared.world import World, make

Arguments = list[tuple[tuple[str, ...], dict[str, Any]]]


def day(text: str) -> date:
    """The type of a date on the command line."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("a date such as 2026-12-31") from None


ALARMS: Arguments = [
    (("--on",), {"type": day, "metavar": "DATE", "help": "as if it were this day's morning; the local stack only"}),
]
REPORT: Arguments = [
    (("report",), {"choices": ["liability"]}),
    (("--on",), {"type": day, "metavar": "DATE", "help": "at the end of this day (default: as it stands now)"}),
]


def alarms(asked: argparse.Namespace, home: Home, say: Say) -> Result:
    """Look at all members for whom something is due today, as the job does once an hour."""
    from points import alarms as job

    world = world_of(home)
    if asked.on is None:
        worked = job.work(world, float("inf"))
    else:
        say(f"As if it were {asked.on}: accounts that get an entry live on from there.")
        worked = job.rehearse(world, asked.on)
    value = {"members": worked.members, "entered": worked.entered, "parked": worked.parked}
    lines = [
        f"{worked.members:>8,}  members looked at",
        f"{worked.entered:>8,}  got an entry: reminded, expired, activated",
        f"{worked.parked:>8,}  could not be handled; tried again tomorrow",
    ]
    return Result(value, "\n".join(lines), 1 if worked.parked else 0)


def report(asked: argparse.Namespace, home: Home, _say: Say) -> Result:
    """What the shop owes its members in points."""
    from points import reports

    world = world_of(home)
    try:
        found = reports.of_day(world, asked.on) if asked.on else reports.as_of_now(world)
    except NotFound:
        raise Failed(f"There is no report of {asked.on}: each is made in the night after its day.") from None
    return Result(found.model_dump(mode="json"), "\n".join(_lines(found)))


def _lines(found: Any) -> list[str]:
    head = f"Points outstanding on {found.on} ({found.zone}), programme {found.version}, {found.members:,} members"
    rows = [
        f"  {one.month or 'never':<9}{one.kind:<9}{one.consideration:<6}{one.source:<12}{one.points:>15,}"
        for one in found.by_month
    ]
    sums = {
        "available": found.total,
        "in open holds": found.held,
        "pending": found.pending,
        "bought, of all these": found.paid,
        "debts of members": found.debt,
    }
    columns = f"  {'ends':<9}{'kind':<9}{'for':<6}{'source':<12}{'points':>15}"
    return [head, columns, *rows, "", *(f"  {name:<36}{points:>15,}" for name, points in sums.items())]


def world_of(home: Home) -> World:
    """The tables of the running stack, without its secrets: the jobs need none."""
    cloud = Cloud(stack.STAGE, live(home).endpoint)
    names = keys.Stage(stack.STAGE)
    client = cloud.client("dynamodb")
    ledger, directory, transient = (
        DynamoTable(client, name) for name in (names.ledger, names.directory, names.transient)
    )
    return make(names, ledger, directory, transient, Secrets(_no_secret), Clock())


def _no_secret() -> str:
    raise Failed("This command has no use for the stack's secrets.")
