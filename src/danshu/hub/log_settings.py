"""What a merchant lets others see of its log: public or not, its witnesses, its evidence platform.

Each change is one commit with the fact `log.configured`, which says how everything stands after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.hub import anchoring, merchants, witnessing
from danshu.kernel.errors import InputError
from danshu.ledger.facts import LogConfigured

if TYPE_CHECKING:
    from danshu.hub.anchoring import AnchorAccount
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
_PUBLIC: Final = "select public from log_settings where tenant=%s"
_SET: Final = (
    "insert into log_settings(tenant,public) values (%s,%s)"
    " on conflict (tenant) do update set public=excluded.public"
)


async def is_public(connection: Connection, tenant: int) -> bool:
    """Tell whether everybody may read the merchant's checkpoints, tiles and proofs."""
    row = await (await connection.execute(_PUBLIC, (tenant,))).fetchone()
    return bool(row and row[0])


async def set_public(connection: Connection, tenant: int, public: bool, by: Actor) -> None:
    """Open the log to everybody, or close it."""
    async with connection.transaction():
        await connection.execute(_SET, (tenant, public))
        await _say(connection, tenant, by)


async def put_witness(connection: Connection, tenant: int, vkey: str, url: str, by: Actor) -> None:
    """Take a witness, or change its address or key. Raises InputError `vkey`, `bad_url`,
    `too_many`.
    """
    async with connection.transaction():
        await witnessing.add(connection, tenant, vkey, url)
        await _say(connection, tenant, by)


async def drop_witness(connection: Connection, tenant: int, name: str, by: Actor) -> None:
    """Ask a witness no more. Raises InputError `no_witness`."""
    async with connection.transaction():
        if not await witnessing.drop(connection, tenant, name):
            raise InputError("no_witness", "there is no such witness")
        await _say(connection, tenant, by)


async def put_anchor(
    connection: Connection, tenant: int, account: AnchorAccount | None, by: Actor
) -> None:
    """Deposit with this platform from now on; None = with none. Raises InputError `bad_url`,
    `no_adapter`.
    """
    async with connection.transaction():
        await anchoring.put_account(connection, tenant, account)
        await _say(connection, tenant, by)


async def _say(connection: Connection, tenant: int, by: Actor) -> None:
    account = await anchoring.find_account(connection, tenant)
    said = LogConfigured(
        anchor=account.adapter if account else "",
        public=await is_public(connection, tenant),
        witnesses=tuple(w.vkey for w in await witnessing.read(connection, tenant)),
    )
    await merchants.say(connection, tenant, by, said)
