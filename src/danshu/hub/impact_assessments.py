"""Impact assessments 个人信息保护影响评估: written before people's data go to somebody else.

Their text is kept for ASSESSMENT_YEARS at least; the fact holds its digest.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.protection.facts import ImpactAssessed
from danshu.hub.saying import say_next
from danshu.kernel import ids
from danshu.kernel.errors import InputError
from danshu.kernel.fact import NO_HEAD, rfc3339
from danshu.kernel.limits import ASSESSMENT_YEARS, IMPACT_ASSESSMENTS
from danshu.ledger import write

if TYPE_CHECKING:
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
_YEAR_MS: Final = 366 * 86_400_000
_COUNT: Final = "select count(*) from impact_assessments where tenant=%s"
_INSERT: Final = (
    "insert into impact_assessments(tenant,id,asset,recipient,purpose,risk,body,by,at,until)"
    " values(%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)"
)
_HOLDS: Final = (
    "select 1 from impact_assessments where tenant=%s and asset=%s and recipient=%s"
    " and purpose=%s and until>%s limit 1"
)
_LIST: Final = (
    "select id, asset, recipient, purpose, risk, body, by, at, until from impact_assessments"
    " where tenant=%s and id<%s order by id desc limit %s"
)


class Assessment(Struct, frozen=True, kw_only=True):
    """An impact assessment; `by` is a subject, times RFC 3339."""

    id: uuid.UUID
    asset: str
    recipient: str
    purpose: str
    risk: str
    text: str
    by: str
    at: str
    until: str


async def write_one(
    connection: Connection,
    tenant: int,
    *,
    asset: str,
    recipient: str,
    purpose: str,
    risk: str,
    text: str,
    actor: Actor,
    now_ms: int,
) -> Assessment:
    """Keep an assessment with its fact. Raises InputError `too_many`."""
    until_ms = now_ms + ASSESSMENT_YEARS * _YEAR_MS
    id_ = ids.uuid7(now_ms, os.urandom(10))
    async with connection.transaction():
        row = await (await connection.execute(_COUNT, (tenant,))).fetchone()
        if row and row[0] >= IMPACT_ASSESSMENTS:
            raise InputError("too_many", f"at most {IMPACT_ASSESSMENTS} assessments")
        said = ImpactAssessed(
            asset=asset,
            digest=hashlib.sha256(text.encode()).hexdigest(),
            purpose=purpose,
            recipient=recipient,
            risk=risk,
            until=rfc3339(until_ms),
        )
        await say_next(connection, tenant, id_, (0, NO_HEAD), actor, now_ms, said)
        times = (write.instant(now_ms * 1000), write.instant(until_ms * 1000))
        what = (asset, recipient, purpose, risk, text, actor.sub)
        await connection.execute(_INSERT, (tenant, id_, *what, *times))
    return Assessment(
        id=id_,
        asset=asset,
        recipient=recipient,
        purpose=purpose,
        risk=risk,
        text=text,
        by=actor.sub,
        at=rfc3339(now_ms),
        until=rfc3339(until_ms),
    )


async def holds(
    connection: Connection, tenant: int, *, asset: str, recipient: str, purpose: str, now_ms: int
) -> bool:
    """Tell whether somebody assessed this, and it still counts."""
    asked = (tenant, asset, recipient, purpose, write.instant(now_ms * 1000))
    return await (await connection.execute(_HOLDS, asked)).fetchone() is not None


async def page(
    connection: Connection, tenant: int, before: uuid.UUID, limit: int
) -> list[Assessment]:
    """List assessments, the newest first."""
    cursor = await connection.execute(_LIST, (tenant, before, limit))
    return [
        Assessment(
            id=r[0],
            asset=r[1],
            recipient=r[2],
            purpose=r[3],
            risk=r[4],
            text=r[5],
            by=r[6],
            at=rfc3339(round(r[7].timestamp() * 1000)),
            until=rfc3339(round(r[8].timestamp() * 1000)),
        )
        for r in await cursor.fetchall()
    ]
