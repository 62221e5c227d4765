"""The room `forecasts`: forecasts demand of who has a forecast or brought past sales, every
FORECAST_EVERY_S, and compares what came with it every day; in a child process.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, Final

from danshu.hub import forecast_history, forecast_jobs
from danshu.hub.forecast_child import RUN, WATCH
from danshu.hub.worlds import now_ms
from danshu.kernel.errors import InputError
from danshu.kernel.fact import Actor
from danshu.kernel.limits import FORECAST_EVERY_S

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from danshu.hub.job_child import Told

Connection = Any
ROOM: Final = "forecasts"
ROBOT: Final = Actor(sub="forecasts", role="system", grade="C")
_DUE: Final = """
select t.tenant from (select tenant from forecast_files union select tenant from forecast_runs) t
where not exists (select 1 from forecast_runs r where r.tenant=t.tenant
  and r.at > now() - make_interval(secs => %s))
and not exists (select 1 from jobs j where j.tenant=t.tenant and j.kind='forecast'
  and j.ended is null) and not (t.tenant = any(%s)) order by 1 limit 1
"""
_UNSEEN: Final = """
select r.tenant from forecast_runs r where r.day < %s and (r.watched is null or r.watched < %s)
and r.at = (select max(at) from forecast_runs n where n.tenant=r.tenant)
and not (r.tenant = any(%s)) order by 1 limit 1
"""
_AGAIN_S: Final = 3_600.0  # after a run that failed
_log = logging.getLogger("danshu.forecasts")


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Make the step of the room; 1 when another merchant may be due."""
    resting: dict[int, float] = {}
    is_first = True

    async def step(connection: Connection) -> int:
        nonlocal is_first
        if is_first:  # a process that has just begun has better things to do
            is_first = False
            return 0
        at_s = time.monotonic()
        tired = [tenant for tenant, until in resting.items() if until > at_s]
        today = forecast_history.day_of(now_ms())
        for mode, query, told in (
            (RUN, _DUE, (FORECAST_EVERY_S, tired)),
            (WATCH, _UNSEEN, (today, today, tired)),
        ):
            row = await (await connection.execute(query, told)).fetchone()
            if row is not None:
                if not await _run(url, int(row[0]), mode):
                    resting[int(row[0])] = at_s + _AGAIN_S
                return 1
        return 0

    return step


async def _run(url: str, tenant: int, mode: str) -> bool:
    """Run the child for a merchant; False where it failed, which is logged."""

    async def goes_on(told: Told | None) -> bool:
        del told
        return True

    try:
        await forecast_jobs.run_child(url, tenant, mode, ROBOT, goes_on)
    except InputError as error:
        _log.warning("tenant %s: %s", tenant, error)
        return False
    return True
