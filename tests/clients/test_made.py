"""What is made of the description is what it would be made into now, and makes sense to those who read it."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import typing
from pathlib import Path

import omotenashi_client
import pytest
from omotenashi_client import models, routes

from infra import cli, commands_openapi, described, typed_python, typescript
from infra.locate import ROOT, SERVICES

TYPES = described.CLIENTS / "typescript" / "omotenashi.d.ts"
TSC = ROOT / ".omo" / "typescript" / "bin" / "tsc"
USE = """
import type { Answer, Body, Operations, Purchase, MemberRef, Refusal } from "./omotenashi";

const body: Body<"post_v1_purchases"> = {
  purchase_id: "p-1", source: "pos", occurred_at: "2026-11-01T03:00:00Z", state: "completed",
  member: { member_id: "m-hanako" }, lines: [{ line_id: "1", quantity: 1, amount: 1980 }],
};
const same: Purchase = body;
function told(answer: Answer<"post_v1_purchases">): number { return answer.points.available; }
function refused(no: Refusal): string { return no.code; }
const place: Operations["get_v1_stores_nearby"]["query"] = { lat: 35.6595, lon: 139.7005 };
// @ts-expect-error exactly one way to say who is meant
const two: MemberRef = { member_id: "a", code: "b" } satisfies { member_id: string };
// @ts-expect-error a number is no text
const wrong: Body<"post_v1_spends"> = { spend_id: "s", member: { member_id: "m" }, points: "5", order_ref: "o" };
// @ts-expect-error an id is missing
const less: Body<"post_v1_spends"> = { member: { member_id: "m" }, points: 5, order_ref: "o" };
export { body, same, told, refused, place, two, wrong, less };
"""


@pytest.fixture(scope="module")
def document():
    return described.merged()


@pytest.mark.parametrize("path", commands_openapi.made(), ids=lambda path: path.name)
def test_what_is_committed_is_what_is_made_now(path):
    """`omo openapi --renew` brings it up to date."""
    assert path.read_text("utf-8") == commands_openapi.made()[path]


# ---- one description ------------------------------------------------------------------------------------------------


def test_the_merged_description_has_every_route_of_every_service(document):
    for service in SERVICES:
        for path, method, operation in described.operations(described.of_service(service)):
            found = document["paths"][path][method.lower()]
            assert service in found["tags"]
            assert found["operationId"] == operation["operationId"]
            assert service in [one["description"] for one in document["paths"][path]["servers"]]


def test_operation_ids_are_unique_and_whatever_is_referred_to_is_there(document):
    ids = [operation["operationId"] for _, _, operation in described.operations(document)]
    assert len(ids) == len(set(ids))
    assert set(described.referred(document["paths"])) <= set(document["components"]["schemas"])
    assert set(described.referred(document["components"])) <= set(document["components"]["schemas"])


def test_shapes_that_are_called_alike_and_are_not_have_their_service_in_their_name(document):
    shapes = document["components"]["schemas"]
    assert {"PointsLine", "CouponsLine", "MemberRef"} <= set(shapes)
    assert "Line" not in shapes
    assert shapes["Purchase"]["properties"]["lines"]["items"] == {"$ref": "#/components/schemas/PointsLine"}
    assert shapes["Basket"]["properties"]["lines"]["items"] == {"$ref": "#/components/schemas/CouponsLine"}


def test_whoever_refers_to_such_a_shape_has_its_service_in_its_name_too():
    line = {"type": "object", "properties": {"a": {"type": "string"}}}
    basket = {"type": "object", "properties": {"line": {"$ref": "#/components/schemas/Line"}}}
    names = described._names({"points": {"Line": line, "Basket": basket}, "coupons": {"Line": {}, "Basket": basket}})
    assert names == {
        "points": {"Line": "PointsLine", "Basket": "PointsBasket"},
        "coupons": {"Line": "CouponsLine", "Basket": "CouponsBasket"},
    }


def test_a_name_that_is_taken_is_not_taken_twice():
    with pytest.raises(AssertionError, match="taken"):
        described._names({"points": {"Line": {}, "PointsLine": {}}, "coupons": {"Line": {"type": "string"}}})


# ---- TypeScript -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({}, "unknown"),
        ({"type": "integer"}, "number"),
        ({"enum": ["a", "b"]}, '"a" | "b"'),
        ({"const": True}, "true"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string | null"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, '("a" | "b")[]'),
        ({"type": "array"}, "unknown[]"),
        ({"type": "array", "prefixItems": [{"type": "string"}, {"type": "number"}]}, "[string, number]"),
        ({"type": "object"}, "Record<string, unknown>"),
        ({"type": "object", "additionalProperties": False}, "Record<string, never>"),
        ({"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Days"}}, "Record<string, Days>"),
        (
            {"type": "object", "additionalProperties": {"type": "number"}, "propertyNames": {"enum": ["a"]}},
            'Partial<Record<"a", number>>',
        ),
        (
            {"minProperties": 1, "maxProperties": 1, "type": "object"}
            | {"properties": {"a": {"type": "string"}, "b-c": {"type": "number"}}},
            '{ a: string } | { "b-c": number }',
        ),
    ],
)
def test_a_schema_as_a_type(schema, kind):
    assert typescript.type_of(schema) == kind


def test_the_types_name_nothing_that_is_not_there():
    """What a parser would find, for machines without a compiler: each bracket has its partner, each name its shape."""
    text = re.sub(r'"[^"\n]*"', '""', re.sub(r"/\*.*?\*/|//[^\n]*", "", TYPES.read_text("utf-8"), flags=re.DOTALL))
    opened: list[str] = []
    for one in re.findall(r"[][(){}]", text):
        if one in "([{":
            opened.append(one)
        else:
            assert opened.pop() + one in ("()", "[]", "{}")
    assert not opened
    declared = re.findall(r"export (?:interface|type) (\w+)", text)
    assert len(declared) == len(set(declared))
    used = set(re.findall(r"\b[A-Z]\w+\b", text)) - {"Record", "Partial"}
    assert used <= set(declared)


@pytest.mark.skipif(not TSC.exists(), reason="make .omo/typescript/.installed brings a TypeScript compiler")
def test_an_app_that_is_right_compiles_and_one_that_is_wrong_does_not(tmp_path):
    shutil.copy(TYPES, tmp_path / "omotenashi.d.ts")
    (tmp_path / "app.ts").write_text(USE)
    (shown,) = re.findall(r"```ts\n(.*?)```", (described.CLIENTS / "README.md").read_text("utf-8"), re.DOTALL)
    (tmp_path / "shown.ts").write_text(f"declare const points: string;\ndeclare const token: string;\n{shown}")
    strict = [
        "node",
        str(TSC),
        "--noEmit",
        "--strict",
        "--exactOptionalPropertyTypes",
        "--target",
        "es2022",
        "--module",
        "es2022",
        "app.ts",
        "shown.ts",
    ]
    done = subprocess.run(strict, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


# ---- Python ---------------------------------------------------------------------------------------------------------


def test_every_shape_is_there_and_every_hint_leads_somewhere(document):
    for name in document["components"]["schemas"]:
        assert typing.get_type_hints(getattr(models, name), include_extras=True) or name


def test_what_must_be_there_must_be_there(document):
    hints = typing.get_type_hints(models.Purchase, include_extras=True)
    free = {name for name, hint in hints.items() if typing.get_origin(hint) is typing.NotRequired}
    assert free == set(hints) - set(document["components"]["schemas"]["Purchase"]["required"])
    assert "from" in models.MergeAnswer.__annotations__


def test_every_route_is_a_method_that_says_what_names_it(document):
    methods = sum(
        len([one for one in vars(kind) if one[0] != "_"]) for kind in (routes.Points, routes.Coupons, routes.Checkin)
    )
    assert methods == sum(len(operation["tags"]) for _, _, operation in described.operations(document))
    asked = []
    client = routes.Points(lambda *given, **named: asked.append((given, named)))
    client.post_purchases_returns("pos", "p-1", {"return_id": "r-1", "channel": "pos", "all": True})
    assert asked == [
        (
            ("points", "POST", "/v1/purchases/{source}/{purchase_id}/returns", {"source": "pos", "purchase_id": "p-1"}),
            {"body": {"return_id": "r-1", "channel": "pos", "all": True}, "named_by": "return_id"},
        )
    ]


def test_the_client_needs_nothing_but_itself():
    """Integrators copy it: no part of the project may be missing there."""
    for path in Path(omotenashi_client.__file__).parent.glob("*.py"):
        tops = set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                tops |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                tops.add((node.module or "").split(".")[0])
        assert not tops & {"shared", "infra", "points", "coupons", "checkin", "httpx", "pydantic", "boto3"}, path


def test_a_field_that_python_can_not_name_is_kept():
    shape = {"type": "object", "properties": {"from": {"type": "string"}}, "required": ["from"]}
    assert 'TypedDict(\n    "When",\n    {\n        "from": "str",' in typed_python._shape("When", shape)


# ---- the command ----------------------------------------------------------------------------------------------------


def test_the_command_prints_or_writes_either(tmp_path, capsys, document):
    assert cli.run(["openapi", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == document
    assert cli.run(["openapi"]) == 0
    assert json.loads(capsys.readouterr().out) == document
    assert cli.run(["openapi", "--service", "checkin"]) == 0
    assert json.loads(capsys.readouterr().out) == described.of_service("checkin")
    assert cli.run(["openapi", "--types", "--out", str(tmp_path / "x.d.ts")]) == 0
    assert (tmp_path / "x.d.ts").read_text("utf-8") == TYPES.read_text("utf-8")


def test_the_command_says_what_it_can_not_do(tmp_path, capsys):
    assert cli.run(["openapi", "--out", str(tmp_path / "no" / "x.json")]) == 1
    assert "can't be written" in capsys.readouterr().err
    assert cli.run(["openapi", "--types", "--service", "points"]) == 1
    with pytest.raises(SystemExit) as ended:
        cli.run(["openapi", "--service", "nonsense"])
    assert ended.value.code == 2


def test_what_is_out_of_date_is_renewed(tmp_path, monkeypatch, capsys):
    stale = ROOT / "docs/clients/none.txt"
    written: dict[Path, str] = {}
    monkeypatch.setattr(Path, "write_text", lambda path, text, encoding: written.setdefault(path, text))
    result = commands_openapi._renewed({stale: "new", TYPES: TYPES.read_text("utf-8")})
    assert (result.value, written) == ({"changed": ["docs/clients/none.txt"]}, {stale: "new"})
    assert commands_openapi._renewed({}).words == "All is as it was."
