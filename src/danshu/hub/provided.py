"""People whom the merchant's OpenID provider names: found, linked, or taken in by their roles."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.people import decide
from danshu.capabilities.people.model import DISABLED
from danshu.hub import people, sessions
from danshu.hub.oidc import REFUSED
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import Actor

if TYPE_CHECKING:
    from danshu.hub.oidc import Identity
    from danshu.hub.people import Row
    from danshu.hub.sessions import Visitor

Connection = psycopg.AsyncConnection[Any]
BY: Final = "provider"
_FIND: Final = "select person from identities where tenant=%s and issuer=%s and subject=%s"
_LINK: Final = (
    "insert into identities(tenant,issuer,subject,person) values (%s,%s,%s,%s)"
    " on conflict do nothing"
)


async def enter(
    connection: Connection,
    tenant: int,
    issuer: str,
    identity: Identity,
    visitor: Visitor,
    now_ms: int,
) -> str:
    """Let the person in whom the provider named; gives the cookie of a new session.

    Inside the caller's transaction. Raises InputError `provider_refused` for who is unknown and has
    no role, or is disabled.
    """
    row = await _find(connection, tenant, issuer, identity)
    by = Actor(sub=issuer, role="provider", grade="B")
    if row is None:
        row = await _take_in(connection, tenant, by, issuer, identity)
    row = await people.lock(connection, tenant, row.id)
    told = decide.join(row.person, BY)
    if isinstance(told, Refusal):
        raise REFUSED
    row = await people.tell(connection, tenant, row, by, told)
    row = await _follow(connection, tenant, row, by, identity, now_ms)
    return await sessions.open_(
        connection, tenant, row, visitor, method=BY, limited=False, now_ms=now_ms
    )


async def _find(connection: Connection, tenant: int, issuer: str, identity: Identity) -> Row | None:
    """Find who was linked before, or whose login is the address that the provider verified."""
    given = (tenant, issuer, identity.subject)
    found = await (await connection.execute(_FIND, given)).fetchone()
    if found is not None:
        return await people.find(connection, tenant, found[0])
    row = await people.by_login(connection, tenant, identity.email) if identity.email else None
    if row is not None and row.person.state != DISABLED:
        await connection.execute(_LINK, (*given, row.id))
        return row
    return None


async def _take_in(
    connection: Connection, tenant: int, by: Actor, issuer: str, identity: Identity
) -> Row:
    if not identity.roles or not identity.email:
        raise REFUSED
    number = "P" + hashlib.sha256(f"{issuer} {identity.subject}".encode()).hexdigest()[:6].upper()
    row = await people.invite(
        connection,
        tenant,
        by,
        login=identity.email,
        name=identity.name,
        number=number,
        roles=identity.roles,
        warehouses=(),
    )
    await connection.execute(_LINK, (tenant, issuer, identity.subject, row.id))
    return row


async def _follow(
    connection: Connection, tenant: int, row: Row, by: Actor, identity: Identity, now_ms: int
) -> Row:
    """Give the person the roles that the provider says, where the merchant maps them."""
    if identity.roles is None:
        return row
    if not identity.roles:
        raise REFUSED
    person = row.person
    told = decide.change(
        person,
        person.named,
        person.number,
        identity.roles,
        person.warehouses,
        other_admins=await people.count_other_admins(connection, tenant, row.id),
    )
    if isinstance(told, Refusal) or not told:
        return row  # the last admin stays one, whatever the provider says
    row = await people.tell(connection, tenant, row, by, told)
    return await sessions.end(connection, tenant, row, by, "changed", now_ms)
