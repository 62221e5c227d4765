"""Contract actions as published: listed, read by digest, compared, tried out, taken back."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.contract.actions import catalogue, diff, reading
from danshu.capabilities.contract.actions.collecting import BY
from danshu.capabilities.contract.actions.diff import Change
from danshu.capabilities.contract.actions.model import Action
from danshu.capabilities.contract.catalogue import EVENTS
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
    raw_body,
    respond,
)
from danshu.faces.http.problems import of
from danshu.hub import clause_views, modelling
from danshu.hub.action_drafts import ACTIONS
from danshu.hub.actors import name_actors
from danshu.hub.clause_views import ClauseShown
from danshu.hub.drafts import State
from danshu.hub.fields import PLAIN
from danshu.hub.modelling import NO_ACTION, ActionProof, Version
from danshu.kernel.errors import InputError
from danshu.kernel.limits import DEFINITION_BYTES, ORDER_BODY_BYTES

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_READ: Final[dict[str, Any]] = {
    "tags": ["contract"],
    "responses": READ_PROBLEMS,
    "guards": [may("contract.read")],
}
_TRY: Final[dict[str, Any]] = {
    "tags": ["contract"],
    "responses": PROBLEMS,
    "guards": [may("contract.read"), only_json],
    "status_code": 200,
    "request_max_body_size": ORDER_BODY_BYTES,
}


class ActionRow(Struct, frozen=True, kw_only=True):
    """A published version. `drafted_by` and `approved_by` are people's numbers; "danshu" drafted
    what comes with the hub, which nobody approved. `roles` may do it. `promises`: customers are
    promised something.
    """

    code: str
    version: int
    digest: str
    active: bool
    name_zh: str
    name_en: str
    type: str
    grade: str
    roles: tuple[str, ...]
    promises: bool
    drafted_by: str
    approved_by: str
    published: str
    retired: str


class DraftRow(Struct, frozen=True, kw_only=True):
    """A draft that is written, or waits for approval."""

    id: str
    code: str
    version: int
    name_zh: str
    name_en: str
    type: str
    state: State
    edited_by: str
    edited: str


class Actions(Struct, frozen=True, kw_only=True):
    """Drafts that are open, then the newest version of every action."""

    drafts: tuple[DraftRow, ...]
    items: tuple[ActionRow, ...]


class ActionVersions(Struct, frozen=True, kw_only=True):
    """Every version of one action, the newest first."""

    items: tuple[ActionRow, ...]


class ActionRead(Struct, frozen=True, kw_only=True):
    """A version with all that can be said of it today."""

    action: Action
    digest: str
    proof: ActionProof


class Trying(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An action to be tried out."""

    action: Action


class Comparing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two actions to be compared."""

    before: Action
    after: Action


class Changes(Struct, frozen=True, kw_only=True):
    """What the second changes, field by field; empty exactly when they are equal."""

    items: tuple[Change, ...]


class TakingBack(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why an action is taken back."""

    reason: Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]


class Clauses(Struct, frozen=True, kw_only=True):
    """Every version of every promise, as it was shown."""

    items: tuple[ClauseShown, ...]


class Word(Struct, frozen=True, kw_only=True):
    """A code that a form may choose, in words."""

    code: str
    zh: str
    en: str


class EvidenceKind(Struct, frozen=True, kw_only=True):
    """A kind of evidence: with what a person, a device or a system collects it, and what a rule may
    ask of it.
    """

    code: str
    zh: str
    en: str
    person: tuple[str, ...]
    device: tuple[str, ...]
    system: tuple[str, ...]
    quantities: tuple[str, ...]


class Vocabulary(Struct, frozen=True, kw_only=True):
    """What an action may name. `heard` are the events that the hub says by itself."""

    roles: tuple[Word, ...]
    outsiders: tuple[Word, ...]
    kinds: tuple[EvidenceKind, ...]
    collectors: tuple[Word, ...]
    by: tuple[Word, ...]
    sources: tuple[Word, ...]
    events: tuple[Word, ...]
    heard: tuple[str, ...]
    moves: tuple[Word, ...]
    moments: tuple[Word, ...]
    powers: tuple[Word, ...]
    parties: tuple[Word, ...]
    grounds: tuple[Word, ...]
    papers: tuple[Word, ...]
    places: tuple[Word, ...]
    shown_at: tuple[Word, ...]


def show_row(version: Version, names: dict[str, str]) -> ActionRow:
    """Give a version as a line of a list."""
    action = version.action
    return ActionRow(
        code=action.action,
        version=action.version,
        digest=version.digest,
        active=version.active,
        name_zh=action.name.zh,
        name_en=action.name.en,
        type=action.deontic.type,
        grade=action.who.grade,
        roles=action.who.roles,
        promises=action.promise is not None,
        drafted_by=names.get(version.drafted_by, version.drafted_by),
        approved_by=names.get(version.approved_by, version.approved_by),
        published=version.published,
        retired=version.retired,
    )


@get("/v1/contract/actions", operation_id="listActionTypes", **_READ)
async def list_actions(request: Request[Any, Any, Any]) -> Actions:
    """List the contract actions: open drafts, then the newest version of each."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        versions = await modelling.list_versions(connection, tenant)
        drafts = await ACTIONS.list_open(connection, tenant)
        subjects = [s for v in versions for s in (v.drafted_by, v.approved_by)]
        subjects += [draft.edited_by for draft in drafts]
        names = await name_actors(connection, tenant, subjects)
    newest = {v.action.action: v for v in reversed(versions)}
    return Actions(
        drafts=tuple(
            [
                DraftRow(
                    id=d.id,
                    code=d.name,
                    version=d.body.version,
                    name_zh=d.body.name.zh,
                    name_en=d.body.name.en,
                    type=d.body.deontic.type,
                    state=d.state,
                    edited_by=names.get(d.edited_by, d.edited_by),
                    edited=d.edited,
                )
                for d in drafts
            ]
        ),
        items=tuple([show_row(newest[code], names) for code in sorted(newest)]),
    )


@get("/v1/contract/actions/{code:str}", operation_id="listActionTypeVersions", **_READ)
async def list_action_versions(
    code: FromPath[str], request: Request[Any, Any, Any]
) -> ActionVersions:
    """List the versions of an action: who drafted and who approved each."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        versions = await modelling.list_versions(connection, tenant, code)
        if not versions:
            raise NO_ACTION
        subjects = [s for v in versions for s in (v.drafted_by, v.approved_by)]
        names = await name_actors(connection, tenant, subjects)
    return ActionVersions(items=tuple([show_row(v, names) for v in versions]))


@get("/v1/contract/action-versions/{digest:str}", operation_id="readActionType", **_READ)
async def read_action(digest: FromPath[str], request: Request[Any, Any, Any]) -> ActionRead:
    """Read a version by the SHA-256 of its canonical bytes, in force or not."""
    hub, tenant = hub_of(request), held_of(request).tenant
    if not _DIGEST.fullmatch(digest):
        raise NO_ACTION
    async with hub.connection() as connection:
        action = await modelling.read_version(connection, tenant, digest)
        if action is None:
            raise NO_ACTION
        proof = await modelling.prove(connection, tenant, action, hub.clock())
    return ActionRead(action=action, digest=digest, proof=proof)


@post("/v1/contract/actions:preview", operation_id="previewActionType", **_TRY)
async def preview_action(data: JSONBody[Trying], request: Request[Any, Any, Any]) -> ActionProof:
    """Read an action out, write it as YAML and say whether it can be proven; keep nothing."""
    hub, tenant = hub_of(request), held_of(request).tenant
    async with hub.connection() as connection:
        return await modelling.prove(connection, tenant, data.action, hub.clock())


@post(
    "/v1/contract/actions:read",
    operation_id="readActionTypeYaml",
    tags=["contract"],
    responses=PROBLEMS,
    guards=[may("contract.read")],
    status_code=200,
    request_max_body_size=DEFINITION_BYTES,
    operation_class=raw_body("An action in YAML", "application/yaml"),
)
async def read_action_yaml(request: Request[Any, Any, Any]) -> Action:
    """Read an action in YAML, or 422 with the place of what is wrong; keep nothing."""
    raw = await request.body()
    if not raw.strip():
        raise InputError("empty_body", "the body is empty")
    return reading.parse(raw)


@post("/v1/contract/actions:diff", operation_id="compareActionTypes", **_TRY)
async def compare_actions(data: JSONBody[Comparing], request: Request[Any, Any, Any]) -> Changes:
    """Say what one action changes in another, field by field, in business words."""
    async with hub_of(request).connection() as connection:
        names = await modelling.name_actions(connection, held_of(request).tenant)
    return Changes(items=diff.compare(data.before, data.after, names))


@post(
    "/v1/contract/actions/{code:str}/retire",
    operation_id="retireActionType",
    tags=["contract"],
    responses=PROBLEMS,
    guards=[may("contract.approve"), only_json],
    status_code=200,
)
async def retire_action(
    code: FromPath[str], data: JSONBody[TakingBack], request: Request[Any, Any, Any]
) -> Response[None]:
    """Take an action and its promise back: what is done and promised under it stays."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        refusal = await modelling.retire(connection, held.tenant, code, data.reason, held.actor)
    hub.worlds.forget(held.tenant)
    return respond(of(refusal)) if refusal else Response(None)


@get("/v1/contract/clauses", operation_id="listClauses", **_READ)
async def list_clauses(request: Request[Any, Any, Any]) -> Clauses:
    """List the versions of the promises: the text as shown, its digest, orders bound to it."""
    async with hub_of(request).connection() as connection:
        shown = await clause_views.list_clauses(connection, held_of(request).tenant)
    return Clauses(items=tuple(shown))


@get("/v1/contract/vocabulary", operation_id="readVocabulary", **_READ)
async def read_vocabulary() -> Vocabulary:
    """Give what an action may name, in words."""
    return _VOCABULARY


def _words(named: dict[str, Any]) -> tuple[Word, ...]:
    return tuple([Word(code=code, zh=each.zh, en=each.en) for code, each in named.items()])


_VOCABULARY: Final = Vocabulary(
    roles=_words(catalogue.ROLES),
    outsiders=_words(catalogue.OUTSIDERS),
    kinds=tuple(
        [
            EvidenceKind(
                code=code,
                zh=kind.zh,
                en=kind.en,
                person=kind.collectors.get("person", ()),
                device=kind.collectors.get("device", ()),
                system=kind.collectors.get("system", ()),
                quantities=kind.quantities,
            )
            for code, kind in catalogue.KINDS.items()
        ]
    ),
    collectors=_words(catalogue.COLLECTORS),
    by=_words(BY),
    sources=_words(catalogue.SOURCES),
    events=_words(EVENTS),
    heard=tuple(sorted(catalogue.HEARD)),
    moves=_words(catalogue.MOVES),
    moments=_words(catalogue.MOMENTS),
    powers=_words(catalogue.POWERS),
    parties=_words(catalogue.PARTIES),
    grounds=_words(catalogue.GROUNDS),
    papers=_words(catalogue.PAPERS),
    places=_words(catalogue.PLACES),
    shown_at=_words(catalogue.SHOWN_AT),
)

ROUTES: Final = [
    list_actions,
    list_action_versions,
    read_action,
    preview_action,
    read_action_yaml,
    compare_actions,
    retire_action,
    list_clauses,
    read_vocabulary,
]
