"""水印 copies of data that went out, and whose copy a file is."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated, Any, Final

from litestar import Request, get, post
from litestar.params import QueryParameter
from msgspec import Struct

from danshu.faces.http import sheets
from danshu.faces.http.framework import (
    PROBLEMS,
    declare_read,
    held_of,
    hub_of,
    may,
    raw_body,
)
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.hub import watermarks
from danshu.hub.export_files import MEDIA
from danshu.hub.watermarks import Delivery, MarkedColumn, Named, Traced
from danshu.kernel.limits import INTEGER_MAX, WATERMARK_FILE_BYTES


class WatermarkCopy(Struct, frozen=True, kw_only=True):
    """A copy that went out: of what, to whom (`kind` person or partner), which columns carry its
    code; `changed` of `cells` differ, by `most` in their last digit; `honey` rows are invented.
    """

    code_no: int
    asset: str
    kind: str
    recipient: str
    department: str
    person: str
    purpose: str
    delivery: str
    issued: str
    columns: tuple[str, ...]
    rows: int
    honey: int
    digest: str
    changed: int
    cells: int
    most: int


class WatermarkPage(Struct, frozen=True, kw_only=True):
    """Copies, the newest first; `next` is "" at the end."""

    items: tuple[WatermarkCopy, ...]
    next: str


class WatermarkSuspect(Struct, frozen=True, kw_only=True):
    """A copy beside a file. `z` in thousandths of the standard deviation of somebody innocent;
    `bound` the chance that anybody innocent comes as far (`honey_bound`: has as many of the
    invented rows), as text in scientific notation; `honey` invented rows found.
    """

    copy: WatermarkCopy
    z: int
    bound: str
    honey: int
    honey_bound: str


class WatermarkColumn(Struct, frozen=True, kw_only=True):
    """A column of the file that bears a mark: by which columns its rows were found, how sure that
    is, thousandths of a standard deviation.
    """

    column: str
    by: str
    lean: int


class WatermarkVerdict(Struct, frozen=True, kw_only=True):
    """Whose copy a file is. `guilty` is empty where nobody is named; `others` came next, `earlier`
    are the last copies of those who are named, `heads` those that the heads of columns name: a hint
    alone. `z_min` (thousandths) and `bound_max` are the thresholds.
    """

    guilty: tuple[WatermarkSuspect, ...]
    others: tuple[WatermarkSuspect, ...]
    earlier: tuple[WatermarkCopy, ...]
    heads: tuple[WatermarkCopy, ...]
    marked: tuple[WatermarkColumn, ...]
    copies: int
    rows: int
    cells: int
    places: int
    digest: str
    z_min: int
    bound_max: str


def _show(found: Delivery) -> WatermarkCopy:
    to, use = found.recipient, found.use
    return WatermarkCopy(
        code_no=found.code_no,
        asset=found.asset,
        kind=to.kind,
        recipient=to.code,
        department=to.department,
        person=to.person,
        purpose=to.purpose,
        delivery=found.delivery,
        issued=found.issued,
        columns=found.columns,
        rows=found.rows,
        honey=found.honey,
        digest=found.digest,
        changed=use.changed if use else 0,
        cells=use.cells if use else 0,
        most=use.most if use else 0,
    )


def _suspect(named: Named) -> WatermarkSuspect:
    return WatermarkSuspect(
        copy=_show(named.delivery),
        z=round(1000 * named.z),
        bound=f"{named.bound:.1e}",
        honey=named.honey,
        honey_bound=f"{named.honey_bound:.1e}",
    )


def _column(marked: MarkedColumn) -> WatermarkColumn:
    return WatermarkColumn(column=marked.column, by=marked.by, lean=round(1000 * marked.lean))


def show_traced(traced: Traced) -> WatermarkVerdict:
    """Show what a file said."""
    return WatermarkVerdict(
        guilty=tuple(map(_suspect, traced.guilty)),
        others=tuple(map(_suspect, traced.others)),
        earlier=tuple(map(_show, traced.earlier)),
        heads=tuple(map(_show, traced.heads)),
        marked=tuple(map(_column, traced.marked)),
        copies=traced.copies,
        rows=traced.rows,
        cells=traced.cells,
        places=traced.places,
        digest=traced.digest,
        z_min=round(1000 * watermarks.Z_MIN),
        bound_max=f"{watermarks.BOUND_MAX:.1e}",
    )


OfRecipient = Annotated[
    str, QueryParameter(name="recipient", max_length=64, description="number or code")
]


@get("/v1/watermarks", **declare_read("listWatermarks", "watermarks", "asset.trace"))
async def list_watermarks(
    request: Request[Any, Any, Any],
    recipient: OfRecipient = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> WatermarkPage:
    """List the copies that went out, the newest first."""
    before = int(read_place(cursor, int)[0]) if cursor else INTEGER_MAX
    async with hub_of(request).connection() as connection:
        found = await watermarks.list_deliveries(
            connection, held_of(request).tenant, recipient, before, limit + 1
        )
    more = found[limit - 1].code_no if len(found) > limit else 0
    return WatermarkPage(
        items=tuple(map(_show, found[:limit])), next=write_place(more) if more else ""
    )


@post(
    "/v1/watermarks/trace",
    operation_id="traceWatermark",
    tags=["watermarks"],
    status_code=200,
    responses=PROBLEMS,
    guards=[may("asset.trace")],
    request_max_body_size=WATERMARK_FILE_BYTES,
    operation_class=raw_body(
        "A CSV, XLSX, Parquet or JSON table; what it is follows from its bytes",
        sheets.CSV,
        sheets.XLSX,
        MEDIA["parquet"],
        "application/octet-stream",
    ),
)
async def trace_watermark(request: Request[Any, Any, Any]) -> WatermarkVerdict:
    """Say whose copy a file is, or nobody's. The file isn't kept; that it was traced is a fact."""
    held = held_of(request)
    body = await request.body()
    with tempfile.TemporaryDirectory(prefix="danshu-trace-") as folder:
        path = Path(folder) / "file"
        await asyncio.to_thread(path.write_bytes, body)
        traced = await watermarks.trace_file(hub_of(request), held.tenant, path, held.actor)
    return show_traced(traced)


ROUTES: Final = [list_watermarks, trace_watermark]
