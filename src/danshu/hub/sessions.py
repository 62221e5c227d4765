"""Sessions: an opaque secret in a cookie, its SHA-256 in the database, a limit on idleness and age.

A session is looked up at each request, so it ends everywhere at once. The secret is new after each
sign-in and each further proof, so that one that was planted or seen before is worth nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import uuid
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.people import facts, tables
from danshu.hub import people
from danshu.kernel import ids
from danshu.kernel.limits import (
    AGENT_CHARS,
    PERSON_SESSIONS,
    SESSION_IDLE_S,
    SESSION_S,
    SESSION_SEEN_S,
)
from danshu.ledger.write import instant

if TYPE_CHECKING:
    import datetime
    from collections.abc import Sequence

    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
SECRET_BYTES: Final = 32
_CSRF: Final = b"danshu/csrf/1"
_KNOWN_DAYS: Final = 30

_FIND: Final = tables.READ.replace(
    "select ",
    "select s.id, s.method, s.limited, s.agent, s.address, s.made, s.seen, s.ends, s.proven,"
    " t.code, t.name, (select coalesce(max(o.version),0) from policies o where o.tenant=s.tenant),"
    " coalesce((select g.totp from merchant_settings g where g.tenant=s.tenant),'required'), ",
    1,
).replace(
    "from people p where p.tenant=%s and p.id=%s",
    "from sessions s join people p on p.tenant=s.tenant and p.id=s.person join tenants t on"
    " t.id=s.tenant where s.tenant=%s and s.hash=%s and s.ended is null and s.ends>%s and s.seen>%s"
    " and p.state='active'",
)
_INSERT: Final = (
    "insert into sessions(tenant,hash,id,person,method,limited,agent,address,made,seen,ends,proven)"
    " values (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)"
)
_SEEN: Final = "update sessions set seen=%s where tenant=%s and hash=%s and seen<%s"
_RENEW: Final = (
    "update sessions set hash=%s, id=%s, proven=%s, seen=%s, limited=%s"
    " where tenant=%s and id=%s and ended is null"
)
_OPEN: Final = (
    "select id, method, agent, address, made, seen, ends from sessions where tenant=%s"
    " and person=%s and ended is null and ends>%s and seen>%s order by made desc"
)
_END: Final = (
    "update sessions set ended=%s where tenant=%s and person=%s and ended is null"
    " and (%s or id = any(%s)) and not id = any(%s) returning id"
)
_KNOWN: Final = (
    "select 1 from sessions where tenant=%s and person=%s and address=%s and made>%s"
    " and not limited limit 1"
)


class Visitor(Struct, frozen=True, kw_only=True):
    """Where a request comes from, as far as it can be told."""

    address: str
    agent: str


class Session(Struct, frozen=True, kw_only=True):
    """A session that holds. `limited`: only the own account is open, until a second factor is."""

    id: uuid.UUID
    tenant: int
    code: str
    merchant: str
    row: people.Row
    method: str
    limited: bool
    secret: str
    ends_ms: int
    proven_ms: int
    policy: int
    totp: str
    address: str
    agent: str

    @property
    def csrf(self) -> str:
        """The token that unsafe requests repeat in X-CSRF-Token."""
        return csrf(self.secret)

    @property
    def actor(self) -> Actor:
        """The person in this session as the actor of facts."""
        return people.actor(self.row, str(self.id))

    def age_s(self, now_ms: int) -> int:
        """Tell how many seconds ago the person last proved who they are."""
        return max(0, (now_ms - self.proven_ms) // 1000)


class Listed(Struct, frozen=True, kw_only=True):
    """A session in a list."""

    id: uuid.UUID
    method: str
    agent: str
    address: str
    made_ms: int
    seen_ms: int
    ends_ms: int


def csrf(secret: str) -> str:
    """Derive the token from the secret of the cookie: nobody else's page can know it."""
    digest = hmac.digest(secret.encode(), _CSRF, "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def cookie(tenant: int, secret: str) -> str:
    """Write a session's cookie."""
    return f"dss_{tenant}_{secret}"


def split_cookie(text: str) -> tuple[int, str] | None:
    """Take a cookie apart: tenant and secret; None when it is not shaped like one."""
    parts = text.split("_", 2)
    if len(parts) != 3 or parts[0] != "dss" or len(text) > 80 or not text.isascii():
        return None
    return (int(parts[1]), parts[2]) if parts[1].isdigit() and len(parts[1]) < 10 else None


def digest(secret: str) -> bytes:
    """What the database keeps of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def _ms(moment: datetime.datetime) -> int:
    return int(moment.timestamp() * 1000)


def _at(ms: int) -> datetime.datetime:
    return instant(ms * 1000)


async def find(connection: Connection, text: str, now_ms: int) -> Session | None:
    """Find the session of a cookie and note that it was seen; None when it does not hold."""
    parts = split_cookie(text)
    if parts is None:
        return None
    tenant, secret = parts
    hashed = digest(secret)
    idle = _at(now_ms - SESSION_IDLE_S * 1000)
    cursor = await connection.execute(_FIND, (tenant, hashed, _at(now_ms), idle))
    found = await cursor.fetchone()
    if found is None:
        return None
    id_, method, limited, agent, address, _, seen, ends, proven, code, name, policy, totp = found[
        :13
    ]
    if now_ms - _ms(seen) > SESSION_SEEN_S * 1000:
        await connection.execute(_SEEN, (_at(now_ms), tenant, hashed, _at(now_ms)))
    return Session(
        id=id_,
        tenant=tenant,
        code=code,
        merchant=name,
        row=people.read_row(found[13:]),
        method=method,
        limited=limited,
        secret=secret,
        ends_ms=_ms(ends),
        proven_ms=_ms(proven),
        policy=policy,
        totp=totp,
        address=address,
        agent=agent,
    )


async def open_(
    connection: Connection,
    tenant: int,
    row: people.Row,
    visitor: Visitor,
    *,
    method: str,
    limited: bool,
    now_ms: int,
) -> str:
    """Open a session for a locked person, inside the caller's transaction; gives its cookie.

    The oldest sessions beyond PERSON_SESSIONS end.
    """
    secret = secrets.token_urlsafe(SECRET_BYTES)
    id_ = ids.uuid7(now_ms, os.urandom(10))
    held = await of_person(connection, tenant, row.id, now_ms)
    over = [s.id for s in held[PERSON_SESSIONS - 1 :]]
    if over:
        row = await end(connection, tenant, row, people.actor(row), "replaced", now_ms, only=over)
    now = _at(now_ms)
    await connection.execute(
        _INSERT,
        (
            tenant,
            digest(secret),
            id_,
            row.id,
            method,
            limited,
            visitor.agent[:AGENT_CHARS],
            visitor.address,
            now,
            now,
            _at(now_ms + SESSION_S * 1000),
            now,
        ),
    )
    told = facts.SessionOpened(method=method, session=str(id_))
    await people.tell(connection, tenant, row, people.actor(row, str(id_)), [told])
    return cookie(tenant, secret)


async def prove(
    connection: Connection, session: Session, row: people.Row, method: str, now_ms: int
) -> str:
    """Give a session a new secret after a further proof, inside the caller's transaction.

    `row` is the locked person. Gives the new cookie; the old one is worth nothing from the commit.
    """
    secret = secrets.token_urlsafe(SECRET_BYTES)
    id_ = ids.uuid7(now_ms, os.urandom(10))
    now = _at(now_ms)
    given = (digest(secret), id_, now, now, False, session.tenant, session.id)
    if (await connection.execute(_RENEW, given)).rowcount != 1:
        return ""
    told = facts.SessionProven(before=str(session.id), method=method, session=str(id_))
    await people.tell(connection, session.tenant, row, people.actor(row, str(id_)), [told])
    return cookie(session.tenant, secret)


async def end(
    connection: Connection,
    tenant: int,
    row: people.Row,
    by: Actor,
    reason: str,
    now_ms: int,
    *,
    only: Sequence[uuid.UUID] = (),
    but: Sequence[uuid.UUID] = (),
) -> people.Row:
    """End sessions of a locked person, inside the caller's transaction: all, `only` some, all `but`
    some.
    """
    given = (_at(now_ms), tenant, row.id, not only, list(only), list(but))
    ended = await (await connection.execute(_END, given)).fetchall()
    if not ended:
        return row
    names = tuple(sorted(str(e[0]) for e in ended))
    told = facts.SessionEnded(reason=reason, sessions=names)
    return await people.tell(connection, tenant, row, by, [told])


async def of_person(
    connection: Connection, tenant: int, person: uuid.UUID, now_ms: int
) -> list[Listed]:
    """List the sessions of a person that hold, newest first."""
    given = (tenant, person, _at(now_ms), _at(now_ms - SESSION_IDLE_S * 1000))
    rows = await (await connection.execute(_OPEN, given)).fetchall()
    return [
        Listed(
            id=id_,
            method=method,
            agent=agent,
            address=address,
            made_ms=_ms(made),
            seen_ms=_ms(seen),
            ends_ms=_ms(ends),
        )
        for id_, method, agent, address, made, seen, ends in rows
    ]


async def is_known(
    connection: Connection, tenant: int, person: uuid.UUID, address: str, now_ms: int
) -> bool:
    """Tell whether the person came in from this address in the last 30 days."""
    since = _at(now_ms - _KNOWN_DAYS * 86_400_000)
    cursor = await connection.execute(_KNOWN, (tenant, person, address, since))
    return await cursor.fetchone() is not None
