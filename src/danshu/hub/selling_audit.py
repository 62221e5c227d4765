"""The audit's folder of allowances: do the facts give what gifts and preorders have used up?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.hub.selling import GIFT, PREORDER
from danshu.hub.selling_facts import AllowancesChanged, GiftsDecided, PreorderTaken
from danshu.ledger.findings import Difference

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
_USED: Final = "select name, used from allowances where tenant=%s"
_BUYERS: Final = "select code, id from gift_buyers where tenant=%s"


class SellingFolder:
    """Sums what was given and sold ahead, and compares the rows at the end."""

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._used: dict[str, int] = {}
        self._had: set[tuple[str, uuid.UUID]] = set()

    @property
    def types(self) -> frozenset[str]:
        """Gifts given, preorders taken, and what went back of both."""
        return frozenset({"gifts.decided", "preorder.taken", "allowances.changed"})

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data = fact.data
        if isinstance(data, GiftsDecided):
            for one in data.given:
                if one.limited:
                    self._add(GIFT + one.rule, one.units)
                if one.once:
                    self._had.add((one.rule, fact.stream))
        elif isinstance(data, PreorderTaken):
            for line in data.lines:
                self._add(PREORDER + line.sku, line.units)
        elif isinstance(data, AllowancesChanged):
            for change in data.changes:
                self._add(change.name, change.used)
            self._had -= {(rule, fact.stream) for rule in data.again}

    def _add(self, name: str, units: int) -> None:
        self._used[name] = self._used.get(name, 0) + units

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Nothing here hangs on a stream alone: it is compared at the end."""
        return []

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare the units used, and who has had what each buyer has once."""
        cursor = await connection.execute(_USED, (self._tenant,))
        rows = {name: used for name, used in await cursor.fetchall() if used}
        found = [
            Difference(
                code="allowance_differs",
                where=f"allowances {name}",
                detail=f"row {rows.get(name, 0)}, facts {self._used.get(name, 0)}",
            )
            for name in sorted(rows.keys() | self._used.keys())
            if rows.get(name, 0) != self._used.get(name, 0)
        ]
        cursor = await connection.execute(_BUYERS, (self._tenant,))
        had = set(await cursor.fetchall())
        found += [
            Difference(code="gift_buyer_differs", where=f"gift_buyers {code} {id_}", detail="")
            for code, id_ in sorted(had ^ self._had)
        ]
        return found
