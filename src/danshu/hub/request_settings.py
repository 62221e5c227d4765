"""What a merchant lets whoever holds a link ask for on the evidence page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.hub import merchants
from danshu.hub.power_facts import RequestConfigured

if TYPE_CHECKING:
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
_READ: Final = "select address, damage from request_settings where tenant=%s"
_SET: Final = """
insert into request_settings(tenant,address,damage) values (%s,%s,%s)
on conflict (tenant) do update set address=excluded.address, damage=excluded.damage
"""


class Settings(Struct, frozen=True, kw_only=True):
    """Whether a change of address, and compensation for damage, may be asked for by link. What a
    breach entitles to is no matter of settings.
    """

    address: bool = True
    damage: bool = True


async def read(connection: Connection, tenant: int) -> Settings:
    """Read what may be asked for."""
    row = await (await connection.execute(_READ, (tenant,))).fetchone()
    return Settings(address=row[0], damage=row[1]) if row else Settings()


async def configure(connection: Connection, tenant: int, actor: Actor, wanted: Settings) -> None:
    """Set what may be asked for."""
    async with connection.transaction():
        await connection.execute(_SET, (tenant, wanted.address, wanted.damage))
        said = RequestConfigured(address=wanted.address, damage=wanted.damage)
        await merchants.say(connection, tenant, actor, said)
