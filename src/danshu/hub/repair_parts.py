"""Spares of a repair that lie in the merchant's own warehouses: ordered from there as any other
order, to the device's site, under the original's own key.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.hub import original_placing
from danshu.hub.repair_rows import RepairLine
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import REPAIR_PARTS
from danshu.ports.modality import Draft, DraftLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.compose import Hub
    from danshu.hub.devices import DeviceRow
    from danshu.hub.original_rows import Row
    from danshu.kernel.fact import Actor

Connection = Any
_STOCKED: Final = """
select k.code, k.name, coalesce(max(s.on_hand-s.reserved-s.safety),0) from skus k
left join stock s on s.tenant=k.tenant and s.sku=k.no
where k.tenant=%s and k.code=any(%s) group by k.code, k.name
"""


class Spares(Struct, frozen=True, kw_only=True):
    """Spares of a repair, and the order of those that the merchant has itself; without an order all
    are asked of the supplier.
    """

    lines: tuple[RepairLine, ...]
    order: uuid.UUID | None = None


async def stock_of(
    connection: Connection, tenant: int, parts: Sequence[DraftLine]
) -> tuple[RepairLine, ...]:
    """Say of spares how many lie in the warehouse that has the most of each."""
    wanted = list(parts)[:REPAIR_PARTS]
    codes = [part.sku for part in wanted]
    rows = await (await connection.execute(_STOCKED, (tenant, codes))).fetchall()
    known = {code: (name, max(0, int(units))) for code, name, units in rows}
    return tuple(
        RepairLine(
            sku=part.sku,
            quantity=part.quantity,
            title=part.title or known.get(part.sku, ("", 0))[0],
            stocked=known.get(part.sku, ("", 0))[1],
        )
        for part in wanted
    )


async def order(
    hub: Hub,
    connection: Connection,
    tenant: int,
    original: Row | None,
    device: DeviceRow,
    parts: Sequence[DraftLine],
    actor: Actor,
) -> Spares:
    """Order what lies in stock, once for an original. Whatever can't be ordered so (no site with an
    address, taken meanwhile) is the supplier's to bring.

    Raises NotAvailable, UnknownOutcome: tried again, it finds what it had placed.
    """
    lines = await stock_of(connection, tenant, parts)
    own = [line for line in lines if line.stocked >= line.quantity]
    if original is None or not own:
        return Spares(lines=lines)
    draft = Draft(
        lines=tuple(DraftLine(sku=n.sku, quantity=n.quantity, title=n.title) for n in own),
        store=device.device.site,
    )
    try:
        placed = await original_placing.place(hub, connection, tenant, original, draft, actor)
    except InputError:
        placed = None
    if placed is None or isinstance(placed, Refusal):
        bare = tuple(msgspec.structs.replace(line, stocked=0) for line in lines)
        return Spares(lines=bare)
    return Spares(lines=lines, order=placed.order)
