"""All of a merchant's assets made again from the log, beside what is there, and compared byte by
byte: that they follow from the facts, and from nothing else.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from danshu.hub import asset_files, asset_index, asset_pieces, asset_store
from danshu.hub.asset_register import known
from danshu.kernel.errors import InputError
from danshu.kernel.limits import ASSET_BUILD_MB

if TYPE_CHECKING:
    from pathlib import Path

    from danshu.hub.asset_files import Written
    from danshu.hub.asset_index import Index

Connection = Any


class AssetDifference(Struct, frozen=True, kw_only=True):
    """A file that is not as it is made again: `what` is missing, changed (its bytes are not those
    that were written) or other (what was written does not follow from the log).
    """

    name: str
    what: str


class Compared(Struct, frozen=True, kw_only=True):
    """What was made again: leaves read, files of sources and assets compared, their bytes."""

    leaves: int
    files: int
    size: int
    differences: tuple[AssetDifference, ...]


async def compare(connection: Connection, tenant: int, folder: Path) -> Compared:
    """Make all that is there again, as far as it had read, and compare it. Changes nothing.

    Raises InputError `not_built` where there is nothing, or where it was made by another version of
    the hub, so that nothing can be said of it.
    """
    mine = asset_files.of_tenant(folder, tenant)
    index = await asyncio.to_thread(asset_index.read, mine)
    salt = await asset_pieces.read_salt(connection, tenant)
    if index is None or index.format != asset_index.make_format(salt):
        raise InputError("not_built", "there are no assets of this version; build them first")
    beside = folder / f".check-{tenant}-{os.getpid()}"
    try:
        again = await asset_pieces.follow(
            connection, tenant, asset_files.of_tenant(beside, tenant), until=index.ends,
            is_anew=True,
        )  # fmt: skip
        found = await asyncio.to_thread(_compare, folder, beside, tenant, index, again.index)
    finally:
        await asyncio.to_thread(shutil.rmtree, beside, ignore_errors=True)
    return Compared(
        leaves=again.leaves, files=len(found[0]), size=sum(f.size for f in found[0]),
        differences=tuple(found[1]),
    )  # fmt: skip


def _compare(
    folder: Path, beside: Path, tenant: int, index: Index, again: Index
) -> tuple[list[Written], list[AssetDifference]]:
    mine = asset_files.of_tenant(folder, tenant)
    there = {f.name: f for piece in index.pieces for f in piece.files.values()}
    made = {f.name: f for piece in again.pieces for f in piece.files.values()}
    there, made = {**there, **index_masters(index)}, {**made, **index_masters(again)}
    different = []
    for name in sorted(there.keys() | made.keys()):
        different += _look(mine, name, there.get(name), made.get(name))
    compared = list(there.values())
    with asset_store.open_store(beside, tenant, memory_mb=ASSET_BUILD_MB) as store:
        for asset in known().values():
            built = asset_store.read_built(mine, asset.name)
            if built is None or built.version != asset.version:
                continue
            if built.state != store.index.state_of(asset.sources):
                continue  # it waits for its refresh: what it was built from is no more
            once_more = asset_store.build(store, asset, built.run, built.built_ms)
            different += _look(mine, built.file.name, built.file, once_more.file)
            compared.append(built.file)
    return compared, different


def index_masters(index: Index) -> dict[str, Written]:
    """Give the files of master data by name."""
    return {file.name: file for file in index.masters.values()}


def _look(
    folder: Path, name: str, there: Written | None, made: Written | None
) -> list[AssetDifference]:
    """Compare a file with what it was written as, and with what it is made as."""
    if there is None or made is None:
        return [AssetDifference(name=name, what="missing" if there is None else "other")]
    try:
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    except FileNotFoundError:
        return [AssetDifference(name=name, what="missing")]
    if digest != there.digest:
        return [AssetDifference(name=name, what="changed")]
    return [] if digest == made.digest else [AssetDifference(name=name, what="other")]
