"""A stage of its own on the local AWS: shown, deployed, upgraded and rolled back under load, taken away."""

import io
import itertools
import json
import threading
import time
import zipfile

import httpx
import pytest

from infra.deploy import Cloud
from infra.rollout import Rollout
from tests.e2e.conftest import eventually, omo

pytestmark = pytest.mark.slow  # it packages once more, for its own stage

STAGE = "dev"


@pytest.fixture(scope="module")
def endpoint(stack):
    return stack.local["aws_endpoint"]


@pytest.fixture(scope="module")
def deployed(endpoint):
    """The stage, deployed once, and its first operator's key."""
    told = json.loads(omo("deploy", "--stage", STAGE, "--endpoint", endpoint, "--yes", "--json").stdout)
    assert {one["part"] for one in told["changes"]} == {"data", "points", "coupons", "checkin", "watch"}
    assert set(told["addresses"]) == {"points", "coupons", "checkin"}
    key = omo("keys", "first", "--stage", STAGE, "--endpoint", endpoint).stdout.strip()
    yield key
    omo("destroy", "--stage", STAGE, "--endpoint", endpoint, "--yes", "--data", "--books-of", STAGE)


class Caller:
    """Calls the stage's own API, whatever its gateway is called now."""

    def __init__(self, endpoint, key):
        self.cloud, self.key = Cloud(STAGE, endpoint), key
        self.http = httpx.Client(timeout=30, trust_env=False)
        self.base = f"{endpoint}/restapis/{self.cloud.outputs('points')['RestAPIId']}/api/_user_request_"

    def send(self, method, path, body=None):
        return self.http.request(method, self.base + path, json=body, headers={"Authorization": f"Bearer {self.key}"})


@pytest.fixture
def caller(endpoint, deployed):
    made = Caller(endpoint, deployed)
    yield made
    made.http.close()


def purchase(n):
    lines = [{"line_id": "1", "quantity": 1, "amount": 100}]
    named = {"purchase_id": f"p-{n}", "source": "ec", "member": {"member_id": "taro"}, "state": "completed"}
    return named | {"occurred_at": "2026-01-02T03:04:05Z", "lines": lines}


def test_the_first_key_opens_and_is_told_once(caller, endpoint):
    assert caller.send("GET", "/v1/whoami").json()["kind"] == "operator"
    again = omo("keys", "first", "--stage", STAGE, "--endpoint", endpoint, check=False)
    assert (again.returncode, again.stdout) == (1, "")


def test_who_is_on_call_reaches_the_stage_with_every_word(caller, deployed, endpoint, tmp_path):
    """Not only the stack of this machine: the tables by the shell's credentials, the services by a key of the stage."""
    where = ("--stage", STAGE, "--endpoint", endpoint)
    has_key = {"OMO_KEY": deployed}
    assert caller.send("POST", "/v1/members", {"member_id": "hana"}).status_code == 201
    bought = purchase("on-call") | {"member": {"member_id": "hana"}}
    assert caller.send("POST", "/v1/purchases", bought).status_code == 201

    audited = json.loads(omo("audit", *where, "--json").stdout)
    assert (audited["faults"], audited["entries"] >= 1) == ([], True)
    assert caller.send("GET", "/v1/reports/audit").json()["entries"] == audited["entries"]
    assert json.loads(omo("redrive", "points", "--dry-run", *where, "--json").stdout)["lying"] == []
    assert json.loads(omo("alarms", *where, "--json").stdout)["points"]["parked"] == 0
    assert json.loads(omo("report", "liability", *where, "--json").stdout)
    made = omo("keys", "make", "till-9", "--kind", "pos", "--owner", "x", "--store", "s", "--terminal", "9", *where,
               env=has_key)  # fmt: skip
    assert made.stdout.startswith("omo_")
    assert "till-9" in omo("keys", "list", *where, env=has_key).stdout
    stores = tmp_path / "stores.csv"
    stores.write_text("store_id,name,lat,lon,time_zone\nginza,Ginza,35.67,139.76,Asia/Tokyo\n")
    assert json.loads(omo("stores", "import", str(stores), *where, "--json", env=has_key).stdout)["created"] == 1


def test_a_word_for_a_stage_that_is_not_there_or_without_a_key_says_so(deployed, endpoint):
    nowhere = omo("audit", "--stage", "nowhere", "--endpoint", endpoint, check=False)
    assert (nowhere.returncode, nowhere.stderr) == (1, "omo: There is no stage nowhere in this account and region.\n")
    keyless = omo("keys", "list", "--stage", STAGE, "--endpoint", endpoint, check=False)
    assert keyless.returncode == 1
    assert "$OMO_KEY" in keyless.stderr
    as_if = omo("alarms", "--on", "2027-01-01", "--stage", STAGE, "--endpoint", endpoint, check=False)
    assert as_if.returncode == 1
    assert "--on is for the local stack" in as_if.stderr


def test_a_dry_run_shows_and_changes_nothing(deployed, endpoint):
    words = ("deploy", "--stage", STAGE, "--endpoint", endpoint, "--json")
    assert json.loads(omo(*words, "--yes").stdout)["changes"] == []
    shown = json.loads(omo(*words, "--dry-run", "--log-days", "7").stdout)["changes"]
    assert {one["action"] for one in shown} == {"Modify"}
    assert {"APIHandlerLogs"} <= {one["name"] for one in shown}
    assert json.loads(omo(*words, "--dry-run", "--log-days", "7").stdout)["changes"] == shown, "it changed nothing"


def test_what_nobody_agrees_to_is_not_made(deployed, endpoint):
    asked = omo("deploy", "--stage", STAGE, "--endpoint", endpoint, "--log-days", "14", check=False)
    assert asked.returncode == 1
    assert "Stopped" in asked.stdout


def test_what_is_set_once_stays(deployed, endpoint):
    words = ("deploy", "--stage", STAGE, "--endpoint", endpoint, "--yes", "--json")
    assert json.loads(omo(*words, "--alarm-mail", "ops@example.com", "--log-days", "7").stdout)["changes"]
    assert json.loads(omo(*words).stdout)["changes"] == []


def bundle_with(original, word):
    """Another version of the same bundle."""
    made = io.BytesIO(original)
    with zipfile.ZipFile(made, "a") as opened:
        opened.writestr("VERSION", word)
    return made.getvalue()


def other_version(monkeypatch, word):
    original = Cloud.of_package

    def of_package(self, service):
        whole, uploads = original(self, service)
        (old, bundle), key = next(iter(uploads.items())), f"{service}/{word}.zip"
        changed = json.loads(json.dumps(whole).replace(old, key))
        return changed, {key: bundle_with(bundle, word)}

    monkeypatch.setattr(Cloud, "of_package", of_package)


def test_an_upgrade_and_a_rollback_under_load_lose_and_double_nothing(caller, endpoint, monkeypatch):
    assert caller.send("POST", "/v1/members", {"member_id": "taro"}).status_code in (200, 201)
    numbers, acknowledged, is_over = itertools.count(), [], threading.Event()

    def shop():
        while not is_over.is_set():
            n = next(numbers)
            while True:  # as any till: the same bytes until somebody answers
                try:
                    answer = caller.send("POST", "/v1/purchases", purchase(n))
                except httpx.TransportError:
                    continue
                if answer.status_code in (200, 201):
                    acknowledged.append(n)
                    break
                assert answer.status_code >= 500 or answer.status_code == 404, answer.text
                time.sleep(0.05)

    tills = [threading.Thread(target=shop) for _ in range(2)]
    for till in tills:
        till.start()
    seen = []
    try:
        with monkeypatch.context() as patched:
            other_version(patched, "second")
            seen.append(Rollout(Cloud(STAGE, endpoint), {}, lambda _: None).run(lambda _: True).changes)
        time.sleep(2)
        seen.append(Rollout(Cloud(STAGE, endpoint), {}, lambda _: None).run(lambda _: True).changes)
        time.sleep(2)
    finally:
        is_over.set()
        for till in tills:
            till.join(60)
    for run in seen:
        assert {one.name for one in run["points"]} >= {"APIHandler", "RelayLedger"}
    assert len(acknowledged) >= 5
    balance = caller.send("GET", "/v1/members/taro/balance").json()["available"]
    assert balance == len(acknowledged) == len(set(acknowledged))


def test_a_stage_without_its_services_keeps_its_data(caller, endpoint):
    assert caller.send("POST", "/v1/members", {"member_id": "hanako"}).status_code in (200, 201)
    told = json.loads(omo("destroy", "--stage", STAGE, "--endpoint", endpoint, "--yes", "--json").stdout)
    assert told["deleted"] == ["watch", "checkin", "coupons", "points"]
    omo("deploy", "--stage", STAGE, "--endpoint", endpoint, "--yes")
    again = Caller(endpoint, caller.key)
    assert eventually(lambda: again.send("GET", "/v1/members/hanako").status_code, 200) == 200
    again.http.close()


def test_data_are_deleted_only_when_told_twice(deployed, endpoint):
    words = ("destroy", "--stage", STAGE, "--endpoint", endpoint, "--yes", "--data")
    for more in ((), ("--books-of", "live")):
        refused = omo(*words, *more, check=False)
        assert refused.returncode == 1
        assert "gone for good" in refused.stderr
    assert Cloud(STAGE, endpoint).find("data") is not None
