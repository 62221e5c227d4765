"""The audit's folder of the network: do the facts give its settings and what its runs found?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.network import facts
from danshu.ledger.findings import Difference, compare_tables

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
_QUERIES: Final = {
    "network_settings": "select 'settings', version, encode(sha256(body),'hex')"
    " from network_settings where tenant=%s",
    "network_runs": "select id::text, kind, encode(digest,'hex') from network_runs"
    " where tenant=%s and finished is not null",
}


class NetworkFolder:
    """Folds what was set and found, and compares the rows at the end; runs that were forgotten
    since are left out.
    """

    types = frozenset({"network.configured", "network.planned", "network.simulated"})

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._told: dict[str, dict[Any, tuple[Any, ...]]] = {table: {} for table in _QUERIES}

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        match fact.data:
            case facts.NetworkConfigured() as data:
                known = self._told["network_settings"].get("settings", (0, ""))
                if data.version > known[0]:
                    told = (data.version, data.digest)
                    self._told["network_settings"]["settings"] = told
            case facts.NetworkPlanned() as data:
                self._told["network_runs"][data.run] = ("plan", data.digest)
            case facts.NetworkSimulated() as data:
                self._told["network_runs"][data.run] = ("scenario", data.digest)

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Nothing here hangs on a day of streams: it is compared at the end."""
        return []

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare settings, and the runs that are still kept."""
        cursor = await connection.execute(
            "select id::text from network_runs where tenant=%s", (self._tenant,)
        )
        kept = {row[0] for row in await cursor.fetchall()}
        runs = self._told["network_runs"]
        self._told["network_runs"] = {key: told for key, told in runs.items() if key in kept}
        return await compare_tables(
            connection, self._tenant, "network_differs", _QUERIES, self._told
        )
