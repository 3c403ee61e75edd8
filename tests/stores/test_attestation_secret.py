"""The attestation secret in a real Secrets Manager: made by the operator, or not there."""

import boto3
import pytest

from shared import aws, secrets
from shared.keys import Stage
from shared.secrets import GIVEN_SECONDS


@pytest.fixture
def manager(engine, monkeypatch):
    client = boto3.client(
        "secretsmanager",
        endpoint_url=engine,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    monkeypatch.setattr(aws, "client", {"secretsmanager": client}.__getitem__)
    yield client
    client.close()


def test_a_secret_that_nobody_made_is_none_and_one_that_is_made_is_read(manager):
    stage = Stage("attested")
    held = secrets.from_secrets_manager(stage)
    assert held.attestation(0) is None
    manager.create_secret(Name=stage.attestation_secret, SecretString="[]")
    assert held.attestation(1) is None
    assert held.attestation(GIVEN_SECONDS) == "[]"
