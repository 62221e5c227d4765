"""A process that brings a merchant's assets up to the log: neither orders nor sealing wait for it,
and what DuckDB and Arrow take is given back when it ends.

    python -m danshu.hub.assets_child TENANT [NAME …]

with the database's URL as the first line of standard input; "force" as the second builds also what
nothing has changed of. Each line of standard output is {"stage", "done", "total"}, the last one has
the stage "end" with how many assets were built, and how many of them failed (`total`). It may be
killed anywhere: files are whole or not there.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Final

from danshu.hub import asset_runs
from danshu.hub.asset_building import bring_up
from danshu.hub.asset_register import place
from danshu.hub.job_child import END, tell
from danshu.hub.worlds import now_ms
from danshu.ledger.write import WORKING, connect

FORCE: Final = "force"
_NICE: Final = 10


async def run(url: str, tenant: int, names: list[str], *, is_forced: bool) -> None:
    """Bring a merchant's assets up to the log."""
    connection = await connect(url, f"{WORKING} assets")
    try:
        runs = await bring_up(
            connection, tenant, place(), names, clock=now_ms, is_forced=is_forced, tell=tell
        )
    finally:
        await connection.close()
    failed = sum(run.outcome == asset_runs.FAILED for run in runs)
    tell(END, len(runs), failed)


if __name__ == "__main__":
    os.nice(_NICE)
    said = sys.stdin.read().splitlines()
    asyncio.run(run(said[0], int(sys.argv[1]), sys.argv[2:], is_forced=FORCE in said[1:]))
