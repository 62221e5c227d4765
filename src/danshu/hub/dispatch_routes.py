"""Which of the far sides that fulfilment asks by itself have a route: the desk knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.hub import connector_routes

if TYPE_CHECKING:
    import psycopg

WMS: Final = "wms"
CARRIER: Final = "carrier"
TRACKS: Final = "tracks"


async def load(connection: psycopg.AsyncConnection[Any], tenant: int) -> frozenset[str]:
    """Name the capabilities that have a route."""
    heads = await connector_routes.read_heads(connection, tenant)
    return frozenset({h.capability for h in heads} & {WMS, CARRIER, TRACKS})
