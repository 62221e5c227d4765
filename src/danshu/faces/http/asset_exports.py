"""Files of assets over HTTP: asked for, looked at beforehand, agreed to or refused, fetched."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import File

from danshu.faces.http import problems
from danshu.faces.http.asset_export_shapes import (
    ApprovalShown,
    AssetExportAsked,
    AssetExportPage,
    AssetExportShown,
    AssetPreview,
    ExportNote,
    wish_of,
)
from danshu.faces.http.auth import Held, require
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
    respond,
)
from danshu.faces.http.jobs import runner_of
from danshu.faces.http.people import WithReason
from danshu.faces.http.questions import Cursor, Limit, read_before, write_place
from danshu.faces.http.workbench import who_of
from danshu.hub import (
    actors,
    asset_previews,
    asset_request_rows,
    asset_requests,
    exports,
    jobs,
)
from danshu.hub.asset_request_rows import Kept
from danshu.hub.export_files import MEDIA
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import ORDER_BODY_BYTES

_FILE: Final = ResponseSpec(
    bytes, description="The file", media_type="application/octet-stream", generate_examples=False
)
_PREVIEW: Final = 20


def _can(kept: Kept, held: Held) -> tuple[str, ...]:
    is_mine = kept.actor.sub == held.actor.sub
    if kept.state == asset_request_rows.WAITING:
        may_agree = any(held.may(right) for right in ("asset.grant", "asset.approve"))
        told = ("approve", "refuse") if may_agree and not is_mine else ()
        return (*told, "withdraw") if is_mine else told
    return ("download",) if kept.state == asset_request_rows.MADE and is_mine else ()


async def _show(request: Request[Any, Any, Any], found: list[Kept]) -> list[AssetExportShown]:
    hub, held = hub_of(request), held_of(request)
    subjects = {k.actor.sub for k in found} | {a.by for k in found for a in k.seen.case.approvals}
    async with hub.connection() as connection:
        names = await actors.name_actors(connection, held.tenant, subjects)
    shown = []
    for kept in found:
        wish, case, outcome = kept.wish, kept.seen.case, kept.seen.outcome
        no = outcome.refusal
        shown.append(
            AssetExportShown(
                id=kept.id,
                asset=wish.asset,
                act=wish.act,
                form=wish.form,
                file=wish.file,
                purpose=wish.purpose,
                why=wish.why,
                columns=wish.columns,
                recipient=wish.recipient,
                country=wish.country,
                state=kept.state,
                asked_by=names[kept.actor.sub],
                created=rfc3339(kept.created_ms),
                decided=rfc3339(kept.decided_ms) if kept.decided_ms else "",
                needs=outcome.needs if kept.state == asset_request_rows.WAITING else (),
                code=no.code if no else "",
                clause=no.clause if no else "",
                note=kept.note,
                border=outcome.border,
                level=case.level,
                people=case.people,
                strength=case.strength,
                approvals=tuple(ApprovalShown(step=a.step, by=names[a.by]) for a in case.approvals),
                job=kept.job,
                can=_can(kept, held),
            )
        )
    return shown


@post(
    "/v1/asset-exports",
    operation_id="askAssetExport",
    tags=["assets"],
    responses=PROBLEMS,
    guards=[may("asset.read"), only_json],
    request_max_body_size=ORDER_BODY_BYTES,
)
async def ask_export(
    data: JSONBody[AssetExportAsked], request: Request[Any, Any, Any]
) -> Response[Any]:
    """Ask for a file of an asset. The compliance checkpoint lets it pass, says what is still
    wanted, or refuses with the clause (409); each of them is a fact.
    """
    held = held_of(request)
    kept = await asset_requests.ask(
        hub_of(request), held.tenant, held.seated, wish_of(data), who_of(held), held.actor
    )
    if kept.seen.outcome.refusal is not None:
        return respond(problems.of(kept.seen.outcome.refusal))
    if kept.job is not None:
        runner_of(request).wake()
    return Response((await _show(request, [kept]))[0], status_code=201)


@post(
    "/v1/asset-exports/preview",
    operation_id="previewAssetExport",
    tags=["assets"],
    responses=PROBLEMS,
    guards=[may("asset.read"), only_json],
    status_code=200,
    request_max_body_size=ORDER_BODY_BYTES,
)
async def preview_export(
    data: JSONBody[AssetExportAsked], request: Request[Any, Any, Any]
) -> Response[Any]:
    """Show the first rows of a file as they would leave, to who may see as much."""
    held = held_of(request)
    told = await asset_previews.look(
        hub_of(request), held.tenant, held.seated, wish_of(data), _PREVIEW
    )
    if isinstance(told, Refusal):
        return respond(problems.of(told))
    shown = AssetPreview(
        columns=told.columns,
        masked=told.masked,
        rows=told.rows,
        people=told.extract.people,
        left_out=told.extract.left_out,
        strength=told.extract.strength,
        levels=told.extract.levels,
    )
    return Response(shown)


@get(
    "/v1/asset-exports",
    operation_id="listAssetExports",
    tags=["assets"],
    responses=READ_PROBLEMS,
    guards=[may("asset.read")],
)
async def list_exports(
    request: Request[Any, Any, Any],
    asset: Annotated[str, QueryParameter(max_length=64)] = "",
    stands: Annotated[str, QueryParameter(name="state", max_length=16)] = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> AssetExportPage:
    """List requests: everybody's for those who grant or approve, else the caller's own."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        found = await asset_request_rows.page(
            connection,
            held.tenant,
            None if _sees_all(held) else held.actor.sub,
            asset,
            stands,
            read_before(cursor),
            limit + 1,
        )
    more = write_place(str(found[limit - 1].id)) if len(found) > limit else ""
    return AssetExportPage(items=tuple(await _show(request, found[:limit])), next=more)


def _sees_all(held: Held) -> bool:
    return held.may("asset.grant") or held.may("asset.approve")


async def _mine(request: Request[Any, Any, Any], id_: uuid.UUID) -> Kept:
    """Read a request that the caller may know of. Raises InputError `no_asset_export`."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        kept = await asset_request_rows.read(connection, held.tenant, id_)
    if kept.actor.sub != held.actor.sub and not _sees_all(held):
        raise asset_request_rows.NO_REQUEST
    return kept


@get(
    "/v1/asset-exports/{export_id:uuid}",
    operation_id="getAssetExport",
    tags=["assets"],
    responses=READ_PROBLEMS,
    guards=[may("asset.read")],
)
async def get_export(
    export_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> AssetExportShown:
    """Read a request: what the checkpoint wants, who agreed, how strong the file is."""
    return (await _show(request, [await _mine(request, export_id)]))[0]


@post(
    "/v1/asset-exports/{export_id:uuid}/approve",
    operation_id="approveAssetExport",
    tags=["assets"],
    responses=PROBLEMS,
    guards=[may("asset.read"), only_json],
    status_code=200,
    request_max_body_size=ORDER_BODY_BYTES,
)
async def approve_export(
    export_id: FromPath[uuid.UUID], data: JSONBody[ExportNote], request: Request[Any, Any, Any]
) -> Response[Any]:
    """Agree to the next step that the caller may take; with the last one the file is made. Nobody
    agrees to what they asked for, nor to two steps.
    """
    held = held_of(request)
    if not _sees_all(held):
        require(held, "asset.grant")
    told = await asset_requests.approve(
        hub_of(request), held.tenant, held.seated, export_id, data.note, held.actor
    )
    if isinstance(told, Refusal):
        return respond(problems.of(told))
    if told.job is not None:
        runner_of(request).wake()
    return Response((await _show(request, [told]))[0])


@post(
    "/v1/asset-exports/{export_id:uuid}/refuse",
    operation_id="refuseAssetExport",
    tags=["assets"],
    responses=PROBLEMS,
    guards=[may("asset.read"), only_json],
    status_code=200,
    request_max_body_size=ORDER_BODY_BYTES,
)
async def refuse_export(
    export_id: FromPath[uuid.UUID], data: JSONBody[WithReason], request: Request[Any, Any, Any]
) -> Response[Any]:
    """Refuse a request that waits, with a reason; who asked takes their own back."""
    held = held_of(request)
    await _mine(request, export_id)
    told = await asset_requests.refuse(
        hub_of(request), held.tenant, export_id, data.reason, held.actor
    )
    if isinstance(told, Refusal):
        return respond(problems.of(told))
    return Response((await _show(request, [told]))[0])


@get(
    "/v1/asset-exports/{export_id:uuid}/file",
    operation_id="getAssetExportFile",
    tags=["assets"],
    responses={200: _FILE, **READ_PROBLEMS},
    guards=[may("asset.read")],
)
async def get_file(
    export_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> Response[Any]:
    """Fetch the file, as long as it is kept; only who asked for it, whose copy it is."""
    held = held_of(request)
    kept = await _mine(request, export_id)
    if kept.actor.sub != held.actor.sub or kept.job is None:
        raise InputError("not_found", "there is no file of yours")
    async with hub_of(request).connection() as connection:
        job = await jobs.read(connection, held.tenant, kept.job)
    if not job.result:
        raise InputError("not_found", "this job has made no file")
    result = exports.decode_result(job.result)
    place = exports.find_file(runner_of(request).folder, result)
    if place is None:
        raise InputError("not_found", "the file is kept no more, or by another node")
    return File(
        path=place,
        filename=f"{kept.wish.asset}-{rfc3339(job.created_ms)[:10]}.{result.form}",
        media_type=MEDIA[result.form],
        headers={"x-content-sha256": result.digest, "cache-control": "no-store"},
    )


ROUTES: Final = [
    ask_export,
    preview_export,
    list_exports,
    get_export,
    approve_export,
    refuse_export,
    get_file,
]
