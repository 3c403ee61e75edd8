"""`omo codes`: codes of a campaign in bulk, straight into a file; and such a file as pages to print."""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infra import files, reach
from infra.client import NoAnswer, Patience, Send, Wire, call
from infra.commands import Failed, Result, Say
from infra.commands_replay import positive
from infra.locate import Home
from shared import keys
from shared.shapes import ID_PATTERN
from shared.world import World

Arguments = list[tuple[tuple[str, ...], dict[str, Any]]]


def an_id(text: str) -> str:
    """The type of an id."""
    if not re.fullmatch(ID_PATTERN, text):
        raise argparse.ArgumentTypeError("1 to 64 of A-Z a-z 0-9 . _ -")
    return text


def per_page(text: str) -> int:
    """The type of the number of codes on a page."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 60:
        raise argparse.ArgumentTypeError("a whole number from 1 to 60")
    return int(text)


MAKE: Arguments = [
    (("campaign",), {"metavar": "CAMPAIGN", "type": an_id}),
    (("--count",), {"type": positive, "required": True, "metavar": "N", "help": "so many, at most 1,000,000"}),
    (("--out",), {"type": Path, "required": True, "metavar": "FILE", "help": "a CSV file; only you can read it"}),
    (("--job",), {"type": an_id, "metavar": "JOB_ID", "help": "the same job again writes the same codes"}),
    *reach.BY_KEY,
]
SHEET: Arguments = [
    (("file",), {"type": Path, "metavar": "FILE", "help": "what `omo codes make` or a job has written"}),
    (("--out",), {"type": Path, "required": True, "metavar": "DIR", "help": "where the pages go, one SVG each"}),
    (("--per-page",), {"type": per_page, "default": 24, "metavar": "N", "help": "codes on an A4 page (default: 24)"}),
    (("--title",), {"default": "", "metavar": "TEXT", "help": "what stands over each page"}),
]
IMPORT: Arguments = [
    (("campaign",), {"metavar": "CAMPAIGN", "type": an_id}),
    (("file",), {"type": Path, "metavar": "FILE", "help": "CSV in UTF-8: a code a row, in the first column"}),
    *reach.BY_KEY,
]
_REFUSED_SHOWN_MAX = 20


def make(asked: argparse.Namespace, home: Home, say: Say) -> Result:
    """Order the codes over HTTP, as anybody would; then derive them here, without waiting for the job's own file."""
    place = reach.place(asked, home)
    wire = place.wire("coupons")
    job_id = asked.job or f"cli-{uuid.uuid4().hex}"
    say(f"Job {job_id}: with --job {job_id} the same line writes the same file again.")
    _order(wire, asked.campaign, job_id, asked.count)
    started = time.monotonic()
    first = write(place.world(), job_id, asked.out)  # its codes are spelt under the stage's own key
    seconds = time.monotonic() - started
    value = {"file": str(asked.out), "campaign_id": asked.campaign, "job_id": job_id, "codes": asked.count}
    words = f"{asked.out}: {asked.count:,} codes of {asked.campaign}, from number {first:,} on, in {seconds:.1f} s."
    return Result(value | {"first": first, "seconds": round(seconds, 1)}, words)


def write(world: World, job_id: str, out: Path) -> int:
    """Write the codes that a job has decided, in constant memory, with a progress bar; the index of the first one."""
    from tqdm import tqdm  # neither is for every word of the command line

    from coupons import code_files

    name = world.ledger.table.get(keys.codes(job_id), 0, consistent=True)
    job = code_files.decided(world, name) if name else None
    assert job is not None, "an order that was answered is decided"
    interval = 0.2 if sys.stderr.isatty() else 10.0
    with tqdm(total=job.count, unit="codes", mininterval=interval, file=sys.stderr) as bar, files.private(out) as file:
        file.write(code_files.HEADER)
        for done in range(0, job.count, code_files.STEP):
            file.write(code_files.rows(world, job, done))
            bar.update(min(code_files.STEP, job.count - done))
    return job.first


def _order(wire: Wire, campaign_id: str, job_id: str, count: int) -> None:
    body = json.dumps({"job_id": job_id, "count": count}).encode()
    try:
        answer = call(wire, "POST", f"/v1/campaigns/{campaign_id}/codes", body, patience=Patience())
    except NoAnswer as silent:
        raise Failed(f"{silent}. Run the same line again with --job {job_id}.") from silent
    if answer.status != 202:
        problem = json.loads(answer.body)
        raise Failed(f"{problem['detail']} ({problem['code']})")


def take_in(asked: argparse.Namespace, home: Home, _say: Say) -> Result:
    """Send somebody else's codes in calls of 500; what was refused is named by its row, and the rest is taken in."""
    wire = reach.place(asked, home).wire("coupons")
    rows = list(_taken_in(wire, asked.campaign, read_foreign(asked.file)))
    counts = Counter(one["status"] for one in rows)
    refused = [one for one in rows if one["status"] == "refused"]
    value = {"file": str(asked.file), "campaign_id": asked.campaign, "rows": len(rows), "refused": refused}
    value |= {status: counts[status] for status in ("created", "unchanged")}
    lines = [f"{asked.file}: {counts['created']:,} new, {counts['unchanged']:,} known, {len(refused):,} refused."]
    lines += [f"  row {one['row']:,}: {one['errors'][0]['detail']}" for one in refused[:_REFUSED_SHOWN_MAX]]
    if len(refused) > _REFUSED_SHOWN_MAX:
        lines.append(f"  and {len(refused) - _REFUSED_SHOWN_MAX:,} more; --json tells them all.")
    return Result(value, "\n".join(lines), 1 if refused else 0)


def read_foreign(path: Path) -> list[str]:
    """The codes of a file."""
    from coupons.importing import of_csv

    try:
        codes: list[str] = of_csv(path.read_text("utf-8-sig"))["codes"]
    except FileNotFoundError:
        raise Failed(f"There is no file {path}.") from None
    except (UnicodeDecodeError, csv.Error):
        raise Failed(f"{path} is no CSV in UTF-8.") from None
    if not codes:
        raise Failed(f"{path} has no codes.")
    return codes


def _taken_in(wire: Send, campaign_id: str, codes: list[str]) -> Iterator[dict[str, Any]]:
    from coupons.importing import ROWS_MAX

    for done in range(0, len(codes), ROWS_MAX):
        body = json.dumps({"codes": codes[done : done + ROWS_MAX]}).encode()
        try:
            answer = call(wire, "POST", f"/v1/campaigns/{campaign_id}/codes/import", body, patience=Patience())
        except NoAnswer as silent:
            raise Failed(f"{silent}. {done:,} rows are in; run the same line again.") from silent
        told = json.loads(answer.body)
        if answer.status != 200:
            raise Failed(f"{told['detail']} ({told['code']}). {done:,} rows are in.")
        yield from (one | {"row": done + one["row"]} for one in told["results"])


def sheet(asked: argparse.Namespace, _home: Home, _say: Say) -> Result:
    """Lay the codes of a file out on pages."""
    from infra import sheets

    try:
        codes = sheets.read(asked.file)
        pages = sheets.write(codes, asked.out, sheets.Layout(asked.per_page, asked.title))
    except FileNotFoundError:
        raise Failed(f"There is no file {asked.file}.") from None
    except sheets.NoSheet as wrong:
        raise Failed(f"{asked.file}: {wrong}") from None
    return Result({"dir": str(asked.out), "pages": pages}, f"{asked.out}: {pages:,} pages.")
