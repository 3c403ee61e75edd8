"""`omo openapi`: the description of the services, one of all or of each, and the types that are made of it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from infra.commands import Failed, Result, Say
from infra.locate import ROOT, SERVICES, Home

OPENAPI: Sequence[tuple[tuple[str, ...], dict[str, Any]]] = (
    (("--service",), {"choices": SERVICES, "help": "one service's own description (default: all three in one)"}),
    (("--types",), {"action": "store_true", "help": "as TypeScript types, of all three"}),
    (("--out",), {"type": Path, "metavar": "FILE", "help": "write it into a file"}),
    (("--renew",), {"action": "store_true", "help": "write all that docs/clients has of it anew"}),
)


def describe(asked: argparse.Namespace, _home: Home, _say: Say) -> Result:
    """Print the description or its types, or write them."""
    from infra import described, typescript  # bring the services with them: not for every word of the command line

    if asked.renew:
        return _renewed(made())
    if asked.types and asked.service:
        raise Failed("The types are of all three services: leave --service out.")
    document = described.of_service(asked.service) if asked.service else described.merged()
    text = typescript.types(described.merged()) if asked.types else described.as_text(document)
    if asked.out is None:
        return Result({"types": text} if asked.types else document, text.removesuffix("\n"))
    return _written(asked.out, text)


def _written(path: Path, text: str) -> Result:
    try:
        path.write_text(text, "utf-8")
    except OSError as failed:
        raise Failed(f"{path} can't be written: {failed.strerror}.") from None
    return Result({"file": str(path), "bytes": len(text.encode())}, f"{path} is written.")


def made() -> dict[Path, str]:
    """Every file that is made of the description, with what belongs in it."""
    from infra import described, typed_python, typescript

    document = described.merged()
    python = described.CLIENTS / "python" / "omotenashi_client"
    return {
        described.CLIENTS / "openapi.json": described.as_text(document),
        described.CLIENTS / "typescript" / "omotenashi.d.ts": typescript.types(document),
        python / "models.py": typed_python.models(document),
        python / "routes.py": typed_python.routes(document),
    }


def _renewed(found: dict[Path, str]) -> Result:
    changed = [path for path, text in found.items() if not path.exists() or path.read_text("utf-8") != text]
    for path in changed:
        path.write_text(found[path], "utf-8")
    names = [str(path.relative_to(ROOT)) for path in changed]
    return Result({"changed": names}, "\n".join(f"{name} is written anew." for name in names) or "All is as it was.")
