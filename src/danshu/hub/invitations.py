"""Invitations and recovery links: single use, with an end; the person comes in by one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from danshu.capabilities.people import decide, facts
from danshu.hub import entry, people
from danshu.kernel.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]


async def seat(
    connection: Connection,
    tenant: int,
    by: Actor,
    *,
    login: str,
    name: str,
    number: str,
    roles: Sequence[str],
    hashed: str,
    warehouses: Sequence[str] = (),
) -> people.Row:
    """Add a person who has joined already, with a password; inside the caller's transaction."""
    row = await people.invite(
        connection,
        tenant,
        by,
        login=login,
        name=name,
        number=number,
        roles=roles,
        warehouses=warehouses,
    )
    told = decide.join(row.person, "password")
    if not isinstance(told, Refusal):
        row = await people.tell(connection, tenant, row, by, told)
    await entry.keep_password(connection, tenant, row, hashed)
    return await people.tell(connection, tenant, row, by, [facts.PasswordSet()])
