"""The points app: its routes, its inbox, the relay of both streams, and what it does by the clock."""

from typing import Any

from chalice.app import Chalice, Cron

from points import delivering, following, jobs
from points.reactions import CARRY_ON, REACTIONS
from points.routes import ROUTES
from shared import inbox as queue, keys, relay, web, world

app: Chalice = web.serve("points", ROUTES)
authorizer = app.handler_map["authorizer"]  # Lambda looks for it in this module, by its name.


@app.on_sqs_message(queue=keys.stage().inbox("points"), batch_size=10)
def inbox(event: Any) -> dict[str, Any]:
    """Events that points obeys, and names that it finishes."""
    return queue.work(world.deployed(), event.to_dict(), reactions=REACTIONS, carry_on=CARRY_ON)


@app.on_sqs_message(queue=keys.stage().inbox("webhooks"), batch_size=1, maximum_concurrency=5)
def webhooks(event: Any) -> dict[str, Any]:
    """Events for endpoints outside, each with a short time-out: few at once, and never before the product's own."""
    return delivering.work(world.deployed(), event.to_dict())


@app.on_dynamodb_record(stream_arn="arn:set:in:infra")
def relay_ledger(event: Any) -> None:
    """Entries become events, and sales are noted where the close of their day looks for them."""
    here = world.deployed()
    relay.relay_ledger(here, event.to_dict()["Records"], relay.AwsOutbox(here), following.follow)


@app.on_dynamodb_record(stream_arn="arn:set:in:infra")
def relay_directory(event: Any) -> None:
    """Members' joining and consents become events."""
    relay.relay_directory(event.to_dict()["Records"], relay.AwsOutbox(world.deployed()))


@app.schedule(Cron(10, "*", "*", "*", "?", "*"))
def hourly(_: Any) -> None:
    """Ten minutes past each hour, so that what happened shortly before midnight has arrived."""
    jobs.hourly(world.deployed())
