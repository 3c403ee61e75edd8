"""The outbox: what was promised is there after any crash, and what was not promised is not."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from omotenashi_client import Call, Damaged, Outbox, Sale, SameIdOtherContent, outbox as module

AT = "2026-11-20T02:55:00Z"
ROOT = Path(__file__).parent.parent.parent


def sale(name, **more):
    return {"purchase_id": name, "amount": 100} | more


def undo(name):
    return Call(f"undo purchase {name}", "points", f"/v1/operations/{name}/reverse", "{}")


def call(name):
    return Call(f"purchase {name}", "points", "/v1/purchases", f'{{"purchase_id": "{name}"}}')


def keys(box):
    return [entry.key for entry in box.waiting()]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "outbox"


def test_sales_are_numbered_on_over_kinds_and_restarts(path):
    with Outbox(path) as box:
        assert box.add_sale("purchase", sale("p-1"), AT).seq == 1
        assert box.add_sale("redemption", {"redemption_id": "r-1"}, AT, offline_token="t").seq == 2
        box.done(box.waiting())
    with Outbox(path) as box:
        assert box.add_sale("purchase", sale("p-2"), AT).seq == 3
        assert keys(box) == ["purchase p-2"]


def test_a_till_on_a_new_machine_goes_on_where_it_was(path):
    with Outbox(path, first_seq=4711) as box:
        assert box.add_sale("purchase", sale("p-1"), AT).seq == 4711
    with Outbox(path) as box:
        assert box.add_sale("purchase", sale("p-2"), AT).seq == 4712


def test_a_sale_comes_out_as_the_sync_takes_it(path):
    with Outbox(path) as box:
        box.add_sale("redemption", {"redemption_id": "r-1"}, AT, allowance_id="a", offline_token="t")
    with Outbox(path) as box:
        (held,) = box.waiting()
    assert isinstance(held, Sale)
    assert held.item() == {
        "id": "1", "kind": "redemption", "occurred_at": AT, "terminal_seq": 1, "allowance_id": "a", "offline_token": "t",
        "body": {"redemption_id": "r-1"},
    }  # fmt: skip


def test_the_same_sale_is_there_once_and_the_same_id_for_another_never(path):
    with Outbox(path) as box:
        assert box.add_sale("purchase", sale("p-1"), AT) == box.add_sale("purchase", sale("p-1"), AT)
        with pytest.raises(SameIdOtherContent):
            box.add_sale("purchase", sale("p-1", amount=200), AT)
        box.add_sale("redemption", {"redemption_id": "p-1"}, AT)
        box.done(box.waiting())
    with Outbox(path) as box:
        box.add_sale("purchase", sale("p-1"), AT)
        assert not box.waiting()
        with pytest.raises(SameIdOtherContent):
            box.begin(Call("purchase p-1", "points", "/v1/purchases", "{}"))


@pytest.mark.parametrize("body", [{}, {"purchase_id": ""}, {"redemption_id": "r"}])
def test_a_sale_without_its_id_is_not_kept(path, body):
    with Outbox(path) as box:
        with pytest.raises(ValueError, match="purchase_id"):
            box.add_sale("purchase", body, AT)
        assert not box.waiting()


def test_what_was_begun_and_has_no_end_is_told_at_the_next_start(path):
    with Outbox(path) as box:
        for name in ("a", "b", "c"):
            box.begin(call(name))
        box.end("purchase a")
        box.give_up("purchase b", undo("b"))
    with Outbox(path) as box:
        assert [one.key for one in box.begun()] == ["purchase c"]
        assert keys(box) == ["undo purchase b"]


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("sale"), st.integers(0, 5)),
        st.tuples(st.just("begin"), st.integers(6, 9)),
        st.tuples(st.just("end"), st.integers(6, 9)),
        st.tuples(st.just("undo"), st.integers(6, 9)),
        st.tuples(st.just("done"), st.integers(0, 9)),
    ),
    max_size=12,
)


def act(box, what, n):
    match what:
        case "sale":
            box.add_sale("purchase", sale(f"p-{n}", words="名 \n"), AT)
        case "begin":
            box.begin(call(f"c-{n}"))
        case "end":
            box.end(f"purchase c-{n}")
        case "undo":
            box.give_up(f"purchase c-{n}", undo(f"c-{n}"))
        case "done":
            box.done([entry for entry in box.waiting() if entry.key.endswith(f"-{n}")])


def state(box):
    return box.waiting(), box.begun()


@given(acts=ACTS, data=st.data())
def test_after_a_crash_at_any_byte_all_is_there_that_was_promised(tmp_path_factory, acts, data):
    """Power fails while a record is written: any part of it may be on the disk; the ones before are."""
    path = tmp_path_factory.mktemp("box") / "outbox"
    states, lengths = [], []
    with Outbox(path) as box:
        states, lengths = [state(box)], [0]
        for what, n in acts:
            act(box, what, n)
            if (length := path.stat().st_size) != lengths[-1]:
                states.append(state(box))
                lengths.append(length)
    raw = path.read_bytes()
    cut = data.draw(st.integers(0, len(raw)))
    path.write_bytes(raw[:cut])
    whole = max(n for n, length in enumerate(lengths) if length <= cut)
    for _ in range(2):  # what was cut off is off: the second start finds a whole file
        with Outbox(path) as box:
            assert state(box) == states[whole]
    with Outbox(path) as box:
        box.add_sale("purchase", sale("after"), AT)
    with Outbox(path) as box:
        assert keys(box)[-1] == "purchase after"


def test_a_last_record_of_zeros_is_one_that_was_not_promised(path):
    """Some file systems write a file's length before its bytes."""
    with Outbox(path) as box:
        box.add_sale("purchase", sale("p-1"), AT)
    with path.open("ab") as file:
        file.write(b"\0" * 50)
    with Outbox(path) as box:
        assert keys(box) == ["purchase p-1"]


def test_damage_in_the_middle_is_not_passed_over(path):
    with Outbox(path) as box:
        for n in range(3):
            box.add_sale("purchase", sale(f"p-{n}"), AT)
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b"p-1", b"p-7"))
    with pytest.raises(Damaged, match="line 2"):
        Outbox(path)
    path.write_bytes(raw)
    with Outbox(path) as box:
        assert len(box.waiting()) == 3


def test_one_process_at_a_time(path):
    said = f"from omotenashi_client import Outbox; Outbox({str(path)!r})"
    beside = {**os.environ, "PYTHONPATH": str(ROOT / "docs/clients/python")}
    with Outbox(path):
        other = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=False, env=beside)
    assert "BlockingIOError" in other.stderr
    assert subprocess.run([sys.executable, "-c", said], check=False, env=beside).returncode == 0


def test_a_full_disk_is_told_and_leaves_no_half_record(path, monkeypatch):
    with Outbox(path) as box:
        box.add_sale("purchase", sale("p-1"), AT)
        whole = path.read_bytes()

        def half(file, data):
            os.write(file, data[:10])
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as full:
            full.setattr(module, "_write_all", half)
            with pytest.raises(OSError, match="space"):
                box.add_sale("purchase", sale("p-2"), AT)
        assert path.read_bytes() == whole
        assert keys(box) == ["purchase p-1"]
        box.add_sale("purchase", sale("p-2"), AT)
    with Outbox(path) as box:
        assert keys(box) == ["purchase p-1", "purchase p-2"]


def test_a_long_past_is_forgotten_but_for_its_ids_and_numbers(path, monkeypatch):
    monkeypatch.setattr(module, "_SMALL", 2_000)
    with Outbox(path) as box:
        for n in range(60):
            box.begin(call(f"c-{n}"))
            box.end(f"purchase c-{n}")
            box.add_sale("purchase", sale(f"p-{n}"), AT)
            box.done(box.waiting())
        box.add_sale("purchase", sale("last"), AT)
        box.begin(call("open"))
        before, length = state(box), path.stat().st_size
    for _ in range(2):
        with Outbox(path) as box:
            assert state(box) == before
            assert path.stat().st_size < length / 3
            with pytest.raises(SameIdOtherContent):
                box.add_sale("purchase", sale("p-3", amount=5), AT)
    with Outbox(path) as box:
        assert box.add_sale("purchase", sale("next"), AT).seq == 62
        with pytest.raises(BlockingIOError):
            Outbox(path)
