"""The audit's folder of bills and differences: do the facts give what stands in the rows?

Which differences there are follows from orders and bills, and a run finds them again; what people
did to them, and what came in by which file, follows from facts alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.settlement.differences import CLOSED, OPEN, PROPOSED, SETTLED
from danshu.hub.bill_facts import (
    BillImported,
    DifferenceAssigned,
    DifferenceClosed,
    DifferenceDeclined,
    DifferenceProposed,
    DifferenceReopened,
)
from danshu.ledger.findings import Difference

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
Row = tuple[Any, ...]
_BILLS: Final = """
select f.id, encode(f.digest,'hex'), f.form, f.lines, f.existing, f.rejected, f.income, f.expense,
(select count(*) from bill_lines l where l.tenant=f.tenant and l.file=f.id),
(select coalesce(sum(l.amount), 0)::bigint from bill_lines l where l.tenant=f.tenant
and l.file=f.id) from bill_files f where f.tenant=%s and f.id>=%s and f.id<%s
"""
_DIFFERENCES: Final = """
select id, state, owner, reason, note, seq from differences
where tenant=%s and id>=%s and id<%s and seq > 0
"""


class DifferencesFolder:
    """Folds each bill and the acts on each difference, and compares the rows."""

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._bills: dict[uuid.UUID, Row] = {}
        self._acts: dict[uuid.UUID, Row] = {}

    @property
    def types(self) -> frozenset[str]:
        """Bills brought in, and what was done to differences."""
        return frozenset(
            {
                *("bill.imported", "difference.assigned", "difference.proposed"),
                *("difference.declined", "difference.closed", "difference.reopened"),
            }
        )

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data = fact.data
        if isinstance(data, BillImported):
            self._bills[fact.stream] = (
                *(data.digest, data.form, data.lines, data.existing, data.rejected),
                *(data.income, data.expense, data.lines, data.income - data.expense),
            )
            return
        state, owner, reason, note, _ = self._acts.get(fact.stream, (OPEN, "", "", "", 0))
        match data:
            case DifferenceAssigned():
                owner = data.owner
            case DifferenceProposed():
                state, reason, note = PROPOSED, data.reason, data.note
            case DifferenceClosed():
                state, reason, note = CLOSED, data.reason, data.note
            case DifferenceDeclined() | DifferenceReopened():
                state, reason, note = OPEN, "", ""
        self._acts[fact.stream] = (state, owner, reason, note, fact.seq)

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Compare the rows of these streams with what their facts gave."""
        place = (self._tenant, first, end)
        bills = {r[0]: r[1:] for r in await (await connection.execute(_BILLS, place)).fetchall()}
        cursor = await connection.execute(_DIFFERENCES, place)
        acts = {r[0]: r[1:] for r in await cursor.fetchall()}
        told, self._bills = self._bills, {}
        done, self._acts = self._acts, {}
        found = [
            Difference(code="bill_differs", where=f"bill {id_}", detail=_say(bills, told, id_))
            for id_ in sorted(bills.keys() | told.keys())
            if bills.get(id_) != told.get(id_)
        ]
        for id_ in sorted(acts.keys() | done.keys()):
            row, said = acts.get(id_), done.get(id_)
            # What a run settled, or opened anew, is no act: only how far the stream came is.
            is_moved = row is not None and said is not None and row[4] == said[4]
            if row == said or (is_moved and row and (row[0] == SETTLED or row[:4] == _ANEW)):
                continue
            where = f"difference {id_}"
            found.append(
                Difference(code="difference_differs", where=where, detail=_say(acts, done, id_))
            )
        return found

    async def finish(self, connection: Connection) -> list[Difference]:
        """Everything was compared with its stream."""
        return []


_ANEW: Final[Row] = (OPEN, "", "", "")


def _say(rows: dict[uuid.UUID, Row], told: dict[uuid.UUID, Row], id_: uuid.UUID) -> str:
    return f"row {rows.get(id_)}, facts {told.get(id_)}"
