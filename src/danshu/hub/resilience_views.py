"""Resilience as its page shows it: marks of today and before, the newest simulation, settings."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.routing.resilience.index import Mark
from danshu.hub import resilience
from danshu.hub.resilience import Losses, decode_losses
from danshu.kernel.fact import rfc3339

if TYPE_CHECKING:
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
_LATEST: Final = """
select wh, score, body, at, (select score from resilience_marks b where b.tenant=m.tenant
  and b.wh=m.wh and b.day < m.day order by b.day desc limit 1)
from (select distinct on (wh) * from resilience_marks where tenant=%s order by wh, day desc) m
"""
_HISTORY: Final = """
select day, wh, score from resilience_marks where tenant=%s and day > current_date - %s
and wh=%s order by day
"""
_RUN_COLUMNS: Final = (
    "r.id,r.cause,r.orders,r.snapshot,r.body,j.state,j.trouble,j.total,j.done,j.created,j.ended"
)
_FROM: Final = (
    f"select {_RUN_COLUMNS} from resilience_runs r"
    " left join jobs j on j.tenant=r.tenant and j.id=r.id"
)
_RUN: Final = f"{_FROM} where r.tenant=%s and r.id=%s"
_RUNS: Final = f"{_FROM} where r.tenant=%s order by r.id desc limit %s"
_decode_mark = msgspec.json.Decoder(Mark).decode


class MarkView(Struct, frozen=True, kw_only=True):
    """A warehouse's mark ("" = the network); `before` the day before, -1 without one. `part` is
    the least part; `is_under`: it gets no new volume while an alternative is near in cost.
    """

    mark: Mark
    name: str
    part: str
    before: int
    is_under: bool


class LossRun(Struct, frozen=True, kw_only=True):
    """A simulation of losses. `state`: waiting, running, done, cancelled, failed; `losses` is
    there once it has ended.
    """

    id: uuid.UUID
    cause: str
    state: str
    trouble: str
    done: int
    total: int
    orders: int
    snapshot: str
    losses: Losses | None
    created: str
    ended: str


class ResilienceView(Struct, frozen=True, kw_only=True):
    """The network's mark, warehouses from the weakest, the newest simulations, the settings."""

    at: str
    network: MarkView | None
    items: tuple[MarkView, ...]
    runs: tuple[LossRun, ...]
    threshold: int
    surcharge_fen: int


class DayMark(Struct, frozen=True, kw_only=True):
    """A day's last mark."""

    day: str
    score: int


async def read(connection: Connection, world: World, runs: int) -> ResilienceView:
    """Read what the page shows; before the first mark there are none."""
    settings = await resilience.read_settings(connection, world.tenant)
    rows = await (await connection.execute(_LATEST, (world.tenant,))).fetchall()
    names = {w.code: w.name for w in world.warehouses}
    views = []
    at = ""
    for code, score, body, told, before in rows:
        if code and code not in names:
            continue
        mark = _decode_mark(bytes(body))
        at = max(at, rfc3339(round(told.timestamp() * 1000)))
        views.append(
            MarkView(
                mark=mark,
                name=names.get(code, ""),
                part=resilience.weakest_part(mark),
                before=-1 if before is None else before,
                is_under=bool(code) and score < settings.threshold,
            )
        )
    asked = (world.tenant, runs)
    found = await (await connection.execute(_RUNS, asked, binary=True)).fetchall()
    return ResilienceView(
        at=at,
        network=next((v for v in views if not v.mark.warehouse), None),
        items=tuple(
            sorted((v for v in views if v.mark.warehouse), key=lambda v: (v.mark.score, v.name))
        ),
        runs=tuple(_run(row) for row in found),
        threshold=settings.threshold,
        surcharge_fen=settings.surcharge_fen,
    )


async def read_run(connection: Connection, tenant: int, id_: uuid.UUID) -> LossRun:
    """Read a simulation. Raises InputError `no_run`."""
    row = await (await connection.execute(_RUN, (tenant, id_), binary=True)).fetchone()
    if row is None:
        raise resilience.NO_RUN
    return _run(row)


async def list_days(
    connection: Connection, tenant: int, warehouse: str, days: int
) -> list[DayMark]:
    """List the last days' marks of a warehouse, or of the network ("")."""
    rows = await (await connection.execute(_HISTORY, (tenant, days, warehouse))).fetchall()
    return [DayMark(day=day.isoformat(), score=score) for day, _, score in rows]


def _run(row: tuple[Any, ...]) -> LossRun:
    id_, cause, orders, snapshot, body, state, trouble, total, done, created, ended = row
    has = bool(body)
    return LossRun(
        id=id_,
        cause=cause,
        state=state or ("done" if has else "failed"),  # its job was forgotten long ago
        trouble=trouble or "",
        done=done or 0,
        total=total or 0,
        orders=orders,
        snapshot=bytes(snapshot).hex() if snapshot else "",
        losses=decode_losses(bytes(body)) if has else None,
        created=rfc3339(round(created.timestamp() * 1000)) if created else "",
        ended=rfc3339(round(ended.timestamp() * 1000)) if ended else "",
    )
