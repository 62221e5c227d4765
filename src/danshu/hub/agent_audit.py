"""The audit's folder of the agent: do facts give proposals, the agent's standing, budgets spent?"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Raw

from danshu.capabilities.agent import evolve, facts
from danshu.capabilities.agent.model import Proposal, Standing
from danshu.kernel.errors import ProgramError
from danshu.kernel.fact import epoch_ms
from danshu.ledger.findings import Difference, compare_rows

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = Any
_STANDING: Final = frozenset(
    {"autonomy.set", "autonomy.lowered", "agent.stopped", "agent.resumed", "agent.rehearsing"}
)
_ROWS: Final = """
select id, doc::text, state, evidence from proposals where tenant=%s and id>=%s and id<%s
"""
_AGENT: Final = "select id, doc::text from agents where tenant=%s and id>=%s and id<%s and seq>0"
_SPENT: Final = "select day::text || ' ' || action, fen, count from agent_spent where tenant=%s"
_proposal: Final = msgspec.json.Decoder(Proposal).decode
_standing: Final = msgspec.json.Decoder(Standing).decode


class AgentFolder:
    """Folds proposals and the agent's standing, and compares the rows of a day; the budgets that
    automatic acts were charged to are compared over all days.
    """

    types = _STANDING | frozenset(
        f"proposal.{name}"
        for name in (
            "made", "renewed", "changed", "approved", "refused", "withdrawn", "expired", "adopted",
            "rehearsed", "begun", "performed", "failed", "measured", "unrolling", "unrolled",
            "kept",
        )
    )  # fmt: skip

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._proposals: dict[uuid.UUID, Proposal] = {}
        self._standings: dict[uuid.UUID, Standing] = {}
        self._spent: dict[str, tuple[int, int]] = {}

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data, at_ms = fact.data, epoch_ms(fact.time)
        if isinstance(data, Raw):
            raise ProgramError(f"an unknown fact of the agent in {fact.stream}")
        if fact.type in _STANDING:
            before = self._standings.get(fact.stream, Standing())
            self._standings[fact.stream] = evolve.stand(before, data, fact.actor, at_ms)
            return
        if isinstance(data, facts.ProposalMade):
            self._proposals[fact.stream] = evolve.begin(fact.stream, data, fact.actor, at_ms)
            return
        one = self._proposals[fact.stream]
        self._proposals[fact.stream] = evolve.evolve(one, data, fact.actor, at_ms)
        if isinstance(data, facts.ProposalBegun) and data.automatic:
            key = f"{data.day} {one.action}"
            fen, count = self._spent.get(key, (0, 0))
            self._spent[key] = (fen + data.fen, count + 1)

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Compare the proposals that were made within a day of streams."""
        told, stands = self._proposals, self._standings
        self._proposals, self._standings = {}, {}
        rows = await (await connection.execute(_ROWS, (self._tenant, first, end))).fetchall()
        found = compare_rows(
            "proposal_differs",
            "proposals",
            {row[0]: (_proposal(row[1]), row[2]) for row in rows},
            {id_: (one, one.state) for id_, one in told.items()},
        )
        for id_, doc, _, evidence in rows:
            digest = hashlib.sha256(evidence.encode()).hexdigest()
            if evidence and digest != _proposal(doc).terms.evidence:
                text = f"its text has the digest {digest}"
                where = f"proposals {id_}"
                found.append(Difference(code="evidence_differs", where=where, detail=text))
        rows = await (await connection.execute(_AGENT, (self._tenant, first, end))).fetchall()
        standing = {id_: _standing(doc) for id_, doc in rows}
        return found + compare_rows("agent_differs", "agents", standing, stands)

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare what automatic acts were charged."""
        rows = await (await connection.execute(_SPENT, (self._tenant,))).fetchall()
        spent = {key: (int(fen), int(count)) for key, fen, count in rows}
        return compare_rows("agent_spent_differs", "agent_spent", spent, self._spent)
