"""The audit's folder of after-sales: do the facts give cases, limits and carriers' terms?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.after_sales.evolve import evolve
from danshu.capabilities.after_sales.model import Case
from danshu.hub.after_sales_facts import AfterSalesConfigured, CarrierTermsSet
from danshu.hub.after_sales_rows import decode
from danshu.kernel.fact import TYPES, epoch_ms
from danshu.ledger.findings import Difference

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
_ROWS: Final = """
select id, oid::text, kind, state, amount, seq, (extract(epoch from due)*1000)::int8, doc
from after_sales where tenant=%s and id>=%s and id<%s
"""
_SETTINGS: Final = "select auto_fen, second_fen from after_sale_settings where tenant=%s"
_TERMS: Final = """
select carrier, begins::text, multiple, cap_fen, days, source from carrier_terms where tenant=%s
"""
Row = tuple[Any, ...]


class _Folded(Struct, kw_only=True, eq=False):
    case: Case
    seq: int = 0


class AfterSalesFolder:
    """Folds each case's stream; limits and terms by what was last said of them."""

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._cases: dict[uuid.UUID, _Folded] = {}
        self._settings: tuple[str, Row] = ("", ())
        self._terms: dict[tuple[str, str], tuple[str, Row]] = {}

    @property
    def types(self) -> frozenset[str]:
        """All of a case, and how the merchant set it up."""
        said = {name for name, _ in TYPES if name.startswith("after_sale.")}
        return frozenset({*said, "after_sales.configured", "carrier.terms_set"})

    def fold(self, fact: Fact) -> None:
        """Take in one fact; streams come in the order of their ids, not of what was said last."""
        data = fact.data
        if isinstance(data, AfterSalesConfigured):
            told = (fact.time, (data.auto_fen, data.second_fen))
            self._settings = max(self._settings, told)
            return
        if isinstance(data, CarrierTermsSet):
            key = (data.carrier, data.begins)
            terms = (data.multiple, data.cap_fen, data.days, data.source)
            self._terms[key] = max(self._terms.get(key, ("", ())), (fact.time, terms))
            return
        assert isinstance(data, Struct)
        held = self._cases.setdefault(fact.stream, _Folded(case=Case()))
        held.case = evolve(held.case, data, epoch_ms(fact.time))
        held.seq = fact.seq

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Compare the rows of these streams with what their facts gave."""
        cursor = await connection.execute(_ROWS, (self._tenant, first, end))
        rows: dict[uuid.UUID, Row] = {
            id_: (*more, due or 0, decode(bytes(doc)))
            for id_, *more, due, doc in await cursor.fetchall()
        }
        folded, self._cases = self._cases, {}
        expected: dict[uuid.UUID, Row] = {
            id_: (
                *(f.case.order, f.case.kind, f.case.state, f.case.sum.amount, f.seq),
                *(f.case.due_ms, f.case),
            )
            for id_, f in folded.items()
        }
        return [
            Difference(
                code="case_differs",
                where=str(id_),
                detail=f"row {rows.get(id_)}, facts {expected.get(id_)}",
            )
            for id_ in sorted(rows.keys() | expected.keys())
            if rows.get(id_) != expected.get(id_)
        ]

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare the limits and the terms, which have no stream of their own."""
        row = await (await connection.execute(_SETTINGS, (self._tenant,))).fetchone()
        found = []
        if (row or ()) != self._settings[1]:
            found.append(
                Difference(
                    code="after_sales_settings",
                    where="after_sale_settings",
                    detail=f"row {row}, facts {self._settings[1]}",
                )
            )
        cursor = await connection.execute(_TERMS, (self._tenant,))
        rows = {(c, b): tuple(more) for c, b, *more in await cursor.fetchall()}
        expected = {key: terms for key, (_, terms) in self._terms.items()}
        if rows != expected:
            detail = f"rows {rows}, facts {expected}"
            found.append(Difference(code="carrier_terms", where="carrier_terms", detail=detail))
        return found
