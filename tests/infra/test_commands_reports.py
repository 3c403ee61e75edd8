"""`omo report` in every form: the same rows as a table, CSV, JSON Lines and partitions."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from datetime import timedelta

import pytest

from coupons.routes import ROUTES as COUPONS
from infra import cli, commands_reports, reach
from infra.locate import ROOT
from points import reports
from points.routes import ROUTES
from tests.api.coupons.conftest import CAMPAIGN
from tests.kit import CAFE, OPERATOR, Client, FakeClock, make_world, member, purchase
from tests.passing import Passing

REPORTS = [
    ["liability"],
    ["months", "--since", "2026-11"],
    ["statement", "cafe", "2026-11"],
    ["campaign", "spring"],
    ["campaigns"],
    ["activity"],
]


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def client(monkeypatch, clock):
    client = Client(ROUTES, make_world(clock))
    for member_id in ("taro", "hanako"):
        client.post("/v1/members", {"member_id": member_id})
    client.post("/v1/purchases", purchase())
    operator = client.as_(OPERATOR)
    operator.put("/v1/partners/cafe", {"name": "cafe", "budget": {"kind": "prepaid", "points": 400}})
    code = client.as_(member("taro")).get("/v1/me/code").body["static"]["value"]
    award = {"award_id": "w-1", "member": {"code": code}, "points": 40, "reason": "latte"}
    assert client.as_(CAFE).post("/v1/awards", award).status == 201
    coupons = Client(COUPONS, client.world)
    for name, limits in (("spring", {"budget": 5000}), ("autumn", {})):
        said = CAMPAIGN | {"campaign_id": name, "limits": limits, "name": {"ja": f"={name}", "en": name}}
        assert coupons.as_(OPERATOR).post("/v1/campaigns", said).status == 201
    said = {"campaign_id": "spring", "source_id": "s-1", "member": {"member_id": "taro"}}
    code = coupons.post("/v1/issues", said).body["code"]
    line = {"line_id": "1", "quantity": 1, "amount": 1000}
    body = {"redemption_id": "r-1", "codes": [code], "channel": "ec", "order_ref": "o-1", "basket": {"lines": [line]}}
    assert coupons.post("/v1/redemptions", body).status == 201
    Passing(client.world).work()
    monkeypatch.setattr(reach.Place, "world", lambda _: client.world)
    return client


def omo(capsys, *line):
    status = cli.run(["report", *line])
    return status, capsys.readouterr().out


def of_csv(text):
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def of_jsonl(text):
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("line", REPORTS, ids=lambda line: line[0])
def test_each_form_has_the_same_rows_and_columns(client, capsys, tmp_path, line):
    columns = list(commands_reports.COLUMNS[line[0]])
    status, lines = omo(capsys, *line, "--format", "jsonl")
    rows = of_jsonl(lines)
    assert (status, bool(rows)) == (0, True)
    assert all(list(row) == columns for row in rows)
    table = of_csv(omo(capsys, *line, "--format", "csv")[1] + "\n")
    assert [list(row) for row in table] == [columns] * len(rows)
    texts = [{name: "" if row[name] is None else str(row[name]) for name in columns} for row in rows]
    assert [{name: cell.removeprefix("'") for name, cell in row.items()} for row in table] == texts
    for name in ("of.jsonl", "of.jsonl.gz", "of.csv"):
        assert omo(capsys, *line, "--out", str(tmp_path / name))[0] == 0
    assert (tmp_path / "of.jsonl").read_text() == gzip.decompress((tmp_path / "of.jsonl.gz").read_bytes()).decode()
    assert of_jsonl((tmp_path / "of.jsonl").read_text()) == rows
    assert of_csv((tmp_path / "of.csv").read_text("utf-8")) == table
    assert (tmp_path / "of.csv").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("line", REPORTS, ids=lambda line: line[0])
def test_a_partition_holds_the_rows_and_the_same_report_takes_its_own_place(client, capsys, line):
    rows = of_jsonl(omo(capsys, *line, "--format", "jsonl")[1])
    told = json.loads(omo(capsys, *line, "--to-s3", "--json")[1])
    kept = dict(client.world.files.kept)
    assert omo(capsys, *line, "--to-s3")[0] == 0
    assert client.world.files.kept == kept
    assert (told["rows"], set(told["put"])) == (len(rows), set(kept))
    found = []
    for place, packed in kept.items():
        ((kind, month),) = re.findall(r"reports/kind=(\w+)/month=(\d{4}-\d{2})/[\w.-]+\.jsonl\.gz", place)
        assert kind == {"campaign": "campaigns"}.get(line[0], line[0])
        more = {"month": month} if line[0] == "months" else {}
        found += [more | row for row in of_jsonl(gzip.decompress(packed).decode())]
    assert found == rows


def test_a_name_that_begins_like_a_formula_is_a_text_in_a_spreadsheet(client, capsys):
    rows = of_csv(omo(capsys, "campaigns", "--format", "csv")[1])
    assert [row["name"] for row in rows] == ["'=autumn", "'=spring"]


def test_campaigns_cost_against_their_budgets(client, capsys):
    told = json.loads(omo(capsys, "campaigns", "--json")[1])
    found = {one["campaign_id"]: one for one in told["campaigns"]}
    spring = found["spring"]
    assert (spring["discount_total"], spring["budget_limit"], spring["budget_left"]) == (300, 5000, 4700)
    assert (found["autumn"]["budget_limit"], told["discount_total"], told["redeemed"]) == (None, 300, 1)
    assert "spring" in omo(capsys, "campaigns")[1]


def test_months_close_with_what_the_nights_report_says(client, capsys, clock):
    clock.forward(days=15)
    said = purchase(purchase_id="p-2", occurred_at=clock.now().isoformat())
    assert client.post("/v1/purchases", said).status == 201
    reports.work(client.world, float("inf"))
    november, december = json.loads(omo(capsys, "months", "--since", "2026-11", "--json")[1])["months"]
    assert (november["opening"], november["issued"], november["closing"], november["reported"]) == (0, 50, 50, None)
    assert (december["opening"], december["issued"], december["closing"], december["reported"]) == (50, 10, 60, None)
    clock.forward(days=30)
    client.world.transient.delete("job", "liability")
    clock.at -= timedelta(days=clock.now().day - 1)  # the first of January: the night after December
    reports.work(client.world, float("inf"))
    rows = json.loads(omo(capsys, "months", "--json")[1])["months"]
    assert [row["month"] for row in rows] == [f"2026-{n:02d}" for n in range(2, 13)] + ["2027-01"]
    assert (rows[-2]["closing"], rows[-2]["reported"]) == (60, 60)


def test_activity_tells_days_since_and_leaves_nobody_out(client, capsys, clock):
    clock.forward(days=10)
    rows = {row["member_id"]: row for row in json.loads(omo(capsys, "activity", "--json")[1])["rows"]}
    assert rows["taro"] | {"last_purchase_at": None} == {
        "member_id": "taro", "last_purchase_at": None, "days_since": 10, "purchases": 1, "amount": 1000, "balance": 50,
    }  # fmt: skip
    assert (rows["hanako"]["days_since"], rows["hanako"]["purchases"]) == (None, 0)
    rows = json.loads(omo(capsys, "activity", "--days", "5", "--json")[1])["rows"]
    assert sum(row["purchases"] for row in rows) == 0
    words = omo(capsys, "activity", "--on", "2026-11-30")[1]
    assert "taro" in words
    assert "bought something                                  1" in words


@pytest.mark.parametrize(
    "line",
    [
        ["months", "--since", "2026-13"],
        ["months", "all"],
        ["activity", "--days", "0"],
        ["activity", "--format", "xlsx"],
        ["campaigns", "--out"],
    ],
)
def test_wrong_usage_exits_with_2(line, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.run(["report", *line])
    assert ended.value.code == 2
    assert "usage: omo report" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (["campaigns", "--on", "2026-11-01"], "--on is for the liability and the activity"),
        (["liability", "--days", "3"], "--days is for the activity"),
        (["activity", "--since", "2026-11"], "--since is for the months"),
        (["months", "--since", "2027-11"], "These months have not begun."),
    ],
)
def test_what_a_report_does_not_take_is_no_success(client, capsys, line, why):
    status, told = omo(capsys, *line, "--json")
    assert (status, json.loads(told)["error"].startswith(why)) == (1, True)


def test_the_tables_of_the_page_have_the_columns_of_the_rows():
    text = (ROOT / "docs/reports.md").read_text()
    tables = dict(re.findall(r"CREATE EXTERNAL TABLE omotenashi_(\w+) \(\n(.*?)\n\)", text, re.DOTALL))
    assert set(tables) == {"liability", "months", "statement", "campaigns", "activity"}
    for kind, columns in tables.items():
        names = re.findall(r"(?:^|, *|,\n *|^ *)(\w+) (?:string|bigint)", columns, re.MULTILINE)
        assert names == [one for one in commands_reports.COLUMNS[kind] if one != "month"], kind
