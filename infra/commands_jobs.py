"""`omo alarms` and `omo redrive`: the jobs that run by the clock, run now; and what was left lying."""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import date
from typing import Any

from infra import reach, redrive
from infra.commands import Failed, Result, Say
from infra.locate import Home
from shared import places
from shared.business_day import day_start
from shared.queues import SqsQueues

Arguments = list[tuple[tuple[str, ...], dict[str, Any]]]


def day(text: str) -> date:
    """The type of a date on the command line."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("a date such as 2026-12-31") from None


ALARMS: Arguments = [
    (("--on",), {"type": day, "metavar": "DATE", "help": "as if it were this day's morning; the local stack only"}),
    *reach.BY_TABLES,
]


REDRIVE: Arguments = [
    (
        ("queue",),
        {"choices": redrive.QUEUES, "help": "a service's inbox, the jobs of codes, webhooks, or what the relay parked"},
    ),
    (("--dry-run",), {"action": "store_true", "help": "only tell what lies there, and why"}),
    *reach.BY_TABLES,
]


def alarms(asked: argparse.Namespace, home: Home, say: Say) -> Result:
    """Look at all points and coupons of which something is due today, and erase who leaves, as the jobs do each hour."""
    from coupons import alarms as of_coupons
    from points import alarms as of_points, leaving

    place = reach.place(asked, home)
    if asked.on is not None and not place.is_local:
        raise Failed("--on is for the local stack: it would carry people's accounts into another day.")
    world = place.world()
    if asked.on is not None:
        say(f"As if it were {asked.on}: accounts that get an entry live on from there.")
    value = {}
    for name, job in (("points", of_points.JOB), ("coupons", of_coupons.JOB)):
        worked = job.work(world, float("inf")) if asked.on is None else job.rehearse(world, asked.on)
        value[name] = {"members": worked.members, "entered": worked.entered, "parked": worked.parked}
    then = world if asked.on is None else world.at(day_start(asked.on, places.of_programme(world).zone, 0))
    left = leaving.work(then, float("inf"))
    lines = [f"{'points':>8}{'coupons':>9}"]
    for number, words in (
        ("members", "members looked at"),
        ("entered", "got an entry: reminded, expired, activated"),
        ("parked", "could not be handled; tried again tomorrow"),
    ):
        lines.append(f"{value['points'][number]:>8,}{value['coupons'][number]:>9,}  {words}")
    lines.append(f"{left.erased:>8,}{'':9}  members erased, who had asked for it")
    failed = left.failed + sum(one["parked"] for one in value.values())
    erased = {"leaving": {"erased": left.erased, "failed": left.failed}}
    return Result(value | erased, "\n".join(lines), 1 if failed else 0)


def redriven(asked: argparse.Namespace, home: Home, _say: Say) -> Result:
    """Send what lies in a queue's dead letters and parking place on its way once more; what fails stays, no success."""
    place = reach.place(asked, home)
    world, client = place.world(), place.cloud.client
    job = redrive.Redrive(replace(world, queues=SqsQueues(world.stage, client)), client)
    if asked.dry_run:
        lying = list(job.lying(asked.queue))
        value: dict[str, Any] = {
            "queue": asked.queue,
            "lying": [{"of": one.of, "reason": one.reason, "body": one.body} for one in lying],
        }
        lines = [f"{len(lying)} lie there.", *(f"  {one.of}: {one.reason}  {one.body[:100]}" for one in lying)]
        return Result(value, "\n".join(lines))
    done = job.again(asked.queue)
    left = [{"body": body, "reason": reason} for body, reason in done.left]
    lines = [
        f"{done.sent:>8,}  sent on their way once more",
        f"{done.settled:>8,}  needed nothing more: the next run of the job has done it",
        f"{len(left):>8,}  could not be sent, and stay where they are",
        *(f"{'':10}{one['reason']}: {one['body'][:100]}" for one in left),
    ]
    value = {"queue": asked.queue, "sent": done.sent, "settled": done.settled, "left": left}
    return Result(value, "\n".join(lines), 1 if left else 0)
