"""Webhooks from registration to a real receiver: signed as the standard says, tried again, given up, replayed."""

import json
import re
import socket
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from points import delivering, hook_lines, outbound
from points.hook_model import PAUSES, signature
from points.routes import ROUTES
from shared import keys
from tests.api.points.receiver import receiver
from tests.kit import EC, NOON, OPERATOR, Client, FakeClock, make_world, purchase
from tests.stream import Stream


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def client(clock):
    client = Client(ROUTES, replace(make_world(clock), has_test_clock=True))
    client.post("/v1/members", {"member_id": "taro"})
    return client


@pytest.fixture
def shop():
    with receiver() as one:
        yield one


def register(client, url, webhook_id="hook-1", types=("points.earned",), who=EC):
    return client.as_(who).post("/v1/webhooks", {"webhook_id": webhook_id, "url": url, "types": list(types)})


def hook(client, what="", webhook_id="hook-1"):
    return client.get(f"/v1/webhooks/{webhook_id}{what}")


class Queue:
    """The queue of webhooks and its worker: what waits is handed over when its time has come."""

    def __init__(self, client, clock):
        self.client, self.clock, self.stream = client, clock, Stream(client.world)
        self.waiting = []

    def tell(self, count=1):
        """Something happens that makes events, and the topic brings them."""
        for _ in range(count):
            n = len(self.client.world.ledger.table.scan())
            at = self.clock.at.isoformat()
            assert self.client.post("/v1/purchases", purchase(purchase_id=f"p-{n}", occurred_at=at)).status == 201
        events = self.stream.run()
        self.waiting += [(self.clock.at, event) for event in events]
        return [event for event in events if event["type"] == "omotenashi.points.earned.v1"]

    def step(self):
        """Hand over what is due."""
        due = [body for at, body in self.waiting if at <= self.clock.at]
        self.waiting = [(at, body) for at, body in self.waiting if at > self.clock.at]
        for n, body in enumerate(due):
            done = delivering.work(self.client.world, {"Records": [{"messageId": str(n), "body": json.dumps(body)}]})
            assert done == {"batchItemFailures": []}
        sent = self.client.world.queues.sent
        self.waiting += [(self.clock.at + timedelta(seconds=delay), body) for _, body, delay in sent]
        assert all(0 <= delay <= 900 for _, _, delay in sent)
        sent.clear()
        return len(due)

    def run(self, **until):
        """Work for so long; without a time, until nothing is due."""
        end = self.clock.at + timedelta(**until)
        while True:
            while self.step():
                pass
            later = [at for at, _ in self.waiting if at <= end]
            if not later:
                self.clock.at = end
                return
            self.clock.at = min(later)


@pytest.fixture
def queue(client, clock):
    return Queue(client, clock)


# ---- registration ---------------------------------------------------------------------------------------------------


def test_an_endpoint_is_made_with_a_secret_that_is_shown_once(client):
    made = register(client, "https://192.0.43.7/hook")
    assert made.status == 201, made.body
    assert made.body["secret"].startswith("whsec_")
    assert {**made.body, "secret": None} == {
        "webhook_id": "hook-1",
        "url": "https://192.0.43.7/hook",
        "types": ["points.earned"],
        "state": "active",
        "created_at": made.body["created_at"],
        "secret": None,
    }
    again = register(client, "https://192.0.43.7/hook")
    assert (again.status, again.is_replay, "secret" in again.body) == (201, True, False)
    assert register(client, "https://192.0.43.7/other").code == "id_reused"
    assert "secret" not in hook(client).body
    assert [one["webhook_id"] for one in client.get("/v1/webhooks").body["items"]] == ["hook-1"]


def test_the_secret_lies_sealed(client):
    secret = register(client, "https://192.0.43.7/hook").body["secret"]
    assert secret not in str(client.world.directory.table.scan())
    assert secret[6:] not in str(client.world.directory.table.scan())


def test_what_is_deleted_is_gone(client, queue, shop):
    register(client, shop.url)
    assert client.delete("/v1/webhooks/hook-1").status == 204
    assert client.delete("/v1/webhooks/hook-1").code == "webhook_not_found"
    assert hook(client).code == hook(client, "/deliveries").code == "webhook_not_found"
    for what, body in (("rotate", {}), ("replay", {"from": "2026-11-20T00:00:00Z"})):
        assert client.post(f"/v1/webhooks/hook-1/{what}", body).code == "webhook_not_found"
    queue.tell()
    queue.run(days=2)
    assert shop.asked == []


@pytest.mark.parametrize("types", [["points.unheard_of"], [], ["omotenashi.points.earned.v2"], ["*"]])
def test_only_known_types_can_be_asked_for(client, types):
    answer = register(client, "https://192.0.43.7/hook", types=types)
    assert (answer.status, answer.code) == (422, "invalid_request")


ADDRESSES = {
    "loopback": "127.0.0.1",
    "private": "10.1.2.3",
    "private 172": "172.16.0.1",
    "private 192": "192.168.1.1",
    "link-local, metadata": "169.254.169.254",
    "shared": "100.64.0.1",
    "this host": "0.0.0.0",
    "multicast": "224.0.0.1",
    "reserved": "240.0.0.1",
    "loopback 6": "::1",
    "mapped": "::ffff:10.0.0.1",
    "mapped metadata": "::ffff:169.254.169.254",
    "unique local": "fd00:ec2::254",
    "link-local 6": "fe80::1",
    "translated": "64:ff9b::a00:1",
    "6to4": "2002:a00:1::1",
}


@pytest.mark.parametrize("name", ADDRESSES)
def test_no_address_inside_is_public(name):
    assert not outbound.is_public(ADDRESSES[name])


@pytest.mark.parametrize("address", ["8.8.8.8", "192.0.43.7", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_addresses_of_the_internet_are_public(address):
    assert outbound.is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.43.7/hook",
        "https://10.0.0.1/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:127.0.0.1]/hook",
        "https://2130706433/hook",
        "https://user:word@192.0.43.7/hook",
        "https://192.0.43.7/hook#part",
        "https://192.0.43.7:0/hook",
        "https://192.0.43.7:99999/hook",
        "ftp://192.0.43.7/hook",
        "file:///etc/passwd",
        "https:///hook",
        "https://[::1/hook",
    ],
)
@pytest.mark.parametrize("is_local", [True, False])
def test_other_addresses_are_refused(client, url, is_local):
    client.world.__dict__["has_test_clock"] = is_local
    if is_local and ("127.0.0.1" in url or "2130706433" in url):
        url = url.replace("127.0.0.1", "10.0.0.1").replace("2130706433", "167772161")
    answer = register(client, url)
    assert (answer.status, answer.body["errors"][0]["pointer"]) == (422, "/url")


def test_this_machine_is_taken_on_the_local_stack_only(client):
    deployed = Client(ROUTES, replace(client.world, has_test_clock=False))
    for url in ("http://127.0.0.1:8080/hook", "https://127.0.0.1:8443/hook"):
        assert register(deployed, url).status == 422
    assert register(client, "http://127.0.0.1:8080/hook").status == 201


def resolves(monkeypatch, *addresses):
    asked = []

    def look(host, port, **_):
        asked.append(host)
        now = addresses[min(len(asked), len(addresses)) - 1]
        return [(2, 1, 6, "", (one, port)) for one in now]

    monkeypatch.setattr(socket, "getaddrinfo", look)
    return asked


def test_a_name_of_which_one_address_lies_inside_is_refused(client, monkeypatch):
    resolves(monkeypatch, ["8.8.8.8", "10.0.0.1"])
    assert register(client, "https://shop.example/hook").status == 422


def test_a_name_that_changes_after_it_was_looked_at_leads_nowhere_inside(monkeypatch):
    """It is resolved once, and the connection goes to what was looked at."""
    asked = resolves(monkeypatch, ["8.8.8.8"], ["10.0.0.1"])
    reached = []

    def connect(where, _):
        reached.append(where)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    assert outbound.post("https://shop.example/hook", {}, b"", is_local=False) == (None, "ConnectionRefusedError")
    assert (reached, asked) == ([("8.8.8.8", 443)], ["shop.example"])
    told = outbound.post("https://shop.example/hook", {}, b"", is_local=False)
    assert told == (None, "a public address")
    assert len(reached) == 1


# ---- delivery -------------------------------------------------------------------------------------------------------


def test_an_event_arrives_signed_as_the_standard_says(client, queue, shop):
    secret = register(client, shop.url).body["secret"]
    (event,) = queue.tell()
    queue.run()
    ((headers, body),) = shop.got
    headers["webhook-timestamp"] = str(int(time.time()))  # the library has the real clock
    headers["webhook-signature"] = signature([secret], headers["webhook-id"], int(headers["webhook-timestamp"]), body)
    assert Webhook(secret).verify(body, headers) == event
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + b" ", headers)
    assert headers["content-type"] == "application/cloudevents+json"


def test_the_signature_is_over_what_was_sent_when_it_was_sent(client, queue, shop, clock):
    secret = register(client, shop.url).body["secret"]
    queue.tell()
    queue.run()
    ((headers, body),) = shop.got
    timestamp = int(headers["webhook-timestamp"])
    assert timestamp == int(clock.at.timestamp())
    assert headers["webhook-signature"] == signature([secret], headers["webhook-id"], timestamp, body)


def test_only_the_types_that_were_asked_for_are_sent(client, queue, shop):
    register(client, shop.url, "one", ["omotenashi.purchase.recorded.v1"])
    register(client, shop.url, "two", ["points.expired"])
    queue.tell()
    queue.run()
    assert [json.loads(body)["type"] for _, body in shop.got] == ["omotenashi.purchase.recorded.v1"]


def test_an_event_that_comes_twice_is_delivered_once(client, queue, shop):
    register(client, shop.url)
    queue.tell()
    queue.waiting *= 2
    queue.run()
    queue.waiting = [(at, body) for at, body in queue.waiting]
    assert len(shop.got) == 1


@pytest.mark.parametrize("behaves", [500, 404, 301, 302, 307, 429, "lies", "hangs up"])
def test_what_fails_is_tried_again_later_with_the_same_id(client, queue, shop, behaves):
    register(client, shop.url)
    shop.behaves = behaves
    queue.tell()
    queue.run()
    (one,) = hook(client, "/deliveries").body["items"]
    assert (one["state"], one["attempts"], shop.got) == ("pending", 1, [])
    assert "error" in one
    assert set(shop.asked) == {"/hook"}, "nothing is followed"
    shop.behaves = 200
    queue.run(minutes=2)
    (one,) = hook(client, "/deliveries").body["items"]
    assert (one["state"], one["attempts"], one["status"], "error" in one) == ("delivered", 2, 200, False)
    assert [headers["webhook-id"] for headers, _ in shop.got] == [one["id"]]


@pytest.mark.parametrize("behaves", ["hangs", "drips"])
def test_an_endpoint_that_hangs_is_cut_off(client, queue, shop, behaves, monkeypatch):
    monkeypatch.setattr(outbound, "TRY_SECONDS", 0.2)
    monkeypatch.setattr(outbound, "WHOLE_SECONDS", 0.4)
    register(client, shop.url)
    shop.behaves = behaves
    queue.tell()
    queue.run()
    (one,) = hook(client, "/deliveries").body["items"]
    assert (one["state"], one["attempts"]) == ("pending", 1)


def test_while_an_endpoint_gives_no_answer_it_is_asked_twice_a_minute_at_most(client, queue, shop):
    register(client, shop.url)
    shop.behaves = "hangs up"
    queue.tell(20)
    queue.run(minutes=5)
    assert len(shop.asked) <= 11
    shop.behaves = 204
    queue.run(hours=1)
    assert len(shop.got) == 20


def test_after_a_day_of_failures_the_endpoint_is_disabled_and_says_so(client, queue, shop, clock):
    register(client, shop.url)
    shop.behaves = 500
    began = clock.at
    queue.tell()
    queue.run(days=2)
    said = hook(client).body
    assert (said["state"], said["disabled_reason"]) == ("disabled", "status 500")
    assert len(shop.asked) == len(PAUSES) + 1
    assert timedelta(hours=20) < timedelta(seconds=sum(PAUSES)) < timedelta(hours=26)
    (one,) = hook(client, "/deliveries").body["items"]
    assert one["state"] == "failed"
    assert said["disabled_at"] > began.isoformat()


def test_an_endpoint_that_never_answers_is_disabled_after_a_day_however_much_waits(client, queue, shop):
    register(client, shop.url)
    shop.behaves = "hangs up"
    queue.tell(5)
    queue.run(days=2)
    assert hook(client).body["state"] == "disabled"


def test_an_endpoint_that_says_it_is_gone_is_disabled_at_once(client, queue, shop):
    register(client, shop.url)
    shop.behaves = 410
    queue.tell()
    queue.run()
    assert hook(client).body["state"] == "disabled"
    queue.run(days=2)
    assert len(shop.asked) == 1


def test_one_endpoint_that_fails_keeps_nothing_from_another(client, queue, shop):
    register(client, "http://127.0.0.1:9/closed", "closed")
    register(client, shop.url, "open")
    queue.tell(3)
    queue.run()
    assert len(shop.got) == 3


# ---- rotation -------------------------------------------------------------------------------------------------------


def signs(secret, headers, body):
    mine = signature([secret], headers["webhook-id"], int(headers["webhook-timestamp"]), body)
    return mine in headers["webhook-signature"].split(" ")


def test_old_and_new_secret_both_sign_until_the_overlap_is_over(client, queue, shop, clock):
    old = register(client, shop.url).body["secret"]
    turned = client.post("/v1/webhooks/hook-1/rotate", {"overlap_seconds": 3600})
    assert turned.status == 201
    new = turned.body["secret"]
    assert new != old
    queue.tell()
    queue.run()
    clock.forward(seconds=3601)
    queue.tell()
    queue.run()
    during, after = shop.got
    assert (signs(old, *during), signs(new, *during)) == (True, True)
    assert (signs(old, *after), signs(new, *after)) == (False, True)


def test_a_rotation_whose_answer_was_lost_is_made_again_and_the_first_secret_still_signs(client, queue, shop):
    first = register(client, shop.url).body["secret"]
    for _ in range(2):
        last = client.post("/v1/webhooks/hook-1/rotate", {}).body["secret"]
    queue.tell()
    queue.run()
    (got,) = shop.got
    assert (signs(first, *got), signs(last, *got)) == (True, True)


def test_without_an_overlap_the_old_secret_ends_at_once(client, queue, shop):
    old = register(client, shop.url).body["secret"]
    client.post("/v1/webhooks/hook-1/rotate", {"overlap_seconds": 0})
    queue.tell()
    queue.run()
    assert not signs(old, *shop.got[0])
    assert client.post("/v1/webhooks/hook-1/rotate", {"overlap_seconds": -1}).status == 422


# ---- order ----------------------------------------------------------------------------------------------------------


def ids(shop):
    return [json.loads(body)["id"] for _, body in shop.got]


def test_what_fails_holds_back_what_comes_after_it_for_the_same_member_and_nothing_else(client, queue, shop):
    client.post("/v1/members", {"member_id": "hanako"})
    register(client, shop.url)
    shop.behaves = 500
    (first,) = queue.tell()
    queue.step()
    shop.behaves = 204
    (second,) = queue.tell()
    hers = purchase(purchase_id="hers", member={"member_id": "hanako"}, occurred_at=queue.clock.at.isoformat())
    assert client.post("/v1/purchases", hers).status == 201
    queue.waiting += [(queue.clock.at, event) for event in queue.stream.run()]
    shop.behaves = 500
    queue.step()  # the first has its one try now
    shop.behaves = 204
    queue.run()
    assert [one.split(":")[0] for one in ids(shop)] == ["M#hanako"]
    queue.run(minutes=2)
    assert ids(shop)[1:] == [first["id"], second["id"]]
    assert [
        one["attempts"] for one in hook(client, "/deliveries").body["items"] if one["event_id"] == second["id"]
    ] == [1]


def test_what_was_given_up_holds_nothing_back_that_is_replayed_from_later_on(client, queue, shop, clock):
    register(client, shop.url)
    shop.behaves = 410
    queue.tell()
    queue.run(hours=1)
    since = clock.at
    shop.behaves = 204
    later = [*queue.tell(), *queue.tell()]
    queue.run(minutes=1)
    client.post("/v1/webhooks/hook-1/replay", {"from": since.isoformat()})
    queue.step()
    queue.run()
    assert ids(shop) == [event["id"] for event in later]


def test_a_replay_comes_in_the_events_order(client, queue, shop, clock):
    register(client, shop.url)
    told = [event["id"] for event in queue.tell(130)]
    queue.run()
    shop.got.clear()
    client.post("/v1/webhooks/hook-1/replay", {"from": NOON.isoformat()})
    queue.step()
    queue.run()
    assert ids(shop) == told


def test_a_worker_that_dies_before_it_sends_for_the_next_is_followed_by_one_that_does(client, queue, shop, monkeypatch):
    register(client, shop.url)
    told = [event["id"] for event in queue.tell(2)]
    for _, body in queue.waiting:
        delivering.handle(client.world, body)
    messages = [body for _, body, _ in client.world.queues.sent]
    client.world.queues.sent.clear()
    delivering.handle(client.world, messages[1])
    assert ids(shop) == [], "it is not its turn"
    with monkeypatch.context() as patch:
        patch.setattr(hook_lines, "leave", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            delivering.handle(client.world, messages[0])
    delivering.handle(client.world, messages[0])
    queue.waiting = []
    queue.step()
    queue.run()
    assert ids(shop) == told


def test_a_place_that_is_over_holds_nobody_back(client, queue, shop, clock):
    """DynamoDB deletes late what is over."""
    register(client, shop.url)
    queue.tell()
    for _, body in queue.waiting:
        delivering.handle(client.world, body)  # and its delivery's message is lost
    client.world.queues.sent.clear()
    queue.waiting = []
    clock.forward(days=15)
    (later,) = queue.tell()
    queue.run()
    assert ids(shop) == [later["id"]]


def test_what_was_put_before_there_were_lines_is_sent(client, queue, shop):
    register(client, shop.url)
    queue.tell()
    for _, body in queue.waiting:
        delivering.handle(client.world, body)
    queue.waiting = []
    (item,) = client.world.transient.items(keys.deliveries("hook-1"))
    client.world.transient.put({name: value for name, value in item.items() if name != "line"})
    queue.step()
    queue.run()
    assert len(shop.got) == 1


# ---- replay and log -------------------------------------------------------------------------------------------------


def test_a_replay_sends_all_since_a_time_again_with_the_ids_they_had(client, queue, shop, clock):
    register(client, shop.url)
    queue.tell()
    queue.run(hours=1)
    since = clock.at
    queue.tell(230)
    queue.run()
    before = [headers["webhook-id"] for headers, _ in shop.got]
    shop.got.clear()
    answer = client.post("/v1/webhooks/hook-1/replay", {"from": since.isoformat()})
    assert (answer.status, answer.body) == (202, {"webhook_id": "hook-1", "state": "replaying"})
    queue.step()
    queue.run()
    assert sorted(headers["webhook-id"] for headers, _ in shop.got) == sorted(before[1:])


def test_what_happened_while_an_endpoint_was_disabled_comes_with_a_replay(client, queue, shop, clock):
    register(client, shop.url)
    shop.behaves = 410
    since = clock.at
    first = queue.tell()
    queue.run()
    shop.behaves = 204
    second = queue.tell()
    queue.run(hours=1)
    assert shop.got == []
    client.post("/v1/webhooks/hook-1/replay", {"from": since.isoformat()})
    queue.step()
    queue.run()
    assert hook(client).body["state"] == "active"
    assert "disabled_reason" not in hook(client).body
    wanted = {event["id"] for event in first + second}
    assert {json.loads(body)["id"] for _, body in shop.got} == wanted


def test_the_log_is_paged_the_newest_first(client, queue, shop, clock):
    register(client, shop.url)
    for _ in range(5):
        queue.tell()
        queue.run(minutes=1)
    first = hook(client, "/deliveries?limit=3").body
    rest = hook(client, f"/deliveries?limit=3&cursor={first['next_cursor']}").body
    times = [one["occurred_at"] for one in first["items"] + rest["items"]]
    assert times == sorted(times, reverse=True)
    assert (len(times), rest["next_cursor"]) == (5, None)
    assert {one["type"] for one in first["items"]} == {"omotenashi.points.earned.v1"}


def test_the_log_goes_after_two_weeks(client, queue, shop, clock):
    register(client, shop.url)
    at = clock.at
    queue.tell()
    queue.run()
    (item,) = client.world.transient.items(keys.deliveries("hook-1"))
    assert item["ttl"] == int((at + timedelta(days=14)).timestamp())


def test_a_message_that_can_not_be_read_comes_again_alone(client):
    good = {"deliver": ["nobody", "x"]}
    records = [{"messageId": str(n), "body": json.dumps(body)} for n, body in enumerate([{"x": 1}, good])]
    records.append({"messageId": "2", "body": "{"})
    done = delivering.work(client.world, {"Records": records})
    assert [one["itemIdentifier"] for one in done["batchItemFailures"]] == ["0", "2"]


def test_a_worker_that_died_after_it_noted_a_delivery_leaves_nothing_behind(client, queue, shop, monkeypatch):
    register(client, shop.url)
    queue.tell()
    message = next(body for _, body in queue.waiting if body["type"] == "omotenashi.points.earned.v1")
    with monkeypatch.context() as patch:
        patch.setattr(type(client.world.queues), "send", lambda *_: 1 / 0)
        record = {"Records": [{"messageId": "1", "body": json.dumps(message)}]}
        assert delivering.work(client.world, record)["batchItemFailures"]
    queue.run()
    assert len(shop.got) == 1


def test_operators_may_too_and_tills_may_not(client):
    assert register(client, "https://192.0.43.7/hook", who=OPERATOR).status == 201


@pytest.mark.parametrize("guide", ["docs/webhooks.md", "docs/ja/webhooks.md"])
def test_the_guides_lines_verify_what_we_sign(guide):
    text = (Path(__file__).parents[3] / guide).read_text(encoding="utf-8")
    (lines,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    secret, body, now = "whsec_" + "a" * 32, b'{"id": "x"}', int(time.time())
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(now)}
    known: dict[str, Any] = {"secret": secret, "body": body}
    known["headers"] = headers | {"webhook-signature": signature([secret], "msg_1", now, body)}
    exec(lines, known)
    assert known["event"] == {"id": "x"}
    known["body"] = b"{}"
    with pytest.raises(WebhookVerificationError):
        exec(lines, known)
