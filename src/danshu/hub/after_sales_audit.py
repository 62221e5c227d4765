"""The audit's folder of after-sales: do the facts give cases, limits and carriers' terms?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.after_sales.evolve import evolve
from danshu.capabilities.after_sales.model import Case
from danshu.hub import after_sales_settings
from danshu.hub.after_sales_facts import (
    AfterSalesConfigured,
    AfterSalesTimeSet,
    CarrierTermsSet,
)
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
_SETTINGS: Final = "select auto_fen, second_fen, doc from after_sale_settings where tenant=%s"
_TERMS: Final = """
select carrier, begins::text, multiple, cap_fen, days, source from carrier_terms where tenant=%s
"""
_TIMES: Final = """
select channel, kind, step, begins::text, hours, source from after_sale_times where tenant=%s
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
        self._times: dict[Row, tuple[str, Row]] = {}

    @property
    def types(self) -> frozenset[str]:
        """All of a case, and how the merchant set it up."""
        said = {name for name, _ in TYPES if name.startswith("after_sale.")}
        own = {"after_sales.configured", "after_sales.time_set", "carrier.terms_set"}
        return frozenset({*said, *own})

    def fold(self, fact: Fact) -> None:
        """Take in one fact; streams come in the order of their ids, not of what was said last."""
        data = fact.data
        if isinstance(data, AfterSalesConfigured):
            asking = after_sales_settings.encode(after_sales_settings.asking_of(data))
            told = (fact.time, (data.auto_fen, data.second_fen, asking))
            self._settings = max(told, self._settings, key=lambda each: each[0])
            return
        if isinstance(data, AfterSalesTimeSet):
            place = (data.channel, data.kind, data.step, data.begins)
            said = (fact.time, (data.hours, data.source))
            was = self._times.get(place, ("", ()))
            self._times[place] = max(said, was, key=lambda each: each[0])
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
        if row is not None and row[2] is not None:
            row = (*row[:2], bytes(row[2]))
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
        cursor = await connection.execute(_TIMES, (self._tenant,))
        times = {tuple(row[:4]): tuple(row[4:]) for row in await cursor.fetchall()}
        said = {key: told for key, (_, told) in self._times.items() if told and told[0]}
        if times != said:
            detail = f"rows {times}, facts {said}"
            found.append(
                Difference(code="after_sale_times", where="after_sale_times", detail=detail)
            )
        return found
