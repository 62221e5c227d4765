"""From a feed's message to committed readings: the adapter understands it, alerts are folded into
levels, the door commits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import msgspec

from danshu.hub import signal_alerts
from danshu.hub.readings import Readings, Taken
from danshu.kernel.errors import InputError
from danshu.ports import registry

if TYPE_CHECKING:
    from danshu.ports.signal import Message, Signal

Connection = Any


def find_feed(name: str) -> Signal:
    """Give the adapter of a feed. Raises InputError `no_feed`."""
    if registry.spell_name(name) not in registry.names("signal"):
        raise InputError("no_feed", "no such feed is plugged in")
    return cast("Signal", registry.load("signal", name))


async def take(
    connection: Connection, door: Readings, tenant: int, feed: str, message: Message
) -> Taken:
    """Understand a message and commit what it says.

    Raises InputError when nothing of it can be read, and what the door raises.
    """
    adapter = find_feed(feed)
    told = adapter.parse(message)
    readings = list(told.readings)
    if told.alerts or told.whole:
        readings += await signal_alerts.fold(
            connection, tenant, adapter.name, told, message.received_ms
        )
    if not readings:
        return Taken(faults=told.faults)
    taken = await door.take(tenant, adapter.name, readings, message.received_ms)
    return msgspec.structs.replace(taken, faults=(*told.faults, *taken.faults))
