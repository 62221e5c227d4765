"""The audit's folder of services that perceive: do the facts give who is asked, and the order?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from msgspec.structs import replace

from danshu.hub import perceiver_chains, perceivers
from danshu.hub.perceiver_facts import PerceiverChainSet, PerceiverSet
from danshu.ledger.findings import Difference

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]


class PerceiversFolder:
    """Folds what was registered and put in order, and compares the rows at the end."""

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._said: dict[str, PerceiverSet | PerceiverChainSet] = {}

    @property
    def types(self) -> frozenset[str]:
        """Services set, and their order."""
        return frozenset({"perceiver.set", "perceiver_chain.set"})

    def fold(self, fact: Fact) -> None:
        """Take in one fact: the newest revision holds."""
        data = fact.data
        if isinstance(data, PerceiverSet | PerceiverChainSet):
            last = self._said.get(_place(data))
            if last is None or data.revision > last.revision:
                self._said[_place(data)] = data

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Nothing here hangs on a stream alone: it is compared at the end."""
        return []

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare services and chains."""
        told: list[PerceiverSet | PerceiverChainSet] = [
            perceivers.tell(service, "")
            for service in await perceivers.read_all(connection, self._tenant)
        ]
        told += [
            perceiver_chains.tell(head)
            for head in await perceiver_chains.read_all(connection, self._tenant)
        ]
        rows = {_place(data): data for data in told}
        said = {place: _plain(data) for place, data in self._said.items()}
        return [
            Difference(
                code="perceiver_differs",
                where=place,
                detail=f"row {rows.get(place)}, facts {said.get(place)}",
            )
            for place in sorted(rows.keys() | said.keys())
            if rows.get(place) != said.get(place)
        ]


def _place(data: PerceiverSet | PerceiverChainSet) -> str:
    if isinstance(data, PerceiverSet):
        return f"perceivers {data.perceiver}"
    return f"perceiver_chains {data.kind} {data.scope}"


def _plain(data: PerceiverSet | PerceiverChainSet) -> PerceiverSet | PerceiverChainSet:
    """Give what a fact says but for why."""
    if isinstance(data, PerceiverSet):
        return replace(data, reason="")
    return replace(data, reason="", by="")
