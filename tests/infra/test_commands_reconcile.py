"""`omo reconcile`: all that differs and only that, and a repair that is done once however often it is run."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from itertools import chain
from random import Random

import pytest
from hypothesis import given, strategies as st

from infra import cli, commands_reconcile, files, reach, till_journal
from infra.client import Answer
from infra.locate import Home
from points.routes import ROUTES
from tests.api.points.shop import buy
from tests.kit import EC, OPERATOR, Client, FakeClock, make_world, purchase
from tests.stream import Stream

DAY = "2026-11-20"
COLUMNS = ("purchase_id", "amount", "points", "tax", "occurred_at", "member_id")


@pytest.fixture
def client(monkeypatch, tmp_path):
    client = Client(ROUTES, make_world(FakeClock()))
    client.post("/v1/members", {"member_id": "taro"})
    files.write_json(Home(tmp_path).local, {"points": "http://points", "keys": {"operator": "omo_op", "ec": "omo_ec"}})

    def wire(_address, key):
        def send(method, path, body):
            answer = client.as_(OPERATOR if key == "omo_op" else EC).send(method, path, raw=body)
            return Answer(answer.status, json.dumps(answer.body).encode())

        return send

    monkeypatch.setattr(reach, "Wire", wire)
    return client


@pytest.fixture
def omo(capsys, tmp_path):
    def run(content, *options, name="journal.csv"):
        file = tmp_path / name
        file.write_text(content)
        status = cli.run(["reconcile", str(file), *options, "--json", "--dir", str(tmp_path)])
        return status, json.loads(capsys.readouterr().out)

    return run


HERE = ("--store", "shibuya", "--day", DAY)


def of_csv(lines, columns=COLUMNS):
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue()


def sold(n, amount=1000, member_id=""):
    """A receipt as the till's journal has it."""
    at = FakeClock().at - timedelta(seconds=n % 3000)
    points = amount // 100 if member_id else 0
    return {
        "purchase_id": f"p-{n:05d}", "amount": amount, "points": points, "tax": 0, "occurred_at": at.isoformat(),
        "member_id": member_id,
    }  # fmt: skip


def send_all(client, lines):
    """The till at its work: every receipt is sent when it is made."""
    for start in range(0, len(lines), 100):
        bodies = []
        for one in lines[start : start + 100]:
            goods = [{"line_id": "1", "quantity": 1, "amount": one["amount"]}]
            body = purchase(purchase_id=one["purchase_id"], occurred_at=one["occurred_at"], lines=goods)
            body["member"] = {"member_id": one["member_id"]}
            if not one["member_id"]:
                del body["member"]
            bodies.append(body)
        answer = client.post("/v1/purchases/batch", {"purchases": bodies})
        assert {one["status"] for one in answer.body["results"]} == {201}
    Stream(client.world).run()


def ids(told, name):
    return [one["purchase_id"] for day in told["days"] for one in day[name]]


@pytest.mark.slow
def test_of_ten_thousand_lines_all_that_differ_are_told_and_no_other_and_repaired_twice_is_once(client, omo):
    chance = Random(7)
    lines = [sold(n, 300 + n % 900, "taro" if n % 50 == 0 else "") for n in range(10_000)]
    odd = chance.sample(range(10_000), 400)
    lost, doubled, changed, unjournaled = odd[:100], odd[100:200], odd[200:300], odd[300:]
    send_all(client, [one for n, one in enumerate(lines) if n not in set(lost)])
    journal = [dict(one) for n, one in enumerate(lines) if n not in set(unjournaled)]
    journal += [lines[n] for n in doubled]
    for one in journal:
        one["amount"] += 10 * (int(one["purchase_id"][2:]) in set(changed))
    chance.shuffle(journal)
    name = [f"p-{n:05d}" for n in range(10_000)]

    status, told = omo(of_csv(journal), *HERE)
    assert (status, told["days"][0]["matched"]) == (1, 10_000 - 400)
    assert sorted(ids(told, "missing_in_ledger")) == sorted(name[n] for n in lost)
    assert sorted(ids(told, "missing_in_pos")) == sorted(name[n] for n in unjournaled)
    assert sorted(ids(told, "amount_differs")) == sorted(name[n] for n in doubled + changed)

    status, told = omo(of_csv(journal), *HERE, "--repair")
    assert (status, told["sent"], told["left_to_people"]) == (1, 100, [])
    assert ids(told, "missing_in_ledger") == []
    assert sorted(ids(told, "amount_differs")) == sorted(name[n] for n in doubled + changed)
    Stream(client.world).run()
    before = client.world.ledger.table.scan()
    status, told = omo(of_csv(journal), *HERE, "--repair")
    assert (status, told["sent"]) == (1, 0)
    assert [one for one in client.world.ledger.table.scan() if "#reconciliation#" not in one["pk"]] == [
        one for one in before if "#reconciliation#" not in one["pk"]
    ]


def test_a_repair_whose_answer_was_lost_is_the_same_purchase(client, omo, monkeypatch):
    journal = of_csv([sold(1, member_id="taro")])
    status, told = omo(journal, *HERE)
    assert (status, ids(told, "missing_in_ledger")) == (1, ["p-00001"])
    read = till_journal.read(journal, "shibuya", DAY)
    wire = vars(reach)["Wire"]("", "omo_ec")
    for _ in range(2):
        assert commands_reconcile.repair(wire, read, told["days"]) == {"sent": 1, "left_to_people": []}
    assert client.get("/v1/members/taro/balance").body["available"] == 10
    assert omo(journal, *HERE)[0] == 0


def test_what_does_not_carry_enough_is_left_to_people_with_the_reason(client, omo):
    buy(client, "elsewhere", store_id="umeda")
    Stream(client.world).run()
    whole = sold(0, member_id="taro")
    lines = [
        whole | {"purchase_id": "good"},
        whole | {"purchase_id": "elsewhere"},
        whole | {"purchase_id": "twice"},
        whole | {"purchase_id": "twice"},
        whole | {"purchase_id": "no-time", "occurred_at": ""},
        whole | {"purchase_id": "bad-time", "occurred_at": "noon"},
        whole | {"purchase_id": "no-tax", "tax": ""},
        whole | {"purchase_id": "all-tax", "tax": 2000},
        whole | {"purchase_id": "whose", "member_id": ""},
        whole | {"purchase_id": "stranger", "member_id": "nobody-knows"},
    ]
    status, told = omo(of_csv(lines), *HERE, "--repair")
    assert (status, told["sent"]) == (1, 1)
    left = {one["purchase_id"]: (one["line"], one["why"]) for one in told["left_to_people"]}
    assert list(left) == ["elsewhere", "twice", "no-time", "bad-time", "no-tax", "all-tax", "whose", "stranger"]
    assert left["twice"] == (4, "2 lines of it: which one is right?")
    assert left["no-tax"][1] == "no tax"
    assert left["whose"][1] == "it gave points, and names nobody"
    assert "(member_not_found)" in left["stranger"][1]
    assert sorted(ids(told, "missing_in_ledger")) == sorted(left)


def test_without_a_column_that_says_whose_it_was_nothing_is_sent(client, omo):
    status, told = omo(of_csv([sold(1)], COLUMNS[:-1]), *HERE, "--repair")
    assert (status, told["sent"]) == (1, 0)
    assert told["left_to_people"][0]["why"].startswith("no column member_id or card")


def test_a_line_may_bring_the_purchase_that_the_till_meant_to_send(client, omo):
    meant = purchase(purchase_id="p-9", lines=[{"line_id": "1", "quantity": 2, "amount": 900, "tax": 90}])
    line = {"purchase_id": "p-9", "amount": 990, "store_id": "shibuya", "business_day": DAY, "purchase": meant}
    wrong = line | {"purchase_id": "p-8", "purchase": meant | {"purchase_id": "p-7"}}
    short = line | {"purchase_id": "p-6", "amount": 991, "purchase": meant | {"purchase_id": "p-6"}}
    text = "\n".join(json.dumps(one) for one in (line, wrong, short))
    status, told = omo(text, "--repair", name="journal.jsonl")
    assert (status, told["sent"]) == (1, 1)
    assert [one["why"] for one in told["left_to_people"]] == [
        "its purchase is of another id, source or store",
        "its purchase adds up to 990, the journal says 991",
    ]
    assert omo(json.dumps([line]), name="journal.json")[0] == 0


def test_a_file_of_several_stores_and_days_is_a_comparison_for_each(client, omo):
    buy(client, "p-1")
    buy(client, "p-2", store_id="umeda")
    Stream(client.world).run()
    rows = [{"purchase_id": "p-1", "amount": 1000, "store_id": "shibuya", "business_day": DAY},
            {"purchase_id": "p-2", "amount": 1000, "store_id": "umeda", "business_day": DAY}]  # fmt: skip
    status, told = omo("\n".join(map(json.dumps, rows)))
    assert (status, [(one["store_id"], one["matched"]) for one in told["days"]]) == (0, [("shibuya", 1), ("umeda", 1)])


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3)), min_size=1, max_size=40),
    st.dictionaries(st.integers(0, 15), st.integers(0, 3)),
    st.integers(1, 9),
)
def test_a_day_in_parts_is_compared_as_in_one(journal, ledger, lines_max):
    text = "\n".join(json.dumps({"purchase_id": f"p-{n}", "amount": amount}) for n, amount in journal)
    receipts = till_journal.read(text, "s", DAY).days["s", DAY]
    parts = list(till_journal.calls(receipts, lines_max))
    assert sum(map(len, parts)) == len(journal)
    assert all(len(part) <= max(lines_max, *(len(one.lines) for one in receipts.values())) for part in parts)
    whole, split = (
        till_journal.together([_compared(part, ledger) for part in some])
        for some in ([list(chain.from_iterable(parts))], parts)
    )
    assert whole == split


def _compared(lines, ledger):
    said: dict[str, int] = {}
    for one in lines:
        said[one["purchase_id"]] = said.get(one["purchase_id"], 0) + one["amount"]
    has = {f"p-{n}": amount for n, amount in ledger.items()}
    return {
        "store_id": "s", "business_day": DAY,
        "matched": sum(has.get(one) == amount for one, amount in said.items()),
        "missing_in_ledger": [{"purchase_id": one} for one in said if one not in has],
        "missing_in_pos": [{"purchase_id": one} for one in has if one not in said],
        "amount_differs": [{"purchase_id": one} for one in said if one in has and has[one] != said[one]],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("purchase_id,amount\n", "it has no lines"),
        ("purchase_id,amount\np-1,12.5\n", "line 2: amount is no whole number: '12.5'"),
        ("purchase_id,amount\np-1\n", "line 2 has not as many cells as the header"),
        ("purchase_id\np-1\n", "line 2: amount: Field required"),
        ("purchase_id,amount\np 1,5\n", "line 2: purchase_id"),
        ('{"purchase_id": "p-1", "amount": 5, "business_day": "soon"}', "line 1: business_day is no date"),
        ('{"purchase_id": "p-1"', "is neither CSV nor JSON Lines"),
        ("[1]", "line 1 is no object"),
    ],
)
def test_what_is_no_journal_is_said_where(client, omo, content, why):
    status, told = omo(content, *HERE)
    assert (status, why in told["error"]) == (1, True), told


def test_a_journal_of_no_store_asks_for_one(client, omo):
    status, told = omo("purchase_id,amount\np-1,5\n", "--day", DAY)
    assert (status, "--store" in told["error"]) == (1, True)


def test_people_read_what_differs(client, tmp_path, capsys):
    buy(client, "p-1")
    buy(client, "p-2")
    Stream(client.world).run()
    file = tmp_path / "journal.csv"
    file.write_text("purchase_id,amount\np-1,900\n" + "".join(f"lost-{n},5\n" for n in range(25)))
    assert cli.run(["reconcile", str(file), *HERE, "--repair", "--dir", str(tmp_path)]) == 1
    words = capsys.readouterr().out
    assert "0 purchases sent, 25 left to people:" in words
    assert "line 3  lost-0: no occurred_at" in words
    assert "and 5 more; --json tells them all" in words
    assert "shibuya, 2026-11-20: 0 matched" in words
    assert "900  in the ledger 1,000" in words
    assert "1 missing in the journal" in words


@pytest.mark.parametrize("line", [[], ["f", "--day", "soon"], ["f", "--store", "no store"]])
def test_wrong_usage_exits_with_2(line, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.run(["reconcile", *line])
    assert ended.value.code == 2
    assert "usage: omo reconcile" in capsys.readouterr().err
