"""Overrides as rows: what was shown to whom, who signed, whether a second person is waited for."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final, Literal

import psycopg
from msgspec import Struct

from danshu.kernel.errors import InputError
from danshu.kernel.limits import OVERRIDE_OPEN_S, OVERRIDES_LISTED
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Sequence

Connection = psycopg.AsyncConnection[Any]
State = Literal["open", "waiting", "done", "declined"]
NO_OVERRIDE: Final = InputError("no_override", "there is no such override on this order")
_COLUMNS: Final = (
    "id, oid, fulfilment, warehouse, reason, note, sub, role, state, stated, statement, signature,"
    " key, second, countersigned, told"
)
_TIMES: Final = ", (extract(epoch from began)*1000)::int8, (extract(epoch from ends)*1000)::int8"
_READ: Final = (
    f"select {_COLUMNS}{_TIMES} from overrides where tenant=%s and oid=%s and id=%s for update"
)
_WAITING: Final = (
    f"select {_COLUMNS}{_TIMES} from overrides where tenant=%s and oid=%s and state='waiting'"
    " order by began desc, id desc limit %s"
)
_INSERT: Final = (
    "insert into overrides(tenant,id,oid,fulfilment,warehouse,reason,note,sub,role,stated,"
    "statement,began,ends) values(%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)"
)
_SIGNED: Final = (
    "update overrides set state='waiting', signature=%s, key=%s where tenant=%s and id=%s"
)
_SECOND: Final = "update overrides set second=%s, countersigned=%s where tenant=%s and id=%s"
_END: Final = "update overrides set state=%s, told=%s where tenant=%s and id=%s"
_SWEEP: Final = "delete from overrides where tenant=%s and oid=%s and state='open' and ends <= %s"


class Row(Struct, frozen=True, kw_only=True):
    """An override of an order. Times in epoch ms; `stated` is what was shown, as JSON.

    `statement` and `signature` are the first person's; `second` was shown `countersigned`, the
    bytes of a statement of their own.
    """

    id: uuid.UUID
    order: uuid.UUID
    fulfilment: int
    warehouse: str
    reason: str
    note: str
    sub: str
    role: str
    state: State
    stated: bytes
    statement: bytes
    signature: bytes = b""
    key: str = ""
    second: str = ""
    countersigned: bytes = b""
    told: bytes = b""
    began_ms: int
    ends_ms: int = 0


async def read(connection: Connection, tenant: int, order: uuid.UUID, id_: uuid.UUID) -> Row:
    """Lock and read an override of an order. Raises InputError `no_override`."""
    cursor = await connection.execute(_READ, (tenant, order, id_), binary=True)
    row = await cursor.fetchone()
    if row is None:
        raise NO_OVERRIDE
    return _row(row)


async def list_waiting(connection: Connection, tenant: int, order: uuid.UUID) -> list[Row]:
    """List the overrides of an order that wait for a second person, the newest first."""
    asked = (tenant, order, OVERRIDES_LISTED)
    cursor = await connection.execute(_WAITING, asked, binary=True)
    return [_row(row) for row in await cursor.fetchall()]


async def insert(connection: Connection, tenant: int, row: Row) -> None:
    """Keep what was shown; what nobody signed in time goes."""
    began = write.instant(row.began_ms * 1000)
    await connection.execute(_SWEEP, (tenant, row.order, began))
    values = (
        *(tenant, row.id, row.order, row.fulfilment, row.warehouse, row.reason, row.note),
        *(row.sub, row.role, row.stated, row.statement, began),
        write.instant((row.began_ms + OVERRIDE_OPEN_S * 1000) * 1000),
    )
    await connection.execute(_INSERT, values)


async def sign(
    connection: Connection, tenant: int, id_: uuid.UUID, signature: bytes, key: str
) -> None:
    """Keep the first person's signature: a second one is waited for."""
    await connection.execute(_SIGNED, (signature, key, tenant, id_))


async def show_second(
    connection: Connection, tenant: int, id_: uuid.UUID, second: str, statement: bytes
) -> None:
    """Keep what the second person was shown."""
    await connection.execute(_SECOND, (second, statement, tenant, id_))


async def end(
    connection: Connection, tenant: int, id_: uuid.UUID, state: State, told: bytes
) -> None:
    """Write how it ended, and what was answered."""
    await connection.execute(_END, (state, told, tenant, id_))


def _row(row: Sequence[Any]) -> Row:
    values: dict[str, Any] = dict(zip(Row.__struct_fields__, row, strict=True))
    return Row(**values)
