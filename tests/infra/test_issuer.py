"""The local issuer behaves as a real one does, seen from its documents."""

from __future__ import annotations

import threading

import httpx
import jwt
import pytest

from infra import issuer


@pytest.fixture(scope="module")
def key_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("issuer") / "issuer.pem"
    issuer.make_key(path)
    return path


@pytest.fixture(scope="module")
def port(key_file):
    server = issuer.make_server(key_file, 0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def fetch(address):
    return httpx.get(address, trust_env=False)


def verified(token, port):
    (key,) = fetch(f"{issuer.address(port)}/jwks.json").json()["keys"]
    assert jwt.get_unverified_header(token)["kid"] == key["kid"]
    return jwt.decode(
        token, jwt.PyJWK(key).key, algorithms=["RS256"], audience=issuer.AUDIENCE, issuer=issuer.address(port)
    )


def test_the_discovery_document_leads_to_the_keys(port):
    found = fetch(f"{issuer.address(port)}/.well-known/openid-configuration").json()
    assert found["issuer"] == issuer.address(port)
    assert fetch(found["jwks_uri"]).json()["keys"][0]["alg"] == "RS256"


def test_a_token_is_verified_by_the_published_key(key_file, port):
    claims = verified(issuer.mint(key_file, port, "mem-1", 60), port)
    assert claims["sub"] == "mem-1"
    assert claims["exp"] - claims["iat"] == 60


def test_a_negative_time_to_live_gives_an_expired_token(key_file, port):
    with pytest.raises(jwt.ExpiredSignatureError):
        verified(issuer.mint(key_file, port, "mem-1", -120), port)


def test_a_token_may_be_for_another_audience(key_file, port):
    with pytest.raises(jwt.InvalidAudienceError):
        verified(issuer.mint(key_file, port, "mem-1", 60, "somebody-else"), port)


def test_only_the_public_half_is_published_and_the_private_one_is_private(key_file, port):
    (key,) = fetch(f"{issuer.address(port)}/jwks.json").json()["keys"]
    assert set(key) <= {"kty", "key_ops", "n", "e", "kid", "use", "alg"}
    assert key_file.stat().st_mode & 0o777 == 0o600


def test_any_other_address_is_unknown(port):
    assert fetch(f"{issuer.address(port)}/").status_code == 404


def test_the_services_are_told_where_the_keys_are(port):
    (told,) = issuer.settings(port)
    assert told["issuer"] == issuer.address(port)
    assert fetch(told["jwks_uri"]).status_code == 200
