"""`omo deploy`, `omo destroy`, `omo keys first`: what they refuse before anything is asked of AWS."""

import json

import pytest

from infra import cli, rollout

ISSUER = {"issuer": "https://login.example.com", "audience": "shop"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("deploy", "--stage", "local"), "belongs to `omo up`"),
        (("destroy", "--stage", "local", "--yes"), "belongs to `omo up`"),
        (("keys", "first", "--stage", "local"), "belongs to `omo up`"),
        (("deploy", "--stage", "dev", "--domain", "a.example.com"), "go together"),
        (("deploy", "--stage", "dev", "--issuers", "nowhere.json"), "no file"),
        (("destroy", "--stage", "dev", "--yes", "--data"), "gone for good"),
        (("destroy", "--stage", "dev", "--yes", "--data", "--books-of", "live"), "gone for good"),
        (("destroy", "--stage", "dev", "--yes", "--books-of", "dev"), "for --data only"),
    ],
)
def test_it_is_refused_with_a_clear_word(words, said, capsys):
    assert cli.run(words) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ("deploy",),
        ("deploy", "--stage", "Live!"),
        ("deploy", "--stage", "d", "--log-days", "2"),
        ("deploy", "--stage", "d", "--backup-days", "36"),
        ("deploy", "--stage", "d", "--report-days", "0"),
    ],
)
def test_wrong_usage_ends_with_two(words):
    with pytest.raises(SystemExit) as ended:
        cli.run(words)
    assert ended.value.code == 2


def test_nobody_at_the_terminal_agrees_to_nothing(capsys):
    assert cli.run(("destroy", "--stage", "dev", "--json")) == 1
    assert json.loads(capsys.readouterr().out) == {"deleted": []}


def test_issuers_are_taken_as_the_templates_want_them():
    assert json.loads(rollout.read_issuers(json.dumps([ISSUER]))) == [ISSUER]


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[]",
        "nonsense",
        '[{"issuer": "http://a", "audience": "b"}]',
        '[{"issuer": "https://a"}]',
        json.dumps([ISSUER | {"local": True}]),
        json.dumps([ISSUER | {"jwks_uri": "http://a"}]),
    ],
)
def test_issuers_that_no_service_could_trust_are_refused(text):
    with pytest.raises(ValueError):
        rollout.read_issuers(text)
