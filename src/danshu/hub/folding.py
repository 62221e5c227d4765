"""The audit's folders: orders with their promises, clocks and originals; stock as the sum of what
was said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.contract import decide as contract
from danshu.capabilities.contract import evolve as promises_evolve
from danshu.capabilities.contract import terms
from danshu.capabilities.contract.model import Promise
from danshu.capabilities.floor.facts import FulfilmentReviewed
from danshu.capabilities.floor.model import Stage
from danshu.capabilities.orders import facts, model, parcel_facts
from danshu.capabilities.orders.amend_facts import OrderAmended
from danshu.capabilities.orders.evolve import evolve, place
from danshu.capabilities.orders.refund_facts import GoodsReturned
from danshu.capabilities.stock.facts import StockMoved
from danshu.capabilities.transfers.facts import (
    TransferCancelled,
    TransferDispatched,
    TransferPlanned,
)
from danshu.hub import carrier_desks, floor_rows, merging_rows, release_waits
from danshu.kernel.fact import TYPES, Evidence, Fact, epoch_ms
from danshu.ledger import vault
from danshu.ledger.findings import Difference, compare_rows

if TYPE_CHECKING:
    import uuid

    from danshu.capabilities.transfers.model import PlannedUnits
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
_decode_order = msgspec.json.Decoder(model.Order).decode
_ROWS = """
select o.id, o.state, o.wh, o.total, o.seq, o.due, o.doc, o.terms, v.salt, v.raw, v.person,
  v.id is not null,
  exists (select 1 from timers t where t.tenant=o.tenant and t.id=o.id and t.due=o.due)
from orders o left join vault v on v.tenant=o.tenant and v.id=o.id
where o.tenant=%s and o.id >= %s and o.id < %s order by o.id
"""
_STOCK = """
select w.code, s2.code, s.on_hand, s.reserved, s.safety, s.in_transit from stock s
join warehouses w on w.tenant=s.tenant and w.no=s.wh join skus s2 on s2.tenant=s.tenant and
s2.no=s.sku where s.tenant=%s
"""


_GIVES_UP = (
    "fulfilment.short_picked",
    "order.amended",
    "order.cancelled",
    "order.shipped",
    "order.withdrawn",
    "goods.returned",
)
_TRANSFERS = ("transfer.planned", "transfer.dispatched", "transfer.cancelled")
_FLOOR = """
select id, fulfilment, wh, stage, review, held, due, units, skus, number, label, stop, grp
from floor_tasks
where tenant=%s and id >= %s and id < %s
"""


class _Folded(Struct, kw_only=True, eq=False):
    order: model.Order
    promises: tuple[Promise, ...]
    seq: int
    evidence: tuple[Evidence, ...]
    reviewed: frozenset[int] = frozenset()


class OrdersFolder:
    """Folds each order's stream and compares its row, its clock and the originals that it
    committed to.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._orders: dict[uuid.UUID, _Folded] = {}

    @property
    def types(self) -> frozenset[str]:
        """Every type: each fact of an order's stream counts for its position."""
        return frozenset(name for name, _ in TYPES)

    def fold(self, fact: Fact) -> None:
        """Take in one fact of any stream; streams that do not begin with order.placed are no
        orders.
        """
        stream, data = fact.stream, fact.data
        if isinstance(data, facts.OrderPlaced):
            order = place(data, epoch_ms(fact.time))
            self._orders[stream] = _Folded(
                order=order, promises=(), seq=fact.seq, evidence=fact.evidence
            )
            return
        folded = self._orders.get(stream)
        if folded is None or isinstance(data, msgspec.Raw):
            return
        folded.order = evolve(folded.order, data)
        folded.promises = promises_evolve.evolve(folded.promises, data, self._world.book)
        folded.seq = fact.seq
        if isinstance(data, FulfilmentReviewed):
            folded.reviewed |= {data.fulfilment}
        elif isinstance(data, facts.OrderPacked):  # packed anew: to be reviewed anew
            folded.reviewed -= {data.fulfilment}

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Compare the rows of the streams [first, end) and forget them."""
        found: list[Difference] = await self._compare_floor(connection, first, end)
        folded_orders = [(id_, folded.order) for id_, folded in self._orders.items()]
        found += await merging_rows.compare(connection, self._world, first, end, folded_orders)
        tenant = self._world.tenant
        found += await carrier_desks.compare(connection, tenant, first, end, folded_orders)
        found += await release_waits.compare(connection, tenant, first, end, folded_orders)
        cursor = await connection.execute(_ROWS, (self._world.tenant, first, end), binary=True)
        async for row in cursor:
            folded = self._orders.pop(row[0], None)
            if folded is None:
                found.append(
                    Difference(
                        code="row_alone", where=f"orders {row[0]}", detail="a row without facts"
                    )
                )
            else:
                found.extend(
                    Difference(code="row_differs", where=f"orders {row[0]}", detail=why)
                    for why in self._odd(folded, row)
                )
        found.extend(
            Difference(code="facts_alone", where=f"orders {i}", detail="facts without a row")
            for i in self._orders
        )
        self._orders.clear()
        return found

    def _odd(self, folded: _Folded, row: tuple[Any, ...]) -> list[str]:
        _, state, wh, total, seq, due, doc, terms_raw, salt, raw, person, has_vault, has_timer = row
        odd = []
        if _decode_order(bytes(doc)) != folded.order:
            odd.append("the order is not what its facts say")
        if terms.load(bytes(terms_raw), self._world.book) != folded.promises:
            odd.append("the promises are not what the facts say")
        if state != model.state(folded.order) or seq != folded.seq:
            odd.append("state or position is not what the facts say")
        if total != folded.order.total:
            odd.append("the total is not what the facts say")
        warehouse = model.first_warehouse(folded.order)
        if wh != self._world.warehouse_no.get(warehouse, -1):
            odd.append("the warehouse is not what the facts say")
        due_ms = contract.next_ms(folded.promises)
        if due_ms != (round(due.timestamp() * 1000) if due else 0):
            odd.append("the clock is not what the promises say")
        if due_ms and not has_timer:
            odd.append("the clock has no timer")
        if not has_vault:
            odd.append("the originals are not in the vault")
        for kind, label, data in (("raw", "raw", raw), ("receiver", "person", person)):
            digest = next((e.digest for e in folded.evidence if e.kind == kind), "")
            if data is not None and vault.commit(bytes(salt), label, bytes(data)) != digest:
                odd.append(f"the original ({kind}) is not what the fact committed to")
        return odd

    async def _compare_floor(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Compare what waits on the floors of the warehouses with what the orders say."""
        stored: dict[tuple[uuid.UUID, int], tuple[floor_rows.TaskRow, bool]] = {}
        cursor = await connection.execute(_FLOOR, (self._world.tenant, first, end), binary=True)
        async for row in cursor:
            stored[row[0], row[1]] = floor_rows.read(row[2:])
        expected = {}
        for id_, folded in self._orders.items():
            rows = floor_rows.project(self._world, id_, folded.order, folded.promises)
            for no, made in rows.items():
                is_reviewed = made.stage is Stage.PACKED and no in folded.reviewed
                expected[id_, no] = floor_rows.bare(made), is_reviewed
        return compare_rows("floor_differs", "floor_tasks", stored, expected)

    async def finish(self, connection: Connection) -> list[Difference]:
        """Nothing adds up over days here."""
        return []


def _parts(data: object) -> list[tuple[str, tuple[model.Share | PlannedUnits, ...], int, int]]:
    """Give warehouse, shares, and by which factors they count as on hand and as reserved."""
    if isinstance(data, facts.OrderAllocated):
        return [(p.warehouse, p.shares, 0, 1) for p in data.fulfilments]
    if isinstance(data, facts.OrderCancelled | facts.OrderWithdrawn | OrderAmended):
        return [(p.warehouse, p.shares, 0, -1) for p in data.freed]
    if isinstance(data, parcel_facts.ShortPicked):
        return [(data.warehouse, data.missing, 0, -1)]
    if isinstance(data, facts.OrderShipped):
        return [(data.warehouse, data.shares, -1, -1)]
    if isinstance(data, GoodsReturned) and data.outcome == "restock":
        return [(data.warehouse, data.shares, 1, 0)]
    if isinstance(data, TransferPlanned):
        return [(data.from_warehouse, data.lines, 0, 1)]
    if isinstance(data, TransferDispatched | TransferCancelled):
        return [(data.from_warehouse, data.freed, 0, -1)]
    return []


class StockFolder:
    """Adds up what facts say about stock and compares the rows."""

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._sums: dict[tuple[str, str], list[int]] = {}

    @property
    def types(self) -> frozenset[str]:
        """What moves stock."""
        return frozenset({"stock.moved", "order.allocated", *_GIVES_UP, *_TRANSFERS})

    def fold(self, fact: Fact) -> None:
        """Take in one fact: on hand, reserved, safety, in transit by (warehouse, SKU)."""
        data = fact.data
        if isinstance(data, StockMoved):
            for m in data.lines:
                self._add(data.warehouse, m.sku, (m.on_hand, 0, m.safety, m.in_transit))
            return
        for warehouse, shares, on_hand, reserved in _parts(data):
            for s in shares:
                self._add(warehouse, s.sku, (on_hand * s.quantity, reserved * s.quantity, 0, 0))

    def _add(self, warehouse: str, sku: str, by: tuple[int, int, int, int]) -> None:
        sums = self._sums.setdefault((warehouse, sku), [0, 0, 0, 0])
        for i, n in enumerate(by):
            sums[i] += n

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Stock adds up over all streams, so there is nothing to compare for a day of them."""
        return []

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare every stock row with its sum."""
        found = []
        cursor = await connection.execute(_STOCK, (self._tenant,), binary=True)
        async for warehouse, sku, *row in cursor:
            sums = self._sums.pop((warehouse, sku), [0, 0, 0, 0])
            if sums != row:
                found.append(
                    Difference(
                        code="stock_differs",
                        where=f"stock {warehouse} {sku}",
                        detail=f"row {row}, facts {sums}",
                    )
                )
        found.extend(
            Difference(code="stock_missing", where=f"stock {w} {s}", detail=f"no row, facts {sums}")
            for (w, s), sums in self._sums.items()
            if any(sums)
        )
        return found
