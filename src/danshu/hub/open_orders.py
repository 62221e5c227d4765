"""A merchant's open orders as a problem of the replan: what no warehouse has begun.

An order takes part when every one of its live fulfilment orders may still be withdrawn. Pinned 锁定
are those that some warehouse has begun, that are held, whose lines lie in pieces, or whose
warehouse a person chose.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import numpy as np
import psycopg

from danshu.capabilities.contract import clock, terms
from danshu.capabilities.orders import decide as decisions
from danshu.capabilities.orders import model
from danshu.capabilities.routing.batch import NO_PROMISE
from danshu.capabilities.routing.blocks import digest_block, pack_block
from danshu.capabilities.routing.policy.engine import view_order
from danshu.capabilities.routing.replan.cells import Orders, Problem
from danshu.capabilities.routing.ruling import Ruling, steer
from danshu.hub.world import goods_of
from danshu.kernel.limits import REPLAN_ORDERS

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable

    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
_DAY_MIN: Final = 1_440
_UTC8_MIN: Final = 480  # as in routing.py
_PAGE: Final = 2_000
_STATES: Final = [
    int(s)
    for s in (
        model.State.PLACED,
        model.State.CONFIRMED,
        model.State.PAID,
        model.State.ALLOCATED,
    )
]
_BEGUN: Final = [
    int(s) for s in (model.State.HELD, model.State.RELEASED, model.State.PICKED, model.State.PACKED)
]
_COUNT: Final = "select count(*) from orders where tenant=%s and state=any(%s)"
_READ: Final = """
select id, doc, terms from orders where tenant=%s and state=any(%s) and id > %s order by id limit %s
"""
_FIRST: Final = "00000000-0000-0000-0000-000000000000"
_decode = msgspec.json.Decoder(model.Order).decode


class Piece(NamedTuple):
    """A SKU of an order: row, units, grams a unit, classes, warehouse that has it (-1: none)."""

    sku: int
    qty: int
    weight_g: int
    storage: int
    was: int


class OpenOrders(NamedTuple):
    """The problem, the orders' ids by number, how many are pinned."""

    ids: list[uuid.UUID]
    problem: Problem
    pinned: int

    def digest(self, snapshot: str) -> str:
        """Name the inputs: snapshot, orders, stock, work and the cost of switching."""
        problem = self.problem
        header = {
            "ids": [str(id_) for id_ in self.ids],
            "minute": problem.minute,
            "snapshot": snapshot,
            "switching_fen": problem.switching_fen,
        }
        arrays = {name: _plain(table) for name, table in problem.orders._asdict().items()}
        arrays |= {
            "atp": problem.atp,
            "capacity": problem.capacity,
            "surcharge_fen": problem.surcharge_fen,
        }
        return digest_block(pack_block(header, arrays))


def _plain(table: Any) -> Any:
    """Blocks hold whole numbers; no promise is told as the largest."""
    if table.dtype == np.float64:
        return np.where(np.isfinite(table), table, -1.0)
    return table


async def read(
    connection: Connection,
    world: World,
    now_ms: int,
    switching_fen: int,
    most: int = REPLAN_ORDERS,
) -> OpenOrders:
    """Read all open orders of a merchant, the oldest first, no further page from `most` on."""
    gathered = _Gathered(world, now_ms)
    after: Any = _FIRST
    while len(gathered.ids) < most:
        asked = (world.tenant, _STATES, after, _PAGE)
        rows = await (await connection.execute(_READ, asked, binary=True)).fetchall()
        for id_, doc, kept in rows:
            gathered.take(id_, _decode(bytes(doc)), bytes(kept))
        if len(rows) < _PAGE:
            break
        after = rows[-1][0]
    row = await (await connection.execute(_COUNT, (world.tenant, _BEGUN))).fetchone()
    gathered.pinned += row[0] if row else 0
    return gathered.finish(switching_fen)


class _Gathered:
    """Orders as they come, column by column."""

    def __init__(self, world: World, now_ms: int) -> None:
        self.world = world
        self.now_ms = now_ms
        self.ids: list[uuid.UUID] = []
        self.pinned = 0
        self.heads: list[tuple[int, float, int]] = []
        self.sizes: list[int] = []
        self.pieces: list[Piece] = []
        self.rulings: list[Ruling | None] = []

    def take(self, id_: uuid.UUID, order: model.Order, kept: bytes) -> None:
        """Take an order in, or count it as pinned."""
        world = self.world
        region = world.regions.get(order.region, -1)
        pieces = find_pieces(world, order)
        if region < 0 or pieces is None:
            self.pinned += 1
            return
        if not pieces:
            return
        due_ms = clock.delivery_due_ms(terms.load(kept, world.book))
        promise = max(0, (due_ms - self.now_ms) // 60_000) if due_ms else NO_PROMISE
        self.ids.append(id_)
        self.heads.append((region, float(promise) if due_ms else np.inf, order.total))
        self.rulings.append(rule(world, id_, order, promise, self.now_ms))
        self.sizes.append(len(pieces))
        self.pieces += pieces

    def finish(self, switching_fen: int) -> OpenOrders:
        """Lay the columns out, with the stock and work that these orders would give back."""
        world, count = self.world, len(self.ids)
        steering = steer(world.snapshot.network, self.rulings)
        heads = np.array(self.heads, np.float64).reshape(count, 3)
        lines = np.array(self.pieces, np.int64).reshape(len(self.pieces), 5)
        start = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.array(self.sizes, np.int64))])
        was = lines[:, 4]
        has = was >= 0
        atp, capacity = world.atp.copy(), np.maximum(world.capacity, 0.0)
        np.add.at(atp, (lines[has, 0], was[has]), lines[has, 1].astype(np.int32))
        owner = np.repeat(np.arange(count), self.sizes)
        parcels = np.unique(np.stack([owner[has], was[has]]), axis=1)[1]
        wide = len(capacity)
        capacity += np.bincount(parcels, minlength=wide) + 0.5 * np.bincount(
            was[has], minlength=wide
        )
        orders = Orders(
            region=heads[:, 0].astype(np.int32),
            promise_min=heads[:, 1].copy(),
            value_fen=heads[:, 2].astype(np.int64),
            shut=steering.shut,
            favour=steering.favour,
            parcels_max=steering.parcels_max,
            line_start=start.astype(np.int32),
            sku=lines[:, 0].astype(np.int32),
            qty=lines[:, 1].astype(np.int32),
            weight_g=lines[:, 2].astype(np.int32),
            storage=lines[:, 3].astype(np.int32),
            was=was.astype(np.int16),
        )
        minute = (self.now_ms // 60_000 + _UTC8_MIN) % _DAY_MIN
        problem = Problem(orders, minute, atp, capacity, switching_fen, steering.surcharge_fen)
        return OpenOrders(self.ids, problem, self.pinned)


def rule(
    world: World, id_: uuid.UUID, order: model.Order, promise_min: int, now_ms: int
) -> Ruling | None:
    """Ask policy about an open order as its re-route would: all of it taken back, decided again."""
    arms = world.arms
    if arms.live is None and arms.canary is None:
        return None
    held: Counter[int] = Counter()
    for f in order.fulfilments:
        if f.state != "cancelled":
            for share in f.shares:
                held[share.line] += share.quantity
    lines = []
    for line in order.lines:
        units = held[line.no] + decisions.open_units(line)
        if units:
            sku = goods_of(world, line)
            lines.append((units, sku.weight_g, int(sku.storage)))
    view = view_order(order.channel, order.region, order.total, promise_min, lines)
    return arms.ask(id_, view, now_ms)


def find_pieces(world: World, order: model.Order) -> list[Piece] | None:
    """Give what an order needs, by SKU; None when it is pinned, [] when it needs nothing."""
    if order.kind != "order" or order.cancelled or order.completed:
        return []
    live = [f for f in order.fulfilments if f.state != "cancelled"]
    if order.holds or any(f.pinned or f.state != "allocated" for f in live):
        return None
    places: dict[int, list[tuple[int, int]]] = {}
    for f in live:
        wh = world.warehouse_no.get(f.warehouse, -1)
        for share in f.shares:
            places.setdefault(share.line, []).append((wh, share.quantity))
    found: dict[int, Piece] = {}
    for line in order.lines:
        if line.sku not in world.skus:
            return None
        piece = _piece(world, line, places.get(line.no, []))
        if piece is None:
            return None
        twin = found.get(piece.sku)
        if twin is not None and twin.was != piece.was:
            return None
        if piece.qty:
            found[piece.sku] = piece._replace(qty=piece.qty + (twin.qty if twin else 0))
    return list(found.values())


def _piece(world: World, line: model.Line, held: Iterable[tuple[int, int]]) -> Piece | None:
    """Give a line as one piece; None when it lies in several places, or partly in none."""
    row, sku = world.skus[line.sku]
    parts, open_units = list(held), decisions.open_units(line)
    if len(parts) > 1 or (parts and open_units):
        return None
    wh, units = parts[0] if parts else (-1, open_units)
    if parts and wh < 0:
        return None
    return Piece(row, units, sku.weight_g, int(sku.storage), wh)
