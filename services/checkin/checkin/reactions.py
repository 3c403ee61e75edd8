"""What check-in does when something happened elsewhere, and what it finishes for a process that died."""

from __future__ import annotations

from collections.abc import Mapping

from checkin import anomalies, approaches, checkins, forgetting, merging, reviews
from shared import events, merge_events
from shared.inbox import React

REACTIONS: Mapping[str, React] = {
    **merge_events.reactions("visits", merging.MERGER),
    **anomalies.REACTIONS,
    events.type_name("member.erased"): forgetting.on_erased,
}
CARRY_ON = {
    checkins.NAME: checkins.finish,
    reviews.NAME: reviews.finish,
    approaches.NAME: approaches.finish,
}
