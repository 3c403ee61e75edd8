"""`omo stores import`: a file of stores of any length, sent in calls of 500."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from checkin import importing
from checkin.import_model import ROWS_MAX
from infra import reach
from infra.client import NoAnswer, Patience, Send, call
from infra.commands import Failed, Result, Say
from infra.locate import Home
from shared.errors import Invalid

Arguments = list[tuple[tuple[str, ...], dict[str, Any]]]
Row = dict[str, Any]

IMPORT: Arguments = [
    (("file",), {"type": Path, "metavar": "FILE", "help": "CSV or GeoJSON, in UTF-8"}),
    *reach.BY_KEY,
]

BODY_MAX = 1024 * 1024
_REFUSED_SHOWN_MAX = 20


def take_in(asked: argparse.Namespace, home: Home, _say: Say) -> Result:
    """Set every store of a file; what was refused is named, and the rest is set all the same."""
    wire = reach.place(asked, home).wire("checkin")
    results = list(send(wire, read(asked.file)))
    counts = Counter(one["status"] for one in results)
    refused = [one for one in results if one["status"] == "refused"]
    value = {"file": str(asked.file), "rows": len(results), "refused": refused}
    value |= {status: counts[status] for status in ("created", "updated")}
    return Result(value, _words(value), 1 if refused else 0)


def read(path: Path) -> Row:
    """The collection of a file. Its rows are judged by the service; a file that has none is refused here."""
    try:
        text = path.read_text("utf-8-sig")
        sent = json.loads(text) if text.lstrip()[:1] in ("{", "[") else importing.of_csv(text)
    except FileNotFoundError:
        raise Failed(f"There is no file {path}.") from None
    except UnicodeDecodeError:
        raise Failed(f"{path} is not in UTF-8. A spreadsheet saves it as “CSV UTF-8”.") from None
    except (ValueError, RecursionError, csv.Error) as wrong:
        raise Failed(f"{path} is neither CSV nor GeoJSON: {wrong}") from None
    except Invalid as invalid:
        raise Failed(f"{path}: {_faults(invalid.fields['errors'])}") from None
    features = sent.get("features") if isinstance(sent, dict) else None
    if not isinstance(features, list) or not features:
        raise Failed(f"{path} has no stores: a CSV with a header, or a FeatureCollection, is required.")
    return {name: sent[name] for name in ("type", "crs", "features") if name in sent}


def send(wire: Send, collection: Row) -> Iterator[Row]:
    """What became of each row, numbered through the whole file, with a progress bar."""
    from tqdm import tqdm  # not for every word of the command line

    features = collection["features"]
    interval = 0.2 if sys.stderr.isatty() else 10.0
    with tqdm(total=len(features), unit="stores", mininterval=interval, file=sys.stderr) as bar:
        done = 0
        for part in parts(features):
            for one in _answered(wire, collection | {"features": part}, done):
                yield one | {"row": done + one["row"]}
            done += len(part)
            bar.update(len(part))


def parts(features: list[Any]) -> Iterator[list[Any]]:
    """The features in calls of at most 500 and a mebibyte. One that is too large alone is a call of its own."""
    part: list[Any] = []
    size = 0
    for feature in features:
        more = len(json.dumps(feature)) + 2
        if part and (len(part) == ROWS_MAX or size + more > BODY_MAX - 100):
            yield part
            part, size = [], 0
        part.append(feature)
        size += more
    yield part


def _answered(wire: Send, sent: Row, done: int) -> list[Row]:
    body = json.dumps(sent).encode()
    try:
        answer = call(wire, "POST", "/v1/stores/import", body, patience=Patience())
    except NoAnswer as silent:
        raise Failed(f"{silent}. {done} rows are in; run the same line again, it goes through all of them.") from silent
    told = json.loads(answer.body)
    if answer.status == 200:
        rows: list[Row] = told["results"]
        return rows
    why = _faults(told["errors"]) if "errors" in told else f"{told['detail']} ({told['code']})"
    raise Failed(f"Rows {done + 1} to {done + len(sent['features'])}: {why}. {done} rows are in.")


def _words(value: dict[str, Any]) -> str:
    refused = value["refused"]
    lines = [f"{value['file']}: {value['created']:,} created, {value['updated']:,} updated, {len(refused):,} refused."]
    lines += [
        f"  row {one['row']:,} {one.get('store_id', '(no store_id)')}: {_faults(one['errors'])}"
        for one in refused[:_REFUSED_SHOWN_MAX]
    ]
    if len(refused) > _REFUSED_SHOWN_MAX:
        lines.append(f"  and {len(refused) - _REFUSED_SHOWN_MAX:,} more; --json tells them all.")
    return "\n".join(lines)


def _faults(errors: list[dict[str, str]]) -> str:
    """Pointers hold what a file says: nothing in them may steer a terminal."""
    return "; ".join(f"{ascii(one['pointer'])[1:-1] or 'the row'}: {one['detail']} ({one['code']})" for one in errors)
