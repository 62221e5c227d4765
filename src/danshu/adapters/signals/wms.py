"""Warehouse management and attendance: what is still to pick, and who is there to do it.

    {"observed": "…", "warehouses": [
      {"warehouse": "BJ01", "open_units": 5400, "throughput_per_hour": 3000,
       "present": 42, "needed": 50}, …]}

The backlog is open work units at full throughput, in minutes. Labour is present of needed (both in
people, or both in their capacity). Each figure needs only its own members.
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


class Wms:
    """Backlog and labour of warehouses."""

    name = "wms"
    title = "仓储与考勤"
    keys: tuple[str, ...] = ("pick_backlog", "labour_redundancy")

    def parse(self, message: Message) -> Told:
        """Read the warehouses of a message."""
        document = read_document(message.body)
        at_ms = said_at(document, message)

        def read(item: Mapping[str, Any]) -> Iterator[Reading]:
            subject = f"wh:{text_of(item, 'warehouse')}"
            seen_ms = moment_of(item, "observed", otherwise_ms=at_ms)
            told = []
            if "open_units" in item:
                backlog = 60 * _share(item, "open_units", "throughput_per_hour")
                told.append(("pick_backlog", backlog))
            if "present" in item:
                told.append(("labour_redundancy", _share(item, "present", "needed")))
            if not told:
                raise InputError("signal_missing", "neither open_units nor present is there")
            for key, value in told:
                yield Reading(key=key, subject=subject, value=value, observed_ms=seen_ms)

        return read_each(read_items(document, "warehouses"), read, "/warehouses")


def _share(item: Mapping[str, Any], part: str, whole: str) -> float:
    counted, of = number_of(item, part), number_of(item, whole)
    if of <= 0 or counted < 0:
        raise InputError("signal_number", f"{whole} is over 0, {part} not below", f"/{whole}")
    return counted / of
