"""What a merchant's scorers know, as snapshots take it: the panel of the second scorers,
content-addressed, one active or none; the coefficients of S1 that are in use.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.capabilities.routing.panel import Panel, load_panel
from danshu.capabilities.routing.score import Coefficients
from danshu.kernel.errors import InputError
from danshu.kernel.limits import SNAPSHOT_BYTES, SNAPSHOTS_KEPT

if TYPE_CHECKING:
    from danshu.capabilities.routing.snapshot import Snapshot

Connection = Any
_ACTIVE: Final = "select digest from scorer_panels where tenant=%s and active"
_BODY: Final = "select body from scorer_panels where tenant=%s and digest=%s"
_RETIRE: Final = "update scorer_panels set active=false where tenant=%s and active"
_KEEP: Final = """
insert into scorer_panels(tenant,digest,body,report,active) values(%s,%s,%s,%s,true)
on conflict (tenant,digest) do update set active=true, report=excluded.report
"""
_FIGURES: Final = "select figures from coefficients where tenant=%s and active"
_read_figures = msgspec.json.Decoder(Coefficients).decode
_kept: OrderedDict[str, Panel] = OrderedDict()


async def read(connection: Connection, tenant: int, digest: str) -> Panel | None:
    """Read a panel by its digest, None when it is not kept or damaged; a few stay in memory."""
    found = _kept.get(digest)
    if found is None:
        asked = (tenant, bytes.fromhex(digest))
        row = await (await connection.execute(_BODY, asked, binary=True)).fetchone()
        if row is None:
            return None
        try:
            found = await asyncio.to_thread(_unpack, bytes(row[0]), digest)
        except (InputError, zlib.error):
            return None
        _kept[digest] = found
        while len(_kept) > SNAPSHOTS_KEPT:
            _kept.popitem(last=False)
    else:
        _kept.move_to_end(digest)
    return found


async def active(connection: Connection, tenant: int) -> Panel | None:
    """Read the panel that decisions hear now; None when there is none, or it is damaged."""
    row = await (await connection.execute(_ACTIVE, (tenant,), binary=True)).fetchone()
    return await read(connection, tenant, bytes(row[0]).hex()) if row else None


async def attach(connection: Connection, tenant: int, snapshot: Snapshot) -> bool:
    """Give a loaded snapshot the panel that it names; False when that is not kept."""
    if not snapshot.panel_digest:
        return True
    panel = await read(connection, tenant, snapshot.panel_digest)
    if panel is None:
        return False
    snapshot.attach(panel)
    return True


async def figures(connection: Connection, tenant: int) -> Coefficients | None:
    """Give the coefficients in use, None for the shipped ones."""
    row = await (await connection.execute(_FIGURES, (tenant,))).fetchone()
    return _read_figures(bytes(row[0])) if row else None


async def write(connection: Connection, tenant: int, panel: Panel, report: bytes) -> bool:
    """Make a panel the active one, in the caller's commit; False when it is already."""
    row = await (await connection.execute(_ACTIVE, (tenant,), binary=True)).fetchone()
    digest = bytes.fromhex(panel.digest)
    if row is not None and bytes(row[0]) == digest:
        return False
    await connection.execute(_RETIRE, (tenant,))
    body = zlib.compress(panel.content, 1)
    await connection.execute(_KEEP, (tenant, digest, body, report))
    return True


def _unpack(raw: bytes, digest: str) -> Panel:
    inflater = zlib.decompressobj()
    content = inflater.decompress(raw, SNAPSHOT_BYTES)
    if not inflater.eof:
        raise InputError("scorers", f"cut short, or over {SNAPSHOT_BYTES} bytes")
    return load_panel(content, digest)
