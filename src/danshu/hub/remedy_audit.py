"""The audit's folder of links and compensations: do the facts give their rows?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.contract.remedy_facts import (
    CompensationApproved,
    CompensationProposed,
    CompensationRefused,
)
from danshu.capabilities.orders.facts import CompensationPaid
from danshu.hub.link_facts import LinkIssued, LinkRevoked, LinkViewed
from danshu.ledger.findings import Difference

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
_LINKS: Final = """
select id, order_id::text, encode(digest,'hex'), revoked is not null, views, seq from links
where tenant=%s and id>=%s and id<%s
"""
_OWED: Final = """
select id, code, step, state, amount, receipt from compensations
where tenant=%s and id>=%s and id<%s
"""
Row = tuple[Any, ...]


class RemediesFolder:
    """Folds each link's stream, and what each order's breaches owe."""

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._rows: dict[Row, Row] = {}

    @property
    def types(self) -> frozenset[str]:
        """Links issued, viewed, revoked; compensations proposed, decided, paid."""
        return frozenset(
            {
                *("link.issued", "link.revoked", "link.viewed"),
                *("compensation.proposed", "compensation.approved"),
                *("compensation.refused", "compensation.paid"),
            }
        )

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data = fact.data
        link: Row = ("link", fact.stream)
        if isinstance(data, LinkIssued):
            self._rows[link] = (data.order, data.digest, False, 0, fact.seq)
        elif isinstance(data, LinkRevoked):
            order, digest, _, views, _ = self._rows[link]
            self._rows[link] = (order, digest, True, views, fact.seq)
        elif isinstance(data, LinkViewed):
            order, digest, revoked, views, _ = self._rows[link]
            self._rows[link] = (order, digest, revoked, views + 1, fact.seq)
        elif isinstance(data, CompensationProposed):
            self._rows["owed", fact.stream, data.code, data.step] = ("proposed", data.amount, "")
        elif isinstance(data, CompensationApproved | CompensationRefused | CompensationPaid):
            self._decide(fact.stream, data)

    def _decide(
        self, stream: uuid.UUID, data: CompensationApproved | CompensationRefused | CompensationPaid
    ) -> None:
        key: Row = ("owed", stream, data.code, data.step)
        if key not in self._rows:  # paid by a person for a reason of their own
            return
        amount = self._rows[key][1]
        match data:
            case CompensationApproved():
                self._rows[key] = ("approved", amount, "")
            case CompensationRefused():
                self._rows[key] = ("refused", amount, "")
            case CompensationPaid():
                self._rows[key] = ("paid", amount, data.receipt)

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Compare the rows of these streams with what their facts gave."""
        rows: dict[Row, Row] = {}
        place = (self._tenant, first, end)
        for id_, *more in await (await connection.execute(_LINKS, place)).fetchall():
            rows["link", id_] = tuple(more)
        cursor = await connection.execute(_OWED, place)
        for id_, code, step, *more in await cursor.fetchall():
            rows["owed", id_, code, step] = tuple(more)
        expected, self._rows = self._rows, {}
        return [
            Difference(
                code="link_differs" if key[0] == "link" else "compensation_differs",
                where=" ".join(map(str, key[1:])),
                detail=f"row {rows.get(key)}, facts {expected.get(key)}",
            )
            for key in sorted(rows.keys() | expected.keys(), key=str)
            if rows.get(key) != expected.get(key)
        ]

    async def finish(self, connection: Connection) -> list[Difference]:
        """Everything was compared with its stream."""
        return []
