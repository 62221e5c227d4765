"""Jobs over HTTP: how far they are, what they could not do, stopped, tried again, undone."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final, Literal

from litestar import Request, get, post
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream
from msgspec import Struct

from danshu.faces.http import sheets
from danshu.faces.http.auth import Held, require
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
)
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.faces.http.workbench import who_of
from danshu.hub import bulk, export_kinds, exports, jobs, lists, selections
from danshu.hub.compose import Hub, now_ms
from danshu.hub.job_runner import Runner
from danshu.hub.jobs import Failure, Job, NewJob, Reason
from danshu.hub.selections import Selection
from danshu.hub.sheet_views import write_line
from danshu.kernel import ids
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import SCAN_CANDIDATES


class JobView(Struct, frozen=True, kw_only=True):
    """A job. `act` of a bulk act, `form` of an export. `total` is 约 unless `exact`.

    `state`: waiting, running, done, cancelled, failed (`trouble` says why). `can` lists what may be
    done with it now: cancel, retry, undo, download.
    """

    id: uuid.UUID
    kind: str
    act: str
    form: str
    state: str
    asked_by: str
    total: int
    exact: bool
    done: int
    failed: int
    trouble: str
    parent: uuid.UUID | None
    undoes: bool
    created: str
    ended: str
    can: tuple[str, ...]
    result: exports.Result | None


class JobPage(Struct, frozen=True, kw_only=True):
    """Jobs, newest first; `next` is "" at the end."""

    items: tuple[JobView, ...]
    next: str


class FailurePage(Struct, frozen=True, kw_only=True):
    """Orders that a job could not do, newest first, and the reasons of all of them counted."""

    items: tuple[Failure, ...]
    reasons: tuple[Reason, ...]
    next: str


async def start(
    request: Request[Any, Any, Any],
    kind: str,
    question: bytes,
    which: Selection,
    parent: Job | None = None,
) -> JobView:
    """Begin a job of the caller, and show it."""
    hub, held = hub_of(request), held_of(request)
    if parent is None:
        counted = await selections.count(hub, held.tenant, which)
        total, exact = counted.count, counted.exact
    else:
        total, exact = (parent.failed if which.failed else parent.done), True
    return await begin(request, kind, question, total, exact=exact, parent=parent)


async def begin(
    request: Request[Any, Any, Any],
    kind: str,
    question: bytes,
    total: int,
    *,
    exact: bool = True,
    parent: Job | None = None,
) -> JobView:
    """Begin a job of the caller that comes to so many rows, and show it."""
    hub, held = hub_of(request), held_of(request)
    new = NewJob(
        id=ids.uuid7(now_ms(), os.urandom(10)),
        kind=kind,
        question=question,
        caller=who_of(held),
        actor=held.actor,
        total=total,
        exact=exact,
        parent=parent.id if parent else None,
    )
    async with hub.connection() as connection:
        await jobs.begin(connection, held.tenant, new)
        made = await jobs.read(connection, held.tenant, new.id)
    runner_of(request).wake()
    return show_job(made, held)


def runner_of(request: Request[Any, Any, Any]) -> Runner:
    """Give the runner of jobs of this process."""
    runner: Runner = request.app.state.runner
    return runner


def show_job(job: Job, held: Held) -> JobView:
    is_bulk = job.kind == bulk.KIND
    asked = bulk.decode_question(job.question) if is_bulk else None
    is_export = job.kind in export_kinds.DECODERS
    form = export_kinds.DECODERS[job.kind](job.question).form if is_export else ""
    result = exports.decode_result(job.result) if is_export and job.result else None
    can: list[str] = []
    if not job.ended_ms:
        can = ["cancel"]
    elif asked is not None:
        can += ["retry"] if job.failed and not asked.undoes else []
        can += ["undo"] if job.done and asked.act in bulk.INVERSE and not asked.undoes else []
    elif is_export and job.state == jobs.DONE and held.may("export.make"):
        can = ["download"]
    return JobView(
        id=job.id,
        kind=job.kind,
        act=asked.act if asked else "",
        form=form,
        state=job.state,
        asked_by=job.actor.sub,
        total=job.total,
        exact=job.exact,
        done=job.done,
        failed=job.failed,
        trouble=job.trouble,
        parent=job.parent,
        undoes=bool(asked and asked.undoes),
        created=rfc3339(job.created_ms),
        ended=rfc3339(job.ended_ms) if job.ended_ms else "",
        can=tuple(can),
        result=result,
    )


async def mine(request: Request[Any, Any, Any], id_: uuid.UUID) -> Job:
    """Read a job of the caller, or of anybody for who may look after jobs; others are not there."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        job = await jobs.read(connection, held.tenant, id_)
    if job.asked_by != who_of(held).subject and not held.may("job.admin"):
        raise jobs.NO_JOB
    return job


Everybody = Annotated[
    bool, QueryParameter(name="all", description="everybody's, for who may look after jobs")
]


@get(
    "/v1/jobs",
    operation_id="listJobs",
    tags=["jobs"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def list_jobs(
    request: Request[Any, Any, Any],
    everybody: Everybody = False,
    cursor: Cursor = "",
    limit: Limit = 20,
) -> JobPage:
    """List the caller's jobs, newest first."""
    held = held_of(request)
    if everybody:
        require(held, "job.admin")
    before = _uuid(read_place(cursor, str)[0]) if cursor else lists.LAST
    asked_by = None if everybody else who_of(held).subject
    async with hub_of(request).connection() as connection:
        found = await jobs.list_jobs(connection, held.tenant, asked_by, before, limit + 1)
    more = found[limit - 1] if len(found) > limit else None
    return JobPage(
        items=tuple([show_job(j, held) for j in found[:limit]]),
        next=write_place(str(more.id)) if more else "",
    )


def _uuid(text: int | str) -> uuid.UUID:
    try:
        return uuid.UUID(str(text))
    except ValueError as error:
        raise lists.OTHER_QUESTION from error


@get(
    "/v1/jobs/{job_id:uuid}",
    operation_id="getJob",
    tags=["jobs"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def get_job(job_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]) -> JobView:
    """Read a job: how far it has come, what became of it."""
    return show_job(await mine(request, job_id), held_of(request))


Lang = Annotated[Literal["zh", "en"], QueryParameter(description="language of the words")]
Reasoned = Annotated[str, QueryParameter(max_length=64, description="only failures of this code")]


@get(
    "/v1/jobs/{job_id:uuid}/failures",
    operation_id="listFailures",
    tags=["jobs"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def list_failures(
    job_id: FromPath[uuid.UUID],
    request: Request[Any, Any, Any],
    code: Reasoned = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> FailurePage:
    """List the orders that a job could not do, each with its reason."""
    job = await mine(request, job_id)
    before = _uuid(read_place(cursor, str)[0]) if cursor else lists.LAST
    async with hub_of(request).connection() as connection:
        found = await jobs.failures(connection, job.tenant, job.id, code, before, limit + 1)
        reasons = await jobs.reasons(connection, job.tenant, job.id)
    more = found[limit - 1] if len(found) > limit else None
    return FailurePage(
        items=tuple(found[:limit]),
        reasons=tuple(reasons),
        next=write_place(str(more.order)) if more else "",
    )


@get(
    "/v1/jobs/{job_id:uuid}/failures/csv",
    operation_id="downloadFailures",
    tags=["jobs"],
    media_type=sheets.CSV,
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def download_failures(
    job_id: FromPath[uuid.UUID],
    request: Request[Any, Any, Any],
    code: Reasoned = "",
    lang: Lang = "zh",
) -> Stream:
    """Give the orders that a job could not do as a CSV file: number, reason, code, id."""
    job = await mine(request, job_id)
    return Stream(
        _failure_lines(hub_of(request), job, code, lang),
        media_type=f"{sheets.CSV}; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="failures-{job.id}.csv"'},
    )


async def _failure_lines(hub: Hub, job: Job, code: str, lang: str) -> AsyncIterator[bytes]:
    """Write the failures piece by piece; a file of any length needs little memory."""
    is_english = lang == "en"
    head = ("Order", "Reason", "Code", "Id") if is_english else ("订单号", "原因", "原因码", "编号")
    text, before = "\ufeff" + write_line(head), lists.LAST
    while True:
        async with hub.connection() as connection:
            found = await jobs.failures(
                connection, job.tenant, job.id, code, before, SCAN_CANDIDATES
            )
        for one in found:
            reason = (one.reason_en or one.reason) if is_english else one.reason
            text += write_line((one.number, reason, one.code, str(one.order)))
        yield text.encode()
        if len(found) < SCAN_CANDIDATES:
            return
        text, before = "", found[-1].order


@post(
    "/v1/jobs/{job_id:uuid}/cancel",
    operation_id="cancelJob",
    tags=["jobs"],
    responses=PROBLEMS,
    guards=[may("order.read")],
    status_code=200,
)
async def cancel_job(job_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]) -> JobView:
    """Stop a job after the orders that it is at; what is done stays done."""
    job = await mine(request, job_id)
    async with hub_of(request).connection() as connection:
        await jobs.stop(connection, job.tenant, job.id)
    return show_job(await mine(request, job_id), held_of(request))


@post(
    "/v1/jobs/{job_id:uuid}/retry",
    operation_id="retryJob",
    tags=["jobs"],
    responses=PROBLEMS,
    guards=[may("order.act")],
    status_code=202,
)
async def retry_job(job_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]) -> JobView:
    """Try the orders again that a job could not do, as a new job."""
    return await _follow(request, await mine(request, job_id), "retry")


@post(
    "/v1/jobs/{job_id:uuid}/undo",
    operation_id="undoJob",
    tags=["jobs"],
    responses=PROBLEMS,
    guards=[may("order.act")],
    status_code=202,
)
async def undo_job(job_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]) -> JobView:
    """Undo what a job did, order by order, as a new job; for acts that have an inverse."""
    return await _follow(request, await mine(request, job_id), "undo")


async def _follow(
    request: Request[Any, Any, Any], job: Job, what: Literal["retry", "undo"]
) -> JobView:
    held = held_of(request)
    if what not in show_job(job, held).can:
        raise InputError("not_now", f"a job of this kind and state has no {what}")
    asked = bulk.decode_question(job.question)
    which = Selection(of=job.id, failed=what == "retry")
    act = asked.act if what == "retry" else bulk.INVERSE[asked.act]
    require(held, bulk.ACTIONS[act])
    question = bulk.Question(
        act=act,
        which=which,
        reason=asked.reason,
        tags=asked.tags,
        person=asked.person,
        number=asked.number,
        exclude=asked.exclude,
        batch=asked.batch,
        alike=asked.alike,
    )
    return await start(request, bulk.KIND, bulk.encode(question), which, job)


ROUTES: Final = [
    list_jobs,
    get_job,
    list_failures,
    download_failures,
    cancel_job,
    retry_job,
    undo_job,
]
