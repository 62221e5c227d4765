"""The assets of the demo's merchant: brought up to the log, with what its goods cost. A second run
adds nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.hub import asset_building, asset_files, asset_store, assets
from danshu.hub.worlds import now_ms
from danshu.stories import caller
from danshu.testing import merchant

if TYPE_CHECKING:
    import httpx

    from danshu.stories.stage import Stage

_UNKNOWN_EVERY: Final = 40


async def play(stage: Stage, client: httpx.AsyncClient, tenant: int, *, is_new: bool) -> int:
    """Say what goods cost where orders are new, and make the assets; gives how many have cells."""
    if is_new:
        await caller.ask(client, "PUT", "/v1/sku-values", json=_costs())
    async with stage.connection() as connection:
        await asset_building.bring_up(connection, tenant, assets.place(), clock=now_ms)
    folder = asset_files.of_tenant(assets.place(), tenant)
    built = [asset_store.read_built(folder, name) for name in assets.known()]
    return sum(1 for each in built if each and each.file.rows)


def _costs() -> list[dict[str, Any]]:
    """Say what goods cost: some 45 to 75 % of their price, of some nothing is known."""
    return [
        {"code": sku.code, "cost_fen": sku.price_fen * (45 + nth * 7 % 31) // 100}
        for nth, sku in enumerate(merchant.skus())
        if nth % _UNKNOWN_EVERY
    ]
