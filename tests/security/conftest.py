"""One day in the whole shop, for whoever wants to know what was called in it, and what it left behind."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from shared import log
from tests import granted
from tests.api.points.receiver import receiver
from tests.backstage import live
from tests.day import Day
from tests.front import Front, open_issuer
from tests.kit import ROOT, make_world


@dataclass
class Lived:
    """A day that is over: the shop as it is then, what each function called, and all that was logged."""

    day: Day
    seen: dict[str, set[granted.Call]]
    logged: str


@contextmanager
def logging_all() -> Iterator[io.StringIO]:
    """All that is logged: as the product writes it, and whatever its libraries add."""
    stream, logger, root = io.StringIO(), logging.getLogger("omotenashi"), logging.getLogger()
    line, plain = logging.StreamHandler(stream), logging.StreamHandler(stream)
    line.setFormatter(log._Line("points"))
    plain.setFormatter(logging.Formatter("%(name)s %(message)s"))
    levels = logger.level, root.level
    for one, handler in ((logger, line), (root, plain)):
        one.addHandler(handler)
        one.setLevel(logging.DEBUG)
    try:
        yield stream
    finally:
        for one, handler, level in zip((logger, root), (line, plain), levels, strict=True):
            one.removeHandler(handler)
            one.setLevel(level)


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    folder = tmp_path_factory.mktemp("issuer")
    with logging_all() as stream, open_issuer(folder) as issuer, receiver() as hook:
        before, granted.SEEN = granted.SEEN, set()
        day = Day(Front(make_world()), issuer, hook)
        live(day)
        seen, granted.SEEN = granted.SEEN, before
        day.plant("root secret", json.loads(ROOT)["root"])
        day.plant("key", *day.front._keys.values())
        day.plant("token", *(token.rpartition(".")[2] for token in issuer.tokens.values()))
    by_function = {name: {call for one, call in seen if one == name} for name in granted.FUNCTIONS}
    return Lived(day, by_function, stream.getvalue())
