"""The catalogue of events: each type has a schema and a golden example, and today's consumers take every example."""

import json

import jsonschema_rs
import pytest
import yaml

from checkin.reactions import REACTIONS as CHECKIN
from checkin.routes import ROUTES as STORES
from coupons.reactions import REACTIONS as COUPONS
from points.reactions import REACTIONS as POINTS
from points.routes import ROUTES
from shared import inbox
from shared.event_types import TYPES
from tests import catalogue
from tests.kit import OPERATOR, Client, FakeClock, make_world

SHIBUYA = {"name": "渋谷店", "lat": 35.6595, "lon": 139.7005, "time_zone": "Asia/Tokyo"}
SCHEMAS = sorted(path.name.removesuffix(".v1.schema.json") for path in catalogue.FOLDER.glob("*.v1.schema.json"))
EXAMPLES = sorted(path.name.removesuffix(".v1.example.json") for path in catalogue.FOLDER.glob("*.v1.example.json"))


def test_every_type_is_in_the_catalogue_and_nothing_else():
    assert set(SCHEMAS) == set(EXAMPLES) == TYPES


@pytest.mark.parametrize("name", [*SCHEMAS, "envelope"])
def test_a_schema_is_one_and_tells_what_each_field_means(name):
    found = catalogue.schema(name)
    jsonschema_rs.meta.validate(found)
    assert found["description"]
    assert set(found["required"]) <= set(found["properties"])
    assert all("description" in one or "const" in one for one in found["properties"].values())


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_as_its_schema_says(name):
    event = catalogue.example(name)
    assert event["type"] == f"omotenashi.{name}.v1"
    assert event["subject"]
    assert catalogue.faults(event) == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_has_all_that_an_envelope_has(name):
    assert set(catalogue.schema("envelope")["properties"]) == set(catalogue.example(name))


@pytest.mark.parametrize("change", [{"points": "63"}, {"points": None}, {"more": 1}, {"occurred_at": "yesterday"}])
def test_what_is_not_as_the_schema_says_is_found(change):
    event = catalogue.example("points.earned")
    assert catalogue.faults(event | {"data": event["data"] | change})


def test_an_event_without_a_field_that_consumers_may_rely_on_is_found():
    event = catalogue.example("points.earned")
    data = {name: value for name, value in event["data"].items() if name != "balance"}
    assert catalogue.faults(event | {"data": data})
    assert catalogue.faults({name: value for name, value in event.items() if name != "sequence"})


@pytest.mark.parametrize("name", EXAMPLES)
def test_todays_consumers_take_every_example_that_was_ever_published(name):
    """Of every released version: none comes again, none is parked."""
    client = Client(ROUTES, make_world(FakeClock()))
    for member_id in ("taro", "hanako"):
        client.post("/v1/members", {"member_id": member_id})
    assert Client(STORES, client.world, OPERATOR).put("/v1/stores/shibuya", SHIBUYA).status == 200
    record = {"messageId": "1", "body": json.dumps(catalogue.example(name))}
    for reactions in (POINTS, COUPONS, CHECKIN):
        assert inbox.work(client.world, {"Records": [record]}, reactions=reactions) == {"batchItemFailures": []}
    assert [one for one in client.world.transient.scan(after=None, limit=100) if one["pk"].startswith("parked")] == []


def test_the_asyncapi_document_names_every_type_with_its_schema():
    document = yaml.safe_load((catalogue.FOLDER / "asyncapi.yaml").read_text())
    messages = document["components"]["messages"]
    assert set(messages) == set(document["channels"]["events"]["messages"]) == TYPES
    for name, message in messages.items():
        envelope, of_type = message["payload"]["allOf"]
        assert envelope == {"$ref": "envelope.schema.json"}
        assert of_type["properties"]["type"] == {"const": message["name"]} == {"const": f"omotenashi.{name}.v1"}
        assert of_type["properties"]["data"] == {"$ref": f"{name}.v1.schema.json"}
        assert message["summary"] == catalogue.schema(name)["description"]


def test_the_page_of_events_names_every_type():
    page = (catalogue.FOLDER.parent / "events.md").read_text()
    for name in TYPES:
        assert f"[`{name}`](events/{name}.v1.schema.json) | {catalogue.schema(name)['description']} |" in page
