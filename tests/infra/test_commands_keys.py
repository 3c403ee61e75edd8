"""`omo keys`: made, listed, rotated and revoked, with the secret told once."""

import json

import pytest

from infra import cli, files, reach
from infra.client import Answer
from infra.locate import Home
from points.routes import ROUTES
from shared import auth
from shared.errors import Unauthenticated
from tests.kit import OPERATOR, Client, FakeClock, make_world

TILL = ["till-7", "--kind", "pos", "--owner", "Shibuya", "--store", "shibuya", "--terminal", "t7"]


@pytest.fixture
def operator(monkeypatch, tmp_path):
    """The operator of a world in memory, whom the command line takes for the stack in this folder."""
    client = Client(ROUTES, make_world(FakeClock()), OPERATOR)
    files.write_json(Home(tmp_path).local, {"points": "http://points", "keys": {"operator": "omo_operator"}})

    def wire(_address, _key):
        def send(method, path, body):
            answer = client.send(method, path, raw=body or b"")
            return Answer(answer.status, b"" if answer.body is None else json.dumps(answer.body).encode())

        return send

    monkeypatch.setattr(reach, "Wire", wire)
    return client


@pytest.fixture
def omo(capsys, tmp_path, operator):
    def run(*words, as_json=True):
        more = ["--json"] if as_json else []
        status = cli.run(["keys", *words, *more, "--dir", str(tmp_path)])
        said = capsys.readouterr()
        return status, json.loads(said.out) if as_json else said.out + said.err

    return run


def is_good(operator, secret):
    try:
        return bool(auth.authorize(operator.world, f"Bearer {secret}"))
    except Unauthenticated:
        return False


def test_a_key_is_made_rotated_and_revoked(omo, operator):
    status, made = omo("make", *TILL)
    assert (status, made["store_id"], made["kind"]) == (0, "shibuya", "pos")
    status, rotated = omo("rotate", "till-7")
    assert (status, rotated["older_until"]) == (0, "2026-11-21T03:00:00Z")
    assert is_good(operator, made["secret"])
    assert is_good(operator, rotated["secret"])
    assert omo("revoke", "till-7") == (0, {"key_id": "till-7", "state": "revoked"})
    assert not is_good(operator, rotated["secret"])


def test_all_keys_are_listed_without_secrets(omo, operator):
    for n in range(103):
        operator.post("/v1/keys", {"key_id": f"k{n}", "owner": "HQ\x1b[2J", "kind": "ec", "scopes": ["members:read"]})
    status, found = omo("list")
    assert (status, len(found)) == (0, 103)
    status, words = omo("list", as_json=False)
    assert (status, len(words.strip().split("\n"))) == (0, 104)
    assert "omo_test_" not in words
    assert "\x1b" not in words


def test_people_are_told_the_secret_alone(omo, operator):
    status, words = omo("make", *TILL, as_json=False)
    assert status == 0
    assert is_good(operator, words.strip())
    assert "can't be told again" in omo("make", *TILL, as_json=False)[1]


def test_what_is_refused_is_told_why(omo):
    assert omo("rotate", "nobody") == (1, {"error": "There is no such key. (key_not_found)"})
    status, told = omo("make", "x", "--kind", "pos", "--owner", "o")
    assert (status, "invalid_request" in told["error"]) == (1, True)


@pytest.mark.parametrize("words", [["rotate", "k", "--overlap", "-1"], ["make", "k"], ["revoke"], ["list", "k"], []])
def test_wrong_usage_ends_with_two(omo, words):
    with pytest.raises(SystemExit) as ended:
        omo(*words)
    assert ended.value.code == 2


def test_without_a_stack_it_says_so(tmp_path, capsys):
    assert cli.run(["keys", "list", "--json", "--dir", str(tmp_path)]) == 1
    assert "omo up" in capsys.readouterr().out
