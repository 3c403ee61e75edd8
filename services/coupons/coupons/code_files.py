"""The file of a codes job, made in steps that are harmless to repeat: each asks the queue for the next.

A step makes some of the codes, puts them as a piece, and notes how far it came; the last one puts the whole file.
What goes into a piece follows from the job's entry alone. The note only spares work: whoever finds that another was
faster leaves the rest to that one, so that two that were started become one again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from coupons import locators, pool
from coupons.pool import POOL, Making
from shared import keys
from shared.codes import show
from shared.coupons_of import Codebook
from shared.errors import Unavailable
from shared.naming import Done, Verb, done_of, named
from shared.table import Item
from shared.world import World

MAKE = Verb(POOL, pool.pack_making, pool.unpack_making, pool.make)
"""A job may be refused, so only its caller brings it into the pool. From there on the stream carries it."""

QUEUE = "codes"
"""A queue of its own, one message at a time: a million codes must not stand before a coupon that a check-in gives."""
STEP = 25_000
"""So many codes are made in a step: about half a second's work, and a piece of 0.45 MB."""
AT_ONCE = 2_000
"""A job of so few is not worth a message: its file is made by whoever orders it."""
KEPT_SECONDS = 86_400
"""Pieces and files go by themselves, and never before this."""
ADDRESS_SECONDS = 300
HEADER = b"code\n"


@dataclass(frozen=True, slots=True)
class Job:
    """What a job decided: so many codes from an index on, under the terms of an edition."""

    job_id: str
    locator: int
    first: int
    count: int
    key: bytes
    pool: pool.Pool

    def indexes(self, done: int, limit: int) -> range:
        """The next indexes of the job when some are done."""
        return range(self.first + done, self.first + min(self.count, done + limit))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job's file has come. `version` is that of the note."""

    done: int
    is_whole: bool
    version: int


def decided(world: World, name: Item) -> Job | None:
    """The job that a name stands for; None if it never came into the pool."""
    pending = named(MAKE, name)
    found = world.ledger.trace(name["acc"], pending.mark, pending.seen)
    return None if found is None else of_done(done_of(pending, found))


def of_done(done: Done[Making]) -> Job:
    """The job by its entry in the pool."""
    said = done.entries[0].data
    return Job(
        done.operation.job_id, said["locator"], said["first"], said["count"], said["key"], POOL.unpack(done.item["s"])
    )


def progress(world: World, job: Job) -> Progress | None:
    """How far the file has come; None if nobody has begun, or if what there was may have gone."""
    item = _note(world, job)
    return None if item is None or _is_over(world, item) else _progress_of(item)


def begin(world: World, job: Job) -> Progress:
    """Note that the file is wanted, unless it is there or under way; how far it has come."""
    item = _note(world, job)
    if item is not None and not _is_over(world, item):
        return _progress_of(item)
    now = Progress(0, is_whole=False, version=item["version"] if item else 0)
    _write(world, job, now)
    return replace(now, version=now.version + 1)


def carry_on(world: World, name: Item) -> None:
    """The next step of a job's file; nothing if there is no such job, or nothing is left to do."""
    job = decided(world, name)
    if job is None:
        return
    now = progress(world, job)
    if now is None:
        locators.raise_made(world, job.pool)  # its process died before, or long ago: in any case it is harmless
        now = begin(world, job)
    if not now.is_whole:
        step(world, name["pk"], job, now)


def step(world: World, partition: str, job: Job, now: Progress) -> None:
    """Make the next codes of a file that was begun, and ask for the step after, if there is one."""
    made = rows(world, job, now.done)
    done = min(job.count, now.done + STEP)
    if done < job.count:
        world.files.put(keys.codes_piece(job.job_id, now.done), made)
    else:
        whole = b"".join([HEADER, *_pieces(world, job, now), made])
        world.files.put(keys.codes_file(job.job_id), whole)
    was_first = _write(world, job, Progress(done, is_whole=done == job.count, version=now.version))
    if was_first and done < job.count:
        world.queues.carry_on(QUEUE, partition)


def rows(world: World, job: Job, done: int) -> bytes:
    """The next lines of a job's file."""
    codes = Codebook(world).codes(job.locator, job.indexes(done, STEP), job.key)
    return "".join([f"{show(code)}\n" for code in codes]).encode()


def _pieces(world: World, job: Job, now: Progress) -> Iterator[bytes]:
    for start in range(0, now.done, STEP):
        piece = world.files.get(keys.codes_piece(job.job_id, start))
        if piece is None:  # it went while the job rested: from the beginning, when the queue brings this again
            _write(world, job, Progress(0, is_whole=False, version=now.version))
            raise Unavailable
        yield piece


# ---- the note -------------------------------------------------------------------------------------------------------


def _note(world: World, job: Job) -> Item | None:
    return world.transient.get(*keys.codes_job(job.job_id), consistent=True)


def _is_over(world: World, item: Item) -> bool:
    """Whether pieces or file may have gone: by the clock that no request can set, for S3 goes by no other."""
    return bool(item["ttl"] <= world.clock.elapsed())


def _progress_of(item: Item) -> Progress:
    return Progress(item["done"], item["whole"], item["version"])


def _write(world: World, job: Job, now: Progress) -> bool:
    """Note how far it is; False if the note has changed since this `version` was read."""
    (pk, sk), at = keys.codes_job(job.job_id), world.clock.elapsed()
    item: Item = {"pk": pk, "sk": sk, "done": now.done, "whole": now.is_whole, "version": now.version + 1}
    item |= {"t": int(at * 1000), "ttl": int(at) + KEPT_SECONDS}  # `t` tells it from that of another at the same step
    if now.version:
        return world.transient.replace(item, now.version)
    return world.transient.put_new(item) is None
