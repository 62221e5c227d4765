"""What is read of promises: the running ones by their deadlines, the decided ones by verdict."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.hub import views
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import SCAN_CANDIDATES
from danshu.ledger import write

if TYPE_CHECKING:
    from danshu.hub.compose import Hub

Connection = psycopg.AsyncConnection[Any]
TICKING: Final = ("running", "paused")
_DUE: Final = """
select t.due, t.id, o.terms from timers t join orders o on o.tenant=t.tenant and o.id=t.id
where t.tenant=%(tenant)s and (t.due,t.id) > (%(due)s,%(id)s) order by t.due,t.id limit %(limit)s
"""
_VERDICTS: Final = """
select id,code,state,due,at,gap_ms from verdicts where tenant=%(tenant)s and state=%(state)s
and (id < %(id)s or id=%(id)s and code > %(code)s)
and (%(due)s::timestamptz is null or due < %(due)s) order by id desc, code limit %(limit)s
"""
_DEFINITIONS: Final = """
select code,version,active,digest,body from definitions where tenant=%s order by code,version
"""


class PromiseRow(Struct, frozen=True, kw_only=True):
    """One promise of one order; `due` and `at` (when it was decided) are "" where there is none."""

    order: uuid.UUID
    code: str
    state: str
    due: str
    at: str
    gap_ms: int


async def list_ticking(
    hub: Hub, tenant: int, state: str, before_ms: int, after: tuple[int, uuid.UUID], limit: int
) -> tuple[list[PromiseRow], tuple[int, uuid.UUID] | None]:
    """List promises whose clock runs, the next to ring first, after a place (due µs, order).

    A page holds the promises of whole orders, so it may pass `limit` a little; at most
    SCAN_CANDIDATES timers
    are looked at, then it ends early. Gives the place of the following page, None at the end.
    """
    due_us, id_ = after
    async with hub.connection() as connection:
        cursor = await connection.execute(
            _DUE,
            {
                "tenant": tenant,
                "due": write.instant(due_us),
                "id": id_,
                "limit": min(SCAN_CANDIDATES, limit * 10),
            },
            binary=True,
        )
        timers = await cursor.fetchall()
    out: list[PromiseRow] = []
    for due, order, terms in timers:
        if len(out) >= limit:
            return out, (due_us, id_)
        due_us, id_ = round(due.timestamp() * 1_000_000), order
        for p in await views.read_promises(hub, tenant, bytes(terms)):
            if p.state.value == state and (not before_ms or p.due_ms < before_ms):
                out.append(
                    PromiseRow(
                        order=order,
                        code=p.code,
                        state=p.state.value,
                        due=rfc3339(p.due_ms) if p.due_ms else "",
                        at="",
                        gap_ms=0,
                    )
                )
    full = len(timers) == min(SCAN_CANDIDATES, limit * 10)
    return out, (due_us, id_) if full else None


async def list_verdicts(
    connection: Connection,
    tenant: int,
    state: str,
    before_ms: int,
    after: tuple[uuid.UUID, str],
    limit: int,
) -> list[PromiseRow]:
    """List decided promises after a place (order, code), newest orders first."""
    cursor = await connection.execute(
        _VERDICTS,
        {
            "tenant": tenant,
            "state": state,
            "id": after[0],
            "code": after[1],
            "due": write.instant(before_ms * 1000) if before_ms else None,
            "limit": limit,
        },
        binary=True,
    )
    return [
        PromiseRow(
            order=r[0],
            code=r[1],
            state=r[2],
            due=rfc3339(int(r[3].timestamp() * 1000)) if r[3] else "",
            at=rfc3339(int(r[4].timestamp() * 1000)),
            gap_ms=r[5],
        )
        for r in await cursor.fetchall()
    ]


async def list_definitions(
    connection: Connection, tenant: int
) -> list[tuple[str, int, bool, str, bytes]]:
    """List definitions: code, version, active, digest in hex, JSON."""
    cursor = await connection.execute(_DEFINITIONS, (tenant,), binary=True)
    return [(r[0], r[1], r[2], bytes(r[3]).hex(), bytes(r[4])) for r in await cursor.fetchall()]
