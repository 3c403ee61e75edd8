"""`omo codes`: the file is the job's, whole or not there, and the same again; pages hold every code, to scan and to type."""

from __future__ import annotations

import json
import re
import stat
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import segno

from coupons import code_files
from coupons.routes import ROUTES
from infra import cli, files, reach, sheets
from infra.client import Answer
from infra.locate import Home
from infra.sheets import Layout
from shared.codes import Code, NotACode, check_symbols, normalise, show
from tests.api.coupons.conftest import CAMPAIGN
from tests.api.coupons.test_jobs import file_of, read, work
from tests.kit import OPERATOR, Client, FakeClock, make_world

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def operator(monkeypatch, tmp_path):
    """The operator of a world in memory, whom the command line takes for the stack in this folder."""
    client = Client(ROUTES, make_world(FakeClock()), OPERATOR)
    assert client.post("/v1/campaigns", CAMPAIGN).status == 201
    files.write_json(Home(tmp_path).local, {"coupons": "http://coupons", "keys": {"operator": "omo_operator"}})

    def wire(_address, _key):
        def send(method, path, body):
            answer = client.send(method, path, raw=body)
            return Answer(answer.status, json.dumps(answer.body).encode())

        return send

    monkeypatch.setattr(reach, "Wire", wire)
    monkeypatch.setattr(reach.Place, "world", lambda _: client.world)
    monkeypatch.setattr(code_files, "STEP", 10)
    return client


@pytest.fixture
def omo(capsys, tmp_path):
    def run(*line: object) -> tuple[int, dict[str, Any]]:
        status = cli.run([*map(str, line), "--json", "--dir", str(tmp_path)])
        return status, json.loads(capsys.readouterr().out)

    return run


# ---- make -----------------------------------------------------------------------------------------------------------


def test_codes_go_straight_into_a_file(operator, omo, tmp_path):
    out = tmp_path / "out" / "codes.csv"
    status, told = omo("codes", "make", "spring", "--count", 25, "--out", out)
    assert (status, told["codes"], told["first"], told["campaign_id"]) == (0, 25, 0, "spring")
    header, *codes = out.read_text().splitlines()
    assert header == "code"
    assert [read(operator.world, code) for code in codes] == [("spring", 1, n) for n in range(25)]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert list(out.parent.iterdir()) == [out]


def test_the_same_job_writes_the_same_file_and_the_job_itself_the_same_again(operator, omo, tmp_path):
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    for out in (one, other):
        assert omo("codes", "make", "spring", "--count", 25, "--out", out, "--job", "j-1")[0] == 0
    assert one.read_bytes() == other.read_bytes()
    work(operator.world)
    assert one.read_text().splitlines()[1:] == file_of(operator)


def test_without_a_job_id_each_line_makes_new_codes_and_tells_how_to_go_on(operator, tmp_path, capsys):
    for n in range(2):
        line = ["codes", "make", "spring", "--count", "5", "--out", str(tmp_path / f"{n}.csv"), "--dir", str(tmp_path)]
        assert cli.run(line) == 0
        words = capsys.readouterr().out
        assert re.search(r"--job cli-[0-9a-f]{32} ", words)
        assert f"from number {n * 5} on" in words
    assert not set((tmp_path / "0.csv").read_text().split()[1:]) & set((tmp_path / "1.csv").read_text().split()[1:])


def test_a_file_that_is_not_finished_is_not_there_and_the_job_goes_on(operator, omo, tmp_path, monkeypatch):
    out, real = tmp_path / "codes.csv", code_files.rows

    def stopped(world, job, done):
        if done:
            raise KeyboardInterrupt
        return real(world, job, done)

    line = ("codes", "make", "spring", "--count", 25, "--out", out, "--job", "j-1")
    with monkeypatch.context() as patch:
        patch.setattr(code_files, "rows", stopped)
        with pytest.raises(KeyboardInterrupt):
            omo(*line)
    assert not [path for path in tmp_path.iterdir() if "codes.csv" in path.name]
    assert omo(*line)[1]["first"] == 0
    assert len(set(out.read_text().split())) == 26


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (("nowhere", "--count", 5), "campaign_not_found"),
        (("spring", "--count", 26, "--job", "j-1"), "id_reused"),
    ],
)
def test_a_refusal_is_told_and_writes_nothing(operator, omo, tmp_path, line, code):
    omo("codes", "make", "spring", "--count", 5, "--out", tmp_path / "first.csv", "--job", "j-1")
    status, told = omo("codes", "make", *line, "--out", tmp_path / "out.csv")
    assert (status, code in told["error"]) == (1, True)
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    "line",
    [
        [],
        ["make"],
        ["make", "spring", "--count", "5"],
        ["make", "spring", "--out", "f"],
        ["make", "spring", "--count", "0", "--out", "f"],
        ["make", "spring", "--count", "1000001", "--out", "f"],
        ["make", "not an id", "--count", "5", "--out", "f"],
        ["make", "spring", "--count", "5", "--out", "f", "--job", "not an id"],
        ["sheet"],
        ["sheet", "f"],
        ["sheet", "f", "--out", "d", "--per-page", "0"],
        ["sheet", "f", "--out", "d", "--per-page", "61"],
        ["tear", "f"],
    ],
)
def test_wrong_usage_exits_with_2(line, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.run(["codes", *line])
    assert ended.value.code == 2
    assert "usage: omo codes" in capsys.readouterr().err


def test_a_stack_that_is_not_up_is_told(tmp_path, capsys):
    assert cli.run(["codes", "make", "c", "--count", "5", "--out", str(tmp_path / "f"), "--dir", str(tmp_path)]) == 1
    assert "omo up" in capsys.readouterr().err


# ---- sheets ---------------------------------------------------------------------------------------------------------


def codes(count: int) -> list[Code]:
    carrying = [f"{n:012d}" for n in range(count)]
    return [normalise(one + check_symbols(one)) for one in carrying]


def written(path, some: list[Code]):
    path.write_text("code\n" + "".join(f"{show(code)}\n" for code in some))
    return path


def dark(path: str) -> set[tuple[int, int]]:
    """The modules that a path draws."""
    runs = re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", path)
    assert "".join(f"M{x} {y}h{n}v1h-{m}z" for x, y, n, m in runs) == path
    return {(int(x) + n, int(y)) for x, y, length, _ in runs for n in range(int(length))}


def test_every_code_is_printed_once_to_scan_and_to_type(omo, tmp_path):
    some = codes(30)
    status, told = omo("codes", "sheet", written(tmp_path / "f.csv", some), "--out", tmp_path / "d", "--per-page", 12)
    assert (status, told["pages"]) == (0, 3)
    typed, scanned = [], []
    for page in sorted((tmp_path / "d").iterdir()):
        root = ET.parse(page).getroot()
        assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("210mm", "297mm", "0 0 210 297")
        typed += [text.text for text in root.iter(f"{SVG}text") if text.get("font-family") == "monospace"]
        scanned += [dark(one.attrib["d"]) for one in root.iter(f"{SVG}path")]
    assert [normalise(text) for text in typed if text] == some
    for code, modules in zip(some, scanned, strict=True):
        rows = segno.make_qr(show(code), error="m").matrix_iter(border=4)
        assert modules == {(x, y) for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark}


@pytest.mark.parametrize("per_page", range(1, 61))
def test_nothing_lies_outside_the_page_or_upon_another(per_page):
    layout = Layout(per_page)
    assert layout.columns * layout.rows >= per_page
    width, height = layout.cell
    text = sheets.page(codes(per_page), layout, 1)
    boxes = []
    for x, y, scale in re.findall(r"translate\(([\d.]+) ([\d.]+)\) scale\(([\d.]+)\)", text):
        side = float(scale) * (21 + 8)
        boxes.append((float(x), float(y), side))
        assert sheets.MARGIN - 0.01 <= float(x) <= 210 - sheets.MARGIN - side + 0.05
        assert sheets.MARGIN <= float(y) <= 297 - sheets.MARGIN - side + 0.05
        assert side <= min(width, height) + 0.05
        assert side >= 20  # millimetres: what any camera reads
    assert len(boxes) == per_page


def test_a_title_is_text_and_nothing_else(omo, tmp_path):
    title = "<script>alert(1)</script> & 春の割引"
    omo("codes", "sheet", written(tmp_path / "f.csv", codes(1)), "--out", tmp_path / "d", "--title", title)
    page = (tmp_path / "d" / "sheet-00001.svg").read_text()
    assert "<script" not in page
    assert title in [text.text for text in ET.fromstring(page).iter(f"{SVG}text")]


def test_a_line_that_is_no_code_is_named(omo, tmp_path):
    path = written(tmp_path / "f.csv", codes(2))
    path.write_text(path.read_text() + "0000-0000-0000-01\n")
    status, told = omo("codes", "sheet", path, "--out", tmp_path / "d")
    assert (status, "line 4" in told["error"]) == (1, True)
    with pytest.raises(NotACode):
        normalise("0000-0000-0000-01")


@pytest.mark.parametrize(("text", "says"), [("code\n", "no code in it"), (None, "no file")])
def test_nothing_to_print_is_no_success(omo, tmp_path, text, says):
    path = tmp_path / "f.csv"
    if text is not None:
        path.write_text(text)
    status, told = omo("codes", "sheet", path, "--out", tmp_path / "d")
    assert (status, says in told["error"]) == (1, True)


def test_a_file_for_too_many_pages_is_refused(omo, tmp_path, monkeypatch):
    monkeypatch.setattr(sheets, "PAGES_MAX", 2)
    path = written(tmp_path / "f.csv", codes(3))
    status, told = omo("codes", "sheet", path, "--out", tmp_path / "d", "--per-page", 1)
    assert (status, "more than 2 pages" in told["error"]) == (1, True)


# ---- import ---------------------------------------------------------------------------------------------------------


def test_somebody_else_s_codes_are_taken_in_by_the_hundred(operator, omo, tmp_path):
    said = CAMPAIGN | {"campaign_id": "theirs", "code": {"mode": "imported"}}
    assert operator.post("/v1/campaigns", said).status == 201
    file = tmp_path / "codes.csv"
    file.write_text("code,remark\n" + "".join(f"THEIR-{n:05d},x\n" for n in range(1203)), "utf-8-sig")
    status, told = omo("codes", "import", "theirs", file)
    assert (status, told["created"], told["unchanged"], told["refused"]) == (0, 1203, 0, [])
    file.write_text("THEIR-00007\nab\nNEW-1234\n")
    status, told = omo("codes", "import", "theirs", file)
    assert (status, told["created"], told["unchanged"]) == (1, 1, 1)
    assert [(one["row"], one["errors"][0]["code"]) for one in told["refused"]] == [(2, "not_a_code")]


@pytest.mark.parametrize(("content", "said"), [(None, "no file"), (b"\xff", "no CSV"), (b"code\n", "no codes")])
def test_a_file_without_codes_is_refused(operator, omo, tmp_path, content, said):
    file = tmp_path / "codes.csv"
    if content is not None:
        file.write_bytes(content)
    status, told = omo("codes", "import", "theirs", file)
    assert status == 1
    assert said in told["error"]


def test_codes_are_not_taken_in_by_a_campaign_of_our_own_codes(operator, omo, tmp_path):
    (tmp_path / "codes.csv").write_text("THEIR-1\n")
    status, told = omo("codes", "import", "spring", tmp_path / "codes.csv")
    assert (status, "invalid_request" in told["error"]) == (1, True)
