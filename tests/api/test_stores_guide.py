"""The examples of docs/stores.md, sent as they stand: what the page shows is what comes back."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from checkin.model import StoreFields
from checkin.routes import ROUTES
from shared import keys
from tests.kit import OPERATOR, Client, FakeClock, make_world, member

GUIDE = (Path(__file__).parent.parent.parent / "docs" / "stores.md").read_text()
BLOCKS = re.findall(r"^```(json|csv)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
CSV = [text for kind, text in BLOCKS if kind == "csv"]
STORE, GEOJSON, RESULTS, NEARBY, FENCES = (json.loads(text) for kind, text in BLOCKS if kind == "json")


@pytest.fixture
def operator():
    return Client(ROUTES, make_world(FakeClock()), OPERATOR)


def test_the_example_of_a_store_is_taken(operator):
    answer = operator.put("/v1/stores/shibuya", STORE)
    assert answer.status == 200
    assert {name: answer.body[name] for name in STORE if name != "rewards"} == {
        name: value for name, value in STORE.items() if name != "rewards"
    }
    assert re.fullmatch(r"omo-store:shibuya:\w+", operator.get("/v1/stores/shibuya/qr").body["qr_payload"])


def test_the_table_names_every_field_and_its_default():
    table = dict(re.findall(r"^\| (`[\w`, ]+`) \| (.*?) \|", GUIDE, re.MULTILINE))
    named = {name: default for names, default in table.items() for name in re.findall(r"`(\w+)`", names)}
    assert named.keys() == StoreFields.model_fields.keys()
    for name in ("radius_m", "cutoff_hour", "state"):
        assert named[name].strip("`") == str(StoreFields.model_fields[name].default)


def test_the_example_of_a_csv_is_answered_as_shown(operator):
    answer = operator.send("POST", "/v1/stores/import", raw=CSV[0].encode(), content_type="text/csv")
    assert answer.body == RESULTS
    assert operator.get("/v1/stores/kobe").body["name"] == "神戸, 三宮店"


def test_the_example_of_a_geojson_is_taken(operator):
    answer = operator.post("/v1/stores/import", GEOJSON, content_type="application/geo+json")
    assert [one["status"] for one in answer.body["results"]] == ["created"]
    assert operator.get("/v1/stores/ginza").body["rewards"] == [{"min_level": 0, "points": 20}]


def test_a_search_and_the_fences_are_answered_as_shown(operator):
    operator.put("/v1/stores/shibuya", STORE)
    said = {
        "campaign_id": "visit-10",
        "name": {"ja": "ご来店10%引き"},
        "offer": NEARBY["items"][0]["offers"][0]["offer"],
    }
    said |= {"valid_from": "2026-11-01", "state": "active"}
    operator.world.directory.change(keys.campaign("visit-10"), lambda _: {"said": said})
    (path,) = re.findall(r"`GET (/v1/stores/nearby\?\S+)`", GUIDE)
    taro = operator.as_(member("taro"))
    assert taro.get(path, accept_language="ja").body == NEARBY
    assert taro.get("/v1/geofences?lat=35.66&lon=139.7005").body == FENCES
