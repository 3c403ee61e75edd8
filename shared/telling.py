"""What a process tells of its work: one line for each request, message and batch, with the metrics in it.

A line names the operation by the id that its caller chose. The same id stands in the entry and in each of its events, so
one search follows an operation from the till's request over stream and queue to whatever it brought about.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from shared.event_types import short_name

if TYPE_CHECKING:
    from shared.http import Reply, Request, Route
    from shared.world import World

_log = logging.getLogger("omotenashi")

_COUNTED: Mapping[str, tuple[str, str | None]] = {
    "purchase.recorded": ("Purchases", None),
    "points.earned": ("PointsEarned", "points"),
    "points.spent": ("PointsSpent", "points"),
    "points.expired": ("PointsExpired", "points"),
    "award.given": ("PointsAwarded", "points"),
    "coupon.issued": ("CouponsIssued", None),
    "coupon.redeemed": ("CouponsRedeemed", None),
    "checkin.accepted": ("CheckinsAccepted", None),
    "checkin.flagged": ("CheckinsFlagged", None),
    "checkin.anomaly": ("StoresPaused", None),
    "campaign.exhausted": ("CampaignsExhausted", None),
    "member.created": ("MembersJoined", None),
}
"""Which metric an event counts for: one each, or by how much its data say."""


class Watch:
    """One request, from the moment it is judged to its answer. Says nothing where nobody listens."""

    def __init__(self, world: World, route: Route, request: Request) -> None:
        self.operation: str | None = None
        self.code: str | None = None
        self._is_on = route.scope != "public" and _log.isEnabledFor(logging.INFO)
        if self._is_on:
            self._world, self._route, self._request = world, route, request
            self._began, self._before = time.perf_counter(), _units(world)

    def tell(self, reply: Reply) -> None:
        """The line of a request that has its answer."""
        if not self._is_on:
            return
        who, status = self._request.who, reply.status or self._route.status
        took = round((time.perf_counter() - self._began) * 1000, 2)
        written, read = (after - before for before, after in zip(self._before, _units(self._world), strict=True))
        metrics = {"Requests": 1, "Latency": took, "WriteUnits": written, "ReadUnits": read}
        metrics |= {"TillLatency": took} if who and who.kind == "pos" else {}
        metrics |= {"Faults": int(status >= 500), "Refusals": int(400 <= status < 500), "Replays": int(reply.is_replay)}
        said = {
            "request_id": self._request.request_id,
            "route": f"{self._route.method} {self._route.path}",
            "status": status,
            "code": self.code,
            "kind": who.kind if who else None,
            "key_id": who.key_id if who else None,
            "operation": self.operation,
        }
        _log.info("answered", extra={**said, "metrics": metrics})


def relayed(events: Iterable[Mapping[str, Any]], records: Iterable[Mapping[str, Any]]) -> None:
    """The line of a batch of the stream: what its events count for, and how old the oldest record is."""
    if not _log.isEnabledFor(logging.INFO):
        return
    metrics: Counter[str] = Counter()
    count = 0
    for event in events:
        count += 1
        name, by = _COUNTED.get(short_name(event["type"]), (None, None))
        if name is not None:
            metrics[name] += abs(event["data"].get(by, 0)) if by else 1
    written = [at for record in records if (at := record["dynamodb"].get("ApproximateCreationDateTime")) is not None]
    lag = {"RelayLag": round(max(0.0, time.time() - min(map(float, written))) * 1000)} if written else {}
    _log.info("relayed", extra={"count": count, "metrics": {**metrics, **lag}})


def _units(world: World) -> tuple[float, float]:
    tables = (world.ledger.table, world.directory.table, world.transient)
    return sum(one.usage.write_units for one in tables), sum(one.usage.read_units for one in tables)
