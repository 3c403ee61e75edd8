"""What each word of the command line does, and how its answer reads."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from infra import files, issuer, package as packages, seed as seeding, stack
from infra.locate import Home
from infra.running import Running

Say = Callable[[str], None]


class Failed(Exception):
    """A command that could not do what it was asked; the message says why and what to do."""


@dataclass(frozen=True)
class Result:
    """A command's answer: a value for machines, words for people."""

    value: Any
    words: str
    status: int = 0


def stage_name(text: str) -> str:
    """The type of `--stage`: what the templates take."""
    if not re.fullmatch("[a-z][a-z0-9]{0,15}", text):
        raise argparse.ArgumentTypeError("a stage is 1-16 of a-z and 0-9 and begins with a letter")
    return text


def up(asked: argparse.Namespace, home: Home, say: Say) -> Result:
    """Bring the stack up and tell how to call it."""
    local = stack.up(home, say, port=asked.port)
    return Result(local, welcome(local, home))


def down(_asked: argparse.Namespace, home: Home, say: Say) -> Result:
    """Stop the stack."""
    stopped = stack.down(home, say)
    return Result({"stopped": stopped}, "Stopped." if stopped else "Nothing was running.")


def status(_asked: argparse.Namespace, home: Home, _say: Say) -> Result:
    """Tell what runs; a stack that does not run is no success."""
    told = stack.status(home)
    lines = [
        f"{service:<10}{'answers' if answers else 'does not answer'}" for service, answers in told["services"].items()
    ]
    lines.append(f"{'console':<10}{'answers' if told['console'] else 'does not answer'}")
    return Result(told, "\n".join(lines), 0 if told["running"] else 1)


def token(asked: argparse.Namespace, home: Home, _say: Say) -> Result:
    """Mint a member's token."""
    running = live(home)
    audience = issuer.AUDIENCE if asked.aud is None else asked.aud
    minted = issuer.mint(home.issuer_key, running.issuer.port, asked.member_id, asked.ttl, audience)
    return Result({"token": minted}, minted)


def key(asked: argparse.Namespace, home: Home, _say: Say) -> Result:
    """Tell the secret of a local key."""
    known: dict[str, str] = files.read_json(home.keys) or (files.read_json(home.local) or {}).get("keys", {})
    if asked.name not in known:
        have = ", ".join(known) or "none: run `omo up` first"
        raise Failed(f"There is no local key {asked.name!r}. There are: {have}.")
    return Result({"name": asked.name, "secret": known[asked.name]}, known[asked.name])


def seed(_asked: argparse.Namespace, home: Home, say: Say) -> Result:
    """Make what is missing of the sample data."""
    live(home)
    local = files.read_json(home.local)
    if local is None:
        raise Failed("The stack is not up: run `omo up` first.")
    seeded = seeding.seed(local, home, say)
    files.write_json(home.local, {**local, **seeded})
    return Result(seeded["seed"], "The sample data are there.")


BENCH: Sequence[tuple[tuple[str, ...], dict[str, Any]]] = (
    (("parts",), {"nargs": "*", "metavar": "PART", "help": "these parts alone (default: all)"}),
    (("--list",), {"action": "store_true", "help": "which parts there are"}),
    (("--quick",), {"action": "store_true", "help": "just to see that it works: the figures mean nothing"}),
    (("--write",), {"action": "store_true", "help": "put the tables into docs/benchmarks.md"}),
)


def bench(asked: argparse.Namespace, _home: Home, say: Say) -> Result:
    """Measure, part by part."""
    from infra.bench import parts, size, tables  # bring the services with them: not for every word of the command line

    if unknown := set(asked.parts) - set(parts.NAMES):
        raise Failed(f"There is no part {', '.join(sorted(unknown))}. There are: {', '.join(parts.NAMES)}.")
    if asked.list:
        return Result(dict(parts.NAMES), "\n".join(f"{name:<12}{says}" for name, says in parts.NAMES.items()))
    told: dict[str, Any] = {}
    for one in parts.measure(asked.parts, size.QUICK if asked.quick else size.WHOLE, say):
        say(f"\n{tables.as_words(one.told)}\n")
        told[one.name] = tables.as_dicts(one.told)
        if asked.write:
            parts.write(one)
    return Result(told, "Written: docs/benchmarks.md." if asked.write else "Measured.")


def package(asked: argparse.Namespace, _home: Home, _say: Say) -> Result:
    """Package the three services."""
    anew = packages.package_all(asked.stage)
    made = {service: packages.Package(service, asked.stage) for service in anew}
    value = {
        service: {"packaged": anew[service], "template": str(one.template), "bundle": str(one.bundle)}
        for service, one in made.items()
    }
    lines = [
        f"{service:<10}{'packaged' if anew[service] else 'unchanged':<11}{one.folder}" for service, one in made.items()
    ]
    return Result(value, "\n".join(lines))


def live(home: Home) -> Running:
    """The stack of this folder, which must be running."""
    running = Running.find(home)
    if running is None:
        raise Failed("The stack is not running: run `omo up` first.")
    return running


def welcome(local: dict[str, Any], home: Home) -> str:
    """What people read when the stack is up: where it is, and three calls to begin with."""
    rows = [(name, local[name]) for name in ("points", "coupons", "checkin", "console", "issuer", "aws_endpoint")]
    table = "\n".join(f"  {name:<14}{address}" for name, address in rows if address)
    return f"\nOmotenashi is up:\n{table}\n\nTry:\n" + "\n".join(f"  {line}" for line in _curl_lines(local, home))


def _curl_lines(local: dict[str, Any], home: Home) -> list[str]:
    """Three calls that work when pasted at the top of the project; no secret stands in them."""
    here = "" if home == Home.find() else f" --dir {home.folder}"
    members = local["seed"].get("member_ids") or ["MEMBER_ID"]
    latitude, longitude = 35.6595, 139.7005
    bearer = f'-H "Authorization: Bearer $(.venv/bin/omo token {members[0]}{here})"'
    return [
        f'curl -s -H "Authorization: Bearer $(.venv/bin/omo key pos{here})" {local["points"]}/v1/whoami',
        f"curl -s {bearer} {local['points']}/v1/me/balance",
        f"curl -s {bearer} '{local['checkin']}/v1/stores/nearby?lat={latitude}&lon={longitude}'",
    ]
