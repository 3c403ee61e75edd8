"""The local stack: its processes, the four CloudFormation stacks in MiniStack, and `local.json`.

MiniStack keeps its data in memory and writes them to disk when it is stopped with SIGTERM, and only then. A marker
says whether the last stop was such a one; without it what lies on disk is old or torn, and a start begins afresh.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from infra import console, emulator, files, issuer, package, seed
from infra.deploy import Cloud
from infra.emulator import StackFailed
from infra.locate import SERVICES, Home
from infra.process import Process, free_port
from infra.running import PORTS, Running, start_issuer, with_console

STAGE = "local"
# A failed message is tried again after this; in the cloud after 90 s. Never below the inbox functions' timeout.
INBOX_VISIBILITY_SECONDS = 15
HEALTH = "/_ministack/health"
DATA_FORM = "2"
"""The form in which items are kept. A local stack with data of another form begins afresh."""

Say = Callable[[str], None]
Gifts = Callable[[dict[str, Any], Home, Say], dict[str, Any]]


def up(home: Home, say: Say, *, port: int | None = None, give: Gifts = seed.seed) -> dict[str, Any]:
    """Bring everything up, or bring a running stack up to date; returns what stands in `local.json`.

    `give` makes the sample data once the services answer.
    """
    with files.alone(home.lock):
        running = _find_answering(home, say)
        _package(say)
        running = with_console(running or _start(home, say, port))
        changed = _deploy(running, say)
        if changed or not home.local.exists():
            addresses = _addresses(running)
            _wait_until_healthy(addresses)
            seeded = give(addresses, home, say)
            files.write_json(home.local, {**addresses, **seeded})
        local: dict[str, Any] = files.read_json(home.local)
        return local


def down(home: Home, say: Say) -> bool:
    """Stop what `up` started, letting MiniStack save its data; whether anything was running."""
    with files.alone(home.lock):
        record = files.read_json(home.processes) or {}
        home.local.unlink(missing_ok=True)
        found = [process for process in map(Process.of, record.values()) if process and process.is_alive()]
        ministack = Process.of(record.get("ministack"))
        if ministack and ministack.is_alive():
            say("Stopping; the data are being saved …")
            _let_events_out(ministack, say)
            if not _stop_and_save(home, ministack):
                say("MiniStack did not stop cleanly: its data could not be saved.")
        for process in found:
            process.stop(5)
        return bool(found)


def status(home: Home) -> dict[str, Any]:
    """What of the stack runs, and whether each service answers."""
    running = Running.find(home)
    local = files.read_json(home.local)
    services = {service: _answers(local[service]) if running and local else False for service in SERVICES}
    return {
        "running": bool(running and all(services.values())),
        "services": services,
        "console": _answers(local["console"], console.FIRST) if running and local and local["console"] else False,
        "local": local and _public(local),
    }


def _find_answering(home: Home, say: Say) -> Running | None:
    """The running stack; one that lives but does not answer is stopped, so that a new one can take its place."""
    running = Running.find(home)
    if running is None:
        return None
    if _answers(running.endpoint, HEALTH):
        say(f"The stack is running already (process {running.ministack.pid}).")
        return running
    _stop_and_save(home, running.ministack)
    return None


def _stop_and_save(home: Home, ministack: Process) -> bool:
    """Stop MiniStack and mark the stop as clean, if its data were really written by it."""
    saved = home.state / "cloudformation.json"
    before = saved.stat().st_mtime_ns if saved.exists() else 0
    is_clean = ministack.stop() and saved.exists() and saved.stat().st_mtime_ns > before
    if is_clean:
        home.clean_stop.write_text(DATA_FORM)
    return is_clean


def _let_events_out(ministack: Process, say: Say) -> None:
    """A stack that is too broken to answer must still be stopped."""
    try:
        emulator.wait_until_relayed(Cloud(STAGE, f"http://127.0.0.1:{ministack.port}"), say)
    except (BotoCoreError, ClientError):
        say("MiniStack does not answer; events that were on their way may be lost.")


def _public(local: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in local.items() if name != "keys"}


def _package(say: Say) -> None:
    anew = [service for service, was_packaged in package.package_all(STAGE).items() if was_packaged]
    if anew:
        say(f"Packaged {', '.join(anew)}.")


def _start(home: Home, say: Say, port: int | None) -> Running:
    _clear_away(home, say)
    last = files.read_json(home.processes) or {}
    ports: dict[str, int] = {}
    for name in ("ministack", "issuer"):
        asked = port if name == "ministack" else None
        ports[name] = free_port(asked, last.get(name, {}).get("port"), PORTS[name])
    if port and ports["ministack"] != port:
        raise StackFailed(f"Port {port} is taken.")
    if not home.issuer_key.exists():
        issuer.make_key(home.issuer_key)
    emulator.forget_stream_positions(home.state)
    home.clean_stop.unlink(missing_ok=True)
    started = {"ministack": emulator.start(home, ports["ministack"]), "issuer": start_issuer(home, ports["issuer"])}
    # The console's port stays noted, for browsers remember the address.
    noted = {"console": last["console"]} if "console" in last else {}
    files.write_json(home.processes, noted | {name: process.record() for name, process in started.items()})
    running = Running(home, started["ministack"], started["issuer"])
    _wait_for(lambda: _answers(running.endpoint, HEALTH), running.ministack, home)
    say(f"MiniStack answers at {running.endpoint}.")
    return running


def _clear_away(home: Home, say: Say) -> None:
    """Leave nothing of a stack that did not stop cleanly, and say so if that costs data."""
    for record in (files.read_json(home.processes) or {}).values():
        process = Process.of(record)
        if process:
            process.stop(10)
    home.local.unlink(missing_ok=True)
    shutil.rmtree(home.folder / "tmp", ignore_errors=True)
    if home.clean_stop.exists():
        if home.clean_stop.read_text() == DATA_FORM:
            return
        say("The local data were written by another version in another form. Starting fresh.")
    elif home.processes.exists():
        say("The local AWS was not stopped cleanly the last time: the local data were lost. Starting fresh.")
    shutil.rmtree(home.state, ignore_errors=True)
    for path in (home.keys, home.issuer_key):
        path.unlink(missing_ok=True)


def _deploy(running: Running, say: Say) -> list[str]:
    """Deploy what has changed; the parts that were touched."""
    cloud = Cloud(STAGE, running.endpoint)
    issuers = json.dumps(issuer.settings(running.issuer.port), separators=(",", ":"))
    parameters = {"Issuers": issuers, "TestClock": "1", "AllowedOrigin": running.console_address}
    changed = ["data"] if cloud.deploy_data({"InboxVisibilitySeconds": str(INBOX_VISIBILITY_SECONDS)}) else []
    changed += [service for service in SERVICES if cloud.deploy_service(service, parameters)]
    if changed:
        say(f"Deployed {', '.join(changed)}.")
    return changed


def _addresses(running: Running) -> dict[str, Any]:
    cloud = Cloud(STAGE, running.endpoint)
    return {
        **{service: cloud.address(service) for service in SERVICES},
        "console": running.console_address,
        "aws_endpoint": running.endpoint,
        "issuer": issuer.address(running.issuer.port),
        "pid": running.ministack.pid,
    }


def _wait_until_healthy(addresses: dict[str, Any]) -> None:
    """Wait for all services at once, for each starts a worker of its own."""
    with ThreadPoolExecutor(len(SERVICES)) as pool:
        list(pool.map(lambda service: _wait_for(lambda: _answers(addresses[service])), SERVICES))


def _wait_for(is_ready: Callable[[], bool], process: Process | None = None, home: Home | None = None) -> None:
    deadline = time.monotonic() + 60
    while not is_ready():
        log = f" See {home.logs}." if home else ""
        if process and not process.is_alive():
            raise StackFailed(f"A process of the stack ended at once.{log}")
        if time.monotonic() > deadline:
            raise StackFailed(f"The stack does not answer.{log}")
        time.sleep(0.1)


def _answers(address: str, path: str = "/health") -> bool:
    try:
        return httpx.get(f"{address}{path}", timeout=10, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False
