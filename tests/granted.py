"""What each function does with AWS, seen from below: every call of a table, queue, topic, file or secret in its name.

`tests/conftest.py` installs it for all tests, so that whatever a function does in any of them must be granted to it in
the templates, or that test fails. `tests/security/test_grants.py` proves that nothing is granted in vain.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

import coupons.alarms
import coupons.reactions
import points.alarms
import points.delivering
import points.leaving
import points.reports
from infra import roles, template
from shared import auth, directory, dynamo, files, http, inbox, keys, memory, queues, relay, secrets
from shared.table import Remove
from shared.world import World

Call = tuple[str, str]
"""An action of IAM and what it is done to: `("dynamodb:GetItem", "ledger")`."""

METHODS = {
    "get": "GetItem",
    "items": "Query",
    "newest": "Query",
    "scan": "Scan",
    "put_new": "PutItem",
    "put": "PutItem",
    "replace": "PutItem",
    "delete": "DeleteItem",
}
"""What each method of the store port is, over DynamoDB."""


@dataclass
class Running:
    """A function at work: what it is called in the templates, which table is which, and what it has called."""

    functions: tuple[str, ...]
    tables: dict[int, str]
    is_below: bool = False


_running: ContextVar[Running | None] = ContextVar("running", default=None)
SEEN: set[tuple[str, Call]] = set()
"""All that was called so far in this process, by function."""


def note(service: str, action: str, what: str) -> None:
    """Somebody calls AWS: in a function's name it must be granted."""
    running = _running.get()
    if running is None or running.is_below:
        return
    call = (f"{service}:{action}", what)
    for function in running.functions:
        SEEN.add((function, call))
        if call not in granted(function):
            pytest.fail(f"{function} may not {call[0]} on {what}: infra/grants.yaml does not say so")


@cache
def granted(function: str) -> frozenset[Call]:
    """What the role of a function allows, read from the policy that is deployed."""
    return frozenset(calls_of(_policies()[function]))


@cache
def _policies() -> dict[str, list[Any]]:
    return {
        f"{service}/{function}": policy_of(roles.of(service)[f"{function}Role"])
        for service, functions in template.load(roles.GRANTS).items()
        for function in functions
    }


def policy_of(role: Any) -> list[Any]:
    """The statements of a role in a template."""
    return [one for policy in role["Properties"]["Policies"] for one in policy["PolicyDocument"]["Statement"]]


def calls_of(statements: list[Any]) -> Iterator[Call]:
    """What statements allow, as `note` says it."""
    for statement in statements:
        assert statement["Effect"] == "Allow"
        for action in statement["Action"]:
            for resource in statement["Resource"]:
                yield action, _short(resource)


def _short(resource: Any) -> str:
    """`ledger` for the whole name of the table, and so on."""
    name = str(resource["Fn::Sub"] if "Fn::Sub" in resource else resource["Fn::ImportValue"]["Fn::Sub"])
    return name.rpartition("omo-${Stage}-")[2].removesuffix("-${AWS::AccountId}").replace("-${AWS::AccountId}/", "/")


FUNCTIONS = tuple(f"{service}/{one}" for service, all_ in template.load(roles.GRANTS).items() for one in all_)


def by_lambda(function: str) -> frozenset[Call]:
    """What Lambda itself does in a function's name; `tests/infra/test_templates.py` holds it against the template."""
    service, _, name = function.partition("/")
    grant = template.load(roles.GRANTS)[service][name]
    looked = {("sqs:GetQueueAttributes", queue) for queue in grant.get("look", ())}  # which its own code does
    theirs = {call for call in granted(function) if call[0].startswith("logs:") or call[0] in roles.BY_LAMBDA} - looked
    if "fails_to" in grant and grant["fails_to"] not in grant.get("send", ()):
        theirs.add(("sqs:SendMessage", grant["fails_to"]))
    return frozenset(theirs)


# ---- who is at work -------------------------------------------------------------------------------------------------


@contextmanager
def acting(world: World | None, *functions: str) -> Iterator[None]:
    """Whatever is called meanwhile is called by this function; by none, if it is no function of ours."""
    tables = {}
    if world is not None:
        every = (world.ledger.table, world.directory.table, world.transient)
        tables = dict(zip(map(id, every), roles.TABLES, strict=True))
    token = _running.set(Running(functions, tables) if functions else None)
    try:
        yield
    finally:
        _running.reset(token)


def _service(*of: Any) -> str | None:
    """The service that a function of it belongs to."""
    tops = (getattr(one, "__module__", "").partition(".")[0] for one in of)
    return next((top for top in tops if top in keys.SERVICES), None)


def _of_route(_: World, route: Any, __: Any) -> list[str]:
    service = _service(route.action)
    return [f"{service}/APIHandler"] if service else []


def _of_message(_: World, __: Any, *, reactions: Any, carry_on: Any = None) -> list[str]:
    if carry_on is coupons.reactions.STEPS:
        return ["coupons/Codes"]
    service = _service(*(carry_on or {}).values(), *reactions.values())
    return [f"{service}/Inbox"] if service else []


def _entrance(module: Any, name: str, which: Callable[..., list[str]]) -> None:
    """Where a function of Lambda begins: its first argument is the world."""
    real = getattr(module, name)

    @functools.wraps(real)
    def enter(world: World, *args: Any, **more: Any) -> Any:
        with acting(world, *which(world, *args, **more)):
            return real(world, *args, **more)

    setattr(module, name, enter)


def _to_queue(name: str) -> None:
    for action in ("GetQueueUrl", "SendMessage"):
        note("sqs", action, name)


def _looked_at(name: str) -> None:
    for action in ("GetQueueUrl", "GetQueueAttributes"):
        note("sqs", action, name)


@dataclass
class Watched:
    """An outbox of the relay, and what it sends noted."""

    box: Any

    def publish(self, events: Any) -> Any:
        note("sns", "Publish", "events")
        return self.box.publish(events)

    def carry_on(self, service: str, partition: str) -> None:
        _to_queue(f"{service}-inbox")
        self.box.carry_on(service, partition)

    def park(self, key: Any, reason: str) -> None:
        _to_queue("parking")
        self.box.park(key, reason)


def _watch_relays() -> None:
    of_ledger, of_directory = relay.relay_ledger, relay.relay_directory

    @functools.wraps(of_ledger)
    def relay_ledger(world: World, records: Any, outbox: Any, follow: Any = None) -> None:
        with acting(world, "points/RelayLedger"):
            of_ledger(world, records, Watched(outbox), follow)

    @functools.wraps(of_directory)
    def relay_directory(records: Any, outbox: Any) -> None:
        with acting(None, "points/RelayDirectory"):
            of_directory(records, Watched(outbox))

    setattr(relay, "relay_ledger", relay_ledger)  # noqa: B010 - a function that takes the place of another
    setattr(relay, "relay_directory", relay_directory)  # noqa: B010


# ---- what it calls --------------------------------------------------------------------------------------------------


def _watch(kind: type, name: str, say: Callable[..., None]) -> None:
    """Note each call of a method, but not what it calls in its turn."""
    real = getattr(kind, name)

    @functools.wraps(real)
    def call(self: Any, *args: Any, **more: Any) -> Any:
        running = _running.get()
        if running is None or running.is_below:
            return real(self, *args, **more)
        say(self, *args, **more)
        running.is_below = True
        try:
            return real(self, *args, **more)
        finally:
            running.is_below = False

    setattr(kind, name, call)


def _to_table(table: Any, *actions: str) -> None:
    running = _running.get()
    name = running.tables.get(id(table)) if running else None  # a test may put a table of its own before the real one
    for action in actions if name else ():
        note("dynamodb", action, str(name))


def _in_transaction(table: Any, writes: Any) -> None:
    _to_table(table, *("DeleteItem" if isinstance(write, Remove) else "PutItem" for write in writes))


def _watch_tables() -> None:
    for kind in (memory.MemoryTable, dynamo.DynamoTable):
        for method, action in METHODS.items():
            _watch(kind, method, lambda table, *_, _action=action, **__: _to_table(table, _action))
        _watch(kind, "get_many", lambda table, wanted, **_: _to_table(table, *["BatchGetItem"] * bool(wanted)))
        _watch(kind, "transact", _in_transaction)


def _watch_the_rest() -> None:
    # Kept for a second and for good: another function of the same test may have asked before.
    cached = directory.Directory
    for name, action in (("setting", "GetItem"), ("settings", "Query")):
        _watch(cached, name, lambda _, *__, _action=action: note("dynamodb", _action, "directory"))
    for name in ("derive_accepted", "seal", "unseal"):
        _watch(secrets.Secrets, name, lambda *_: note("secretsmanager", "GetSecretValue", "root-secret"))
    _watch(secrets.Secrets, "attestation", lambda *_: note("secretsmanager", "GetSecretValue", "attestation*"))
    for name in ("send", "carry_on"):
        _watch(queues.MemoryQueues, name, lambda _, inbox, *__: _to_queue(f"{inbox}-inbox"))
    _watch(queues.MemoryQueues, "waiting", lambda _, queue: _looked_at(keys.Stage("test").short(queue)))
    _watch(files.MemoryFiles, "put", lambda _, key, *__: note("s3", "PutObject", _in_folder(key)))
    _watch(files.MemoryFiles, "address", lambda _, key, __: note("s3", "GetObject", _in_folder(key)))
    _watch(files.MemoryFiles, "get", _reads_file)


def _reads_file(_: Any, key: str) -> None:
    note("s3", "GetObject", _in_folder(key))
    note("s3", "ListBucket", "files")  # else what is not there is answered like what must not be read


def _in_folder(key: str) -> str:
    return f"files/{key.partition('/')[0]}/*"


def install() -> None:
    """Watch from now on, in this process."""
    _entrance(http, "answer", _of_route)
    _entrance(auth, "authorize", lambda *_: [f"{service}/Authorizer" for service in keys.SERVICES])
    _entrance(inbox, "work", _of_message)
    _entrance(points.delivering, "work", lambda *_: ["points/Webhooks"])
    for module in (points.leaving, points.alarms, points.reports):
        _entrance(module, "work", lambda *_: ["points/Hourly"])
    _entrance(coupons.alarms, "work", lambda *_: ["coupons/Hourly"])
    _watch_relays()
    _watch_tables()
    _watch_the_rest()
