"""A process that learns from a merchant's orders, or looks at them: nothing else waits for it, and
what DuckDB and the trees take is given back when it ends.

    python -m danshu.hub.learning_child TENANT train|look|ask

with the database's URL as the first line of standard input, who asked as the second (the actor as
JSON; "" = the hub itself). It speaks as hub/assets_child.py does. It may
be killed anywhere: models are kept in one commit, and so is what is told of open orders.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from typing import Final

import msgspec

from danshu.hub import learning_work
from danshu.hub.asset_register import place
from danshu.hub.job_child import END, tell
from danshu.hub.worlds import now_ms
from danshu.kernel.fact import Actor
from danshu.ledger.write import WORKING, connect

TRAIN: Final = "train"
LOOK: Final = "look"
ASK: Final = "ask"
_NICE: Final = 10
_READ: Final = "read"


async def run(url: str, tenant: int, what: str, actor: Actor) -> None:
    """Do one piece of work for a merchant."""
    connection = await connect(url, f"{WORKING} learning")
    try:
        with contextlib.ExitStack() as within:
            tell(_READ, 0, 1)
            frames = await learning_work.open_frames(connection, tenant, place(), now_ms(), within)
            made = 0
            if what == TRAIN:
                made = len(await learning_work.train(connection, tenant, frames, actor, tell))
            done = learning_work.ask if what == ASK else learning_work.look
            orders = await done(connection, tenant, frames)
    finally:
        await connection.close()
    tell(END, made if what == TRAIN else orders, 0)


def read_actor(line: str) -> Actor:
    """Read who asked."""
    return msgspec.json.decode(line, type=Actor) if line else learning_work.ACTOR


if __name__ == "__main__":
    os.nice(_NICE)
    said = [*sys.stdin.read().splitlines(), ""]
    asyncio.run(run(said[0], int(sys.argv[1]), sys.argv[2], read_actor(said[1])))
