"""What must hold after any day, read from the tables alone."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import psycopg

from danshu.capabilities.contract import terms
from danshu.capabilities.contract.model import OPEN, Promise, State
from danshu.capabilities.orders import model
from danshu.hub import masters
from danshu.testing.simulation import Tally
from tests.faults import shop

_decode = msgspec.json.Decoder(model.Order).decode
# A later stage never counts more units than the one before it.
_LADDER = ("delivered", "shipped", "packed", "picked", "released", "allocated")
_VERDICTS = {
    State.KEPT,
    State.BROKEN,
    State.LATE,
    State.BORDERLINE,
}


async def check(url: str, tenant: int, tally: Tally) -> dict[str, int]:
    """Assert every invariant; give some figures of the day."""
    await shop.must_be_true(url, tenant, len(tally.orders), tally.end_ms)
    assert await shop.deadlocks(url) == 0
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        world = await masters.load(connection, tenant, 0.0, tally.end_ms)
    rows = await shop.query(url, "select id, okey, doc, terms, channel, state from orders")
    orders = {id_: _decode(bytes(doc)) for id_, _, doc, _, _, _ in rows}
    assert {k.partition("//")[2]: i for i, k, *_ in rows} == tally.orders
    for id_, _, _, _, _, state in rows:
        assert model.state(orders[id_]) == state
        _units_hold(orders[id_])
    await _stock_holds(url, list(orders.values()))
    verdicts: dict[Any, dict[str, str]] = {}
    for id_, code, word in await shop.query(url, "select id, code, state from verdicts"):
        verdicts.setdefault(id_, {})[code] = word
    states: Counter[str] = Counter()
    for id_, _, _, raw, _, _ in rows:
        promises = terms.load(bytes(raw), world.book)
        for promise in promises:
            _promise_holds(promise, tally.end_ms)
            states[promise.state.value] += 1
            word = verdicts.get(id_, {}).get(promise.code)
            if promise.state in _VERDICTS:
                assert word == promise.state.value, (id_, promise.code)
    return {**Counter(model.state(o).word for o in orders.values()), **states}


def _units_hold(order: model.Order) -> None:
    for line in order.lines:
        counts = [getattr(line, name) for name in _LADDER]
        assert counts == sorted(counts), (order.number, line)
        assert counts[0] >= 0
        assert 0 <= line.cancelled + line.allocated <= line.quantity, (order.number, line)
        held = sum(
            s.quantity
            for f in order.fulfilments
            if f.state != "cancelled"
            for s in f.shares
            if s.line == line.no
        )
        assert held == line.allocated, (order.number, line)


async def _stock_holds(url: str, orders: list[model.Order]) -> None:
    """Reserved units are those of fulfilment orders that hold goods; quotas count what was sold."""
    reserved: Counter[tuple[str, str]] = Counter()
    sold: Counter[tuple[str, str, str]] = Counter()
    for order in orders:
        for part in order.fulfilments:
            for share in part.shares:
                if part.state in ("allocated", "released", "picked", "packed"):
                    reserved[part.warehouse, share.sku] += share.quantity
                if part.state != "cancelled":
                    sold[part.warehouse, share.sku, order.channel] += share.quantity
    join = (
        " join warehouses w on w.tenant=s.tenant and w.no=s.wh"
        " join skus k on k.tenant=s.tenant and k.no=s.sku"
    )
    rows = await shop.query(url, f"select w.code, k.code, on_hand, reserved from stock s{join}")
    assert {(w, s): r for w, s, _, r in rows} == {(w, s): reserved[w, s] for w, s, _, _ in rows}
    assert sum(reserved.values()) == sum(r for *_, r in rows)
    assert all(0 <= r <= h for _, _, h, r in rows)
    quotas = await shop.query(url, f"select w.code, k.code, channel, cap, used from quotas s{join}")
    for warehouse, sku, channel, cap, used in quotas:
        assert used == sold[warehouse, sku, channel] <= cap, (warehouse, sku, channel)


def _promise_holds(promise: Promise, now_ms: int) -> None:
    """Every verdict is what its due and the thing done say."""
    where = (promise.code, promise.state, promise.due_ms, promise.stopped_ms)
    if promise.state is State.PENDING:
        assert not promise.started_ms, where
    if promise.state is State.RUNNING:
        assert promise.due_ms >= now_ms, where
    if promise.state in OPEN:
        assert not promise.stopped_ms, where
    if promise.state is State.KEPT and promise.stop and promise.due_ms:
        assert promise.stop.occurred_ms <= promise.due_ms, where
    if promise.state is State.LATE and promise.stop:
        assert promise.stop.occurred_ms > promise.due_ms, where
    if promise.state is State.BROKEN:
        assert 0 < promise.due_ms < now_ms, where
