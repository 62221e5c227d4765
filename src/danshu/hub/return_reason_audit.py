"""The audit's folder of return reasons: the last word on each case, a person's before the hub's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.hub.return_reason_facts import ReturnReasonCorrected, ReturnReasonsNamed
from danshu.ledger.findings import Difference, compare_rows

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
_ROWS: Final = "select id::text, code, state='confirmed' from return_reasons where tenant=%s"


class ReturnReasonsFolder:
    """Keeps the last word on each case; compares at the end."""

    types = frozenset({"return_reasons.named", "return_reason.corrected"})

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._said: dict[str, tuple[str, bool]] = {}

    def fold(self, fact: Fact) -> None:
        """Take in one fact; each has a stream of its own, and streams come by their time."""
        data = fact.data
        if isinstance(data, ReturnReasonCorrected):
            self._said[data.case] = (data.code, True)
        elif isinstance(data, ReturnReasonsNamed):
            for case in data.cases:
                if not self._said.get(case.case, ("", False))[1]:
                    self._said[case.case] = (case.code, False)

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Nothing here lies on a stream of its own."""
        return []

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare every case that has a reason."""
        cursor = await connection.execute(_ROWS, (self._tenant,))
        rows = {id_: (code, is_sure) for id_, code, is_sure in await cursor.fetchall()}
        return compare_rows("return_reason_differs", "return_reasons", rows, self._said)
