"""From a feed's message to committed readings: the adapter understands it, alerts are folded into
levels, the door commits.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from danshu.hub import merchants, pictures, signal_alerts
from danshu.hub.readings import Readings, Taken
from danshu.hub.signal_facts import SignalRetired
from danshu.kernel.errors import InputError
from danshu.kernel.limits import INT4_MAX
from danshu.ports import registry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from danshu.kernel.fact import Actor
    from danshu.ports.signal import Message, Signal

    Lend = Callable[[], AbstractAsyncContextManager[Any]]

Connection = Any
_RETIRE: Final = """
update signal_sources set retired=now() where tenant=%s and no=%s returning key,subject,source
"""


def find_feed(name: str) -> Signal:
    """Give the adapter of a feed. Raises InputError `no_feed`."""
    if registry.spell_name(name) not in registry.names("signal"):
        raise InputError("no_feed", "no such feed is plugged in")
    return cast("Signal", registry.load("signal", name))


@contextlib.asynccontextmanager
async def lent(connection: Connection) -> AsyncIterator[Connection]:
    """Lend a connection that the caller keeps."""
    yield connection


async def take(lend: Lend, door: Readings, tenant: int, feed: str, message: Message) -> Taken:
    """Understand a message and commit what it says.

    Raises InputError when nothing of it can be read, and what the door raises.
    """
    adapter = find_feed(feed)
    told = adapter.parse(message)
    readings = list(told.readings)
    if told.alerts or told.whole:
        places = await door.places(tenant)
        async with lend() as connection:
            readings += await signal_alerts.fold(
                connection, tenant, adapter.name, told, message.received_ms, places
            )
    if not readings:
        return Taken(faults=told.faults)
    taken = await door.take(tenant, adapter.name, readings, message.received_ms)
    return msgspec.structs.replace(taken, faults=(*told.faults, *taken.faults))


async def retire(connection: Connection, tenant: int, no: int, actor: Actor) -> None:
    """Take a source out of service; it comes back by speaking. Raises InputError `no_source`."""
    async with connection.transaction():
        row = None
        if 0 < no <= INT4_MAX:
            row = await (await connection.execute(_RETIRE, (tenant, no))).fetchone()
        if row is None:
            raise InputError("no_source", "there is no such source")
        said = SignalRetired(key=row[0], subject=row[1], source=row[2])
        await merchants.say(connection, tenant, actor, said)
        await pictures.touch(connection, tenant)
