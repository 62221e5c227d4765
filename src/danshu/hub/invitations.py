"""Invitations and recovery links: single use, with an end; the person comes in by one of them."""

from __future__ import annotations

import datetime
import os
import secrets
import uuid
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.people import decide, facts
from danshu.capabilities.people.model import DISABLED, INVITED
from danshu.hub import entry, people, sessions
from danshu.kernel import ids
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import INVITATION_S, LINK_S
from danshu.ledger.write import instant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
INVITE: Final = "invite"
RECOVER: Final = "recover"
NO_INVITATION: Final = InputError("no_invitation", "this link was used, has ended, or never was")
_INSERT: Final = (
    "insert into invitations(tenant,hash,id,person,kind,ends) values (%s,%s,%s,%s,%s,%s)"
)
_FIND: Final = (
    "select i.tenant, i.id, i.person, i.kind, i.ends, t.code, t.name, coalesce(g.totp,'required')"
    " from invitations i join tenants t on t.id=i.tenant"
    " left join merchant_settings g on g.tenant=i.tenant"
    " where i.tenant=%s and i.hash=%s and i.used is null and i.ends>%s"
)
_USE: Final = "update invitations set used=%s where tenant=%s and id=%s and used is null"
_CLOSE: Final = "update invitations set used=%s where tenant=%s and person=%s and used is null"
_OPEN: Final = (
    "select max(ends) from invitations where tenant=%s and person=%s and used is null and ends>%s"
)


class Link(Struct, frozen=True, kw_only=True):
    """A link that was just made; its token is shown this once."""

    id: uuid.UUID
    token: str
    ends_ms: int


class Invitation(Struct, frozen=True, kw_only=True):
    """A link that may still be used, and whose it is."""

    id: uuid.UUID
    tenant: int
    code: str
    merchant: str
    kind: str
    ends: datetime.datetime
    totp: str
    row: people.Row

    @property
    def actor(self) -> Actor:
        """Whoever holds the link, as the actor of facts."""
        return people.actor(self.row, str(self.id))


async def link(
    connection: Connection, tenant: int, row: people.Row, by: Actor, now_ms: int
) -> Link | Refusal:
    """Make the link of a locked person, inside the caller's transaction; earlier ones end.

    Who was invited gets 7 days to join, who has joined 10 minutes to come back in.
    """
    if row.person.state == DISABLED:
        return decide.DISABLED_PERSON
    kind = INVITE if row.person.state == INVITED else RECOVER
    ends_ms = now_ms + (INVITATION_S if kind == INVITE else LINK_S) * 1000
    secret = secrets.token_urlsafe(sessions.SECRET_BYTES)
    id_ = ids.uuid7(now_ms, os.urandom(10))
    await close(connection, tenant, row.id, now_ms)
    ends = instant(ends_ms * 1000)
    given = (tenant, sessions.digest(secret), id_, row.id, kind, ends)
    await connection.execute(_INSERT, given)
    told = facts.PersonLinked(ends=rfc3339(ends_ms), kind=kind, link=str(id_))
    await people.tell(connection, tenant, row, by, [told])
    return Link(id=id_, token=f"dsi_{tenant}_{secret}", ends_ms=ends_ms)


async def close(connection: Connection, tenant: int, person: uuid.UUID, now_ms: int) -> bool:
    """End a person's links; tells whether there was one."""
    given = (instant(now_ms * 1000), tenant, person)
    return (await connection.execute(_CLOSE, given)).rowcount > 0


async def open_until(
    connection: Connection, tenant: int, person: uuid.UUID, now_ms: int
) -> datetime.datetime | None:
    """Tell until when a link of a person may be used; None when there is none."""
    given = (tenant, person, instant(now_ms * 1000))
    row = await (await connection.execute(_OPEN, given)).fetchone()
    return row[0] if row else None


async def find(connection: Connection, token: str, now_ms: int) -> Invitation:
    """Find what a token opens. Raises InputError `no_invitation`."""
    parts = token.split("_", 2)
    if len(parts) != 3 or parts[0] != "dsi" or not parts[1].isdigit() or len(parts[1]) > 9:
        raise NO_INVITATION
    given = (int(parts[1]), sessions.digest(parts[2]), instant(now_ms * 1000))
    found = await (await connection.execute(_FIND, given)).fetchone()
    if found is None:
        raise NO_INVITATION
    tenant, id_, person, kind, ends, code, merchant, totp = found
    row = await people.find(connection, tenant, person)
    if row.person.state == DISABLED:
        raise NO_INVITATION
    return Invitation(
        id=id_,
        tenant=tenant,
        code=code,
        merchant=merchant,
        kind=kind,
        ends=ends,
        totp=totp,
        row=row,
    )


async def use(connection: Connection, held: Invitation, by: str, now_ms: int) -> people.Row:
    """Use a link up and let its person join, inside the caller's transaction; gives them locked.

    Raises InputError `no_invitation` when somebody was faster.
    """
    row = await people.lock(connection, held.tenant, held.row.id)
    done = await connection.execute(_USE, (instant(now_ms * 1000), held.tenant, held.id))
    told = decide.join(row.person, by)
    if done.rowcount != 1 or isinstance(told, Refusal):
        raise NO_INVITATION
    return await people.tell(connection, held.tenant, row, held.actor, told)


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
    return await entry.set_password(connection, tenant, row, hashed, by)
