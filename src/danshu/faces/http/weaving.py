"""编织器 API weaver: what is woven, previews and trials, the road of drafts, and calls."""

from __future__ import annotations

import uuid
from typing import Any, Final

import msgspec
from litestar import Request, Response, get, post, put
from litestar.params import FromPath, JSONBody

from danshu.capabilities.weave import described, typed, woven_lint
from danshu.capabilities.weave import woven as forms
from danshu.capabilities.weave.mapping import Received
from danshu.capabilities.weave.woven import Woven
from danshu.faces.http import problems, weaving_stock
from danshu.faces.http.drafts import Asked, Desk, Rejecting, approval, conflict, road
from danshu.faces.http.framework import (
    PROBLEMS,
    declare_read,
    declare_write,
    held_of,
    hub_of,
    respond,
)
from danshu.faces.http.orders import IdempotencyKey
from danshu.faces.http.weaving_shapes import (
    WovenAnswer,
    WovenAsked,
    WovenBook,
    WovenDraftItem,
    WovenDraftNew,
    WovenDraftSaved,
    WovenDraftShown,
    WovenInferred,
    WovenKept,
    WovenPreview,
    WovenProblem,
    WovenSecret,
    WovenShown,
    WovenSource,
    WovenTried,
)
from danshu.hub import expressions, weaving, weaving_auth, woven_book, woven_drafts
from danshu.hub.actors import name_actors
from danshu.hub.drafts import Connection, Draft
from danshu.hub.weaving_auth import MASK, Sent
from danshu.hub.weaving_child import Errand, Source
from danshu.hub.woven_book import WovenDay
from danshu.hub.woven_drafts import WOVEN
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.limits import KEY_CHARS, WOVEN_BYTES, WOVEN_QUESTION_BYTES, WOVEN_SOURCE_BYTES

_TAG: Final = "weaver"
_CONFLICT: Final = conflict(WovenProblem)
_WRITE: Final[dict[str, Any]] = declare_write("", _TAG, "woven.write", 2 * WOVEN_BYTES) | {
    "responses": {**PROBLEMS, 409: _CONFLICT}
}
_DRAFTS: Final = "/v1/woven/drafts"


def _declare(operation_id: str, status: int = 200) -> dict[str, Any]:
    return {**_WRITE, "operation_id": operation_id, "status_code": status}


@get("/v1/woven", **declare_read("listWoven", _TAG, "woven.read"))
async def list_woven(request: Request[Any, Any, Any]) -> WovenBook:
    """List the versions of woven capabilities with today's calls, open drafts, and templates."""
    hub, tenant = hub_of(request), held_of(request).tenant
    async with hub.connection() as connection:
        versions = await woven_book.list_versions(connection, tenant)
        drafts = await WOVEN.list_open(connection, tenant)
        days = await woven_book.list_day(connection, tenant, hub.clock())
        subjects = [s for v in versions for s in (v.drafted_by, v.approved_by)]
        subjects += [d.edited_by for d in drafts]
        names = await name_actors(connection, tenant, subjects)
    today = {(day.code, day.version): day for day in days}
    shown = []
    for v in versions:
        place = (v.woven.code, v.woven.version)
        day = today.get(place, WovenDay(code="", version=0))
        shown.append(
            WovenShown(
                woven=v.woven,
                digest=v.digest,
                active=v.active,
                drafted_by=names[v.drafted_by],
                approved_by=names[v.approved_by],
                published=v.published,
                retired=v.retired,
                calls=day.calls,
                refused=day.refused,
                failed=day.failed,
                spent_ms=day.spent_ms,
                trouble=day.trouble,
            )
        )
    items = [_item(draft, names) for draft in drafts]
    return WovenBook(versions=tuple(shown), drafts=tuple(items), templates=forms.templates())


def _item(draft: Draft[Woven], names: dict[str, str]) -> WovenDraftItem:
    found = woven_lint.check(draft.body)
    return WovenDraftItem(
        id=draft.id,
        woven=draft.body,
        state=draft.state,
        revision=draft.revision,
        edited_by=names[draft.edited_by],
        edited=draft.edited,
        errors=sum(f.severity == "error" for f in found),
        warnings=sum(f.severity == "warning" for f in found),
    )


@post("/v1/woven/preview", **_declare("previewWoven"))
async def preview_woven(
    data: JSONBody[WovenAsked], request: Request[Any, Any, Any]
) -> WovenPreview:
    """Say what a capability would do with its samples: nothing is sent, nothing written."""
    woven = data.woven
    async with hub_of(request).connection() as connection:
        tenant = held_of(request).tenant
        findings = await woven_drafts.check(connection, tenant, woven)
        has_secret = woven.auth.kind == "none" or await weaving_auth.has_secret(
            connection, tenant, woven
        )
    question, response = _samples(woven)
    built = await weaving.build(woven, question)
    said = await weaving.understand(woven, question, Received(body=response))
    sent = weaving.compose(woven, built, "KEY")
    await _pretend(woven, sent, hub_of(request).clock())
    wrong = typed.hold_answer(woven, said.answer) if said.verdict == "done" else ""
    done = await expressions.run(
        Errand(does="sound", woven=woven, question=question, answer=said.answer)
    )
    values = {**built.values, **said.values}
    return WovenPreview(
        digest=forms.digest(woven),
        sound=woven_lint.is_sound(findings),
        findings=findings,
        request=weaving.show(sent),
        values={at: _text(value) for at, value in values.items()},
        faults=(*built.faults, *said.faults, *done.faults),
        verdict="broken" if wrong else said.verdict,
        code="answer_type" if wrong else said.code,
        reason=wrong or said.reason,
        answer=said.answer,
        readings=tuple([f"{r.key} {r.subject} {r.value:g}" for r in done.sounded]),
        origin=weaving_auth.origin_of(woven),
        has_secret=has_secret,
    )


def _samples(woven: Woven) -> tuple[dict[str, Any], Any]:
    """Read the samples; what can't be read is nothing here, and a finding beside it."""
    read = []
    for text in (woven.question_sample, woven.response_sample):
        try:
            read.append(msgspec.json.decode(text.encode()))
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            read.append(None)
    question, response = read
    return question if isinstance(question, dict) else {}, response


async def _pretend(woven: Woven, sent: Sent, at_ms: int) -> None:
    """Show where the secret will stand; a signature is made with the mask for a key."""
    if woven.auth.kind == "hmac":
        try:
            await weaving_auth.sign(woven, sent, MASK, at_ms)
        except InputError:
            sent.headers[woven.auth.name.lower()] = MASK  # the expression is a finding of its own
    elif woven.auth.kind == "oauth2":
        sent.headers["authorization"] = f"Bearer {MASK}"
    else:
        weaving_auth.prove(woven, sent, MASK)


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()[:2_000]


@post(
    "/v1/woven/infer",
    **declare_write("inferWoven", _TAG, "woven.write", 2 * WOVEN_SOURCE_BYTES),
    status_code=200,
)
async def infer_woven(
    data: JSONBody[WovenSource], request: Request[Any, Any, Any]
) -> WovenInferred:
    """Read an OpenAPI document or samples, and propose a mapping by names; nothing is written."""
    held_of(request)
    told = await expressions.infer(
        Source(
            kind=data.kind,
            document=data.document,
            operation=data.operation,
            question=data.question,
            response=data.response,
        )
    )
    return msgspec.convert(told, WovenInferred, from_attributes=True)


@post("/v1/woven/try", **_declare("tryWoven"))
async def try_woven(data: JSONBody[WovenAsked], request: Request[Any, Any, Any]) -> WovenTried:
    """Ask the far side itself with the question's sample. It is the same to it as a call."""
    hub, tenant = hub_of(request), held_of(request).tenant
    woven = data.woven
    found = woven_lint.check(woven)
    if not woven_lint.is_sound(found):
        raise InputError("woven_unsound", found[0].code, found[0].pointer)
    question = typed.read_question(woven, woven.question_sample.encode())
    key = f"trial-{uuid.uuid4()}"
    outcome = await hub.weaver.ask(tenant, woven, question, key, hub.clock())
    return msgspec.convert(outcome, WovenTried, from_attributes=True)


@put(
    "/v1/woven/secrets",
    **declare_write("putWovenSecret", _TAG, "woven.write", 2 * WOVEN_BYTES),
)
async def put_woven_secret(
    data: JSONBody[WovenSecret], request: Request[Any, Any, Any]
) -> WovenKept:
    """Lay the secret of a far side into the safe, for its addresses alone; it is never shown."""
    held, woven = held_of(request), data.woven
    _check_code(woven)
    async with hub_of(request).connection() as connection:
        await weaving_auth.put_secret(connection, held.tenant, woven, data.secret, held.actor)
    return WovenKept(origin=weaving_auth.origin_of(woven), has_secret=bool(data.secret))


async def _show(request: Asked, connection: Connection, draft: Draft[Woven]) -> WovenDraftShown:
    around = await _DESK.look(request, connection, draft)
    return WovenDraftShown(woven=draft.body, **around.road(draft))


_DESK: Final = Desk(
    drafts=WOVEN,
    right="woven",
    show=_show,
    problem=WovenProblem,
    clause="woven.lint",
    stale=("woven_changed", "这一稿刚被别人改过", "somebody else saved the draft meanwhile"),
    unsound=(
        "woven_unsound", "这个能力还有问题", "something stands in the way of this capability",
    ),
)  # fmt: skip


@post(_DRAFTS, **_declare("beginWoven", 201))
async def begin_woven(
    data: JSONBody[WovenDraftNew], request: Request[Any, Any, Any]
) -> Response[WovenDraftShown]:
    """Begin a draft; it gets the number of the next version. One of a code is open at a time."""
    _check_code(data.woven)
    return await _DESK.begin(request, data.woven.code, data.woven)


@put(f"{_DRAFTS}/{{draft_id:str}}", **{**_WRITE, "operation_id": "saveWoven"})
async def save_woven(
    draft_id: FromPath[str], data: JSONBody[WovenDraftSaved], request: Request[Any, Any, Any]
) -> Response[WovenDraftShown]:
    """Save a draft over the revision that it was made from."""
    _check_code(data.woven)
    return await _DESK.save(request, draft_id, data.revision, data.woven.code, data.woven)


def _check_code(woven: Woven) -> None:
    if not woven_lint.CODE.fullmatch(woven.code) or woven.code in woven_lint.RESERVED:
        raise InputError("woven_code", "a code is small letters, digits and _", "/woven/code")


@post(
    "/v1/woven/{code:str}/{version:int}/retire",
    **declare_write("retireWoven", _TAG, "woven.approve"),
    status_code=200,
)
async def retire_woven(
    code: FromPath[str],
    version: FromPath[int],
    data: JSONBody[Rejecting],
    request: Request[Any, Any, Any],
) -> Response[None]:
    """Take a version back: it is called no more. Others of its code stay."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        refusal = await woven_book.retire(
            connection, held.tenant, code, version, data.reason, held.actor
        )
    return respond(problems.of(refusal)) if refusal else Response(None)


@get(
    "/v1/woven/{code:str}/{version:int}/openapi.json",
    **declare_read("describeWoven", _TAG, "woven.read"),
)
async def describe_woven(
    code: FromPath[str], version: FromPath[int], request: Request[Any, Any, Any]
) -> dict[str, Any]:
    """Give the OpenAPI document of one version."""
    async with hub_of(request).connection() as connection:
        woven = await woven_book.read(connection, held_of(request).tenant, code, version)
    return described.describe(woven)


@post(
    "/v1/woven/{code:str}/{version:int}",
    **declare_write("callWoven", _TAG, "woven.call", WOVEN_QUESTION_BYTES),
    status_code=200,
)
async def call_woven(
    code: FromPath[str],
    version: FromPath[int],
    data: JSONBody[dict[str, Any]],
    request: Request[Any, Any, Any],
    idempotency_key: IdempotencyKey = None,
) -> WovenAnswer:
    """Ask the far side by a published version; 0 is the newest. 503 where another try may help."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        woven = await woven_book.read(connection, held.tenant, code, version)
    key = idempotency_key or str(uuid.uuid4())
    if len(key) > KEY_CHARS or not key.isascii() or not key.isprintable():
        raise InputError("bad_key", f"1 to {KEY_CHARS} visible ASCII characters")
    body = msgspec.json.encode(data)
    outcome = await hub.weaver.call(held.tenant, woven, body, key, hub.clock())
    if outcome.verdict == "again":
        raise NotAvailable(f"{code}: {outcome.reason or outcome.code}", 5)
    if outcome.verdict == "broken":
        raise InputError("woven_broken", outcome.reason or outcome.code)
    return WovenAnswer(
        verdict=outcome.verdict, code=outcome.code, reason=outcome.reason, answer=outcome.answer
    )


_ROAD: Final = (_DRAFTS, "Woven", _TAG, WovenDraftShown)
ROUTES: Final = [
    *road(_DESK, *_ROAD),
    *approval(_DESK, *_ROAD),
    list_woven,
    preview_woven,
    infer_woven,
    try_woven,
    put_woven_secret,
    begin_woven,
    save_woven,
    retire_woven,
    describe_woven,
    call_woven,
    *weaving_stock.ROUTES,
]
