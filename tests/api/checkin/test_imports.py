"""POST /v1/stores/import: CSV and GeoJSON, row by row."""

import csv
import io
import json

import pytest
from hypothesis import given, settings, strategies as st

from checkin import importing
from checkin.import_model import ROWS_MAX
from checkin.routes import ROUTES
from tests.api.checkin.conftest import SHIBUYA
from tests.kit import EC, OPERATOR, TILL, Client, FakeClock, make_world, member

HEADER = "store_id,name,lat,lon,radius_m,time_zone,cutoff_hour,hours"
WEEK = '"{""mon"": [[""05:00"", ""23:00""]], ""sat"": [[""18:00"", ""02:00""]]}"'
GINZA = f"ginza,銀座店,35.6717,139.7650,200,Asia/Tokyo,4,{WEEK}"


def send(client, *lines, **headers):
    raw = "\n".join(lines).encode() if lines else b""
    return client.send("POST", "/v1/stores/import", raw=raw, **({"content_type": "text/csv"} | headers))


def rows(client, *lines):
    answer = send(client, *lines)
    assert answer.status == 200, answer.body
    return answer.body["results"]


def row(id_="new", **changes):
    fields = {"store_id": id_, "name": "新店", "lat": "35", "lon": "139", "time_zone": "Asia/Tokyo"} | changes
    out = io.StringIO()
    csv.writer(out).writerows([list(fields), list(fields.values())])
    return out.getvalue().splitlines()


def feature(id_="new", lat=35.0, lon=139.0, **properties):
    said = {"name": "新店", "time_zone": "Asia/Tokyo"} | properties
    point = {"type": "Point", "coordinates": [lon, lat]}
    return {"type": "Feature", "id": id_, "geometry": point, "properties": said}


def collection(*features, **more):
    return {"type": "FeatureCollection", "features": list(features)} | more


def faults(result):
    assert result["status"] == "refused"
    return [(one["pointer"], one["code"]) for one in result["errors"]]


# ---- CSV ------------------------------------------------------------------------------------------------------------


def test_a_csv_sets_its_stores_and_the_same_again_updates_them(operator):
    told = rows(operator, HEADER, GINZA, "shibuya,渋谷店,35.6595,139.7005,,Asia/Tokyo,,")
    assert told == [
        {"row": 1, "store_id": "ginza", "status": "created"},
        {"row": 2, "store_id": "shibuya", "status": "updated"},
    ]
    ginza = operator.get("/v1/stores/ginza").body
    assert ginza == {
        "store_id": "ginza",
        "name": "銀座店",
        "lat": 35.6717,
        "lon": 139.765,
        "radius_m": 200,
        "time_zone": "Asia/Tokyo",
        "cutoff_hour": 4,
        "hours": {"mon": [["05:00", "23:00"]], "sat": [["18:00", "02:00"]]},
        "rewards": [{"min_level": 0, "points": 10}],
        "state": "open",
        "rewards_paused": False,
    }
    near = operator.get("/v1/stores/nearby?lat=35.6717&lon=139.765").body["items"]
    assert [item["store_id"] for item in near] == ["ginza"]
    assert [one["status"] for one in rows(operator, HEADER, GINZA)] == ["updated"]
    assert operator.get("/v1/stores/ginza").body == ginza


def test_optional_columns_may_be_missing_and_columns_stand_in_any_order(operator):
    assert (
        rows(operator, "lon,lat,time_zone,name,store_id", "139.7,35.6,Asia/Tokyo,Sola,sola")[0]["status"] == "created"
    )
    sola = operator.get("/v1/stores/sola").body
    assert (sola["lat"], sola["lon"], sola["radius_m"], sola["cutoff_hour"], "hours" in sola) == (
        35.6,
        139.7,
        150,
        0,
        False,
    )


def test_what_a_file_has_no_column_for_stays_and_an_empty_cell_has_the_default(operator):
    more = {"rewards": [{"min_level": 2, "points": 5}], "state": "closed", "radius_m": 300, "hours": {"mon": []}}
    operator.put("/v1/stores/shibuya", SHIBUYA | more)
    operator.put("/v1/stores/shibuya/rewards-pause", {"paused": True})
    rows(operator, *row("shibuya", name="渋谷本店"))
    kept = operator.get("/v1/stores/shibuya").body
    assert {name: kept[name] for name in more} == more
    assert (kept["name"], kept["rewards_paused"]) == ("渋谷本店", True)
    rows(operator, *row("shibuya", hours="", radius_m=""))
    reset = operator.get("/v1/stores/shibuya").body
    assert (reset["radius_m"], "hours" in reset, reset["state"]) == (150, False, "closed")


def test_a_spreadsheets_marks_quotes_line_ends_and_blank_lines_are_no_trouble(operator):
    text = f'\ufeff{HEADER}\r\n\r\n"ginza","銀座, ""本店""",35.6717,139.765,,Asia/Tokyo,,\r\n,,,,,,,\r\nbad\r\n'
    answer = operator.send("POST", "/v1/stores/import", raw=text.encode(), content_type="text/csv; charset=utf-8")
    assert [(one["row"], one["status"]) for one in answer.body["results"]] == [(1, "created"), (2, "refused")]
    assert operator.get("/v1/stores/ginza").body["name"] == '銀座, "本店"'
    old_mac = f"{HEADER}\r{GINZA}\r"
    assert operator.send("POST", "/v1/stores/import", raw=old_mac.encode(), content_type="text/csv").status == 200


BAD_ROWS = [
    ({"lat": "90.1"}, "/lat", "less_than_equal"),
    ({"lat": "139.7", "lon": "35.6"}, "/lat", "less_than_equal"),  # the two mixed up, as anywhere in Japan
    ({"lat": "35,6"}, "/lat", "float_type"),
    ({"lat": "３５"}, "/lat", "float_type"),
    ({"lat": "nan"}, "/lat", "float_type"),
    ({"lat": "1e999"}, "/lat", "float_type"),
    ({"lat": ""}, "/lat", "missing"),
    ({"lon": "180.1"}, "/lon", "less_than_equal"),
    ({"radius_m": "0"}, "/radius_m", "greater_than_equal"),
    ({"radius_m": "1.5"}, "/radius_m", "int_type"),
    ({"cutoff_hour": "24"}, "/cutoff_hour", "less_than_equal"),
    ({"cutoff_hour": "-1"}, "/cutoff_hour", "int_type"),
    ({"time_zone": "Asia/Edo"}, "/time_zone", "value_error"),
    ({"name": " "}, "/name", "missing"),
    ({"name": "x" * 201}, "/name", "string_too_long"),
    ({"name": "a\u202eb"}, "/name", "value_error"),
    ({"name": "a\nb"}, "/name", "value_error"),
    ({"name": "a\x1b[31m"}, "/name", "value_error"),
    ({"store_id": ""}, "/store_id", "missing"),
    ({"store_id": "銀座"}, "/store_id", "string_pattern_mismatch"),
    ({"store_id": "ｇｉｎｚａ"}, "/store_id", "string_pattern_mismatch"),
    ({"store_id": "nearby"}, "/store_id", "reserved"),
    ({"store_id": "import"}, "/store_id", "reserved"),
    ({"hours": "always"}, "/hours", "dict_type"),
    ({"hours": '{"mon": [["5:00", "23:00"]]}'}, "/hours/mon/0/0", "string_pattern_mismatch"),
    ({"hours": '{"mon": [["05:00", "24:01"]]}'}, "/hours/mon/0/1", "string_pattern_mismatch"),
    ({"hours": '{"mon": [["05:00"]]}'}, "/hours/mon/0/1", "missing"),
    ({"hours": '{"\\ud800": []}'}, "/hours", "dict_type"),
    ({"hours": "[" * 5000}, "/hours", "dict_type"),
    ({"hours": "9" * 5000}, "/hours", "dict_type"),
    ({"hours": "NaN"}, "/hours", "dict_type"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "where", "code"), BAD_ROWS)
def test_a_bad_row_is_refused_at_its_field_and_harms_no_other(operator, change, where, code):
    header, bad = row("bad", **({"hours": ""} | change))[0], row("bad", **({"hours": ""} | change))[1:]
    good = next(csv.reader([header]))
    values = {"store_id": "good", "name": "G", "lat": "35", "lon": "139", "time_zone": "Asia/Tokyo"}
    told = rows(operator, header, *bad, ",".join(values.get(name, "") for name in good))
    assert (where, code) in faults(told[0])
    assert told[1] == {"row": 2, "store_id": "good", "status": "created"}
    assert operator.get("/v1/stores/bad").code == "store_not_found"
    assert told[0].get("store_id") in ("bad", "nearby", "import", None)


def test_a_row_with_more_cells_than_the_header_is_refused_and_a_short_one_is_filled(operator):
    told = rows(operator, HEADER, "a,A,35,139,,Asia/Tokyo,,,more", "b,B,35,139,,Asia/Tokyo")
    assert faults(told[0]) == [("/more_cells", "extra_forbidden")]
    assert told[1]["status"] == "created"


def test_a_store_id_that_comes_twice_counts_once(operator):
    told = rows(operator, HEADER, GINZA, GINZA)
    assert [one["status"] for one in told] == ["created", "refused"]
    assert faults(told[1]) == [("/store_id", "duplicate")]


@pytest.mark.parametrize("name", ["@cosme", "=1+1", "+81 Café", "-0 °C", '=HYPERLINK("http://x")'])
def test_a_name_that_looks_like_a_formula_is_a_name(operator, name):
    """Shops have such names. Nothing of ours writes them into a sheet; JSON runs no formula."""
    assert rows(operator, *row("f", name=name))[0]["status"] == "created"
    assert operator.get("/v1/stores/f").body["name"] == name


@pytest.mark.parametrize(
    ("lines", "where", "code"),
    [
        ((HEADER + ",rewards", GINZA + ",[]"), "/rewards", "unknown_column"),
        (("Store_ID,name", "a,b"), "/Store_ID", "unknown_column"),
        (("store_id;name;lat", "a;b;1"), "/store_id;name;lat", "unknown_column"),
        (("x" * 100, "a"), "/" + "x" * 64, "unknown_column"),
        (("store_id,name,name", "a,b,c"), "/name", "duplicate"),
        ((HEADER,), "/features", "too_short"),
        (("  ", " "), "", "missing"),
        ((HEADER, *([GINZA] * (ROWS_MAX + 1))), "/features", "too_long"),
    ],
)
def test_a_file_that_is_no_list_of_stores_is_refused_as_a_whole(operator, lines, where, code):
    answer = send(operator, *lines)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert (where, code) in [(one["pointer"], one["code"]) for one in answer.body["errors"]]
    assert operator.get("/v1/stores/ginza").code == "store_not_found"


@pytest.mark.parametrize("raw", ["é".encode("latin-1"), (HEADER + '\na,"open').encode(), b"store_id\x00\xff"])
def test_what_is_no_csv_is_refused(operator, raw):
    assert operator.send("POST", "/v1/stores/import", raw=raw, content_type="text/csv").code == "malformed_json"


def test_a_body_of_a_mebibyte_is_taken_and_more_is_not(operator):
    line = ("x" * 200).join(["a,", f",35,139,,Asia/Tokyo,,{' ' * 1800}"])
    text = "\n".join([HEADER, *[line] * 499])
    assert 1024 * 1024 * 0.9 < len(text) < 1024 * 1024
    assert send(operator, text).status == 200
    assert send(operator, text + " " * 100_000).code == "body_too_large"
    assert send(operator, HEADER, GINZA, content_type="text/plain").code == "unsupported_media_type"


def test_an_import_waits_once_for_all_its_rows(operator, taro, checkin, clock):
    taro.post("/v1/me/checkins", checkin(is_mock=True))  # the store is in the cache now
    before = clock.slept
    rows(operator, HEADER, *[f"s-{n},S,35,139,,Asia/Tokyo,," for n in range(50)], "shibuya,渋谷店,0,0,,Asia/Tokyo,,")
    assert clock.slept - before == 1
    assert taro.post("/v1/me/checkins", checkin("c-2")).body["outcome"] == "recorded_no_award"  # it is elsewhere now


def test_what_is_the_same_writes_nothing_but_the_answer_waits_all_the_same(operator, clock):
    """The first call may have died in its wait."""
    rows(operator, HEADER, GINZA)
    usage, before = operator.world.directory.table.usage, clock.slept
    usage.reset()
    rows(operator, HEADER, GINZA)
    assert (usage.write_units, usage.round_trips, clock.slept - before) == (0, 1, 1)


def test_what_takes_too_long_goes_on_with_the_same_request_again(operator, clock, monkeypatch):
    """A table that takes a second for each write: twenty rows are in, and the next request finds them so."""
    table, real = operator.world.directory.table, operator.world.directory.table.transact

    def slow(writes):
        clock.slept += 1
        real(writes)

    monkeypatch.setattr(table, "transact", slow)
    lines = [HEADER, *(f"s-{n},S,35,139,,Asia/Tokyo,," for n in range(30))]
    first = send(operator, *lines)
    assert (first.status, first.code, first.headers["Retry-After"]) == (503, "temporarily_unavailable", "1")
    assert [one["status"] for one in rows(operator, *lines)] == ["updated"] * 21 + ["created"] * 9


def test_a_process_that_dies_between_two_rows_leaves_whole_stores(operator, monkeypatch):
    table, real = operator.world.directory.table, operator.world.directory.table.transact

    def die_at_the_third(writes):
        if writes[0].item["pk"] == "store#s-2":
            raise KeyboardInterrupt
        real(writes)

    monkeypatch.setattr(table, "transact", die_at_the_third)
    lines = [HEADER, *(f"s-{n},S,35,139,,Asia/Tokyo,," for n in range(4))]
    with pytest.raises(KeyboardInterrupt):
        send(operator, *lines)
    monkeypatch.undo()
    near = operator.get("/v1/stores/nearby?lat=35&lon=139").body["items"]
    assert [item["store_id"] for item in near] == ["s-0", "s-1"]
    assert [one["status"] for one in rows(operator, *lines)] == ["updated", "updated", "created", "created"]


def test_the_faults_of_a_row_are_told_in_japanese_too(operator):
    english = send(operator, *row(lat="")).body["results"][0]["errors"][0]["detail"]
    japanese = send(operator, *row(lat=""), accept_language="ja").body["results"][0]["errors"][0]["detail"]
    assert english != japanese
    assert not japanese.isascii()


@pytest.mark.parametrize("who", [EC, TILL, member("taro")])
def test_only_operators_import(operator, who):
    assert send(operator.as_(who), HEADER, GINZA).status == 403


# ---- GeoJSON --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("media", ["application/geo+json", "application/json"])
def test_a_geojson_sets_its_stores_with_all_their_fields(operator, media):
    more = {"rewards": [{"min_level": 1, "points": 30}], "state": "closed", "hours": {"sun": [["10:00", "24:00"]]}}
    sent = collection(feature("a", 35.5, 139.5, **more), feature(7), feature(None, store_id="c"))
    answer = operator.post("/v1/stores/import", sent, content_type=media)
    assert [(one["store_id"], one["status"]) for one in answer.body["results"]] == [
        ("a", "created"), ("7", "created"), ("c", "created"),
    ]  # fmt: skip
    told = operator.get("/v1/stores/a").body
    assert {name: told[name] for name in ("lat", "lon", *more)} == more | {"lat": 35.5, "lon": 139.5}


def test_what_other_tools_add_to_a_geojson_is_no_trouble(operator):
    name = {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}
    crs = {"type": "name", "properties": name}
    one = feature("a") | {"bbox": [1, 2, 3, 4]}
    one["geometry"]["coordinates"] = [139.5, 35.5, 40.0]  # with a height
    assert (
        operator.post("/v1/stores/import", collection(one, name="stores", crs=crs)).body["results"][0]["status"]
        == "created"
    )
    name["name"] = "urn:ogc:def:crs:EPSG::3857"  # metres
    assert operator.post("/v1/stores/import", collection(feature("b"), crs=crs)).body["errors"][0]["pointer"] == "/crs"


@pytest.mark.parametrize(
    ("bad", "where"),
    [
        ("text", ""), (None, ""), ({}, "/type"), (feature() | {"geometry": None}, "/geometry"),
        (feature() | {"geometry": {"type": "Polygon", "coordinates": []}}, "/geometry/type"),
        (feature() | {"geometry": {"type": "Point", "coordinates": [1]}}, "/geometry/coordinates"),
        (feature(lat="35"), "/lat"), (feature(lat=None), "/lat"), (feature(lon=[1]), "/lon"), (feature(lat=True), "/lat"),
        (feature() | {"properties": None}, "/properties"), (feature(None), "/store_id"), (feature("a", store_id="b"), "/store_id"),
        (feature(True), "/id"), (feature(brand="x"), "/brand"), (feature(rewards_paused=True), "/rewards_paused"),
        (feature(radius_m=None), "/radius_m"),
    ],
)  # fmt: skip
def test_a_bad_feature_is_refused_where_it_is_bad_and_harms_no_other(operator, bad, where):
    told = operator.post("/v1/stores/import", collection(bad, feature("good"))).body["results"]
    assert where in [pointer for pointer, _ in faults(told[0])]
    assert (told[1]["row"], told[1]["status"]) == (2, "created")


def test_a_geojson_says_where_a_store_is_once(operator):
    bad = feature("a")
    bad["properties"]["lat"] = 1.0
    assert faults(operator.post("/v1/stores/import", collection(bad)).body["results"][0]) == [("/geometry", "differs")]


@pytest.mark.parametrize("body", [{}, [], {"type": "Feature"}, {"type": "FeatureCollection"}, collection()])
def test_what_is_no_collection_is_refused(operator, body):
    assert operator.post("/v1/stores/import", body).code == "invalid_request"


# ---- both -----------------------------------------------------------------------------------------------------------

ids = st.text("abcXYZ019._-", min_size=1, max_size=64)
anything = st.text(max_size=30)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(anything, min_size=8, max_size=8), min_size=1, max_size=6))
def test_whatever_cells_hold_each_row_has_its_answer(table):
    """Every row is answered in its place, in JSON that can be sent, and what is refused is not there."""
    out = io.StringIO()
    csv.writer(out).writerows([HEADER.split(","), *table])
    client = Client(ROUTES, make_world(FakeClock()), OPERATOR)
    answer = client.send("POST", "/v1/stores/import", raw=out.getvalue().encode(), content_type="text/csv")
    if answer.status == 422:
        assert not any(any(map(str.strip, cells)) for cells in table)
        return
    assert answer.status == 200
    json.dumps(answer.body, ensure_ascii=False).encode()
    assert [one["row"] for one in answer.body["results"]] == list(range(1, len(answer.body["results"]) + 1))
    for one in answer.body["results"]:
        assert one["status"] == "created" or one["errors"]


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        ids.filter(lambda one: one not in ("import", "nearby")),
        st.tuples(st.floats(-90, 90), st.floats(-180, 180), st.integers(1, 10_000), st.integers(0, 23)),
        min_size=1,
        max_size=5,
    )
)
def test_a_csv_and_a_put_of_the_same_make_the_same_store(stores):
    clients = [Client(ROUTES, make_world(FakeClock()), OPERATOR) for _ in range(2)]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["store_id", "name", "lat", "lon", "radius_m", "time_zone", "cutoff_hour"])
    for store_id, (lat, lon, radius_m, cutoff) in stores.items():
        writer.writerow([store_id, "S", f"{lat:.20f}", f"{lon:.20f}", radius_m, "Asia/Tokyo", cutoff])
        place = {"lat": float(f"{lat:.20f}"), "lon": float(f"{lon:.20f}"), "radius_m": radius_m, "cutoff_hour": cutoff}
        said = {"name": "S", "time_zone": "Asia/Tokyo"} | place
        assert clients[0].put(f"/v1/stores/{store_id}", said).status == 200
    assert all(one["status"] == "created" for one in rows(clients[1], *out.getvalue().splitlines()))
    one, other = (client.world.directory.table.scan(after=None, limit=1000) for client in clients)
    assert one == other


def test_the_columns_are_those_of_the_contract():
    assert ",".join(importing.COLUMNS) == HEADER
