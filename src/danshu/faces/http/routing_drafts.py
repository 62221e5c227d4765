"""Drafts of policy sets 策略: drawn, checked, run, tried on a past day, submitted, approved."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, post, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.routing.policy import lint, running
from danshu.capabilities.routing.policy.lint import PolicyFinding
from danshu.capabilities.routing.policy.model import (
    ROUTING,
    Case,
    Graph,
    PolicyKind,
    PolicySet,
)
from danshu.capabilities.routing.policy.running import Ran
from danshu.faces.http import routing_policies
from danshu.faces.http.drafts import Asked, Desk, DraftNo, conflict, road
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
)
from danshu.faces.http.routing_policies import RoutingSet
from danshu.hub import policy_drafts, policy_sets
from danshu.hub.drafts import Connection, Draft, StepShown
from danshu.hub.fields import PLAIN
from danshu.hub.policy_drafts import POLICIES
from danshu.kernel.limits import (
    ORDER_BODY_BYTES,
    POLICY_CASES,
    POLICY_GRAPHS,
    POLICY_SET_BYTES,
    REASON_CHARS,
)

_ID = FromPath[str]
_BODY_BYTES: Final = 2 * POLICY_SET_BYTES  # what a canvas sends has spaces
Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=PLAIN)]
Digest = Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?(?![\s\S])")]


class RoutingDraft(Struct, frozen=True, kw_only=True):
    """A draft. People by their numbers; `mine`: the caller drew some of it, so cannot approve it;
    `approvers` could. `simulation` is its newest trial that is done, "" for none.
    """

    id: str
    name: str
    kind: PolicyKind
    state: str
    revision: int
    digest: str
    graphs: tuple[Graph, ...]
    cases: tuple[Case, ...]
    editors: tuple[str, ...]
    editor: str
    at: str
    mine: bool
    approvers: tuple[str, ...]
    simulation: str
    steps: tuple[StepShown, ...]


class RoutingDraftNew(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A draft to begin. `from`: live, empty, all (every family of intercept rules), the code of a
    template, or the digest of a set.
    """

    name: Name
    kind: PolicyKind = ROUTING
    origin: Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)] = msgspec.field(
        name="from", default="empty"
    )


class RoutingDraftSaved(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The draft as it should be, drawn over `revision`."""

    revision: int
    name: Name
    graphs: Annotated[tuple[Graph, ...], Meta(max_length=POLICY_GRAPHS)]
    cases: Annotated[tuple[Case, ...], Meta(max_length=POLICY_CASES)] = ()


class RoutingCheck(Struct, frozen=True, kw_only=True):
    """What stands in the way (errors) or should be thought about (warnings)."""

    findings: tuple[PolicyFinding, ...]
    sound: bool
    digest: str


class RoutingRun(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A graph of the draft, and the context to run it on: what it tells over sample values."""

    graph: Annotated[str, Meta(max_length=64)]
    context: dict[str, Any] = {}


class RoutingApproval(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The digest of what the approver has seen ("" = as it is now), and a note."""

    digest: Digest = ""
    note: Annotated[str, Meta(max_length=REASON_CHARS, pattern=PLAIN)] = ""


class RoutingDecline(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why it is sent back."""

    note: Annotated[str, Meta(min_length=1, max_length=REASON_CHARS, pattern=PLAIN)]


class RoutingDraftProblem(DraftNo, frozen=True, kw_only=True):
    """A no: `draft_changed` (`now` is what the draft is, saved by somebody else meanwhile),
    `policy_unsound` (`findings` stand in the way), or the refusal that `code` names.
    """

    now: RoutingDraft | None = None
    findings: tuple[PolicyFinding, ...] = ()


_CONFLICT: Final = conflict(RoutingDraftProblem)
_READ: Final[dict[str, Any]] = {
    "tags": ["routing"],
    "responses": READ_PROBLEMS,
    "guards": [may("routing.read")],
}
_WRITE: Final[dict[str, Any]] = {
    "tags": ["routing"],
    "responses": {**PROBLEMS, 409: _CONFLICT},
    "guards": [may("routing.write"), only_json],
    "request_max_body_size": ORDER_BODY_BYTES,
    "status_code": 200,
}
_BARE: Final[dict[str, Any]] = {**_WRITE, "guards": [may("routing.write")]}
_APPROVE: Final[dict[str, Any]] = {**_WRITE, "guards": [may("routing.approve"), only_json]}


async def _show(request: Asked, connection: Connection, draft: Draft[PolicySet]) -> RoutingDraft:
    around = await _DESK.look(request, connection, draft)
    tenant = held_of(request).tenant
    return RoutingDraft(
        id=draft.id,
        name=draft.name,
        kind=draft.body.kind,
        state=draft.state,
        revision=draft.revision,
        digest=draft.digest,
        graphs=draft.body.graphs,
        cases=draft.body.cases,
        editors=tuple([around.names[sub] for sub in draft.editors]),
        editor=around.names[draft.edited_by],
        at=draft.edited,
        mine=around.mine,
        approvers=around.approvers,
        simulation=await policy_drafts.find_trial(connection, tenant, draft.digest),
        steps=around.steps,
    )


async def _show_published(
    request: Asked, connection: Connection, draft: Draft[PolicySet]
) -> RoutingSet:
    tenant = held_of(request).tenant
    row = await policy_sets.read_row(connection, tenant, draft.digest)
    return (await routing_policies.show_sets(connection, tenant, [row]))[row.digest]


_DESK: Final = Desk(
    drafts=POLICIES,
    right="routing",
    show=_show,
    problem=RoutingDraftProblem,
    clause="routing.policy",
    stale=("draft_changed", "这份草稿刚被别人改过", "somebody else saved the draft meanwhile"),
    unsound=("policy_unsound", "检查里还有错误", "the linter still finds errors"),
)


@post(
    "/v1/routing/policies/drafts",
    operation_id="beginRoutingDraft",
    **{**_WRITE, "status_code": 201},
)
async def begin_draft(
    data: JSONBody[RoutingDraftNew], request: Request[Any, Any, Any]
) -> Response[RoutingDraft]:
    """Begin a draft from nothing, from what rules, a template, or a published set."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        policy = await policy_drafts.find_origin(connection, held.tenant, data.origin, data.kind)
    return await _DESK.begin(request, data.name, policy)


@put(
    "/v1/routing/policies/drafts/{draft_id:str}",
    operation_id="saveRoutingDraft",
    **{**_WRITE, "request_max_body_size": _BODY_BYTES},
)
async def save_draft(
    draft_id: _ID, data: JSONBody[RoutingDraftSaved], request: Request[Any, Any, Any]
) -> Response[RoutingDraft]:
    """Save a draft over the revision that it was drawn from; 409 gives what is there now."""
    policy = PolicySet(graphs=data.graphs, cases=data.cases)
    return await _DESK.save(request, draft_id, data.revision, data.name, policy)


@post("/v1/routing/policies/drafts/{draft_id:str}/check", operation_id="checkRoutingDraft", **_BARE)
async def check_draft(draft_id: _ID, request: Request[Any, Any, Any]) -> RoutingCheck:
    """Look for what zen lets pass in silence, and run the cases."""
    async with hub_of(request).connection() as connection:
        draft = await POLICIES.read(connection, held_of(request).tenant, draft_id)
    findings = lint.check(draft.body)
    return RoutingCheck(findings=findings, sound=lint.is_sound(findings), digest=draft.digest)


@post("/v1/routing/policies/drafts/{draft_id:str}/run", operation_id="runRoutingDraft", **_WRITE)
async def run_draft(
    draft_id: _ID, data: JSONBody[RoutingRun], request: Request[Any, Any, Any]
) -> Ran:
    """Run one graph of a draft on a context, with the engine's own trace."""
    async with hub_of(request).connection() as connection:
        draft = await POLICIES.read(connection, held_of(request).tenant, draft_id)
    return running.run(draft.body, data.graph, data.context)


@post(
    "/v1/routing/policies/drafts/{draft_id:str}/approve",
    operation_id="approveRoutingDraft",
    **_APPROVE,
)
async def approve_draft(
    draft_id: _ID, data: JSONBody[RoutingApproval], request: Request[Any, Any, Any]
) -> Response[RoutingSet]:
    """Publish what was submitted. Whoever drew some of it is refused."""
    return await _DESK.approve(request, draft_id, data.digest, data.note, _show_published)


@post(
    "/v1/routing/policies/drafts/{draft_id:str}/decline",
    operation_id="declineRoutingDraft",
    **_APPROVE,
)
async def decline_draft(
    draft_id: _ID, data: JSONBody[RoutingDecline], request: Request[Any, Any, Any]
) -> Response[RoutingDraft]:
    """Send a submitted draft back, with the reason."""
    return await _DESK.step_back(request, draft_id, "declined", data.note)


ROUTES: Final = [
    begin_draft,
    save_draft,
    check_draft,
    run_draft,
    *road(_DESK, "/v1/routing/policies/drafts", "RoutingDraft", "routing", RoutingDraft),
    approve_draft,
    decline_draft,
]
