"""Models of the demo's merchant: learned from the months behind it, asked about its open orders.

With the extra `forecast` trees are grown, and the merchant's rule puts them into use where they
were better than rates on orders that neither had seen; without it rates answer. A second run finds
the models and asks again.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Final

from danshu.hub import learning_rows, learning_work
from danshu.hub.asset_register import place
from danshu.hub.worlds import now_ms
from danshu.stories import furnishing

if TYPE_CHECKING:
    from danshu.hub.learning_frames import Frames
    from danshu.stories.stage import Stage

Connection = Any
_LATE: Final = "late"
_LOOKED: Final = "select 1 from learning_looks where tenant=%s"
_BEAT_S: Final = 0.3
_PATIENCE: Final = 30


async def begin(stage: Stage, tenant: int) -> None:
    """Let the rule decide which model is used, before there is any."""
    async with stage.connection() as connection:
        if not await learning_rows.current(connection, tenant):
            await learning_rows.configure(connection, tenant, True, furnishing.TELLER)


async def play(stage: Stage, tenant: int, *, is_new: bool) -> tuple[int, str]:
    """Learn where orders are new, and ask; gives how many open orders were told of, and in which
    state the model is that tells how late they will be ("" = none).
    """
    async with stage.connection() as connection:
        if is_new:
            await _wait(connection, tenant)
        with contextlib.ExitStack() as within:
            frames = await learning_work.open_frames(connection, tenant, place(), now_ms(), within)
            if is_new and not await _is_learned(connection, tenant, frames):
                await learning_work.train(
                    connection, tenant, frames, learning_work.ACTOR, _hear_nothing
                )
                told = await learning_work.look(connection, tenant, frames)
            else:
                told = await learning_work.ask(connection, tenant, frames)
        models = await learning_rows.current(connection, tenant)
    used = learning_rows.used(models, _LATE)
    return told, used.state if used else ""


async def _wait(connection: Connection, tenant: int) -> None:
    """Wait until the room has learned, as it does once by itself where enough orders have ended:
    to learn twice costs more than all orders did.
    """
    for _ in range(_PATIENCE):
        if await (await connection.execute(_LOOKED, (tenant,))).fetchone():
            return
        await asyncio.sleep(_BEAT_S)


async def _is_learned(connection: Connection, tenant: int, frames: Frames) -> bool:
    """Tell whether the room has learned from these very rows: it may have begun before all orders
    were there.
    """
    base = (await learning_rows.current(connection, tenant)).get((_LATE, "base"))
    return base is not None and base.card.data == frames.ended(_LATE).digest()


def _hear_nothing(stage: str, done: int, total: int) -> None:
    del stage, done, total
