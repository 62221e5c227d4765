"""Valuations and the cost ledger over HTTP 估值: ranges with their inputs, approved by a second."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.valuation import compute
from danshu.capabilities.valuation.model import (
    DEFINED,
    InputDefined,
    ValuationInputs,
    ValuationResult,
)
from danshu.faces.http import problems
from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of, respond
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.hub import asset_costs, licences, lists, valuations, value_views
from danshu.hub.actors import name_actors
from danshu.hub.asset_costs import CostEntry
from danshu.hub.fields import PLAIN
from danshu.hub.valuations import ValuationRow
from danshu.hub.value_views import AssetValue
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import PAGE_ROWS

if TYPE_CHECKING:
    import datetime

    from danshu.hub.asset_costs import CostRow

Ask = Request[Any, Any, Any]
_TAG: Final = "valuations"
_OF: Final = "/v1/valuations/{asset:str}"
_VERSION: Final = _OF + "/{version:int}"


class AssetValueList(Struct, frozen=True, kw_only=True):
    """All assets with their rights, licences and ranges of value."""

    items: tuple[AssetValue, ...]


class ValuationItem(Struct, frozen=True, kw_only=True):
    """A version of a valuation: what it follows from, the range, who drafted and approved it."""

    asset: str
    version: int
    state: str
    inputs: ValuationInputs
    result: ValuationResult
    digest: str
    drafted_by: str
    drafted: str
    answered_by: str
    answered: str
    reason: str


class ValuationPage(Struct, frozen=True, kw_only=True):
    """Versions, the newest first; `next` is "" at the end. `people` names who acted, `me` is the
    caller's own name among them.
    """

    items: tuple[ValuationItem, ...]
    next: str
    people: dict[str, str]
    me: str


class ValuationProposal(Struct, frozen=True, kw_only=True):
    """Inputs as the house's own figures propose them, the range that follows, what each is."""

    inputs: ValuationInputs
    result: ValuationResult
    defined: tuple[InputDefined, ...]


class ValuationReason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why it does not hold."""

    reason: Annotated[str, Meta(min_length=1, max_length=500, pattern=PLAIN)]


class AssetCostItem(Struct, frozen=True, kw_only=True):
    """An entry of the cost ledger; `by` is a number of people."""

    id: uuid.UUID
    entry: CostEntry
    by: str
    at: str


class AssetCostPage(Struct, frozen=True, kw_only=True):
    """Entries of the cost ledger of an asset, the newest first; `next` is "" at the end."""

    items: tuple[AssetCostItem, ...]
    next: str


def _at(at: datetime.datetime | None) -> str:
    return rfc3339(round(at.timestamp() * 1000)) if at else ""


def _item(row: ValuationRow) -> ValuationItem:
    return ValuationItem(
        asset=row.asset,
        version=row.version,
        state=row.state,
        inputs=row.inputs,
        result=row.result,
        digest=row.digest,
        drafted_by=row.drafted_by,
        drafted=_at(row.drafted),
        answered_by=row.answered_by,
        answered=_at(row.answered),
        reason=row.reason,
    )


def _answer(told: ValuationRow | Refusal, status: int = 200) -> Response[Any]:
    if isinstance(told, Refusal):
        return respond(problems.of(told))
    return Response(_item(told), status_code=status)


@get("/v1/valuations", **declare_read("listAssetValues", _TAG, "licence.read"))
async def list_values(request: Ask) -> AssetValueList:
    """List all assets: whose they are, who may use them, what they are worth."""
    hub = hub_of(request)
    async with hub.connection() as connection:
        items = await value_views.overview(connection, held_of(request).tenant, hub.clock())
    return AssetValueList(items=items)


@get(_OF, **declare_read("listValuations", _TAG, "licence.read"))
async def list_valuations(
    asset: FromPath[str], request: Ask, cursor: Cursor = "", limit: Limit = 20
) -> ValuationPage:
    """List the versions of an asset's valuation, the newest first."""
    licences.must_know(asset)
    held = held_of(request)
    before = int(read_place(cursor, int)[0]) if cursor else 0
    async with hub_of(request).connection() as connection:
        rows = await valuations.list_versions(connection, held.tenant, asset, before, limit + 1)
        shown = rows[:limit]
        acted = {s for r in shown for s in (r.drafted_by, r.answered_by) if s}
        people = await name_actors(connection, held.tenant, acted | {held.actor.sub})
    return ValuationPage(
        items=tuple([_item(row) for row in shown]),
        next=write_place(shown[-1].version) if len(rows) > limit else "",
        people=people,
        me=held.actor.sub,
    )


@get(_OF + "/proposal", **declare_read("proposeValuation", _TAG, "licence.read"))
async def propose_valuation(asset: FromPath[str], request: Ask) -> ValuationProposal:
    """Propose inputs from the ledger, the runs, the checks and the licences; keeps nothing."""
    licences.must_know(asset)
    hub = hub_of(request)
    async with hub.connection() as connection:
        inputs = await valuations.propose(connection, held_of(request).tenant, asset, hub.clock())
    result = await asyncio.to_thread(compute.value, inputs)
    return ValuationProposal(inputs=inputs, result=result, defined=tuple(DEFINED.values()))


@post(_OF + "/try", **{**declare_write("tryValuation", _TAG, "licence.read"), "status_code": 200})
async def try_valuation(
    asset: FromPath[str], request: Ask, data: JSONBody[ValuationInputs]
) -> Response[ValuationResult]:
    """Give the range that follows from inputs; keeps nothing."""
    licences.must_know(asset)
    return Response(await asyncio.to_thread(compute.value, data))


@post(_OF, **declare_write("draftValuation", _TAG, "licence.write"))
async def draft_valuation(
    asset: FromPath[str], request: Ask, data: JSONBody[ValuationInputs]
) -> Response[ValuationItem]:
    """Draft a version of the valuation; another person has to approve it."""
    licences.must_know(asset)
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        told = await valuations.draft(connection, held.tenant, asset, data, held.actor, hub.clock())
    return _answer(told, 201)


@post(
    _VERSION + "/approve",
    **{**declare_write("approveValuation", _TAG, "licence.approve"), "status_code": 200},
)
async def approve_valuation(
    asset: FromPath[str], version: FromPath[int], request: Ask
) -> Response[ValuationItem]:
    """Stand by a version, as the second person."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        told = await valuations.approve(
            connection, held.tenant, asset, _no(version), held.actor, hub.clock()
        )
    return _answer(told)


@post(
    _VERSION + "/decline",
    **{**declare_write("declineValuation", _TAG, "licence.approve"), "status_code": 200},
)
async def decline_valuation(
    asset: FromPath[str], version: FromPath[int], request: Ask, data: JSONBody[ValuationReason]
) -> Response[ValuationItem]:
    """Decline a draft, with a reason."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        told = await valuations.decline(
            connection, held.tenant, asset, _no(version), data.reason, held.actor, hub.clock()
        )
    return _answer(told)


def _no(version: int) -> int:
    if not 0 < version < 1 << 31:
        raise valuations.NO_VALUATION
    return version


def _before(cursor: str) -> uuid.UUID:
    if not cursor:
        return lists.LAST
    try:
        return uuid.UUID(str(read_place(cursor, str)[0]))
    except ValueError as error:
        raise InputError("bad_cursor", "the cursor is not one of ours") from error


@get("/v1/asset-costs/{asset:str}", **declare_read("listAssetCosts", _TAG, "licence.read"))
async def list_costs(
    asset: FromPath[str], request: Ask, cursor: Cursor = "", limit: Limit = PAGE_ROWS
) -> AssetCostPage:
    """List the cost ledger of an asset, the newest entry first."""
    licences.must_know(asset)
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        rows = await asset_costs.list_rows(connection, tenant, asset, _before(cursor), limit + 1)
        shown = rows[:limit]
        people = await name_actors(connection, tenant, {row.by for row in shown})
    return AssetCostPage(
        items=tuple([_cost(row, people[row.by]) for row in shown]),
        next=write_place(str(shown[-1].id)) if len(rows) > limit else "",
    )


@post("/v1/asset-costs/{asset:str}", **declare_write("enterAssetCost", _TAG, "licence.write"))
async def enter_cost(
    asset: FromPath[str], request: Ask, data: JSONBody[CostEntry]
) -> Response[AssetCostItem]:
    """Enter what was spent on an asset."""
    licences.must_know(asset)
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        row = await asset_costs.enter(connection, held.tenant, asset, data, held.actor, hub.clock())
        people = await name_actors(connection, held.tenant, [row.by])
    return Response(_cost(row, people[row.by]), status_code=201)


def _cost(row: CostRow, by: str) -> AssetCostItem:
    entry = CostEntry(
        day=row.day, kind=row.kind, phase=row.phase, amount_fen=row.amount_fen,
        minutes=row.minutes, note=row.note,
    )  # fmt: skip
    return AssetCostItem(id=row.id, entry=entry, by=by, at=_at(row.at))


ROUTES: Final = [
    list_values,
    list_valuations,
    propose_valuation,
    try_valuation,
    draft_valuation,
    approve_valuation,
    decline_valuation,
    list_costs,
    enter_cost,
]
