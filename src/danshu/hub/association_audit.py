"""The audit's folder of campaigns: do the facts of each give its row, and its buyers' arms?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Raw

from danshu.capabilities.associations import evolve
from danshu.capabilities.associations import facts as said
from danshu.hub import campaign_rows
from danshu.kernel.errors import ProgramError
from danshu.kernel.fact import epoch_ms
from danshu.ledger.findings import Difference

if TYPE_CHECKING:
    import uuid

    from danshu.capabilities.associations.model import Campaign
    from danshu.kernel.fact import Fact

Connection = Any
_ROWS: Final = "select id from campaigns where tenant=%s and id>=%s and id<%s"
_ARMS: Final = "select buyer, arm from campaign_buyers where tenant=%s and campaign=%s"


class CampaignsFolder:
    """Folds campaigns and compares the rows of a day."""

    types = frozenset(
        {
            "association.proposed",
            "association.started",
            "association.enrolled",
            "association.told",
            "association.measured",
            "association.stopped",
        }
    )

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._folded: dict[uuid.UUID, Campaign] = {}
        self._arms: dict[uuid.UUID, dict[str, str]] = {}

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data, by, at_ms = fact.data, fact.actor.sub, epoch_ms(fact.time)
        if isinstance(data, said.AssociationProposed):
            self._folded[fact.stream] = evolve.begin(fact.stream, data, by, at_ms)
            self._arms[fact.stream] = {}
            return
        if isinstance(data, Raw):
            raise ProgramError(f"an unknown fact of campaigns in {fact.stream}")
        self._folded[fact.stream] = evolve.evolve(self._folded[fact.stream], data, by, at_ms)
        if isinstance(data, said.AssociationEnrolled):
            arms = self._arms[fact.stream]
            arms.update(dict.fromkeys(data.treated, "treated"))
            arms.update(dict.fromkeys(data.holdout, "holdout"))

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Compare the campaigns that were proposed within a day of streams."""
        told, arms = self._folded, self._arms
        self._folded, self._arms = {}, {}
        rows = await (await connection.execute(_ROWS, (self._tenant, first, end))).fetchall()
        found = []
        for id_ in sorted({id_ for (id_,) in rows} | told.keys()):
            row = await _read(connection, self._tenant, id_)
            if row != told.get(id_):
                found.append(_differ(id_, row, told.get(id_)))
                continue
            cursor = await connection.execute(_ARMS, (self._tenant, id_))
            drawn = dict(await cursor.fetchall())
            if drawn != arms[id_]:
                found.append(_differ(id_, f"{len(drawn)} buyers", f"{len(arms[id_])} buyers"))
        return found

    async def finish(self, connection: Connection) -> list[Difference]:
        """Nothing adds up over days."""
        del connection
        return []


async def _read(connection: Connection, tenant: int, id_: uuid.UUID) -> Campaign | None:
    try:
        return await campaign_rows.read(connection, tenant, id_)
    except type(campaign_rows.NO_CAMPAIGN):
        return None


def _differ(id_: uuid.UUID, row: object, told: object) -> Difference:
    return Difference(
        code="campaign_differs", where=f"campaigns {id_}", detail=f"row {row}, facts {told}"
    )
