"""New addresses for many orders over HTTP: of one receiver's orders, or by a table."""

from __future__ import annotations

import uuid
from typing import Any, Final

import msgspec
from litestar import Request, post
from msgspec import Struct

from danshu.faces.http import sheets
from danshu.faces.http.buyer_requests import NewAddress
from danshu.faces.http.framework import PROBLEMS, held_of, hub_of, may, raw_body
from danshu.hub import lists, readdress_rows, readdress_table, readdressing, selections
from danshu.hub.compose import Hub
from danshu.hub.readdress_table import AddressTable
from danshu.hub.selections import Selection
from danshu.kernel.errors import InputError
from danshu.kernel.limits import READDRESS_ORDERS, SHEET_BYTES
from danshu.ports.channel import Receiver


class Orders(Struct, frozen=True, kw_only=True):
    """Which orders get which addresses; `alike` is the receiver that they all have to have."""

    which: Selection
    batch: uuid.UUID | None
    alike: int


@post(
    "/v1/bulk/addresses",
    operation_id="uploadAddresses",
    tags=["jobs"],
    responses=PROBLEMS,
    guards=[may("order.amend")],
    request_max_body_size=SHEET_BYTES,
    operation_class=raw_body(
        "A CSV (UTF-8, UTF-16 or GB18030) or XLSX file; what it is follows from its bytes",
        sheets.CSV,
        sheets.XLSX,
        "application/octet-stream",
    ),
)
async def upload(request: Request[Any, Any, Any]) -> AddressTable:
    """Read a table of new addresses and match its rows to orders by number. Nothing is changed: the
    batch is then looked at and begun as any bulk act.
    """
    hub, body = hub_of(request), await request.body()
    async with hub.connection() as connection:
        return await readdress_table.take(connection, held_of(request).tenant, body, hub.clock())


def receiver_of(address: NewAddress | None) -> Receiver | None:
    """Give the receiver that an address means."""
    return None if address is None else msgspec.convert(address, Receiver, from_attributes=True)


async def look_up(
    hub: Hub, tenant: int, which: Selection, batch: uuid.UUID | None, to: Receiver | None
) -> Orders:
    """Say which orders are meant: those of a batch, or a selection whose receiver is that of its
    newest order. Raises InputError for both or neither, or too many.
    """
    if (batch is None) == (to is None):
        raise InputError("bad_field", "a `receiver` for a selection, or a `batch`", "/receiver")
    async with hub.connection() as connection:
        if batch is not None:
            ids = await readdress_rows.orders(connection, tenant, batch)
            return Orders(which=Selection(ids=ids), batch=batch, alike=0)
    ids = await _choose(hub, tenant, which)
    world = await hub.worlds.ensure(tenant)
    async with hub.connection() as connection:
        alike = await readdressing.alike_of(connection, world, max(ids)) if ids else -1
    return Orders(which=Selection(ids=ids), batch=None, alike=alike)


async def keep(hub: Hub, tenant: int, which: Selection, to: Receiver) -> uuid.UUID:
    """Keep one address for every order of a selection; gives the batch."""
    async with hub.connection() as connection:
        same = dict.fromkeys(which.ids, to)
        return await readdress_rows.put(connection, tenant, same, hub.clock())


async def _choose(hub: Hub, tenant: int, which: Selection) -> tuple[uuid.UUID, ...]:
    ids: list[uuid.UUID] = []
    async for chunk, _ in selections.find_ids(hub, tenant, which, lists.LAST, READDRESS_ORDERS + 1):
        ids += [id_ for id_, _ in chunk]
        if len(ids) > READDRESS_ORDERS:
            raise InputError("too_many", f"at most {READDRESS_ORDERS} orders at once", "/ids")
    return tuple(ids)


ROUTES: Final = [upload]
