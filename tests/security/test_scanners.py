"""What docs/keys.md tells secret scanners, held against real keys: every key is found, and nothing else passes."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from shared import auth

TEXT = (Path(__file__).parents[2] / "docs" / "keys.md").read_text(encoding="utf-8")


def block(language):
    (found,) = re.findall(rf"^```{language}\n(omo_.+?|[^o].+?)^```", TEXT, re.MULTILINE | re.DOTALL)
    return found


PATTERN = re.compile(next(line for line in TEXT.split("\n") if line.startswith("omo_[")))
RULE = tomllib.loads(block("toml"))["rules"][0]


@pytest.fixture(scope="module")
def is_key():
    names: dict[str, Any] = {}
    exec(block("python"), names)
    return names["is_key"]


KEYS = [
    auth.new_secret(stage, auth.new_key_id()) for stage in ("local", "prod", "a", "z9z9z9z9z9z9z9z9") for _ in "1234"
]


@pytest.mark.parametrize("secret", KEYS)
def test_a_key_is_found_wherever_it_stands(secret, is_key):
    assert PATTERN.fullmatch(secret)
    assert auth.KEY_PATTERN.fullmatch(secret)
    assert is_key(secret)
    for line in (f"KEY={secret}", f'"{secret}"', f"Bearer {secret}\n", f"x: {secret}, y"):
        assert re.findall(RULE["regex"], line) == [secret]
        assert any(word in line for word in RULE["keywords"])


@given(st.sampled_from(KEYS), st.integers(0, 200), st.sampled_from(auth.BASE62))
def test_a_key_with_another_character_is_none(is_key, secret, place, character):
    place %= len(secret)
    changed = secret[:place] + character + secret[place + 1 :]
    assert is_key(changed) is (changed == secret)


@pytest.mark.parametrize(
    "text", [KEYS[0] + "0", KEYS[0][1:], "omo_local_x_y", "omo_local_" + "A" * 12 + "_" + "A" * 48]
)
def test_what_is_longer_or_shorter_is_not_found(text):
    assert re.search(RULE["regex"], f"={text}\n") is None
