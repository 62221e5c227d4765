"""The rows of forecasts: a run is written whole with its fact, or not at all."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
from msgspec import Struct

from danshu.capabilities.forecasting.facts import ForecastMade
from danshu.capabilities.forecasting.model import Chosen, Score
from danshu.hub import merchants
from danshu.kernel.limits import FORECAST_RUNS

if TYPE_CHECKING:
    import datetime
    import uuid
    from collections.abc import Sequence

    from danshu.hub.forecast_gather import Key
    from danshu.kernel.fact import Actor

Connection = Any
_MOST: Final = 2**31 - 1
_RECENT_D: Final = 56
_RUN: Final = """
insert into forecast_runs(tenant,id,day,digest,series,doc) values (%s,%s,%s,%s,%s,%s::jsonb)
"""
_SERIES: Final = (
    "copy forecast_series(tenant,run,place,sku,daily,method,mean,quantiles,sums,recent,doc,plain)"
    " from stdin"
)
_OLD: Final = """
delete from forecast_series s using (select id from forecast_runs where tenant=%s
  order by at desc offset %s) old where s.tenant=%s and s.run=old.id
"""


class Run(Struct, frozen=True, kw_only=True):
    """How a run went: what it learned from and by which program, whether the extra was there, what
    kinds of days and promotions multiply demand by (thousandths), and the scores of ours and every
    method at the origin that was held out; seconds of work.
    """

    data: str
    program: str
    extra: bool
    first_day: str
    origins: int
    effects: dict[str, int]
    uplifts: dict[str, int]
    scores: tuple[Score, ...]
    took_s: int
    fresh: int = 0
    """Series that are new, and borrow."""


class Line(Struct, frozen=True, kw_only=True):
    """What is written of a series: thousandths of a unit."""

    key: tuple[str, str]
    mean: tuple[int, ...]
    quantiles: tuple[int, ...]
    sums: tuple[int, ...]
    plain: tuple[int, ...]
    recent: tuple[int, ...]
    chosen: Chosen


def make_lines(
    keys: Sequence[Key],
    mean: Any,
    quantiles: Any,
    sums: Any,
    plain: Any,
    recent: Any,
    chosen: Sequence[Chosen],
) -> list[Line]:
    """Make the lines of all series out of arrays of units."""
    tables = [
        np.minimum(np.rint(each.reshape(len(keys), -1) * 1000), most).astype(np.int64).tolist()
        for each, most in (
            (mean, _MOST), (quantiles, _MOST), (sums, 2**53), (plain, _MOST)
        )
    ]  # fmt: skip
    last = np.rint(recent[:, -_RECENT_D:]).astype(np.int64).tolist()
    return [
        Line(
            key=key,
            mean=tuple(tables[0][n]),
            quantiles=tuple(tables[1][n]),
            sums=tuple(tables[2][n]),
            plain=tuple(tables[3][n]),
            recent=tuple(last[n]),
            chosen=chosen[n],
        )
        for n, key in enumerate(keys)
    ]


async def write(
    connection: Connection,
    tenant: int,
    id_: uuid.UUID,
    day: datetime.date,
    run: Run,
    lines: Sequence[Line],
    actor: Actor,
) -> str:
    """Write a run in one commit, and forget the series of old ones; gives its digest."""
    digest = hashlib.sha256(b"\n".join(msgspec.json.encode(line) for line in lines)).hexdigest()
    async with connection.transaction():
        doc = msgspec.json.encode(run).decode()
        await connection.execute(_RUN, (tenant, id_, day, digest, len(lines), doc))
        async with connection.cursor() as cursor, cursor.copy(_SERIES) as copy:
            for line in lines:
                await copy.write_row(_row(tenant, id_, line))
        said = ForecastMade(
            data=run.data,
            day=day.isoformat(),
            digest=digest,
            program=run.program,
            run=str(id_),
            series=len(lines),
        )
        await merchants.say(connection, tenant, actor, said)
        await connection.execute(_OLD, (tenant, FORECAST_RUNS, tenant))
    return digest


def _row(tenant: int, id_: uuid.UUID, line: Line) -> tuple[Any, ...]:
    return (
        tenant,
        id_,
        *line.key,
        sum(line.mean) // max(len(line.mean), 1),
        "+".join(line.chosen.methods[:3]) or "plain",
        list(line.mean),
        list(line.quantiles),
        list(line.sums),
        list(line.recent),
        msgspec.json.encode(line.chosen).decode(),
        list(line.plain),
    )
