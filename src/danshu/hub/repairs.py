"""Repairs 维修工单: what the intent graph asks for, ordered of the device's supplier.

A repair is opened once for an original, in one commit with the call to the supplier's desk; spares
that lie in the merchant's own warehouses are ordered from there, the others of the supplier. Where
no route of `repair` leads anywhere it is done in the house and stays open until somebody closes it.
"""

from __future__ import annotations

import datetime
import os
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.weave import routes
from danshu.hub import (
    connecting,
    connector_routes,
    device_waves,
    devices,
    intent_graph,
    repair_parts,
)
from danshu.hub.repair_facts import (
    RepairAccepted,
    RepairClosed,
    RepairFigure,
    RepairOpened,
    RepairPart,
    RepairPartOrdered,
    RepairRefused,
    RepairSent,
)
from danshu.hub.repair_rows import (
    ACCEPTED,
    CLOSED,
    OPENED,
    REFUSED,
    SENT,
    RepairLine,
    RepairRow,
    find,
    of_original,
    say,
)
from danshu.hub.saying import say_next
from danshu.kernel import ids
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import NO_HEAD, Actor
from danshu.ledger import write
from danshu.ports.asks.repair import RepairBooked, RepairOrder, RepairWithdrawn, WantedPart
from danshu.ports.connector import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.intents.deciding import Directed
    from danshu.hub.compose import Hub
    from danshu.hub.connecting import Told
    from danshu.hub.devices import DeviceRow
    from danshu.hub.original_rows import Row
    from danshu.hub.worlds import Worlds
    from danshu.ports.modality import Repair

Connection = Any
CAPABILITY: Final = "repair"
ASK, UNDO = "ask", "undo"
PURPOSE: Final = "repair"
CLOSED_ALREADY: Final = Refusal(
    code="repair_closed",
    reason="这张维修工单已经关闭",
    reason_en="This repair is closed",
    clause="repairs.state",
)
_INSERT: Final = """
insert into repairs(tenant,id,device,supplier,original,state,action,regulation,symptoms,figures,
  parts,wave,warranty,order_id,by,opened,seq,head)
values(%s,%s,%s,%s,%s,%s,%s,%s,%s,%s::jsonb,%s::jsonb,%s,%s,%s,%s,%s,%s,%s)
on conflict (tenant,original) where original is not null do nothing
"""


async def open_repair(
    hub: Hub,
    connection: Connection,
    tenant: int,
    original: Row | None,
    repair: Repair,
    directed: Directed,
    actor: Actor,
) -> uuid.UUID:
    """Open a repair and have its supplier asked, in the caller's transaction; the same original
    gives the same repair.

    Spares in stock are ordered before (repair_parts.py). `original` shows what is wrong (None: a
    person said so); `directed` is what the intent graph answers. Raises InputError `no_device`,
    and `contradiction`, `unverified` as intent_graph.hold.
    """
    intent_graph.hold(directed, actor)
    if original is not None:
        known = await of_original(connection, tenant, original.id)
        if known is not None:
            return known.id
    now_ms = hub.clock()
    device = await devices.read(connection, tenant, repair.device)
    wanted = intent_graph.add_parts(repair.parts, directed)
    spares = await repair_parts.order(hub, connection, tenant, original, device, wanted, actor)
    lines = spares.lines
    id_ = ids.uuid7(now_ms, os.urandom(10))
    said = _tell_opened(device, lines, original, repair, directed, now_ms)
    supplier = await _route(connection, tenant, id_, device)
    key = f"repair/{id_}"
    facts: list[Struct] = [said]
    if spares.order is not None:
        facts.append(RepairPartOrdered(order=str(spares.order)))
    if supplier:
        facts.append(RepairSent(key=key))
    seq, head = await say_next(connection, tenant, id_, (0, NO_HEAD), actor, now_ms, *facts)
    row = (
        *(tenant, id_, repair.device, said.supplier, original.id if original else None),
        *(SENT if supplier else OPENED, said.action, said.regulation, list(said.symptoms)),
        *(_json(figures_of(said)), _json(lines), said.wave, said.warranty),
        *(spares.order, actor.sub),
        *(write.instant(now_ms * 1000), seq, head),
    )
    await connection.execute(_INSERT, row)
    if supplier:
        await connecting.ask(
            connection,
            tenant,
            capability=CAPABILITY,
            operation=ASK,
            key=key,
            subject=str(id_),
            body=msgspec.json.encode(_order(device, said, lines)),
            at_ms=now_ms,
            context=connecting.Context(purpose=PURPOSE, data=id_.bytes, channel=said.supplier),
        )
    return id_


def _tell_opened(
    device: DeviceRow,
    lines: Sequence[RepairLine],
    original: Row | None,
    repair: Repair,
    directed: Directed,
    now_ms: int,
) -> RepairOpened:
    until = device.device.warranty_until
    today = datetime.datetime.fromtimestamp(now_ms / 1000, datetime.UTC).date()
    clause = " ".join(t for t in (directed.regulation, directed.clause) if t)
    return RepairOpened(
        action=directed.action,
        device=repair.device,
        figures=tuple(RepairFigure(name=n, value=v) for n, v in sorted(repair.figures.items())),
        original=str(original.id) if original else "",
        parts=tuple(RepairPart(quantity=n.quantity, sku=n.sku) for n in lines),
        regulation=clause,
        supplier=device.device.supplier,
        symptoms=repair.symptoms,
        warranty=until is not None and until >= today,
        wave=original.digest if original else "",
    )


def _order(device: DeviceRow, said: RepairOpened, lines: Sequence[RepairLine]) -> RepairOrder:
    """Give what is asked of the supplier: of spares those that the merchant has not itself."""
    wanted = tuple(
        WantedPart(sku=n.sku, quantity=n.quantity, title=n.title)
        for n in lines
        if n.stocked < n.quantity
    )
    return RepairOrder(
        device=said.device,
        name=device.device.name,
        serial=device.device.serial,
        site=device.device.site,
        symptoms=said.symptoms,
        figures=figures_of(said),
        wave=said.wave,
        action=said.action,
        regulation=said.regulation,
        parts=wanted,
        warranty=said.warranty,
    )


async def _route(
    connection: Connection, tenant: int, id_: uuid.UUID, device: DeviceRow
) -> str | None:
    """Give the connector that the route of `repair` names for a device's supplier, None for none.

    What a rule of the route says of channels, it says here of suppliers.
    """
    if not device.device.supplier:
        return None
    try:
        head = await connector_routes.read(connection, tenant, CAPABILITY)
    except InputError:
        return None
    return routes.choose(head.route, str(id_), "", device.device.supplier)


def figures_of(said: RepairOpened) -> dict[str, int]:
    """Give the figures of a repair by name."""
    return {figure.name: figure.value for figure in said.figures}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


async def close(
    connection: Connection,
    tenant: int,
    id_: uuid.UUID,
    how: str,
    actor: Actor,
    now_ms: int,
    note: str = "",
) -> RepairRow | Refusal:
    """Close a repair that is done, or cancel it: the supplier is told, its own order of spares is
    left to whoever cancels orders. What was done goes into the device's history.
    """
    async with connection.transaction():
        row = await find(connection, tenant, id_, lock=True)
        if row.state == CLOSED:
            return CLOSED_ALREADY
        at = write.instant(now_ms * 1000)
        said = RepairClosed(how=how)
        changed = {"state": CLOSED, "closed": at, "reason": note or row.reason, "by": actor.sub}
        await say(connection, tenant, row, actor, now_ms, said, **changed)
        if how == "done":
            await device_waves.serve(
                connection, tenant, row.device, row.action, actor, now_ms,
                note=note, parts=[n.sku for n in row.parts], repair=id_,
            )  # fmt: skip
        elif row.state in (SENT, ACCEPTED):
            await _withdraw(connection, tenant, row, note, now_ms)
        return await find(connection, tenant, id_)


async def _withdraw(
    connection: Connection, tenant: int, row: RepairRow, why: str, now_ms: int
) -> None:
    """Have the supplier told that nobody needs to come, where the order went."""
    key = f"repair/{row.id}"
    query = "select connector, reference from connector_calls where tenant=%s and key=%s"
    call = await (await connection.execute(query, (tenant, key))).fetchone()
    if call is None or call[0] is None:
        return
    asked = RepairWithdrawn(key=key, reference=row.reference or call[1] or "", reason=why)
    await connecting.ask(
        connection,
        tenant,
        capability=CAPABILITY,
        operation=UNDO,
        key=f"{key}/undo",
        subject=str(row.id),
        body=msgspec.json.encode(asked),
        at_ms=now_ms,
        context=connecting.Context(connector=call[0]),
    )


async def _hear(connection: Connection, worlds: Worlds, told: Told) -> None:
    """Write what the supplier answered, once."""
    row = await find(connection, told.tenant, uuid.UUID(bytes=told.data), lock=True)
    if row.state != SENT:
        return
    actor = Actor(sub=connecting.far_side(told), role="supplier", grade="B")
    if told.reply.verdict is Verdict.REFUSED:
        said = RepairRefused(code=told.reply.code or "refused")
        changed = {"state": REFUSED, "reason": told.reply.reason}
        await say(connection, told.tenant, row, actor, told.at_ms, said, **changed)
        return
    booked = msgspec.json.decode(told.reply.body, type=RepairBooked)
    visit = _read_visit(booked.visit)
    accepted = RepairAccepted(
        price_fen=booked.price_fen, reference=told.reply.reference, visit=booked.visit
    )
    await say(
        connection, told.tenant, row, actor, told.at_ms, accepted,
        state=ACCEPTED, reference=told.reply.reference, visit=visit, price_fen=booked.price_fen,
    )  # fmt: skip


def _read_visit(said: str) -> datetime.datetime | None:
    """Read when somebody comes; what is no time stays in the fact alone."""
    try:
        at = datetime.datetime.fromisoformat(said)
    except ValueError:
        return None
    return at if at.tzinfo else None


connecting.on_reply(PURPOSE, _hear)
