"""`omo audit`: the proof of the books of a stage, or of a file of them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from infra import audit as auditing, reach
from infra.commands import Failed, Result, Say
from infra.deploy import Cloud
from infra.locate import Home
from shared.clock import utc_now

AUDIT: Sequence[tuple[tuple[str, ...], dict[str, Any]]] = (
    (("--member",), {"metavar": "M", "help": "one member's points only"}),
    (("--export",), {"metavar": "F", "type": Path, "help": "write the ledger into a file instead (.gz: packed)"}),
    (("--file",), {"metavar": "F", "type": Path, "help": "audit such a file; needs no stack"}),
    (("--no-note",), {"action": "store_true", "help": "leave no note of it for head office's page"}),
    *reach.BY_TABLES,
)


def audit(asked: argparse.Namespace, home: Home, _say: Say) -> Result:
    """Prove the books, of the stack or of a file; a fault is no success. What all of the stack's are like is noted."""
    if asked.file:
        return _audited(_audit_of_file(asked.file))
    cloud = reach.place(asked, home).cloud
    if asked.export:
        chains, items = auditing.export(cloud, asked.export)
        value = {"file": str(asked.export), "chains": chains, "items": items}
        return Result(value, f"{asked.export}: {items} items of {chains} chains and names.")
    began_at = utc_now()
    found = auditing.audit(cloud, asked.member)
    if asked.member and not found.chains and not auditing.is_member(cloud, asked.member):
        raise Failed(f"There is no member {asked.member!r}.")
    if not asked.member and not asked.no_note:
        _note(cloud, began_at, found)
    return _audited(found)


def _note(cloud: Cloud, began_at: datetime, found: auditing.Audit) -> None:
    """Leave a note of an audit. Whoever audits may have no right to write: what was found is found all the same."""
    try:
        auditing.note(cloud, began_at, found)
    except Exception as error:  # noqa: BLE001 - whatever it is, the audit stands
        print(f"omo: the audit is done, and could not be noted for head office: {error!r}", file=sys.stderr)


def _audit_of_file(path: Path) -> auditing.Audit:
    try:
        return auditing.audit_file(path, utc_now())
    except FileNotFoundError:
        raise Failed(f"There is no file {path}.") from None


def _audited(found: auditing.Audit) -> Result:
    counted = f"{found.chains} chains, {found.entries} entries, {found.names} names: "
    words = counted + ("no fault." if found.is_clean else f"{len(found.faults)} faults:\n" + "\n".join(found.faults))
    value = {"chains": found.chains, "entries": found.entries, "names": found.names, "faults": found.faults}
    return Result(value, words, 0 if found.is_clean else 1)
