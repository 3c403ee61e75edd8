"""`omo replay`: real receipts through the front door, then every balance against the receipts' own sums.

It may be stopped at any point and started again: ids, bytes and dates of a stack's purchases never change, so nothing
doubles. The journal beside the stack's own files sees to the dates, and to what earlier replays have put into a balance.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from tqdm import tqdm

from infra import receipts
from infra.client import NoAnswer, Patience, Send, call, may_pass
from infra.journal import Journal
from infra.receipts import Frame, Plan, Purchase, Slice
from shared import clock

_BATCH_PURCHASES = 100
# The route takes 1 MiB.
_BATCH_BYTES = 1_000_000
_TOKYO = ZoneInfo(receipts.ZONE)

Batch = list[Purchase]
Found = dict[str, Any]
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Line:
    """How to reach the points service, how patient to be, how many at once, and whom to tell of baskets done."""

    send: Send
    patience: Patience = field(default_factory=Patience)
    workers: int = 4
    tick: Callable[[int], object] = lambda _baskets: None


@dataclass(frozen=True)
class Report:
    """What a replay sent, what was refused, and which balances differ from the receipts."""

    baskets: int
    lines: int
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
                f"Compared {self.members:,} balances with the receipts: {len(self.differences):,} differ.",
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
    plan = receipts.plan(frame, journal.unfinished, journal.slices, weeks)
    # In a log a line now and then is enough.
    seconds = 0.2 if sys.stderr.isatty() else 10.0
    with tqdm(total=plan.baskets, unit="baskets", desc="replay", mininterval=seconds, file=sys.stderr) as bar:
        report = replay(plan, Line(line.send, line.patience, line.workers, bar.update))
    if report.is_right:
        journal.finish()
    return report


def replay(plan: Plan, line: Line) -> Report:
    """Send all purchases of a plan, then compare the balances of its members."""
    refused = _side_by_side(lanes(plan.purchases), lambda lane: _deliver(lane, line), line.workers)
    compared = _side_by_side(iter(plan.earned.items()), lambda pair: _compare(*pair, line), line.workers)
    return Report(
        baskets=plan.baskets,
        lines=plan.lines,
        members=len(plan.earned),
        points=sum(points for points, _ in compared),
        first_at=plan.first_at,
        last_at=plan.last_at,
        refused=sorted((each for some in refused for each in some), key=str),
        differences=sorted((each for _, each in compared if each is not None), key=str),
    )


def lanes(purchases: Iterable[Purchase]) -> Iterator[list[Batch]]:
    """Batches to send one after another, in lanes that may go side by side: no member is in two lanes.

    The purchases come by member and time. Small members share a batch; one that fills more than a batch gets a lane,
    so that its purchases stay in their order and no two of our own threads meet on its chain.
    """
    shared: Batch = []
    for own in _by_member(purchases):
        if shared and not _fits([*shared, *own]):
            yield [shared]
            shared = []
        if _fits(own):
            shared = [*shared, *own]
        else:
            yield list(_cut(own))
    if shared:
        yield [shared]


def body_of(batch: Batch) -> bytes:
    """The body of `POST /v1/purchases/batch`."""
    return b'{"purchases":[' + b",".join(purchase.body for purchase in batch) + b"]}"


def _by_member(purchases: Iterable[Purchase]) -> Iterator[Batch]:
    own: Batch = []
    for purchase in purchases:
        if own and own[0].member_id != purchase.member_id:
            yield own
            own = []
        own.append(purchase)
    if own:
        yield own


def _fits(batch: Batch) -> bool:
    return len(batch) <= _BATCH_PURCHASES and len(body_of(batch)) <= _BATCH_BYTES


def _cut(purchases: Batch) -> Iterator[Batch]:
    batch: Batch = []
    for purchase in purchases:
        if batch and not _fits([*batch, purchase]):
            yield batch
            batch = []
        batch.append(purchase)
    yield batch


def _deliver(lane: list[Batch], line: Line) -> list[Found]:
    """Make the members of a lane exist, then send its batches; the answer is what was refused for good."""
    refused = []
    for member_id in sorted({purchase.member_id for batch in lane for purchase in batch}):
        body = json.dumps({"member_id": member_id}).encode()
        answer = call(line.send, "POST", "/v1/members", body, patience=line.patience)
        if answer.status not in (200, 201):
            refused.append({"member_id": member_id, "status": answer.status})
    for batch in lane:
        refused += _send(batch, line)
        line.tick(len(batch))
    return refused


def _send(batch: Batch, line: Line) -> list[Found]:
    """Send a batch until each of its purchases has a clear answer; what may pass is sent again, unchanged."""
    refused: list[Found] = []
    left, give_up_at = batch, line.patience.now() + line.patience.seconds
    while True:
        answer = call(line.send, "POST", "/v1/purchases/batch", body_of(left), patience=line.patience)
        if answer.status != 200:
            return refused + [{"purchase_id": each.purchase_id, "status": answer.status} for each in left]
        results = {each["purchase_id"]: each for each in json.loads(answer.body)["results"]}
        status = {each.purchase_id: results.get(each.purchase_id, {}).get("status", 503) for each in left}
        refused += [
            {"purchase_id": name, "status": code, "code": results[name].get("body", {}).get("code")}
            for name, code in status.items()
            if code not in (200, 201) and not may_pass(code)
        ]
        left = [each for each in left if may_pass(status[each.purchase_id])]
        if not left:
            return refused
        if line.patience.now() > give_up_at:
            raise NoAnswer(f"{len(left)} purchases got no clear answer for {line.patience.seconds:.0f} s")
        line.patience.sleep(0.5)


def _compare(member_id: str, earned: Mapping[date, int], line: Line) -> tuple[int, Found | None]:
    """A member's points, and what differs from the receipts on the day on which the balance says it was read."""
    answer = call(line.send, "GET", f"/v1/members/{member_id}/balance", patience=line.patience)
    if answer.status != 200:
        return 0, {"member_id": member_id, "status": answer.status}
    balance = json.loads(answer.body)
    today = clock.from_text(balance["as_of"]).astimezone(_TOKYO).date()
    expected = {"available": receipts.usable(earned, today), "pending": 0, "held": 0, "debt": 0}
    found = {name: balance[name] for name in expected}
    wrong = None if found == expected else {"member_id": member_id, "balance": found, "receipts": expected}
    return found["available"], wrong


def _side_by_side(tasks: Iterator[T], do: Callable[[T], R], workers: int) -> list[R]:
    """Do tasks on a few threads; the first failure stops all of them after what they are at.

    Ctrl-C waits for nobody: these threads end with the process, and whatever they were at is sent again next time.
    """
    lock, stop = threading.Lock(), threading.Event()
    results: list[R] = []
    failures: list[BaseException] = []

    def work() -> None:
        try:
            while not stop.is_set():
                with lock:
                    task = next(tasks, None)
                if task is None:
                    return
                results.append(do(task))
        except BaseException as failure:  # noqa: BLE001 - raised again below, by the thread that waits
            failures.append(failure)
            stop.set()

    threads = [threading.Thread(target=work, daemon=True) for _ in range(workers)]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    finally:
        stop.set()
    if failures:
        raise failures[0]
    return results
