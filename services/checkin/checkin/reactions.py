"""What check-in does when something happened elsewhere, and what it finishes for a process that died."""

from __future__ import annotations

from collections.abc import Mapping

from checkin import checkins, merging
from shared import merge_events
from shared.inbox import React

REACTIONS: Mapping[str, React] = merge_events.reactions("visits", merging.MERGER)
CARRY_ON = {checkins.NAME: checkins.finish}
