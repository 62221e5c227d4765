"""The audit's folder of the order COE: do facts give the rows, and are reviews the bytes that their
facts name?
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Raw

from danshu.capabilities.coe.evolve import Record, evolve
from danshu.capabilities.coe.model import WeeklyReview
from danshu.hub.coe_rows import KINDS, Kind
from danshu.kernel.errors import ProgramError
from danshu.kernel.fact import epoch_ms
from danshu.ledger.findings import Difference, compare_rows

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = Any
_VERSION: Final = """
select digest, body from weekly_review_versions where tenant=%s and id=%s and version=%s
"""


class CoeFolder:
    """Folds goals, items, experiments and reviews, and compares the rows of a day."""

    types = frozenset(
        {
            "goal.set",
            "goal.ended",
            "backlog.added",
            "backlog.changed",
            "experiment.started",
            "experiment.measured",
            "experiment.stopped",
            "weekly_review.made",
            "weekly_review.noted",
            "weekly_review.decided",
        }
    )

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._folded: dict[uuid.UUID, Record] = {}

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        if isinstance(fact.data, Raw):
            raise ProgramError(f"an unknown fact of the COE in {fact.stream}")
        before = self._folded.get(fact.stream)
        self._folded[fact.stream] = evolve(
            before, fact.stream, fact.data, fact.actor.sub, epoch_ms(fact.time)
        )

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Compare what began within a day of streams."""
        told, self._folded = self._folded, {}
        found: list[Difference] = []
        for kind in KINDS:
            mine = {id_: record for id_, record in told.items() if isinstance(record, kind.type)}
            rows = await self._rows(connection, kind, first, end)
            found += compare_rows("coe_differs", kind.table, rows, mine)
            for record in mine.values():
                if isinstance(record, WeeklyReview) and not await self._is_whole(
                    connection, record
                ):
                    where = f"weekly_review_versions {record.id} {record.version}"
                    found.append(
                        Difference(code="coe_differs", where=where, detail="not the bytes it names")
                    )
        return found

    async def _rows(
        self, connection: Connection, kind: Kind, first: uuid.UUID, end: uuid.UUID
    ) -> dict[uuid.UUID, Record]:
        sql = f"select id, body::text from {kind.table} where tenant=%s and id>=%s and id<%s"
        cursor = await connection.execute(sql, (self._tenant, first, end))
        return {
            id_: msgspec.json.decode(body, type=kind.type) for id_, body in await cursor.fetchall()
        }

    async def _is_whole(self, connection: Connection, review: WeeklyReview) -> bool:
        told = (self._tenant, review.id, review.version)
        row = await (await connection.execute(_VERSION, told)).fetchone()
        if row is None:
            return False
        digest = hashlib.sha256(bytes(row[1])).digest()
        return digest == bytes(row[0]) and digest.hex() == review.digest

    async def finish(self, connection: Connection) -> list[Difference]:
        """Nothing adds up over days."""
        del connection
        return []
