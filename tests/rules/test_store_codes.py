"""What a store shows: its printed QR and the code that changes every half minute."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from checkin import store_codes
from shared.secrets import Secrets
from shared.shapes import ID_PATTERN
from tests.kit import NOON, make_world

WORLD = make_world()
IDS = st.from_regex(ID_PATTERN, fullmatch=True).map(lambda text: text.strip("\n")).filter(bool)


def rotated(*, keeps_previous=True):
    held = {"root": "n" * 64} | ({"previous": "r" * 64} if keeps_previous else {})
    return replace(WORLD, secrets=Secrets(lambda: json.dumps(held)))


@given(IDS)
def test_a_printed_qr_leads_to_its_store(store_id):
    assert store_codes.store_of_qr(WORLD, store_codes.qr_of(WORLD, store_id)) == store_id


@given(IDS, IDS)
def test_no_store_can_make_another_ones_qr(store_id, other):
    mac = store_codes.qr_of(WORLD, store_id).rpartition(":")[2]
    assert store_codes.store_of_qr(WORLD, f"omo-store:{other}:{mac}") in {None, store_id}
    assert (store_codes.store_of_qr(WORLD, f"omo-store:{other}:{mac}") is None) == (other != store_id)


@given(st.text())
def test_any_other_text_is_no_qr_and_no_code(text):
    assert store_codes.store_of_qr(WORLD, text) is None
    if not text.strip().isdigit():
        assert store_codes.step_of_code(WORLD, "shibuya", text, NOON) is None


def test_a_printed_qr_outlives_one_change_of_the_secret():
    printed = store_codes.qr_of(WORLD, "shibuya")
    assert store_codes.store_of_qr(rotated(), printed) == "shibuya"
    assert store_codes.qr_of(rotated(), "shibuya") != printed
    assert store_codes.store_of_qr(rotated(keeps_previous=False), printed) is None


@pytest.mark.parametrize(("seconds", "is_taken"), [(0, True), (30, True), (-30, True), (60, False), (-60, False)])
def test_a_code_is_taken_one_half_minute_before_and_after_its_own(seconds, is_taken):
    shown = store_codes.presence_code(WORLD, "shibuya", NOON)
    at = NOON + timedelta(seconds=seconds)
    steps = {store_codes.step_of_code(WORLD, "shibuya", text, at) for text in (shown.code, shown.qr_payload)}
    assert len(steps) == 1
    assert (steps != {None}) == is_taken


def test_a_code_is_its_stores_alone():
    shown = store_codes.presence_code(WORLD, "shibuya", NOON)
    assert store_codes.step_of_code(WORLD, "umeda", shown.code, NOON) is None
    assert store_codes.step_of_code(WORLD, "umeda", shown.qr_payload, NOON) is None
    assert store_codes.presence_code(WORLD, "umeda", NOON).code != shown.code


@given(st.integers(0, 10**9))
def test_a_code_changes_and_says_until_when(seconds):
    at = NOON + timedelta(seconds=seconds)
    shown = store_codes.presence_code(WORLD, "shibuya", at)
    assert at < shown.valid_until <= at + timedelta(seconds=30)
    assert store_codes.presence_code(WORLD, "shibuya", shown.valid_until).code != shown.code or seconds
    assert store_codes.step_of_code(WORLD, "shibuya", shown.code, at) is not None


def test_a_screens_code_survives_a_change_of_the_secret():
    shown = store_codes.presence_code(WORLD, "shibuya", NOON)
    assert store_codes.step_of_code(rotated(), "shibuya", shown.code, NOON) is not None
    assert store_codes.is_rotating(shown.qr_payload)
    assert not store_codes.is_rotating(store_codes.qr_of(WORLD, "shibuya"))
