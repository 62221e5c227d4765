"""Rows of incidents 事故 that people are to be told of; incidents.py tells them."""

from __future__ import annotations

from typing import Any, Final

Connection = Any
STOPPED: Final = "routing_stopped"
DIFFERED: Final = "replay_differed"
PRICES: Final = "prices_refused"
POLICY: Final = "policy_unreadable"
_RAISE: Final = """
insert into incident_notices(tenant,kind,key,detail) values(%s,%s,%s,%s) on conflict do nothing
"""


async def tell(connection: Connection, tenant: int, kind: str, key: str, detail: str) -> None:
    """Have people told of an incident, once a key; with the caller's transaction, if there is."""
    await connection.execute(_RAISE, (tenant, kind, key, detail))
