"""Runs of re-decisions 信号改派 as pages show them: what was closed, what became of its orders."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.routing.closures import Closure
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import REDECIDE_CLOSURES

if TYPE_CHECKING:
    import datetime
    from collections.abc import Sequence

Connection = psycopg.AsyncConnection[Any]
Outcome = Literal["", "moved", "stays", "pinned", "held", "begun", "untouched", "refused"]
NO_RUN: Final = InputError("no_redecision", "there is no such re-decision")
_COLUMNS: Final = "no, before, after, closed, began, ended"
_LIST: Final = (
    f"select {_COLUMNS} from redecisions where tenant=%s and no < %s"
    " and (%s or exists (select 1 from redecision_items i where i.tenant=redecisions.tenant"
    " and i.no=redecisions.no and i.outcome <> 'untouched'))"
    " order by no desc limit %s"
)
_READ: Final = f"select {_COLUMNS} from redecisions where tenant=%s and no=%s"
_COUNTS: Final = """
select no, outcome, count(*) from redecision_items
where tenant=%s and no=any(%s) and outcome <> 'waiting' group by 1, 2
"""
_ITEMS: Final = """
select i.id, i.outcome, o.doc, o.wh from redecision_items i
join orders o on o.tenant=i.tenant and o.id=i.id
where i.tenant=%s and i.no=%s and i.id < %s and i.outcome <> 'waiting'
and (%s = '' or i.outcome = %s) order by i.id desc limit %s
"""


class RedecisionCounts(Struct, frozen=True, kw_only=True):
    """Orders of a run. `begun`: a warehouse has begun them; `pinned`: a person chose it and signed;
    `untouched`: looked at for nothing.
    """

    moved: int
    stays: int
    pinned: int
    held: int
    begun: int
    untouched: int
    refused: int


class Redecision(Struct, frozen=True, kw_only=True):
    """A run: snapshot `no` closed what `before` left open. `closed` names the first of
    `closed_total`; `ended` is "" while it goes on.
    """

    no: int
    before: str
    after: str
    closed: tuple[Closure, ...]
    closed_total: int
    orders: RedecisionCounts
    began: str
    ended: str


class RedecisionOrder(Struct, frozen=True, kw_only=True):
    """An order of a run, the warehouses that it is in now."""

    order: uuid.UUID
    number: str
    outcome: str
    warehouses: tuple[str, ...]


class _Part(Struct, frozen=True):
    warehouse: str
    state: str = "allocated"


class _Shown(Struct, frozen=True):
    number: str
    fulfilments: tuple[_Part, ...] = ()


_decode_closed = msgspec.json.Decoder(tuple[Closure, ...]).decode
_decode_order = msgspec.json.Decoder(_Shown).decode


async def list_runs(
    connection: Connection, tenant: int, before: int, limit: int, *, idle: bool
) -> list[Redecision]:
    """List runs, newest first; without `idle` only those that concerned any order."""
    cursor = await connection.execute(_LIST, (tenant, before, idle, limit), binary=True)
    return await _show(connection, tenant, await cursor.fetchall())


async def read_run(connection: Connection, tenant: int, no: int) -> Redecision:
    """Read a run. Raises InputError `no_redecision`."""
    cursor = await connection.execute(_READ, (tenant, no), binary=True)
    rows = await cursor.fetchall()
    if not rows:
        raise NO_RUN
    (run,) = await _show(connection, tenant, rows)
    return run


async def list_orders(
    connection: Connection,
    tenant: int,
    no: int,
    outcome: Outcome,
    before: uuid.UUID,
    limit: int,
) -> list[RedecisionOrder]:
    """List the orders of a run, newest first; with `outcome` only those of which that became."""
    asked = (tenant, no, before, outcome, outcome, limit)
    cursor = await connection.execute(_ITEMS, asked, binary=True)
    return [_order(row) for row in await cursor.fetchall()]


async def _show(
    connection: Connection, tenant: int, rows: Sequence[tuple[Any, ...]]
) -> list[Redecision]:
    none = dict.fromkeys(RedecisionCounts.__struct_fields__, 0)
    counts: dict[int, dict[str, int]] = {row[0]: dict(none) for row in rows}
    if rows:
        cursor = await connection.execute(_COUNTS, (tenant, list(counts)), binary=True)
        for no, outcome, count in await cursor.fetchall():
            counts[no][outcome] = count
    shown = []
    for no, before, after, closed, began, ended in rows:
        named = _decode_closed(bytes(closed))
        shown.append(
            Redecision(
                no=no,
                before=bytes(before).hex() if before else "",
                after=bytes(after).hex(),
                closed=named[:REDECIDE_CLOSURES],
                closed_total=len(named),
                orders=RedecisionCounts(**counts[no]),
                began=_time(began),
                ended=_time(ended),
            )
        )
    return shown


def _order(row: tuple[Any, ...]) -> RedecisionOrder:
    doc = _decode_order(bytes(row[2]))
    places = dict.fromkeys(f.warehouse for f in doc.fulfilments if f.state != "cancelled")
    return RedecisionOrder(
        order=row[0], number=doc.number, outcome=row[1], warehouses=tuple(places)
    )


def _time(at: datetime.datetime | None) -> str:
    return rfc3339(round(at.timestamp() * 1000)) if at else ""
