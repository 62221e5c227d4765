"""Drafts of order types and their road: written, submitted, approved by a second person or sent
back. Whoever wrote some of a draft cannot approve it.
"""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING, Any, Final, Literal

import psycopg
from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.order_types import lint, reading
from danshu.capabilities.order_types.findings import TypeFinding
from danshu.capabilities.order_types.lint import Around
from danshu.capabilities.order_types.model import OrderType
from danshu.hub import order_types
from danshu.kernel import ids
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import ORDER_TYPE_DRAFTS

if TYPE_CHECKING:
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
TypeState = Literal["draft", "submitted", "published", "discarded"]
TypeStep = Literal["submitted", "withdrawn", "rejected", "approved", "discarded"]
PERSON: Final = "person:"
_COLUMNS: Final = "id, code, state, body, revision, editors, edited_by, edited"
_READ: Final = f"select {_COLUMNS} from order_type_drafts where tenant=%s and id=%s"
_LIST: Final = f"""
select {_COLUMNS} from order_type_drafts where tenant=%s and state in ('draft','submitted')
order by edited desc
"""
_COUNT: Final = """
select count(*), count(*) filter (where code=%s) from order_type_drafts
where tenant=%s and state in ('draft','submitted')
"""
_INSERT: Final = """
insert into order_type_drafts(tenant,id,code,state,body,editors,edited_by)
values (%s,%s,%s,'draft',%s,%s,%s)
"""
_SAVE: Final = """
update order_type_drafts set body=%s, code=%s, revision=revision+1, edited_by=%s, edited=now(),
  editors=case when %s = any(editors) then editors else editors || %s::text end
where tenant=%s and id=%s
"""
_MOVE: Final = "update order_type_drafts set state=%s, body=%s where tenant=%s and id=%s"
_STEP: Final = """
insert into order_type_steps(tenant,draft,no,act,revision,digest,by,note)
select %s,%s,coalesce(max(no),0)+1,%s,%s,%s,%s,%s from order_type_steps
where tenant=%s and draft=%s
"""
_STEPS: Final = """
select act, by, note, at from order_type_steps where tenant=%s and draft=%s order by no
"""
_SUBMITTERS: Final = """
select by from order_type_steps where tenant=%s and draft=%s and act='submitted'
"""
_PEOPLE: Final = """
select 'person:' || id::text, number from people where tenant=%s and state='active' and joined
and roles && %s::text[] order by number
"""
_AROUND: Final = """
select (select coalesce(array_agg(code), '{}') from definitions where tenant=%(t)s and active),
  (select coalesce(array_agg(code), '{}') from warehouses where tenant=%(t)s),
  (select coalesce(array_agg(code), '{}') from skus where tenant=%(t)s and code = any(%(s)s))
"""
NO_DRAFT: Final = InputError("no_draft", "there is no such draft")


class TypeDraft(Struct, frozen=True, kw_only=True):
    """A draft. `editors` wrote some of it (subjects of facts). `edited` is RFC 3339."""

    id: str
    code: str
    state: TypeState
    type: OrderType
    digest: str
    revision: int
    editors: tuple[str, ...]
    edited_by: str
    edited: str


class TypeRoad(Struct, frozen=True, kw_only=True):
    """Something on a draft's road; `note` is the reason of a rejection."""

    act: TypeStep
    by: str
    note: str
    at: str


class Unsound(Struct, frozen=True):
    """It cannot be submitted or published: what stands in the way."""

    findings: tuple[TypeFinding, ...]


def _no(code: str, reason: str, reason_en: str) -> Refusal:
    return Refusal(code=code, reason=reason, reason_en=reason_en, clause="order_type.approval")


NOT_DRAFT: Final = _no("type_submitted", "已提交复核,先撤回再改", "Withdraw it before changing it")
NOT_SUBMITTED: Final = _no("type_not_submitted", "还没有提交复核", "It is not submitted")
CHANGED: Final = _no("type_changed", "这一稿刚被别人改过", "Somebody has changed it meanwhile")
NOT_PERSON: Final = _no("approval_person", "须本人登录后复核", "A person approves, signed in")


async def around(connection: Connection, tenant: int, kind: OrderType, now_ms: int) -> Around:
    """Give what a type is linted beside."""
    given = {"t": tenant, "s": list(kind.scope.skus)}
    row = await (await connection.execute(_AROUND, given)).fetchone()
    assert row is not None
    promises, warehouses, skus = (frozenset(codes) for codes in row)
    return Around(now_ms=now_ms, promises=promises, warehouses=warehouses, skus=skus)


async def check(
    connection: Connection, tenant: int, kind: OrderType, now_ms: int
) -> tuple[TypeFinding, ...]:
    """Lint a type beside the merchant's master data."""
    return lint.check(kind, await around(connection, tenant, kind, now_ms))


async def list_open(connection: Connection, tenant: int) -> list[TypeDraft]:
    """List the drafts that are written or wait for approval, the last edited first."""
    rows = await (await connection.execute(_LIST, (tenant,))).fetchall()
    return [_draft(row) for row in rows]


async def read(connection: Connection, tenant: int, id_: str, *, lock: bool = False) -> TypeDraft:
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


def _draft(row: tuple[Any, ...]) -> TypeDraft:
    kind = reading.read(bytes(row[3]))
    return TypeDraft(
        id=str(row[0]),
        code=row[1],
        state=row[2],
        type=kind,
        digest=reading.digest(kind),
        revision=row[4],
        editors=tuple(row[5]),
        edited_by=row[6],
        edited=rfc3339(round(row[7].timestamp() * 1000)),
    )


async def list_road(connection: Connection, tenant: int, id_: str) -> list[TypeRoad]:
    """List what happened on a draft's road, in order."""
    rows = await (await connection.execute(_STEPS, (tenant, uuid.UUID(id_)))).fetchall()
    return [
        TypeRoad(act=r[0], by=r[1], note=r[2], at=rfc3339(round(r[3].timestamp() * 1000)))
        for r in rows
    ]


async def list_approvers(
    connection: Connection, tenant: int, draft: TypeDraft, approving: list[str]
) -> tuple[str, ...]:
    """Give the numbers of the people who could approve a draft: those who wrote none of it."""
    authors = await _authors(connection, tenant, draft)
    rows = await (await connection.execute(_PEOPLE, (tenant, approving))).fetchall()
    return tuple([number for sub, number in rows if sub not in authors])


async def begin(
    connection: Connection, tenant: int, kind: OrderType, actor: Actor, now_ms: int
) -> TypeDraft | Refusal:
    """Begin a draft of a new type, or of the next version of one; of a code one is open at a time.

    Raises InputError for one too many.
    """
    async with connection.transaction():
        await connection.execute("select 1 from tenants where id=%s for update", (tenant,))
        row = await (await connection.execute(_COUNT, (kind.type, tenant))).fetchone()
        if row and row[1]:
            return _no(
                "draft_open",
                f"「{kind.type}」已有一份草稿",
                f"A draft of {kind.type} is open already",
            )
        if row and row[0] >= ORDER_TYPE_DRAFTS:
            raise InputError("too_many", f"at most {ORDER_TYPE_DRAFTS} open drafts")
        version = await order_types.next_version(connection, tenant, kind.type)
        body = reading.encode(replace(kind, version=version))
        id_ = ids.uuid7(now_ms, os.urandom(10))
        await connection.execute(_INSERT, (tenant, id_, kind.type, body, [actor.sub], actor.sub))
        return await read(connection, tenant, str(id_))


async def save(
    connection: Connection, tenant: int, id_: str, revision: int, kind: OrderType, actor: Actor
) -> TypeDraft | Refusal:
    """Save over `revision`; refused when somebody else saved meanwhile."""
    async with connection.transaction():
        await connection.execute("select 1 from tenants where id=%s for update", (tenant,))
        draft = await read(connection, tenant, id_, lock=True)
        if draft.state != "draft":
            return NOT_DRAFT
        if draft.revision != revision:
            return CHANGED
        if kind.type != draft.code:
            row = await (await connection.execute(_COUNT, (kind.type, tenant))).fetchone()
            if row and row[1]:
                raise InputError("code_taken", "another draft has that code", "/type/type")
        version = await order_types.next_version(connection, tenant, kind.type)
        body = reading.encode(replace(kind, version=version))
        who = actor.sub
        given = (body, kind.type, who, who, who, tenant, uuid.UUID(id_))
        await connection.execute(_SAVE, given)
        return await read(connection, tenant, id_)


async def submit(
    connection: Connection, tenant: int, id_: str, revision: int, actor: Actor, now_ms: int
) -> TypeDraft | Unsound | Refusal:
    """Submit a draft that nothing stands in the way of."""
    async with connection.transaction():
        draft = await read(connection, tenant, id_, lock=True)
        if draft.state != "draft":
            return NOT_DRAFT
        if draft.revision != revision:
            return CHANGED
        findings = await check(connection, tenant, draft.type, now_ms)
        if not lint.is_sound(findings):
            return Unsound(findings)
        return await _move(connection, tenant, draft, "submitted", "submitted", actor)


async def step_back(
    connection: Connection, tenant: int, id_: str, act: TypeStep, actor: Actor, note: str = ""
) -> TypeDraft | Refusal:
    """Withdraw or reject what was submitted, or discard what is open."""
    async with connection.transaction():
        draft = await read(connection, tenant, id_, lock=True)
        able = ("draft", "submitted") if act == "discarded" else ("submitted",)
        if draft.state not in able:
            return NOT_SUBMITTED
        state: TypeState = "discarded" if act == "discarded" else "draft"
        return await _move(connection, tenant, draft, act, state, actor, note)


async def approve(
    connection: Connection,
    tenant: int,
    id_: str,
    digest: str,
    actor: Actor,
    now_ms: int,
    approving: list[str],
) -> TypeDraft | Unsound | Refusal:
    """Publish what was submitted, by the word of a second person who has seen `digest`; linted
    again, because the world around it may have moved.
    """
    async with connection.transaction():
        await connection.execute("select 1 from tenants where id=%s for update", (tenant,))
        draft = await read(connection, tenant, id_, lock=True)
        if not actor.sub.startswith(PERSON):
            return NOT_PERSON
        if draft.state != "submitted":
            return NOT_SUBMITTED
        if actor.sub in await _authors(connection, tenant, draft):
            able = await list_approvers(connection, tenant, draft, approving)
            zh, en = (
                "、".join(able) or "先请一位有复核权限的人加入",
                ", ".join(able) or "nobody yet",
            )
            return _no(
                "approval_author",
                f"参与起草的人不能复核自己的稿;可复核的:{zh}",
                f"Whoever wrote it can't approve it; these can: {en}",
            )
        if draft.digest != digest:
            return CHANGED
        findings = await check(connection, tenant, draft.type, now_ms)
        if not lint.is_sound(findings):
            return Unsound(findings)
        await order_types.publish(connection, tenant, draft.type, draft.edited_by, actor)
        return await _move(connection, tenant, draft, "approved", "published", actor)


async def _move(
    connection: Connection,
    tenant: int,
    draft: TypeDraft,
    act: TypeStep,
    state: TypeState,
    actor: Actor,
    note: str = "",
) -> TypeDraft:
    key = uuid.UUID(draft.id)
    await connection.execute(_MOVE, (state, reading.encode(draft.type), tenant, key))
    given = (tenant, key, act, draft.revision, bytes.fromhex(draft.digest), actor.sub, note)
    await connection.execute(_STEP, (*given, tenant, key))
    return await read(connection, tenant, draft.id)


async def _authors(connection: Connection, tenant: int, draft: TypeDraft) -> set[str]:
    given = (tenant, uuid.UUID(draft.id))
    rows = await (await connection.execute(_SUBMITTERS, given)).fetchall()
    return {*draft.editors, *[r[0] for r in rows]}
