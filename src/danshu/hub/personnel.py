"""What is done to people by those who may: each act one commit with its facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.people import decide
from danshu.capabilities.people.model import INVITED
from danshu.hub import invitations, people, sessions
from danshu.kernel.errors import InputError, ProgramError, Refusal
from danshu.ledger.write import instant

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from danshu.hub.invitations import Link
    from danshu.hub.people import Row
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
_BESIDE: Final = (
    "select p.id, (select max(s.seen) from sessions s where s.tenant=p.tenant and s.person=p.id),"
    " (select max(i.ends) from invitations i where i.tenant=p.tenant and i.person=p.id"
    " and i.used is null and i.ends>%s) from people p where p.tenant=%s and p.id = any(%s)"
)
# Who takes an admin's role away holds the merchant, so that two can't take the last two at once.
_HOLD: Final = "select 1 from tenants where id=%s for no key update"
_KNOWN: Final = "select code from warehouses where tenant=%s and code = any(%s)"


class Beside(Struct, frozen=True, kw_only=True):
    """What a list shows beside a person: when they were seen last, until when they may join."""

    seen_ms: int
    link_ends_ms: int


async def beside(
    connection: Connection, tenant: int, rows: Sequence[Row], now_ms: int
) -> dict[uuid.UUID, Beside]:
    """Read what a list shows beside people."""
    given = (instant(now_ms * 1000), tenant, [r.id for r in rows])
    found = await (await connection.execute(_BESIDE, given)).fetchall()
    return {
        id_: Beside(
            seen_ms=int(seen.timestamp() * 1000) if seen else 0,
            link_ends_ms=int(ends.timestamp() * 1000) if ends else 0,
        )
        for id_, seen, ends in found
    }


async def invite(
    connection: Connection,
    tenant: int,
    by: Actor,
    now_ms: int,
    *,
    login: str,
    name: str,
    number: str,
    roles: Sequence[str],
    warehouses: Sequence[str],
) -> tuple[Row, Link]:
    """Invite somebody new; gives them and the link.

    Raises InputError `login_taken`, `number_taken`, `unknown_warehouse`.
    """
    async with connection.transaction():
        await _check_warehouses(connection, tenant, warehouses)
        row = await people.invite(
            connection,
            tenant,
            by,
            login=login,
            name=name.strip(),
            number=number,
            roles=tuple(dict.fromkeys(roles)),
            warehouses=tuple(dict.fromkeys(warehouses)),
        )
        link = await invitations.link(connection, tenant, row, by, now_ms)
        if isinstance(link, Refusal):
            raise ProgramError("somebody new is disabled already")
        return await people.find(connection, tenant, row.id), link


async def renew(
    connection: Connection, tenant: int, row: Row, by: Actor, now_ms: int
) -> Link | Refusal:
    """Make a new link for a locked person who has not joined, inside the caller's transaction."""
    if row.person.state != INVITED:
        return decide.JOINED
    return await invitations.link(connection, tenant, row, by, now_ms)


async def change(
    connection: Connection,
    tenant: int,
    person: uuid.UUID,
    by: Actor,
    now_ms: int,
    *,
    login: str | None,
    name: str | None,
    number: str | None,
    roles: Sequence[str] | None,
    warehouses: Sequence[str] | None,
) -> Refusal | None:
    """Change a person; None leaves as it is. Other rights end the sessions. The refusal if any."""
    async with connection.transaction():
        await connection.execute(_HOLD, (tenant,))
        await _check_warehouses(connection, tenant, warehouses or ())
        row = await people.lock(connection, tenant, person)
        before = row.person
        login = people.fold_login(login) if login else row.login
        name = name.strip() if name else row.name
        told = decide.change(
            before,
            people.name_digest(row.salt, login, name),
            number or before.number,
            before.roles if roles is None else tuple(dict.fromkeys(roles)),
            before.warehouses if warehouses is None else tuple(dict.fromkeys(warehouses)),
            other_admins=await people.count_other_admins(connection, tenant, person),
        )
        if isinstance(told, Refusal):
            return told
        row = await people.tell(connection, tenant, row, by, told, login=login, name=name)
        after = row.person
        if (before.roles, before.warehouses) != (after.roles, after.warehouses):
            await sessions.end(connection, tenant, row, by, "changed", now_ms)
    return None


async def disable(
    connection: Connection, tenant: int, person: uuid.UUID, by: Actor, reason: str, now_ms: int
) -> Refusal | None:
    """Disable a person and end their sessions and links; the refusal if any."""
    async with connection.transaction():
        await connection.execute(_HOLD, (tenant,))
        row = await people.lock(connection, tenant, person)
        others = await people.count_other_admins(connection, tenant, person)
        told = decide.disable(row.person, reason, other_admins=others)
        if isinstance(told, Refusal):
            return told
        row = await people.tell(connection, tenant, row, by, told)
        await sessions.end(connection, tenant, row, by, "disabled", now_ms)
        await invitations.close(connection, tenant, person, now_ms)
    return None


async def enable(
    connection: Connection, tenant: int, person: uuid.UUID, by: Actor, reason: str
) -> None:
    """Let a disabled person act again."""
    async with connection.transaction():
        row = await people.lock(connection, tenant, person)
        await people.tell(connection, tenant, row, by, decide.enable(row.person, reason))


async def _check_warehouses(connection: Connection, tenant: int, codes: Sequence[str]) -> None:
    if not codes:
        return
    rows = await (await connection.execute(_KNOWN, (tenant, list(codes)))).fetchall()
    for code in set(codes) - {r[0] for r in rows}:
        raise InputError("unknown_warehouse", f"there is no warehouse {code!r}", "/warehouses")
