"""Assets 数据资产 of a merchant: what there is, how it is brought up to the log, what it says.

The door for other parts of the hub; what is behind it: asset_register, asset_pieces (sources),
asset_store (DuckDB), asset_building (runs), asset_cells and asset_trace (answers).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from danshu.hub.asset_building import bring_up
from danshu.hub.asset_register import find, known, place
from danshu.hub.asset_views import list_assets, read_cells, read_page, trace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.asset_runs import Run
    from danshu.hub.compose import Hub

__all__ = [
    "bring_up",
    "find",
    "known",
    "list_assets",
    "place",
    "read_cells",
    "read_page",
    "refresh",
    "trace",
]


async def refresh(
    hub: Hub, tenant: int, names: Sequence[str] = (), *, is_forced: bool = False
) -> tuple[Run, ...]:
    """Bring a merchant's sources up to the log and build what they change; gives the runs.

    `names` () = all assets. `is_forced`: build also what nothing has changed of.
    """
    async with hub.connection() as connection:
        return await bring_up(
            connection, tenant, place(), names, is_forced=is_forced, clock=hub.clock
        )
