"""Policy sets 策略 of routing: what rules, what is scheduled, tried beside, rolled back."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, get
from litestar.params import FromPath, QueryParameter
from msgspec import Meta, Struct

from danshu.capabilities.routing.policy import effects, fields, templates
from danshu.capabilities.routing.policy.fields import FieldOf
from danshu.capabilities.routing.policy.model import ROUTING, Case, Graph, PolicyKind
from danshu.capabilities.routing.policy.templates import Template
from danshu.faces.http.framework import (
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
)
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.hub import policy_sets
from danshu.hub.actors import name_actors
from danshu.hub.fields import PLAIN
from danshu.hub.policy_drafts import POLICIES
from danshu.hub.policy_sets import Canary, Connection, PolicyRow
from danshu.kernel.limits import SKU_CHARS

_DIGEST = FromPath[str]
Kind = Annotated[
    PolicyKind,
    QueryParameter(description="routing: where orders go; intercept: whether they may go on"),
]
_PAGE: Final = 20
Code = Annotated[str, Meta(min_length=1, max_length=SKU_CHARS, pattern=PLAIN)]


class RoutingSet(Struct, frozen=True, kw_only=True):
    """A published set. `state`: live, canary, approved (never ruled yet, or not now) or retired;
    people by their numbers.
    """

    no: int
    digest: str
    name: str
    state: str
    at: str
    by: str
    approved_by: str


class RoutingCanary(Struct, frozen=True, kw_only=True):
    """A set that rules a share of the orders."""

    set: RoutingSet
    rule: Canary


class RoutingTime(Struct, frozen=True, kw_only=True):
    """When a set begins to rule."""

    set: RoutingSet
    at: str
    by: str


class RoutingDraftItem(Struct, frozen=True, kw_only=True):
    """A draft without its graphs."""

    id: str
    name: str
    revision: int
    editor: str
    at: str
    state: str
    digest: str


class RoutingHistory(Struct, frozen=True, kw_only=True):
    """Published sets, the newest first; `next` is "" at the end."""

    items: tuple[RoutingSet, ...]
    next: str


class RoutingPolicies(Struct, frozen=True, kw_only=True):
    """What rules the routing of orders. `rollback`: what a rollback would bring back; None where
    there is no way back, its `digest` "" where nothing ruled before.
    """

    live: RoutingSet | None
    canary: RoutingCanary | None
    shadow: RoutingSet | None
    scheduled: tuple[RoutingTime, ...]
    drafts: tuple[RoutingDraftItem, ...]
    history: RoutingHistory
    rollback: RoutingRollback | None


class RoutingRollback(Struct, frozen=True, kw_only=True):
    """What a rollback does: the set that goes, the one that rules then; both by number and name."""

    canary: bool
    gone: str
    restored: str
    name: str


class RoutingWord(Struct, frozen=True, kw_only=True):
    """A word of the vocabulary: its value in graphs, and its labels."""

    value: str
    zh: str
    en: str


class RoutingVocabulary(Struct, frozen=True, kw_only=True):
    """What graphs may look at and say; `weather` and `levels` are numbers there."""

    context: tuple[FieldOf, ...]
    warehouse: tuple[FieldOf, ...]
    effects: tuple[RoutingWord, ...]
    weather: tuple[RoutingWord, ...]
    levels: tuple[RoutingWord, ...]


class RoutingSetShown(Struct, frozen=True, kw_only=True):
    """A published set with its graphs, cases and what was done with it."""

    set: RoutingSet
    kind: PolicyKind
    graphs: tuple[Graph, ...]
    cases: tuple[Case, ...]
    steps: tuple[policy_sets.PolicyStep, ...]


_READ: Final[dict[str, Any]] = {
    "tags": ["routing"],
    "responses": READ_PROBLEMS,
    "guards": [may("routing.read")],
}


async def show_sets(
    connection: Connection, tenant: int, rows: list[PolicyRow]
) -> dict[str, RoutingSet]:
    """Give sets of one kind as they are shown, by digest."""
    kind = rows[0].kind if rows else ROUTING
    head = await policy_sets.read_head(connection, tenant, kind)
    names = await name_actors(
        connection, tenant, [sub for row in rows for sub in (row.drafted_by, row.approved_by)]
    )
    return {
        row.digest: RoutingSet(
            no=row.no,
            digest=row.digest,
            name=row.name,
            state=_state(head, row.digest),
            at=row.published,
            by=names[row.drafted_by],
            approved_by=names[row.approved_by],
        )
        for row in rows
    }


def _state(head: policy_sets.Head, digest: str) -> str:
    if digest == head.live:
        return "live"
    if digest == head.canary:
        return "canary"
    return "retired" if digest in head.before else "approved"


async def overview(
    connection: Connection, tenant: int, kind: PolicyKind = ROUTING
) -> RoutingPolicies:
    """Say what rules of a kind of sets, what is tried beside it, scheduled and drafted."""
    head = await policy_sets.read_head(connection, tenant, kind)
    times = await policy_sets.list_schedule(connection, tenant, kind)
    back = head.live if head.canary else (head.before[-1] if head.before else "")
    wanted = {head.live, head.canary, head.shadow, back, *[digest for digest, _, _ in times]}
    rows = [await policy_sets.read_row(connection, tenant, digest) for digest in wanted if digest]
    shown = await show_sets(connection, tenant, rows)
    drafts = [d for d in await POLICIES.list_open(connection, tenant) if d.body.kind == kind]
    people = [*[draft.edited_by for draft in drafts], *[by for _, _, by in times]]
    names = await name_actors(connection, tenant, people)
    rollback = None
    if head.canary or head.before:
        rollback = RoutingRollback(
            canary=bool(head.canary),
            gone=head.canary or head.live,
            restored=back,
            name=shown[back].name if back else "",
        )
    return RoutingPolicies(
        live=shown.get(head.live),
        canary=RoutingCanary(set=shown[head.canary], rule=head.rule) if head.canary else None,
        shadow=shown.get(head.shadow),
        scheduled=tuple(
            [RoutingTime(set=shown[digest], at=at, by=names[by]) for digest, at, by in times]
        ),
        drafts=tuple(
            [
                RoutingDraftItem(
                    id=draft.id, name=draft.name, revision=draft.revision,
                    editor=names[draft.edited_by], at=draft.edited, state=draft.state,
                    digest=draft.digest,
                )
                for draft in drafts
            ]
        ),
        history=await _history(connection, tenant, 0, _PAGE, kind),
        rollback=rollback,
    )  # fmt: skip


async def _history(
    connection: Connection, tenant: int, before: int, limit: int, kind: PolicyKind
) -> RoutingHistory:
    rows = await policy_sets.list_sets(connection, tenant, before, limit + 1, kind)
    shown = await show_sets(connection, tenant, rows[:limit])
    more = write_place(rows[limit - 1].no) if len(rows) > limit else ""
    return RoutingHistory(items=tuple(shown.values()), next=more)


@get("/v1/routing/policies", operation_id="listRoutingPolicies", **_READ)
async def list_policies(request: Request[Any, Any, Any], kind: Kind = ROUTING) -> RoutingPolicies:
    """Read which policy set rules, which is tried beside it, what is scheduled and drafted."""
    async with hub_of(request).connection() as connection:
        return await overview(connection, held_of(request).tenant, kind)


@get("/v1/routing/policies/sets", operation_id="listRoutingSets", **_READ)
async def list_sets(
    request: Request[Any, Any, Any],
    cursor: Cursor = "",
    limit: Limit = _PAGE,
    kind: Kind = ROUTING,
) -> RoutingHistory:
    """List the published sets, the newest first."""
    before = int(read_place(cursor, int)[0]) if cursor else 0
    async with hub_of(request).connection() as connection:
        return await _history(connection, held_of(request).tenant, before, limit, kind)


@get("/v1/routing/policies/sets/{digest:str}", operation_id="readRoutingSet", **_READ)
async def read_set(digest: _DIGEST, request: Request[Any, Any, Any]) -> RoutingSetShown:
    """Read a published set with its graphs and cases."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        row = await policy_sets.read_row(connection, tenant, digest)
        policy = await policy_sets.read_set(connection, tenant, digest)
        shown = await show_sets(connection, tenant, [row])
        steps = await policy_sets.list_steps(connection, tenant, digest=digest)
        names = await name_actors(connection, tenant, [step.by for step in steps])
    return RoutingSetShown(
        set=shown[row.digest],
        kind=policy.kind,
        graphs=policy.graphs,
        cases=policy.cases,
        steps=tuple([_named(step, names) for step in steps]),
    )


def _named(step: policy_sets.PolicyStep, names: dict[str, str]) -> policy_sets.PolicyStep:
    return policy_sets.PolicyStep(
        act=step.act, digest=step.digest, revision=step.revision, by=names[step.by],
        note=step.note, at=step.at,
    )  # fmt: skip


@get("/v1/routing/policies/vocabulary", operation_id="readRoutingVocabulary", **_READ)
async def read_vocabulary(kind: Kind = ROUTING) -> RoutingVocabulary:
    """Read what graphs of a kind may look at and say, with labels."""
    said = effects.OF_KIND[kind]
    return RoutingVocabulary(
        context=fields.CONTEXTS[kind],
        warehouse=fields.WAREHOUSE if kind == ROUTING else (),
        effects=tuple(
            [
                RoutingWord(value=v, zh=zh, en=en)
                for v, (zh, en) in effects.WORDS.items()
                if v in said
            ]
        ),
        weather=tuple([RoutingWord(value=str(v), zh=zh, en=en) for v, zh, en in fields.WEATHER]),
        levels=tuple([RoutingWord(value=str(v), zh=zh, en=en) for v, zh, en in fields.LEVELS]),
    )


@get("/v1/routing/policies/templates", operation_id="listRoutingTemplates", **_READ)
async def list_templates(kind: Kind = ROUTING) -> tuple[Template, ...]:
    """List the policies of a kind that come with Danshu, to begin a draft from."""
    return tuple([each for each in templates.shipped() if each.kind == kind])


ROUTES: Final = [
    list_policies,
    list_sets,
    read_set,
    read_vocabulary,
    list_templates,
]
