"""The list of known failures is about questions that are asked."""

import re
from pathlib import Path

from tests.engines.known import KNOWN, SOMETIMES


def test_every_known_failure_is_of_a_question_that_is_asked():
    asked = {
        name
        for file in Path(__file__).parent.glob("test_*.py")
        for name in re.findall(r"def (test_\w+)", file.read_text())
    }
    assert {name for known in (*KNOWN.values(), *SOMETIMES.values()) for name in known} - asked == set()
