"""OpenID Connect tokens: what is taken, and every way in which a token is not."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from shared import auth
from shared.errors import Unauthenticated
from tests.kit import make_world

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_jwk(key, algorithm, kid):
    dump = jwt.algorithms.RSAAlgorithm if algorithm == "RS256" else jwt.algorithms.ECAlgorithm
    return json.loads(dump.to_jwk(key.public_key())) | {"kid": kid, "alg": algorithm, "use": "sig"}


KEYS = {"keys": [public_jwk(RSA, "RS256", "r"), public_jwk(EC, "ES256", "e")]}


ASKED: list[str] = []


class _Issuer(BaseHTTPRequestHandler):
    def do_GET(self):
        ASKED.append(self.path)
        body = json.dumps(KEYS).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def issuer():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Issuer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def _settings(issuer, monkeypatch):
    others = [
        {"issuer": issuer, "audience": "omotenashi", "audience_claim": "aud"},
        {"issuer": f"{issuer}/cognito", "audience": "client-1", "audience_claim": "client_id", "jwks_uri": issuer},
    ]
    monkeypatch.setenv("OMO_ISSUERS", json.dumps(others))
    auth._issuers.cache_clear()
    auth._key_set.cache_clear()
    yield
    auth._issuers.cache_clear()
    auth._key_set.cache_clear()


@pytest.fixture
def token(issuer):
    def make(key=RSA, algorithm="RS256", kid="r", **changes):
        claims = {"iss": issuer, "aud": "omotenashi", "sub": "user-1", "exp": int(time.time()) + 60} | changes
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(claims, key, algorithm, headers={"kid": kid})

    return make


def check(token):
    return auth.authorize(make_world(), f"Bearer {token}")


def test_a_signed_token_is_its_login(token, issuer):
    who = check(token())
    assert (who.kind, who.issuer, who.subject, who.scopes) == ("member", issuer, "user-1", frozenset())
    assert who.login == f"{issuer}|user-1"
    assert auth.Principal.from_context(who.to_context()) == who


def test_both_kinds_of_signature_are_taken(token):
    assert check(token(EC, "ES256", "e")).subject == "user-1"


def test_a_list_of_audiences_may_hold_ours(token):
    assert check(token(aud=["other", "omotenashi"])).subject == "user-1"


def test_a_minute_of_clock_skew_is_forgiven(token):
    assert check(token(exp=int(time.time()) - 30)).subject == "user-1"


def test_an_issuer_may_name_its_audience_elsewhere(token, issuer):
    assert check(token(iss=f"{issuer}/cognito", aud=None, client_id="client-1")).subject == "user-1"
    for wrong in ("client-2", None):
        with pytest.raises(Unauthenticated):
            check(token(iss=f"{issuer}/cognito", aud=None, client_id=wrong))


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1},
        {"exp": None},
        {"aud": "other"},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 256},
        {"nbf": 4_000_000_000},
        {"key": STRANGER},
        {"kid": "unknown"},
        {"key": EC, "algorithm": "ES256"},
    ],
)
def test_anything_wrong_with_a_token_makes_it_nobodys(token, changes):
    with pytest.raises(Unauthenticated):
        check(token(**changes))


def test_no_signature_is_no_token(issuer):
    claims = {"iss": issuer, "aud": "omotenashi", "sub": "user-1", "exp": int(time.time()) + 60}
    with pytest.raises(Unauthenticated):
        check(jwt.encode(claims, "", "none", headers={"kid": "r"}))


def test_the_public_key_is_no_shared_secret(issuer):
    """Key confusion (CVE-2022-29217): an HS256 token signed with the RSA public key."""
    public = RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    header = jwt.utils.base64url_encode(b'{"alg":"HS256","typ":"JWT","kid":"r"}')
    claims = {"iss": issuer, "aud": "omotenashi", "sub": "user-1", "exp": int(time.time()) + 60}
    body = jwt.utils.base64url_encode(json.dumps(claims).encode())
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(header + b"." + body, public)
    forged = b".".join([header, body, jwt.utils.base64url_encode(signature)]).decode()
    with pytest.raises(Unauthenticated):
        check(forged)


def test_a_changed_token_is_nobodys(token):
    head, body, signature = token().split(".")
    claims = json.loads(jwt.utils.base64url_decode(body)) | {"sub": "somebody-else"}
    changed = jwt.utils.base64url_encode(json.dumps(claims).encode()).decode()
    with pytest.raises(Unauthenticated):
        check(f"{head}.{changed}.{signature}")


def test_who_makes_up_key_ids_does_not_make_us_ask_the_issuer_each_time(token):
    """Else anybody without a key could let every call wait for the issuer, and the issuer answer for every call."""
    assert check(token()).kind == "member"
    ASKED.clear()
    for n in range(50):
        with pytest.raises(Unauthenticated):
            check(token(STRANGER, kid=f"made-up-{n}"))
    assert len(ASKED) <= 1
    assert check(token()).kind == "member"
