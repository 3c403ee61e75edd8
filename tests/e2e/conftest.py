"""A whole local stack of its own: packages, templates, queues, issuer, seed."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from infra import issuer
from infra.locate import ROOT, Home

OMO = [sys.executable, "-m", "infra.cli"]


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.stack)


def omo(*words: str, check: bool = True, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    whole = None if env is None else {**os.environ, **env}
    return subprocess.run([*OMO, *words], cwd=ROOT, capture_output=True, text=True, timeout=300, check=check, env=whole)


@dataclass
class Stack:
    """A running stack and callers of every kind."""

    home: Path
    local: dict[str, Any]
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30, trust_env=False))

    def call(self, service: str, who: str | None, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One request: `who` is a key's name, `member:ID`, or a token."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if who is not None:
            sent["Authorization"] = f"Bearer {self.token(who)}"
        return self.http.request(method, self.local[service] + path, json=body, headers=sent)

    def token(self, who: str) -> str:
        if who.startswith("member:"):
            port = urlsplit(self.local["issuer"]).port
            return issuer.mint(Home(self.home).issuer_key, port, who.removeprefix("member:"), 3600)
        return self.local["keys"].get(who, who)

    def member(self) -> str:
        """A fresh member."""
        member_id = f"m-{uuid.uuid4().hex[:12]}"
        consents = {"location": {"granted": True, "version": "v1"}}
        answer = self.call("points", "ec", "POST", "/v1/members", {"member_id": member_id, "consents": consents})
        assert answer.status_code == 201, answer.text
        return member_id

    def balance(self, member_id: str) -> int:
        """A member's points. What dies with its worker is asked again, as any client would."""
        return self.insist("points", "ec", "GET", f"/v1/members/{member_id}/balance").json()["available"]

    def insist(self, *asked: Any, times: int = 20) -> Any:
        """As `call`, until something answers that is neither a 5xx nor a dropped connection."""
        for _ in range(times):
            with contextlib.suppress(httpx.TransportError):
                answer = self.call(*asked)
                if answer.status_code < 500:
                    return answer
        raise AssertionError(f"nobody answers: {asked}")


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    """A stack for this run; with `OMO_TEST_STACK` one that runs already in that folder, which saves a minute a try."""
    running_already = os.environ.get("OMO_TEST_STACK")
    home = Path(running_already) if running_already else tmp_path_factory.mktemp("stack")
    if not running_already:
        omo("up", "--dir", str(home))
    try:
        running = Stack(home, json.loads((home / "local.json").read_text()))
        with running.http:
            yield running
    finally:
        if not running_already:
            omo("down", "--dir", str(home))


def eventually(ask, wanted, seconds: float = 40):
    """Poll until the answer is what is wanted; the last answer."""
    deadline = time.monotonic() + seconds
    while (got := ask()) != wanted and time.monotonic() < deadline:
        time.sleep(0.25)
    return got


@pytest.fixture
def fresh() -> str:
    """An id that nobody has used."""
    return uuid.uuid4().hex
