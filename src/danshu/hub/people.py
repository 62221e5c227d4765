"""People as rows: read, locked and written in one commit with the facts about them."""

from __future__ import annotations

import datetime
import os
import time
import uuid
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct
from msgspec.structs import replace
from psycopg import errors

from danshu.capabilities.people import decide, facts, model, tables
from danshu.hub.saying import say_next
from danshu.kernel import canonical, ids
from danshu.kernel.errors import InputError, ProgramError
from danshu.kernel.fact import NO_HEAD, Actor
from danshu.kernel.limits import PEOPLE
from danshu.ledger import vault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.people.model import Person

Connection = psycopg.AsyncConnection[Any]
SALT_BYTES: Final = 16
HANDLE_BYTES: Final = 32
NO_PERSON: Final = InputError("no_person", "there is no such person")


class Row(Struct, frozen=True, kw_only=True):
    """A person's row: what their facts say, and what only the row knows."""

    id: uuid.UUID
    person: model.Person
    login: str
    name: str
    salt: bytes
    handle: bytes
    password: str
    totp: bytes | None
    totp_step: int
    preferences: bytes
    seq: int
    head: bytes
    made: datetime.datetime


def now_ms() -> int:
    """Read the clock: epoch milliseconds."""
    return time.time_ns() // 1_000_000


def name_digest(salt: bytes, login: str, name: str) -> str:
    """Commit to who a person is, so that facts name nobody and the row can be erased."""
    return vault.commit(salt, "named", canonical.encode({"login": login, "name": name}))


def actor(row: Row, session: str = "") -> Actor:
    """Give the person as the actor of facts: grade B, the session as the key that was used."""
    return Actor(sub=f"person:{row.id}", role=row.person.role, key=session, grade="B")


def read_row(row: tuple[Any, ...]) -> Row:
    """Read the columns of tables.READ."""
    (
        id_,
        number,
        login,
        name,
        salt,
        handle,
        roles,
        warehouses,
        state,
        joined,
        password,
        totp,
        totp_step,
        preferences,
        seq,
        head,
        made,
        passkeys,
    ) = row
    person = model.Person(
        named=name_digest(bytes(salt), login, name),
        number=number,
        roles=tuple(roles),
        warehouses=tuple(warehouses),
        state=state,
        joined=joined,
        password=bool(password),
        totp=totp is not None,
        passkeys=tuple(passkeys),
    )
    return Row(
        id=id_,
        person=person,
        login=login,
        name=name,
        salt=bytes(salt),
        handle=bytes(handle),
        password=password,
        totp=None if totp is None else bytes(totp),
        totp_step=totp_step,
        preferences=bytes(preferences),
        seq=seq,
        head=bytes(head),
        made=made,
    )


async def find(connection: Connection, tenant: int, id_: uuid.UUID) -> Row:
    """Read a person. Raises InputError `no_person`."""
    return await _one(connection, tables.READ, tenant, id_)


async def lock(connection: Connection, tenant: int, id_: uuid.UUID) -> Row:
    """Read a person and hold the row until the commit. Raises InputError `no_person`."""
    return await _one(connection, tables.LOCK, tenant, id_)


async def by_login(connection: Connection, tenant: int, login: str) -> Row | None:
    """Find a person by the login, which is kept folded, or by the number at work."""
    word = fold_login(login)
    cursor = await connection.execute(tables.BY_LOGIN, (tenant, word, word, word))
    row = await cursor.fetchone()
    return read_row(row) if row else None


async def by_handle(connection: Connection, tenant: int, handle: bytes) -> Row | None:
    """Find a person by the handle that authenticators keep."""
    row = await (await connection.execute(tables.BY_HANDLE, (tenant, handle))).fetchone()
    return read_row(row) if row else None


async def each(connection: Connection, tenant: int) -> list[Row]:
    """Read all people of a merchant, at most limits.PEOPLE."""
    cursor = await connection.execute(tables.EACH, (tenant, PEOPLE))
    return [read_row(row) for row in await cursor.fetchall()]


async def page(
    connection: Connection, tenant: int, after: str, state: str, limit: int
) -> list[Row]:
    """Read people by number, those after `after`."""
    cursor = await connection.execute(tables.PAGE, (tenant, after, state, state, limit))
    return [read_row(row) for row in await cursor.fetchall()]


async def _one(connection: Connection, query: str, tenant: int, id_: uuid.UUID) -> Row:
    row = await (await connection.execute(query, (tenant, id_))).fetchone()
    if row is None:
        raise NO_PERSON
    return read_row(row)


def fold_login(login: str) -> str:
    """Give the login as it is compared: without surrounding space, in lower case."""
    return login.strip().casefold()


async def invite(
    connection: Connection,
    tenant: int,
    by: Actor,
    *,
    login: str,
    name: str,
    number: str,
    roles: Sequence[str],
    warehouses: Sequence[str],
) -> Row:
    """Add a person who may join, inside the caller's transaction.

    Raises InputError `login_taken`, `number_taken`, `too_many_people`.
    """
    await _check_room(connection, tenant)
    id_ = ids.uuid7(now_ms(), os.urandom(10))
    salt, handle = os.urandom(SALT_BYTES), os.urandom(HANDLE_BYTES)
    login = fold_login(login)
    told = decide.invite(name_digest(salt, login, name), number, tuple(roles), tuple(warehouses))
    (first,) = told
    if not isinstance(first, facts.PersonInvited):
        raise ProgramError("a person begins with an invitation")
    person = decide.begin(first)
    seq, head = await say_next(connection, tenant, id_, (0, NO_HEAD), by, now_ms(), *told)
    try:
        await connection.execute(
            tables.INSERT,
            (
                tenant,
                id_,
                number,
                login,
                name,
                salt,
                handle,
                list(person.roles),
                list(person.warehouses),
                person.state,
                seq,
                head,
            ),
        )
    except errors.UniqueViolation as error:
        raise _taken(error) from error
    return await find(connection, tenant, id_)


async def _check_room(connection: Connection, tenant: int) -> None:
    cursor = await connection.execute("select count(*) from people where tenant=%s", (tenant,))
    row = await cursor.fetchone()
    if row and row[0] >= PEOPLE:
        raise InputError("too_many_people", f"a merchant has at most {PEOPLE} people")


def _taken(error: errors.UniqueViolation) -> InputError:
    if "login" in str(error.diag.constraint_name):
        return InputError("login_taken", "somebody signs in by this login", "/login")
    return InputError("number_taken", "somebody has this number", "/number")


async def tell(
    connection: Connection,
    tenant: int,
    row: Row,
    by: Actor,
    told: Sequence[Struct],
    *,
    login: str = "",
    name: str = "",
) -> Row:
    """Write facts about a locked person and what the row becomes by them.

    Inside the caller's transaction. `login` and `name` go with a fact `person.changed`.
    """
    if not told:
        return row
    person: Person = decide.evolve(row.person, told)
    seq, head = await say_next(connection, tenant, row.id, (row.seq, row.head), by, now_ms(), *told)
    try:
        await connection.execute(
            tables.UPDATE,
            (
                person.number,
                login or row.login,
                name or row.name,
                list(person.roles),
                list(person.warehouses),
                person.state,
                person.joined,
                seq,
                head,
                tenant,
                row.id,
            ),
        )
    except errors.UniqueViolation as error:
        raise _taken(error) from error
    return replace(
        row, person=person, seq=seq, head=head, login=login or row.login, name=name or row.name
    )


async def count_other_admins(connection: Connection, tenant: int, id_: uuid.UUID) -> int:
    """Count the active admins beside somebody."""
    row = await (await connection.execute(tables.OTHER_ADMINS, (tenant, id_))).fetchone()
    return int(row[0]) if row else 0
