"""Classification 分类分级 over HTTP: what fields hold, a steward's word on it, the rule library."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, get, post
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.capabilities.classification.rules import Library, library
from danshu.faces.http import problems
from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of, respond
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.hub import classification
from danshu.hub.classification import (
    Act,
    ClassificationCounts,
    ClassificationWork,
    ClassifiedField,
    ClassifiedPlace,
    FieldAnswer,
    FieldQuestion,
)
from danshu.hub.fields import PLAIN
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import BATCH_BODY_BYTES, CLASSIFY_ANSWERS, CLASSIFY_FIELD_CHARS

FieldState = Annotated[
    Literal["", "waiting", "plain", "answered", "confirmed", "corrected", "declined"],
    QueryParameter(name="state"),
]
Place = Annotated[str, QueryParameter(max_length=CLASSIFY_FIELD_CHARS, pattern=PLAIN)]
Name = Annotated[str, Meta(min_length=1, max_length=CLASSIFY_FIELD_CHARS, pattern=PLAIN)]
Klass = Annotated[str, QueryParameter(name="class", max_length=32, pattern=PLAIN)]
Drifted = Annotated[bool, QueryParameter(description="only those that drifted")]
Level = Annotated[int, QueryParameter(ge=0, le=5, description="in force; 0 = any")]


class ClassifiedFieldPage(Struct, frozen=True, kw_only=True):
    """Fields by place and name; `next` is "" at the end."""

    items: tuple[ClassifiedField, ...]
    next: str


class ClassificationStanding(Struct, frozen=True, kw_only=True):
    """Counts, the places that were looked at, and how far the look has come."""

    counts: ClassificationCounts
    places: tuple[ClassifiedPlace, ...]
    work: ClassificationWork


class StewardAnswer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a steward says of a field: `klass` and `level` are for `correct`; level 0 is what the
    library gives the class.
    """

    place: Name
    field: Name
    act: Act
    klass: Annotated[str, Meta(max_length=32, pattern=PLAIN)] = ""
    level: Annotated[int, Meta(ge=0, le=5)] = 0


class StewardAnswers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Answers on fields, all or none."""

    answers: Annotated[tuple[StewardAnswer, ...], Meta(min_length=1, max_length=CLASSIFY_ANSWERS)]


class FieldsAnswered(Struct, frozen=True, kw_only=True):
    """How many fields were answered, and how many wait still."""

    fields: int
    waiting: int


@get("/v1/classification", **declare_read("readClassification", "assets", "asset.read"))
async def read_classification(request: Request[Any, Any, Any]) -> ClassificationStanding:
    """Read how many fields wait for a steward, where fields lie, and how far the look has come."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        return ClassificationStanding(
            counts=await classification.read_counts(connection, tenant),
            places=tuple(await classification.read_places(connection, tenant)),
            work=await classification.read_work(connection, tenant),
        )


@get("/v1/classification/fields", **declare_read("listClassifiedFields", "assets", "asset.read"))
async def list_fields(
    request: Request[Any, Any, Any],
    standing: FieldState = "",
    level: Level = 0,
    klass: Klass = "",
    place: Place = "",
    drift: Drifted = False,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> ClassifiedFieldPage:
    """List fields by place and name: what was found, what a steward said, what holds. No value is
    shown in clear; `drift` gives those that hold what they did not hold.
    """
    after = read_place(cursor, str, str) if cursor else ["", ""]
    asked = FieldQuestion(state=standing, level=level, klass=klass, place=place, drift=drift)
    async with hub_of(request).connection() as connection:
        found = await classification.read_fields(
            connection,
            held_of(request).tenant,
            asked,
            (str(after[0]), str(after[1])),
            limit + 1,
        )
    more = found[limit - 1] if len(found) > limit else None
    return ClassifiedFieldPage(
        items=tuple(found[:limit]),
        next=write_place(more.place, more.field) if more else "",
    )


@post(
    "/v1/classification/answers",
    **declare_write("answerClassifiedFields", "assets", "classification.write", BATCH_BODY_BYTES),
    status_code=200,
)
async def answer_fields(
    data: JSONBody[StewardAnswers], request: Request[Any, Any, Any]
) -> Response[FieldsAnswered]:
    """Confirm, correct or decline what fields were found to hold; it holds against what is found
    later. A level is never below the class's, or what an asset's maker declares.
    """
    hub, held = hub_of(request), held_of(request)
    answers = [
        FieldAnswer(
            place=each.place, field=each.field, act=each.act, klass=each.klass, level=each.level
        )
        for each in data.answers
    ]
    async with hub.connection() as connection:
        done = await classification.answer(
            connection, held.tenant, held.actor, answers, hub.clock()
        )
        if isinstance(done, Refusal):
            return respond(problems.of(done))
        counts = await classification.read_counts(connection, held.tenant)
    return Response(FieldsAnswered(fields=done, waiting=counts.waiting))


@post(
    "/v1/classification/looks",
    **declare_write("lookAtFields", "assets", "classification.write"),
    status_code=202,
)
async def look_at_fields(request: Request[Any, Any, Any]) -> ClassificationWork:
    """Ask for a look at what fields hold now; from then on there is one every night."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        await classification.WORK.want(connection, tenant)
        return await classification.read_work(connection, tenant)


@get("/v1/classification/rules", **declare_read("readClassificationRules", "assets", "asset.read"))
async def read_rules(request: Request[Any, Any, Any]) -> Library:
    """Read the rule library: classes with their levels and clauses, what joining raises, what
    counting lowers. A rule whose `verified_by` is empty was not compared with the standard's text.
    """
    del request
    return library()


ROUTES: Final = [read_classification, list_fields, answer_fields, look_at_fields, read_rules]
