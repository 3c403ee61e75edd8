"""What a function loads when it starts, and that it draws nothing random and opens nothing before its first request."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
MODULES_MAX = {"points": 430, "coupons": 390, "checkin": 365}
"""Everything in `sys.modules` once the app is there; a module of ours costs about a millisecond of a cold start."""
NOT_BEFORE_NEEDED = ("boto3", "botocore", "jwt", "infra")

WATCHED = """
import json, os, sys

drawn = []

def watch(name, real):
    def draw(*args):
        frame = sys._getframe(1)
        while frame.f_code.co_name != "<module>":
            frame = frame.f_back
        drawn.append((name, frame.f_code.co_filename))
        return real(*args)
    return draw

os.urandom = watch("os.urandom", os.urandom)
import random
for name in ("random", "randrange", "uniform", "getrandbits", "randbytes", "seed"):
    setattr(random, name, watch("random." + name, getattr(random, name)))
import app
print(json.dumps({"drawn": drawn, "modules": sorted(sys.modules)}))
"""


def started(service, program=WATCHED, **more):
    """What a fresh process has that imported the app of a service, as Lambda would."""
    paths = [ROOT / "services" / service, ROOT]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(map(str, paths)), "OMO_STAGE": "test"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment | more, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module", params=MODULES_MAX)
def service(request):
    return request.param


@pytest.fixture(scope="module")
def start(service):
    return started(service)


def test_a_start_loads_no_more_modules_than_it_did(service, start):
    assert 300 < len(start["modules"]) <= MODULES_MAX[service]


def test_what_only_some_requests_need_is_loaded_by_those(start):
    assert not set(NOT_BEFORE_NEEDED) & set(start["modules"])


def test_nothing_random_is_drawn_before_the_first_request(start):
    """Functions that wake from one snapshot share what was drawn before it: ids, codes or keys would be drawn twice."""
    assert [one for one in start["drawn"] if str(ROOT / "s") in one[1]] == []


def test_control_what_a_module_draws_is_seen(tmp_path):
    (tmp_path / "app.py").write_text("import uuid\nID = uuid.uuid4()\n")
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{WATCHED}"
    assert ["os.urandom", str(tmp_path / "app.py")] in started("points", program)["drawn"]
