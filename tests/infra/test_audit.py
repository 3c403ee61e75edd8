"""An export and its audit: what was written is read back, and one flipped bit anywhere is found and named by its line."""

import gzip
import io
import json
from functools import cache

import pytest
from hypothesis import given, settings, strategies as st

from infra import audit_lines, cli
from infra.audit import audit_file
from infra.audit_lines import ExportFailed
from tests.infra.books import busy
from tests.infra.test_invariants import LATER


@cache
def written():
    file = io.BytesIO()
    audit_lines.write(busy(), file)
    return file.getvalue()


def audited(folder, data, name="books.jsonl"):
    path = folder / name
    path.write_bytes(data)
    return audit_file(path, LATER)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("export")


@pytest.mark.parametrize("name", ["books.jsonl", "books.jsonl.gz"])
def test_an_export_has_no_fault(folder, name):
    data = gzip.compress(written()) if name.endswith("gz") else written()
    found = audited(folder, data, name)
    items = busy()
    assert found.faults == []
    assert found.names == sum(item["sk"] == 0 for item in items)
    assert found.entries == sum(len(item.get("e", ())) for item in items)
    assert found.chains == len({item["pk"] for item in items if item["sk"]})


def test_every_kind_of_item_is_read_back_as_it_was():
    lines = written().splitlines()[:-1]
    for item, line in zip(busy(), lines, strict=True):
        assert audit_lines.read(json.loads(line)["item"]) == item


def test_an_item_with_bytes_where_none_are_known_is_not_written():
    with pytest.raises(ExportFailed, match="M#a entry 1 can't be written"):
        audit_lines.write(
            [{"pk": "M#a", "sk": 1, "h": b"", "r": b"", "e": [], "s": {"l": b"\0", "new": b"x"}}], io.BytesIO()
        )


@settings(max_examples=120)
@given(st.data())
def test_a_flipped_bit_anywhere_is_found_in_its_line(folder, data):
    whole = bytearray(written())
    place = data.draw(st.integers(0, len(whole) - 1))
    number = whole[:place].count(b"\n") + 1
    whole[place] ^= 1 << data.draw(st.integers(0, 7))
    first = audited(folder, whole).faults[0]
    assert first.startswith(f"books.jsonl line {number} ("), first


@settings(max_examples=40)
@given(st.data())
def test_a_bit_of_a_packed_export_is_found_if_it_changes_anything(folder, data):
    packed = bytearray(gzip.compress(written(), mtime=0))
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    found = audited(folder, packed, "books.jsonl.gz")
    assert found.faults or gzip.decompress(packed) == written()


def test_a_fault_names_the_chain_and_the_number(folder):
    altered = written().replace(b'"k":"captured"', b'"k":"Captured"')
    (fault,) = audited(folder, altered).faults[:1]
    assert "(M#taro entry " in fault
    assert fault.endswith("altered since it was written")


@pytest.mark.parametrize("lost", [0, 7, -2])
def test_a_line_that_is_missing_is_found(folder, lost):
    lines = written().splitlines(keepends=True)
    del lines[lost]
    assert any("lost" in fault for fault in audited(folder, b"".join(lines)).faults)


def test_a_file_that_was_cut_off_is_found(folder):
    lines = written().splitlines(keepends=True)[:-1]
    assert any("cut off" in fault for fault in audited(folder, b"".join(lines)).faults)
    assert any("cut off" in fault for fault in audited(folder, b"").faults)


def test_a_line_after_the_end_is_found(folder):
    last = written().splitlines(keepends=True)[-2]
    assert any("altered" in fault for fault in audited(folder, written() + last).faults)


def test_an_item_that_was_altered_with_its_own_hash_is_found_by_the_next(folder):
    items = busy()
    items[0]["e"][0]["x"]["amount"] = 5
    file = io.BytesIO()
    audit_lines.write(items, file)
    (fault, *_) = audited(folder, file.getvalue()).faults
    assert fault.startswith("books.jsonl line 2: ")
    assert "the hash of the item before it" in fault


def test_facts_that_are_put_away_on_disk_are_joined_all_the_same(folder, monkeypatch):
    monkeypatch.setattr("infra.invariants_facts._KEPT_MAX", 5)
    assert audited(folder, written()).faults == []
    items = [item for item in busy() if item["pk"] != "M#jiro"]
    file = io.BytesIO()
    audit_lines.write(items, file)
    assert any("nobody has accepted it" in fault for fault in audited(folder, file.getvalue()).faults)


def test_the_command_audits_a_file_without_a_stack(folder, capsys):
    path = folder / "whole.jsonl"
    path.write_bytes(written())
    assert cli.run(["audit", "--file", str(path), "--dir", str(folder)]) == 0
    assert "no fault." in capsys.readouterr().out
    path.write_bytes(written()[:-9])
    assert cli.run(["audit", "--file", str(path), "--dir", str(folder)]) == 1
    assert "1 faults:" in capsys.readouterr().out
    assert cli.run(["audit", "--file", str(folder / "none"), "--dir", str(folder)]) == 1
