"""Tokens that are signed and then encrypted: opened by the right keys, and by nothing else."""

from __future__ import annotations

import base64
import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, strategies as st

from checkin.nested_token import opened, read_decryption_key, read_verification_key
from tests.phones import NEEDED, Play, encrypted, spelt

PLAY = Play()
SAID = {"requestDetails": {"nonce": "n"}, "店": "渋谷"}
KEYS = (PLAY.decryption_key, PLAY.signing_key.public_key())


def test_a_token_is_opened():
    assert opened(PLAY.token(SAID), *KEYS) == SAID


def test_the_samples_of_the_standards_keys_open_it():
    """RFC 3394 §4.6 wraps 256 bits with 256 bits: the same bytes through a token that was made by hand."""
    key = bytes(range(32))
    wrapped = bytes.fromhex("28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21")
    once = bytes.fromhex("00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F")
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    head = spelt(json.dumps(NEEDED).encode())
    signed = jwt.PyJWS().encode(b'{"a":1}', PLAY.signing_key, algorithm="ES256").encode()
    sealed = AESGCM(once).encrypt(b"i" * 12, signed, head.encode())
    token = ".".join((head, spelt(wrapped), spelt(b"i" * 12), spelt(sealed[:-16]), spelt(sealed[-16:])))
    assert opened(token, key, KEYS[1]) == {"a": 1}


@pytest.mark.parametrize("part", range(5))
@given(at=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_a_token_with_any_other_byte_is_none(part, at, flip):
    parts = PLAY.token(SAID).split(".")
    raw = bytearray(base64.urlsafe_b64decode(parts[part] + "=" * (-len(parts[part]) % 4)))
    raw[at % len(raw)] ^= flip
    parts[part] = spelt(bytes(raw))
    with pytest.raises(ValueError):
        opened(".".join(parts), *KEYS)


@given(st.one_of(st.text(max_size=200), st.lists(st.text("aA0-_=", max_size=20), max_size=7).map(".".join)))
def test_no_text_is_worse_than_a_wrong_token(text):
    with pytest.raises(ValueError):
        opened(text, *KEYS)


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "dir", "enc": "A256GCM"},
        {"alg": "A128KW", "enc": "A256GCM"},
        {"alg": "A256KW", "enc": "A128GCM"},
        {"alg": "A256KW"},
        {**NEEDED, "zip": "DEF"},
        {**NEEDED, "crit": ["exp"]},
        [],
        None,
    ],
)
def test_other_algorithms_and_forms_are_not_taken(header):
    with pytest.raises(ValueError):
        opened(PLAY.token(SAID, header=header), *KEYS)


def test_other_keys_open_nothing():
    stranger = Play()
    for keys in ((stranger.decryption_key, KEYS[1]), (KEYS[0], stranger.signing_key.public_key())):
        with pytest.raises(ValueError):
            opened(PLAY.token(SAID), *keys)


def public_der():
    return KEYS[1].public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    "inside",
    [
        jwt.encode(SAID, "", algorithm="none"),
        jwt.encode(SAID, "public-bytes-as-a-shared-secret!" * 2, algorithm="HS256"),
        jwt.encode(SAID, ec.generate_private_key(ec.SECP384R1()), algorithm="ES384"),
        json.dumps(SAID),
        "",
    ],
    ids=["none", "HS256", "ES384", "bare", "empty"],
)
def test_what_is_encrypted_but_not_signed_by_the_key_is_nothing(inside):
    """Whoever has the decryption key alone can encrypt; that makes no verdict."""
    with pytest.raises(ValueError):
        opened(encrypted(inside.encode(), PLAY.decryption_key), *KEYS)


@pytest.mark.parametrize("content", [[1], "text", 7, None])
def test_what_is_signed_and_no_object_is_nothing(content):
    with pytest.raises(ValueError):
        opened(PLAY.token(content), *KEYS)


def test_a_deep_token_is_refused_and_does_no_harm():
    deep = jwt.PyJWS().encode(b'{"a":' * 100_000, PLAY.signing_key, algorithm="ES256").encode()
    with pytest.raises(ValueError):
        opened(encrypted(deep, PLAY.decryption_key), *KEYS)


def test_keys_are_read_as_the_console_shows_them():
    setting = PLAY.setting()
    assert read_decryption_key(setting["decryption_key"]) == PLAY.decryption_key
    assert read_verification_key(setting["verification_key"]).public_numbers() == KEYS[1].public_numbers()


@pytest.mark.parametrize("text", ["", "AAAA", "no base64!", base64.b64encode(b"k" * 31).decode()])
def test_a_wrong_key_is_told(text):
    with pytest.raises(ValueError):
        read_decryption_key(text)
    with pytest.raises(ValueError):
        read_verification_key(text)


def test_a_key_of_another_curve_is_told():
    other = ec.generate_private_key(ec.SECP384R1()).public_key()
    text = base64.b64encode(other.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    with pytest.raises(ValueError):
        read_verification_key(text)
