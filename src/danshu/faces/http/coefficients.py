"""Coefficients 评分系数 over HTTP: what was learned beside what is in use; adopted, rolled back."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

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
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.hub import coefficients
from danshu.hub.coefficients import (
    CoefficientStep,
    CoefficientVersion,
    CoefficientWork,
    ScorerPanelReport,
)
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import REASON_CHARS

_STEPS: Final = 20


class CoefficientNote(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why it is done, in one's own words."""

    note: Annotated[str, Meta(max_length=REASON_CHARS)] = ""


class CoefficientPage(Struct, frozen=True, kw_only=True):
    """Versions, newest first, the shipped one (0) last; `next` is "" at the end.

    `panel` is what the other scorers know, None while nothing was learned; `work` whether the room
    is asked to look; `steps` what people did, newest first.
    """

    items: tuple[CoefficientVersion, ...]
    next: str
    in_use: int
    panel: ScorerPanelReport | None
    work: CoefficientWork
    steps: tuple[CoefficientStep, ...]


class CoefficientsInUse(Struct, frozen=True, kw_only=True):
    """The version that the next snapshot carries."""

    in_use: int


@get(
    "/v1/coefficients",
    operation_id="listCoefficients",
    tags=["decisions"],
    responses=READ_PROBLEMS,
    guards=[may("routing.read")],
)
async def list_coefficients(
    request: Request[Any, Any, Any], cursor: Cursor = "", limit: Limit = 20
) -> CoefficientPage:
    """List the coefficients that were learned, each held against those in use at that time on days
    that neither had seen.
    """
    tenant = held_of(request).tenant
    before = int(read_place(cursor, int)[0]) if cursor else 0
    async with hub_of(request).connection() as connection:
        found = await coefficients.versions(connection, tenant, before, limit + 1)
        in_use, _ = await coefficients.read_active(connection, tenant)
        panel = await coefficients.read_panel(connection, tenant)
        work = await coefficients.read_work(connection, tenant)
        steps = await coefficients.steps(connection, tenant, _STEPS)
    more = found[limit - 1].no if len(found) > limit else 0
    return CoefficientPage(
        items=tuple(found[:limit]),
        next=write_place(more) if more else "",
        in_use=in_use,
        panel=panel,
        work=work,
        steps=tuple(steps),
    )


@post(
    "/v1/coefficients",
    operation_id="proposeCoefficients",
    tags=["decisions"],
    responses=PROBLEMS,
    guards=[may("routing.write")],
    status_code=202,
)
async def propose_coefficients(request: Request[Any, Any, Any]) -> CoefficientWork:
    """Ask for a look at the deliveries now; it proposes, and uses nothing."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        await coefficients.WORK.want(connection, tenant)
        return await coefficients.read_work(connection, tenant)


@post(
    "/v1/coefficients/{version_no:int}/adopt",
    operation_id="adoptCoefficients",
    tags=["decisions"],
    responses=PROBLEMS,
    guards=[may("routing.activate"), only_json],
    status_code=200,
)
async def adopt_coefficients(
    version_no: FromPath[int], data: JSONBody[CoefficientNote], request: Request[Any, Any, Any]
) -> Response[CoefficientsInUse]:
    """Use a version from the next snapshot on, 0 for the shipped one. One that did not pass on the
    held-out days needs a note.
    """
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        done = await coefficients.adopt(
            connection, held.tenant, held.actor, held.actor.sub, version_no, data.note
        )
    return _answer(done)


@post(
    "/v1/coefficients/rollback",
    operation_id="rollBackCoefficients",
    tags=["decisions"],
    responses=PROBLEMS,
    guards=[may("routing.rollback"), only_json],
    status_code=200,
)
async def roll_back_coefficients(
    data: JSONBody[CoefficientNote], request: Request[Any, Any, Any]
) -> Response[CoefficientsInUse]:
    """Use again what was in use before."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        done = await coefficients.roll_back(
            connection, held.tenant, held.actor, held.actor.sub, data.note
        )
    return _answer(done)


def _answer(done: int | Refusal) -> Response[CoefficientsInUse]:
    if isinstance(done, Refusal):
        return respond(problems.of(done))
    return Response(CoefficientsInUse(in_use=done))


ROUTES: Final = [
    list_coefficients,
    propose_coefficients,
    adopt_coefficients,
    roll_back_coefficients,
]
