"""`omo replay`: real receipts through the front door, then every balance against the receipts' own sums.

It may be stopped at any point and started again: ids, bytes and dates of a stack's requests never change, so nothing
doubles. The journal beside the stack's own files sees to the dates, and to what earlier replays have put into a balance.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from tqdm import tqdm

from infra import receipts
from infra.delivery import Found, Line, deliver
from infra.journal import Journal
from infra.lanes import lanes, side_by_side
from infra.plan import Plan, plan as plan_of
from infra.receipts import Frame, Slice
from infra.verify import compare_books, compare_sums


@dataclass(frozen=True)
class Report:
    """What a replay sent, what was refused, and what differs from the receipts."""

    baskets: int
    lines: int
    returns: int
    payments: int
    members: int
    points: int
    first_at: str
    last_at: str
    refused: list[Found]
    differences: list[Found]

    @property
    def is_right(self) -> bool:
        """Whether everything was taken and every balance agrees with the receipts."""
        return not self.refused and not self.differences

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {"ok": self.is_right, **asdict(self)}

    def text(self) -> str:
        """For people; of what went wrong not more than ten."""
        wrong = [f"  refused: {each}" for each in self.refused] + [f"  differs: {each}" for each in self.differences]
        more = [f"  … and {len(wrong) - 10} more"] if len(wrong) > 10 else []
        return "\n".join(
            [
                f"Sent {self.baskets:,} real baskets with {self.lines:,} lines, {self.first_at} to {self.last_at}.",
                f"With them {self.returns:,} returns and {self.payments:,} payments with points.",
                f"Compared {self.members:,} balances and those returns with the receipts: {len(self.differences):,} differ.",
                f"Together they hold {self.points:,} points.",
                *wrong[:10],
                *more,
            ]
        )


def run(frame: Frame, part: Slice, line: Line, journal: Journal, now: datetime) -> Report:
    """Replay a slice, and what an interrupted replay left, with a progress bar on the error stream.

    Raises `NoAnswer` where the stack stays silent for longer than the line's patience.
    """
    weeks = journal.begin(part, receipts.weeks_to_shift(receipts.last_time(frame), now))
    plan = plan_of(frame, journal.unfinished, journal.slices, weeks)
    # In a log a line now and then is enough.
    seconds = 0.2 if sys.stderr.isatty() else 10.0
    with tqdm(total=plan.baskets, unit="baskets", desc="replay", mininterval=seconds, file=sys.stderr) as bar:
        report = replay(plan, replace(line, tick=bar.update))
    if report.is_right:
        journal.finish()
    return report


def replay(plan: Plan, line: Line) -> Report:
    """Send all that a plan holds, then compare the balances of its members."""
    done = side_by_side(lanes(plan.purchases), lambda lane: deliver(lane, line), line.workers)
    answers = {name: numbers for each in done for name, numbers in each.answers.items()}
    compared = side_by_side(iter(plan.earned.items()), lambda pair: compare_sums(*pair, line), line.workers)
    compared += side_by_side(iter(plan.sales.items()), lambda pair: compare_books(*pair, answers, line), line.workers)
    return Report(
        baskets=plan.baskets,
        lines=plan.lines,
        returns=len(answers),
        payments=sum(each.payments for each in done),
        members=len(compared),
        points=sum(points for points, _ in compared),
        first_at=plan.first_at,
        last_at=plan.last_at,
        refused=sorted((found for each in done for found in each.refused), key=str),
        differences=sorted((found for _, some in compared for found in some), key=str),
    )
