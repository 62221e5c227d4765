"""Repairs 维修工单 over HTTP: listed, read, closed."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.faces.http import problems
from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of, respond
from danshu.faces.http.questions import Cursor, Limit, Word, read_place, write_place
from danshu.hub import repair_rows, repairs
from danshu.hub.fields import PLAIN
from danshu.hub.repair_rows import RepairLine, RepairRow
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import PAGE_ROWS
from danshu.ledger import write

if TYPE_CHECKING:
    import datetime

Ask = Request[Any, Any, Any]
_ONE: Final = "/v1/repairs/{repair:uuid}"


class RepairView(Struct, frozen=True, kw_only=True):
    """A repair. `state`: opened (in the house), sent, accepted, refused, closed. `figures` in
    thousandths, `wave` the SHA-256 of the original; `order` is where spares of the merchant's own
    were ordered; `price_fen` -1 where the supplier said none.
    """

    id: uuid.UUID
    device: str
    supplier: str
    original: uuid.UUID | None
    state: str
    action: str
    regulation: str
    symptoms: tuple[str, ...]
    figures: dict[str, int]
    parts: tuple[RepairLine, ...]
    wave: str
    warranty: bool
    reference: str
    visit: str
    price_fen: int
    order: uuid.UUID | None
    reason: str
    by: str
    opened: str
    closed: str


class RepairPage(Struct, frozen=True, kw_only=True):
    """Repairs, the newest first; `next` is "" at the end."""

    items: tuple[RepairView, ...]
    next: str


class RepairClose(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a repair ended: `done`, which goes into the device's history, or `cancelled`, of which
    its supplier is told.
    """

    how: Literal["done", "cancelled"]
    note: Annotated[str, Meta(max_length=500, pattern=PLAIN)] = ""


def _at(at: datetime.datetime | None) -> str:
    return rfc3339(round(at.timestamp() * 1000)) if at else ""


def _us(at: datetime.datetime) -> int:
    return round(at.timestamp() * 1_000_000)


def _show(row: RepairRow) -> RepairView:
    return RepairView(
        id=row.id,
        device=row.device,
        supplier=row.supplier,
        original=row.original,
        state=row.state,
        action=row.action,
        regulation=row.regulation,
        symptoms=row.symptoms,
        figures=row.figures,
        parts=row.parts,
        wave=row.wave,
        warranty=row.warranty,
        reference=row.reference,
        visit=_at(row.visit),
        price_fen=row.price_fen,
        order=row.order,
        reason=row.reason,
        by=row.by,
        opened=_at(row.opened),
        closed=_at(row.closed),
    )


@get("/v1/repairs", **declare_read("listRepairs", "repairs", "device.read"))
async def list_repairs(
    request: Ask,
    standing: Annotated[
        Literal["", "opened", "sent", "accepted", "refused", "closed"],
        QueryParameter(name="state"),
    ] = "",
    device: Word = "",
    cursor: Cursor = "",
    limit: Limit = PAGE_ROWS,
) -> RepairPage:
    """List repairs, the newest first."""
    before = None
    if cursor:
        at_us, id_ = read_place(cursor, int, str)
        try:
            before = (write.instant(int(at_us)), uuid.UUID(str(id_)))
        except ValueError as error:
            raise InputError("bad_cursor", "the cursor is not one of ours") from error
    filters = {"state": standing, "device": device}
    async with hub_of(request).connection() as connection:
        rows = await repair_rows.list_rows(
            connection, held_of(request).tenant, filters, before, limit + 1
        )
    following = ""
    if len(rows) > limit:
        last = rows[limit - 1]
        following = write_place(_us(last.opened), str(last.id))
    return RepairPage(items=tuple([_show(r) for r in rows[:limit]]), next=following)


@get(_ONE, **declare_read("readRepair", "repairs", "device.read"))
async def read_repair(repair: FromPath[uuid.UUID], request: Ask) -> RepairView:
    """Read a repair."""
    async with hub_of(request).connection() as connection:
        return _show(await repair_rows.find(connection, held_of(request).tenant, repair))


@post(
    _ONE + "/close",
    **declare_write("closeRepair", "repairs", "device.write"),
    status_code=200,
)
async def close_repair(
    repair: FromPath[uuid.UUID], data: JSONBody[RepairClose], request: Ask
) -> Response[RepairView]:
    """Close a repair that is done, or cancel it."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        done = await repairs.close(
            connection, held.tenant, repair, data.how, held.actor, hub.clock(), data.note
        )
    if isinstance(done, Refusal):
        return respond(problems.of(done))
    return Response(_show(done))


ROUTES: Final = [list_repairs, read_repair, close_repair]
