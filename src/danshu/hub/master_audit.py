"""The audit's folder of what a merchant publishes: versions of promises and calendars, and the
history of stock by SKU.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from danshu.capabilities.stock.facts import StockMoved
from danshu.hub.facts import PromiseDefined
from danshu.hub.master_facts import CalendarPublished, PromiseRetired
from danshu.ledger.findings import Difference

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
_DEFINITIONS = "select code, version, digest, active from definitions where tenant=%s"
_CALENDARS = "select id, version, digest from calendars where tenant=%s"
_MOVES = """
select m.id, w.code, k.code, m.on_hand, m.safety, m.in_transit from stock_moves m
join warehouses w on w.tenant=m.tenant and w.no=m.wh
join skus k on k.tenant=m.tenant and k.no=m.sku
where m.tenant=%s and m.id>=%s and m.id<%s
"""
Move = tuple[str, str, int, int, int]


class MastersFolder:
    """Folds what was published and moved, and compares the rows."""

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._defined: dict[tuple[str, int], str] = {}
        self._active: dict[str, tuple[str, int]] = {}  # code -> when it was last said, version
        self._retired: dict[str, tuple[str, int]] = {}
        self._calendars: dict[tuple[str, str], str] = {}
        self._moves: dict[uuid.UUID, set[Move]] = {}

    @property
    def types(self) -> frozenset[str]:
        """What is published, taken back, moved."""
        return frozenset(
            {"promise.defined", "promise.retired", "calendar.published", "stock.moved"}
        )

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data = fact.data
        if isinstance(data, PromiseDefined):
            self._defined[data.code, data.version] = data.digest
            said = (fact.time, data.version)
            self._active[data.code] = max(self._active.get(data.code, said), said)
        elif isinstance(data, PromiseRetired):
            said = (fact.time, data.version)
            self._retired[data.code] = max(self._retired.get(data.code, said), said)
        elif isinstance(data, CalendarPublished):
            self._calendars[data.id, data.version] = data.digest
        elif isinstance(data, StockMoved):
            self._moves[fact.stream] = {
                (data.warehouse, m.sku, m.on_hand, m.safety, m.in_transit) for m in data.lines
            }

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Compare the movements of the streams [first, end) and forget them."""
        rows: dict[uuid.UUID, set[Move]] = {}
        cursor = await connection.execute(_MOVES, (self._tenant, first, end))
        async for id_, *move in cursor:
            rows.setdefault(id_, set()).add(tuple(move))
        found = [
            Difference(
                code="moves_differ",
                where=f"stock_moves {id_}",
                detail=f"rows {len(rows.get(id_, ()))}, facts {len(self._moves.get(id_, ()))}",
            )
            for id_ in sorted(rows.keys() | self._moves.keys())
            if rows.get(id_) != self._moves.get(id_)
        ]
        self._moves.clear()
        return found

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare the versions of promises and calendars."""
        found = []
        cursor = await connection.execute(_DEFINITIONS, (self._tenant,))
        rows = {(r[0], r[1]): (bytes(r[2]).hex(), r[3]) for r in await cursor.fetchall()}
        for key in sorted(rows.keys() | self._defined.keys()):
            digest = self._defined.get(key)
            expected = (digest, self._holds(*key)) if digest else None
            if rows.get(key) != expected:
                found.append(
                    Difference(
                        code="definition_differs",
                        where=f"definitions {key[0]} {key[1]}",
                        detail=f"row {rows.get(key)}, facts {expected}",
                    )
                )
        cursor = await connection.execute(_CALENDARS, (self._tenant,))
        made = {(r[0], r[1]): bytes(r[2]).hex() for r in await cursor.fetchall()}
        found.extend(
            Difference(
                code="calendar_differs",
                where=f"calendars {key[0]}@{key[1]}",
                detail=f"row {made.get(key)}, facts {self._calendars.get(key)}",
            )
            for key in sorted(made.keys() | self._calendars.keys())
            if made.get(key) != self._calendars.get(key)
        )
        return found

    def _holds(self, code: str, version: int) -> bool:
        """Tell whether a version is the active one: the last that was said, and not taken back."""
        last = self._active[code]
        return last[1] == version and self._retired.get(code, ("", 0)) < last
