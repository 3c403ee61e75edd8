"""The `omo` command: one table of commands, each with words for people and JSON for machines.

Exit status 0 only on success, 1 on failure, 2 on wrong usage, 130 when interrupted.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra import (
    commands,
    commands_audit,
    commands_codes,
    commands_contract,
    commands_cost,
    commands_deploy,
    commands_jobs,
    commands_keys,
    commands_openapi,
    commands_reconcile,
    commands_replay,
    commands_reports,
    commands_sim,
    commands_stores,
    completion,
    examples,
)
from infra.commands import Failed, Result
from infra.deploy import DeploymentFailed
from infra.emulator import StackFailed
from infra.locate import Home
from infra.package import PackagingFailed
from infra.seed import SeedFailed

EXPECTED = (Failed, DeploymentFailed, PackagingFailed, SeedFailed, StackFailed)

Arguments = Sequence[tuple[tuple[str, ...], dict[str, Any]]]


@dataclass(frozen=True)
class Command:
    """One word of the command line, or a word of a group."""

    name: str
    says: str
    run: Callable[[argparse.Namespace, Home, commands.Say], Result]
    arguments: Arguments = ()


COMMANDS = (
    Command(
        "up",
        "bring the local stack up, or a running one up to date",
        commands.up,
        [(("--port",), {"type": int, "help": "MiniStack's port (default: 4566 if it is free)"})],
    ),
    Command("down", "stop the local stack; its data are kept", commands.down),
    Command("status", "what runs, and whether it answers", commands.status),
    Command(
        "token",
        "a member's token of the local issuer",
        commands.token,
        [
            (("member_id",), {"metavar": "MEMBER_ID"}),
            (("--ttl",), {"type": int, "default": 3600, "metavar": "SECONDS", "help": "negative: already expired"}),
            (("--aud",), {"default": None, "metavar": "A", "help": "another audience than omotenashi"}),
        ],
    ),
    Command("key", "the secret of a local API key", commands.key, [(("name",), {"metavar": "NAME"})]),
    Command(
        "keys first", "the first operator key of a new stage on AWS", commands_deploy.first_key, commands_deploy.FIRST
    ),
    Command("keys list", "every API key, without secrets", commands_keys.listed, commands_keys.LIST),
    Command("keys make", "a new API key; its secret is told once", commands_keys.make, commands_keys.MAKE),
    Command("keys rotate", "a new secret beside the old one", commands_keys.rotate, commands_keys.ROTATE),
    Command("keys revoke", "stop a key for good", commands_keys.revoke, commands_keys.REVOKE),
    Command("seed", "make the sample shops, keys and members that are missing", commands.seed),
    Command(
        "replay",
        "send real receipts, then compare every balance with them",
        commands_replay.replay,
        commands_replay.ARGUMENTS,
    ),
    Command(
        "audit",
        "prove the books: numbers, hashes, times, sums, lots, and what lies between chains",
        commands_audit.audit,
        commands_audit.AUDIT,
    ),
    Command(
        "alarms",
        "look at the points and coupons of which something is due: reminders, expiry, activation",
        commands_jobs.alarms,
        commands_jobs.ALARMS,
    ),
    Command(
        "redrive",
        "send what lies in dead-letter queues and parking places on its way once more",
        commands_jobs.redriven,
        commands_jobs.REDRIVE,
    ),
    Command(
        "report",
        "points outstanding and by month, a partner's month, campaigns, members' activity",
        commands_reports.report,
        commands_reports.REPORT,
    ),
    Command(
        "reconcile",
        "compare a till's journal with the ledger, and send what is missing there",
        commands_reconcile.reconcile,
        commands_reconcile.RECONCILE,
    ),
    Command("codes make", "make codes of a campaign straight into a file", commands_codes.make, commands_codes.MAKE),
    Command("codes import", "take in codes that somebody else made", commands_codes.take_in, commands_codes.IMPORT),
    Command(
        "codes sheet",
        "lay a file of codes out as pages to print, with QR codes",
        commands_codes.sheet,
        commands_codes.SHEET,
    ),
    Command(
        "stores import", "set the stores of a CSV or GeoJSON file", commands_stores.take_in, commands_stores.IMPORT
    ),
    Command(
        "contract",
        "prove a deployment by the till's scenarios, or a till on a bad line",
        commands_contract.contract,
        commands_contract.CONTRACT,
    ),
    Command(
        "openapi",
        "the description of the services: one OpenAPI document, and types made of it",
        commands_openapi.describe,
        commands_openapi.OPENAPI,
    ),
    Command("cost", "estimate a month's bill on AWS", commands_cost.cost, commands_cost.COST),
    Command(
        "sim", "attack the real functions with every fault there is, seed by seed", commands_sim.sim, commands_sim.SIM
    ),
    Command("bench", "how fast it is, as ratios within one run", commands.bench, commands.BENCH),
    Command(
        "package",
        "make the three deployable packages",
        commands.package,
        [(("--stage",), {"default": "local", "type": commands.stage_name, "metavar": "S"})],
    ),
    Command(
        "deploy",
        "bring a stage on AWS up to date, each change shown first",
        commands_deploy.deploy,
        commands_deploy.DEPLOY,
    ),
    Command(
        "destroy", "take a stage away; its data only if told twice", commands_deploy.destroy, commands_deploy.DESTROY
    ),
    Command(
        "completion",
        "what a shell needs to complete command lines of omo",
        lambda asked, *_: _completion(asked.shell),
        [(("shell",), {"choices": list(completion.SHELLS)})],
    ),
)


def _completion(shell: str) -> Result:
    text = completion.script(shell, parser())
    return Result({"shell": shell, "script": text}, text.removesuffix("\n"))


GROUPS = {
    "codes": "one-time codes in bulk: made, printed, imported",
    "keys": "API keys: made, listed, rotated, revoked",
    "stores": "stores, many at once",
}


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="answer in JSON")
    common.add_argument("--dir", metavar="DIR", help="the stack's folder (default: $OMO_HOME, else .omo)")
    whole = argparse.ArgumentParser(prog="omo", description="Omotenashi's command line.")
    words = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    of_groups: dict[str, Any] = {}
    for command in COMMANDS:
        group, _, name = command.name.rpartition(" ")
        if group and group not in of_groups:
            more = words.add_parser(group, help=GROUPS[group], description=GROUPS[group])
            of_groups[group] = more.add_subparsers(dest="what", required=True, metavar="WHAT")
        place = of_groups[group] if group else words
        told: Any = {"help": command.says, "description": command.says, "epilog": examples.epilog(command.name)}
        as_it_stands = argparse.RawDescriptionHelpFormatter
        word = place.add_parser(name, **told, formatter_class=as_it_stands, parents=[common])
        word.set_defaults(run=command.run)
        for names, options in command.arguments:
            word.add_argument(*names, **options)
    return whole


def run(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command line; wrong usage ends in argparse, with status 2."""
    asked = parser().parse_args(arguments)
    # News on the way is for people; for machines only the answer goes to standard output.
    stream = sys.stderr if asked.json else sys.stdout
    try:
        result: Result = asked.run(asked, Home.find(asked.dir), lambda line: print(line, file=stream, flush=True))
    except EXPECTED as failure:
        _tell_failure(str(failure), as_json=asked.json)
        return 1
    except (ClientError, BotoCoreError) as failure:
        _tell_failure(f"AWS did not take it: {failure}", as_json=asked.json)
        return 1
    print(json.dumps(result.value, ensure_ascii=False) if asked.json else result.words)
    return result.status


def _tell_failure(message: str, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"error": message}, ensure_ascii=False))
    else:
        print(f"omo: {message}", file=sys.stderr)


def main() -> None:
    """What the console script calls."""
    try:
        sys.exit(run())
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(1)


if __name__ == "__main__":
    main()
