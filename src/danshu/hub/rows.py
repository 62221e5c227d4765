"""The statements of one group commit: keys, stock, rows; locked in that order everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from danshu.capabilities.contract import terms
from danshu.capabilities.orders import model
from danshu.capabilities.orders import tables as order_tables
from danshu.capabilities.stock import tables as stock_tables
from danshu.hub import canary, intercepts, presale_rows, selling, spare_snapshots
from danshu.hub.policy_calls import TIMER_CALL
from danshu.hub.vote_holds import TIMER_ESCALATION
from danshu.ledger import timers, vault, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.group import Group, Placement

TIMER_PROMISE: Final = 1
_encode = msgspec.json.Encoder().encode


def statements(group: Group) -> list[write.Statement]:
    """Give the statements that write a decided group."""
    placed = group.placed
    tenants = write.int4s([p.request.tenant for p in placed])
    ids = write.uuids([p.id for p in placed])
    keys = write.texts([p.request.key for p in placed])
    digests = write.byteas([p.request.digest for p in placed])
    return [
        write.Statement(write.INSERT_KEYS, (tenants, keys, ids, digests, len(placed))),
        *_stock(group),
        *([canary.count(group.zones, group.now_ms)] if group.zones else []),
        *(selling.statements(placed) if group.extra else []),
        *(intercepts.statements(placed) if group.extra else []),
        *_orders(placed, tenants, ids, keys),
        *_rest(placed),
        *[spare_snapshots.naming(*named) for named in sorted(group.named)],
    ]


def _stock(group: Group) -> list[write.Statement]:
    """Reserve, and use up quotas; each fails the commit when a row is short."""
    w = write
    out = []
    if group.reserved:
        t, wh, sku, q = zip(*group.reserved, strict=True)
        numbers = (w.int4s(t), w.int4s(wh), w.int4s(sku), w.int8s(q), len(group.reserved))
        out.append(w.Statement(stock_tables.RESERVE, numbers, returns=True))
    if group.quota:
        t, wh, sku, c, q = zip(*group.quota, strict=True)
        used = (w.int4s(t), w.int4s(wh), w.int4s(sku), w.texts(c), w.int8s(q), len(group.quota))
        out.append(w.Statement(stock_tables.USE_QUOTA, used))
    return out


def _orders(
    placed: Sequence[Placement], tenants: write.Array, ids: write.Array, keys: write.Array
) -> list[write.Statement]:
    """Write the orders' rows and their facts."""
    w = write
    packs = [p.packed for p in placed if p.packed]
    counts = w.int4s([k.count for k in packs])
    rows = (
        tenants,
        ids,
        keys,
        w.texts([p.order.channel for p in placed]),
        w.int2s([model.state(p.order) for p in placed]),
        w.int4s([p.wh for p in placed]),
        w.texts([p.order.region for p in placed]),
        w.int8s([p.order.total for p in placed]),
        w.texts([p.order.currency for p in placed]),
        w.times_or_null([p.due_ms * 1000 for p in placed]),
        counts,
        w.byteas([k.head for k in packs]),
        w.byteas([_encode(p.order) for p in placed]),
        w.byteas([terms.dump(p.promises) for p in placed]),
    )
    facts = w.facts([p.request.tenant for p in placed if p.packed], packs)
    return [w.Statement(order_tables.INSERT, rows), facts]


def _rest(placed: Sequence[Placement]) -> list[write.Statement]:
    """Keep the originals in the vault, and set the timers of the promises."""
    entries = [
        vault.Entry(
            tenant=p.request.tenant, id=p.id, salt=p.salt, raw=p.request.raw, person=p.person
        )
        for p in placed
    ]
    due = [
        timers.Timer(due_us=p.due_ms * 1000, tenant=p.request.tenant, id=p.id, kind=TIMER_PROMISE)
        for p in placed
        if p.due_ms
    ]
    due += [
        timers.Timer(
            due_us=p.default_ms * 1000, tenant=p.request.tenant, id=p.id, kind=TIMER_ESCALATION
        )
        for p in placed
        if p.default_ms
    ]
    due += [
        timers.Timer(due_us=p.call_ms * 1000, tenant=p.request.tenant, id=p.id, kind=TIMER_CALL)
        for p in placed
        if p.call_ms
    ]
    out = [vault.put(entries), *([timers.put(due)] if due else [])]
    if any(p.typed is not None for p in placed):
        out += presale_rows.statements(placed)
    awaiting = [p for p in placed if p.awaits]
    if awaiting:
        tenants = write.int4s([p.request.tenant for p in awaiting])
        out.append(write.Statement(canary.WAIT, (tenants, write.uuids([p.id for p in awaiting]))))
    return out
