"""What was promised to those who ordered codes: exactly so many, no two alike, and every one is good."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from shared import keys
from shared.chain import Entry
from shared.codes import Form, normalise
from shared.coupons_of import Codebook
from shared.memory import MemoryTable
from tests.kit import make_world

if TYPE_CHECKING:
    from tests.sim.story import Story


def faults(story: Story) -> Iterator[str]:
    """Every job in the books has its file in the end, and the file is what the entry says."""
    directory = MemoryTable()
    for item in story.directory.scan():
        directory.put(item)
    book = Codebook(make_world(tables=(MemoryTable(), directory, MemoryTable())))
    seen: set[str] = set()
    for entry in story.books.all:
        if entry.account[0] != keys.POOL or entry.kind != "made":
            continue
        campaign, job_id = keys.holder(entry.account), entry.ref[1] if entry.ref else ""
        content = story.files.kept.get(keys.codes_file(job_id))
        if content is None:
            yield f"the file of job {job_id} is not there"
            continue
        header, *lines = content.decode().splitlines()
        if header != "code" or seen & set(lines):
            yield f"a code of job {job_id} was given before"
        seen |= set(lines)
        yield from _wrong(book, campaign, entry, lines)


def _wrong(book: Codebook, campaign: str, entry: Entry, lines: list[str]) -> Iterator[str]:
    said = entry.data
    found = []
    for line in lines:
        readings = book.read(normalise(line))
        if len(readings) != 1 or readings[0].generation.form is not Form.BULK:
            yield f"{campaign}: a code of {said['first']} to {said['first'] + said['count']} is not good"
            return
        locator, index = readings[0].generation.locator, readings[0].index
        found.append(index)
        if (book.campaign_of(locator), book.edition_of(locator, index)) != (campaign, said["edition"]):
            yield f"{campaign}: a code leads to another campaign, or to other terms"
    if found != list(range(said["first"], said["first"] + said["count"])):
        yield f"{campaign}: {len(found)} codes from {found[:1]} on, where {said['count']} from {said['first']} were decided"
