"""Codes in bulk: ordered, made in steps, fetched; the same job is the same codes, whatever dies on the way."""

import json

import pytest

from coupons import code_files
from coupons.reactions import STEPS
from shared import chain, inbox, keys, relay
from shared.codes import Form, normalise, show
from shared.coupons_of import Codebook
from shared.secrets import Secrets
from tests.events.test_relay import Box
from tests.kit import EC
from tests.stream import record

PATH = "/v1/campaigns/spring/codes"
ORDER = {"job_id": "j-1", "count": 25}


@pytest.fixture(autouse=True)
def _short_steps(monkeypatch):
    monkeypatch.setattr(code_files, "STEP", 10)
    monkeypatch.setattr(code_files, "AT_ONCE", 0)


def brought(world, partition):
    """The answer of the queue's worker to one message."""
    body = json.dumps({"carry_on": partition})
    return inbox.work(world, {"Records": [{"messageId": "m", "body": body}]}, reactions={}, carry_on=STEPS)


def work(world, steps_max=1000):
    """Do what was asked of the queue, message by message; so many steps it took."""
    asked, steps = world.queues.asked, 0
    while asked and steps < steps_max:
        service, partition = asked.pop(0)
        assert service == "codes"
        assert brought(world, partition) == {"batchItemFailures": []}
        steps += 1
    return steps


def ordered(operator, path=PATH, **changes):
    answer = operator.post(path, ORDER | changes)
    assert answer.status == 202, answer.body
    return answer


def file_of(operator, job_id="j-1"):
    """The codes of a job's file, as they stand there."""
    told = operator.get(f"/v1/jobs/{job_id}").body
    assert told["status"] == "done"
    lines = operator.world.files.get(told["download_url"].removeprefix("memory:")).decode().splitlines()
    assert lines[0] == "code"
    return lines[1:]


def bulk_locator(world):
    locator = Codebook(world).locator_of("spring", Form.BULK)
    assert locator is not None
    return locator


def read(world, text):
    """Where a code leads: campaign, edition, index."""
    book = Codebook(world)
    (reading,) = book.read(normalise(text))
    assert reading.generation.form is Form.BULK
    locator = reading.generation.locator
    return book.campaign_of(locator), book.edition_of(locator, reading.index), reading.index


def test_a_job_makes_exactly_so_many_codes_and_all_are_good(operator, campaign):
    campaign()
    assert ordered(operator).body == {"job_id": "j-1", "status": "queued"}
    assert operator.get("/v1/jobs/j-1").body == {"status": "queued", "done": 0, "total": 25}
    assert work(operator.world) == 3
    codes = file_of(operator)
    assert len(set(codes)) == 25
    assert [read(operator.world, code) for code in codes] == [("spring", 1, n) for n in range(25)]


def test_a_job_tells_how_far_it_is(operator, campaign):
    campaign()
    ordered(operator)
    seen = []
    while work(operator.world, steps_max=1):
        told = operator.get("/v1/jobs/j-1").body
        seen.append((told["status"], told["done"], told["total"]))
    assert seen == [("running", 10, 25), ("running", 20, 25), ("done", 25, 25)]


def test_codes_count_before_their_file_is_there(operator, campaign):
    campaign()
    ordered(operator)
    book = Codebook(operator.world)
    (code,) = book.codes(bulk_locator(operator.world), range(24, 25), book.key)
    assert read(operator.world, code) == ("spring", 1, 24)


def test_a_code_that_no_job_has_made_is_unknown(operator, campaign):
    campaign()
    ordered(operator)
    book = Codebook(operator.world)
    (code,) = book.codes(bulk_locator(operator.world), range(25, 26), book.key)
    assert book.read(code) == ()


def test_a_second_job_goes_on_behind_the_first(operator, campaign):
    campaign()
    ordered(operator)
    ordered(operator, job_id="j-2", count=7)
    work(operator.world)
    both = file_of(operator, "j-1") + file_of(operator, "j-2")
    assert [read(operator.world, code)[2] for code in both] == list(range(32))


def test_two_campaigns_have_codes_of_their_own(operator, campaign):
    campaign()
    campaign("autumn")
    ordered(operator)
    ordered(operator, "/v1/campaigns/autumn/codes", job_id="j-2")
    work(operator.world)
    assert {read(operator.world, code)[0] for code in file_of(operator, "j-2")} == {"autumn"}
    assert not set(file_of(operator, "j-1")) & set(file_of(operator, "j-2"))


def test_a_small_job_has_its_file_when_it_is_answered(operator, campaign, monkeypatch):
    monkeypatch.setattr(code_files, "AT_ONCE", 5)
    campaign()
    assert ordered(operator, count=5).body == {"job_id": "j-1", "status": "queued"}
    assert operator.world.queues.asked == []
    assert [read(operator.world, code)[2] for code in file_of(operator)] == list(range(5))
    ordered(operator, job_id="j-2", count=6)
    assert operator.get("/v1/jobs/j-2").body["status"] == "queued"
    again = ordered(operator, count=5)
    assert (again.is_replay, again.body["status"]) == (True, "queued")


@pytest.mark.parametrize("count", [1, 9, 10, 11, 20])
def test_steps_end_exactly_with_the_count(operator, campaign, count):
    campaign()
    ordered(operator, count=count)
    work(operator.world)
    assert len(set(file_of(operator))) == count


# ---- at the till -----------------------------------------------------------------------------------------------------


def test_the_codes_of_a_job_are_each_redeemed_once(operator, campaign, till, redemption):
    campaign(limits={"total": 25})
    ordered(operator)
    work(operator.world)
    codes = file_of(operator)
    for n, code in enumerate(codes):
        answer = till.post("/v1/redemptions", redemption(code, redemption_id=f"r-{n}"))
        assert (answer.status, answer.body["discount_total"]) == (201, 300)
    again = till.post("/v1/redemptions", redemption(codes[0], redemption_id="again"))
    assert (again.status, again.code) == (409, "code_not_usable")


def test_a_code_that_nobody_has_ordered_yet_is_not_usable(operator, campaign, till, redemption):
    campaign()
    ordered(operator)
    book = Codebook(operator.world)
    (code,) = book.codes(bulk_locator(operator.world), range(25, 26), book.key)
    assert till.post("/v1/redemptions", redemption(show(code))).code == "code_not_usable"
    ordered(operator, job_id="j-2", count=1)
    assert till.post("/v1/redemptions", redemption(show(code))).status == 201


@pytest.mark.parametrize("mode", ["shared", "imported"])
def test_a_campaign_whose_codes_come_from_elsewhere_makes_none(operator, campaign, mode):
    campaign(code={"mode": mode})
    answer = operator.post(PATH, ORDER)
    error = answer.body["errors"][0]
    assert (answer.status, error["pointer"], error["code"]) == (422, "/campaign_id", "not_made_here")
    nothing_is_left_behind(operator)


# ---- terms ----------------------------------------------------------------------------------------------------------


def test_a_code_keeps_the_terms_of_its_job(operator, campaign):
    campaign()
    ordered(operator)
    assert operator.patch("/v1/campaigns/spring", {"stores": ["shibuya"]}).status == 200
    ordered(operator, job_id="j-2", count=5)
    assert operator.patch("/v1/campaigns/spring", {"name": {"ja": "春", "en": "Spring again"}}).status == 200
    ordered(operator, job_id="j-3", count=5)
    work(operator.world)
    editions = [read(operator.world, code)[1] for job in ("j-1", "j-2", "j-3") for code in file_of(operator, job)]
    assert editions == [1] * 25 + [2] * 10
    item = operator.world.directory.table.get(*keys.locator(bulk_locator(operator.world)))
    assert (item["made"], item["editions"]) == (35, [[0, 1], [25, 2]])


# ---- the id ---------------------------------------------------------------------------------------------------------


def test_the_same_job_again_is_the_same_codes(operator, campaign):
    campaign()
    first = ordered(operator)
    work(operator.world)
    codes = file_of(operator)
    again = ordered(operator)
    assert (again.is_replay, again.body) == (True, first.body)
    assert operator.world.queues.asked == []  # the file is there
    assert file_of(operator) == codes
    assert ordered(operator, job_id="j-2", count=1).body["status"] == "queued"
    work(operator.world)
    assert read(operator.world, file_of(operator, "j-2")[0])[2] == 25


def test_the_same_job_with_other_content_is_refused(operator, campaign):
    campaign()
    campaign("autumn")
    ordered(operator)
    for path, body in (
        (PATH, ORDER | {"count": 26}),
        ("/v1/campaigns/autumn/codes", ORDER),
        ("/v1/campaigns/x/codes", ORDER),
    ):
        answer = operator.post(path, body)
        assert (answer.status, answer.code) == (422, "id_reused")


def test_the_header_stands_in_for_the_job_id(operator, campaign):
    campaign()
    answer = operator.post(PATH, {"count": 3}, idempotency_key="j-9")
    assert (answer.status, answer.body["job_id"]) == (202, "j-9")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"job_id": "j"}, "/count"),
        ({"count": 5}, "/job_id"),
        ({"job_id": "j", "count": 0}, "/count"),
        ({"job_id": "j", "count": 1_000_001}, "/count"),
        ({"job_id": "j", "count": "5"}, "/count"),
        ({"job_id": "j j", "count": 5}, "/job_id"),
        ({"job_id": "j", "count": 5, "more": 1}, "/more"),
    ],
)
def test_a_bad_order_is_told_where(operator, campaign, body, pointer):
    campaign()
    answer = operator.post(PATH, body)
    assert (answer.status, answer.body["errors"][0]["pointer"]) == (422, pointer)


# ---- refusals -------------------------------------------------------------------------------------------------------


def nothing_is_left_behind(operator):
    world = operator.world
    assert world.ledger.table.get(keys.codes("j-1"), 0) is None
    assert world.ledger.table.items("L#spring") == []
    assert Codebook(world).locator_of("spring", Form.BULK) is None
    assert world.transient.scan() == []
    assert world.queues.asked == []


def test_more_than_the_total_is_refused(operator, campaign):
    campaign(limits={"total": 24})
    answer = operator.post(PATH, ORDER)
    assert (answer.status, answer.code, answer.body["left"]) == (409, "campaign_exhausted", 24)
    nothing_is_left_behind(operator)
    ordered(operator, count=24)


def test_issues_and_codes_share_the_total(operator, campaign, issue, client):
    campaign(limits={"total": 27})
    issue("s-1")
    issue("s-2")
    ordered(operator)
    said = {"campaign_id": "spring", "source_id": "s-3", "member": {"member_id": "taro"}}
    assert client.post("/v1/issues", said).code == "campaign_exhausted"
    assert operator.post(PATH, {"job_id": "j-2", "count": 1}).code == "campaign_exhausted"
    assert ordered(operator).is_replay  # a retry of what was done is no new order
    kinds = [entry.kind for item in operator.world.ledger.table.items("L#spring") for entry in chain.entries_of(item)]
    assert kinds == ["taken", "taken", "made", "exhausted"]


@pytest.mark.parametrize("way", ["end", "late"])
def test_a_campaign_that_is_over_makes_no_codes(operator, campaign, way):
    campaign()
    if way == "end":
        operator.post("/v1/campaigns/spring/end")
    else:
        operator.world.directory.change(
            keys.campaign("spring"), lambda old: old | {"said": old["said"] | {"valid_until": "2026-11-19"}}
        )
    answer = operator.post(PATH, ORDER)
    assert (answer.status, answer.code) == (409, "campaign_not_active")
    nothing_is_left_behind(operator)


def test_a_draft_makes_codes_for_the_printer(operator, campaign):
    campaign(state="draft")
    ordered(operator)


def test_an_unknown_campaign_and_an_unknown_job_are_not_found(operator):
    assert operator.post(PATH, ORDER).code == "campaign_not_found"
    assert operator.get("/v1/jobs/j-1").code == "job_not_found"


def test_only_who_runs_campaigns_may_have_codes(operator, campaign):
    campaign()
    ordered(operator)
    shop = operator.as_(EC)
    assert shop.post(PATH, ORDER).code == "forbidden"
    assert shop.get("/v1/jobs/j-1").code == "forbidden"


# ---- what dies on the way -------------------------------------------------------------------------------------------


def relayed(world):
    """What the stream asks for, of all that the ledger holds."""
    box = Box()
    relay.relay_ledger(world, [record(item) for item in world.ledger.table.scan()], box)
    return box.carried


class Died(BaseException):
    """The process ends here."""


def dying(target, name, monkeypatch, calls):
    """Let a process die at some call of a function: before it at an even one, after it at an odd one."""
    real, count = getattr(target, name), iter(range(1000))

    def call(*args, **more):
        number = next(count)
        if number * 2 == calls:
            raise Died
        answer = real(*args, **more)
        if number * 2 + 1 == calls:
            raise Died
        return answer

    monkeypatch.setattr(target, name, call)


@pytest.mark.parametrize("calls", range(24))
@pytest.mark.parametrize("where", ["ledger", "directory", "transient", "files", "queues"])
def test_a_job_whose_process_dies_anywhere_ends_with_the_same_file(operator, campaign, monkeypatch, where, calls):
    campaign(limits={"total": 100})
    world = operator.world
    with monkeypatch.context() as patch:
        target = {"ledger": world.ledger.table, "directory": world.directory.table}.get(where) or getattr(world, where)
        names = {"files": ["put"], "queues": ["carry_on"]}.get(where, ["put_new", "replace"])
        for name in names:
            dying(target, name, patch, calls)
        try:
            operator.post(PATH, ORDER)
            work(world)
        except Died:
            pass
    world.queues.asked.clear()  # the message that was being worked comes again; here only the stream is left, or a retry
    carried = relayed(world)
    if world.ledger.table.items("L#spring"):
        assert carried == [("codes", keys.codes("j-1"))]
        world.queues.asked += carried
    else:
        assert carried == []
        ordered(operator)
    work(world)
    assert [read(world, code)[2] for code in file_of(operator)] == list(range(25))
    assert world.ledger.table.newest("L#spring")["s"]["n"] == 25
    assert len(world.ledger.table.items("L#spring")) == 1


def test_a_job_that_was_never_decided_waits_for_its_caller_and_is_given_up_after_a_day(
    operator, campaign, clock, monkeypatch
):
    campaign()
    with monkeypatch.context() as patch:
        dying(operator.world.ledger.table, "put_new", patch, 1)
        with pytest.raises(Died):
            operator.post(PATH, ORDER)
    assert operator.get("/v1/jobs/j-1").body == {"status": "queued", "done": 0, "total": 25}
    assert relayed(operator.world) == []
    assert brought(operator.world, keys.codes("j-1")) == {"batchItemFailures": []}
    clock.forward(hours=25)
    assert operator.get("/v1/jobs/j-1").body == {"status": "failed", "done": 0, "total": 25}
    assert operator.world.files.kept == {}


def test_messages_that_come_twice_make_one_file_and_become_one_again(operator, campaign):
    campaign()
    ordered(operator)
    operator.world.queues.asked *= 4
    assert work(operator.world) <= 3 + 3
    assert len(set(file_of(operator))) == 25
    assert work(operator.world) == 0
    assert brought(operator.world, keys.codes("j-1")) == {"batchItemFailures": []}
    assert operator.world.queues.asked == []


def test_who_is_overtaken_leaves_the_rest_to_the_other(operator, campaign, clock, monkeypatch):
    campaign()
    ordered(operator)
    world = operator.world
    world.queues.asked.clear()
    real = world.files.put

    def put(key, content):
        monkeypatch.setattr(world.files, "put", real)
        brought(world, keys.codes("j-1"))  # another one does the same step meanwhile
        clock.slept += 0.001  # and at another millisecond, by which their notes are told apart
        real(key, content)

    monkeypatch.setattr(world.files, "put", put)
    brought(world, keys.codes("j-1"))
    assert world.queues.asked == [("codes", keys.codes("j-1"))]
    work(world)
    assert len(set(file_of(operator))) == 25


# ---- the file's end -------------------------------------------------------------------------------------------------


def gone(world):
    """A day later: the note is over, and what was in the bucket has gone."""
    item = world.transient.get(*keys.codes_job("j-1"))
    world.transient.put(item | {"ttl": 0})
    world.files.kept.clear()


def test_a_file_that_has_gone_is_made_anew_with_the_same_codes(operator, campaign):
    campaign()
    ordered(operator)
    work(operator.world)
    codes = file_of(operator)
    gone(operator.world)
    assert operator.get("/v1/jobs/j-1").body == {"status": "done", "done": 25, "total": 25}
    assert ordered(operator).is_replay
    assert operator.get("/v1/jobs/j-1").body == {"status": "queued", "done": 0, "total": 25}
    work(operator.world)
    assert file_of(operator) == codes


def test_pieces_that_went_too_early_are_made_again(operator, campaign):
    campaign()
    ordered(operator)
    work(operator.world, steps_max=2)
    operator.world.files.kept.clear()
    assert brought(operator.world, keys.codes("j-1")) == {"batchItemFailures": [{"itemIdentifier": "m"}]}
    operator.world.queues.asked[:] = [("codes", keys.codes("j-1"))]
    work(operator.world)
    assert len(set(file_of(operator))) == 25


def test_after_a_rotation_of_the_root_the_job_has_the_same_codes(operator, campaign):
    campaign()
    ordered(operator)
    work(operator.world)
    codes = file_of(operator)
    gone(operator.world)
    root = json.dumps({"root": "n" * 64, "previous": "r" * 64})
    object.__setattr__(operator.world, "secrets", Secrets(lambda: root))
    # The order's content is known by a keyed hash, so its retry can't be told from another after a rotation.
    operator.world.queues.carry_on("codes", keys.codes("j-1"))
    work(operator.world)
    assert file_of(operator) == codes
    assert [read(operator.world, code)[2] for code in codes] == list(range(25))
    ordered(operator, job_id="j-2", count=5)
    work(operator.world)
    assert [read(operator.world, code)[2] for code in file_of(operator, "j-2")] == list(range(25, 30))
