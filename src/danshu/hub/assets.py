"""Assets 数据资产 of a merchant: what there is, how it is brought up to the log, what it says.

Sources follow the log (asset_pieces), an asset is built anew where a source of its own has grown
(asset_store), looked at (asset_checks), and the run is written down (asset_runs).
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import time
from typing import TYPE_CHECKING, Any, Final, cast

from danshu.capabilities.assets.quality import Quality
from danshu.hub import asset_files, asset_pieces, asset_runs, asset_store
from danshu.hub.asset_checks import check
from danshu.hub.asset_runs import BUILT, FAILED, Run
from danshu.kernel import ids
from danshu.kernel.errors import InputError, ProgramError
from danshu.kernel.limits import ASSET_BUILD_MB
from danshu.ports import registry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from danshu.hub.asset_index import Index
    from danshu.hub.compose import Hub
    from danshu.ports.asset import Asset

Connection = Any
PORT: Final = "asset"
# One at a time for a merchant, in whatever process: the key is a name nobody else locks by.
_LOCK: Final = "select pg_try_advisory_lock(hashtext('danshu.assets'), %s)"
_UNLOCK: Final = "select pg_advisory_unlock(hashtext('danshu.assets'), %s)"
_WAIT_S: Final = 0.2


def known() -> Mapping[str, Asset]:
    """Give the assets that are plugged in, by name. Raises ProgramError for one that is none."""
    found = {}
    for name in registry.names(PORT):
        asset = cast("Asset", registry.load(PORT, name))
        if asset.name != name:
            raise ProgramError(f"the asset {name!r} calls itself {asset.name!r}")
        found[name] = asset
    return found


def find(name: str) -> Asset:
    """Give an asset by name. Raises InputError `no_asset`."""
    asset = known().get(name)
    if asset is None:
        raise InputError("no_asset", f"no asset is called {name!r}")
    return asset


def place() -> Path:
    """Give the folder of all merchants' assets."""
    return asset_files.place(os.environ)


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


async def bring_up(
    connection: Connection,
    tenant: int,
    folder: Path,
    names: Sequence[str] = (),
    *,
    clock: Callable[[], int],
    is_forced: bool = False,
    tell: Callable[[str, int, int], None] | None = None,
) -> tuple[Run, ...]:
    """Do as `refresh` says on a connection in autocommit; `tell` hears stage, done, total.

    Waits for another process that does the same for this merchant.
    """
    chosen = [find(name) for name in names] or list(known().values())
    while not (await (await connection.execute(_LOCK, (tenant,))).fetchone())[0]:
        await asyncio.sleep(_WAIT_S)
    try:
        mine = asset_files.of_tenant(folder, tenant)
        say = (lambda done, total: tell("read", done, total)) if tell else None
        grown = await asset_pieces.follow(connection, tenant, mine, tell=say)
        runs = []
        for at, asset in enumerate(chosen):
            if tell:
                tell(asset.name, at, len(chosen))
            if not is_forced and is_current(mine, asset, grown.index):
                continue
            run = await asyncio.to_thread(_build, folder, tenant, asset, clock)
            await asset_runs.write(connection, tenant, run, ())
            runs.append(run)
        return tuple(runs)
    finally:
        await connection.execute(_UNLOCK, (tenant,))


def is_current(folder: Path, asset: Asset, index: Index) -> bool:
    """Whether what was built last is what would be built now."""
    built = asset_store.read_built(folder, asset.name)
    return (
        built is not None
        and built.version == asset.version
        and built.state == index.state_of(asset.sources)
        and (folder / built.file.name).exists()
    )


def _build(folder: Path, tenant: int, asset: Asset, clock: Callable[[], int]) -> Run:
    """Build an asset and look at it, in a thread; what goes wrong is the run's outcome."""
    began_ms, began_s = clock(), time.perf_counter()
    id_ = ids.uuid7(began_ms, secrets.token_bytes(10))
    rows = size = 0
    digest = trouble = formulas = ""
    quality = Quality()
    with asset_store.open_store(folder, tenant, memory_mb=ASSET_BUILD_MB) as store:
        try:
            formulas = formulas_of(store, asset)
            built = asset_store.build(store, asset, str(id_), began_ms)
            rows, size, digest = built.file.rows, built.file.size, built.file.digest
            quality = check(store, asset, age_s=0)
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


def formulas_of(store: asset_store.Store, asset: Asset) -> str:
    """Give the digest (hex) of an asset's query as DuckDB runs it."""
    import ibis

    text = str(ibis.to_sql(store.cells(asset), dialect="duckdb"))
    return hashlib.sha256(text.encode()).hexdigest()
