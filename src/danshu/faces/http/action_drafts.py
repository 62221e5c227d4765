"""Drafts of contract actions and their road: written, submitted, approved or sent back."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, post, put
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from danshu.capabilities.contract.actions.findings import Finding
from danshu.capabilities.contract.actions.model import Action
from danshu.faces.http.drafts import Asked, Desk, DraftNo, DraftRoad, approval, conflict, road
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    may,
    only_json,
)
from danshu.hub.action_drafts import ACTIONS
from danshu.hub.drafts import Connection, Draft
from danshu.kernel.limits import ORDER_BODY_BYTES

_ID = FromPath[str]


class DraftShown(DraftRoad, frozen=True, kw_only=True):
    """A draft. People by their numbers; `approvers` are those who could approve it, `mine`: the
    caller wrote some of it, so cannot.
    """

    code: str
    action: Action
    editors: tuple[str, ...]


class DraftNew(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An action to be drafted: a new one, or the next version of one that is there."""

    action: Action


class DraftSaved(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The draft as it should be, written over `revision`."""

    revision: int
    action: Action


class DraftProblem(DraftNo, frozen=True, kw_only=True):
    """A no: `draft_changed` (`now` is what the draft is, saved by somebody else meanwhile),
    `action_unprovable` (`findings` stand in the way), or the refusal that `code` names.
    """

    now: DraftShown | None = None
    findings: tuple[Finding, ...] = ()


_CONFLICT: Final = conflict(DraftProblem)
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


async def _show(request: Asked, connection: Connection, draft: Draft[Action]) -> DraftShown:
    around = await _DESK.look(request, connection, draft)
    return DraftShown(
        code=draft.name,
        action=draft.body,
        editors=tuple([around.names[sub] for sub in draft.editors]),
        **around.road(draft),
    )


_DESK: Final = Desk(
    drafts=ACTIONS,
    right="contract",
    show=_show,
    problem=DraftProblem,
    clause="contract.drafts",
    stale=("draft_changed", "这份草稿刚被别人改过", "somebody else saved the draft meanwhile"),
    unsound=(
        "action_unprovable", "还有不能举证的地方", "the action can't be proven as it stands",
    ),
)  # fmt: skip


@post("/v1/contract/drafts", operation_id="beginDraft", status_code=201, **_WRITE)
async def begin_draft(
    data: JSONBody[DraftNew], request: Request[Any, Any, Any]
) -> Response[DraftShown]:
    """Begin a draft; it gets the number of the next version. One of a code is open at a time."""
    return await _DESK.begin(request, data.action.action, data.action)


@put("/v1/contract/drafts/{draft_id:str}", operation_id="saveDraft", **_WRITE)
async def save_draft(
    draft_id: _ID, data: JSONBody[DraftSaved], request: Request[Any, Any, Any]
) -> Response[DraftShown]:
    """Save a draft over the revision that it was made from; 409 gives what is there now."""
    return await _DESK.save(request, draft_id, data.revision, data.action.action, data.action)


_ROAD: Final = ("/v1/contract/drafts", "Draft", "contract", DraftShown)
ROUTES: Final = [begin_draft, save_draft, *road(_DESK, *_ROAD), *approval(_DESK, *_ROAD)]
