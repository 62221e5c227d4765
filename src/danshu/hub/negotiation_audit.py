"""The audit's folder of negotiations and parties: do the facts give their rows?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.routing.negotiation import facts
from danshu.capabilities.routing.negotiation.evolve import evolve
from danshu.capabilities.routing.negotiation.machine import FINAL
from danshu.capabilities.routing.negotiation.model import Negotiation
from danshu.hub.negotiation_facts import PartyChanged
from danshu.kernel.errors import ProgramError
from danshu.kernel.fact import epoch_ms
from danshu.ledger.findings import Difference

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
_ROWS: Final = """
select id, state, seq, award_seq, due is null, doc from negotiations
where tenant=%s and id>=%s and id<%s
"""
_PARTIES: Final = """
select code, name, adapter, url, equipment, active, awarded, confirmed from parties
where tenant=%s
"""
_encode = msgspec.json.Encoder().encode
_SAID: Final = (
    *("opened", "proposed", "declined", "retracted", "consented", "awarded", "confirmed"),
    *("refused", "countered", "lapsed", "disregarded", "closed"),
)
Row = tuple[Any, ...]


class _Folded(Struct, kw_only=True, eq=False):
    """A negotiation as its facts say so far."""

    n: Negotiation
    seq: int = 0
    award_seq: int = 0


class NegotiationsFolder:
    """Folds each negotiation's stream; parties by what was last said of them, and their counts."""

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._streams: dict[uuid.UUID, _Folded] = {}
        self._parties: dict[str, PartyChanged] = {}
        self._changed: dict[str, str] = {}
        self._counts: dict[str, list[int]] = {}
        self._broken: list[Difference] = []

    @property
    def types(self) -> frozenset[str]:
        """All of a negotiation, and who may be asked."""
        return frozenset({*(f"negotiation.{kind}" for kind in _SAID), "party.changed"})

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data = fact.data
        if isinstance(data, PartyChanged):
            # streams come in the order of their ids, not of what was said last
            if fact.time >= self._changed.get(data.party, ""):
                self._changed[data.party] = fact.time
                self._parties[data.party] = data
            return
        held = self._streams.setdefault(fact.stream, _Folded(n=Negotiation()))
        assert isinstance(data, Struct)
        if isinstance(data, facts.NegotiationAwarded):
            chosen = held.n.proposal(data.proposal)
            held.award_seq = fact.seq
            if chosen is not None:
                self._counts.setdefault(chosen.party, [0, 0])[0] += 1
        elif isinstance(data, facts.NegotiationConfirmed):
            self._counts.setdefault(data.party, [0, 0])[1] += 1
        try:
            held.n = evolve(held.n, data, epoch_ms(fact.time))
        except ProgramError as error:
            where = f"{fact.stream}/{fact.seq}"
            broken = Difference(code="negotiation_breaks", where=where, detail=str(error))
            self._broken.append(broken)
        held.seq = fact.seq

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Compare the rows of these streams with what their facts gave."""
        cursor = await connection.execute(_ROWS, (self._tenant, first, end))
        rows: dict[uuid.UUID, Row] = {
            id_: (*more, bytes(doc)) for id_, *more, doc in await cursor.fetchall()
        }
        folded, self._streams = self._streams, {}
        expected: dict[uuid.UUID, Row] = {
            id_: (f.n.state, f.seq, f.award_seq, f.n.state in FINAL, _encode(f.n))
            for id_, f in folded.items()
        }
        broken, self._broken = self._broken, []
        return broken + [
            Difference(
                code="negotiation_differs",
                where=str(id_),
                detail=f"row {rows.get(id_)}, facts {expected.get(id_)}",
            )
            for id_ in sorted(rows.keys() | expected.keys())
            if rows.get(id_) != expected.get(id_)
        ]

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare the parties, which have no stream of their own."""
        cursor = await connection.execute(_PARTIES, (self._tenant,))
        rows: dict[str, Row] = {code: tuple(more) for code, *more in await cursor.fetchall()}
        expected: dict[str, Row] = {
            code: (p.name, p.adapter, p.url, p.equipment, p.active, *self._counts.get(code, (0, 0)))
            for code, p in self._parties.items()
        }
        return [
            Difference(
                code="party_differs",
                where=code,
                detail=f"row {rows.get(code)}, facts {expected.get(code)}",
            )
            for code in sorted(rows.keys() | expected.keys())
            if rows.get(code) != expected.get(code)
        ]
