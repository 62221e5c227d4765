"""The audit's folder of wishes and chases: do the facts give the rows?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.hub import order_skill_facts as facts
from danshu.ledger.findings import Difference, compare_tables

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = Any
_QUERIES: Final = {
    "policy_wishes": "select id::text, encode(sha256(convert_to(words,'UTF8')),'hex'),"
    " case when length(plan)=0 then '' else encode(sha256(plan),'hex') end"
    " from policy_wishes where tenant=%s",
    "lane_chases": "select carrier||'/'||wh||'/'||region||'/'||day::text, proposal::text, parcels,"
    " withdrawn from lane_chases where tenant=%s",
}


class OrderSkillsFolder:
    """Folds what was wished and chased, and compares the rows at the end."""

    types = frozenset({"policy.wished", "lane.chased", "lane.chase_withdrawn"})

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._told: dict[str, dict[Any, tuple[Any, ...]]] = {name: {} for name in _QUERIES}

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data = fact.data
        chases = self._told["lane_chases"]
        match data:
            case facts.PolicyWished():
                self._told["policy_wishes"][data.wish] = (data.words, data.plan)
            case facts.LaneChased():
                key = f"{data.carrier}/{data.warehouse}/{data.region}/{data.day}"
                chases[key] = (data.proposal, data.parcels, False)
            case facts.LaneChaseWithdrawn():
                key = f"{data.carrier}/{data.warehouse}/{data.region}/{data.day}"
                if key in chases:
                    chases[key] = (*chases[key][:2], True)

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Nothing here hangs on a stream: it is compared at the end."""
        return []

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare the rows; chases that are forgotten are no difference."""
        rows = await connection.execute(
            "select coalesce(min(day)::text,'9999') from lane_chases where tenant=%s",
            (self._tenant,),
        )
        row = await rows.fetchone()
        oldest = row[0] if row else "9999"
        kept = {k: v for k, v in self._told["lane_chases"].items() if k[-10:] >= oldest}
        told = {**self._told, "lane_chases": kept}
        return await compare_tables(connection, self._tenant, "order_skills_differ", _QUERIES, told)
