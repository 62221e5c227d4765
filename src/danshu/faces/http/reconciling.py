"""Reconciliation 对账 over HTTP: rules, runs, differences and the acts on them."""

from __future__ import annotations

import datetime
import uuid
from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.capabilities.settlement.differences import CLASSES, REASONS
from danshu.capabilities.settlement.tolerances import Rules
from danshu.faces.http import problems
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
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.faces.http.workbench import who_of
from danshu.hub import (
    differences,
    differences_views,
    jobs,
    lists,
    marks,
    reconcile,
    reconcile_views,
)
from danshu.hub.differences import Told
from danshu.hub.differences_views import (
    BillDifference,
    DifferenceCount,
    DifferenceShown,
    Question,
)
from danshu.hub.fields import PLAIN
from danshu.hub.marks import Colleague
from danshu.hub.reconcile_views import ReconcileRun
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import (
    DIFFERENCE_NOTE_CHARS,
    DIFFERENCES_AT_ONCE,
    RECONCILE_CAUSE_CHARS,
)

ClassAsked = Annotated[str, QueryParameter(name="class", max_length=32, pattern=PLAIN)]
AgeAsked = Annotated[
    Literal["", "day", "week", "month", "older"],
    QueryParameter(name="age", description="since it happened: up to a day, a week, 31 days"),
]
RulesBase = Annotated[
    int | None,
    QueryParameter(ge=0, description="the version that the rules were written from"),
]
BookAsked = Annotated[str, QueryParameter(name="book", max_length=64, pattern=PLAIN)]
OwnerAsked = Annotated[
    str,
    QueryParameter(name="owner", max_length=64, pattern=PLAIN, description="me, or - for nobody's"),
]
NumberAsked = Annotated[str, QueryParameter(name="number", max_length=128, pattern=PLAIN)]
StateAsked = Annotated[
    Literal["", "open", "proposed", "closed", "settled"],
    QueryParameter(name="state", description="without it what waits: open and proposed"),
]
Note = Annotated[str, Meta(max_length=DIFFERENCE_NOTE_CHARS)]


class ReconcileRules(Struct, frozen=True, kw_only=True):
    """The rules in force; version 0 are those that come with the hub."""

    version: int
    rules: Rules


class BeginReconcile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a run is begun; `whole`: over everything, not only what is new."""

    cause: Annotated[str, Meta(max_length=RECONCILE_CAUSE_CHARS)] = ""
    whole: bool = False


class ReconcileRunPage(Struct, frozen=True, kw_only=True):
    """Runs, newest first; `next` is "" at the end."""

    items: tuple[ReconcileRun, ...]
    next: str


class DifferenceCounts(Struct, frozen=True, kw_only=True):
    """What waits, by class and age, exactly; who it can be given to; reasons to close by."""

    items: tuple[DifferenceCount, ...]
    people: tuple[Colleague, ...]
    me: str
    reasons: tuple[str, ...]
    second_fen: int


class DifferencePage(Struct, frozen=True, kw_only=True):
    """Differences, the oldest first; `next` is "" at the end."""

    items: tuple[BillDifference, ...]
    next: str


class DifferenceAct(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An act on differences. `assign` needs `owner` ("" nobody), `close` a `reason` and a `note`,
    `decline` and `reopen` a `note`.
    """

    act: Literal["assign", "close", "confirm", "decline", "reopen"]
    ids: Annotated[tuple[uuid.UUID, ...], Meta(min_length=1, max_length=DIFFERENCES_AT_ONCE)]
    owner: Annotated[str, Meta(max_length=64)] = ""
    reason: Annotated[str, Meta(max_length=32)] = ""
    note: Note = ""


class DifferenceNotDone(Struct, frozen=True, kw_only=True):
    """A difference that the act was not done to, and why."""

    id: uuid.UUID
    code: str
    reason: str
    reason_en: str


class DifferenceActAnswer(Struct, frozen=True, kw_only=True):
    """To how many the act was done, and to which not."""

    done: int
    failed: tuple[DifferenceNotDone, ...]


_READ: Final[dict[str, Any]] = {
    "tags": ["reconciliation"],
    "responses": READ_PROBLEMS,
    "guards": [may("reconcile.read")],
}
_WRITE: Final[dict[str, Any]] = {
    "tags": ["reconciliation"],
    "responses": PROBLEMS,
    "guards": [may("reconcile.write"), only_json],
}


def _before(cursor: str) -> uuid.UUID:
    if not cursor:
        return lists.LAST
    try:
        return uuid.UUID(str(read_place(cursor, str)[0]))
    except ValueError as error:
        raise lists.OTHER_QUESTION from error


@get("/v1/reconcile/rules", operation_id="getReconcileRules", **_READ)
async def get_rules(request: Request[Any, Any, Any]) -> ReconcileRules:
    """Read the rates and tolerances that runs go by."""
    async with hub_of(request).connection() as connection:
        version, rules = await reconcile.read_rules(connection, held_of(request).tenant)
    return ReconcileRules(version=version, rules=rules)


@put(
    "/v1/reconcile/rules",
    operation_id="putReconcileRules",
    tags=["reconciliation"],
    responses=PROBLEMS,
    guards=[may("reconcile.rules"), only_json],
)
async def put_rules(
    data: JSONBody[Rules], request: Request[Any, Any, Any], base: RulesBase = None
) -> Response[ReconcileRules]:
    """Set the rates and tolerances; the next run looks at everything by them. 409 `rules_moved`
    when `base` is no longer in force.
    """
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        done = await reconcile.set_rules(connection, held.tenant, data, held.actor, base)
    if isinstance(done, Refusal):
        return respond(problems.of(done))
    version, rules = done
    return Response(ReconcileRules(version=version, rules=rules))


@post("/v1/reconcile/runs", operation_id="beginReconcile", status_code=202, **_WRITE)
async def begin_run(
    data: JSONBody[BeginReconcile], request: Request[Any, Any, Any]
) -> ReconcileRun:
    """Reconcile now; joins a run that still waits."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        id_ = await reconcile.ask(
            connection, held.tenant, data.cause, who_of(held), held.actor, whole=data.whole
        )
        run = await reconcile_views.read_run(connection, held.tenant, id_)
    runner_of(request).wake()
    return run


@get("/v1/reconcile/runs", operation_id="listReconciles", **_READ)
async def list_runs(
    request: Request[Any, Any, Any], cursor: Cursor = "", limit: Limit = 20
) -> ReconcileRunPage:
    """List the runs, newest first."""
    async with hub_of(request).connection() as connection:
        found = await reconcile_views.list_runs(
            connection, held_of(request).tenant, _before(cursor), limit + 1
        )
    following = write_place(str(found[limit - 1].id)) if len(found) > limit else ""
    return ReconcileRunPage(items=tuple(found[:limit]), next=following)


@get("/v1/reconcile/runs/{run_id:uuid}", operation_id="getReconcile", **_READ)
async def get_run(run_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]) -> ReconcileRun:
    """Read a run: how far it is, what it looked at, what it found and by which rules."""
    async with hub_of(request).connection() as connection:
        return await reconcile_views.read_run(connection, held_of(request).tenant, run_id)


@post(
    "/v1/reconcile/runs/{run_id:uuid}/cancel",
    operation_id="cancelReconcile",
    tags=["reconciliation"],
    responses=PROBLEMS,
    guards=[may("reconcile.write")],
    status_code=200,
)
async def cancel_run(run_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]) -> ReconcileRun:
    """Stop a run; it has written nothing then."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        await reconcile_views.read_run(connection, tenant, run_id)
        if not await jobs.stop(connection, tenant, run_id):
            raise InputError("not_now", "this run has ended")
        return await reconcile_views.read_run(connection, tenant, run_id)


@get("/v1/reconcile/counts", operation_id="countDifferences", **_READ)
async def count(request: Request[Any, Any, Any]) -> DifferenceCounts:
    """Count what waits, by class and age."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        found = await differences_views.count(connection, held.tenant)
        staff = await marks.staff(connection, held.tenant)
        _, rules = await reconcile.read_rules(connection, held.tenant)
    return DifferenceCounts(
        items=tuple(found),
        people=tuple(staff),
        me=who_of(held).subject,
        reasons=REASONS,
        second_fen=rules.second_fen,
    )


@get("/v1/differences", operation_id="listDifferences", **_READ)
async def list_differences(
    request: Request[Any, Any, Any],
    class_: ClassAsked = "",
    age: AgeAsked = "",
    book: BookAsked = "",
    owner: OwnerAsked = "",
    number: NumberAsked = "",
    difference_state: StateAsked = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> DifferencePage:
    """List differences, the oldest first."""
    held = held_of(request)
    if class_ and class_ not in CLASSES:
        raise InputError("bad_filter", f"a class is one of {', '.join(CLASSES)}", "/class")
    asked = Question(
        states=(difference_state,) if difference_state else ("open", "proposed"),
        class_=class_,
        age=age,
        book=book,
        owner=who_of(held).subject if owner == "me" else owner,
        number=number,
    )
    after = None
    if cursor:
        place = read_place(cursor, str, str)
        after = (str(place[0]), str(place[1]))
        _check_place(*after)
    async with hub_of(request).connection() as connection:
        found = await differences_views.list_differences(
            connection, held.tenant, asked, after, limit + 1
        )
    last = found[limit - 1] if len(found) > limit else None
    following = write_place(last.at, str(last.id)) if last else ""
    return DifferencePage(items=tuple(found[:limit]), next=following)


def _check_place(at: str, id_: str) -> None:
    try:
        datetime.datetime.fromisoformat(at)
        uuid.UUID(id_)
    except ValueError as error:
        raise lists.OTHER_QUESTION from error


@get("/v1/differences/{difference_id:uuid}", operation_id="getDifference", **_READ)
async def get_difference(
    difference_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> DifferenceShown:
    """Read a difference: our side, and the bill's rows as they came."""
    async with hub_of(request).connection() as connection:
        return await differences_views.read_difference(
            connection, held_of(request).tenant, difference_id
        )


@post("/v1/differences:act", operation_id="actOnDifferences", status_code=200, **_WRITE)
async def act(
    data: JSONBody[DifferenceAct], request: Request[Any, Any, Any]
) -> Response[DifferenceActAnswer]:
    """Assign, close, confirm, decline or reopen differences; of one alone a no is a problem."""
    held = held_of(request)
    told = Told(
        act=data.act,
        who=who_of(held).subject,
        owner=who_of(held).subject if data.owner == "me" else data.owner,
        reason=data.reason,
        note=data.note,
    )
    async with hub_of(request).connection() as connection:
        failed = await differences.act(
            connection, held.tenant, data.ids, told, held.actor, hub_of(request).clock()
        )
    if failed and len(data.ids) == 1:
        return respond(problems.of(failed[0].refusal))
    return Response(
        DifferenceActAnswer(
            done=len(set(data.ids)) - len(failed),
            failed=tuple(
                DifferenceNotDone(
                    id=each.id,
                    code=each.refusal.code,
                    reason=each.refusal.reason,
                    reason_en=each.refusal.reason_en,
                )
                for each in failed
            ),
        )
    )


ROUTES: Final = [
    get_rules,
    put_rules,
    begin_run,
    list_runs,
    get_run,
    cancel_run,
    count,
    list_differences,
    get_difference,
    act,
]
