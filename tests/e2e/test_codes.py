"""Codes in bulk on the local stack: ordered over HTTP, made by the real queue and function, fetched from the bucket."""

import json

import boto3
import httpx
import pytest

from shared import keys
from shared.codes import Codec, Form, normalise
from shared.coupons_of import Codebook
from shared.dynamo import DynamoTable
from shared.secrets import Secrets
from shared.world import make
from tests.e2e.conftest import eventually, omo
from tests.kit import FakeClock

pytestmark = pytest.mark.slow  # each waits for queues, streams and jobs; the CI runs them

COUNT = 12_000


@pytest.fixture
def world(stack):
    """The stack's tables and secrets, from outside."""
    local = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "ap-northeast-1"}
    clients = {
        name: boto3.client(name, endpoint_url=stack.local["aws_endpoint"], **local)
        for name in ("dynamodb", "secretsmanager")
    }
    here = keys.Stage("local")
    tables = [DynamoTable(clients["dynamodb"], name) for name in (here.ledger, here.directory, here.transient)]
    secret = clients["secretsmanager"].get_secret_value(SecretId=here.root_secret)["SecretString"]
    ledger, directory, transient = tables
    return make(here, ledger, directory, transient, Secrets(lambda: secret), FakeClock().clock())


@pytest.fixture
def campaign(stack, fresh):
    said = {
        "campaign_id": fresh,
        "name": {"ja": "印刷", "en": "Printed"},
        "offer": {"type": "amount_off", "value": 100},
        "valid_from": "2026-11-01",
    }
    assert stack.call("coupons", "operator", "POST", "/v1/campaigns", said).status_code == 201
    return fresh


def job_of(stack, job_id):
    return stack.call("coupons", "operator", "GET", f"/v1/jobs/{job_id}").json()


def indexes(world, campaign_id, lines):
    """Where each code leads, by the campaign that it must lead to."""
    book = Codebook(world)
    found = []
    for line in lines:
        (reading,) = book.read(normalise(line))
        assert reading.generation.form is Form.BULK
        assert book.campaign_of(reading.generation.locator) == campaign_id
        found.append(reading.index)
    return found


def test_a_job_ends_with_a_file_of_exactly_so_many_good_codes(stack, world, campaign):
    job_id, path = f"job-{campaign}", f"/v1/campaigns/{campaign}/codes"
    order = {"job_id": job_id, "count": COUNT}
    answer = stack.call("coupons", "operator", "POST", path, order)
    assert (answer.status_code, answer.json()) == (202, {"job_id": job_id, "status": "queued"})
    assert eventually(lambda: job_of(stack, job_id)["status"], "done") == "done"
    told = job_of(stack, job_id)
    assert (told["done"], told["total"]) == (COUNT, COUNT)

    fetched = httpx.get(told["download_url"], trust_env=False)
    assert (fetched.status_code, fetched.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    header, *lines = fetched.text.splitlines()
    assert (header, len(lines), len(set(lines))) == ("code", COUNT, COUNT)
    assert indexes(world, campaign, lines) == list(range(COUNT))

    again = stack.call("coupons", "operator", "POST", path, order)
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (202, "true")
    other = stack.call("coupons", "operator", "POST", path, order | {"count": 5})
    assert (other.status_code, other.json()["code"]) == (422, "id_reused")


def test_the_command_line_writes_the_file_that_the_job_makes(stack, world, campaign, tmp_path):
    out, job_id = tmp_path / "codes.csv", f"job-{campaign}"
    line = ("codes", "make", campaign, "--count", "1500", "--out", str(out), "--job", job_id, "--json")
    told = json.loads(omo(*line, "--dir", str(stack.home)).stdout)
    assert (told["codes"], told["first"]) == (1500, 0)
    assert indexes(world, campaign, out.read_text().splitlines()[1:]) == list(range(1500))
    assert eventually(lambda: job_of(stack, job_id)["status"], "done") == "done"
    fetched = httpx.get(job_of(stack, job_id)["download_url"], trust_env=False)
    assert fetched.content == out.read_bytes()

    pages = json.loads(omo("codes", "sheet", str(out), "--out", str(tmp_path / "pages"), "--json").stdout)["pages"]
    assert pages == 63


def test_a_code_of_another_stage_is_unknown_here(world, campaign):
    foreign = Codec(b"x" * 32)
    book = Codebook(world)
    generation = next(one for one in map(book.generation, range(1 << 14)) if one is not None)
    assert book.read(foreign.encode(generation, 0)) == ()
