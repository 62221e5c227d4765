"""What far sides answer to dispatches and waybills, and who receives, filled in at the last moment.

The calls are put into the outbox by dispatch_rows.py.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec.structs import replace

from danshu.capabilities.orders.commands import Command
from danshu.hub import acts, connecting, order_sheet
from danshu.hub.dispatch_rows import DISPATCH, WAYBILL
from danshu.kernel.fact import Actor
from danshu.kernel.limits import REASON_CHARS
from danshu.ports.asks.carrier import Waybill
from danshu.ports.asks.wms import Receiver
from danshu.ports.connector import Verdict

if TYPE_CHECKING:
    from danshu.hub.connecting import Told
    from danshu.hub.worlds import Worlds

Connection = psycopg.AsyncConnection[Any]
REFUSED: Final = "warehouse_refused"
NO_WAYBILL: Final = "waybill_refused"


async def fill(connection: Connection, tenant: int, subject: str, body: bytes) -> bytes:
    """Fill in who receives; nobody where that was erased meanwhile."""
    found, _ = await order_sheet.read_receiver(connection, tenant, uuid.UUID(subject))
    if found is None:
        return body
    who = msgspec.convert(msgspec.to_builtins(found), type=Receiver)
    return msgspec.json.encode({**msgspec.json.decode(body), "receiver": who})


async def hear_dispatch(connection: Connection, worlds: Worlds, told: Told) -> None:
    """Hold an order whose warehouse will not dispatch it."""
    if told.reply.verdict is Verdict.REFUSED:
        await _act(connection, worlds, told, Command(event="hold", reason=REFUSED))


async def hear_waybill(connection: Connection, worlds: Worlds, told: Told) -> None:
    """Note the waybill that a carrier gave; hold the order where it gave none."""
    reply = told.reply
    command = Command(event="hold", reason=NO_WAYBILL)
    if reply.verdict is Verdict.DONE:
        given = msgspec.json.decode(reply.body, type=Waybill)
        command = Command(
            event="waybill",
            fulfilment=int(told.data),
            carrier=given.carrier,
            waybill=given.waybill,
        )
    await _act(connection, worlds, told, command)


async def _act(connection: Connection, worlds: Worlds, told: Told, command: Command) -> None:
    world = await worlds.ensure(told.tenant)
    actor = Actor(sub=connecting.far_side(told), role="connector", grade="C")
    said = replace(command, by=told.reply.reason[:REASON_CHARS])
    id_ = uuid.UUID(told.subject)
    await acts.change(connection, world, id_, actor, told.at_ms, acts.command(said))


connecting.on_reply(DISPATCH, hear_dispatch)
connecting.on_reply(WAYBILL, hear_waybill)
connecting.on_ask(DISPATCH, fill)
connecting.on_ask(WAYBILL, fill)
