"""The room `coe`: on Monday at 06:00 it writes the review of the week that ended, and it looks
after experiments that run.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.coe import weeks
from danshu.hub.worlds import now_ms
from danshu.kernel.errors import DanshuError
from danshu.kernel.limits import COE_LOOK_S
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Connection = Any
_REVIEW: Final = """
select t.id from tenants t where t.created < %s and t.id <> all(%s)
and exists (select 1 from books b where b.tenant=t.id and b.size > 0)
and not exists (select 1 from weekly_reviews r where r.tenant=t.id and r.week=%s)
order by t.id limit 1
"""
_EXPERIMENT: Final = """
select tenant, id from experiments where state='running' and (looked is null or looked <= %s)
order by looked nulls first limit 1
"""
_log = logging.getLogger("danshu.coe")


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Make the step of the room; 1 when more may be due."""
    del url
    failed: dict[str, set[int]] = {}

    async def step(connection: Connection) -> int:
        at_ms = now_ms()
        week = weeks.last_ended(at_ms)
        tried = failed.setdefault(week, set())
        tenant = await _find_review(connection, week, tried)
        if tenant is not None:
            # late: this brings DuckDB along
            from danshu.hub import coe_experiments, coe_reviews

            try:
                body = await coe_reviews.write(connection, tenant, week, at_ms)
                await coe_reviews.keep(connection, tenant, body, coe_experiments.ROBOT, at_ms)
            except DanshuError:
                tried.add(tenant)  # a person can ask for it; next week's is tried again
                _log.exception("the review %s of merchant %s cannot be written", week, tenant)
            return 1
        return await _look(connection, at_ms)

    return step


async def _find_review(connection: Connection, week: str, tried: set[int]) -> int | None:
    _, until_ms = weeks.bounds(week)
    told = (write.instant(until_ms * 1000), list(tried), week)
    row = await (await connection.execute(_REVIEW, told)).fetchone()
    return row[0] if row else None


async def _look(connection: Connection, at_ms: int) -> int:
    ago = write.instant((at_ms - COE_LOOK_S * 1000) * 1000)
    row = await (await connection.execute(_EXPERIMENT, (ago,))).fetchone()
    if row is None:
        return 0
    from danshu.hub import coe_experiments

    try:
        await coe_experiments.look_after(connection, row[0], row[1], at_ms)
    except DanshuError:
        _log.exception("experiment %s cannot be looked after", row[1])
    return 1
