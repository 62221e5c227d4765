"""Models of the demo's merchant: learned from the month behind it, asked about its open orders.

What has ended there are some hundred orders; with the extra `forecast` trees are grown where that
is enough, else rates answer. A second run finds the models and asks again.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from danshu.hub import learning_rows, learning_work
from danshu.hub.asset_register import place
from danshu.hub.worlds import now_ms

if TYPE_CHECKING:
    from danshu.stories.stage import Stage


async def play(stage: Stage, tenant: int) -> int:
    """Learn and ask; gives how many open orders were told of."""
    async with stage.connection() as connection:
        with contextlib.ExitStack() as within:
            frames = await learning_work.open_frames(connection, tenant, place(), now_ms(), within)
            if not await learning_rows.current(connection, tenant):
                await learning_work.train(
                    connection, tenant, frames, learning_work.ACTOR, _hear_nothing
                )
            return await learning_work.look(connection, tenant, frames)


def _hear_nothing(stage: str, done: int, total: int) -> None:
    del stage, done, total
