"""The audit's folder of classification: do the rows say what stewards said?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.hub.classification_facts import ClassificationConfirmed
from danshu.ledger.findings import Difference, compare_rows

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
_ROWS: Final = """
select place, field, state, said_klass, said_level, rules, by from classified_fields
where tenant=%s and said_level>0
"""


class ClassificationFolder:
    """Keeps the last word on each field; compares at the end."""

    types = frozenset({"classification.confirmed"})

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._said: dict[tuple[str, str], tuple[Any, ...]] = {}

    def fold(self, fact: Fact) -> None:
        """Take in one fact; each answer has a stream of its own, and streams come by their time."""
        data = fact.data
        if isinstance(data, ClassificationConfirmed):
            told = (data.state, data.klass, data.level, data.rules, fact.actor.sub)
            self._said[data.place, data.field] = told

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Nothing here hangs on a day of streams: it is compared at the end."""
        return []

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare every field that somebody spoke of."""
        cursor = await connection.execute(_ROWS, (self._tenant,))
        rows = {(r[0], r[1]): tuple(r[2:]) for r in await cursor.fetchall()}
        said, self._said = self._said, {}
        return compare_rows("classification_differs", "classified_fields", rows, said)
