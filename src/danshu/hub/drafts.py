"""Drafts 草稿 of what a merchant lives by, and their one road: written, submitted, approved by a
second person or sent back.

A draft has a revision that grows with each save; whoever saves over another's revision is told
what is there now. What is approved is what was submitted: the approver names its digest. Whoever
wrote or submitted some of it cannot approve it.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Generic, Literal, TypeVar

import psycopg
from msgspec import Struct
from msgspec.structs import replace

from danshu.kernel import ids
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import Actor, rfc3339

Connection = psycopg.AsyncConnection[Any]
B = TypeVar("B")
F = TypeVar("F")
State = Literal["draft", "submitted", "published", "discarded"]
Act = Literal["submitted", "withdrawn", "rejected", "declined", "approved", "discarded"]
PERSON: Final = "person:"
NO_DRAFT: Final = InputError("no_draft", "there is no such draft")
_STATES: Final[dict[Act, State]] = {
    "submitted": "submitted",
    "approved": "published",
    "discarded": "discarded",
}  # any other act gives it back to its writers
_PEOPLE: Final = """
select 'person:' || id::text, number from people where tenant=%s and state='active' and joined
and roles && %s::text[] order by number
"""
_LOCK: Final = "select 1 from tenants where id=%s for update"


class Draft(Struct, Generic[B], frozen=True, kw_only=True):
    """A draft. `editors` wrote some of it (subjects of facts). `edited` is RFC 3339."""

    id: str
    name: str
    state: State
    body: B
    digest: str
    revision: int
    editors: tuple[str, ...]
    edited_by: str
    edited: str


class StepShown(Struct, frozen=True, kw_only=True):
    """Something on a draft's road; `note` is the reason of a rejection. `at` is RFC 3339."""

    act: Act
    revision: int
    digest: str
    by: str
    note: str
    at: str


class Stale(Struct, Generic[B], frozen=True):
    """Somebody saved first: what the draft is now."""

    now: Draft[B]


class Unsound(Struct, Generic[F], frozen=True):
    """It cannot be submitted or published: what stands in the way."""

    findings: tuple[F, ...]


class Nos(Struct, frozen=True, kw_only=True):
    """What a kind of draft is refused with. `author` has a place for those who could approve."""

    submitted: Refusal
    not_submitted: Refusal
    ended: Refusal
    other: Refusal
    person: Refusal
    author: tuple[str, str]


class Drafts(Struct, Generic[B, F], frozen=True, kw_only=True):
    """A kind of draft: where it lies, what its body is, and what it has to be.

    `named` is the column of its name; `pointer` names it in a request when no two open drafts may
    share it. `settle` gives what stands in a body whoever writes it, beside what stood there.
    `ready` gives the body that is submitted, or what stands in the way; `publish` does what an
    approval means, in its commit. `keep` fills further columns from a body and who began it.
    `shared` tells that other acts stand among the steps, numbered by the merchant.
    """

    table: str
    steps: str
    named: Literal["code", "name"]
    most: int
    nos: Nos
    read_body: Callable[[bytes], B]
    encode: Callable[[B], bytes]
    digest: Callable[[B], str]
    settle: Callable[[Connection, int, B, B | None], Awaitable[B]]
    ready: Callable[[Connection, int, Draft[B], int], Awaitable[B | Unsound[F] | Refusal]]
    publish: Callable[
        [Connection, int, Draft[B], Actor, int], Awaitable[Unsound[F] | Refusal | None]
    ]
    pointer: str = ""
    kept: tuple[str, ...] = ()
    keep: Callable[[B, str], tuple[str, ...]] = lambda _body, _by: ()
    shared: bool = False

    async def list_open(self, connection: Connection, tenant: int) -> list[Draft[B]]:
        """List the drafts that are written or wait for approval, the last edited first."""
        query = f"{self._select()} and state in ('draft','submitted') order by edited desc"
        return [self._of(r) for r in await (await connection.execute(query, (tenant,))).fetchall()]

    async def read(
        self, connection: Connection, tenant: int, id_: str, *, lock: bool = False
    ) -> Draft[B]:
        """Read a draft. Raises InputError `no_draft`."""
        try:
            key = uuid.UUID(id_)
        except ValueError:
            raise NO_DRAFT from None
        query = f"{self._select()} and id=%s{' for update' if lock else ''}"
        row = await (await connection.execute(query, (tenant, key))).fetchone()
        if row is None:
            raise NO_DRAFT
        return self._of(row)

    def _select(self) -> str:
        columns = f"id, {self.named}, state, body, revision, editors, edited_by, edited"
        return f"select {columns} from {self.table} where tenant=%s"

    def _of(self, row: tuple[Any, ...]) -> Draft[B]:
        body = self.read_body(bytes(row[3]))
        return Draft(
            id=str(row[0]),
            name=row[1],
            state=row[2],
            body=body,
            digest=self.digest(body),
            revision=row[4],
            editors=tuple(row[5]),
            edited_by=row[6],
            edited=rfc3339(round(row[7].timestamp() * 1000)),
        )

    async def list_steps(self, connection: Connection, tenant: int, id_: str) -> list[StepShown]:
        """List what happened on a draft's road, in order."""
        query = f"""
        select act, revision, digest, by, note, at from {self.steps}
        where tenant=%s and draft=%s order by no
        """
        rows = await (await connection.execute(query, (tenant, uuid.UUID(id_)))).fetchall()
        return [
            StepShown(
                act=act, revision=revision, digest=bytes(digest).hex(), by=by, note=note,
                at=rfc3339(round(at.timestamp() * 1000)),
            )
            for act, revision, digest, by, note, at in rows
        ]  # fmt: skip

    async def list_authors(
        self, connection: Connection, tenant: int, draft: Draft[B]
    ) -> frozenset[str]:
        """Give who wrote or submitted some of it."""
        query = f"select by from {self.steps} where tenant=%s and draft=%s and act='submitted'"
        rows = await (await connection.execute(query, (tenant, uuid.UUID(draft.id)))).fetchall()
        return frozenset([*draft.editors, *[by for (by,) in rows]])

    async def list_approvers(
        self, connection: Connection, tenant: int, draft: Draft[B], approving: Sequence[str]
    ) -> tuple[str, ...]:
        """Give the numbers of the people of the roles `approving` who wrote none of it."""
        authors = await self.list_authors(connection, tenant, draft)
        rows = await (await connection.execute(_PEOPLE, (tenant, list(approving)))).fetchall()
        return tuple([number for sub, number in rows if sub not in authors])

    async def begin(
        self, connection: Connection, tenant: int, name: str, body: B, actor: Actor, now_ms: int
    ) -> Draft[B] | Refusal:
        """Begin a draft. Raises InputError for one too many."""
        async with connection.transaction():
            await connection.execute(_LOCK, (tenant,))
            if await self._is_open(connection, tenant, name):
                return Refusal(
                    code="draft_open",
                    reason=f"「{name}」已有一份草稿",
                    reason_en=f"A draft of {name} is open already",
                    clause=self.nos.submitted.clause,
                )
            query = f"""
            select count(*) from {self.table} where tenant=%s and state in ('draft','submitted')
            """
            count = await (await connection.execute(query, (tenant,))).fetchone()
            if count and count[0] >= self.most:
                raise InputError("too_many", f"at most {self.most} open drafts")
            body = await self.settle(connection, tenant, body, None)
            id_ = ids.uuid7(now_ms, os.urandom(10))
            who = actor.sub
            told = (tenant, id_, name, self.encode(body), [who], who, *self.keep(body, who))
            columns = ("tenant", "id", self.named, "body", "editors", "edited_by", *self.kept)
            query = f"""
            insert into {self.table}({",".join(columns)},state)
            values ({",".join(["%s"] * len(told))},'draft')
            """
            await connection.execute(query, told)
            return await self.read(connection, tenant, str(id_))

    async def _is_open(self, connection: Connection, tenant: int, name: str) -> bool:
        """Tell whether another draft has a name that drafts of this kind do not share."""
        if not self.pointer:
            return False
        query = f"{self._select()} and {self.named}=%s and state in ('draft','submitted')"
        return await (await connection.execute(query, (tenant, name))).fetchone() is not None

    async def save(
        self,
        connection: Connection,
        tenant: int,
        id_: str,
        revision: int,
        name: str,
        body: B,
        actor: Actor,
    ) -> Draft[B] | Stale[B] | Refusal:
        """Save over `revision`; Stale when somebody else saved meanwhile. Raises InputError."""
        async with connection.transaction():
            await connection.execute(_LOCK, (tenant,))
            draft = await self._open(connection, tenant, id_, revision)
            if not isinstance(draft, Draft):
                return draft
            if name != draft.name and await self._is_open(connection, tenant, name):
                raise InputError("code_taken", "another draft has that code", self.pointer)
            body = await self.settle(connection, tenant, body, draft.body)
            who = actor.sub
            query = f"""
            update {self.table} set {self.named}=%s, body=%s, revision=revision+1, edited_by=%s,
              edited=now(),
              editors=case when %s = any(editors) then editors else editors || %s::text end
            where tenant=%s and id=%s
            """
            told = (name, self.encode(body), who, who, who, tenant, uuid.UUID(id_))
            await connection.execute(query, told)
            return await self.read(connection, tenant, id_)

    async def _open(
        self, connection: Connection, tenant: int, id_: str, revision: int
    ) -> Draft[B] | Stale[B] | Refusal:
        """Lock a draft that may be written as it was at `revision`."""
        draft = await self.read(connection, tenant, id_, lock=True)
        if draft.state != "draft":
            return self.nos.submitted if draft.state == "submitted" else self.nos.ended
        return draft if draft.revision == revision else Stale(draft)

    async def submit(
        self,
        connection: Connection,
        tenant: int,
        id_: str,
        revision: int,
        actor: Actor,
        now_ms: int,
    ) -> Draft[B] | Stale[B] | Unsound[F] | Refusal:
        """Submit a draft that nothing stands in the way of."""
        async with connection.transaction():
            await connection.execute(_LOCK, (tenant,))
            draft = await self._open(connection, tenant, id_, revision)
            if not isinstance(draft, Draft):
                return draft
            body = await self.ready(connection, tenant, draft, now_ms)
            if isinstance(body, Unsound | Refusal):
                return body
            final = replace(draft, body=body, digest=self.digest(body))
            return await self._move(connection, tenant, final, "submitted", actor)

    async def step_back(
        self, connection: Connection, tenant: int, id_: str, act: Act, actor: Actor, note: str = ""
    ) -> Draft[B] | Refusal:
        """Withdraw or send back what was submitted, or discard what is open; the row stays, as
        does who wrote it.
        """
        async with connection.transaction():
            await connection.execute(_LOCK, (tenant,))
            draft = await self.read(connection, tenant, id_, lock=True)
            if draft.state not in ("draft", "submitted"):
                return self.nos.ended
            if draft.state == "draft" and act != "discarded":
                return self.nos.not_submitted
            return await self._move(connection, tenant, draft, act, actor, note)

    async def approve(
        self,
        connection: Connection,
        tenant: int,
        id_: str,
        digest: str,
        actor: Actor,
        now_ms: int,
        approving: Sequence[str] = (),
        note: str = "",
    ) -> Draft[B] | Unsound[F] | Refusal:
        """Publish what was submitted, by the word of a second person who has seen `digest` ("" for
        what is there); `approving` are the roles that may, to say who could when this one cannot.
        """
        async with connection.transaction():
            await connection.execute(_LOCK, (tenant,))
            draft = await self.read(connection, tenant, id_, lock=True)
            if not actor.sub.startswith(PERSON):
                return self.nos.person
            if draft.state != "submitted":
                return self.nos.not_submitted if draft.state == "draft" else self.nos.ended
            if actor.sub in await self.list_authors(connection, tenant, draft):
                return await self._refuse_author(connection, tenant, draft, approving)
            if digest and draft.digest != digest:
                return self.nos.other
            no = await self.publish(connection, tenant, draft, actor, now_ms)
            if no is not None:
                return no
            return await self._move(connection, tenant, draft, "approved", actor, note)

    async def _refuse_author(
        self, connection: Connection, tenant: int, draft: Draft[B], approving: Sequence[str]
    ) -> Refusal:
        able = await self.list_approvers(connection, tenant, draft, approving)
        zh, en = self.nos.author
        return Refusal(
            code="approval_author",
            reason=zh.format("、".join(able) or "先请一位有复核权限的人加入"),
            reason_en=en.format(", ".join(able) or "nobody yet"),
            clause=self.nos.submitted.clause,
        )

    async def _move(
        self,
        connection: Connection,
        tenant: int,
        draft: Draft[B],
        act: Act,
        actor: Actor,
        note: str = "",
    ) -> Draft[B]:
        """Write a step, and the state and the body that it brings."""
        key = uuid.UUID(draft.id)
        query = f"update {self.table} set state=%s, body=%s where tenant=%s and id=%s"
        told = (_STATES.get(act, "draft"), self.encode(draft.body), tenant, key)
        await connection.execute(query, told)
        query = f"""
        insert into {self.steps}(tenant,draft,no,act,revision,digest,by,note)
        select %s,%s,coalesce(max(no),0)+1,%s,%s,%s,%s,%s from {self.steps}
        where tenant=%s and (%s or draft=%s)
        """
        step = (act, draft.revision, bytes.fromhex(draft.digest), actor.sub, note)
        await connection.execute(query, (tenant, key, *step, tenant, self.shared, key))
        return await self.read(connection, tenant, draft.id)
