"""The audit's folder of what reconciliation goes by: orders' money as their facts give it, and the
versions of the rules.

Orders' money follows the log when a run asks; while it is behind it cannot be compared, and what is
behind is not wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.orders.amend_facts import OrderAmended
from danshu.capabilities.orders.facts import CompensationPaid, OrderPaid, OrderPlaced
from danshu.capabilities.orders.refund_facts import RefundPaid
from danshu.hub import reconcile_money
from danshu.hub.bill_facts import ReconcileRulesSet
from danshu.ledger.findings import Difference, compare_rows

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
Row = tuple[Any, ...]
_MONEY: Final = """
select id, number, channel, total, paid, refunded, compensated, subsidy from order_money
where tenant=%s and id>=%s and id<%s
"""
_RULES: Final = (
    "select version, encode(digest,'hex'), encode(sha256(body),'hex') from reconcile_rules"
    " where tenant=%s"
)


class ReconcileFolder:
    """Folds each order's money and the rules, and compares the rows."""

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._money: dict[uuid.UUID, list[Any]] = {}
        self._rules: dict[int, str] = {}

    @property
    def types(self) -> frozenset[str]:
        """What moves an order's money, and rules set."""
        return frozenset(
            {
                *("order.placed", "order.paid", "order.amended", "refund.paid"),
                *("compensation.paid", "reconcile.rules_set"),
            }
        )

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data = fact.data
        if isinstance(data, ReconcileRulesSet):
            self._rules[data.version] = data.digest
            return
        if isinstance(data, OrderPlaced):
            if data.kind == "order":
                self._money[fact.stream] = [
                    *(data.number, data.channel, data.total, 0, 0, 0, data.subsidy)
                ]
            return
        money = self._money.get(fact.stream)
        if money is None:
            return
        match data:
            case OrderPaid():
                money[3] += data.amount
            case RefundPaid():
                money[4] += data.amount
            case CompensationPaid():
                money[5] += data.amount
            case OrderAmended() if data.now is not None:
                money[2] = data.now.total

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Compare the rows of these orders with what their facts gave."""
        folded, self._money = self._money, {}
        if not folded or await reconcile_money.read_behind(connection, self._tenant):
            return []
        cursor = await connection.execute(_MONEY, (self._tenant, first, end))
        rows: dict[uuid.UUID, Row] = {r[0]: tuple(r[1:]) for r in await cursor.fetchall()}
        told: dict[uuid.UUID, Row] = {id_: tuple(money) for id_, money in folded.items()}
        return compare_rows("money_differs", "order", rows, told)

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare the versions of the rules, and each text with its digest."""
        found = await (await connection.execute(_RULES, (self._tenant,))).fetchall()
        rows = {version: (digest, body) for version, digest, body in found}
        told = {version: (digest, digest) for version, digest in self._rules.items()}
        return [
            Difference(
                code="rules_differ",
                where=f"reconcile rules {version}",
                detail=f"row {rows.get(version)}, facts {told.get(version)}",
            )
            for version in sorted(rows.keys() | told.keys())
            if rows.get(version) != told.get(version)
        ]
