"""The audit's folder of order types: versions and groups as they were said, and the rows beside
orders that follow a type, which must be what their facts fold to.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.orders import facts
from danshu.capabilities.orders.evolve import evolve, place
from danshu.hub import order_type_book, presale
from danshu.hub.order_type_facts import (
    GroupClosed,
    GroupDecided,
    GroupOpened,
    OrderTypePublished,
    OrderTypeRetired,
)
from danshu.kernel.fact import TYPES, epoch_ms
from danshu.ledger.findings import Difference

if TYPE_CHECKING:
    import uuid

    from danshu.capabilities.orders.model import Order
    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
_TYPES: Final = """
select code, version, digest, body, active, drafted_by, approved_by from order_types where tenant=%s
"""
_GROUPS: Final = """
select type, code, leader, pickup, region, (extract(epoch from closes)*1000)::int8, minimum, state,
joined from order_groups where tenant=%s
"""
_TYPED: Final = """
select id, code, version, stage, grp, buyer, units, paid, alive from typed_orders
where tenant=%s and id >= %s and id < %s
"""
_TAKEN: Final = """
select b.code, b.buyer, b.units, coalesce((select sum(t.units) from typed_orders t
where t.tenant=b.tenant and t.code=b.code and t.buyer=b.buyer and t.alive), 0)
from type_buyers b where b.tenant=%s
"""
Row = tuple[Any, ...]


class OrderTypesFolder:
    """Folds types, groups, and orders that follow a type; compares their rows."""

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._published: dict[tuple[str, int], OrderTypePublished] = {}
        self._active: dict[str, tuple[str, int]] = {}  # code -> when it was last said, version
        self._retired: dict[str, tuple[str, int]] = {}
        self._groups: dict[tuple[str, str], list[Any]] = {}
        self._orders: dict[uuid.UUID, Order] = {}

    @property
    def types(self) -> frozenset[str]:
        """Every type: an order's stage and its units follow from any fact of its stream."""
        return frozenset(name for name, _ in TYPES)

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data = fact.data
        if isinstance(data, facts.OrderPlaced):
            if data.type:
                self._orders[fact.stream] = place(data, epoch_ms(fact.time))
        elif fact.stream in self._orders:
            if isinstance(data, Struct):
                self._orders[fact.stream] = evolve(self._orders[fact.stream], data)
        elif isinstance(data, OrderTypePublished):
            self._published[data.code, data.version] = data
            said = (fact.time, data.version)
            self._active[data.code] = max(self._active.get(data.code, said), said)
        elif isinstance(data, OrderTypeRetired):
            said = (fact.time, data.version)
            self._retired[data.code] = max(self._retired.get(data.code, said), said)
        elif isinstance(data, GroupOpened | GroupClosed | GroupDecided):
            self._groups.setdefault((data.type, data.code), []).append(data)

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Compare the rows of the orders [first, end) and forget them."""
        types = await order_type_book.load(connection, self._tenant)
        versions = types.versions if types else {}
        cursor = await connection.execute(_TYPED, (self._tenant, first, end))
        rows: dict[uuid.UUID, Row] = {r[0]: tuple(r[1:]) for r in await cursor.fetchall()}
        wanted: dict[uuid.UUID, Row] = {}
        for id_, o in self._orders.items():
            kind = versions.get((o.type, o.type_version))
            units = presale.life_of(kind, o).units if kind else -1
            wanted[id_] = (
                o.type, o.type_version, o.phase, o.group, o.buyer, units, o.paid > 0,
                not o.cancelled,
            )  # fmt: skip
        self._orders.clear()
        return _differ("typed_orders", rows, wanted)

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare versions, their bytes, groups, and what buyers have taken."""
        found = []
        rows: dict[Any, Row] = {}
        cursor = await connection.execute(_TYPES, (self._tenant,))
        for code, version, digest, body, *rest in await cursor.fetchall():
            rows[code, version] = (bytes(digest).hex(), *rest)
            if hashlib.sha256(bytes(body)).digest() != bytes(digest):
                where, why = f"order_types {code} {version}", "the digest is not that of the bytes"
                found.append(Difference(code="type_bytes_differ", where=where, detail=why))
        found += _differ(
            "order_types", rows, {k: self._expect(d) for k, d in self._published.items()}
        )
        cursor = await connection.execute(_GROUPS, (self._tenant,))
        groups = {(r[0], r[1]): tuple(r[2:]) for r in await cursor.fetchall()}
        found += _differ("order_groups", groups, {k: _group(d) for k, d in self._groups.items()})
        cursor = await connection.execute(_TAKEN, (self._tenant,))
        for code, buyer, units, taken in await cursor.fetchall():
            if units != taken:
                where, why = f"type_buyers {code} {buyer}", f"row {units}, orders {taken}"
                found.append(Difference(code="row_differs", where=where, detail=why))
        return found

    def _expect(self, said: OrderTypePublished) -> Row:
        last = self._active[said.code]
        holds = last[1] == said.version and self._retired.get(said.code, ("", 0)) < last
        return (said.digest, holds, said.drafted_by, said.approved_by)


def _differ(table: str, rows: dict[Any, Row], wanted: dict[Any, Row]) -> list[Difference]:
    return [
        Difference(
            code="row_differs",
            where=f"{table} {key}",
            detail=f"row {rows.get(key)}, facts {wanted.get(key)}",
        )
        for key in sorted(rows.keys() | wanted.keys(), key=str)
        if rows.get(key) != wanted.get(key)
    ]


def _group(datas: list[Any]) -> Row:
    """Fold the facts of one group to its row."""
    opened = next(d for d in datas if isinstance(d, GroupOpened))
    closes = min(epoch_ms(d.closes) for d in datas if not isinstance(d, GroupDecided))
    decided = next((d for d in datas if isinstance(d, GroupDecided)), None)
    state = "open" if decided is None else "formed" if decided.formed else "failed"
    joined = decided.joined if decided else 0
    return (
        opened.leader, opened.pickup, opened.region, closes, opened.minimum, state, joined,
    )  # fmt: skip
