"""Imports run one way: app → actions → rules, store → model, shared. Services never import one another."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SERVICES = ("points", "coupons", "checkin")
PURE = (
    "rules",
    "model",
    "partner_model",
    "key_model",
    "stats_model",
    "person",
    "bought",
    "purchase",
    "purchase_chain",
    "returned",
    "arriving",
    "obeying",
    "caps",
    "standing",
    "spending",
    "verbs",
    "holding",
    "undoing",
    "acting",
    "adjusting",
    "lots",
    "balances",
    "liability",
    "day_close",
    "guard_model",
    "guard_rules",
    "hook_model",
    "attending",
    "dues",
    "merging",
    "budgets",
    "accepting",
    "programme",
    "rule",
    "tiers",
    "reckoning",
    "earning",
    "premium",
    "shorthand",
    "book",
    "cards",
    "hearing",
    "stamp_programme",
    "campaign",
    "fields",
    "figures",
    "attribution",
    "lift",
    "store_days",
    "offline",
    "offline_model",
    "terminal",
    "codes",
    "ff1",
    "geo",
    "visits",
    "evidence",
    "integrity",
    "dwelling",
    "devices",
    "traffic",
    "approach",
    "ruling",
)
IMPURE_SHARED = {
    "shared.alarm_job",
    "shared.alarms",
    "shared.aws",
    "shared.world",
    "shared.web",
    "shared.http",
    "shared.auth",
    "shared.table",
    "shared.dynamo",
    "shared.ledger",
    "shared.together",
    "shared.directory",
    "shared.secrets",
    "shared.relay",
    "shared.reviews",
    "shared.inbox",
    "shared.guessing",
    "shared.member_ref",
    "shared.files",
    "shared.queues",
}

AWS_IS_CALLED_IN = {f"shared/{one}.py" for one in ("dynamo", "relay", "queues", "files", "secrets", "world")}
"""Table, publisher, inbox, and the two that long jobs need; the secret's reader, and who puts them all together."""


def imports(path):
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def modules(*folders):
    return [path for folder in folders for path in sorted((ROOT / folder).glob("*.py"))]


PACKAGES = [f"services/{service}/{service}" for service in SERVICES]


@pytest.mark.parametrize("path", modules(*PACKAGES), ids=str)
def test_services_never_import_one_another(path):
    mine = path.parent.name
    others = {other for other in SERVICES if other != mine}
    assert not {name for name in imports(path) if name.split(".")[0] in others | {"infra", "tests"}}


@pytest.mark.parametrize("path", modules("shared"), ids=str)
def test_shared_knows_no_service(path):
    assert not {name for name in imports(path) if name.split(".")[0] in {*SERVICES, "services", "infra", "tests"}}


@pytest.mark.parametrize("path", modules("shared", *PACKAGES), ids=str)
def test_boto_and_chalice_stay_at_the_edge(path):
    tops = {name.split(".")[0] for name in imports(path)}
    relative = str(path.relative_to(ROOT))
    assert "boto3" not in tops or relative == "shared/aws.py"
    assert "shared.aws" not in imports(path) or relative in AWS_IS_CALLED_IN
    assert "botocore" not in tops or relative in ("shared/aws.py", "shared/dynamo.py", "shared/queues.py")
    assert "chalice" not in tops or relative == "shared/web.py"


@pytest.mark.parametrize("path", [path for path in modules(*PACKAGES) if path.stem in PURE], ids=str)
def test_rules_know_no_clock_no_tables_and_no_world(path):
    known = imports(path)
    assert not known & IMPURE_SHARED
    assert not {name.split(".")[0] for name in known} & {"os", "random", "time", "logging", "secrets"}
    text = path.read_text(encoding="utf-8")
    assert "now()" not in text


def test_keys_of_items_are_spelled_in_one_place():
    for path in modules("shared", *PACKAGES):
        if path.name != "keys.py":
            assert "omo-{" not in path.read_text(encoding="utf-8"), path
