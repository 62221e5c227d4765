"""Builds: sources follow the log, each asset that they change is built anew and looked at, and the
run is written down with its OpenLineage events.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING, Any

from danshu.capabilities.assets.quality import Quality
from danshu.hub import (
    asset_files,
    asset_lineage,
    asset_pieces,
    asset_runs,
    asset_store,
    asset_turns,
)
from danshu.hub.asset_checks import check
from danshu.hub.asset_register import find, known
from danshu.hub.asset_runs import BUILT, FAILED, Run
from danshu.hub.asset_sql import formulas_of
from danshu.kernel import ids
from danshu.kernel.limits import ASSET_BUILD_MB

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from danshu.capabilities.assets.open_lineage import Event
    from danshu.hub.asset_index import Index
    from danshu.ports.asset import Asset

Connection = Any


async def bring_up(
    connection: Connection,
    tenant: int,
    folder: Path,
    names: Sequence[str] = (),
    *,
    clock: Callable[[], int],
    is_forced: bool = False,
    is_anew: bool = False,
    tell: Callable[[str, int, int], None] | None = None,
) -> tuple[Run, ...]:
    """Do as `refresh` says on a connection in autocommit; `tell` hears stage, done, total.
    `is_anew`: the sources are made again from the log, whatever is there.

    Waits for another process that does the same for this merchant.
    """
    chosen = [find(name) for name in names] or list(known().values())
    async with asset_turns.take_turn(connection, asset_turns.BUILDING, tenant):
        mine = asset_files.of_tenant(folder, tenant)
        say = (lambda done, total: tell("read", done, total)) if tell else None
        grown = await asset_pieces.follow(connection, tenant, mine, tell=say, is_anew=is_anew)
        merchant = await asset_lineage.read_merchant(connection, tenant)
        runs: list[Run] = []
        events: list[Event] = []
        for at, asset in enumerate(chosen):
            if tell:
                tell(asset.name, at, len(chosen))
            if not is_forced and is_current(mine, asset, grown.index):
                continue
            waited_ms = clock() - grown.oldest_ms if grown.oldest_ms else 0
            run = await asyncio.to_thread(_build, folder, tenant, asset, clock, waited_ms)
            said = await asyncio.to_thread(
                asset_lineage.describe, merchant, asset, grown.index, run
            )
            await asset_runs.write(connection, tenant, run, said)
            runs.append(run)
            events += said
        await asset_lineage.post(events)
        return tuple(runs)


def is_current(folder: Path, asset: Asset, index: Index) -> bool:
    """Whether what was built last is what would be built now."""
    built = asset_store.read_built(folder, asset.name)
    return (
        built is not None
        and built.version == asset.version
        and built.state == index.state_of(asset.sources)
        and (folder / built.file.name).exists()
    )


def _build(
    folder: Path, tenant: int, asset: Asset, clock: Callable[[], int], waited_ms: int
) -> Run:
    """Build an asset and look at it, in a thread; what goes wrong is the run's outcome."""
    began_ms, began_s = clock(), time.perf_counter()
    id_ = ids.uuid7(began_ms, secrets.token_bytes(10))
    rows = size = 0
    digest = trouble = formulas = ""
    quality = Quality()
    with asset_store.open_store(folder, tenant, memory_mb=ASSET_BUILD_MB) as store:
        try:
            formulas = formulas_of(asset)
            built = asset_store.build(store, asset, str(id_), began_ms)
            rows, size, digest = built.file.rows, built.file.size, built.file.digest
            quality = check(store, asset, waited_s=max(0, waited_ms) // 1000)
        except Exception as error:  # noqa: BLE001 - an asset is somebody's file; the others go on
            trouble = f"{type(error).__name__}: {error}"[:1000]
    return Run(
        run=id_,
        asset=asset.name,
        version=asset.version,
        formulas=formulas,
        began_ms=began_ms,
        seconds=round(time.perf_counter() - began_s, 3),
        outcome=FAILED if trouble else BUILT,
        trouble=trouble,
        state=store.index.state_of(asset.sources),
        inputs=store.index.ends,
        rows=rows,
        bytes=size,
        digest=digest,
        quality=quality,
    )
