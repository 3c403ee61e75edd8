"""`omo stores import`: a file of any length, in calls that the service takes, and every refusal told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from checkin.routes import ROUTES
from infra import cli, commands_stores, files, reach
from infra.client import Answer
from infra.locate import Home
from tests.kit import OPERATOR, Client, FakeClock, make_world

HEADER = "store_id,name,lat,lon,time_zone"


@pytest.fixture
def sent():
    return []


@pytest.fixture
def refused():
    """Answers to calls, by their place among them, that do not reach the service."""
    return {}


@pytest.fixture
def operator(monkeypatch, tmp_path, sent, refused):
    """The operator of a world in memory, whom the command line takes for the stack in this folder."""
    client = Client(ROUTES, make_world(FakeClock()), OPERATOR)
    files.write_json(Home(tmp_path).local, {"checkin": "http://checkin", "keys": {"operator": "omo_operator"}})

    def wire(_address, _key):
        def send(method, path, body):
            sent.append(body)
            if len(sent) in refused:
                return refused[len(sent)]
            answer = client.send(method, path, raw=body)
            return Answer(answer.status, json.dumps(answer.body).encode())

        return send

    monkeypatch.setattr(reach, "Wire", wire)
    return client


@pytest.fixture
def omo(capsys, tmp_path):
    def run(content: str | bytes, name: str = "stores.csv") -> tuple[int, dict[str, Any]]:
        file = tmp_path / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        status = cli.run(["stores", "import", str(file), "--json", "--dir", str(tmp_path)])
        return status, json.loads(capsys.readouterr().out)

    return run


def csv_of(count: int) -> str:
    return "\n".join([HEADER, *(f"s-{n},Store {n},35.{n:04d},139,Asia/Tokyo" for n in range(count))])


def test_a_large_file_goes_in_calls_of_five_hundred(operator, omo, sent):
    status, told = omo(csv_of(1100))
    assert (status, told["created"], told["updated"], told["refused"]) == (0, 1100, 0, [])
    assert [len(json.loads(body)["features"]) for body in sent] == [500, 500, 100]
    assert operator.get("/v1/stores/s-1099").body["lat"] == 35.1099
    assert omo(csv_of(1100))[1]["updated"] == 1100


def test_no_call_is_larger_than_the_service_takes(operator, omo, sent):
    hours = json.dumps({day: [["05:00", "23:00"]] * 4 for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")})
    cell = '"' + hours.replace('"', '""') + '"'
    lines = [HEADER + ",hours", *(f"s-{n},{'🍜' * 200},35,139,Asia/Tokyo,{cell}" for n in range(900))]
    assert omo("\n".join(lines))[1]["created"] == 900
    assert len(json.loads(sent[0])["features"]) < 500
    assert all(len(body) <= commands_stores.BODY_MAX for body in sent)


def test_refused_rows_have_the_numbers_of_the_file_and_the_status_one(operator, omo):
    text = csv_of(600) + "\nbad id,B,35,139,Asia/Tokyo\nlast,L,95,139,Asia/Tokyo"
    status, told = omo(text)
    assert (status, told["created"], told["rows"]) == (1, 600, 602)
    assert [(one["row"], one.get("store_id"), one["errors"][0]["pointer"]) for one in told["refused"]] == [
        (601, None, "/store_id"), (602, "last", "/lat"),
    ]  # fmt: skip


def test_people_read_what_was_refused_and_why(operator, tmp_path, capsys):
    file = tmp_path / "stores.csv"
    file.write_text(HEADER + "\na,A,35,139,Asia/Tokyo" + "".join(f"\nb{n},B,99,1,UTC" for n in range(25)))
    assert cli.run(["stores", "import", str(file), "--dir", str(tmp_path)]) == 1
    words = capsys.readouterr().out
    assert "1 created, 0 updated, 25 refused." in words
    assert "row 2 b0: /lat: Input should be less than or equal to 90 (less_than_equal)" in words
    assert "and 5 more" in words


def test_geojson_is_told_by_its_first_sign(operator, omo):
    point = {"type": "Point", "coordinates": [139, 35]}
    properties = {"name": "A", "time_zone": "Asia/Tokyo", "rewards": [{"points": 3}]}
    one = {"type": "Feature", "id": "a", "geometry": point, "properties": properties}
    assert omo(json.dumps({"type": "FeatureCollection", "features": [one]}), "stores.geojson")[0] == 0
    assert operator.get("/v1/stores/a").body["rewards"] == [{"min_level": 0, "points": 3}]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("店舗".encode("shift_jis"), "UTF-8"), ("{", "neither"), ("[]", "no stores"), ('{"type": "FeatureCollection"}', "no stores"),
        (HEADER, "no stores"), (HEADER + ",brand\na", "/brand"), (HEADER + '\n"a', "neither"), ("", "a header"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_list_of_stores_is_refused_before_anything_is_sent(operator, omo, sent, content, words):
    status, told = omo(content)
    assert status == 1
    assert words in told["error"]
    assert sent == []


def test_without_a_file_or_a_stack_it_says_so(operator, omo, tmp_path, capsys):
    assert cli.run(["stores", "import", str(tmp_path / "none.csv"), "--dir", str(tmp_path)]) == 1
    assert "There is no file" in capsys.readouterr().err
    Home(tmp_path).local.unlink()
    assert cli.run(["stores", "import", str(tmp_path / "none.csv"), "--dir", str(tmp_path)]) == 1
    assert "omo up" in capsys.readouterr().err


def test_nothing_of_a_file_steers_the_terminal(operator, tmp_path, capsys):
    file = tmp_path / "stores.geojson"
    point = {"type": "Point", "coordinates": [139, 35]}
    bad = {"type": "Feature", "id": "\x1b[2J", "geometry": point, "properties": {"\x1b[31m": 1}}
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [bad]}))
    assert cli.run(["stores", "import", str(file), "--dir", str(tmp_path)]) == 1
    assert "\x1b" not in capsys.readouterr().out


def test_a_refused_call_says_how_far_it_came(operator, omo, refused):
    refused[2] = Answer(403, json.dumps({"detail": "Not allowed.", "code": "forbidden"}).encode())
    status, told = omo(csv_of(501))
    assert (status, told["error"]) == (1, "Rows 501 to 501: Not allowed. (forbidden). 500 rows are in.")


def test_coordinates_of_another_kind_are_refused(operator, omo):
    status, told = omo(json.dumps({"type": "FeatureCollection", "features": [1], "crs": {"name": "EPSG:3857"}}))
    assert status == 1
    assert "/crs" in told["error"]
