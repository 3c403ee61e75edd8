"""The coupons app: its routes, its inbox, and what it does by the clock."""

from typing import Any

from chalice.app import Chalice, Cron

from coupons import alarms
from coupons.reactions import CARRY_ON, REACTIONS, STEPS
from coupons.routes import ROUTES
from shared import inbox as queue, keys, web, world

app: Chalice = web.serve("coupons", ROUTES)
authorizer = app.handler_map["authorizer"]  # Lambda looks for it in this module, by its name.


@app.on_sqs_message(queue=keys.stage().inbox("coupons"), batch_size=10)
def inbox(event: Any) -> dict[str, Any]:
    """Events that issue coupons, and issues that are finished for a process that died."""
    return queue.work(world.deployed(), event.to_dict(), reactions=REACTIONS, carry_on=CARRY_ON)


@app.on_sqs_message(queue=keys.stage().inbox("codes"), batch_size=1)
def codes(event: Any) -> dict[str, Any]:
    """The steps of the jobs that make codes in bulk."""
    return queue.work(world.deployed(), event.to_dict(), reactions={}, carry_on=STEPS)


@app.schedule(Cron(10, "*", "*", "*", "?", "*"))
def hourly(_: Any) -> None:
    """Ten minutes past each hour, so that what happened shortly before midnight has arrived."""
    alarms.hourly(world.deployed())
