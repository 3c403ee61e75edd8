"""`omo contract`: against a deployment, as a bad line, and over a record; its words, JSON and exit status."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from omotenashi_client import Client, Patience, Refused

from infra import cli, commands_contract, files
from infra.contract_scenarios import SCENARIOS
from infra.locate import Home
from tests.front import Front, open_issuer
from tests.kit import EC, OPERATOR, OTHER_TILL, TILL, FakeClock, make_world, member

STORE = {"name": "渋谷店", "lat": 35.6595, "lon": 139.7005, "time_zone": "Asia/Tokyo"}
SERVICES = ("points", "coupons", "checkin")


@pytest.fixture
def front():
    return Front(make_world(FakeClock(datetime.now(UTC))))


@pytest.fixture
def deployment(front, tmp_path):
    """The apps at real addresses, and the file that tells of them."""
    alone = threading.Lock()

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None: ...

        def do_POST(self) -> None:
            _, service, rest = self.path.split("/", 2)
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            with alone:
                said = front.request(service, self.command, f"/{rest}", headers, body)
            self.send_response(said.status)
            for name, value in said.headers.items():
                if name != "content-length":
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(said.body)))
            self.end_headers()
            self.wfile.write(said.body)

        do_GET = do_PUT = do_POST  # noqa: N815 - as the server calls them

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = False  # its end waits for theirs
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    keys = {"ec": EC, "pos": TILL, "pos_other_store": OTHER_TILL, "operator": OPERATOR}
    told = {service: f"http://127.0.0.1:{server.server_address[1]}/{service}" for service in SERVICES}
    told["keys"] = {name: front.key(who) for name, who in keys.items()}  # type: ignore[assignment]
    headers = {"authorization": f"Bearer {front.key(OPERATOR)}", "content-type": "application/json"}
    assert front.request("checkin", "PUT", "/v1/stores/shibuya", headers, json.dumps(STORE).encode()).status == 200
    path = tmp_path / "staging.json"
    files.write_json(path, told)
    yield path
    server.shutdown()
    server.server_close()
    thread.join()


def client(path, **addresses):
    told = json.loads(path.read_text())
    where = {**{name: told[name] for name in SERVICES}, **addresses}
    return Client(where, told["keys"]["pos"], patience=Patience(pauses=()))


PURCHASE: Any = {
    "purchase_id": "p-1", "source": "pos", "occurred_at": "2026-11-20T02:55:00Z", "state": "completed",
    "lines": [{"line_id": "1", "quantity": 1, "amount": 1980}],
}  # fmt: skip


def test_chosen_scenarios_run_against_what_a_file_tells(deployment, capsys):
    assert cli.run(["contract", "--at", str(deployment), "earn", "redeem", "presence-code", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(one["name"], one["outcome"]) for one in told["scenarios"]] == [
        ("earn", "passed"), ("redeem", "passed"), ("presence-code", "skipped"),
    ]  # fmt: skip
    assert (told["passed"], told["failed"], told["skipped"]) == (2, 0, 1)


def test_a_member_whose_token_a_file_tells_shows_the_phone(deployment, front, tmp_path, capsys):
    with open_issuer(tmp_path) as issuer:
        client_ = json.loads(deployment.read_text())
        who = member("m-test")
        consents = {"location": {"granted": True, "version": "1"}}
        body = json.dumps({"member_id": "m-test", "consents": consents}).encode()
        headers = {"authorization": f"Bearer {client_['keys']['ec']}", "content-type": "application/json"}
        assert front.request("points", "POST", "/v1/members", headers, body).status == 201
        files.write_json(deployment, client_ | {"member": {"member_id": who.subject, "token": issuer.token("m-test")}})
        assert cli.run(["contract", "--at", str(deployment), "spend-with-code", "presence-code"]) == 0
    assert "2 passed, 0 failed, 0 skipped." in capsys.readouterr().out


def test_what_failed_is_shown_with_its_requests(deployment, capsys):
    told = json.loads(deployment.read_text())
    told["keys"]["pos_other_store"] = told["keys"]["pos"]
    files.write_json(deployment, told)
    assert cli.run(["contract", "--at", str(deployment), "wrong-store"]) == 1
    out = capsys.readouterr().out
    assert "failed  wrong-store" in out
    assert "POST points/v1/purchases" in out
    assert "omo_" not in out
    assert "1 failed" in out


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "can't be read"),
        ('{"points": "http://127.0.0.1:1"}', "it lacks coupons, checkin, keys"),
        ('["x"]', "it lacks points"),
        ('{"points": "a", "coupons": "b", "checkin": "c", "keys": "omo"}', "names of keys"),
        ('{"points": "http://x.test", "coupons": "b", "checkin": "c", "keys": {"pos": "k"}}', "only https"),
    ],
)
def test_a_file_that_does_not_tell_enough_is_told(tmp_path, capsys, content, says):
    file = tmp_path / "x.json"
    file.write_text(content)
    assert cli.run(["contract", "--at", str(file)]) == 1
    assert says in capsys.readouterr().err


def test_what_can_not_be_is_told(tmp_path, capsys, deployment):
    lines = [
        (["--at", str(tmp_path / "none.json")], "There is no file"),
        (["--dir", str(tmp_path)], "omo up"),
        (["--at", str(deployment), "nonsense"], "There are: earn, retry"),
        (["--judge", str(tmp_path / "none.jsonl")], "can't be read"),
        (["--judge", str(deployment)], "is no record"),
        (["--share", "2"], "from 0 to 1"),
        (["--at", str(deployment), "--listen", "192.0.2.1:9"], "can't be listened at"),
    ]
    for words, says in lines:
        assert cli.run(["contract", *words]) == 1
        assert says in capsys.readouterr().err
    for wrong in ("high", "70000", "host:"):
        with pytest.raises(SystemExit) as ended:
            cli.run(["contract", "--listen", wrong])
        assert ended.value.code == 2


def on_the_line(monkeypatch, capsys, work, *words):
    """The command as a bad line while a till works; its status and what it printed."""

    def at_work(_):
        addresses = dict(line.split() for line in capsys.readouterr().out.splitlines() if "http" in line)
        work(addresses)

    monkeypatch.setattr(commands_contract, "wait", at_work)
    return cli.run(["contract", *words]), capsys.readouterr().out


def test_a_till_on_the_line_is_judged_and_its_record_can_be_judged_again(deployment, monkeypatch, capsys, tmp_path):
    record = tmp_path / "till.jsonl"

    def changes_its_mind(addresses):
        with client(deployment, **addresses) as till:
            till.points.post_purchases(PURCHASE)
            with pytest.raises(Refused, match="id_reused"):
                till.points.post_purchases(PURCHASE | {"order_ref": "x"})

    words = ["--at", str(deployment), "--listen", "0", "--share", "0", "--record", str(record)]
    status, out = on_the_line(monkeypatch, capsys, changes_its_mind, *words)
    assert status == 1
    assert "BROKEN       same-content" in out
    assert "→ 422 id_reused" in out
    assert "kept         ids" in out
    assert "no occasion  whole-sync" in out
    assert "2 requests, 0 faults: 1 rules broken" in out
    assert record.stat().st_mode & 0o777 == 0o600
    assert cli.run(["contract", "--judge", str(record), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    (broken,) = [one for one in told["rules"] if one["broken"]]
    assert broken["rule"] == "same-content"
    assert [one["n"] for one in broken["broken"][0]["requests"]] == [1, 2]


def test_a_till_that_keeps_the_rules_is_a_success_and_a_silent_one_is_none(deployment, monkeypatch, capsys):
    words = ["--at", str(deployment), "--listen", "0", "--share", "0"]

    def good(addresses):
        with client(deployment, **addresses) as till:
            till.points.post_purchases(PURCHASE)

    assert on_the_line(monkeypatch, capsys, good, *words)[0] == 0
    assert on_the_line(monkeypatch, capsys, lambda _: None, *words)[0] == 1


def test_the_line_ends_by_time_or_by_ctrl_c(monkeypatch):
    commands_contract.wait(0.01)

    def ctrl_c(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", ctrl_c)
    commands_contract.wait(None)


def test_the_help_of_the_command_names_what_it_takes(capsys):
    with pytest.raises(SystemExit):
        cli.run(["contract", "--help"])
    shown = capsys.readouterr().out
    assert "omo contract --listen 8099" in shown
    assert len(SCENARIOS) > 15
    assert Home.find("x").local.name == "local.json"
