"""The client and the bad line over real connections: kept, lost, cut off, hung up on."""

from __future__ import annotations

import http.client
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from omotenashi_client import Client, NoAnswer, Patience, Request, wire
from omotenashi_client.wire import HttpWire

from infra.contract_line import Line
from infra.contract_proxy import Proxy, forward_to

PURCHASE: Any = {
    "purchase_id": "p-1", "source": "pos", "occurred_at": "2026-11-20T02:55:00Z", "state": "completed",
    "lines": [{"line_id": "1", "quantity": 1, "amount": 1980}],
}  # fmt: skip


class Service(BaseHTTPRequestHandler):
    """Says back what it was asked, as the paths want it."""

    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, str, dict[str, str], bytes, int]]

    def log_message(self, *_: object) -> None: ...

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        names = {name.lower(): value for name, value in self.headers.items()}
        self.seen.append((self.command, self.path, names, body, self.client_address[1]))
        said = json.dumps({"ok": True}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said) + (10 if "short" in self.path else 0)))
        self.end_headers()
        if "slow" in self.path:
            time.sleep(0.5)
        self.wfile.write(said)
        if "short" in self.path:
            self.close_connection = True

    do_GET = do_POST  # noqa: N815 - as the server calls it


@contextmanager
def serving(server):
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def service():
    kind: Any = type("Seen", (Service,), {"seen": []})
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), kind)) as server:
        server.daemon_threads = False  # its end waits for theirs
        server.seen = kind.seen
        server.address = f"http://127.0.0.1:{server.server_address[1]}/stage/"
        yield server


@pytest.fixture
def send(service):
    made = HttpWire({"points": service.address}, lambda: "omo_key")
    yield made
    made.close()


def ask(target="/v1/x", body=b"{}"):
    return Request("points", "POST" if body else "GET", target, body, {"Content-Type": "application/json"})


def test_what_is_sent_is_what_arrives_and_the_connection_is_kept(send, service):
    for _ in range(2):
        answer = send(ask("/v1/x?a=1", b'{"a": 1}'), 5.0)
        assert (answer.status, json.loads(answer.body)) == (200, {"ok": True})
    (method, path, headers, body, port), again = service.seen
    assert (method, path, body) == ("POST", "/stage/v1/x?a=1", b'{"a": 1}')
    assert (headers["authorization"], headers["content-type"]) == ("Bearer omo_key", "application/json")
    assert again[4] == port


def test_a_connection_that_has_rested_is_not_trusted(send, service, monkeypatch):
    send(ask(), 5.0)
    monkeypatch.setattr(wire, "_IDLE_SECONDS_MAX", -1.0)
    send(ask(), 5.0)
    assert service.seen[0][4] != service.seen[1][4]


def test_silence_ends_in_time_and_the_next_request_has_a_connection_of_its_own(send, service):
    with pytest.raises(TimeoutError):
        send(ask("/slow"), 0.1)
    assert send(ask(), 5.0).status == 200


def test_half_an_answer_is_none(send):
    with pytest.raises((http.client.HTTPException, OSError)):
        send(ask("/short"), 5.0)
    assert send(ask(), 5.0).status == 200


def test_an_answer_without_end_is_not_read_to_its_end(send, monkeypatch):
    monkeypatch.setattr(wire, "ANSWER_MAX", 5)
    with pytest.raises(http.client.HTTPException, match="more than 5 bytes"):
        send(ask(), 5.0)


def test_nobody_there_is_no_answer(send, service):
    nobody = HttpWire({"points": "http://127.0.0.1:1"}, "k")
    with pytest.raises(OSError):
        nobody(ask(), 1.0)


# ---- the bad line ---------------------------------------------------------------------------------------------------


@pytest.fixture
def bad(service):
    line = forward_to(dict.fromkeys(("points", "coupons", "checkin"), service.address))
    line.share = 0.0
    return line


@pytest.fixture
def proxy(bad):
    with Proxy(("127.0.0.1", 0), bad).running() as server:
        server.daemon_threads = False
        yield server
        close_all()


_opened: list[Client] = []


@pytest.fixture(autouse=True)
def _closed():
    yield
    close_all()


def close_all():
    while _opened:
        _opened.pop().close()


def client(proxy, seconds=5.0, pauses=(0.1, 0.1), below=""):
    quick = Patience(try_seconds=seconds, pauses=pauses)
    addresses = {name: f"{proxy.address}{below}/{name}" for name in ("points", "coupons", "checkin")}
    _opened.append(Client(addresses, "omo_k", patience=quick))
    return _opened[-1]


def fate(bad: Line, *faults: Any) -> None:
    left = list(faults)
    setattr(bad, "_fault", lambda *_: left.pop(0) if left else None)  # noqa: B010 - a fate of this test's own


def over(bad, count):
    """What was seen, when so many exchanges are over: the last word of one comes after its answer."""
    end = time.monotonic() + 5
    while time.monotonic() < end and (len(bad.seen) < count or any(one.until == one.at for one in bad.seen)):
        time.sleep(0.01)
    return bad.seen


def test_the_line_passes_on_what_comes_with_the_tills_own_key(proxy, bad, service):
    asked = client(proxy).ask("points", "POST", "/v1/purchases", body=PURCHASE)
    assert asked.body == {"ok": True}
    _, path, headers, body, _ = service.seen[0]
    assert (path, headers["authorization"], json.loads(body)) == ("/stage/v1/purchases", "Bearer omo_k", PURCHASE)
    (one,) = over(bad, 1)
    assert (one.status, one.fault, one.hung_up) == (200, None, False)


def test_the_line_loses_answers_and_requests_and_is_busy(proxy, bad, service):
    fate(bad, "lost answer", "lost request")
    client(proxy).points.post_purchases(PURCHASE)
    assert len(service.seen) == 2
    assert [(one.fault, one.status) for one in over(bad, 3)] == [
        ("lost answer", None),
        ("lost request", None),
        (None, 200),
    ]
    fate(bad, "busy")
    once = client(proxy, pauses=())
    with pytest.raises(NoAnswer):
        once.points.post_purchases(PURCHASE)
    assert (over(bad, 4)[-1].status, bad.seen[-1].retry_after) == (503, 2.0)


def test_the_line_is_silent_until_the_till_hangs_up(proxy, bad):
    fate(bad, "silence")
    client(proxy, seconds=1.0).points.post_purchases(PURCHASE)
    first = over(bad, 2)[0]
    assert (first.status, first.hung_up) == (None, True)
    assert 0.8 < first.until - first.at < 10


def test_what_is_no_address_of_the_line_is_told_by_the_line(proxy, bad):
    elsewhere = client(proxy, pauses=(), below="/nonsense")
    with pytest.raises(NoAnswer):
        elsewhere.points.post_purchases(PURCHASE)
    connection = http.client.HTTPConnection("127.0.0.1", proxy.server_address[1], timeout=30)
    connection.putrequest("POST", "/points/v1/x")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()  # no more: who refuses hangs up, and might do so before a body is sent
    with connection.getresponse() as refused:
        assert refused.status == 411
    connection.close()
    connection.request("POST", "/points/v1/x", headers={"Content-Length": str(5 * 1024 * 1024)})
    with connection.getresponse() as refused:
        assert refused.status == 413
    connection.close()
    assert not bad.seen


def test_services_that_can_not_be_reached_are_no_answer():
    line = forward_to(dict.fromkeys(("points", "coupons", "checkin"), "http://127.0.0.1:1"))
    line.share = 0.0
    with Proxy(("127.0.0.1", 0), line).running() as proxy:
        asking = client(proxy)
        with pytest.raises(NoAnswer):
            asking.points.post_purchases(PURCHASE)
        close_all()
        over(line, 3)
    assert {one.status for one in over(line, 3)} == {None}
