"""Who a copy is for, as the merchant's own people are known: number, roles as department, name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.hub.watermarks import Recipient

if TYPE_CHECKING:
    from danshu.capabilities.people.policies import Principal

Connection = Any
_NAME: Final = "select name from people where tenant=%s and id::text=%s"


async def recipient_of(
    connection: Connection, tenant: int, who: Principal, purpose: str
) -> Recipient:
    """Name a person of the merchant, or one of its keys, as who gets a copy."""
    row = await (await connection.execute(_NAME, (tenant, who.id))).fetchone()
    return Recipient(
        kind="person",
        code=who.number or who.name,
        department=",".join(sorted(who.roles)),
        person=row[0] if row else who.name,
        purpose=purpose,
    )
