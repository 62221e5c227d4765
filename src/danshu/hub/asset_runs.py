"""Runs of assets: what was built when, from what, with which outcome; written once, never changed.

A run is no business fact: it follows from facts, and may be done again to the same bytes. So it
stands in a table, with the positions that were read and the digest of the file.
"""

from __future__ import annotations

import datetime
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.assets.quality import Quality
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

Connection = Any
BUILT: Final = "built"
FAILED: Final = "failed"
NO_RUN: Final = InputError("no_run", "there is no such run")
_COLUMNS: Final = (
    "run,asset,version,formulas,(extract(epoch from began)*1000)::int8,seconds,outcome,trouble,"
    "state,inputs,rows,bytes,digest,quality"
)
_INSERT: Final = (
    "insert into asset_runs(tenant,run,asset,version,formulas,began,seconds,outcome,trouble,state,"
    "inputs,rows,bytes,digest,quality,event)"
    " values(%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)"
)
_LIST: Final = (
    f"select {_COLUMNS} from asset_runs where tenant=%s and asset=%s and run < %s"
    " order by run desc limit %s"
)
_LATEST: Final = (
    f"select distinct on (asset) {_COLUMNS} from asset_runs where tenant=%s"
    " order by asset, run desc"
)
_READ: Final = f"select {_COLUMNS} from asset_runs where tenant=%s and run=%s"
_EVENT: Final = "select event from asset_runs where tenant=%s and run=%s"
_EVENTS: Final = (
    "select run, event from asset_runs where tenant=%s and run > %s order by run limit %s"
)


class Run(Struct, frozen=True, kw_only=True):
    """A run. `formulas` is the digest of the SQL, `state` that of the sources, `inputs` how far
    each book was read; `rows`, `bytes` and `digest` are of the file, 0 and "" where it failed.
    """

    run: uuid.UUID
    asset: str
    version: int
    formulas: str
    began_ms: int
    seconds: float
    outcome: str
    trouble: str
    state: str
    inputs: dict[str, int]
    rows: int
    bytes: int
    digest: str
    quality: Quality


async def write(connection: Connection, tenant: int, run: Run, events: Sequence[Any]) -> None:
    """Write a run with its events."""
    began = datetime.datetime.fromtimestamp(run.began_ms / 1000, datetime.UTC)
    await connection.execute(
        _INSERT,
        (
            tenant, run.run, run.asset, run.version, run.formulas, began, run.seconds, run.outcome,
            run.trouble, run.state, _json(run.inputs), run.rows, run.bytes, run.digest,
            _json(run.quality), _json(events),
        ),
    )  # fmt: skip


async def read(connection: Connection, tenant: int, run: uuid.UUID) -> Run:
    """Read a run. Raises InputError `no_run`."""
    row = await (await connection.execute(_READ, (tenant, run))).fetchone()
    if row is None:
        raise NO_RUN
    return _run(row)


async def latest(connection: Connection, tenant: int) -> dict[str, Run]:
    """Read the last run of each asset."""
    rows = await (await connection.execute(_LATEST, (tenant,))).fetchall()
    return {row[1]: _run(row) for row in rows}


async def list_runs(
    connection: Connection, tenant: int, asset: str, before: uuid.UUID | None, limit: int
) -> list[Run]:
    """List an asset's runs, the newest first, those before a run."""
    least = before or uuid.UUID(int=(1 << 128) - 1)
    rows = await (await connection.execute(_LIST, (tenant, asset, least, limit))).fetchall()
    return [_run(row) for row in rows]


async def read_events(connection: Connection, tenant: int, run: uuid.UUID) -> list[Any]:
    """Read the OpenLineage events of a run. Raises InputError `no_run`."""
    row = await (await connection.execute(_EVENT, (tenant, run))).fetchone()
    if row is None:
        raise NO_RUN
    found: list[Any] = row[0]
    return found


async def list_events(
    connection: Connection, tenant: int, after: uuid.UUID | None, limit: int
) -> list[tuple[uuid.UUID, list[Any]]]:
    """List the OpenLineage events of runs after a run, the oldest first."""
    asked = (tenant, after or uuid.UUID(int=0), limit)
    return [(row[0], row[1]) for row in await (await connection.execute(_EVENTS, asked)).fetchall()]


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _run(row: tuple[Any, ...]) -> Run:
    names = Run.__struct_fields__
    said = dict(zip(names, row, strict=True))
    said["quality"] = msgspec.convert(said["quality"], Quality)
    return Run(**said)
