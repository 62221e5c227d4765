"""Rows of after-sales cases, written with the facts that give them.

The order's row is locked first, then the case's, as every act on an order does.
"""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.after_sales.evolve import evolve
from danshu.capabilities.after_sales.model import Case
from danshu.kernel import ids
from danshu.kernel.errors import InputError
from danshu.kernel.fact import NO_HEAD, Said, pack
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.orders import model
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
NO_CASE: Final = InputError("no_case", "there is no such after-sales case")
PAYING: Final = "paying"
decode: Final = msgspec.json.Decoder(Case).decode
encode: Final = msgspec.json.Encoder().encode
_READ: Final = "select oid, seq, head, doc, photos from after_sales where tenant=%s and id=%s"
_LOCK: Final = _READ + " for update"
_INSERT: Final = """
insert into after_sales(tenant,id,oid,ckey,kind,state,reason,origin,number,channel,shop,wh,amount,
currency,waybill,opened,due,seq,head,doc,photos,next_try)
values (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)
on conflict (tenant,ckey) do nothing
"""
_UPDATE: Final = """
update after_sales set state=%s, wh=%s, amount=%s, waybill=%s, due=%s, seq=%s, head=%s, doc=%s,
next_try=%s, trouble=''
where tenant=%s and id=%s
"""
_KNOWN: Final = "select id from after_sales where tenant=%s and ckey=%s"


class Row(Struct, kw_only=True, eq=False):
    """A case; its row is locked by this transaction where `lock` gave it."""

    id: uuid.UUID
    order: uuid.UUID
    seq: int
    head: bytes
    case: Case
    photos: tuple[str, ...] = ()


async def read(connection: Connection, tenant: int, id_: uuid.UUID, *, locked: bool = False) -> Row:
    """Read a case. Raises InputError `no_case`."""
    sql = _LOCK if locked else _READ
    row = await (await connection.execute(sql, (tenant, id_))).fetchone()
    if row is None:
        raise NO_CASE
    order, seq, head, doc, photos = row
    return Row(
        id=id_,
        order=order,
        seq=seq,
        head=bytes(head),
        case=decode(bytes(doc)),
        photos=tuple(photos),
    )


async def known(connection: Connection, tenant: int, key: str) -> uuid.UUID | None:
    """Find the case that something opened already."""
    row = await (await connection.execute(_KNOWN, (tenant, key))).fetchone()
    return row[0] if row else None


def new_id(now_ms: int) -> uuid.UUID:
    """Make the id of a case."""
    return ids.uuid7(now_ms, os.urandom(10))


def _at(ms: int) -> Any:
    return write.instant(ms * 1000) if ms else None


async def begin(
    connection: Connection,
    tenant: int,
    id_: uuid.UUID,
    order_id: uuid.UUID,
    order: model.Order,
    key: str,
    said: Sequence[Said],
    actor: Actor,
    now_ms: int,
    photos: Sequence[str] = (),
) -> Row | None:
    """Write a new case with its facts, in the caller's transaction; None where `key` is known."""
    row = Row(id=id_, order=order_id, seq=0, head=NO_HEAD, case=Case())
    case = _fold(row.case, said, now_ms)
    packed = pack(said, stream=id_, seq=0, head=NO_HEAD, actor=actor, now_ms=now_ms, tenant=tenant)
    next_try = now_ms if case.state == PAYING else 0
    cursor = await connection.execute(
        _INSERT,
        (
            *(tenant, id_, order_id, key or str(id_), case.kind, case.state, case.reason),
            *(case.origin, order.number, order.channel, order.shop, case.warehouse),
            *(case.sum.amount, case.currency, case.waybill, _at(now_ms), _at(case.due_ms)),
            *(packed.count, packed.head, encode(case), list(photos), _at(next_try)),
        ),
    )
    if cursor.rowcount != 1:
        return None
    await write.add_facts(connection, tenant, packed)
    return Row(
        id=id_,
        order=order_id,
        seq=packed.count,
        head=packed.head,
        case=case,
        photos=tuple(photos),
    )


def _fold(case: Case, said: Sequence[Said], now_ms: int) -> Case:
    for each in said:
        case = evolve(case, each.data, now_ms)
    return case


async def say(
    connection: Connection,
    tenant: int,
    row: Row,
    said: Sequence[Said],
    actor: Actor,
    now_ms: int,
) -> Row:
    """Write what was said of a locked case, in the caller's transaction."""
    case = _fold(row.case, said, now_ms)
    packed = pack(
        said,
        stream=row.id,
        seq=row.seq,
        head=row.head,
        actor=actor,
        now_ms=now_ms,
        tenant=tenant,
    )
    await write.add_facts(connection, tenant, packed)
    seq = row.seq + packed.count
    next_try = now_ms if case.state == PAYING else 0
    given = (case.state, case.warehouse, case.sum.amount, case.waybill, _at(case.due_ms))
    more = (seq, packed.head, encode(case), _at(next_try), tenant, row.id)
    await connection.execute(_UPDATE, (*given, *more))
    return Row(id=row.id, order=row.order, seq=seq, head=packed.head, case=case, photos=row.photos)
