"""Data resources in the balance sheet over HTTP 数据资源入表: decided, drawn, written as files."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Request, Response, get, put
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Struct

from danshu.capabilities.licensing.model import day_of
from danshu.capabilities.valuation.treating import TreatmentRule
from danshu.faces.http import problems
from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of, respond
from danshu.hub import balance_sheet, licences, sheet_exports
from danshu.hub.balance_sheet import BalanceSheet, TreatmentDoc, TreatmentWrite
from danshu.hub.export_files import MEDIA
from danshu.kernel.errors import Refusal

Ask = Request[Any, Any, Any]
_TAG: Final = "balance sheet"
SheetMonth = Annotated[
    str,
    QueryParameter(
        name="month", pattern=r"^(\d{4}-(0[1-9]|1[0-2]))?$", description="YYYY-MM; none = this one"
    ),
]
Form = Annotated[Literal["csv", "xlsx", "json"], QueryParameter(name="form")]


class TreatmentItem(Struct, frozen=True, kw_only=True):
    """How an asset stands: answers, the rule that decided, the treatment."""

    asset: str
    version: int
    doc: TreatmentDoc


class TreatmentList(Struct, frozen=True, kw_only=True):
    """The decision table, and how each asset stands that was decided on. A rule without
    `verified_by` was read in the text by nobody: 条款未核.
    """

    rules: tuple[TreatmentRule, ...]
    items: tuple[TreatmentItem, ...]


@get("/v1/asset-treatments", **declare_read("listAssetTreatments", _TAG, "licence.read"))
async def list_treatments(request: Ask) -> TreatmentList:
    """List the decision table and what it decided."""
    async with hub_of(request).connection() as connection:
        found = await balance_sheet.list_treatments(connection, held_of(request).tenant)
    items = [TreatmentItem(asset=t.asset, version=t.version, doc=t.doc) for t in found.values()]
    return TreatmentList(rules=balance_sheet.rules(), items=tuple(items))


@put("/v1/asset-treatments/{asset:str}", **declare_write("treatAsset", _TAG, "licence.write"))
async def treat_asset(
    asset: FromPath[str], request: Ask, data: JSONBody[TreatmentWrite]
) -> Response[TreatmentItem]:
    """Answer for an asset; the table decides how it stands in the balance sheet."""
    licences.must_know(asset)
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        told = await balance_sheet.treat(
            connection, held.tenant, asset, data, held.actor, hub.clock()
        )
    if isinstance(told, Refusal):
        return respond(problems.of(told))
    return Response(TreatmentItem(asset=told.asset, version=told.version, doc=told.doc))


async def _draw(request: Ask, month: str) -> BalanceSheet:
    hub = hub_of(request)
    wanted = month or f"{day_of(hub.clock()):%Y-%m}"
    async with hub.connection() as connection:
        return await balance_sheet.draw(connection, held_of(request).tenant, wanted)


@get("/v1/balance-sheet", **declare_read("readBalanceSheet", _TAG, "licence.read"))
async def read_sheet(request: Ask, sheet_month: SheetMonth = "") -> BalanceSheet:
    """Draw the data resources of the balance sheet at the end of a month."""
    return await _draw(request, sheet_month)


@get(
    "/v1/balance-sheet/file",
    **{
        **declare_read("downloadBalanceSheet", _TAG, "licence.read"),
        "media_type": "application/octet-stream",
    },
)
async def download_sheet(
    request: Ask, sheet_month: SheetMonth = "", form: Form = "xlsx"
) -> Response[bytes]:
    """Download it: CSV, XLSX with the schedules and formulas, or JSON with all inputs."""
    sheet = await _draw(request, sheet_month)
    if form == "json":
        body = msgspec.json.format(msgspec.json.encode(sheet))
    elif form == "csv":
        body = sheet_exports.write_csv(sheet)
    else:
        body = await asyncio.to_thread(sheet_exports.write_xlsx, sheet)
    name = f"data-resources-{sheet.month}.{form}"
    return Response(
        body,
        media_type="application/json" if form == "json" else MEDIA[form],
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


ROUTES: Final = [list_treatments, treat_asset, read_sheet, download_sheet]
