"""Many check-ins of one member at once, stores changed at once; and a control that pays twice without the condition."""

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from checkin.geo import cells_of
from checkin.routes import ROUTES as CHECKIN
from infra import invariants
from points.routes import ROUTES as POINTS
from shared import chain, keys, world as worlds
from shared.clock import Clock
from shared.keys import Stage
from shared.memory import MemoryTable
from shared.secrets import Secrets
from shared.table import Remove
from tests.kit import OPERATOR, ROOT, Client, member

THREADS = 64
NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
STORE = {"name": "渋谷店", "lat": 35.6595, "lon": 139.7005, "time_zone": "Asia/Tokyo"}
FIX = {"lat": 35.6595, "lon": 139.7005, "accuracy_m": 10, "captured_at": "2026-11-20T03:00:00Z"}


class Slow(MemoryTable):
    """A table whose readers look at what they read for a moment, so that threads surely meet."""

    looks_seconds = 0.002

    def newest(self, pk, *, upto=None, consistent=False):
        found = super().newest(pk, upto=upto, consistent=consistent)
        time.sleep(self.looks_seconds)
        return found


class Careless(Slow):
    """A table that writes over what is there: what the product would be without its conditions."""

    looks_seconds = 0.05  # none has written before all have read, on a busy machine too

    def put_new(self, item):
        self.put(item)


def make(ledger):
    """A world whose waiting is real, but for the second that a changed setting takes."""
    clock = Clock(now=lambda: NOW)
    made = worlds.make(Stage("test"), ledger, MemoryTable(), MemoryTable(), Secrets(lambda: ROOT), clock)
    made.directory.clock = Clock(now=lambda: NOW, sleep=lambda _seconds: None)
    consents = {"location": {"granted": True, "version": "1"}}
    Client(POINTS, made).post("/v1/members", {"member_id": "taro", "consents": consents})
    operator = Client(CHECKIN, made, OPERATOR)
    for n in range(4):
        assert operator.put(f"/v1/stores/s-{n}", STORE).status == 200
    return operator


@pytest.fixture(autouse=True)
def _switch_often():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def all_at_once(work, count=THREADS):
    barrier = threading.Barrier(count)

    def one(n):
        barrier.wait()
        return work(n)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def check_in(taro, checkin_id, store_id="s-0"):
    """As a phone does: the same request again while the answer is 503."""
    for _ in range(10):
        answer = taro.post("/v1/me/checkins", {"checkin_id": checkin_id, "store_id": store_id, "location": FIX})
        if answer.status != 503:
            return answer
    raise AssertionError("never answered")


def accepted(world):
    items = world.ledger.table.items(keys.account(keys.VISITS, "taro"))
    assert invariants.faults(items) == []
    return [entry for item in items for entry in chain.entries_of(item) if entry.kind == "accepted"]


def test_many_checkins_at_one_store_are_awarded_once():
    operator = make(Slow())
    taro, usage = operator.as_(member("taro")), operator.world.ledger.table.usage
    usage.reset()
    answers = all_at_once(lambda n: check_in(taro, f"c-{n}"))
    first = [answer for answer in answers if answer.status == 201]
    assert len(first) == 1
    assert all(
        answer.status == 200 and answer.body == first[0].body | {"already": True}
        for answer in answers
        if answer not in first
    )
    assert len(accepted(operator.world)) == 1
    assert usage.write_units / THREADS <= 8 + 1  # eight writes on the chain, and the name


def test_the_same_checkin_at_once_is_one():
    operator = make(Slow())
    taro = operator.as_(member("taro"))
    answers = all_at_once(lambda _: check_in(taro, "c-1"))
    assert {answer.status for answer in answers} == {201}
    assert len({str(answer.body) for answer in answers}) == 1
    assert len(operator.world.ledger.table.items("V#taro")) == 1


def test_many_stores_at_once_pay_only_one_of_them():
    """Under thirty minutes since an award at another store nothing is paid, also when the two come together."""
    operator = make(Slow())
    taro = operator.as_(member("taro"))
    answers = all_at_once(lambda n: check_in(taro, f"c-{n}", f"s-{n % 4}"), 32)
    assert sum(answer.body["outcome"] == "awarded" and not answer.body["already"] for answer in answers) == 1
    assert len(accepted(operator.world)) == 1


def test_control_without_the_condition_an_award_is_paid_twice():
    """Proves that the threads above do meet: the same run without conditions pays more than once."""
    taro = make(Careless()).as_(member("taro"))
    answers = all_at_once(lambda n: check_in(taro, f"c-{n}"))
    assert sum(answer.status == 201 for answer in answers) > 1


def test_stores_changed_at_once_lose_no_listing():
    operator = make(Slow())
    answers = all_at_once(lambda n: operator.put(f"/v1/stores/new-{n}", STORE), 32)
    assert {answer.status for answer in answers} == {200}
    items = operator.get("/v1/stores/nearby?lat=35.6595&lon=139.7005&limit=100").body["items"]
    assert len(items) == 32 + 4


def places_of(store):
    """Where a store must be listed, and nowhere else: among all stores, and in the cells around it."""
    return {keys.listed_store("")[0]} | {keys.cell(name, "")[0] for name in cells_of(store["lat"], store["lon"])}


def test_one_store_moved_by_many_at_once_is_listed_at_its_last_place_only():
    operator = make(Slow())
    answers = all_at_once(lambda n: operator.put("/v1/stores/s-0", STORE | {"lat": 30 + n / 10}), 8)
    assert {answer.status for answer in answers} == {200}
    at = operator.get("/v1/stores/s-0").body
    pks = {item["pk"] for item in operator.world.directory.table.scan() if item["sk"] == "s-0"}
    assert pks == places_of(at)


class Heedless(MemoryTable):
    """A table whose transactions look at no condition."""

    def transact(self, writes):
        for write in writes:
            if isinstance(write, Remove):
                self.delete(write.pk, write.sk)
            else:
                self.put(write.item)


def imported_at_once(directory):
    """Eight files that move the same twelve stores, each to a place of its own; the stores and their listings after it."""
    clock = Clock(now=lambda: NOW, sleep=lambda _seconds: None)
    made = worlds.make(Stage("test"), MemoryTable(), directory, MemoryTable(), Secrets(lambda: ROOT), clock)
    operator = Client(CHECKIN, made, OPERATOR)

    def send(n):
        rows = "".join(f"\ns-{row},S,{30 + n},139,Asia/Tokyo" for row in range(12))
        body = f"store_id,name,lat,lon,time_zone{rows}".encode()
        return operator.send("POST", "/v1/stores/import", raw=body, content_type="text/csv")

    answers = all_at_once(send, 8)
    items = directory.scan()
    is_right = []
    for row in range(12):
        at = operator.get(f"/v1/stores/s-{row}").body
        pks = {item["pk"] for item in items if item["sk"] == f"s-{row}"}
        is_right.append(pks == places_of(at))
    return answers, is_right


class Gazing(MemoryTable):
    """A table whose readers look at what they read for a moment."""

    def get(self, pk, sk, *, consistent=False):
        found = super().get(pk, sk, consistent=consistent)
        time.sleep(0.001)
        return found


def test_files_that_move_the_same_stores_at_once_leave_no_ghost():
    answers, is_right = imported_at_once(Gazing())
    assert all(answer.status == 200 for answer in answers)
    assert all(one["status"] in ("created", "updated") for answer in answers for one in answer.body["results"])
    created = [one["store_id"] for answer in answers for one in answer.body["results"] if one["status"] == "created"]
    assert sorted(created) == sorted(f"s-{row}" for row in range(12))  # each by one file
    assert all(is_right)


def test_control_without_the_condition_they_leave_ghosts():
    class HeedlessGazing(Heedless, Gazing):
        pass

    _, is_right = imported_at_once(HeedlessGazing())
    assert not all(is_right)
