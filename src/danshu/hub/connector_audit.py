"""The audit's folder of connectors: do the facts give who is connected, how, and the routes?"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.hub import connectors
from danshu.hub.connector_facts import (
    ConnectorRouteRolledBack,
    ConnectorRouteSet,
    ConnectorSet,
)
from danshu.ledger.findings import Difference, compare_rows

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
_ROUTES: Final = "select capability, version, body from connector_routes where tenant=%s"


class ConnectorsFolder:
    """Folds what was connected and routed, and compares the rows at the end."""

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._set: dict[str, ConnectorSet] = {}
        self._routes: dict[tuple[str, int], str] = {}

    @property
    def types(self) -> frozenset[str]:
        """Connectors set, routes set and rolled back."""
        return frozenset({"connector.set", "connector_route.set", "connector_route.rolled_back"})

    def fold(self, fact: Fact) -> None:
        """Take in one fact: of a connector the newest revision holds."""
        data = fact.data
        if isinstance(data, ConnectorSet):
            last = self._set.get(data.connector)
            if last is None or data.revision > last.revision:
                self._set[data.connector] = data
        elif isinstance(data, (ConnectorRouteSet, ConnectorRouteRolledBack)):
            self._routes[data.capability, data.version] = data.digest

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Nothing here hangs on a stream alone: it is compared at the end."""
        return []

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare connectors and routes."""
        rows = {
            str(desk.id): connectors.tell(desk, "")
            for desk in await connectors.read_all(connection, self._tenant)
        }
        found = [
            Difference(
                code="connector_differs",
                where=f"connectors {id_}",
                detail=f"row {rows.get(id_)}, facts {self._set.get(id_)}",
            )
            for id_ in sorted(rows.keys() | self._set.keys())
            if _plain(rows.get(id_)) != _plain(self._set.get(id_))
        ]
        cursor = await connection.execute(_ROUTES, (self._tenant,))
        routes = {
            (capability, version): hashlib.sha256(bytes(body)).hexdigest()
            for capability, version, body in await cursor.fetchall()
        }
        found += compare_rows("route_differs", "connector_routes", routes, self._routes)
        return found


def _plain(told: ConnectorSet | None) -> tuple[Any, ...] | None:
    """Give what a fact says but for why."""
    if told is None:
        return None
    names = [name for name in ConnectorSet.__struct_fields__ if name != "reason"]
    return tuple(getattr(told, name) for name in names)
