"""Rows of requests for files of assets: what was asked, how the checkpoint saw it, how it ended."""

from __future__ import annotations

import uuid
from typing import Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.protection.model import (
    HOME,
    Act,
    Approval,
    Basis,
    Case,
    Form,
    Mechanism,
    Outcome,
)
from danshu.hub.export_files import Format
from danshu.hub.jobs import Who
from danshu.hub.saying import say_next
from danshu.kernel.errors import InputError
from danshu.kernel.fact import NO_HEAD, Actor
from danshu.ledger import write

Connection = psycopg.AsyncConnection[Any]
NO_REQUEST: Final = InputError("no_asset_export", "there is no such request")
WAITING: Final = "waiting"
STARTED: Final = "started"
REFUSED: Final = "refused"
MADE: Final = "made"
FAILED: Final = "failed"
_COLUMNS: Final = "id,state,body,caller,actor,approvals,outcome,job,note,created,decided,seq,head"
_READ: Final = f"select {_COLUMNS} from asset_exports where tenant=%s and id=%s"
_LIST: Final = (
    f"select {_COLUMNS} from asset_exports where tenant=%s and (%s::text is null or asked_by=%s)"
    " and (%s='' or asset=%s) and (%s='' or state=%s) and id<%s order by id desc limit %s"
)
_WAIT: Final = "select count(*) from asset_exports where tenant=%s and state='waiting'"
_INSERT: Final = (
    "insert into asset_exports(tenant,id,asset,act,form,purpose,recipient,state,asked_by,body,"
    "caller,actor,outcome,job,created,seq,head)"
    " values(%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)"
)
_PUT: Final = (
    "update asset_exports set state=%s, approvals=%s, outcome=%s, job=%s, note=%s, decided=%s,"
    " seq=%s, head=%s where tenant=%s and id=%s"
)
_encode = msgspec.json.encode


class Wish(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What somebody wants of an asset as a file.

    `act` export: for a colleague or oneself; share: for the `recipient` outside, in `country` (ISO
    3166-1), on a legal `basis`. `mechanism` with its number is what carries it over the border;
    `is_exempt`: necessary for a contract with the person. `noise_mille` > 0 publishes counts of
    people with noise for that epsilon in thousandths.
    """

    asset: str
    act: Act
    form: Form
    file: Format
    purpose: str
    why: str
    columns: tuple[str, ...] = ()
    where: dict[str, str | int] = {}
    lang: str = "zh-CN"
    recipient: str = ""
    country: str = HOME
    basis: Basis = ""
    mechanism: Mechanism = ""
    mechanism_no: str = ""
    is_exempt: bool = False
    generalise: bool = False
    noise_mille: int = 0


class Seen(Struct, frozen=True, kw_only=True):
    """How the checkpoint last saw a request."""

    case: Case
    outcome: Outcome


class Kept(Struct, frozen=True, kw_only=True):
    """A request as its row says. Epoch ms, 0 = not yet."""

    id: uuid.UUID
    state: str
    wish: Wish
    caller: Who
    actor: Actor
    approvals: tuple[Approval, ...]
    seen: Seen
    job: uuid.UUID | None
    note: str
    created_ms: int
    decided_ms: int
    end: tuple[int, bytes]


async def put(
    connection: Connection,
    tenant: int,
    kept: Kept,
    state: str,
    seen: Seen,
    job: uuid.UUID | None,
    note: str,
    actor: Actor,
    now_ms: int,
    *said: Struct,
) -> None:
    """Write what became of a request with its facts, in the caller's transaction."""
    end = kept.end
    if said:
        end = await say_next(connection, tenant, kept.id, end, actor, now_ms, *said)
    values = (
        state, _encode(seen.case.approvals).decode(), _encode(seen).decode(), job, note,
        write.instant(now_ms * 1000) if state != WAITING else None, *end, tenant, kept.id,
    )  # fmt: skip
    await connection.execute(_PUT, values)


async def read(connection: Connection, tenant: int, id_: uuid.UUID, *, lock: bool = False) -> Kept:
    """Read a request. Raises InputError `no_asset_export`."""
    sql = _READ + (" for update" if lock else "")
    row = await (await connection.execute(sql, (tenant, id_))).fetchone()
    if row is None:
        raise NO_REQUEST
    return _kept(row)


async def page(
    connection: Connection,
    tenant: int,
    asked_by: str | None,
    asset: str,
    state: str,
    before: uuid.UUID,
    limit: int,
) -> list[Kept]:
    """List requests, the newest first: one's own, or (None) everybody's."""
    asked = (tenant, asked_by, asked_by, asset, asset, state, state, before, limit)
    return [_kept(row) for row in await (await connection.execute(_LIST, asked)).fetchall()]


def _kept(row: tuple[Any, ...]) -> Kept:
    return Kept(
        id=row[0],
        state=row[1],
        wish=msgspec.convert(row[2], Wish),
        caller=msgspec.convert(row[3], Who),
        actor=msgspec.convert(row[4], Actor),
        approvals=tuple(msgspec.convert(row[5], list[Approval])),
        seen=msgspec.convert(row[6], Seen),
        job=row[7],
        note=row[8],
        created_ms=round(row[9].timestamp() * 1000),
        decided_ms=round(row[10].timestamp() * 1000) if row[10] else 0,
        end=(row[11], bytes(row[12])),
    )


async def add(
    connection: Connection,
    tenant: int,
    id_: uuid.UUID,
    wish: Wish,
    state: str,
    seen: Seen,
    who: Who,
    actor: Actor,
    job: uuid.UUID | None,
    now_ms: int,
    *said: Struct,
) -> None:
    """Keep a new request with its facts, in the caller's transaction."""
    seq, head = await say_next(connection, tenant, id_, (0, NO_HEAD), actor, now_ms, *said)
    values = (
        tenant, id_, wish.asset, wish.act, wish.form, wish.purpose, wish.recipient, state,
        actor.sub, _encode(wish).decode(), _encode(who).decode(), _encode(actor).decode(),
        _encode(seen).decode(), job, write.instant(now_ms * 1000), seq, head,
    )  # fmt: skip
    await connection.execute(_INSERT, values)


async def count_waiting(connection: Connection, tenant: int) -> int:
    """Count the requests that wait for somebody."""
    row = await (await connection.execute(_WAIT, (tenant,))).fetchone()
    return int(row[0]) if row else 0
