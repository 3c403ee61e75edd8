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
    """Look at all points and coupons of which something is due today, as the jobs do once an hour."""
    from coupons import alarms as of_coupons
    from points import alarms as of_points

    world = world_of(home)
    if asked.on is not None:
        say(f"As if it were {asked.on}: accounts that get an entry live on from there.")
    value = {}
    for name, job in (("points", of_points.JOB), ("coupons", of_coupons.JOB)):
        worked = job.work(world, float("inf")) if asked.on is None else job.rehearse(world, asked.on)
        value[name] = {"members": worked.members, "entered": worked.entered, "parked": worked.parked}
    lines = [f"{'points':>8}{'coupons':>9}"]
    for number, words in (
        ("members", "members looked at"),
        ("entered", "got an entry: reminded, expired, activated"),
        ("parked", "could not be handled; tried again tomorrow"),
    ):
        lines.append(f"{value['points'][number]:>8,}{value['coupons'][number]:>9,}  {words}")
    return Result(value, "\n".join(lines), 1 if any(one["parked"] for one in value.values()) else 0)


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
