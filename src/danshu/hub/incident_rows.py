"""Rows of incidents 事故 that people are to be told of; incidents.py tells the notice service of
them, alerts.py the groups and mailboxes.
"""

from __future__ import annotations

from typing import Any, Final

Connection = Any
STOPPED: Final = "routing_stopped"
DIFFERED: Final = "replay_differed"
PRICES: Final = "prices_refused"
POLICY: Final = "policy_unreadable"
FINDING: Final = "finding_opened"
HEALTH: Final = "health"
HEALTH_OVER: Final = "health_over"
_RAISE: Final = """
insert into incident_notices(tenant,kind,key,detail) values(%s,%s,%s,%s) on conflict do nothing
"""
_ALERT: Final = """
insert into alert_sends(tenant,channel,kind,key,detail,grade)
select tenant, no, %s, %s, %s, %s from alert_channels where tenant=%s and is_on and grade >= %s
on conflict do nothing
"""
RED: Final = 1
YELLOW: Final = 2
BLUE: Final = 3
_GRADES: Final = {PRICES: YELLOW}


async def tell(connection: Connection, tenant: int, kind: str, key: str, detail: str) -> None:
    """Have people told of an incident, once a key; with the caller's transaction, if there is."""
    await notify(connection, tenant, kind, key, detail)
    await alert(connection, tenant, kind, key, detail, _GRADES.get(kind, RED))


async def notify(connection: Connection, tenant: int, kind: str, key: str, detail: str) -> None:
    """Have the merchant's notice service told, once a key."""
    await connection.execute(_RAISE, (tenant, kind, key, detail))


async def alert(
    connection: Connection, tenant: int, kind: str, key: str, detail: str, grade: int
) -> None:
    """Have the groups and mailboxes told that want to hear of this grade, once a key."""
    await connection.execute(_ALERT, (kind, key, detail, grade, tenant, grade))
