"""Licences 数据授权: drafted, approved by a second person, asked before each use, metered, ended.

`holds` is what the gate asks before a share (data_gates.py), `meter` what a delivery and an answer
of the clean room write in their own commit: nothing leaves that is not counted.
"""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
from msgspec import Struct

from danshu.capabilities.licensing import decide
from danshu.capabilities.licensing.facts import (
    LicenceDeclined,
    LicenceDelivered,
    LicenceDrafted,
    LicenceEnded,
    LicenceGranted,
    LicenceQueried,
)
from danshu.capabilities.licensing.model import Asked, LicenceTerms, day_of
from danshu.hub import data_gates, licence_rows, rights_register
from danshu.hub.saying import say_next
from danshu.kernel import ids
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import NO_HEAD
from danshu.kernel.limits import LICENCES
from danshu.ledger import write

if TYPE_CHECKING:
    from danshu.capabilities.licensing.model import CleanRoom
    from danshu.hub.licence_rows import LicenceRow
    from danshu.kernel.fact import Actor

Connection = Any
_LOCK: Final = "select 1 from tenants where id=%s for update"
_NEXT: Final = "select count(*), coalesce(max(no),0)+1 from licences where tenant=%s"
_ADD: Final = (
    "insert into licences(tenant,id,no,state,asset,recipient,purpose,until,terms,digest,listing,"
    "drafted_by,drafted,seq,head) values(%s,%s,%s,'draft',%s,%s,%s,%s,%s::jsonb,%s,%s,%s,%s,%s,%s)"
)
_METER: Final = (
    "insert into licence_usage(tenant,licence,id,kind,rows,spent,digest,mark,job,day,at)"
    " values(%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)"
)


class Use(Struct, frozen=True, kw_only=True):
    """A use to be metered: rows of a file with its digest and watermark, or an answered question
    with its groups and what it spent of the privacy budget (thousandths). `job` made the file, in
    which at least `k` people look alike (0: it tells of none).
    """

    kind: Literal["delivery", "query"]
    digest: str
    rows: int = 0
    mark: str = ""
    groups: int = 0
    held_back: int = 0
    spent: int = 0
    job: uuid.UUID | None = None
    k: int = 0


async def draft(
    connection: Connection,
    tenant: int,
    terms: LicenceTerms,
    actor: Actor,
    now_ms: int,
    *,
    listing: uuid.UUID | None = None,
) -> LicenceRow:
    """Draft a licence. Raises InputError: bad_terms, twice, too_many."""
    decide.check(terms)
    body, digest = _encode(terms)
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        count, no = await (await connection.execute(_NEXT, (tenant,))).fetchone()
        if count >= LICENCES:
            raise InputError("too_many", f"at most {LICENCES} licences")
        id_ = ids.uuid7(now_ms, os.urandom(10))
        said = _drafted(no, terms, digest)
        seq, head = await say_next(connection, tenant, id_, (0, NO_HEAD), actor, now_ms, said)
        values = (
            *(tenant, id_, no, terms.asset, terms.recipient.code, terms.purpose, terms.until),
            *(body, bytes.fromhex(digest), listing, actor.sub, write.instant(now_ms * 1000)),
            *(seq, head),
        )
        await connection.execute(_ADD, values)
        return await licence_rows.find(connection, tenant, id_)


async def redraft(
    connection: Connection,
    tenant: int,
    id_: uuid.UUID,
    terms: LicenceTerms,
    actor: Actor,
    now_ms: int,
) -> LicenceRow | Refusal:
    """Change the terms of a licence that was not answered yet; whoever does is its drafter now."""
    decide.check(terms)
    body, digest = _encode(terms)
    async with connection.transaction():
        row = await licence_rows.find(connection, tenant, id_, lock=True)
        if row.state != "draft":
            return decide.ANSWERED
        await licence_rows.say(
            connection, tenant, row, actor, now_ms, _drafted(row.no, terms, digest),
            asset=terms.asset, recipient=terms.recipient.code, purpose=terms.purpose,
            until=terms.until, terms=body, digest=bytes.fromhex(digest), drafted_by=actor.sub,
            drafted=write.instant(now_ms * 1000),
        )  # fmt: skip
        return await licence_rows.find(connection, tenant, id_)


async def approve(
    connection: Connection, tenant: int, id_: uuid.UUID, digest: str, actor: Actor, now_ms: int
) -> LicenceRow | Refusal:
    """Let a licence come into force as the second person; `digest` is that of the terms seen."""
    async with connection.transaction():
        row = await licence_rows.find(connection, tenant, id_, lock=True)
        if row.digest != digest:
            return decide.TERMS_MOVED
        right = await rights_register.find(connection, tenant, row.terms.asset)
        entry = right.entry if right else None
        refusal = decide.approve(row.terms, row.state, row.drafted_by, actor.sub, entry, now_ms)
        if refusal is not None or right is None:
            return refusal or decide.NO_RIGHT
        terms = row.terms
        said = LicenceGranted(
            asset=terms.asset,
            first=row.drafted_by,
            no=row.no,
            purpose=terms.purpose,
            recipient=terms.recipient.code,
            right=right.version,
            since=terms.since.isoformat(),
            terms=row.digest,
            until=terms.until.isoformat(),
        )
        await licence_rows.say(
            connection, tenant, row, actor, now_ms, said, state="active", answered_by=actor.sub,
            answered=write.instant(now_ms * 1000), right=right.version,
        )  # fmt: skip
        return await licence_rows.find(connection, tenant, id_)


async def decline(
    connection: Connection, tenant: int, id_: uuid.UUID, reason: str, actor: Actor, now_ms: int
) -> LicenceRow | Refusal:
    """Decline a draft, or take one's own back."""
    async with connection.transaction():
        row = await licence_rows.find(connection, tenant, id_, lock=True)
        if row.state != "draft":
            return decide.ANSWERED
        await licence_rows.say(
            connection, tenant, row, actor, now_ms, LicenceDeclined(no=row.no, reason=reason),
            state="declined", answered_by=actor.sub, answered=write.instant(now_ms * 1000),
            reason=reason,
        )  # fmt: skip
        return await licence_rows.find(connection, tenant, id_)


async def end(
    connection: Connection, tenant: int, id_: uuid.UUID, reason: str, actor: Actor, now_ms: int
) -> LicenceRow | Refusal:
    """End a licence that is in force; from this commit on nothing is given under it."""
    async with connection.transaction():
        row = await licence_rows.find(connection, tenant, id_, lock=True)
        if row.state != "active":
            return decide.NOT_ACTIVE
        await licence_rows.say(
            connection, tenant, row, actor, now_ms, LicenceEnded(no=row.no, reason=reason),
            state="ended", ended_by=actor.sub, ended=write.instant(now_ms * 1000), reason=reason,
        )  # fmt: skip
        return await licence_rows.find(connection, tenant, id_)


async def holds(
    connection: Connection,
    tenant: int,
    recipient: str,
    asset: str,
    purpose: str,
    *,
    columns: tuple[str, ...] = (),
    country: str = "",
    rows: int = 0,
    now_ms: int = 0,
) -> LicenceRow | Refusal:
    """Give the licence under which a file of an asset may go to a recipient for a purpose, or why
    there is none: the refusal of the licence that comes nearest. `columns` () are all of them.
    """
    every = tuple([column.name for column in data_gates.find_asset(asset).columns])
    asked = Asked(
        recipient=recipient,
        asset=asset,
        purpose=purpose,
        at_ms=now_ms or time.time_ns() // 1_000_000,
        columns=columns or every,
        country=country,
        rows=rows,
    )
    refusal = decide.NO_LICENCE
    for row in await licence_rows.given(connection, tenant, asset, recipient):
        told = await _permit(connection, tenant, row, asked)
        if told is None:
            return row
        if refusal is decide.NO_LICENCE:
            refusal = told
    return refusal


async def _permit(
    connection: Connection, tenant: int, row: LicenceRow, asked: Asked
) -> Refusal | None:
    used, _ = await licence_rows.used_on(connection, tenant, row.id, day_of(asked.at_ms))
    return decide.permit(row.terms, row.state, used, asked)


async def meter(
    connection: Connection, tenant: int, id_: uuid.UUID, use: Use, actor: Actor, now_ms: int
) -> uuid.UUID | Refusal:
    """Count a use, in the caller's transaction and before what is counted leaves: the licence is
    locked, asked once more with what was used meanwhile, and the fact is said. Gives the use's id.
    """
    row = await licence_rows.find(connection, tenant, id_, lock=True)
    terms, day = row.terms, day_of(now_ms)
    asked = Asked(
        recipient=terms.recipient.code,
        asset=terms.asset,
        purpose=terms.purpose,
        at_ms=now_ms,
        kind=use.kind,
        rows=use.rows,
    )
    refusal = await _permit(connection, tenant, row, asked)
    if refusal is None and use.k and use.k < terms.k:
        refusal = decide.TOO_CLEAR
    if refusal is not None:
        return refusal
    usage = ids.uuid7(now_ms, os.urandom(10))
    at = write.instant(now_ms * 1000)
    values = (
        *(tenant, id_, usage, use.kind, use.rows, use.spent, use.digest, use.mark, use.job),
        *(day, at),
    )
    await connection.execute(_METER, values)
    said: Struct = (
        LicenceDelivered(
            digest=use.digest, mark=use.mark, no=row.no, rows=use.rows, usage=str(usage)
        )
        if use.kind == "delivery"
        else LicenceQueried(
            groups=use.groups, held_back=use.held_back, no=row.no, question=use.digest,
            spent=use.spent, usage=str(usage),
        )
    )  # fmt: skip
    await licence_rows.say(connection, tenant, row, actor, now_ms, said)
    return usage


def _encode(terms: LicenceTerms) -> tuple[str, str]:
    body = msgspec.json.encode(terms, order="sorted")
    return body.decode(), hashlib.sha256(body).hexdigest()


def _drafted(no: int, terms: LicenceTerms, digest: str) -> LicenceDrafted:
    return LicenceDrafted(
        asset=terms.asset,
        no=no,
        purpose=terms.purpose,
        recipient=terms.recipient.code,
        since=terms.since.isoformat(),
        terms=digest,
        until=terms.until.isoformat(),
    )


def must_know(asset: str, terms: LicenceTerms | None = None) -> None:
    """Look whether there is such an asset, with the columns that terms name. Raises InputError
    `no_asset`, `unknown_column`.
    """
    if terms is None:
        data_gates.find_asset(asset)
    else:
        must_know_columns(asset, terms.columns, terms.clean_room)


def must_know_columns(asset: str, columns: tuple[str, ...], room: CleanRoom | None) -> None:
    """Look whether an asset has columns, and those of a clean room. Raises as `must_know` does."""
    names = {column.name for column in data_gates.find_asset(asset).columns}
    told = {*columns, *(room.by + room.join if room else ())}
    if told - names:
        raise InputError("unknown_column", f"{asset} has no column {min(told - names)!r}")
