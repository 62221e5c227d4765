"""退货原因 return reasons over HTTP: how it goes, cases, what a person says, what was taught."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final, Literal

from litestar import Request, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct
from msgspec.structs import replace

from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of
from danshu.faces.http.questions import Cursor, Limit, Word, read_before, read_place, write_place
from danshu.hub import return_reason_views, return_reasons
from danshu.hub.actors import name_actors
from danshu.hub.fields import PLAIN
from danshu.hub.return_reason_views import ReasonChoice, ReasonPhrase, ReasonReport, ReasonRow
from danshu.kernel.limits import PAGE_ROWS, REASON_CHARS, REASON_PHRASE_CHARS

_TAG: Final = "return reasons"
_READ: Final = "asset.aggregate"
_WRITE: Final = "reason.write"
_BODY_BYTES: Final = 4_096
_State = Annotated[Literal["", "named", "unsure", "confirmed"], QueryParameter(name="state")]
_Phrase = Annotated[str, Meta(max_length=REASON_PHRASE_CHARS, pattern=PLAIN)]


class ReasonTold(Struct, frozen=True, kw_only=True):
    """A reason of the vocabulary; `stage` is the step of fulfilment that it points at."""

    code: str
    zh: str
    en: str
    stage: str


class ReasonsReport(Struct, frozen=True, kw_only=True):
    """The vocabulary, the confidence (thousandths) below which it says nothing, and how it goes."""

    reasons: tuple[ReasonTold, ...]
    line: int
    report: ReasonReport


class ReasonPage(Struct, frozen=True, kw_only=True):
    """Cases, the newest first; `next` is "" at the end."""

    items: tuple[ReasonRow, ...]
    next: str


class PhrasePage(Struct, frozen=True, kw_only=True):
    """Phrases that were taught; `next` is "" at the end."""

    items: tuple[ReasonPhrase, ...]
    next: str


class ReasonCorrection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The reason of a case; `phrase` are words that mean it from now on, "" = none."""

    code: Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
    phrase: _Phrase = ""


class ReasonTrial(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Words to try."""

    text: Annotated[str, Meta(min_length=1, max_length=REASON_CHARS)]


class ReasonTried(Struct, frozen=True, kw_only=True):
    """What the words would be named, "" = unsure; what they may mean, and what spoke for it."""

    code: str
    confidence: int
    choices: tuple[ReasonChoice, ...]
    words: tuple[str, ...]


@get("/v1/return-reasons", **declare_read("getReturnReasons", _TAG, _READ))
async def get_report(request: Request[Any, Any, Any]) -> ReasonsReport:
    """Give the vocabulary, cases by reason, how many were sure, and how often they were right."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        book = (await return_reasons.read_book(connection, tenant)).book
        told = await return_reason_views.report(connection, tenant)
    reasons = tuple(
        [ReasonTold(code=r.code, zh=r.zh, en=r.en, stage=r.stage) for r in book.reasons]
    )
    return ReasonsReport(reasons=reasons, line=book.line, report=told)


@get("/v1/return-reasons/cases", **declare_read("listReturnReasonCases", _TAG, _READ))
async def list_cases(
    request: Request[Any, Any, Any],
    is_in: _State = "",
    code: Word = "",
    cursor: Cursor = "",
    limit: Limit = PAGE_ROWS,
) -> ReasonPage:
    """List cases whose words were read; the words themselves for who may name reasons."""
    held = held_of(request)
    before = read_before(cursor)
    async with hub_of(request).connection() as connection:
        rows = await return_reason_views.list_cases(
            connection,
            held.tenant,
            state=is_in,
            code=code,
            before=before,
            limit=limit + 1,
            reads_words=_WRITE in held.possible,
        )
        names = await name_actors(connection, held.tenant, [r.by for r in rows])
    following = write_place(rows[limit - 1].case) if len(rows) > limit else ""
    items = tuple([replace(r, by=names[r.by]) for r in rows[:limit]])
    return ReasonPage(items=items, next=following)


@get("/v1/return-reasons/phrases", **declare_read("listReasonPhrases", _TAG, _WRITE))
async def list_phrases(
    request: Request[Any, Any, Any], cursor: Cursor = "", limit: Limit = PAGE_ROWS
) -> PhrasePage:
    """List the words that people taught."""
    tenant = held_of(request).tenant
    after = str(read_place(cursor, str)[0]) if cursor else ""
    async with hub_of(request).connection() as connection:
        rows = await return_reason_views.list_phrases(connection, tenant, after, limit + 1)
        names = await name_actors(connection, tenant, [r.by for r in rows])
    following = write_place(rows[limit - 1].key) if len(rows) > limit else ""
    items = tuple([replace(r, by=names[r.by]) for r in rows[:limit]])
    return PhrasePage(items=items, next=following)


@post(
    "/v1/return-reasons/cases/{case_id:uuid}/correct",
    status_code=200,
    **declare_write("correctReturnReason", _TAG, _WRITE, _BODY_BYTES),
)
async def correct_case(
    case_id: FromPath[uuid.UUID],
    data: JSONBody[ReasonCorrection],
    request: Request[Any, Any, Any],
) -> ReasonRow:
    """Name the reason of a case as a person does, and teach its words."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        await return_reasons.correct(
            connection, held.tenant, case_id, data.code, data.phrase.strip(), held.actor
        )
        row = await return_reason_views.read_case(connection, held.tenant, case_id)
        names = await name_actors(connection, held.tenant, [row.by])
    return replace(row, by=names[row.by])


@post(
    "/v1/return-reasons/try",
    status_code=200,
    **declare_write("tryReturnReason", _TAG, _READ, _BODY_BYTES),
)
async def try_words(data: JSONBody[ReasonTrial], request: Request[Any, Any, Any]) -> ReasonTried:
    """Say what words would be named; nothing is kept."""
    async with hub_of(request).connection() as connection:
        book = (await return_reasons.read_book(connection, held_of(request).tenant)).book
    named = book.name(data.text)
    return ReasonTried(
        code=named.code,
        confidence=named.confidence,
        choices=tuple([ReasonChoice(code=c.code, confidence=c.confidence) for c in named.choices]),
        words=named.choices[0].words if named.choices else (),
    )


ROUTES: Final = [get_report, list_cases, list_phrases, correct_case, try_words]
