"""The desk at which drafts of a kind are written, submitted, approved or sent back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Generic, TypeVar

from litestar import Request, Response, delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct
from msgspec.structs import replace

from danshu.faces.http import problems
from danshu.faces.http.auth import Keyring
from danshu.faces.http.framework import (
    PROBLEMS,
    declare_read,
    declare_write,
    held_of,
    hub_of,
    may,
    respond,
)
from danshu.hub.actors import name_actors
from danshu.hub.drafts import (
    Act,
    B,
    Connection,
    Draft,
    Drafts,
    F,
    Stale,
    State,
    StepShown,
    Unsound,
)
from danshu.hub.fields import PLAIN
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import REASON_CHARS

S = TypeVar("S")
Asked = Request[Any, Any, Any]
_ID = FromPath[str]
Show = Callable[[Asked, Connection, Draft[B]], Awaitable[Any]]


class Submitting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The revision that is submitted."""

    revision: int


class Approving(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The digest of what the approver has seen."""

    digest: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}(?![\s\S])")]


class Rejecting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why it is sent back, or taken back."""

    reason: Annotated[str, Meta(min_length=1, max_length=REASON_CHARS, pattern=PLAIN)]


class DraftRoad(Struct, frozen=True, kw_only=True):
    """What is shown of every draft, beside its body. People by their numbers; `approvers` are
    those who could approve it, `mine`: the caller wrote some of it, so cannot.
    """

    id: str
    state: State
    digest: str
    revision: int
    edited_by: str
    edited: str
    mine: bool
    approvers: tuple[str, ...]
    steps: tuple[StepShown, ...]


class DraftNo(Struct, frozen=True, kw_only=True):
    """What every no to a draft says, beside what stands in the way."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    reason: str = ""
    reason_en: str = ""
    clause: str = ""


class Around(Struct, frozen=True, kw_only=True):
    """What is shown beside a draft: people by their numbers; `mine`: the caller wrote or submitted
    some of it, so cannot approve it.
    """

    names: dict[str, str]
    steps: tuple[StepShown, ...]
    approvers: tuple[str, ...]
    mine: bool

    def road(self, draft: Draft[Any]) -> dict[str, Any]:
        """Give the members of `DraftRoad`."""
        return {
            "id": draft.id,
            "state": draft.state,
            "digest": draft.digest,
            "revision": draft.revision,
            "edited_by": self.names[draft.edited_by],
            "edited": draft.edited,
            "mine": self.mine,
            "approvers": self.approvers,
            "steps": self.steps,
        }


class Desk(Struct, Generic[B, F], frozen=True, kw_only=True):
    """A kind of draft over HTTP: how one is shown, and the problem that says no with more than a
    refusal. `right` begins the names of the rights to read, write and approve, `reads` is the one
    to read where that is another; `stale` and `unsound` are code, reason, detail.
    """

    drafts: Drafts[B, F]
    right: str
    show: Show[B]
    problem: type[Struct]
    clause: str
    stale: tuple[str, str, str]
    unsound: tuple[str, str, str]
    reads: str = ""

    async def list_roles(self, request: Asked) -> list[str]:
        """Give the roles that may approve by the merchant's rules."""
        keyring: Keyring = request.app.state.keyring
        granted = await keyring.roles_granted(held_of(request))
        return [role for role, actions in granted.items() if f"{self.right}.approve" in actions]

    async def look(self, request: Asked, connection: Connection, draft: Draft[B]) -> Around:
        """Read what is shown beside a draft: its road, its people, who could approve it."""
        held, drafts = held_of(request), self.drafts
        steps = await drafts.list_steps(connection, held.tenant, draft.id)
        people = [*draft.editors, draft.edited_by, *[step.by for step in steps]]
        names = await name_actors(connection, held.tenant, people)
        roles = await self.list_roles(request)
        return Around(
            names=names,
            steps=tuple([replace(step, by=names[step.by]) for step in steps]),
            approvers=await drafts.list_approvers(connection, held.tenant, draft, roles),
            mine=held.actor.sub in await drafts.list_authors(connection, held.tenant, draft),
        )

    async def answer(
        self,
        request: Asked,
        connection: Connection,
        done: Draft[B] | Stale[B] | Unsound[F] | Refusal,
        status: int = 200,
    ) -> Response[Any]:
        """Give a draft, or what stands in the way of what was asked."""
        if isinstance(done, Refusal):
            return respond(problems.of(done))
        if isinstance(done, Draft):
            return Response(await self.show(request, connection, done), status_code=status)
        more: dict[str, Any]
        if isinstance(done, Stale):
            (code, reason, detail) = self.stale
            more = {"now": await self.show(request, connection, done.now)}
        else:
            (code, reason, detail) = self.unsound
            more = {"findings": done.findings}
        problem = problems.make(code, detail, status=409)
        body = self.problem(
            type=problem.type,
            title=problem.title,
            status=409,
            detail=detail,
            code=code,
            reason=reason,
            reason_en=detail,
            clause=self.clause,
            **more,
        )
        return Response(body, status_code=409, media_type=problems.PROBLEM_JSON)

    async def begin(self, request: Asked, name: str, body: B) -> Response[Any]:
        """Begin a draft."""
        hub, held = hub_of(request), held_of(request)
        async with hub.connection() as connection:
            done = await self.drafts.begin(
                connection, held.tenant, name, body, held.actor, hub.clock()
            )
            return await self.answer(request, connection, done, 201)

    async def read(self, request: Asked, id_: str) -> Any:
        """Show a draft."""
        async with hub_of(request).connection() as connection:
            draft = await self.drafts.read(connection, held_of(request).tenant, id_)
            return await self.show(request, connection, draft)

    async def save(
        self, request: Asked, id_: str, revision: int, name: str, body: B
    ) -> Response[Any]:
        """Save a draft over the revision that it was made from."""
        held = held_of(request)
        async with hub_of(request).connection() as connection:
            done = await self.drafts.save(
                connection, held.tenant, id_, revision, name, body, held.actor
            )
            return await self.answer(request, connection, done)

    async def submit(self, request: Asked, id_: str, revision: int) -> Response[Any]:
        """Submit a draft for approval."""
        hub, held = hub_of(request), held_of(request)
        async with hub.connection() as connection:
            done = await self.drafts.submit(
                connection, held.tenant, id_, revision, held.actor, hub.clock()
            )
            return await self.answer(request, connection, done)

    async def step_back(self, request: Asked, id_: str, act: Act, note: str = "") -> Response[Any]:
        """Withdraw, send back or discard a draft; what is discarded is not shown again."""
        held = held_of(request)
        async with hub_of(request).connection() as connection:
            done = await self.drafts.step_back(connection, held.tenant, id_, act, held.actor, note)
            if act == "discarded" and isinstance(done, Draft):
                return Response(None)
            return await self.answer(request, connection, done)

    async def approve(
        self,
        request: Asked,
        id_: str,
        digest: str,
        note: str = "",
        show: Show[B] | None = None,
    ) -> Response[Any]:
        """Publish what was submitted; orders are decided by it at once. `show` gives what it has
        become, where that is not the draft.
        """
        hub, held = hub_of(request), held_of(request)
        roles = await self.list_roles(request)
        async with hub.connection() as connection:
            done = await self.drafts.approve(
                connection, held.tenant, id_, digest, held.actor, hub.clock(), roles, note
            )
            hub.worlds.forget(held.tenant)
            if show and isinstance(done, Draft):
                return Response(await show(request, connection, done))
            return await self.answer(request, connection, done)


def conflict(problem: type[Struct]) -> ResponseSpec:
    """Describe the problem that says no with what stands in the way."""
    return ResponseSpec(
        problem,
        media_type=problems.PROBLEM_JSON,
        description="A no, with what stands in the way",
        generate_examples=False,
    )


def road(
    desk: Desk[B, F], path: str, noun: str, tag: str, shown: type[S]
) -> list[HTTPRouteHandler]:
    """Make the routes by which a draft below `path` is read, discarded, submitted and withdrawn;
    `noun` ends the names of their operations, `shown` is what they give.
    """
    one = f"{path}/{{draft_id:str}}"
    names = {"S": shown}
    write = declare_write(f"submit{noun}", tag, f"{desk.right}.write")
    write |= {"responses": {**PROBLEMS, 409: conflict(desk.problem)}, "status_code": 200}
    bare = {**write, "operation_id": f"withdraw{noun}", "guards": [may(f"{desk.right}.write")]}

    reads = desk.reads or f"{desk.right}.read"

    @get(one, signature_namespace=names, **declare_read(f"read{noun}", tag, reads))
    async def read_draft(draft_id: _ID, request: Asked) -> S:
        """Read a draft with what happened on its way, and who could approve it."""
        found: S = await desk.read(request, draft_id)
        return found

    @delete(one, **{**bare, "operation_id": f"discard{noun}", "responses": PROBLEMS})
    async def discard_draft(draft_id: _ID, request: Asked) -> Response[None]:
        """Give a draft up."""
        return await desk.step_back(request, draft_id, "discarded")

    @post(f"{one}/submit", signature_namespace=names, **write)
    async def submit_draft(
        draft_id: _ID, data: JSONBody[Submitting], request: Asked
    ) -> Response[S]:
        """Submit a draft for approval; 409 names what stands in the way."""
        return await desk.submit(request, draft_id, data.revision)

    @post(f"{one}/withdraw", signature_namespace=names, **bare)
    async def withdraw_draft(draft_id: _ID, request: Asked) -> Response[S]:
        """Take a submitted draft back, to go on writing it."""
        return await desk.step_back(request, draft_id, "withdrawn")

    return [read_draft, discard_draft, submit_draft, withdraw_draft]


def approval(
    desk: Desk[B, F], path: str, noun: str, tag: str, shown: type[S]
) -> list[HTTPRouteHandler]:
    """Make the answers of a second person to a draft below `path`, as `road` makes its steps."""
    one = f"{path}/{{draft_id:str}}"
    names = {"S": shown}
    write = declare_write(f"approve{noun}", tag, f"{desk.right}.approve")
    write |= {"responses": {**PROBLEMS, 409: conflict(desk.problem)}, "status_code": 200}

    @post(f"{one}/approve", signature_namespace=names, **write)
    async def approve_draft(
        draft_id: _ID, data: JSONBody[Approving], request: Asked
    ) -> Response[S]:
        """Publish what was submitted. Whoever wrote some of it is refused, and told who may."""
        return await desk.approve(request, draft_id, data.digest)

    @post(f"{one}/reject", signature_namespace=names, **{**write, "operation_id": f"reject{noun}"})
    async def reject_draft(draft_id: _ID, data: JSONBody[Rejecting], request: Asked) -> Response[S]:
        """Send a submitted draft back, with the reason."""
        return await desk.step_back(request, draft_id, "rejected", data.reason)

    return [approve_draft, reject_draft]
