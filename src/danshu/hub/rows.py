"""The statements of one group commit: keys, stock, then rows; locks are taken in that order everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from danshu.capabilities.contract import terms
from danshu.capabilities.orders import model
from danshu.capabilities.orders import tables as order_tables
from danshu.capabilities.stock import tables as stock_tables
from danshu.ledger import timers, vault, write

if TYPE_CHECKING:
    from danshu.hub.group import Group

TIMER_PROMISE: Final = 1
_encode = msgspec.json.Encoder().encode


def statements(group: Group) -> list[write.Statement]:
    """Give the statements that write a decided group."""
    w, placed = write, group.placed
    tenants = w.int4s([p.request.tenant for p in placed])
    oids = w.uuids([p.id for p in placed])
    keys = w.texts([p.request.key for p in placed])
    packs = [p.packed for p in placed if p.packed]
    n = len(placed)
    out = [
        w.Statement(
            w.INSERT_KEYS, (tenants, keys, oids, w.byteas([p.request.digest for p in placed]), n)
        )
    ]
    if group.reserved:
        t, wh, sku, q = zip(*group.reserved, strict=True)
        out.append(
            w.Statement(
                stock_tables.RESERVE,
                (w.int4s(t), w.int4s(wh), w.int4s(sku), w.int8s(q), len(group.reserved)),
                returns=True,
            )
        )
    if group.quota:
        t, wh, sku, c, q = zip(*group.quota, strict=True)
        out.append(
            w.Statement(
                stock_tables.USE_QUOTA,
                (w.int4s(t), w.int4s(wh), w.int4s(sku), w.texts(c), w.int8s(q), len(group.quota)),
            )
        )
    out.append(
        w.Statement(
            order_tables.INSERT,
            (
                tenants,
                oids,
                keys,
                w.texts([p.order.channel for p in placed]),
                w.int2s([model.state(p.order) for p in placed]),
                w.int4s([p.wh for p in placed]),
                w.texts([p.order.region for p in placed]),
                w.int8s([p.order.total for p in placed]),
                w.texts([p.order.currency for p in placed]),
                w.times_or_null([p.due_ms * 1000 for p in placed]),
                w.int4s([k.count for k in packs]),
                w.byteas([k.head for k in packs]),
                w.byteas([_encode(p.order) for p in placed]),
                w.byteas([terms.dump(p.promises) for p in placed]),
            ),
        )
    )
    out.append(
        w.Statement(
            w.INSERT_FACTS,
            (
                tenants,
                oids,
                w.int4s([k.first for k in packs]),
                w.int4s([k.count for k in packs]),
                w.byteas([k.body for k in packs]),
            ),
        )
    )
    out.append(
        vault.put(
            [
                vault.Entry(
                    tenant=p.request.tenant,
                    id=p.id,
                    salt=p.salt,
                    raw=p.request.raw,
                    person=p.person,
                )
                for p in placed
            ]
        )
    )
    timed = [p for p in placed if p.due_ms]
    if timed:
        out.append(
            timers.put(
                [
                    timers.Timer(
                        due_us=p.due_ms * 1000, tenant=p.request.tenant, id=p.id, kind=TIMER_PROMISE
                    )
                    for p in timed
                ]
            )
        )
    return out
