"""What check-in does when something happened elsewhere (nothing yet), and what it finishes for a process that died."""

from __future__ import annotations

from collections.abc import Mapping

from checkin import checkins
from shared.inbox import React

REACTIONS: Mapping[str, React] = {}
CARRY_ON = {checkins.NAME: checkins.finish}
