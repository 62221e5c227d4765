"""意图图谱 intent graph: what is followed, checks, trials, queries, drafts, versions."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from litestar import Request, Response, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec.structs import replace

from danshu.capabilities.intents import comparing, deciding, merging, turtle
from danshu.capabilities.intents.model import IntentGraph
from danshu.faces.http import problems
from danshu.faces.http.drafts import (
    Asked,
    Desk,
    Rejecting,
    approval,
    conflict,
    road,
)
from danshu.faces.http.framework import (
    PROBLEMS,
    declare_read,
    declare_write,
    held_of,
    hub_of,
    respond,
)
from danshu.faces.http.intents_shapes import (
    IntentAnswer,
    IntentAsked,
    IntentBook,
    IntentChecked,
    IntentDiff,
    IntentDraftItem,
    IntentDraftNew,
    IntentDraftSaved,
    IntentDraftShown,
    IntentProblem,
    IntentQuery,
    IntentTrial,
    IntentTried,
)
from danshu.hub import devices, intent_book, intent_checks, intent_graph
from danshu.hub.actors import name_actors
from danshu.hub.drafts import Connection, Draft
from danshu.hub.intent_drafts import INTENTS, NAME
from danshu.kernel.limits import INTENT_BYTES, INTENT_TURTLE_BYTES

_TAG: Final = "intents"
_WRITE: Final[dict[str, Any]] = declare_write("", _TAG, "intent.write", 2 * INTENT_BYTES) | {
    "responses": {**PROBLEMS, 409: conflict(IntentProblem)}
}
_DRAFTS: Final = "/v1/intents/drafts"


def _ask(operation_id: str, size: int) -> dict[str, Any]:
    """Declare a route that asks with a body and writes nothing."""
    return {**declare_write(operation_id, _TAG, "intent.read", size), "status_code": 200}


@get("/v1/intents", **declare_read("listIntents", _TAG, "intent.read"))
async def list_intents(request: Request[Any, Any, Any]) -> IntentBook:
    """Give the graph that is followed, what of it is the merchant's, its versions and the draft."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        version, body = await intent_book.read_active(connection, tenant)
        versions = await intent_book.list_versions(connection, tenant)
        drafts = await INTENTS.list_open(connection, tenant)
        subjects = [s for v in versions for s in (v.drafted_by, v.approved_by)]
        names = await name_actors(connection, tenant, [*subjects, *[d.edited_by for d in drafts]])
    index = intent_graph.compile_graph(body)
    return IntentBook(
        version=version,
        digest=index.digest,
        shipped=intent_book.shipped_digest(),
        graph=index.graph,
        base=turtle.shipped(),
        own=intent_book.read_body(body),
        versions=tuple(
            [
                replace(v, drafted_by=names[v.drafted_by], approved_by=names[v.approved_by])
                for v in versions
            ]
        ),
        drafts=tuple(
            [
                IntentDraftItem(
                    id=d.id,
                    state=d.state,
                    revision=d.revision,
                    edited_by=names[d.edited_by],
                    edited=d.edited,
                )
                for d in drafts
            ]
        ),
    )


@get(
    "/v1/intents/graph.ttl",
    media_type="text/turtle",
    **declare_read("exportIntents", _TAG, "intent.read"),
)
async def export_intents(
    request: Request[Any, Any, Any], version: FromQuery[int] = -1
) -> Response[str]:
    """Give what a version adds as Turtle; 0 is the shipped graph, -1 the whole that is followed."""
    async with hub_of(request).connection() as connection:
        tenant = held_of(request).tenant
        if version < 0:
            graph = (await intent_graph.load(connection, tenant)).graph
        else:
            graph = await intent_book.read(connection, tenant, version)
    return Response(turtle.write(graph), media_type="text/turtle")


@get("/v1/intents/diff", **declare_read("compareIntents", _TAG, "intent.read"))
async def compare_intents(
    request: Request[Any, Any, Any], was: FromQuery[int], now: FromQuery[int]
) -> IntentDiff:
    """Say what became different from one version to another; 0 adds nothing to the shipped one."""
    async with hub_of(request).connection() as connection:
        tenant = held_of(request).tenant
        graphs = [
            await intent_book.read(connection, tenant, version) if version else IntentGraph()
            for version in (was, now)
        ]
    return IntentDiff(changes=comparing.compare(*graphs))


@post("/v1/intents/check", **_ask("checkIntents", 2 * INTENT_TURTLE_BYTES))
async def check_intents(
    data: JSONBody[IntentAsked], request: Request[Any, Any, Any]
) -> IntentChecked:
    """Say what stands in the way of a graph, given as data or as Turtle; nothing is written."""
    own = data.graph if data.graph is not None else turtle.read(data.turtle)
    findings = await intent_checks.check(own)
    async with hub_of(request).connection() as connection:
        changes = await _changes(connection, held_of(request).tenant, own)
    return IntentChecked(
        graph=own,
        whole=merging.merge(turtle.shipped(), own),
        turtle=turtle.write(own),
        findings=findings,
        changes=changes,
    )


async def _changes(
    connection: Connection, tenant: int, own: IntentGraph
) -> tuple[comparing.IntentChange, ...]:
    index = await intent_graph.load(connection, tenant)
    return comparing.compare(index.graph, merging.merge(turtle.shipped(), own))


@post("/v1/intents/try", **_ask("tryIntents", 2 * INTENT_BYTES))
async def try_intents(data: JSONBody[IntentTrial], request: Request[Any, Any, Any]) -> IntentTried:
    """Say what would be done about a symptom, with the way to it; nothing is written."""
    tenant, kind = held_of(request).tenant, data.equipment
    async with hub_of(request).connection() as connection:
        if data.device:
            kind = await devices.equipment_of(connection, tenant, data.device)
        index = await intent_graph.load(connection, tenant)
    if data.graph is not None:
        whole = merging.merge(turtle.shipped(), data.graph)
        index = await asyncio.to_thread(deciding.build, whole)
    words = intent_graph.spot(index, data.words)
    said = [w.code for w in words if w.kind == "symptom" and not w.denied]
    named = [w.code for w in words if w.kind == "equipment"]
    directed = deciding.decide(
        index,
        intent_graph.name_equipment(index, kind) or (named[0] if named else ""),
        data.symptoms or said,
        [w.code for w in words if w.kind == "action" and not w.denied],
    )
    known = data.symptoms or said or not data.words
    near = () if known else await asyncio.to_thread(intent_graph.suggest, index, data.words)
    return IntentTried(directed=directed, words=words, near=near)


@post("/v1/intents/query", **_ask("queryIntents", 16_384))
async def query_intents(
    data: JSONBody[IntentQuery], request: Request[Any, Any, Any]
) -> IntentAnswer:
    """Answer a SPARQL SELECT on the graph that is followed, within bounds of time and rows."""
    async with hub_of(request).connection() as connection:
        _, body = await intent_book.read_active(connection, held_of(request).tenant)
    done = await intent_checks.query(intent_book.read_body(body), data.query)
    return IntentAnswer(names=done.names, rows=done.rows, more=done.more)


async def _show(
    request: Asked, connection: Connection, draft: Draft[IntentGraph]
) -> IntentDraftShown:
    around = await _DESK.look(request, connection, draft)
    changes = await _changes(connection, held_of(request).tenant, draft.body)
    return IntentDraftShown(graph=draft.body, changes=changes, **around.road(draft))


class IntentDesk(Desk[IntentGraph, Any], frozen=True, kw_only=True):
    """A desk that checks a draft before its transaction begins: a check takes a second."""

    async def submit(self, request: Asked, id_: str, revision: int) -> Response[Any]:
        """Submit a draft for approval."""
        await self._look_through(request, id_)
        return await Desk.submit(self, request, id_, revision)

    async def approve(
        self, request: Asked, id_: str, digest: str, note: str = "", show: Any = None
    ) -> Response[Any]:
        """Publish what was submitted."""
        await self._look_through(request, id_)
        return await Desk.approve(self, request, id_, digest, note, show)

    async def _look_through(self, request: Asked, id_: str) -> None:
        async with hub_of(request).connection() as connection:
            draft = await self.drafts.read(connection, held_of(request).tenant, id_)
        await intent_checks.check(draft.body)


_DESK: Final = IntentDesk(
    drafts=INTENTS,
    right="intent",
    show=_show,
    problem=IntentProblem,
    clause="intent.shapes",
    stale=("intent_changed", "这一稿刚被别人改过", "somebody else saved the draft meanwhile"),
    unsound=("intent_unsound", "图谱还有问题", "something stands in the way of this graph"),
)


@post(_DRAFTS, **{**_WRITE, "operation_id": "beginIntents", "status_code": 201})
async def begin_intents(
    data: JSONBody[IntentDraftNew], request: Request[Any, Any, Any]
) -> Response[IntentDraftShown]:
    """Begin the draft of the next version; one is open at a time."""
    return await _DESK.begin(request, NAME, data.graph)


@put(f"{_DRAFTS}/{{draft_id:str}}", **{**_WRITE, "operation_id": "saveIntents"})
async def save_intents(
    draft_id: FromPath[str], data: JSONBody[IntentDraftSaved], request: Request[Any, Any, Any]
) -> Response[IntentDraftShown]:
    """Save a draft over the revision that it was made from."""
    return await _DESK.save(request, draft_id, data.revision, NAME, data.graph)


@post(
    "/v1/intents/retire",
    **declare_write("retireIntents", _TAG, "intent.approve"),
    status_code=200,
)
async def retire_intents(
    data: JSONBody[Rejecting], request: Request[Any, Any, Any]
) -> Response[None]:
    """Take the merchant's version back: the shipped graph alone is followed."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        refusal = await intent_book.retire(connection, held.tenant, data.reason, held.actor)
    return respond(problems.of(refusal)) if refusal else Response(None)


_ROAD: Final = (_DRAFTS, "Intents", _TAG, IntentDraftShown)
ROUTES: Final = [
    *road(_DESK, *_ROAD),
    *approval(_DESK, *_ROAD),
    list_intents,
    export_intents,
    compare_intents,
    check_intents,
    try_intents,
    query_intents,
    begin_intents,
    save_intents,
    retire_intents,
]
