"""The check-in app: its routes and its inbox."""

from typing import Any

from chalice.app import Chalice

from checkin.reactions import CARRY_ON, REACTIONS
from checkin.routes import ROUTES
from shared import inbox as queue, keys, web, world

app: Chalice = web.serve("checkin", ROUTES)
authorizer = app.handler_map["authorizer"]  # Lambda looks for it in this module, by its name.


@app.on_sqs_message(queue=keys.stage().inbox("checkin"), batch_size=10)
def inbox(event: Any) -> dict[str, Any]:
    """Check-ins that were named and whose process died."""
    return queue.work(world.deployed(), event.to_dict(), reactions=REACTIONS, carry_on=CARRY_ON)
