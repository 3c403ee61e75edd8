"""Only what was started here is found again and stopped, and files are whole and private."""

from __future__ import annotations

import json
import os
import socket
import sys
import time

from infra import emulator, files, process

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)",
]


def test_a_process_is_found_again_and_stopped(tmp_path):
    started = process.start(SLEEPER, os.environ, tmp_path / "log", 0)
    again = process.Process.of(json.loads(json.dumps(started.record())))
    assert again == started
    assert again.is_alive()
    assert again.stop()
    assert not again.is_alive()


def test_a_process_that_does_not_listen_is_killed_and_said_to_be(tmp_path):
    log = tmp_path / "log"
    started = process.start(STUBBORN, os.environ, log, 0)
    while "ready" not in log.read_text():
        assert started.is_alive()
    assert not started.stop(0.2)
    assert not started.is_alive()


def test_another_process_with_the_same_id_is_left_alone():
    other = process.Process(os.getpid(), "another birth", 0)
    assert not other.is_alive()
    assert other.stop()


def test_a_taken_port_is_not_chosen():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert process.free_port(port) != port


def test_a_file_is_put_in_place_whole_and_private(tmp_path):
    path = tmp_path / "new" / "local.json"
    files.write_json(path, {"points": "http://points"})
    assert files.read_json(path) == {"points": "http://points"}
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_nobody_else_reads_what_a_process_writes(tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir(mode=0o755)
    code = f"print('secret', flush=True); open({str(tmp_path / 'state.json')!r}, 'w').write('root')"
    started = process.start([sys.executable, "-c", code], os.environ, folder / "x.log", 0)
    deadline = time.monotonic() + 20
    while started.is_alive() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (folder / "x.log").read_text() == "secret\n"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "state.json").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_not_there_reads_as_nothing(tmp_path):
    assert files.read_json(tmp_path / "missing.json") is None


def saved(positions):
    payload = {"esms": {"a": 1}, "dynamodb_stream_positions": {"data": positions}}
    return {"__ministack_format__": 2, "payload": payload}


def test_saved_stream_positions_are_forgotten_and_nothing_else(tmp_path):
    files.write_json(tmp_path / "lambda.json", saved({"a": 7}))
    emulator.forget_stream_positions(tmp_path)
    assert files.read_json(tmp_path / "lambda.json") == saved({})
    emulator.forget_stream_positions(tmp_path / "new")
