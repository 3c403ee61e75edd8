"""`omo replay`: what is asked for on the command line, and how its end is told."""

from __future__ import annotations

import argparse
import hashlib
from typing import Any

from infra import coupon_replay, files, receipts, redeemed
from infra.client import NoAnswer, Wire
from infra.commands import Failed, Result, Say
from infra.coupon_delivery import Desk
from infra.coupon_replay import SHARES, Share
from infra.delivery import Line
from infra.journal import Journal
from infra.locate import Home
from infra.receipts import Frame, Slice
from shared import clock

# Without options: little more than a minute on two cores.
USUAL = Slice(days=7, households=1000)
AGAIN = "Run the same command again: it goes on, and nothing doubles."


def positive(text: str) -> int:
    """The type of a number that begins at 1."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError("a whole number from 1")
    return int(text)


ARGUMENTS: list[tuple[tuple[str, ...], dict[str, Any]]] = [
    (("--days",), {"type": positive, "metavar": "N", "help": "the last so many days of the year (366: all)"}),
    (("--households",), {"type": positive, "metavar": "N", "help": "so many households of them"}),
    (
        ("--coupons",),
        {
            "choices": SHARES,
            "help": "whose real coupons: of a few of the slice's households (default), of all of them (default where "
            "a slice is named), of everybody, of nobody",
        },
    ),
]


def replay(asked: argparse.Namespace, home: Home, say: Say) -> Result:
    """Send real receipts and coupons over HTTP, as a head office that uploads its tills' sales, then compare all sums."""
    from infra import replay as replaying  # its progress bar is not for every word of the command line

    local = files.read_json(home.local)
    if local is None:
        raise Failed("The stack is not up: run `omo up` first.")
    try:
        part, kept = slice_of(asked.days, asked.households), journal(home, local)
        frame = _load()
        line = Line(Wire(local["points"], local["keys"]["ec"]))
        report = replaying.run(frame, part, line, kept, clock.utc_now())
        coupons = _coupons(frame, part, asked.coupons or share_of(part), local, kept.shift_weeks, say)
    except NoAnswer as silent:
        raise Failed(f"{silent}. {AGAIN}") from silent
    except KeyboardInterrupt:
        say(f"Interrupted. {AGAIN}")
        raise
    is_right = report.is_right and (coupons is None or coupons.is_right)
    told = report.as_dict() | {"ok": is_right, "coupons": coupons and coupons.as_dict()}
    words = [report.text(), coupons.text()] if coupons else [report.text()]
    return Result(told, "\n".join(words), 0 if is_right else 1)


def _coupons(
    frame: Frame, part: Slice, share: Share, local: dict[str, Any], shift_weeks: int, say: Say
) -> coupon_replay.Report | None:
    """The coupons of the slice, or of those who are meant instead; None for nobody's."""
    if share == "none":
        return None
    tables = redeemed.load(frame)
    wanted = coupon_replay.households(tables, receipts.households(frame, part), share)
    plan, desk = coupon_replay.plan(tables, wanted, shift_weeks), _desk(local)
    report = coupon_replay.run(plan, desk)
    say("Waiting until what follows from it by event has been heard …")
    if not coupon_replay.is_heard(plan, desk):
        say("It is still on its way; the sums below do not depend on it.")
    return report


def _desk(local: dict[str, Any]) -> Desk:
    ec, operator = local["keys"]["ec"], local["keys"]["operator"]
    coupons = Wire(local["coupons"], ec)
    return Desk(Wire(local["points"], ec), coupons, coupons.at, Wire(local["coupons"], operator))


def share_of(part: Slice) -> Share:
    """Without options a minute is enough for all; who names a slice means its coupons too."""
    return "few" if part == USUAL else "slice"


def slice_of(days: int | None, households: int | None) -> Slice:
    """The slice that is meant."""
    return USUAL if days is None and households is None else Slice(days, households)


def journal(home: Home, local: dict[str, Any]) -> Journal:
    """The journal of the replays into this stack.

    A stack is known by its first operator's key, which is made together with the stack's data and lost with them. A
    hash of its 256 random bits may lie in a file.
    """
    stack = hashlib.sha256(local["keys"]["operator"].encode()).hexdigest()[:16]
    return Journal(home.folder / "replay.json", stack)


def _load() -> Frame:
    try:
        return receipts.load()
    except ModuleNotFoundError as missing:
        raise Failed("The receipts are not installed: run `make .venv/.replay` first.") from missing
