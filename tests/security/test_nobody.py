"""Whoever is nobody gets a 401 on every route of the real apps, whatever the reason, and leaves nothing behind."""

import json
import time
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from infra import issuer as issuing
from shared import auth, clock, keys
from shared.http import PUBLIC
from tests.front import SERVICES, Front, _routes, open_issuer
from tests.kit import FakeClock, make_world

DAY = timedelta(days=1)
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    with open_issuer(tmp_path_factory.mktemp("issuer")) as here:
        yield here


@pytest.fixture(scope="module")
def front():
    return Front(make_world(FakeClock(datetime.now(UTC))))


def api_key(world, **changes):
    """The secret of an operator's key that is as it is said to be."""
    secret = auth.new_secret("test", auth.new_key_id())
    pk, sk = keys.api_key(secret.split("_")[2])
    item = {"pk": pk, "sk": sk, "version": 1, "owner": "o", "kind": "operator", "state": "active", "t": 0}
    item |= {"scopes": sorted(auth.KINDS["operator"]), "hash": auth.hash_of(secret)}
    world.directory.table.put(item | changes)
    return secret


def ms(at):
    return clock.to_ms(at)


def key_kinds(world):
    now = clock.utc_now()
    good = api_key(world)
    rotated = api_key(world)
    pk, sk = keys.api_key(rotated.split("_")[2])
    item = world.directory.table.get(pk, sk)
    older = [[auth.hash_of(rotated), ms(now - DAY)]]
    world.directory.table.put(item | {"hash": auth.hash_of(good), "older": older})
    return {
        "revoked": api_key(world, state="revoked"),
        "expired": api_key(world, not_after=ms(now - DAY)),
        "not begun": api_key(world, not_before=ms(now + DAY)),
        "rotated away": rotated,
        "of another stage": good.replace("omo_test_", "omo_prod_"),
        "mistyped": good[:-1] + ("0" if good[-1] != "0" else "1"),
        "unknown": auth.new_secret("test", auth.new_key_id()),
        "of another's id": auth.new_secret("test", good.split("_")[2]),
    }


def token_kinds(issuer):
    now, here = int(time.time()), issuing.address(issuer.port)
    claims = {"iss": here, "sub": "taro", "aud": issuing.AUDIENCE, "exp": now + 600}
    private = serialization.load_pem_private_key(issuer.key_file.read_bytes(), None)
    assert isinstance(private, rsa.RSAPrivateKey)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = private.public_key().public_bytes(serialization.Encoding.PEM, form)
    good = jwt.get_unverified_header(issuer.token("taro"))

    def signed(key=private, **changes):
        return jwt.encode(claims | changes, key, "RS256", headers={"kid": good["kid"]})

    forged = signed().split(".")
    head = jwt.utils.base64url_encode(json.dumps({"alg": "HS256", "typ": "JWT", "kid": good["kid"]}).encode())
    text = b".".join([head, forged[1].encode()])
    mac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(text, public)
    return {
        "an expired token": signed(exp=now - 600),
        "for another audience": signed(aud="somebody-else"),
        "of another issuer": signed(iss="https://issuer.example"),
        "signed by a stranger": signed(STRANGER),
        "of alg none": jwt.encode(claims, "", "none", headers={"kid": good["kid"]}),
        "of a confused key": b".".join([text, jwt.utils.base64url_encode(mac)]).decode(),
        "of a changed subject": f"{forged[0]}.{issuer.token('hanako').split('.')[1]}.{forged[2]}",
    }


KINDS = [
    *("nothing", "another scheme", "garbage"),
    *("revoked", "expired", "not begun", "rotated away", "of another stage", "mistyped", "unknown", "of another's id"),
    *("an expired token", "for another audience", "of another issuer", "signed by a stranger", "of alg none"),
    *("of a confused key", "of a changed subject"),
]


@pytest.fixture(scope="module")
def shown(front, issuer):
    """What each kind of nobody sends in its header."""
    tokens = key_kinds(front.world) | token_kinds(issuer)
    others = {"nothing": {}, "another scheme": {"Authorization": "Basic b3BlcmF0b3I6"}}
    others["garbage"] = {"Authorization": "Bearer nonsense"}
    return others | {kind: {"Authorization": f"Bearer {token}"} for kind, token in tokens.items()}


def test_every_kind_of_nobody_is_tried(shown):
    assert set(shown) == set(KINDS)


def test_control_a_good_key_and_a_good_token_get_in(front, issuer):
    for token in (api_key(front.world), issuer.token("taro")):
        assert front.request("points", "GET", "/v1/whoami", {"Authorization": f"Bearer {token}"}).status == 200


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("kind", KINDS)
def test_nobody_gets_in_anywhere(front, shown, service, kind):
    world = front.world
    for table in (world.ledger.table, world.directory.table, world.transient):
        table.usage.reset()
    told = set()
    for route in _routes(service).all:
        if route.scope == PUBLIC:
            continue
        path = route.path.replace("{", "").replace("}", "")
        said = front.request(service, route.method, path, shown[kind] | {"Content-Type": "application/json"}, b"{}")
        body = json.loads(said.body)
        assert (said.status, body["code"]) in ((401, "unauthenticated"), (429, "too_many_requests")), route
        assert said.headers["content-type"] == "application/problem+json"
        told.add(said.status)
    assert world.ledger.table.usage.round_trips == 0
    assert world.directory.table.usage.write_units == 0
    is_guess = kind in ("unknown", "of another's id")
    assert (world.transient.usage.write_units > 0 or 429 in told) is is_guess
    assert (429 in told) <= is_guess
