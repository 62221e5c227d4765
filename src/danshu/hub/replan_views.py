"""Runs of the replan as pages show them, and the prices in force."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.hub import jobs
from danshu.hub.replan import gap_ppm
from danshu.hub.replan_child import Load
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339

if TYPE_CHECKING:
    from collections.abc import Sequence

Connection = psycopg.AsyncConnection[Any]
NO_RUN: Final = InputError("no_run", "there is no such replan")
_COLUMNS: Final = (
    "r.id,r.cause,r.stage,r.share,r.orders,r.lines,r.pinned,r.planned,r.before_fen,r.after_fen,"
    "r.bound_fen,r.exact,r.digest,r.snapshot,r.loads,j.state,j.trouble,j.done,j.failed,j.created,"
    "j.ended,j.actor"
)
_FROM: Final = (
    f"select {_COLUMNS} from replans r left join jobs j on j.tenant=r.tenant and j.id=r.id"
)
_LIST: Final = f"{_FROM} where r.tenant=%s and r.id < %s order by r.id desc limit %s"
_READ: Final = f"{_FROM} where r.tenant=%s and r.id=%s"
_MOVES: Final = """
select m.id, m.gain_fen, m.was, m.becomes, i.code, i.reason, i.reason_en, o.doc
from replan_moves m left join job_items i on i.tenant=m.tenant and i.job=m.run and i.id=m.id
left join orders o on o.tenant=m.tenant and o.id=m.id
where m.tenant=%s and m.run=%s and m.id < %s order by m.id desc limit %s
"""
_PRICES: Final = """
select p.no, p.digest, p.made, coalesce(sum(t.myopic_fen),0), coalesce(sum(t.priced_fen),0),
coalesce(sum(t.orders),0), p.active from prices p left join price_trials t
on t.tenant=p.tenant and t.no=p.no where p.tenant=%s group by p.tenant, p.no
order by p.no desc limit %s
"""
_LATEST_PRICES: Final = 10


class Replan(Struct, frozen=True, kw_only=True):
    """A run. `state`: waiting, running, done, cancelled, failed; `stage` of a running one: read,
    cells, prices, flow, master, place, trial, moving, and `percent` of that. Money in 分;
    `gap_ppm`: how far the plan may be above the optimum, in millionths; `proven`: it is the
    optimum.
    """

    id: uuid.UUID
    cause: str
    asked_by: str
    state: str
    stage: str
    percent: int
    trouble: str
    orders: int
    lines: int
    pinned: int
    planned: int
    moved: int
    refused: int
    before_fen: int
    after_fen: int
    bound_fen: int
    gap_ppm: int
    proven: bool
    digest: str
    snapshot: str
    loads: tuple[Load, ...]
    created: str
    ended: str


class ReplanMove(Struct, frozen=True, kw_only=True):
    """An order that the plan moves. `state`: waiting, moved, refused (with the reason)."""

    order: uuid.UUID
    number: str
    was: tuple[str, ...]
    becomes: tuple[str, ...]
    gain_fen: int
    state: str
    code: str
    reason: str
    reason_en: str


class PriceSet(Struct, frozen=True, kw_only=True):
    """Published prices, and what the same orders cost without and with them in all trials, 分."""

    no: int
    digest: str
    made: str
    active: bool
    orders: int
    myopic_fen: int
    priced_fen: int


class _Number(Struct, frozen=True):
    number: str


class _Actor(Struct, frozen=True):
    sub: str = ""


_decode_number = msgspec.json.Decoder(_Number).decode
_decode_actor = msgspec.json.Decoder(_Actor).decode
_decode_loads = msgspec.json.Decoder(tuple[Load, ...]).decode


async def list_runs(
    connection: Connection, tenant: int, before: uuid.UUID, limit: int
) -> list[Replan]:
    """List runs, newest first."""
    cursor = await connection.execute(_LIST, (tenant, before, limit), binary=True)
    return [_show(row) for row in await cursor.fetchall()]


async def read_run(connection: Connection, tenant: int, id_: uuid.UUID) -> Replan:
    """Read a run. Raises InputError `no_run`."""
    row = await (await connection.execute(_READ, (tenant, id_), binary=True)).fetchone()
    if row is None:
        raise NO_RUN
    return _show(row)


def _show(row: Sequence[Any]) -> Replan:
    stage, state = row[2], row[15] or row[2]
    # A job that a crash left without a word of its own is what its row says.
    ended = row[20]
    return Replan(
        id=row[0],
        cause=row[1],
        asked_by=_decode_actor(bytes(row[21])).sub if row[21] else "",
        state=state,
        stage=stage if state == jobs.RUNNING else "",
        percent=row[3],
        trouble=row[16] or "",
        orders=row[4],
        lines=row[5],
        pinned=row[6],
        planned=row[7],
        moved=row[17] or 0,
        refused=row[18] or 0,
        before_fen=row[8],
        after_fen=row[9],
        bound_fen=row[10],
        gap_ppm=gap_ppm(row[9], row[10]),
        proven=row[11],
        digest=bytes(row[12]).hex() if row[12] else "",
        snapshot=bytes(row[13]).hex() if row[13] else "",
        loads=_decode_loads(bytes(row[14])) if row[14] else (),
        created=rfc3339(int(row[19].timestamp() * 1000)) if row[19] else "",
        ended=rfc3339(int(ended.timestamp() * 1000)) if ended else "",
    )


async def list_moves(
    connection: Connection, tenant: int, run: uuid.UUID, before: uuid.UUID, limit: int
) -> list[ReplanMove]:
    """List the orders that a run moves, newest orders first."""
    cursor = await connection.execute(_MOVES, (tenant, run, before, limit), binary=True)
    return [
        ReplanMove(
            order=row[0],
            number=_decode_number(bytes(row[7])).number if row[7] else "",
            gain_fen=row[1],
            was=tuple(row[2]),
            becomes=tuple(row[3]),
            state="waiting" if row[4] is None else "refused" if row[4] else "moved",
            code=row[4] or "",
            reason=row[5] or "",
            reason_en=row[6] or "",
        )
        for row in await cursor.fetchall()
    ]


async def list_prices(connection: Connection, tenant: int) -> list[PriceSet]:
    """List the newest published prices with how they fared."""
    cursor = await connection.execute(_PRICES, (tenant, _LATEST_PRICES), binary=True)
    return [
        PriceSet(
            no=row[0],
            digest=bytes(row[1]).hex(),
            made=rfc3339(int(row[2].timestamp() * 1000)),
            myopic_fen=int(row[3]),
            priced_fen=int(row[4]),
            orders=int(row[5]),
            active=row[6],
        )
        for row in await cursor.fetchall()
    ]
