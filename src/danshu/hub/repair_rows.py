"""The rows of repairs: read, listed, changed with the facts that change them."""

from __future__ import annotations

import datetime
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.hub.saying import say_next
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from danshu.kernel.fact import Actor

Connection = Any
OPENED, SENT, ACCEPTED, REFUSED, CLOSED = "opened", "sent", "accepted", "refused", "closed"
STATES: Final = (OPENED, SENT, ACCEPTED, REFUSED, CLOSED)
NO_REPAIR: Final = InputError("no_repair", "there is no such repair")
_COLUMNS: Final = (
    "id,device,supplier,original,state,action,regulation,symptoms,figures::text,parts::text,wave,"
    "warranty,reference,visit,price_fen,order_id,reason,by,opened,closed,seq,head"
)
_ONE: Final = f"select {_COLUMNS} from repairs where tenant=%s and id=%s"
_OF_ORIGINAL: Final = f"select {_COLUMNS} from repairs where tenant=%s and original=%s"


class RepairLine(Struct, frozen=True, kw_only=True):
    """A spare of a repair: `stocked` units lie in the warehouse that has the most of it."""

    sku: str
    quantity: int
    title: str = ""
    stocked: int = 0


class RepairRow(Struct, frozen=True, kw_only=True):
    """A repair as it stands. `figures` in thousandths; `order` is where spares of the merchant's
    own were ordered, `reference` the supplier's number, `price_fen` -1 where it said none.
    """

    id: uuid.UUID
    device: str
    supplier: str
    original: uuid.UUID | None
    state: str
    action: str
    regulation: str
    symptoms: tuple[str, ...]
    figures: dict[str, int]
    parts: tuple[RepairLine, ...]
    wave: str
    warranty: bool
    reference: str
    visit: datetime.datetime | None
    price_fen: int
    order: uuid.UUID | None
    reason: str
    by: str
    opened: datetime.datetime
    closed: datetime.datetime | None
    seq: int
    head: bytes


async def find(
    connection: Connection, tenant: int, id_: uuid.UUID, *, lock: bool = False
) -> RepairRow:
    """Read a repair. Raises InputError `no_repair`."""
    found = await _find(connection, _ONE + (" for update" if lock else ""), tenant, id_)
    if found is None:
        raise NO_REPAIR
    return found


async def of_original(connection: Connection, tenant: int, original: uuid.UUID) -> RepairRow | None:
    """Read the repair that an original led to."""
    return await _find(connection, _OF_ORIGINAL, tenant, original)


async def _find(
    connection: Connection, query: str, tenant: int, id_: uuid.UUID
) -> RepairRow | None:
    row = await (await connection.execute(query, (tenant, id_))).fetchone()
    return None if row is None else _row(row)


def _row(row: Sequence[Any]) -> RepairRow:
    told = dict(zip(RepairRow.__struct_fields__, row, strict=True))
    told |= {
        "symptoms": tuple(told["symptoms"]),
        "figures": msgspec.json.decode(told["figures"]),
        "parts": msgspec.json.decode(told["parts"], type=tuple[RepairLine, ...]),
        "head": bytes(told["head"]),
    }
    return RepairRow(**told)


async def list_rows(
    connection: Connection,
    tenant: int,
    filters: Mapping[str, str],
    before: tuple[datetime.datetime, uuid.UUID] | None,
    limit: int,
) -> list[RepairRow]:
    """List repairs, the newest first; `filters` by state and device. Raises InputError for a state
    that there isn't.
    """
    query, values = f"select {_COLUMNS} from repairs where tenant=%s", [tenant]
    told: list[Any] = values
    if (state := filters.get("state", "")) and state not in STATES:
        raise InputError("bad_filter", f"a state is one of {', '.join(STATES)}", "/state")
    for name, value in filters.items():
        if value:
            query += f" and {name}=%s"
            told.append(value)
    if before is not None:
        query += " and (opened,id) < (%s,%s)"
        told += before
    query += " order by opened desc, id desc limit %s"
    return [_row(r) for r in await (await connection.execute(query, (*told, limit))).fetchall()]


async def say(
    connection: Connection,
    tenant: int,
    row: RepairRow,
    actor: Actor,
    now_ms: int,
    data: Struct,
    **columns: Any,
) -> None:
    """Say a fact of a locked repair and write what it changes, in the caller's transaction."""
    seq, head = await say_next(connection, tenant, row.id, (row.seq, row.head), actor, now_ms, data)
    columns |= {"seq": seq, "head": head}
    sets = ",".join(f"{name}=%s" for name in columns)
    query = f"update repairs set {sets} where tenant=%s and id=%s"
    await connection.execute(query, (*columns.values(), tenant, row.id))
