"""What is asked for after a sale, and the case that is written of it, under the order's lock."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import psycopg
from msgspec import Struct

from danshu.capabilities.after_sales import facts
from danshu.capabilities.after_sales.model import CLAIM, COMPENSATION, CaseLine, ExchangeGoods, Sum
from danshu.hub import after_sales_money, after_sales_rows, after_sales_times
from danshu.hub.after_sales_times import timed
from danshu.kernel.fact import Evidence, Said
from danshu.ledger import vault

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from danshu.hub.after_sales_rows import Row
    from danshu.hub.changes import Held
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]


class Plea(Struct, frozen=True, kw_only=True):
    """What is asked for. `own` is the amount of a compensation or a claim, minor units; `key` is
    what happened, where nobody asked; `photos` are digests (hex) and sizes of what was stored
    before.
    """

    kind: str
    reason: str
    origin: str
    lines: tuple[CaseLine, ...] = ()
    wanted: tuple[ExchangeGoods, ...] = ()
    words: str = ""
    own: int = 0
    over: int = 0
    carrier: str = ""
    waybill: str = ""
    fulfilment: int = 0
    key: str = ""
    photos: tuple[tuple[str, int], ...] = ()


async def write_new(
    connection: Connection,
    tenant: int,
    held: Held,
    plea: Plea,
    actor: Actor,
    now_ms: int,
    more: Sequence[Struct] = (),
    id_: uuid.UUID | None = None,
) -> Row | None:
    """Write a case under the order's lock; `more` is said of it at once. None where `plea.key` has
    opened one already.
    """
    id_ = id_ or after_sales_rows.new_id(now_ms)
    pays = Sum(own=plea.own)
    if plea.kind not in (COMPENSATION, CLAIM):
        pays = after_sales_money.propose(
            held.order, plea.kind, plea.reason, plea.lines, over=plea.over
        )
    evidence: tuple[Evidence, ...] = ()
    raw, salt = plea.words.encode(), os.urandom(vault.SALT_BYTES)
    if raw:
        digest = vault.commit(salt, "message", raw)
        evidence = (Evidence(digest=digest, kind="message", salted=True, size=len(raw)),)
    shown = [Evidence(digest=digest, kind="photo", size=size) for digest, size in plea.photos]
    times = await after_sales_times.read(connection, tenant)
    opened = facts.AfterSaleOpened(
        carrier=plea.carrier,
        currency=held.order.currency,
        fulfilment=plea.fulfilment,
        kind=plea.kind,
        lines=plea.lines,
        number=held.order.number,
        order=str(held.id),
        origin=plea.origin,
        photos=tuple(digest for digest, _ in plea.photos),
        reason=plea.reason,
        sum=pays,
        wanted=plea.wanted,
        waybill=plea.waybill,
        **timed(plea.kind, "asked", now_ms, held.order.channel, times),
    )
    said = [Said(data=opened, evidence=(*evidence, *shown)), *(Said(data=d) for d in more)]
    row = await after_sales_rows.begin(
        connection, tenant, id_, held.id, held.order, plea.key, said, actor, now_ms
    )
    if row is not None and raw:
        put = vault.put([vault.Entry(tenant=tenant, id=id_, salt=salt, raw=raw, person=b"")])
        await connection.execute(put.sql, put.params, binary=True)
    return row
