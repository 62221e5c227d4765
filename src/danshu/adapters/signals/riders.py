"""Rider platforms: riders online per open order, by cells of a geohash of six characters.

Either counts of cells, as heat maps give them:

    {"observed": "…", "cells": [{"geohash": "wtw3sj", "online_riders": 12, "open_orders": 30}]}

or the riders and orders themselves, by the columns of LaDe (Cainiao's last-mile data set):

    {"couriers": [{"courier_id": 1, "lng": 121.4, "lat": 31.2, "online": true}],
     "orders": [{"order_id": 7, "lng": 121.4, "lat": 31.2, "delivery_time": null}]}

An order with a `delivery_time` is no longer open. Cells of one region count by their open orders.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.adapters.signals._form import (
    geohash,
    number_of,
    place_of,
    read_document,
    read_each,
    read_items,
    said_at,
)
from danshu.kernel.errors import InputError
from danshu.ports.signal import Fault, Message, Reading, Told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_CELL: Final = 6


class Riders:
    """Riders per open order."""

    name = "riders"
    title = "骑手热力"
    keys: tuple[str, ...] = ("rider_heat",)

    def parse(self, message: Message) -> Told:
        """Read cells, or count riders and orders into them."""
        document = read_document(message.body)
        at_ms = said_at(document, message)
        faults: list[Fault] = []
        items = document
        if isinstance(document, dict) and "couriers" in document:
            items, faults = _count(document)
        else:
            items = read_items(document, "cells")

        def read(item: Mapping[str, Any]) -> Iterator[Reading]:
            riders = number_of(item, "online_riders", "riders")
            orders = number_of(item, "open_orders", "orders")
            if riders < 0 or orders < 0:
                raise InputError("signal_number", "counts are not below 0")
            # no order is open: whoever is online is free, and the cell still weighs a little
            yield Reading(
                key="rider_heat",
                subject=place_of(item, message.place),
                value=riders / max(orders, 1.0),
                observed_ms=at_ms,
                weight=max(orders, 1.0),
            )

        told = read_each(items, read, "/cells")
        return Told(readings=told.readings, faults=(*faults, *told.faults))


def _count(document: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[Fault]]:
    """Count riders online and open orders of each cell."""
    cells: dict[str, list[int]] = {}
    faults: list[Fault] = []
    for name, column in (("couriers", 0), ("orders", 1)):
        for number, item in enumerate(read_items(document.get(name) or [])):
            try:
                if not isinstance(item, dict):
                    raise InputError("signal_form", "an object is expected")
                cell = geohash(number_of(item, "lng"), number_of(item, "lat"), _CELL)
            except InputError as error:
                at = f"/{name}/{number}{error.pointer}"
                faults.append(Fault(at=at, code=error.code, detail=error.detail))
                continue
            counts = cells.setdefault(cell, [0, 0])
            is_over = (
                item.get("online") is False if column == 0 else bool(item.get("delivery_time"))
            )
            counts[column] += not is_over
    told = [
        {"geohash": cell, "online_riders": riders, "open_orders": orders}
        for cell, (riders, orders) in sorted(cells.items())
    ]
    return told, faults
