"""How many requests go out side by side: batches of purchases in lanes, and lanes on a few threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from infra.mapping import Purchase

_BATCH_PURCHASES = 100
# The route takes 1 MiB.
_BATCH_BYTES = 1_000_000

Batch = list[Purchase]
T = TypeVar("T")
R = TypeVar("R")


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


def _cut(purchases: Iterable[Purchase]) -> Iterator[Batch]:
    """Purchases in batches that fit, in their order."""
    batch: Batch = []
    for purchase in purchases:
        if batch and not _fits([*batch, purchase]):
            yield batch
            batch = []
        batch.append(purchase)
    if batch:
        yield batch


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


def side_by_side(tasks: Iterator[T], do: Callable[[T], R], workers: int) -> list[R]:
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
