"""Cold starts: each bundle unpacked, in a fresh process, from nothing to its first answer; against the least there can be."""

from __future__ import annotations

import json
import os
import py_compile
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZipFile

import boto3

from infra import package as packages
from infra.bench.shop import IMPATIENT, ROOT, Event, Shop, event, quiet
from infra.bench.size import Size
from infra.bench.tables import Row, Spread, Table, Told
from infra.bench_shop import EC
from infra.engine import client, engine, new_table
from infra.locate import INFRA, SERVICES
from infra.package import REGION, Package
from shared import auth, chain, events, keys
from shared.keys import Stage

TARGET = 1.15
KEY_ID = "0123456789Ab"
_STAGE = Stage("bench")
_RUNTIMES = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six")
"""What Lambda's Python has."""


@dataclass(frozen=True)
class Case:
    """A function whose start is measured: which bundle, its name in `app.py`, its event, and its calls by themselves."""

    name: str
    service: str
    function: str
    make: Callable[[Shop], Event]
    calls: int


def _authorization(_: Shop) -> Event:
    arn = f"arn:aws:execute-api:{REGION}:000000000000:api/{_STAGE.name}/GET/v1/whoami"
    return {"type": "TOKEN", "authorizationToken": f"Bearer {_secret()}", "methodArn": arn}


def _secret() -> str:
    body = f"omo_{_STAGE.name}_{KEY_ID}_{'x' * 43}"
    return body + auth._checksum(body)  # noqa: SLF001 - a key that is the same in every run


def _rewarded(shop: Shop) -> Event:
    """The message by which points hears of a check-in."""
    visited = shop.checkin(0)
    shop.do(visited)
    who = json.loads(visited["requestContext"]["authorizer"]["who"])["subject"]
    item = shop.world.ledger.table.newest(keys.account(keys.VISITS, who))
    assert item is not None
    told = [one for entry in chain.entries_of(item) for one in events.of_entry(entry)]
    return {"Records": [{"messageId": str(n), "body": json.dumps(dict(one))} for n, one in enumerate(told)]}


CASES = (
    Case("balance", "points", "app", lambda shop: shop.balance(0), 1),
    Case("purchase", "points", "app", lambda shop: shop.purchase(0), 3),
    Case("redeem", "coupons", "app", lambda shop: shop.redeem(0), 4),
    Case("check-in", "checkin", "app", lambda shop: shop.checkin(0), 4),
    Case("authorizer", "points", "authorizer", _authorization, 1),
    Case("event: a check-in's reward", "points", "inbox", _rewarded, 2),
)
Start = Mapping[str, float]


def measure(size: Size) -> Told:
    """Each case against its floor in turns, and the sizes of the bundles."""
    packages.package_all("local")
    with tempfile.TemporaryDirectory() as folder, quiet(), _shop() as (shop, environment):
        bundles = Bundles(Path(folder))
        starts: dict[str, list[tuple[Start, Start, Start]]] = defaultdict(list)
        for _ in range(size.rounds):
            for case in CASES:
                ours = bundles.start(case, case.make(shop), environment)
                floor = bundles.floor(case.calls, environment, is_compiled=False)
                compiled = bundles.floor(case.calls, environment, is_compiled=True)
                starts[case.name].append((ours, floor, compiled))
        return Told([_starts(starts), _parts(starts), bundles.sizes()])


class Bundles:
    """The bundles unpacked, each beside the floor that its packages allow."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for service in SERVICES:
            with ZipFile(Package(service, "local").bundle) as bundle:
                bundle.extractall(folder / service)
        self._boto = folder / "boto"
        self._boto.mkdir()
        for name in _RUNTIMES:
            _link(name, self._boto)
        for floor in ("floor", "floor-compiled"):
            ours = shutil.ignore_patterns("points", "shared", *(["__pycache__"] if floor == "floor" else []))
            shutil.copytree(folder / "points", folder / floor, ignore=ours)
            shutil.copy(INFRA / "bench" / "floor_app.py", folder / floor / "app.py")
        py_compile.compile(
            str(folder / floor / "app.py"), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
        )

    def start(self, case: Case, made: Event, environment: Mapping[str, str]) -> Start:
        return self._start(self.folder / case.service, case.function, made, environment)

    def floor(self, calls: int, environment: Mapping[str, str], *, is_compiled: bool) -> Start:
        made = event(EC, "floor", "POST", "/floor", {"member_id": "bench", "calls": calls})
        folder = self.folder / ("floor-compiled" if is_compiled else "floor")
        return self._start(folder, "app", made, environment)

    def _start(self, folder: Path, function: str, made: Event, environment: Mapping[str, str]) -> Start:
        script = INFRA / "bench" / "start.py"
        command = [sys.executable, "-S", "-B", str(script), function, str(folder), str(self._boto)]
        done = subprocess.run(
            command, input=json.dumps(made), env=dict(environment), capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        started: Start = json.loads(done.stderr.splitlines()[-1])
        return started

    def sizes(self) -> Table:
        rows: list[Row] = []
        for service in SERVICES:
            bundle = Package(service, "local").bundle
            with ZipFile(bundle) as opened:
                files = opened.infolist()
            own = [one for one in files if one.filename.startswith((f"{service}/", "shared/", "app"))]
            bytecode = sum(one.compress_size for one in files if one.filename.endswith(".pyc"))
            rows.append([service, *(_mb(each) for each in (bundle.stat().st_size, sum(one.file_size for one in files),
                         bytecode, sum(one.compress_size for one in own)))])  # fmt: skip
        return Table("Bundles, in MB", ["service", "zip", "unpacked", "of the zip bytecode", "of the zip ours"], rows)


def _mb(size: float) -> float:
    return round(size / 1e6, 2)


def _link(name: str, into: Path) -> None:
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    origin = Path(spec.origin)
    found = origin.parent if origin.name == "__init__.py" else origin
    (into / found.name).symlink_to(found)


@contextmanager
def _shop() -> Iterator[tuple[Shop, dict[str, str]]]:
    """A shop on MiniStack, which has secrets too, and the environment in which functions find it."""
    with tempfile.TemporaryDirectory() as folder, engine(Path(folder)) as address, client(address) as dynamodb:
        ledger = new_table(dynamodb, name=_STAGE.ledger)
        tables = [ledger, *(new_table(dynamodb, sort="S", name=one) for one in (_STAGE.directory, _STAGE.transient))]
        environment = {
            "PATH": os.environ["PATH"],
            "AWS_ENDPOINT_URL": address,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "OMO_STAGE": _STAGE.name,
            "FLOOR_TABLE": _STAGE.ledger,
        }
        secrets = boto3.client("secretsmanager", endpoint_url=address, region_name=REGION,
                               aws_access_key_id="test", aws_secret_access_key="test")  # fmt: skip  # noqa: S106
        secrets.create_secret(Name=_STAGE.root_secret, SecretString=ROOT)
        secrets.close()
        Shop(tables, clock=IMPATIENT).open()
        shop = Shop(tables, members=1)
        shop.fill()
        scopes = sorted(auth.KINDS["ec"])
        shop.world.directory.table.put(
            {"pk": keys.api_key(KEY_ID)[0], "sk": KEY_ID, "kind": "ec", "owner": "bench", "scopes": scopes}
            | {"state": "active", "hash": auth.hash_of(_secret())}
        )
        yield shop, environment


def _starts(starts: Mapping[str, list[tuple[Start, Start, Start]]]) -> Table:
    rows: list[Row] = [
        [name, *(_ratio(of, n, "cpu") for n in (1, 2)), _ratio(of, 1, "wall"), *(_ms(of, n, "cpu") for n in (0, 1, 2))]
        for name, of in starts.items()
    ]
    columns = [
        "function",
        "÷ floor",
        "÷ floor with bytecode",
        "÷ floor, on the clock",
        "CPU ms",
        "floor",
        "with bytecode",
    ]
    says = (
        f"Processor time from the process's birth to its first answer; target: at most {TARGET} of the floor, which is "
        "what `chalice package` makes of Chalice, boto3's client, one pydantic model and the same number of calls."
    )
    return Table("Cold start", columns, rows, says)


def _parts(starts: Mapping[str, list[tuple[Start, Start, Start]]]) -> Table:
    rows: list[Row] = []
    for name, of in starts.items():
        first = Spread.of([(ours["cpu"] - ours["import_cpu"]) * 1000 for ours, *_ in of], 0)
        rows.append([name, _ms(of, 0, "import_cpu"), first, of[0][0]["modules"]])
    columns = ["function", "interpreter and import, ms", "first answer, ms", "modules"]
    return Table("What a cold start is made of", columns, rows, "A snapshot would take away the first column.")


def _ratio(of: list[tuple[Start, Start, Start]], floor: int, what: str) -> Spread:
    return Spread.of([one[0][what] / one[floor][what] for one in of])


def _ms(of: list[tuple[Start, Start, Start]], which: int, what: str) -> Spread:
    return Spread.of([one[which][what] * 1000 for one in of], 0)
