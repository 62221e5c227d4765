"""Drafts of contract actions and their road: written, submitted, approved or sent back."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, Response, delete, get, post, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.contract.actions.findings import Finding
from danshu.capabilities.contract.actions.model import Action
from danshu.faces.http import problems
from danshu.faces.http.auth import Held, Keyring
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
    respond,
)
from danshu.hub import drafting
from danshu.hub.actors import name_actors
from danshu.hub.drafting import Connection, Draft, Stale, Unprovable
from danshu.hub.fields import PLAIN
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import ORDER_BODY_BYTES, REASON_CHARS

_ID = FromPath[str]


class StepShown(Struct, frozen=True, kw_only=True):
    """What happened on the way; `note` is the reason of a rejection."""

    act: drafting.Act
    revision: int
    digest: str
    by: str
    note: str
    at: str


class DraftShown(Struct, frozen=True, kw_only=True):
    """A draft. People by their numbers; `approvers` are those who could approve it, `mine`: the
    caller wrote some of it, so cannot.
    """

    id: str
    code: str
    state: drafting.State
    action: Action
    digest: str
    revision: int
    editors: tuple[str, ...]
    edited_by: str
    edited: str
    mine: bool
    approvers: tuple[str, ...]
    steps: tuple[StepShown, ...]


class DraftNew(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An action to be drafted: a new one, or the next version of one that is there."""

    action: Action


class DraftSaved(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The draft as it should be, written over `revision`."""

    revision: int
    action: Action


class Submitting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The revision that is submitted."""

    revision: int


class Approving(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The digest of what the approver has seen."""

    digest: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}(?![\s\S])")]


class Rejecting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why it is sent back."""

    reason: Annotated[str, Meta(min_length=1, max_length=REASON_CHARS, pattern=PLAIN)]


class DraftProblem(Struct, frozen=True, kw_only=True):
    """A no: `draft_changed` (`now` is what the draft is, saved by somebody else meanwhile),
    `action_unprovable` (`findings` stand in the way), or the refusal that `code` names.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    reason: str = ""
    reason_en: str = ""
    clause: str = ""
    now: DraftShown | None = None
    findings: tuple[Finding, ...] = ()


_CONFLICT: Final = ResponseSpec(
    DraftProblem,
    media_type=problems.PROBLEM_JSON,
    description="A no, with what stands in the way",
    generate_examples=False,
)
_READ: Final[dict[str, Any]] = {
    "tags": ["contract"],
    "responses": READ_PROBLEMS,
    "guards": [may("contract.read")],
}
_WRITE: Final[dict[str, Any]] = {
    "tags": ["contract"],
    "responses": {**PROBLEMS, 409: _CONFLICT},
    "guards": [may("contract.write"), only_json],
    "request_max_body_size": ORDER_BODY_BYTES,
}
_APPROVE: Final[dict[str, Any]] = {**_WRITE, "guards": [may("contract.approve"), only_json]}


async def _roles(request: Request[Any, Any, Any], held: Held) -> list[str]:
    """Give the roles that may approve by the merchant's rules."""
    keyring: Keyring = request.app.state.keyring
    granted = await keyring.roles_granted(held)
    return [role for role, actions in granted.items() if "contract.approve" in actions]


async def _show(connection: Connection, held: Held, draft: Draft, roles: list[str]) -> DraftShown:
    steps = await drafting.list_steps(connection, held.tenant, draft.id)
    subjects = [*draft.editors, draft.edited_by, *[step.by for step in steps]]
    names = await name_actors(connection, held.tenant, subjects)
    return DraftShown(
        id=draft.id,
        code=draft.code,
        state=draft.state,
        action=draft.action,
        digest=draft.digest,
        revision=draft.revision,
        editors=tuple([names[sub] for sub in draft.editors]),
        edited_by=names[draft.edited_by],
        edited=draft.edited,
        mine=held.actor.sub in draft.editors,
        approvers=await drafting.list_approvers(connection, held.tenant, draft, roles),
        steps=tuple(
            [
                StepShown(
                    act=step.act,
                    revision=step.revision,
                    digest=step.digest,
                    by=names[step.by],
                    note=step.note,
                    at=step.at,
                )
                for step in steps
            ]
        ),
    )


async def _answer(
    request: Request[Any, Any, Any],
    connection: Connection,
    done: Draft | Stale | Unprovable | Refusal,
    status: int = 200,
) -> Response[Any]:
    """Give a draft, or what stands in the way of what was asked."""
    held = held_of(request)
    if isinstance(done, Refusal):
        return respond(problems.of(done))
    roles = await _roles(request, held)
    if isinstance(done, Draft):
        return Response(await _show(connection, held, done, roles), status_code=status)
    now: DraftShown | None = None
    findings: tuple[Finding, ...] = ()
    if isinstance(done, Stale):
        code, detail = "draft_changed", "somebody else saved the draft meanwhile"
        reason = "这份草稿刚被别人改过"
        now = await _show(connection, held, done.now, roles)
    else:
        code, detail = "action_unprovable", "the action can't be proven as it stands"
        reason = "还有不能举证的地方"
        findings = done.findings
    problem = problems.make(code, detail, status=409)
    body = DraftProblem(
        type=problem.type,
        title=problem.title,
        status=409,
        detail=detail,
        code=code,
        reason=reason,
        reason_en=detail,
        clause="contract.drafts",
        now=now,
        findings=findings,
    )
    return Response(body, status_code=409, media_type=problems.PROBLEM_JSON)


@post("/v1/contract/drafts", operation_id="beginDraft", status_code=201, **_WRITE)
async def begin_draft(
    data: JSONBody[DraftNew], request: Request[Any, Any, Any]
) -> Response[DraftShown]:
    """Begin a draft; it gets the number of the next version. One of a code is open at a time."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        done = await drafting.begin(connection, held.tenant, data.action, held.actor, hub.clock())
        return await _answer(request, connection, done, 201)


@get("/v1/contract/drafts/{draft_id:str}", operation_id="readDraft", **_READ)
async def read_draft(draft_id: _ID, request: Request[Any, Any, Any]) -> DraftShown:
    """Read a draft with what happened on its way, and who could approve it."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        draft = await drafting.read(connection, held.tenant, draft_id)
        return await _show(connection, held, draft, await _roles(request, held))


@put("/v1/contract/drafts/{draft_id:str}", operation_id="saveDraft", **_WRITE)
async def save_draft(
    draft_id: _ID, data: JSONBody[DraftSaved], request: Request[Any, Any, Any]
) -> Response[DraftShown]:
    """Save a draft over the revision that it was made from; 409 gives what is there now."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        done = await drafting.save(
            connection, held.tenant, draft_id, data.revision, data.action, held.actor
        )
        return await _answer(request, connection, done)


@delete(
    "/v1/contract/drafts/{draft_id:str}",
    operation_id="discardDraft",
    tags=["contract"],
    responses=PROBLEMS,
    guards=[may("contract.write")],
    status_code=200,
)
async def discard_draft(draft_id: _ID, request: Request[Any, Any, Any]) -> Response[None]:
    """Give a draft up."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        refusal = await drafting.discard(connection, held.tenant, draft_id, held.actor)
    return respond(problems.of(refusal)) if refusal else Response(None)


@post(
    "/v1/contract/drafts/{draft_id:str}/submit",
    operation_id="submitDraft",
    status_code=200,
    **_WRITE,
)
async def submit_draft(
    draft_id: _ID, data: JSONBody[Submitting], request: Request[Any, Any, Any]
) -> Response[DraftShown]:
    """Submit a draft for approval; 409 `action_unprovable` names what the linter refuses."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        done = await drafting.submit(
            connection, held.tenant, draft_id, data.revision, held.actor, hub.clock()
        )
        return await _answer(request, connection, done)


@post(
    "/v1/contract/drafts/{draft_id:str}/withdraw",
    operation_id="withdrawDraft",
    status_code=200,
    **{**_WRITE, "guards": [may("contract.write")]},
)
async def withdraw_draft(draft_id: _ID, request: Request[Any, Any, Any]) -> Response[DraftShown]:
    """Take a submitted draft back, to go on writing it."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        done = await drafting.withdraw(connection, held.tenant, draft_id, held.actor)
        return await _answer(request, connection, done)


@post(
    "/v1/contract/drafts/{draft_id:str}/approve",
    operation_id="approveDraft",
    status_code=200,
    **_APPROVE,
)
async def approve_draft(
    draft_id: _ID, data: JSONBody[Approving], request: Request[Any, Any, Any]
) -> Response[DraftShown]:
    """Publish what was submitted. Whoever wrote some of it is refused, and told who may."""
    hub, held = hub_of(request), held_of(request)
    roles = await _roles(request, held)
    async with hub.connection() as connection:
        done = await drafting.approve(
            connection, held.tenant, draft_id, data.digest, held.actor, hub.clock(), roles
        )
        hub.worlds.forget(held.tenant)
        return await _answer(request, connection, done)


@post(
    "/v1/contract/drafts/{draft_id:str}/reject",
    operation_id="rejectDraft",
    status_code=200,
    **_APPROVE,
)
async def reject_draft(
    draft_id: _ID, data: JSONBody[Rejecting], request: Request[Any, Any, Any]
) -> Response[DraftShown]:
    """Send a submitted draft back, with the reason."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        done = await drafting.reject(connection, held.tenant, draft_id, data.reason, held.actor)
        return await _answer(request, connection, done)


ROUTES: Final = [
    begin_draft,
    read_draft,
    save_draft,
    discard_draft,
    submit_draft,
    withdraw_draft,
    approve_draft,
    reject_draft,
]
