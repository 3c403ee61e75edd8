"""`omo cost`: what a month would cost on AWS. Needs no stack and no account."""

from __future__ import annotations

import argparse
import math
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from infra.commands import Failed, Result, Say
from infra.locate import Home
from infra.units import UNITS

Arguments = list[tuple[tuple[str, ...], dict[str, Any]]]

_WORDS = {
    "joins": "new members (default: a 36th of the members)",
    "purchases": "purchases, each in a call of its own (2 a member)",
    "purchases_in_batch": "purchases in calls of a hundred (none)",
    "returns": "returns (2 % of the purchases)",
    "spends": "points spent without a purchase (0.1 a member)",
    "awards": "partners' awards (0.05 a member)",
    "looks": "looks at a balance (4 a member)",
    "checkins": "check-ins, with their points (1 a member)",
    "issues": "coupons issued, each in a call of its own (0.5 a member)",
    "issues_in_batch": "coupons issued in calls of a hundred (none)",
    "validations": "coupons looked at by a till before they are used (as redemptions)",
    "redemptions": "coupons used (0.2 a member)",
    "dues": "members of whom a date falls due: a reminder, expiry (0.5 a member)",
}


def amount(text: str) -> float:
    """The type of a number from 0 on."""
    try:
        number = float(text.replace(",", ""))
    except ValueError:
        number = math.nan
    if not 0 <= number < 1e12:
        raise argparse.ArgumentTypeError("a number from 0 on")
    return number


def assumption(text: str) -> tuple[str, float]:
    """The type of `--assume`: the name of one of the assumptions, and a number."""
    from infra.cost import Assumed

    name, _, number = text.partition("=")
    known = [one.name for one in fields(Assumed)]
    if name not in known:
        raise argparse.ArgumentTypeError(f"NAME=NUMBER, with one of {', '.join(known)}")
    return name, amount(number)


COST: Arguments = [
    (("--members",), {"type": amount, "default": 10_000.0, "metavar": "N", "help": "how many there are (10,000)"}),
    *(
        ((f"--{name.replace('_', '-')}",), {"type": amount, "metavar": "N", "help": f"a month: {words}".replace("%", "%%")})
        for name, words in _WORDS.items()
    ),
    (("--months",), {"type": amount, "default": 12.0, "metavar": "M", "help": "how long it has run by then (12)"}),
    (("--region",), {"default": "ap-northeast-1", "metavar": "R", "help": "of the price table (ap-northeast-1)"}),
    (("--prices",), {"type": Path, "metavar": "FILE", "help": "your own prices, in the form of infra/prices.yaml"}),
    (
        ("--assume",),
        {"type": assumption, "action": "append", "default": [], "metavar": "NAME=NUMBER", "help": "trip_ms=8, tills=40 …"},
    ),
]  # fmt: skip


def cost(asked: argparse.Namespace, _home: Home, _say: Say) -> Result:
    """Estimate a month's bill."""
    from infra import cost as reckoning, prices

    said = {name: getattr(asked, name) for name in _WORDS}
    load = reckoning.load_of(asked.members, said)
    assumed = replace(reckoning.Assumed(), **dict(asked.assume))
    try:
        table = prices.read(asked.prices or prices.OURS)
        known = table.of(asked.region)
    except prices.NoPrices as wrong:
        raise Failed(str(wrong)) from None
    lines = reckoning.bill(load, asked.members, asked.months, known, assumed)
    batched = reckoning.bill(reckoning.in_batches(load), asked.members, asked.months, known, assumed)
    one_more = {name: reckoning.one_more(load, name, known, assumed) for name in UNITS}
    sums, whole = reckoning.by_service(lines), reckoning.total(lines)
    value = {
        "region": asked.region,
        "prices_as_of": table.as_of.isoformat(),
        "currency": "USD",
        "total": round(whole, 2),
        "per_member": round(whole / asked.members, 6) if asked.members else None,
        "per_purchase": round(one_more["purchases"], 9),
        "services": {name: round(usd, 2) for name, usd in sums.items()},
        "lines": [asdict(line) | {"usd": round(line.usd, 4)} for line in lines],
        "one_more": {name: round(usd, 9) for name, usd in one_more.items()},
        "in_batches": {
            "total": round(reckoning.total(batched), 2),
            "saves": round(whole - reckoning.total(batched), 2),
            "services": {name: round(usd, 2) for name, usd in reckoning.by_service(batched).items()},
        },
        "load": load,
        "assumed": asdict(assumed),
    }
    return Result(value, "\n".join(_words(value, asked)))


def _words(value: dict[str, Any], asked: argparse.Namespace) -> list[str]:
    source = asked.prices or "infra/prices.yaml"
    lines = [
        f"A month of {asked.members:,.0f} members in {value['region']}, in US dollars without tax: an estimate.",
        f"Prices of {value['prices_as_of']} ({source}): check them before you rely on this.",
        "",
    ]
    for service, usd in value["services"].items():
        lines.append(f"  {service:<38}{'':>18}{usd:>14,.2f}")
        lines += [
            f"    {one['what']:<36}{one['quantity']:>18,.2f}{one['usd']:>14,.2f}"
            for one in value["lines"]
            if one["service"] == service and one["usd"] >= 0.005
        ]
    lines += ["", f"  {'together':<38}{'':>18}{value['total']:>14,.2f}"]
    if value["per_member"] is not None:
        lines.append(f"  {'for each member':<38}{'':>18}{value['per_member']:>14.6f}")
    lines += ["", "  One more of each, with a month of what it keeps, for a thousand:"]
    lines += [
        f"    {name.replace('_', ' '):<36}{'':>18}{usd * 1000:>14,.4f}" for name, usd in value["one_more"].items()
    ]
    return [*lines, "", *_of_batches(value)]


def _of_batches(value: dict[str, Any]) -> list[str]:
    """Whether it is worth while to send what nobody waits for in calls of a hundred."""
    largest, *_ = value["services"]
    batched = value["in_batches"]
    return [
        f"  The largest part is {largest}. With all purchases and issues in calls of a hundred",
        f"  (purchases/batch, issues/batch) it would be {batched['total']:,.2f}: {batched['saves']:,.2f} less.",
    ]
