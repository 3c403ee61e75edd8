"""What a month costs on AWS: the units of each operation, times how often it is performed, times prices. Pure.

It is an estimate from above: no free tier, every message alone in its batch, every poll of an empty queue counted. What
can't be measured here, because only AWS has it, stands in `Assumed`, by its name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from infra.prices import Price
from infra.units import UNITS

Load = Mapping[str, float]
"""How often each operation of `UNITS` is performed in a month."""

GB = 1e9  # AWS counts 2³⁰ for storage; the estimate stays above
MONTH_SECONDS = 30 * 86_400
BATCHES = {"purchases": "purchases_in_batch", "issues": "issues_in_batch"}


@dataclass(frozen=True)
class Assumed:
    """What is not measured here. Milliseconds are those of functions with 512 MB, about a third of a processor."""

    memory_mb: float = 512
    trip_ms: float = 5  # a round trip to DynamoDB
    request_ms: float = 12  # our own work in a request, without its round trips
    authorizer_ms: float = 6
    behind_ms: float = 5  # the same for a record of the relay, a message of an inbox, an event at the webhooks
    cold_share: float = 0.01  # of the requests meet a function that must start first, which is billed
    cold_ms: float = 1000
    authorizer_seconds: float = 30  # the gateway remembers a caller for so long
    tills: float = 0  # 0: one for each 3,000 purchases
    open_hours: float = 12
    calls_a_visit: float = 3  # of a member's app, within those seconds
    answer_head: float = 600  # bytes of an answer's headers and of TLS
    log_bytes: float = 1200  # of an invocation: what Lambda itself writes, and our line with its metrics
    log_days: float = 30
    queues: float = 5  # that functions wait at
    polls: float = 5  # at each, at the same time
    poll_seconds: float = 20
    shards: float = 8  # of both streams; four times a second is the most that a function is called for each
    metrics: float = 45
    alarms: float = 45
    report_bytes: float = 60  # of a member's line in the activity report of a month, packed
    listed_months: float = 24  # what the transient table lists goes after so long

    def tills_of(self, load: Load) -> float:
        return self.tills or max(1.0, load.get("purchases", 0) / 3000)


@dataclass(frozen=True)
class Line:
    """One position of the bill: so many of something, for the dollars of its price."""

    service: str
    what: str
    quantity: float
    price: str
    usd: float


def load_of(members: float, said: Mapping[str, float | None]) -> dict[str, float]:
    """A month of a shop with so many members: what is said, and for the rest what is usual."""
    usual = {
        "joins": members / 36, "purchases": 2 * members, "checkins": members, "spends": 0.1 * members,
        "awards": 0.05 * members, "issues": 0.5 * members, "redemptions": 0.2 * members, "looks": 4 * members,
        "dues": 0.5 * members, "nights": 30 * members,
    }  # fmt: skip
    load = usual | {name: number for name, number in said.items() if number is not None}
    load.setdefault("returns", 0.02 * load["purchases"])
    load.setdefault("validations", load["redemptions"])
    return {name: load.get(name, 0.0) for name in UNITS}


def bill(load: Load, members: float, months: float, prices: Mapping[str, Price], assumed: Assumed) -> list[Line]:
    """The lines of a month's bill, when the shop has been at work for so many months."""
    found = [
        *_tables(load, members, months, assumed),
        *_functions(load, assumed),
        ("API Gateway", "REST requests", _sum(load, "requests"), "gateway_request"),
        ("API Gateway", "answers, GB out", _answers(load, assumed) / GB, "transfer_out"),
        ("SQS", "sent, received, deleted", 3 * (_sum(load, "messages") + _sum(load, "events")), "sqs_request"),
        ("SQS", "polls of empty queues", _polls(assumed), "sqs_request"),
        ("SNS", "events published", _sum(load, "events"), "sns_publish"),
        *_watching(load, assumed),
        ("Secrets Manager", "root secret", 1, "secret"),
        ("Secrets Manager", "read by functions that start", _starts(load, assumed), "secret_request"),
        ("S3", "reports kept, GB-months", members * months * assumed.report_bytes / GB, "s3_storage"),
        ("S3", "files put", 100.0, "s3_put"),
    ]
    return [Line(service, what, number, price, prices[price].of(number)) for service, what, number, price in found]


def total(lines: list[Line]) -> float:
    """The sum of a bill in dollars."""
    return sum(line.usd for line in lines)


def by_service(lines: list[Line]) -> dict[str, float]:
    """The sum of each service, the largest first."""
    sums: dict[str, float] = defaultdict(float)
    for line in lines:
        sums[line.service] += line.usd
    return dict(sorted(sums.items(), key=lambda one: -one[1]))


def one_more(load: Load, operation: str, prices: Mapping[str, Price], assumed: Assumed) -> float:
    """What one operation more costs, with a month of what it keeps."""
    many = 1000.0
    more = {**load, operation: load[operation] + many}
    before, after = (bill(one, 0, 1, prices, assumed) for one in (load, more))
    return (total(after) - total(before)) / many


def in_batches(load: Load) -> dict[str, float]:
    """The same load, with what has a route for batches sent through it."""
    moved = dict.fromkeys(BATCHES, 0.0) | {BATCHES[name]: load[name] + load[BATCHES[name]] for name in BATCHES}
    return {**load, **moved}


# ---- the lines ------------------------------------------------------------------------------------------------------

_Found = tuple[str, str, float, str]


def _sum(load: Load, field: str) -> float:
    return float(sum(times * getattr(UNITS[name], field) for name, times in load.items()))


def _tables(load: Load, members: float, months: float, assumed: Assumed) -> list[_Found]:
    """A month's growth lies there for all months so far; members who came before it have a profile and a history."""
    kept = (members * UNITS["joins"].kept + months * _sum(load, "kept")) / GB
    listed = min(months, assumed.listed_months) * _sum(load, "passing") / GB
    return [
        ("DynamoDB", "write units", _sum(load, "writes"), "dynamodb_write"),
        ("DynamoDB", "read units", _sum(load, "reads"), "dynamodb_read"),
        ("DynamoDB", "storage, GB-months", kept + listed, "dynamodb_storage"),
        ("DynamoDB", "point-in-time recovery, GB-months", kept, "dynamodb_recovery"),
    ]


def _functions(load: Load, assumed: Assumed) -> list[_Found]:
    found: list[_Found] = []
    for what, (calls, ms) in _invocations(load, assumed).items():
        seconds = calls * ms / 1000 * assumed.memory_mb / 1024
        found.append(("Lambda", f"{what}: requests", calls, "lambda_request"))
        found.append(("Lambda", f"{what}: GB-seconds", seconds, "lambda_gb_second"))
    return found


def _invocations(load: Load, assumed: Assumed) -> dict[str, tuple[float, float]]:
    """How often each function runs, and for how many milliseconds on average."""
    requests, records = _sum(load, "requests"), _sum(load, "records")
    messages, events = _sum(load, "messages"), _sum(load, "events")
    relayed = min(records, assumed.shards * 4 * MONTH_SECONDS)
    asked = sum(load[name] * one.trips for name, one in UNITS.items())
    behind = sum(load[name] * one.trips_behind for name, one in UNITS.items() if one.caller != "clock")
    by_clock = sum(load[name] * one.trips_behind for name, one in UNITS.items() if one.caller == "clock")
    hours = 2 * 30 * 24.0
    request_ms = assumed.request_ms + assumed.cold_share * assumed.cold_ms
    return {
        "api": (requests, request_ms + _each(asked * assumed.trip_ms, requests)),
        "authorizer": (_authorized(load, assumed), assumed.authorizer_ms),
        "relay": (relayed, _each(records, relayed) * assumed.behind_ms),
        "inbox": (messages, assumed.behind_ms + _each(behind * assumed.trip_ms, messages)),
        "webhooks": (events, assumed.behind_ms),
        "hourly": (hours, by_clock * assumed.trip_ms / hours),
    }


def _each(sum_: float, of: float) -> float:
    return sum_ / of if of else 0.0


def _authorized(load: Load, assumed: Assumed) -> float:
    """The authorizer runs for the first call of a caller, and again after the time for which the gateway remembers it."""
    by: dict[str, float] = defaultdict(float)
    for name, times in load.items():
        by[UNITS[name].caller] += times * UNITS[name].requests
    tills = assumed.tills_of(load)
    at_tills = _renewals(by["till"], tills, tills * assumed.open_hours * 3600 * 30, assumed)
    return at_tills + _renewals(by["server"], 1, MONTH_SECONDS, assumed) + by["member"] / assumed.calls_a_visit


def _renewals(calls: float, callers: float, seconds: float, assumed: Assumed) -> float:
    """Calls that come by chance: one is asked about, those of the next seconds are not. Seconds of all callers together."""
    return calls / (1 + calls / seconds * assumed.authorizer_seconds) if callers and seconds else calls


def _starts(load: Load, assumed: Assumed) -> float:
    return assumed.cold_share * sum(calls for calls, _ in _invocations(load, assumed).values())


def _answers(load: Load, assumed: Assumed) -> float:
    return _sum(load, "answer") + _sum(load, "requests") * assumed.answer_head


def _polls(assumed: Assumed) -> float:
    return assumed.queues * assumed.polls * MONTH_SECONDS / assumed.poll_seconds


def _watching(load: Load, assumed: Assumed) -> list[_Found]:
    taken = assumed.log_bytes * sum(calls for calls, _ in _invocations(load, assumed).values()) / GB
    return [
        ("CloudWatch", "logs taken in, GB", taken, "logs_taken"),
        ("CloudWatch", "logs kept, GB-months", taken * assumed.log_days / 30, "logs_kept"),
        ("CloudWatch", "metrics of our own", assumed.metrics, "metric"),
        ("CloudWatch", "alarms", assumed.alarms, "alarm"),
    ]
