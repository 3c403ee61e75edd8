"""`omo contract`: the till's scenarios against a deployment, and a bad line to put between a till and one."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from infra import files, issuer
from infra.commands import Failed, Result, Say
from infra.locate import SERVICES, Home
from infra.running import Running


def place(text: str) -> tuple[str, int]:
    """The type of `--listen`: this machine alone, unless another address is named."""
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or not 0 <= int(port) < 65536:
        raise argparse.ArgumentTypeError("a port, or HOST:PORT")
    return host or "127.0.0.1", int(port)


CONTRACT: Sequence[tuple[tuple[str, ...], dict[str, Any]]] = (
    (("scenarios",), {"nargs": "*", "metavar": "SCENARIO", "help": "only these (default: all)"}),
    (
        ("--at",),
        {"type": Path, "metavar": "FILE", "help": "addresses and keys of a deployment (default: the local stack)"},
    ),
    (
        ("--listen",),
        {"metavar": "[HOST:]PORT", "type": place, "help": "be a bad line for a till here"},
    ),
    (("--seed",), {"type": int, "default": 0, "metavar": "N", "help": "which faults the bad line has"}),
    (("--share",), {"type": float, "default": 0.6, "metavar": "0..1", "help": "of the sales that meet with a fault"}),
    (("--seconds",), {"type": float, "metavar": "N", "help": "judge after so long (default: at Ctrl-C)"}),
    (("--record",), {"type": Path, "metavar": "FILE", "help": "keep what was seen on the bad line"}),
    (("--judge",), {"type": Path, "metavar": "FILE", "help": "judge such a record; needs no deployment"}),
)
_SHOWN_MAX = 10


def contract(asked: argparse.Namespace, home: Home, say: Say) -> Result:
    """Run the scenarios; or be a bad line, or read what one saw, and judge the till. A fault is no success."""
    if not 0 <= asked.share <= 1:
        raise Failed("--share is a number from 0 to 1.")
    if asked.judge:
        return _judged(_read(asked.judge), None)
    deployment = _deployment(asked.at, home)
    if asked.listen:
        return _listen(asked, deployment, say)
    return _scenarios(asked, deployment, home, say)


# ---- the deployment -------------------------------------------------------------------------------------------------


def _deployment(path: Path | None, home: Home) -> Mapping[str, Any]:
    """Addresses and keys: those of a file, or of the local stack."""
    try:
        found = files.read_json(path or home.local)
    except (ValueError, OSError) as wrong:
        raise Failed(f"{path or home.local} can't be read: {wrong}.") from None
    if found is None:
        raise Failed(
            f"There is no file {path}." if path else "The stack is not up: run `omo up` first, or name a file by --at."
        )
    wanted = [*SERVICES, "keys"]
    missing = [name for name in wanted if not (isinstance(found, dict) and found.get(name))]
    if missing or not isinstance(found["keys"], dict):
        raise Failed(
            f"{path or home.local} must tell {', '.join(wanted)}; it lacks {', '.join(missing) or 'names of keys'}."
        )
    for service in SERVICES:
        at = urlsplit(str(found[service]))
        if at.scheme != "https" and not (at.scheme == "http" and at.hostname in ("127.0.0.1", "::1", "localhost")):
            raise Failed(f"{service} at {found[service]}: only https, or this machine itself, for keys travel there.")
    return dict(found)


# ---- scenarios ------------------------------------------------------------------------------------------------------


def _scenarios(asked: argparse.Namespace, deployment: Mapping[str, Any], home: Home, say: Say) -> Result:
    from infra import contract_scenarios  # brings the services with it: not for every word of the command line
    from infra.contract_kit import Kit
    from infra.contract_proxy import forward_to

    unknown = [name for name in asked.scenarios if name not in contract_scenarios.SCENARIOS]
    if unknown:
        raise Failed(f"There is no scenario {unknown[0]!r}. There are: {', '.join(contract_scenarios.SCENARIOS)}.")
    running = None if asked.at else Running.find(home)
    guest = deployment.get("member") or {}

    def token(member_id: str) -> str | None:
        if running is not None:
            return issuer.mint(home.issuer_key, running.issuer.port, member_id, 600)
        return guest.get("token") if member_id == guest.get("member_id") else None

    kit = Kit(forward_to(deployment).forward, deployment["keys"], token, guest_id=guest.get("member_id"))
    outcomes = []
    for one in contract_scenarios.run(kit, asked.scenarios):
        outcomes.append(one)
        say(f"{one.outcome:<8}{one.name:<20}{one.why or one.says}")
    counted = {word: sum(one.outcome == word for one in outcomes) for word in ("passed", "failed", "skipped")}
    value = {**counted, "scenarios": [_outcome(one) for one in outcomes]}
    words = (
        "\n".join(_requests_of(outcomes))
        + f"\n{counted['passed']} passed, {counted['failed']} failed, {counted['skipped']} skipped."
    )
    return Result(value, words.lstrip("\n"), 1 if counted["failed"] else 0)


def _outcome(one: Any) -> dict[str, Any]:
    steps = [vars(step) for step in one.steps]
    return {"name": one.name, "says": one.says, "outcome": one.outcome, "why": one.why, "requests": steps}


def _requests_of(outcomes: Sequence[Any]) -> Iterator[str]:
    """The requests of what failed, as people read them."""
    for one in outcomes:
        if one.outcome == "failed":
            yield f"\n{one.name}: {one.why}"
            for step in one.steps:
                yield f"  {step.who:<16}{step.method} {step.target} {_short(step.body)}"
                yield f"    → {step.status} {_short(step.answer)}"


def _short(value: Any) -> str:
    text = "" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else text[:199] + "…"


# ---- the bad line ---------------------------------------------------------------------------------------------------


def _listen(asked: argparse.Namespace, deployment: Mapping[str, Any], say: Say) -> Result:
    from infra.contract_proxy import Proxy, forward_to

    line = forward_to(deployment)
    line.seed, line.share = asked.seed, asked.share
    try:
        server = Proxy(asked.listen, line)
    except OSError as taken:
        raise Failed(f"{asked.listen[0]}:{asked.listen[1]} can't be listened at: {taken.strerror}.") from None
    with server.running():
        for service in SERVICES:
            say(f"{service:<10}{server.address}/{service}")
        say(
            "Let the till work through a day. " + ("" if asked.seconds else "Ctrl-C ends it, and judges what was seen.")
        )
        wait(asked.seconds)
    if asked.record:
        _keep(asked.record, line.seen)
    return _judged(line.seen, dict(line.faults()))


def wait(seconds: float | None) -> None:
    """Until the time is over, or somebody says so."""
    end = None if seconds is None else time.monotonic() + seconds
    try:
        while end is None or time.monotonic() < end:
            time.sleep(0.2)
    except KeyboardInterrupt:
        return


def _keep(path: Path, seen: Sequence[Any]) -> None:
    from infra import contract_record

    files.write_private(path, "".join(contract_record.to_line(one) for one in seen).encode())


def _read(path: Path) -> list[Any]:
    from infra import contract_record

    try:
        return [contract_record.of_line(line) for line in path.read_text("utf-8").splitlines() if line]
    except OSError as failed:
        raise Failed(f"{path} can't be read: {failed.strerror}.") from None
    except ValueError as wrong:
        raise Failed(f"{path} is no record of a line: {wrong}.") from None


def _judged(seen: Sequence[Any], faults: Mapping[str, int] | None) -> Result:
    """What the rules say of it. A line that saw nothing is no success: nothing was proved."""
    from infra import contract_rules

    verdicts = contract_rules.judge(seen)
    by_number = {one.n: one for one in seen}
    rules = []
    for verdict in verdicts:
        broken = [
            {"says": one.says, "requests": [_request(by_number[n]) for n in one.requests]} for one in verdict.broken
        ]
        rules.append({"rule": verdict.rule, "says": verdict.says, "occasions": verdict.occasions, "broken": broken})
    value: dict[str, Any] = {"requests": len(seen), "faults": faults, "rules": rules}
    return Result(value, "\n".join(_words(value)), 1 if not seen or any(one["broken"] for one in rules) else 0)


def _request(one: Any) -> dict[str, Any]:
    at = datetime.fromtimestamp(one.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    saw = one.status if one.status is not None else f"no answer ({one.fault or 'the services did not answer'})"
    said = {
        "n": one.n,
        "at": at,
        "request": f"{one.method} /{one.service}{one.target}",
        "body": one.body,
        "answer": saw,
    }
    return said | ({"code": one.answer["code"]} if "code" in one.answer else {})


def _words(value: Mapping[str, Any]) -> Iterator[str]:
    rules = value["rules"]
    for one in rules:
        state = "BROKEN" if one["broken"] else "kept" if one["occasions"] else "no occasion"
        yield f"{state:<13}{one['rule']:<22}{one['says']}"
        for fault in one["broken"][:_SHOWN_MAX]:
            yield f"    {fault['says']}"
            for request in fault["requests"]:
                code = f" {request['code']}" if "code" in request else ""
                yield f"      #{request['n']} {request['at']} {request['request']} → {request['answer']}{code}"
                yield f"         {_short(request['body'])}"
        if len(one["broken"]) > _SHOWN_MAX:
            yield f"    and {len(one['broken']) - _SHOWN_MAX} more; --json tells them all."
    broken = sum(bool(one["broken"]) for one in rules)
    idle = sum(not one["occasions"] for one in rules)
    met = "" if value["faults"] is None else f", {sum(value['faults'].values())} faults"
    yield f"{value['requests']} requests{met}: {broken} rules broken, {len(rules) - broken - idle} kept, {idle} without an occasion."
