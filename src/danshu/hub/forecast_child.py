"""A process that forecasts a merchant's demand: neither orders nor sealing wait for it.

    python -m danshu.hub.forecast_child TENANT MODE

with the database's URL as the first line of standard input and the actor as JSON as the second.
MODE `run` forecasts, `watch` compares what came with the newest run. Each line of standard output
is {"stage", "done", "total"}; the last has the stage "end" with how many series were forecast or
found to drift. It may be killed anywhere: a run is written in one commit, or not at all.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import psycopg
from msgspec.structs import replace

from danshu.capabilities.forecasting import choose, cold
from danshu.capabilities.forecasting.model import KINDS, Chosen, Score
from danshu.capabilities.forecasting.simple import PLAIN
from danshu.hub import (
    asset_pieces,
    assets,
    forecast_drifts,
    forecast_gather,
    forecast_history,
    forecast_making,
    forecast_rows,
)
from danshu.hub.asset_files import of_tenant
from danshu.hub.job_child import END, tell
from danshu.hub.worlds import now_ms
from danshu.kernel import ids
from danshu.kernel.errors import InputError
from danshu.kernel.fact import Actor
from danshu.kernel.limits import FORECAST_PROCESSES
from danshu.ledger.write import WORKING, connect

if TYPE_CHECKING:
    from danshu.hub.forecast_gather import Gathered
    from danshu.hub.forecast_making import Foretold, Workers

ORIGIN: Final = "origin"
RUN: Final = "run"
WATCH: Final = "watch"
_NICE: Final = 10
_FEW: Final = 300  # series that sold for which processes of their own cost more than they save
_decode_actor: Final = msgspec.json.Decoder(Actor).decode


async def run(url: str, tenant: int, mode: str, actor: Actor) -> None:
    """Forecast, or watch. Raises InputError `no_history`."""
    began_s = time.monotonic()
    connection = await connect(url, f"{WORKING} forecasts")
    try:
        tell("read", 0, 0)
        folder = assets.place()
        await asset_pieces.follow(connection, tenant, of_tenant(folder, tenant))
        today = forecast_history.day_of(now_ms())
        gathered = await forecast_gather.gather(connection, tenant, folder, today)
        if mode == WATCH:
            tell(END, await forecast_drifts.watch(connection, tenant, gathered, actor), 0)
            return
        written, lines = make(gathered, began_s)
        id_ = ids.uuid7(now_ms(), os.urandom(10))
        await forecast_rows.write(connection, tenant, id_, today, written, lines, actor)
    finally:
        await connection.close()
    tell(END, len(lines), 0)


def make(
    gathered: Gathered, began_s: float, *, with_extra: bool = True
) -> tuple[forecast_rows.Run, list[forecast_rows.Line]]:
    """Forecast what was gathered; gives the run and its lines."""
    panel = gathered.panel
    sold = int((panel.start < panel.units.shape[1]).sum())  # no other goes through a pool
    count = 1 if sold <= _FEW else FORECAST_PROCESSES
    with forecast_making.workers(count, with_extra=with_extra) as hands:
        return _make(gathered, hands, began_s)


def _make(
    gathered: Gathered, hands: Workers, began_s: float
) -> tuple[forecast_rows.Run, list[forecast_rows.Line]]:
    panel, known = gathered.panel, gathered.known
    days = panel.units.shape[1]
    origins = choose.origins(days)
    past = []
    for n, day in enumerate(origins):
        tell(ORIGIN, n, len(origins) + 1)
        past.append(forecast_making.look(panel, known, day, hands, tell))
    tell(ORIGIN, len(origins), len(origins) + 1)
    told = forecast_making.foretell(panel, known, past, hands, tell)
    found: tuple[Score, ...] = ()
    if len(past) > 1:
        sold = choose.panel_sold(panel.until(origins[-1]))
        found = tuple(forecast_making.judge(past[:-1], past[-1], sold))
    lent = cold.borrow(panel, gathered.goods, told.mean)
    told = forecast_making.widen(told, past, lent.means, lent.wider)
    lines = forecast_rows.make_lines(
        gathered.keys,
        told.mean,
        told.quantiles,
        told.sums,
        told.plain,
        panel.units,
        _choices(gathered, told, lent.similar),
    )
    # Of what never sold and is like nothing, nothing is known: no line is better than one of zeros.
    has_past = panel.start < days
    lines = [one for n, one in enumerate(lines) if has_past[n] or n in lent.similar]
    run = forecast_rows.Run(
        data=gathered.digest,
        program=program(),
        extra=hands.has_extra,
        first_day=forecast_history.day_text(panel.first_day),
        origins=len(origins),
        effects=told.by_kind,
        uplifts=told.uplifts,
        scores=found,
        took_s=round(time.monotonic() - began_s),
        fresh=len(lent.similar),
    )
    return run, lines


def _choices(
    gathered: Gathered, told: Foretold, similar: dict[int, tuple[str, ...]]
) -> list[Chosen]:
    found = []
    for row in range(len(gathered.keys)):
        kind = KINDS[int(told.spread.kind[row])]
        chosen = Chosen(kind=kind, methods=(PLAIN,), tried=())
        if told.choice is not None:
            chosen = choose.tell(told.choice, told.spread.kind, row)
        if row in similar:
            chosen = replace(chosen, kind="new", methods=("similar",), similar=similar[row])
        found.append(chosen)
    return found


def program() -> str:
    """Give the digest of the program that forecasts."""
    digest = hashlib.sha256()
    folder = Path(choose.__file__).parent
    for path in [*sorted(folder.glob("*.py")), Path(forecast_making.__file__)]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


if __name__ == "__main__":
    os.nice(_NICE)
    said = sys.stdin.read().splitlines()
    try:
        asyncio.run(run(said[0], int(sys.argv[1]), sys.argv[2], _decode_actor(said[1])))
    except (InputError, psycopg.Error) as error:
        sys.exit(f"{error}")
