"""Bills 账单 over HTTP: their forms, brought in, what each left out."""

from __future__ import annotations

import tempfile
import uuid
from pathlib import Path
from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    raw_body,
)
from danshu.faces.http.questions import Cursor, Limit, read_before, read_place, write_place
from danshu.hub import bills
from danshu.hub.bills import BillFile, RejectedRow, Source
from danshu.hub.fields import PLAIN
from danshu.kernel.errors import InputError
from danshu.kernel.limits import BILL_BYTES

FormName = Annotated[str, QueryParameter(name="form", max_length=64, pattern=PLAIN)]
FileName = Annotated[str, QueryParameter(name="name", max_length=200, pattern=PLAIN)]
OfAccount = Annotated[str, QueryParameter(name="account", max_length=64, pattern=PLAIN)]


class BillForm(Struct, frozen=True, kw_only=True):
    """A form of bill that can be read."""

    name: str
    zh: str
    en: str
    book: str
    channel: str


class BillForms(Struct, frozen=True, kw_only=True):
    """The forms that come with the hub."""

    items: tuple[BillForm, ...]


class BillPage(Struct, frozen=True, kw_only=True):
    """Bills, newest first; `next` is "" at the end."""

    items: tuple[BillFile, ...]
    next: str


class RejectPage(Struct, frozen=True, kw_only=True):
    """Rows that are in no line; `next` is "" at the end."""

    items: tuple[RejectedRow, ...]
    next: str


_READ: Final[dict[str, Any]] = {
    "tags": ["reconciliation"],
    "responses": READ_PROBLEMS,
    "guards": [may("reconcile.read")],
}


@get("/v1/bill-forms", operation_id="listBillForms", **_READ)
async def list_forms() -> BillForms:
    """List the forms of bills that can be read."""
    return BillForms(
        items=tuple(
            BillForm(name=m.name, zh=m.zh, en=m.en, book=m.book, channel=m.channel)
            for m in bills.forms().values()
        )
    )


@post(
    "/v1/bills",
    operation_id="importBill",
    tags=["reconciliation"],
    responses=PROBLEMS,
    guards=[may("reconcile.write")],
    request_max_body_size=BILL_BYTES,
    operation_class=raw_body(
        "A bill as it was downloaded, CSV or XLSX by the form", "application/octet-stream"
    ),
)
async def import_bill(
    request: Request[Any, Any, Any], form: FormName, name: FileName, account: OfAccount = ""
) -> Response[BillFile]:
    """Bring a bill in: all of it, or nothing where its own totals do not agree. 200 when known."""
    held = held_of(request)
    mapping = bills.read_form(form)
    with tempfile.NamedTemporaryFile(suffix=Path(name).suffix or ".csv") as kept:
        size = 0
        async for part in request.stream():
            size += kept.write(part)
        kept.flush()
        if not size:
            raise InputError("empty_body", "the body is empty")
        source = Source(path=Path(kept.name), name=name, mapping=mapping, account=account)
        async with hub_of(request).connection() as connection:
            bill = await bills.bring_in(connection, held.tenant, source, held.actor)
    return Response(bill, status_code=200 if bill.is_known else 201)


@get("/v1/bills", operation_id="listBills", **_READ)
async def list_bills(
    request: Request[Any, Any, Any], cursor: Cursor = "", limit: Limit = 50
) -> BillPage:
    """List the bills that were brought in, newest first."""
    async with hub_of(request).connection() as connection:
        found = await bills.list_bills(
            connection, held_of(request).tenant, read_before(cursor), limit + 1
        )
    following = write_place(str(found[limit - 1].id)) if len(found) > limit else ""
    return BillPage(items=tuple(found[:limit]), next=following)


@get("/v1/bills/{bill_id:uuid}/rejects", operation_id="listBillRejects", **_READ)
async def list_rejects(
    bill_id: FromPath[uuid.UUID],
    request: Request[Any, Any, Any],
    cursor: Cursor = "",
    limit: Limit = 50,
) -> RejectPage:
    """List the rows of a bill that are in no line, each with its cells and why."""
    after = int(read_place(cursor, int)[0]) if cursor else 0
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        await bills.read(connection, tenant, bill_id)
        found = await bills.list_rejects(connection, tenant, bill_id, after, limit + 1)
    following = write_place(found[limit - 1].row) if len(found) > limit else ""
    return RejectPage(items=tuple(found[:limit]), next=following)


ROUTES: Final = [list_forms, import_bill, list_bills, list_rejects]
