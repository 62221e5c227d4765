"""The audit's folder of repairs: do the facts of each give its row?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.hub import repair_facts as facts
from danshu.ledger.findings import Difference, compare_rows

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
_TYPES: Final = frozenset(
    {
        "repair.opened",
        "repair.sent",
        "repair.accepted",
        "repair.refused",
        "repair.part_ordered",
        "repair.closed",
    }
)
_ROWS: Final = """
select id, device, action, regulation, state, reference, price_fen, coalesce(order_id::text,'')
from repairs where tenant=%s and id>=%s and id<%s
"""
Told = tuple[str, str, str, str, str, int, str]


class _Folded(Struct):
    device: str
    action: str
    regulation: str
    state: str = "opened"
    reference: str = ""
    price_fen: int = -1
    order: str = ""

    @property
    def row(self) -> Told:
        return (
            *(self.device, self.action, self.regulation, self.state, self.reference),
            *(self.price_fen, self.order),
        )


class RepairsFolder:
    """Folds what became of each repair and compares the rows of a day."""

    types = _TYPES

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._folded: dict[uuid.UUID, _Folded] = {}

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data = fact.data
        if isinstance(data, facts.RepairOpened):
            self._folded[fact.stream] = _Folded(data.device, data.action, data.regulation)
            return
        held = self._folded[fact.stream]
        match data:
            case facts.RepairSent():
                held.state = "sent"
            case facts.RepairAccepted():
                held.state = "accepted"
                held.reference, held.price_fen = data.reference, data.price_fen
            case facts.RepairRefused():
                held.state = "refused"
            case facts.RepairPartOrdered():
                held.order = data.order
            case facts.RepairClosed():
                held.state = "closed"

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Compare the repairs that were opened within a day of streams."""
        told = {id_: held.row for id_, held in self._folded.items()}
        self._folded = {}
        cursor = await connection.execute(_ROWS, (self._tenant, first, end))
        rows: dict[uuid.UUID, Told] = {row[0]: row[1:] for row in await cursor.fetchall()}
        return compare_rows("repair_differs", "repairs", rows, told)

    async def finish(self, connection: Connection) -> list[Difference]:
        """Nothing adds up over days."""
        return []
