"""The way in by password and code: counted, equally slow for everybody, told as facts."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.people import facts
from danshu.capabilities.people.model import ACTIVE
from danshu.hub import passwords, people, sessions, throttle, totp
from danshu.kernel.errors import InputError
from danshu.kernel.limits import LOGIN_CHARS
from danshu.ledger.write import instant

if TYPE_CHECKING:
    from danshu.hub.compose import Hub
    from danshu.hub.sessions import Session, Visitor
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
WRONG: Final = InputError("bad_sign_in", "merchant, login, password or code is wrong")
CODE_NEEDED: Final = InputError("code_needed", "give the code of the authenticator app", "/code")
NOBODY: Final = uuid.UUID(int=0)
_TENANT: Final = (
    "select t.id, coalesce(g.totp,'required') from tenants t left join merchant_settings g"
    " on g.tenant=t.id where t.code=%s"
)
_REFUSED: Final = (
    "insert into refusals(tenant,person,hour,n) values (%s,%s,%s,1)"
    " on conflict (tenant,person,hour) do update set n=refusals.n+1"
)
_SET_PASSWORD: Final = "update people set password=%s where tenant=%s and id=%s"


class Door(Struct, eq=False):
    """What a process remembers of attempts, and its few hands that check passwords."""

    throttle: throttle.Throttle
    hasher: passwords.Hasher


def open_door() -> Door:
    """Begin with nothing remembered."""
    return Door(throttle.Throttle(), passwords.Hasher())


async def find_tenant(connection: Connection, code: str) -> tuple[int, str] | None:
    """Give a merchant's number and whether it requires a code; None when there is none."""
    row = await (await connection.execute(_TENANT, (code,))).fetchone()
    return (int(row[0]), str(row[1])) if row else None


async def by_password(
    hub: Hub, door: Door, visitor: Visitor, *, tenant: str, login: str, password: str, code: str
) -> str:
    """Sign in by password and code; gives the cookie of a new session.

    Raises InputError `bad_sign_in` for whatever is wrong, `code_needed` when only the code is
    missing; TooOften.
    """
    login = people.fold_login(login)[:LOGIN_CHARS]
    now_ms = hub.clock()
    async with hub.connection() as connection:
        found = await find_tenant(connection, tenant)
        number, wanted = found or (0, "required")
        row = await people.by_login(connection, number, login)
        is_known = row is not None and await sessions.is_known(
            connection, number, row.id, visitor.address, now_ms
        )
    place = throttle.network(visitor.address)
    counted_as = str(row.id) if row else login
    counted = throttle.keys(number, counted_as, place, is_known=is_known)
    door.throttle.attempt(counted, time.monotonic())
    # the same work whether or not there is such a person, and before anything else is looked at
    fits = await door.hasher.check(row.password if row else "", password)
    if row is None or not fits or row.person.state != ACTIVE:
        await refuse(hub, number, row.id if row else NOBODY, now_ms)
        raise WRONG
    if row.person.totp and not code:
        door.throttle.succeed(counted)
        raise CODE_NEEDED
    coded: list[throttle.Key] = [("code", number, counted_as, "")]
    if row.person.totp:
        door.throttle.attempt(coded, time.monotonic())
    fresh = await door.hasher.hash(password) if passwords.is_outdated(row.password) else ""
    async with hub.connection() as connection, connection.transaction():
        row = await people.lock(connection, number, row.id)
        done = not row.person.totp or await totp.use(connection, number, row, code, now_ms)
        if done and row.person.state == ACTIVE:
            if fresh:
                await keep_password(connection, number, row, fresh)
            cookie = await sessions.open_(
                connection,
                number,
                row,
                visitor,
                method="password+totp" if row.person.totp else "password",
                limited=wanted == "required" and not row.person.totp,
                now_ms=now_ms,
            )
            door.throttle.succeed(counted + coded)
            return cookie
    await refuse(hub, number, row.id, now_ms)
    raise WRONG


async def prove_password(
    hub: Hub, door: Door, visitor: Visitor, session: Session, password: str, code: str
) -> str:
    """Prove again by password, and by code where the person has one; gives the new cookie.

    Raises InputError `bad_sign_in`, `code_needed`; TooOften.
    """
    now_ms, row = hub.clock(), session.row
    place = throttle.network(visitor.address)
    counted = throttle.keys(session.tenant, str(row.id), place, is_known=True)
    door.throttle.attempt(counted, time.monotonic())
    if not await door.hasher.check(row.password, password):
        await refuse(hub, session.tenant, row.id, now_ms)
        raise WRONG
    if row.person.totp and not code:
        door.throttle.succeed(counted)
        raise CODE_NEEDED
    async with hub.connection() as connection, connection.transaction():
        row = await people.lock(connection, session.tenant, row.id)
        if not row.person.totp or await totp.use(connection, session.tenant, row, code, now_ms):
            method = "password+totp" if row.person.totp else "password"
            cookie = await sessions.prove(connection, session, row, method, now_ms)
            door.throttle.succeed(counted)
            return cookie
    await refuse(hub, session.tenant, row.id, now_ms)
    raise WRONG


async def refuse(hub: Hub, tenant: int, person: uuid.UUID, now_ms: int) -> None:
    """Count a refused attempt; the hour's count becomes one fact when the hour is over."""
    if not tenant:
        return
    hour = instant(now_ms // 3_600_000 * 3_600_000_000)
    async with hub.connection() as connection:
        await connection.execute(_REFUSED, (tenant, person, hour))


async def keep_password(connection: Connection, tenant: int, row: people.Row, hashed: str) -> None:
    """Keep the hash of a person's password, inside the caller's transaction."""
    await connection.execute(_SET_PASSWORD, (hashed, tenant, row.id))


async def set_password(
    connection: Connection, tenant: int, row: people.Row, hashed: str, by: Actor
) -> people.Row:
    """Keep a new password of a locked person and say so, inside the caller's transaction."""
    await keep_password(connection, tenant, row, hashed)
    return await people.tell(connection, tenant, row, by, [facts.PasswordSet()])
