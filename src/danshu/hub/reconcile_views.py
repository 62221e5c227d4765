"""What is shown of runs of reconciliation: how far they are, what they looked at and found."""

from __future__ import annotations

import uuid
from typing import Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.hub.differences_views import text
from danshu.hub.reconcile_join import RULES
from danshu.kernel.errors import InputError

Connection = psycopg.AsyncConnection[Any]
_RUNS: Final = """
select r.id, r.cause, r.stage, r.whole, r.rules, r.orders, r.lines, r.matched, r.counts, r.until,
r.seconds, j.state, j.trouble, j.created from reconcile_runs r
left join jobs j on j.tenant=r.tenant and j.id=r.id where r.tenant=%s
"""
_ONE_RUN: Final = _RUNS + " and r.id=%s"
_LIST_RUNS: Final = _RUNS + " and r.id<%s order by r.id desc limit %s"
_RULE_COUNTS: Final = (
    "select rule, count(*) from bill_matches where tenant=%s and run=%s group by 1 order by 1"
)
NO_RUN: Final = InputError("no_run", "there is no such run")
_decode_counts = msgspec.json.Decoder(dict[str, int]).decode


class ReconcileRun(Struct, frozen=True, kw_only=True):
    """A run: its stage (waiting, log, read, join, write, done, failed, cancelled), what it looked
    at and found. `counts` by class is of what it looked at; `rules` how many lines each rule of
    matching explained first.
    """

    id: uuid.UUID
    cause: str
    stage: str
    whole: bool
    rules_version: int
    orders: int
    lines: int
    matched: int
    counts: dict[str, int]
    rules: dict[str, int]
    until: str
    seconds: float
    trouble: str
    began: str


async def read_run(connection: Connection, tenant: int, id_: uuid.UUID) -> ReconcileRun:
    """Read a run. Raises InputError `no_run`."""
    row = await (await connection.execute(_ONE_RUN, (tenant, id_))).fetchone()
    if row is None:
        raise NO_RUN
    rules = await (await connection.execute(_RULE_COUNTS, (tenant, id_))).fetchall()
    return _run(row, {RULES[no - 1]: n for no, n in rules})


async def list_runs(
    connection: Connection, tenant: int, before: uuid.UUID, limit: int
) -> list[ReconcileRun]:
    """List runs, newest first."""
    rows = await (await connection.execute(_LIST_RUNS, (tenant, before, limit))).fetchall()
    return [_run(row, {}) for row in rows]


def _run(row: tuple[Any, ...], rules: dict[str, int]) -> ReconcileRun:
    state = row[11]
    return ReconcileRun(
        id=row[0],
        cause=row[1],
        stage=state if state in ("failed", "cancelled") else row[2],
        whole=row[3],
        rules_version=row[4],
        orders=row[5],
        lines=row[6],
        matched=row[7],
        counts=_decode_counts(bytes(row[8])) if row[8] else {},
        rules=rules,
        until=text(row[9]),
        seconds=round(row[10], 3),
        trouble=row[12] or "",
        began=text(row[13]),
    )
