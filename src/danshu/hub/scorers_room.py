"""The room `scorers`: learns from deliveries once a night, and at once when a person asks.

It makes the panel of the second scorers anew and uses it (they decide nothing), and proposes
coefficients for S1, which nobody uses before a person has adopted them. Where no order was
delivered since the last time, nothing is read.
"""

from __future__ import annotations

import asyncio
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
    import datetime
    from collections.abc import Awaitable, Callable

    from danshu.capabilities.routing.network import Network
    from danshu.capabilities.routing.scorers.history import History
    from danshu.hub.nightly import Due

Connection = Any
ACTOR: Final = Actor(sub="hub", role="scorers")
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
    return await coefficients.WORK.look_due(connection, at_ms, _look)


async def _look(connection: Connection, due: Due, _at_ms: int) -> tuple[bytes, str]:
    """Learn from a merchant's deliveries; gives what they were, and what came of it."""
    history, tenant = due.kept[0], due.tenant
    found = await deliveries.find(connection, tenant)
    if found.digest == bytes(history or b"") and not due.asked:
        outcome = NOTHING_NEW
    elif len(found.ids) < FIT_LEAST:
        outcome = TOO_FEW
    else:
        try:
            outcome = await learn(connection, tenant, found, due.day)
        except (psycopg.OperationalError, psycopg.InterfaceError):
            raise
        except Exception:  # noqa: BLE001 - logged; one history must not stop the others' nights
            _log.exception("tenant %s: nothing was learned", tenant)
            outcome = FAILED
    _log.info("tenant %s: %s", tenant, outcome)
    return found.digest, outcome


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
