"""The room `scorers`: learns from deliveries once a night, and at once when a person asks.

It makes the panel of the second scorers anew and uses it (they decide nothing), and proposes
coefficients for S1, which nobody uses before a person has adopted them. Where no order was
delivered since the last time, nothing is read.
"""

from __future__ import annotations

import asyncio
import datetime
import logging
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg

from danshu.capabilities.routing.scorers import fit, seating
from danshu.hub import coefficients, deliveries, masters, panels, pictures
from danshu.hub.merchants import say
from danshu.hub.scorer_facts import ScorersSeated
from danshu.hub.worlds import now_ms
from danshu.kernel.errors import InputError
from danshu.kernel.fact import Actor
from danshu.kernel.limits import FIT_LEAST

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from danshu.capabilities.routing.network import Network
    from danshu.capabilities.routing.scorers.history import History

Connection = Any
ACTOR: Final = Actor(sub="hub", role="scorers")
NIGHT_HOUR: Final = 3  # of the local day
_UTC8: Final = datetime.timezone(datetime.timedelta(hours=8))
_DUE: Final = """
select t.id, w.wanted is not null, coalesce(w.history,'') from tenants t
left join scorer_work w on w.tenant=t.id
where w.wanted is not null or (%s and w.looked is distinct from %s) order by t.id
"""
_LOOKED: Final = """
insert into scorer_work(tenant,looked,history,outcome) values(%s,%s,%s,%s)
on conflict (tenant) do update set looked=excluded.looked, history=excluded.history,
outcome=excluded.outcome, wanted=null
"""
TOO_FEW: Final = "too_few"
NOTHING_NEW: Final = "nothing_new"
NO_NETWORK: Final = "no_network"
PROPOSED: Final = "proposed"
SEATED: Final = "seated"
FAILED: Final = "failed"
_log = logging.getLogger("danshu.scorers")


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Make the step of the room."""
    del url

    async def step(connection: Connection) -> int:
        await look(connection, now_ms())
        return 0

    return step


async def look(connection: Connection, at_ms: int) -> int:
    """Learn for the merchants that are due; gives how many."""
    local = datetime.datetime.fromtimestamp(at_ms / 1000, _UTC8)
    asked = (local.hour >= NIGHT_HOUR, local.date())
    rows = await (await connection.execute(_DUE, asked)).fetchall()
    for tenant, wanted, history in rows:
        found = await deliveries.find(connection, tenant)
        if found.digest == bytes(history) and not wanted:
            outcome = NOTHING_NEW
        elif len(found.ids) < FIT_LEAST:
            outcome = TOO_FEW
        else:
            try:
                outcome = await learn(connection, tenant, found, local.date())
            except (psycopg.OperationalError, psycopg.InterfaceError):
                raise
            except Exception:  # noqa: BLE001 - logged; one history must not stop the others' nights
                _log.exception("tenant %s: nothing was learned", tenant)
                outcome = FAILED
        _log.info("tenant %s: %s", tenant, outcome)
        await connection.execute(_LOOKED, (tenant, local.date(), found.digest, outcome))
    return len(rows)


async def learn(
    connection: Connection, tenant: int, found: deliveries.Delivered, day: datetime.date
) -> str:
    """Seat the panel and propose coefficients; gives what came of it."""
    known = await masters.load_network(connection, tenant)
    if known is None:
        return NO_NETWORK
    network = known[1]
    no, figures = await coefficients.read_active(connection, tenant)
    history = await deliveries.read(connection, tenant, network, found, figures.same_city_min)
    try:
        told = await asyncio.to_thread(fit.propose, history, figures, "learned")
    except InputError as error:
        return error.code
    is_new = told.passed or bool(told.learned)
    if is_new:
        async with connection.transaction():
            await coefficients.propose(connection, tenant, ACTOR, told, no)
    await seat(connection, tenant, network, history, day)
    return PROPOSED if is_new else SEATED


async def seat(
    connection: Connection, tenant: int, network: Network, history: History, day: datetime.date
) -> None:
    """Make the panel of a history the one that decisions hear."""
    _, figures = await coefficients.read_active(connection, tenant)
    seated = await asyncio.to_thread(
        seating.seat, history, network, figures, day.strftime("%Y-%m-%d")
    )
    panel = seated.panel
    report = coefficients.ScorerPanelReport(
        deliveries=panel.deliveries,
        first_mae_min=seated.first_mae_min,
        second_mae_min=seated.second_mae_min,
        absent=panel.absent,
        cost_error_fen=panel.cost_error_fen,
        limit_fen=panel.limit_fen,
    )
    async with connection.transaction():
        if not await panels.write(connection, tenant, panel, msgspec.json.encode(report)):
            return
        told = ScorersSeated(
            absent=panel.absent,
            cost_error_fen=panel.cost_error_fen,
            deliveries=panel.deliveries,
            digest=panel.digest,
            first_mae_min=seated.first_mae_min,
            limit_fen=panel.limit_fen,
            second_mae_min=seated.second_mae_min,
        )
        await say(connection, tenant, ACTOR, told)
        await pictures.touch(connection, tenant)
