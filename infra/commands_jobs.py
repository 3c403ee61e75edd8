"""`omo alarms` and `omo report`: the jobs that run by the clock, run now; and what they found."""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import date
from typing import Any

from infra import redrive, stack
from infra.commands import Failed, Result, Say, live
from infra.deploy import Cloud
from infra.locate import Home
from shared import keys
from shared.clock import Clock, to_text
from shared.dynamo import DynamoTable
from shared.errors import Invalid, NotFound
from shared.queues import SqsQueues
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


REDRIVE: Arguments = [
    (("queue",), {"choices": redrive.QUEUES, "help": "a service's inbox, the jobs of codes, or what the relay parked"}),
    (("--dry-run",), {"action": "store_true", "help": "only tell what lies there, and why"}),
]


class _Of(argparse.Action):
    """Whose report: a campaign's is of one, a statement of a partner and a month, the liability of all."""

    def __call__(self, parser: Any, namespace: Any, values: Any, *_: Any) -> None:
        wanted = {"campaign": ["CAMPAIGN_ID"], "statement": ["PARTNER", "MONTH"]}.get(namespace.report, [])
        if len(values) != len(wanted):
            parser.error(f"it is: omo report {' '.join([namespace.report, *wanted])}")
        namespace.of = values


REPORT: Arguments = [
    (("report",), {"choices": ["liability", "statement", "campaign"]}),
    (("of",), {"nargs": "*", "action": _Of, "metavar": "OF", "help": "CAMPAIGN_ID, or PARTNER MONTH (2026-11)"}),
    (("--on",), {"type": day, "metavar": "DATE", "help": "liability at the end of this day (default: as it stands)"}),
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
    """What the shop owes its members in points, what a partner gave in a month, or what a campaign has brought."""
    world = world_of(home)
    if asked.on and asked.report != "liability":
        raise Failed("--on is for the liability: the other reports tell how it stands now.")
    found, lines = _REPORTS[asked.report](world, asked)
    return Result(found.model_dump(mode="json", exclude_none=asked.report == "campaign"), "\n".join(lines))


def redriven(asked: argparse.Namespace, home: Home, _say: Say) -> Result:
    """Send what lies in a queue's dead letters and parking place on its way once more; what fails stays, no success."""
    cloud = Cloud(stack.STAGE, live(home).endpoint)
    world = world_of(home)
    job = redrive.Redrive(replace(world, queues=SqsQueues(world.stage, cloud.client)), cloud.client)
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


# ---- the reports ----------------------------------------------------------------------------------------------------


def _liability(world: World, asked: argparse.Namespace) -> tuple[Any, list[str]]:
    from points import reports

    try:
        found = reports.of_day(world, asked.on) if asked.on else reports.as_of_now(world)
    except NotFound:
        raise Failed(f"There is no report of {asked.on}: each is made in the night after its day.") from None
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
    return found, [head, columns, *rows, "", *_table(sums)]


def _statement(world: World, asked: argparse.Namespace) -> tuple[Any, list[str]]:
    from points import statements

    partner_id, month = asked.of
    if world.directory.setting(keys.partner(partner_id)) is None:
        raise Failed(f"There is no partner {partner_id!r}.")
    try:
        found = statements.of_partner(world, partner_id, month)
    except Invalid:
        raise Failed(f"{month!r} is no month such as 2026-11.") from None
    rows = [
        f"  {to_text(one.occurred_at):<26}{one.award_id:<38}{one.state:<10}{one.points:>12,}" for one in found.lines
    ]
    sums = {"points given": found.points, "in awards": found.awards, "points taken back": found.reversed}
    head = f"What {partner_id} gave in {month} ({found.zone})"
    return found, [head, f"  {'at':<26}{'award':<38}{'state':<10}{'points':>12}", *rows, "", *_table(sums)]


def _campaign(world: World, asked: argparse.Namespace) -> tuple[Any, list[str]]:
    from coupons import stats

    (campaign_id,) = asked.of
    try:
        found = stats.of_campaign(world, campaign_id, world.clock.now())
    except NotFound:
        raise Failed(f"There is no campaign {campaign_id!r}.") from None
    sums = {
        "issued": found.issued,
        "codes made in bulk": found.codes_made,
        "shown to their members (an estimate)": found.shown,
        "held at one time or another": found.held,
        "redeemed, and not voided": found.redeemed,
        "voided after that": found.voided,
        "expired unused": found.expired,
        "discount given": found.discount_total,
        "of a budget of": found.budget.limit,
        "left of it": found.budget.left,
        "points given": found.bonus_points_total,
        "baskets with the coupon, together": found.uplift.redeemed_basket_amount,
        "such a basket on average": found.uplift.average_basket_amount,
        "discount on average": found.uplift.average_discount,
    }
    known = {name: number for name, number in sums.items() if number is not None}
    return found, [f"Campaign {campaign_id} ({found.state}) until now", *_table(known)]


_REPORTS = {"liability": _liability, "statement": _statement, "campaign": _campaign}


def _table(sums: dict[str, int]) -> list[str]:
    return [f"  {name:<36}{number:>15,}" for name, number in sums.items()]


def world_of(home: Home) -> World:
    """The tables of the running stack. Its root secret is read only by what needs it."""
    cloud = Cloud(stack.STAGE, live(home).endpoint)
    names = keys.Stage(stack.STAGE)
    client = cloud.client("dynamodb")
    ledger, directory, transient = (
        DynamoTable(client, name) for name in (names.ledger, names.directory, names.transient)
    )

    def root() -> str:
        return str(cloud.client("secretsmanager").get_secret_value(SecretId=names.root_secret)["SecretString"])

    return make(names, ledger, directory, transient, Secrets(root), Clock())
