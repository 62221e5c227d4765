"""Last-mile stations (驿站): how full they are, by city.

    {"observed": "…", "stations": [
      {"station_id": "S1", "adcode": "310000", "parcels_today": 820, "capacity": 1000}, …]}

A station lies at its `adcode`, its `geohash` or in a `region` of the network. Saturation of a
region is parcels of capacity over all of its stations in the message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from danshu.adapters.signals._form import (
    number_of,
    place_of,
    read_document,
    read_each,
    read_items,
    said_at,
)
from danshu.kernel.errors import InputError
from danshu.ports.signal import Message, Reading, Told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Stations:
    """Saturation of last-mile stations."""

    name = "stations"
    title = "末端驿站"
    keys: tuple[str, ...] = ("station_saturation",)

    def parse(self, message: Message) -> Told:
        """Read the stations of a message; the hub weighs them by capacity where they share one."""
        document = read_document(message.body)
        at_ms = said_at(document, message)

        def read(item: Mapping[str, Any]) -> Iterator[Reading]:
            capacity = number_of(item, "capacity", "daily_capacity")
            if capacity <= 0:
                raise InputError("signal_number", "a station's capacity is over 0", "/capacity")
            yield Reading(
                key="station_saturation",
                subject=place_of(item, message.place),
                value=number_of(item, "parcels_today", "parcels") / capacity,
                observed_ms=at_ms,
                weight=capacity,
            )

        return read_each(read_items(document, "stations"), read, "/stations")
