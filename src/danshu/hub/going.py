"""Where a word leads: a number read out, scanned or pasted → the order, the transfer order, the
SKU, the warehouse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.orders import model
from danshu.hub import lists, search, transfer_rows, workbench
from danshu.hub.search import fold

if TYPE_CHECKING:
    import uuid

    from danshu.capabilities.transfers.model import Transfer
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
ITEMS: Final = 20
Kind = Literal["order", "transfer", "sku", "warehouse"]
Why = Literal["id", "number", "waybill", "sku", "buyer", "person", "code", "barcode"]
_decode_order = msgspec.json.Decoder(model.Order).decode
_RANKS: Final = {w: n for n, w in enumerate(("id", "number", "waybill", "code", "barcode"))}


class Way(Struct, frozen=True, kw_only=True):
    """One place that a word may mean. `why`: what of it was met; `exact` when all of it was."""

    kind: Kind
    id: str
    title: str
    note: str
    why: Why
    exact: bool


class Going(Struct, frozen=True, kw_only=True):
    """What a word may mean, the surest first. `only`: one thing was met exactly, go there."""

    items: tuple[Way, ...]
    only: bool
    more: bool


async def find(connection: Connection, world: World, q: str) -> Going:
    """Find what a word means; orders newest first, ITEMS at most."""
    word = fold(q)
    if not word:
        return Going(items=(), only=False, more=False)
    ways = _masters(world, word)
    ids, stopped = await _orders(connection, world.tenant, q)
    rows = await workbench.read_rows(connection, world.tenant, ids[: ITEMS + 1])
    ways += [_order(row, word) for row in rows]
    moved = await transfer_rows.find_number(connection, world.tenant, q.strip().upper())
    if moved is not None:
        ways.append(_transfer(moved))
    ways.sort(key=lambda w: (not w.exact, _RANKS.get(w.why, len(_RANKS))))
    exact = [w for w in ways if w.exact]
    more = len(ways) > ITEMS or len(ids) > ITEMS or stopped is not None
    return Going(items=tuple(ways[:ITEMS]), only=len(exact) == 1, more=more)


def _masters(world: World, word: str) -> list[Way]:
    """Find SKUs and warehouses by their whole code or barcode."""
    ways = [
        Way(kind="sku", id=sku.code, title=sku.name, note=sku.code, why=why, exact=True)
        for code, (_, sku) in world.skus.items()
        if (why := _met_sku(code, sku.barcode, word)) is not None
    ]
    ways += [
        Way(kind="warehouse", id=w.code, title=w.name, note=w.code, why="code", exact=True)
        for w in world.warehouses
        if fold(w.code) == word
    ]
    return ways


def _met_sku(code: str, barcode: str, word: str) -> Literal["code", "barcode"] | None:
    if fold(code) == word:
        return "code"
    return "barcode" if barcode and fold(barcode) == word else None


async def _orders(
    connection: Connection, tenant: int, q: str
) -> tuple[list[uuid.UUID], uuid.UUID | None]:
    one = lists.as_id(q)
    if one is not None:
        return [one], None
    salt = await search.read_salt(connection, tenant)
    return await lists.find_ids(connection, tenant, search.ask(salt, q), lists.FIRST, lists.LAST)


def _order(row: workbench.Row, word: str) -> Way:
    order = _decode_order(row.doc)
    why, exact = _why(row.id, order, word)
    return Way(
        kind="order",
        id=str(row.id),
        title=order.number,
        note=model.state(order).word,
        why=why,
        exact=exact,
    )


def _transfer(moved: Transfer) -> Way:
    return Way(
        kind="transfer",
        id=str(moved.id),
        title=moved.number,
        note=f"{moved.plan.from_warehouse} → {moved.plan.to_warehouse}",
        why="number",
        exact=True,
    )


def _why(id_: uuid.UUID, order: model.Order, word: str) -> tuple[Why, bool]:
    """Say what of an order a word has met; whose name or phone it was is not told."""
    if word.replace("-", "") == id_.hex:
        return "id", True
    number = fold(order.number)
    if number.endswith(word):
        return "number", number == word
    for f in order.fulfilments:
        waybill = fold(f.waybill)
        if waybill and waybill.endswith(word):
            return "waybill", waybill == word
    if any(fold(n.sku) == word for n in order.lines):
        return "sku", False
    if order.buyer and fold(order.buyer) == word:
        return "buyer", False
    return "person", False
