"""Transport management and road maps: how long a lane takes now, and how free its roads are.

    {"observed": "…", "lanes": [
      {"warehouse": "BJ01", "region": "310000", "eta_min": 1620, "road_index": 0.2,
       "closed": false}, …]}

`region` may be left out for `adcode`. `road_index` is 0 free to 1 closed; `closed` true is 1.
Prices of lanes are master data, not readings: PUT /v1/lanes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from danshu.adapters.signals._form import (
    moment_of,
    number_of,
    read_document,
    read_each,
    read_items,
    said_at,
    text_of,
)
from danshu.kernel.errors import InputError
from danshu.ports.signal import Message, Reading, Told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Tms:
    """Times and roads of lanes."""

    name = "tms"
    title = "运输与路况"
    keys: tuple[str, ...] = ("lane_eta", "lane_road")

    def parse(self, message: Message) -> Told:
        """Read the lanes of a message."""
        document = read_document(message.body)
        at_ms = said_at(document, message)

        def read(item: Mapping[str, Any]) -> Iterator[Reading]:
            subject = f"ln:{text_of(item, 'warehouse')}>{text_of(item, 'region', 'adcode')}"
            seen_ms = moment_of(item, "observed", otherwise_ms=at_ms)
            told = []
            if "eta_min" in item:
                told.append(("lane_eta", number_of(item, "eta_min")))
            if item.get("closed") is True:
                told.append(("lane_road", 1.0))
            elif "road_index" in item:
                told.append(("lane_road", number_of(item, "road_index")))
            if not told:
                raise InputError("signal_missing", "neither eta_min, road_index nor closed")
            for key, value in told:
                yield Reading(key=key, subject=subject, value=value, observed_ms=seen_ms)

        return read_each(read_items(document, "lanes"), read, "/lanes")
