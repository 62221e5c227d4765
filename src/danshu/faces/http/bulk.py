"""Bulk acts and exports over HTTP: looked at before, then begun as jobs."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final, Literal

from litestar import Request, post
from litestar.params import JSONBody
from msgspec import Meta, Struct
from msgspec.structs import replace

from danshu.faces.http import readdressing
from danshu.faces.http.auth import Held, require
from danshu.faces.http.buyer_requests import NewAddress
from danshu.faces.http.framework import PROBLEMS, held_of, hub_of, may, only_json
from danshu.faces.http.jobs import JobView, start
from danshu.faces.http.workbench import who_of
from danshu.hub import bulk, bulk_preview, exports, marks, selections
from danshu.hub import readdressing as bulk_addresses
from danshu.hub.bulk import Act
from danshu.hub.bulk_preview import Preview
from danshu.hub.compose import Hub, now_ms
from danshu.hub.export_files import Format
from danshu.hub.fields import PLAIN, Code
from danshu.hub.selections import Selection
from danshu.kernel.errors import InputError
from danshu.kernel.limits import (
    BATCH_BODY_BYTES,
    BULK_IDS,
    FILTER_CHARS,
    ORDER_TAGS,
    PURPOSE_CHARS,
    PURPOSE_CHARS_MIN,
    TAG_CHARS,
    WAREHOUSES,
)

Tag = Annotated[str, Meta(min_length=1, max_length=TAG_CHARS, pattern=PLAIN)]
_NEEDS: Final[dict[str, str]] = {
    "hold": "reason",
    "cancel": "reason",
    "tag": "tags",
    "untag": "tags",
    "readdress": "reason",
}


class Which(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Orders: one by one (`ids`), or all that a filter (`f`, "" = every order) meets now."""

    ids: Annotated[tuple[uuid.UUID, ...], Meta(max_length=BULK_IDS)] = ()
    f: Annotated[str, Meta(max_length=FILTER_CHARS)] | None = None


class BulkAct(Which, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One act on many orders. hold, cancel, readdress need a `reason`; tag, untag need `tags`;
    assign gives them to `person` ("" = nobody, "me"); a re-route leaves `exclude` out. readdress
    gives the orders of one receiver, that of the newest of them, a new `receiver`; or those of a
    table (`batch`) each its own, and then names no orders.
    """

    act: Act
    reason: Annotated[str, Meta(max_length=500, pattern=PLAIN)] = ""
    tags: Annotated[tuple[Tag, ...], Meta(max_length=ORDER_TAGS)] = ()
    person: Annotated[str, Meta(max_length=64, pattern=PLAIN)] = ""
    exclude: Annotated[tuple[Code, ...], Meta(max_length=WAREHOUSES)] = ()
    receiver: NewAddress | None = None
    batch: uuid.UUID | None = None


class NewExport(Which, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An export: form, columns in their order, and what it is for."""

    form: Format
    columns: Annotated[tuple[str, ...], Meta(min_length=1, max_length=64)]
    purpose: Annotated[
        str, Meta(min_length=PURPOSE_CHARS_MIN, max_length=PURPOSE_CHARS, pattern=PLAIN)
    ]
    lang: Literal["zh", "en"] = "zh"


def _which(data: Which, held: Held, at_ms: int) -> Selection:
    which = Selection(ids=data.ids, f=data.f, at_ms=at_ms, me=who_of(held).subject)
    selections.check(which)
    return which


async def _question(hub: Hub, held: Held, data: BulkAct) -> bulk.Question:
    """Check what is asked and by whom; rights that depend on an order are asked of each again."""
    action = bulk.ACTIONS[data.act]
    for right in ("order.act", action):
        if right not in held.possible:
            require(held, right)
    need = _NEEDS.get(data.act, "")
    if need and not getattr(data, need):
        raise InputError("bad_field", f"{data.act} needs {need}", f"/{need}")
    if data.act != bulk_addresses.ACT and (data.receiver or data.batch):
        raise InputError("bad_field", f"{data.act} takes no address", "/receiver")
    person, number = "", ""
    if data.act == "assign" and data.person:
        subject = who_of(held).subject if data.person == "me" else data.person
        person, number = await _colleague(hub, held, subject)
    meant: readdressing.Orders | None = None
    if data.act == bulk_addresses.ACT:
        which = Selection() if data.batch else _which(data, held, now_ms())
        to = readdressing.receiver_of(data.receiver)
        meant = await readdressing.look_up(hub, held.tenant, which, data.batch, to)
    return bulk.Question(
        act=data.act,
        which=meant.which if meant else _which(data, held, now_ms()),
        batch=meant.batch if meant else None,
        alike=meant.alike if meant else 0,
        reason=data.reason,
        tags=tuple(dict.fromkeys(data.tags)),
        person=person,
        number=number,
        exclude=data.exclude,
    )


async def _colleague(hub: Hub, held: Held, subject: str) -> tuple[str, str]:
    """Give subject and number of somebody to assign to: a person, or the key that asks."""
    if subject == who_of(held).subject:
        return subject, held.caller.name
    async with hub.connection() as connection:
        for colleague in await marks.staff(connection, held.tenant):
            if colleague.person == subject:
                return subject, colleague.number
    raise InputError("unknown_person", f"nobody is {subject!r} here", "/person")


@post(
    "/v1/bulk:preview",
    operation_id="previewBulk",
    tags=["jobs"],
    responses=PROBLEMS,
    guards=[may("order.read"), only_json],
    status_code=200,
    request_max_body_size=BATCH_BODY_BYTES,
)
async def preview_bulk(data: JSONBody[BulkAct], request: Request[Any, Any, Any]) -> Preview:
    """Tell how many orders an act would be done to, which not and why, and what it costs. Writes
    nothing.
    """
    hub, held = hub_of(request), held_of(request)
    question = await _question(hub, held, data)
    to = readdressing.receiver_of(data.receiver)
    return await bulk_preview.preview(hub, held.tenant, question, held.seated, to)


@post(
    "/v1/bulk",
    operation_id="startBulk",
    tags=["jobs"],
    responses=PROBLEMS,
    guards=[may("order.read"), only_json],
    status_code=202,
    request_max_body_size=BATCH_BODY_BYTES,
)
async def start_bulk(data: JSONBody[BulkAct], request: Request[Any, Any, Any]) -> JobView:
    """Do one act on many orders, as a job that goes on whatever happens to this connection."""
    hub, held = hub_of(request), held_of(request)
    question = await _question(hub, held, data)
    to = readdressing.receiver_of(data.receiver)
    if to is not None:
        batch = await readdressing.keep(hub, held.tenant, question.which, to)
        question = replace(question, batch=batch)
    return await start(request, bulk.KIND, bulk.encode(question), question.which)


@post(
    "/v1/exports",
    operation_id="startExport",
    tags=["jobs"],
    responses=PROBLEMS,
    guards=[may("export.make"), only_json],
    status_code=202,
    request_max_body_size=BATCH_BODY_BYTES,
)
async def start_export(data: JSONBody[NewExport], request: Request[Any, Any, Any]) -> JobView:
    """Make a file of orders, as a job. Personal fields are masked unless the caller's rights say
    otherwise; the file is marked with who, when and why, and its making is a fact.
    """
    held = held_of(request)
    exports.check(data.columns)
    question = exports.Question(
        which=_which(data, held, now_ms()),
        form=data.form,
        columns=data.columns,
        purpose=data.purpose,
        lang=data.lang,
    )
    return await start(request, exports.KIND, exports.encode(question), question.which)


ROUTES: Final = [preview_bulk, start_bulk, start_export, *readdressing.ROUTES]
