"""What the chains around check-in promise: a device and its members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkin import devices
from shared.clock import from_ms
from shared.table import Item

Raw = Mapping[str, Any]


class Device:
    """A device: never more members at once than may be on one, and each entry binds the member that it names."""

    def faults(self, item: Item) -> list[str]:
        """What is wrong with the next item."""
        found = [f"an entry of the unknown kind {raw['k']}" for raw in item["e"] if raw["k"] != "bound"]
        places = devices.DEVICE.unpack(item["s"])
        if len(places) > devices.MEMBERS_PER_DEVICE:
            found.append(f"{len(places)} members on one device")
        since = {place.who: place.at for place in places}
        for raw in item["e"]:
            if since.get(raw["x"]["member_id"]) != from_ms(item["t"]):
                found.append(f"{raw['x']['member_id']} is not bound as the entry says")
        return found
