"""Drafts of contract actions: written, submitted, approved by somebody who wrote none of it.

A draft has a revision that grows with each save; whoever saves over another's revision is told what
is there now. What is approved is what was submitted: the approver names its digest.
"""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING, Any, Final, Literal

import psycopg
from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.contract.actions import lint, reading
from danshu.capabilities.contract.actions.findings import Finding
from danshu.capabilities.contract.actions.model import Action
from danshu.hub import calendars, modelling
from danshu.kernel import ids
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import ACTION_DRAFTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
State = Literal["draft", "submitted", "published", "discarded"]
Act = Literal["submitted", "withdrawn", "rejected", "approved", "discarded"]
OPEN: Final = ("draft", "submitted")
PERSON: Final = "person:"

_COLUMNS: Final = "id, code, state, body, revision, editors, begun_by, begun, edited_by, edited"
_READ: Final = f"select {_COLUMNS} from action_drafts where tenant=%s and id=%s"
_LIST: Final = f"""
select {_COLUMNS} from action_drafts where tenant=%s and state in ('draft','submitted')
order by edited desc
"""
_OPEN: Final = """
select id from action_drafts where tenant=%s and code=%s and state in ('draft','submitted')
"""
_COUNT: Final = """
select count(*) from action_drafts where tenant=%s and state in ('draft','submitted')
"""
_INSERT: Final = """
insert into action_drafts(tenant,id,code,state,body,editors,begun_by,edited_by)
values(%s,%s,%s,'draft',%s,%s,%s,%s)
"""
_SAVE: Final = """
update action_drafts set body=%s, code=%s, revision=revision+1, edited_by=%s, edited=now(),
  editors=case when %s = any(editors) then editors else editors || %s::text end
where tenant=%s and id=%s
"""
_MOVE: Final = "update action_drafts set state=%s, body=%s where tenant=%s and id=%s"
_STEPS: Final = """
select act, revision, digest, by, note, at from action_steps where tenant=%s and draft=%s
order by no
"""
_STEP: Final = """
insert into action_steps(tenant,draft,no,act,revision,digest,by,note)
select %s,%s,coalesce(max(no),0)+1,%s,%s,%s,%s,%s from action_steps where tenant=%s and draft=%s
"""
_APPROVERS: Final = """
select 'person:' || id::text, number from people where tenant=%s and state='active' and joined
and roles && %s::text[] order by number
"""

NO_DRAFT: Final = InputError("no_draft", "there is no such draft")


class Step(Struct, frozen=True, kw_only=True):
    """Something on the road to approval; `note` is the reason of a rejection."""

    act: Act
    revision: int
    digest: str
    by: str
    note: str
    at: str


class Draft(Struct, frozen=True, kw_only=True):
    """A draft. `editors` wrote some of it, so they cannot approve it. Times are RFC 3339."""

    id: str
    code: str
    state: State
    action: Action
    digest: str
    revision: int
    editors: tuple[str, ...]
    begun_by: str
    begun: str
    edited_by: str
    edited: str


class Stale(Struct, frozen=True):
    """Somebody saved first: what the draft is now."""

    now: Draft


class Unprovable(Struct, frozen=True):
    """It cannot be submitted or published: what stands in the way."""

    findings: tuple[Finding, ...]


def _no(code: str, reason: str, reason_en: str) -> Refusal:
    return Refusal(code=code, reason=reason, reason_en=reason_en, clause="contract.approval")


NOT_DRAFT: Final = _no(
    "draft_submitted",
    "已提交复核,先撤回再改",
    "It waits for approval: withdraw it before changing it",
)
NOT_SUBMITTED: Final = _no("draft_not_submitted", "还没有提交复核", "It is not submitted")
ENDED: Final = _no("draft_ended", "这份草稿已经结束", "The draft has ended")
CHANGED: Final = _no(
    "draft_other", "提交的不是你看到的这一稿", "What is submitted is not what you have seen"
)
NOT_PERSON: Final = _no(
    "approval_person", "须本人登录后复核,密钥不能代替", "A person approves, signed in; a key can't"
)


async def list_open(connection: Connection, tenant: int) -> list[Draft]:
    """List the drafts that are written or wait for approval, the last edited first."""
    return [_draft(row) for row in await (await connection.execute(_LIST, (tenant,))).fetchall()]


async def read(connection: Connection, tenant: int, id_: str, *, lock: bool = False) -> Draft:
    """Read a draft. Raises InputError `no_draft`."""
    try:
        key = uuid.UUID(id_)
    except ValueError:
        raise NO_DRAFT from None
    cursor = await connection.execute(_READ + (" for update" if lock else ""), (tenant, key))
    row = await cursor.fetchone()
    if row is None:
        raise NO_DRAFT
    return _draft(row)


def _draft(row: tuple[Any, ...]) -> Draft:
    action = reading.read(bytes(row[3]))
    return Draft(
        id=str(row[0]),
        code=row[1],
        state=row[2],
        action=action,
        digest=reading.digest(action),
        revision=row[4],
        editors=tuple(row[5]),
        begun_by=row[6],
        begun=rfc3339(round(row[7].timestamp() * 1000)),
        edited_by=row[8],
        edited=rfc3339(round(row[9].timestamp() * 1000)),
    )


async def list_steps(connection: Connection, tenant: int, id_: str) -> list[Step]:
    """List what happened on the draft's road, in order."""
    cursor = await connection.execute(_STEPS, (tenant, uuid.UUID(id_)))
    return [
        Step(
            act=r[0], revision=r[1], digest=bytes(r[2]).hex(), by=r[3], note=r[4],
            at=rfc3339(round(r[5].timestamp() * 1000)),
        )
        for r in await cursor.fetchall()
    ]  # fmt: skip


async def begin(
    connection: Connection, tenant: int, action: Action, actor: Actor, now_ms: int
) -> Draft | Refusal:
    """Begin a draft of an action, new or the next version of one. One draft of a code is open at a
    time. Raises InputError for one too many.
    """
    async with connection.transaction():
        await connection.execute("select 1 from tenants where id=%s for update", (tenant,))
        row = await (await connection.execute(_OPEN, (tenant, action.action))).fetchone()
        if row:
            return _no(
                "draft_open",
                f"「{action.action}」已有一份草稿在写",
                f"A draft of {action.action} is open already",
            )
        count = await (await connection.execute(_COUNT, (tenant,))).fetchone()
        if count and count[0] >= ACTION_DRAFTS:
            raise InputError("too_many", f"at most {ACTION_DRAFTS} open drafts")
        numbered = await _number(connection, tenant, action)
        id_ = ids.uuid7(now_ms, os.urandom(10))
        body = reading.encode(numbered)
        await connection.execute(
            _INSERT,
            (tenant, id_, numbered.action, body, [actor.sub], actor.sub, actor.sub),
        )
        return await read(connection, tenant, str(id_))


async def _number(connection: Connection, tenant: int, action: Action) -> Action:
    """Give the action the number that it would be published under."""
    number = await modelling.next_version(connection, tenant, action.action)
    return replace(action, version=number)


async def save(
    connection: Connection, tenant: int, id_: str, revision: int, action: Action, actor: Actor
) -> Draft | Stale | Refusal:
    """Save over `revision`; Stale when somebody else saved meanwhile."""
    async with connection.transaction():
        await connection.execute("select 1 from tenants where id=%s for update", (tenant,))
        draft = await read(connection, tenant, id_, lock=True)
        if draft.state != "draft":
            return NOT_DRAFT if draft.state == "submitted" else ENDED
        if draft.revision != revision:
            return Stale(draft)
        if action.action != draft.code:
            row = await (await connection.execute(_OPEN, (tenant, action.action))).fetchone()
            if row:
                raise InputError("code_taken", "another draft has that code", "/action/action")
        numbered = await _number(connection, tenant, action)
        who = actor.sub
        await connection.execute(
            _SAVE,
            (
                reading.encode(numbered), numbered.action, who, who, who, tenant, uuid.UUID(id_),
            ),
        )  # fmt: skip
        return await read(connection, tenant, id_)


async def submit(
    connection: Connection, tenant: int, id_: str, revision: int, actor: Actor, now_ms: int
) -> Draft | Stale | Unprovable | Refusal:
    """Submit a draft that can be proven; its calendar is pinned, so that its digest is final."""
    async with connection.transaction():
        draft = await read(connection, tenant, id_, lock=True)
        if draft.state != "draft":
            return NOT_DRAFT if draft.state == "submitted" else ENDED
        if draft.revision != revision:
            return Stale(draft)
        numbered = await _number(connection, tenant, draft.action)
        findings = lint.check(numbered, await modelling.find_around(connection, tenant, now_ms))
        if not lint.is_provable(findings):
            return Unprovable(findings)
        pinned = reading.pin(numbered, await calendars.finder(connection, tenant))
        return await _move(connection, tenant, replace(draft, action=pinned), "submitted", actor)


async def _move(
    connection: Connection, tenant: int, draft: Draft, act: Act, actor: Actor, note: str = ""
) -> Draft:
    """Write a step and the state that it brings."""
    states: dict[Act, State] = {
        "submitted": "submitted", "withdrawn": "draft", "rejected": "draft",
        "approved": "published", "discarded": "discarded",
    }  # fmt: skip
    key, digest = uuid.UUID(draft.id), bytes.fromhex(reading.digest(draft.action))
    await connection.execute(_MOVE, (states[act], reading.encode(draft.action), tenant, key))
    await connection.execute(
        _STEP, (tenant, key, act, draft.revision, digest, actor.sub, note, tenant, key)
    )
    return await read(connection, tenant, draft.id)


async def withdraw(connection: Connection, tenant: int, id_: str, actor: Actor) -> Draft | Refusal:
    """Take a submitted draft back for writing."""
    async with connection.transaction():
        draft = await read(connection, tenant, id_, lock=True)
        if draft.state != "submitted":
            return NOT_SUBMITTED
        return await _move(connection, tenant, draft, "withdrawn", actor)


async def reject(
    connection: Connection, tenant: int, id_: str, reason: str, actor: Actor
) -> Draft | Refusal:
    """Send a submitted draft back with a reason."""
    async with connection.transaction():
        draft = await read(connection, tenant, id_, lock=True)
        if draft.state != "submitted":
            return NOT_SUBMITTED
        return await _move(connection, tenant, draft, "rejected", actor, reason)


async def discard(connection: Connection, tenant: int, id_: str, actor: Actor) -> Refusal | None:
    """Give a draft up; its row stays, as does who wrote it."""
    async with connection.transaction():
        draft = await read(connection, tenant, id_, lock=True)
        if draft.state not in OPEN:
            return ENDED
        await _move(connection, tenant, draft, "discarded", actor)
    return None


async def approve(
    connection: Connection,
    tenant: int,
    id_: str,
    digest: str,
    actor: Actor,
    now_ms: int,
    approving: Sequence[str],
) -> Draft | Unprovable | Refusal:
    """Publish what was submitted, by the word of a second person.

    `digest` is that of what the approver has seen; `approving` are the roles that may approve, to
    say who could when this one cannot. Linted again: the world around it may have moved.
    """
    async with connection.transaction():
        await connection.execute("select 1 from tenants where id=%s for update", (tenant,))
        draft = await read(connection, tenant, id_, lock=True)
        if not actor.sub.startswith(PERSON):
            return NOT_PERSON
        if draft.state != "submitted":
            return NOT_SUBMITTED if draft.state == "draft" else ENDED
        if actor.sub in await _authors(connection, tenant, draft):
            return await _refuse_author(connection, tenant, draft, approving)
        if draft.digest != digest:
            return CHANGED
        if draft.action.version != await modelling.next_version(connection, tenant, draft.code):
            return _no(
                "version_old",
                "这个版本号已被占用,退回重新提交",
                "That version is taken: send it back",
            )
        findings = lint.check(draft.action, await modelling.find_around(connection, tenant, now_ms))
        if not lint.is_provable(findings):
            return Unprovable(findings)
        await modelling.publish(
            connection, tenant, draft.action, actor,
            drafted_by=draft.edited_by, approved_by=actor.sub,
        )  # fmt: skip
        return await _move(connection, tenant, draft, "approved", actor)


async def _authors(connection: Connection, tenant: int, draft: Draft) -> set[str]:
    """Give who wrote or submitted it."""
    steps = await list_steps(connection, tenant, draft.id)
    return {*draft.editors, *[s.by for s in steps if s.act == "submitted"]}


async def list_approvers(
    connection: Connection, tenant: int, draft: Draft, approving: Sequence[str]
) -> tuple[str, ...]:
    """Give the numbers of the people who could approve it: those who wrote none of it."""
    authors = await _authors(connection, tenant, draft)
    cursor = await connection.execute(_APPROVERS, (tenant, list(approving)))
    return tuple([number for sub, number in await cursor.fetchall() if sub not in authors])


async def _refuse_author(
    connection: Connection, tenant: int, draft: Draft, approving: Sequence[str]
) -> Refusal:
    able = await list_approvers(connection, tenant, draft, approving)
    zh, en = "、".join(able) or "先请一位有复核权限的人加入", ", ".join(able) or "nobody yet"
    return _no(
        "approval_author",
        f"参与起草的人不能复核自己的稿;可复核的:{zh}",
        f"Whoever wrote it can't approve it; these can: {en}",
    )
