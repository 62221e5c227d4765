"""Order types 订单类型: what there is, what a draft would do, its road to approval; groups."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, get, post, put
from litestar.params import FromPath, JSONBody

from danshu.capabilities.order_types import catalogue, lint, reading, sentence, simulate
from danshu.capabilities.order_types.model import OrderType, TypeTexts
from danshu.faces.http import problems
from danshu.faces.http.drafts import Asked, Desk, Rejecting, approval, conflict, road
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
    respond,
)
from danshu.faces.http.order_type_shapes import (
    ActOffered,
    TypeAsked,
    TypeBook,
    TypeDraftItem,
    TypeDraftNew,
    TypeDraftSaved,
    TypeDraftShown,
    TypeProblem,
    TypeProof,
    TypeShown,
)
from danshu.hub import order_type_drafts, order_types
from danshu.hub.actors import name_actors
from danshu.hub.drafts import Connection, Draft
from danshu.hub.order_type_drafts import TYPES
from danshu.kernel.limits import ORDER_TYPE_BYTES

_ID = FromPath[str]

_CONFLICT: Final = conflict(TypeProblem)
READ: Final[dict[str, Any]] = {
    "tags": ["order types"],
    "responses": READ_PROBLEMS,
    "guards": [may("order_type.read")],
}
WRITE: Final[dict[str, Any]] = {
    "tags": ["order types"],
    "responses": {**PROBLEMS, 409: _CONFLICT},
    "guards": [may("order_type.write"), only_json],
    "request_max_body_size": 2 * ORDER_TYPE_BYTES,
}
_APPROVE: Final[dict[str, Any]] = {**WRITE, "guards": [may("order_type.approve"), only_json]}
_STAGES: Final = """
select code, version, stage, count(*) from typed_orders where tenant=%s and alive group by 1,2,3
"""


@get("/v1/order-types", operation_id="listOrderTypes", **READ)
async def list_order_types(request: Request[Any, Any, Any]) -> TypeBook:
    """List the versions of order types, open drafts, and what a new one may begin from."""
    hub, tenant = hub_of(request), held_of(request).tenant
    async with hub.connection() as connection:
        versions = await order_types.list_versions(connection, tenant)
        drafts = await TYPES.list_open(connection, tenant)
        counts: dict[tuple[str, int], dict[str, int]] = {}
        for code, no, stage, n in await (await connection.execute(_STAGES, (tenant,))).fetchall():
            counts.setdefault((code, no), {})[stage] = n
        subjects = [s for v in versions for s in (v.drafted_by, v.approved_by)]
        subjects += [d.edited_by for d in drafts]
        names = await name_actors(connection, tenant, subjects)
        found = [
            await order_type_drafts.check(connection, tenant, d.body, hub.clock()) for d in drafts
        ]
    return TypeBook(
        versions=tuple(
            [
                TypeShown(
                    type=v.type,
                    digest=v.digest,
                    active=v.active,
                    drafted_by=names[v.drafted_by],
                    approved_by=names[v.approved_by],
                    published=v.published,
                    retired=v.retired,
                    orders=counts.get((v.type.type, v.type.version), {}),
                )
                for v in versions
            ]
        ),
        drafts=tuple(
            [
                TypeDraftItem(
                    id=d.id,
                    type=d.body,
                    state=d.state,
                    revision=d.revision,
                    edited_by=names[d.edited_by],
                    edited=d.edited,
                    errors=sum(f.severity == "error" for f in told),
                    warnings=sum(f.severity == "warning" for f in told),
                )
                for d, told in zip(drafts, found, strict=True)
            ]
        ),
        templates=reading.templates(),
        acts=tuple(
            [ActOffered(code=c, words=a.words, paid=a.paid) for c, a in catalogue.ACTS.items()]
        ),
    )


@post(
    "/v1/order-types:check",
    operation_id="checkOrderType",
    status_code=200,
    **{**READ, "guards": [may("order_type.read"), only_json], "responses": PROBLEMS},
)
async def check_order_type(data: JSONBody[TypeAsked], request: Request[Any, Any, Any]) -> TypeProof:
    """Say what a type would do: lint, read out, and one order through time; nothing is written."""
    hub, tenant = hub_of(request), held_of(request).tenant
    kind = data.type
    async with hub.connection() as connection:
        findings = await order_type_drafts.check(connection, tenant, kind, hub.clock())
    sound = lint.is_sound(findings)
    cases = (
        simulate.run(kind, price=data.price_fen, units=data.units, now_ms=hub.clock())
        if sound
        else ()
    )
    return TypeProof(
        digest=reading.digest(kind),
        sound=sound,
        findings=findings,
        sentence=sentence.speak(kind) if sound else TypeTexts(),
        cases=cases,
    )


async def _show(request: Asked, connection: Connection, draft: Draft[OrderType]) -> TypeDraftShown:
    around = await _DESK.look(request, connection, draft)
    return TypeDraftShown(type=draft.body, **around.road(draft))


_DESK: Final = Desk(
    drafts=TYPES,
    right="order_type",
    show=_show,
    problem=TypeProblem,
    clause="order_type.lint",
    stale=("type_changed", "这一稿刚被别人改过", "somebody else saved the draft meanwhile"),
    unsound=(
        "type_unsound", "这个订单类型还有问题", "something stands in the way of this order type",
    ),
)  # fmt: skip


@post("/v1/order-types/drafts", operation_id="beginOrderType", status_code=201, **WRITE)
async def begin_order_type(
    data: JSONBody[TypeDraftNew], request: Request[Any, Any, Any]
) -> Response[TypeDraftShown]:
    """Begin a draft; it gets the number of the next version. One of a code is open at a time."""
    return await _DESK.begin(request, data.type.type, data.type)


@put("/v1/order-types/drafts/{draft_id:str}", operation_id="saveOrderType", **WRITE)
async def save_order_type(
    draft_id: _ID, data: JSONBody[TypeDraftSaved], request: Request[Any, Any, Any]
) -> Response[TypeDraftShown]:
    """Save a draft over the revision that it was made from."""
    return await _DESK.save(request, draft_id, data.revision, data.type.type, data.type)


@post(
    "/v1/order-types/{code:str}/retire",
    operation_id="retireOrderType",
    status_code=200,
    **_APPROVE,
)
async def retire_order_type(
    code: FromPath[str], data: JSONBody[Rejecting], request: Request[Any, Any, Any]
) -> Response[None]:
    """Take a type back: new orders follow it no more, those that do go on by it."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        refusal = await order_types.retire(connection, held.tenant, code, data.reason, held.actor)
    hub.worlds.forget(held.tenant)
    return respond(problems.of(refusal)) if refusal else Response(None)


_ROAD: Final = ("/v1/order-types/drafts", "OrderType", "order types", TypeDraftShown)
ROUTES: Final = [
    *road(_DESK, *_ROAD),
    *approval(_DESK, *_ROAD),
    list_order_types,
    check_order_type,
    begin_order_type,
    save_order_type,
    retire_order_type,
]
