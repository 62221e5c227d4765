"""Drafts of policy sets 策略: drawn, checked, tried on a past day, submitted, approved by somebody
who drew none of them.

A draft has a revision that grows with each save; whoever saves over another's revision is told so.
What is approved is what was submitted, by its digest: sound, and tried on a past day as it is.
"""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING, Any, Final, Literal

import psycopg
from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.routing.policy import lint, model, templates
from danshu.capabilities.routing.policy.lint import PolicyFinding
from danshu.capabilities.routing.policy.model import INTERCEPT, ROUTING, PolicyKind, PolicySet
from danshu.hub import policy_sets
from danshu.kernel import ids
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import POLICY_DRAFTS

if TYPE_CHECKING:
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
State = Literal["draft", "submitted", "published", "discarded"]
PERSON: Final = "person:"
_COLUMNS: Final = "id, name, state, body, revision, editors, begun_by, begun, edited_by, edited"
_READ: Final = f"select {_COLUMNS} from policy_drafts where tenant=%s and id=%s"
_LIST: Final = f"""
select {_COLUMNS} from policy_drafts where tenant=%s and kind=%s
and state in ('draft','submitted') order by edited desc
"""
_COUNT: Final = """
select count(*) from policy_drafts where tenant=%s and state in ('draft','submitted')
"""
_INSERT: Final = """
insert into policy_drafts(tenant,id,name,state,body,editors,begun_by,edited_by,kind)
values(%s,%s,%s,'draft',%s,%s,%s,%s,%s)
"""
_SAVE: Final = """
update policy_drafts set name=%s, body=%s, revision=revision+1, edited_by=%s, edited=now(),
  editors=case when %s = any(editors) then editors else editors || %s::text end
where tenant=%s and id=%s
"""
_STATE: Final = "update policy_drafts set state=%s where tenant=%s and id=%s"
_SUBMITTERS: Final = """
select distinct by from policy_steps where tenant=%s and draft=%s and act='submitted'
"""
_TRIED: Final = """
select id from policy_trials where tenant=%s and digest=%s and state='done' order by at desc limit 1
"""
_APPROVERS: Final = """
select 'person:' || id::text, number from people where tenant=%s and state='active' and joined
and roles && %s::text[] order by number
"""
_LOCK: Final = "select 1 from tenants where id=%s for update"
NO_DRAFT: Final = InputError("no_draft", "there is no such draft")


class Draft(Struct, frozen=True, kw_only=True):
    """A draft. `editors` drew some of it, so they cannot approve it. Times are RFC 3339."""

    id: str
    name: str
    state: State
    policy: PolicySet
    revision: int
    editors: tuple[str, ...]
    begun_by: str
    begun: str
    edited_by: str
    edited: str


class Stale(Struct, frozen=True):
    """Somebody saved first: what the draft is now."""

    now: Draft


class Unsound(Struct, frozen=True):
    """It cannot be submitted or approved: what stands in the way."""

    findings: tuple[PolicyFinding, ...]


def _no(code: str, reason: str, reason_en: str) -> Refusal:
    return Refusal(code=code, reason=reason, reason_en=reason_en, clause="routing.policy")


SUBMITTED: Final = _no(
    "draft_submitted", "已提交审批,先撤回再改", "It waits for approval: withdraw it first"
)
NOT_SUBMITTED: Final = _no("draft_not_submitted", "还没有提交审批", "It is not submitted")
ENDED: Final = _no("draft_ended", "这份草稿已经结束", "The draft has ended")
UNTRIED: Final = _no(
    "policy_untried",
    "这一稿还没有在过去的一天上试算过",
    "As it is, it was not tried on a past day yet",
)
NOT_PERSON: Final = _no(
    "approval_person", "须本人登录后审批,密钥不能代替", "A person approves, signed in; a key can't"
)
CHANGED: Final = _no(
    "draft_other", "提交的不是你看到的这一稿", "What is submitted is not what you have seen"
)


async def list_open(connection: Connection, tenant: int, kind: PolicyKind = ROUTING) -> list[Draft]:
    """List the drafts that are drawn or wait for approval, the last edited first."""
    cursor = await connection.execute(_LIST, (tenant, kind))
    return [_draft(row) for row in await cursor.fetchall()]


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
    return Draft(
        id=str(row[0]),
        name=row[1],
        state=row[2],
        policy=model.read(bytes(row[3])),
        revision=row[4],
        editors=tuple(row[5]),
        begun_by=row[6],
        begun=rfc3339(round(row[7].timestamp() * 1000)),
        edited_by=row[8],
        edited=rfc3339(round(row[9].timestamp() * 1000)),
    )


async def begin(
    connection: Connection, tenant: int, name: str, policy: PolicySet, actor: Actor, now_ms: int
) -> Draft:
    """Begin a draft. Raises InputError `too_many`."""
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        count = await (await connection.execute(_COUNT, (tenant,))).fetchone()
        if count and count[0] >= POLICY_DRAFTS:
            raise InputError("too_many", f"at most {POLICY_DRAFTS} open drafts")
        id_ = ids.uuid7(now_ms, os.urandom(10))
        who = actor.sub
        told = (tenant, id_, name, policy.content, [who], who, who, policy.kind)
        await connection.execute(_INSERT, told)
        return await read(connection, tenant, str(id_))


async def save(
    connection: Connection,
    tenant: int,
    id_: str,
    revision: int,
    name: str,
    policy: PolicySet,
    actor: Actor,
) -> Draft | Stale | Refusal:
    """Save over `revision`; Stale when somebody else saved meanwhile."""
    async with connection.transaction():
        draft = await read(connection, tenant, id_, lock=True)
        refusal = _writable(draft)
        if refusal is not None:
            return refusal
        if draft.revision != revision:
            return Stale(draft)
        who = actor.sub
        policy = replace(policy, kind=draft.policy.kind)  # what it decides is not redrawn
        told = (name, policy.content, who, who, who, tenant, uuid.UUID(id_))
        await connection.execute(_SAVE, told)
        return await read(connection, tenant, id_)


def _writable(draft: Draft) -> Refusal | None:
    if draft.state == "draft":
        return None
    return SUBMITTED if draft.state == "submitted" else ENDED


async def discard(connection: Connection, tenant: int, id_: str, actor: Actor) -> Refusal | None:
    """Give a draft up; its row stays, as does who drew it."""
    async with connection.transaction():
        draft = await read(connection, tenant, id_, lock=True)
        if draft.state not in ("draft", "submitted"):
            return ENDED
        await _move(connection, tenant, draft, "discarded", actor)
    return None


async def submit(
    connection: Connection, tenant: int, id_: str, revision: int, actor: Actor
) -> Draft | Stale | Unsound | Refusal:
    """Submit a draft that is sound and was tried on a past day as it is."""
    async with connection.transaction():
        draft = await read(connection, tenant, id_, lock=True)
        refusal = _writable(draft)
        if refusal is not None:
            return refusal
        if draft.revision != revision:
            return Stale(draft)
        findings = lint.check(draft.policy)
        if not lint.is_sound(findings):
            return Unsound(findings)
        if not await find_trial(connection, tenant, draft.policy.digest):
            return UNTRIED
        return await _move(connection, tenant, draft, "submitted", actor)


async def withdraw(connection: Connection, tenant: int, id_: str, actor: Actor) -> Draft | Refusal:
    """Take a submitted draft back, to go on drawing it."""
    async with connection.transaction():
        draft = await read(connection, tenant, id_, lock=True)
        if draft.state != "submitted":
            return NOT_SUBMITTED
        return await _move(connection, tenant, draft, "withdrawn", actor)


async def decline(
    connection: Connection, tenant: int, id_: str, note: str, actor: Actor
) -> Draft | Refusal:
    """Send a submitted draft back, with the reason."""
    async with connection.transaction():
        draft = await read(connection, tenant, id_, lock=True)
        if draft.state != "submitted":
            return NOT_SUBMITTED
        return await _move(connection, tenant, draft, "declined", actor, note)


async def approve(
    connection: Connection, tenant: int, id_: str, digest: str, note: str, actor: Actor
) -> policy_sets.PolicyRow | Unsound | Refusal:
    """Publish what was submitted, by the word of a second person who has seen that `digest`."""
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        draft = await read(connection, tenant, id_, lock=True)
        if not actor.sub.startswith(PERSON):
            return NOT_PERSON
        if draft.state != "submitted":
            return NOT_SUBMITTED if draft.state == "draft" else ENDED
        if actor.sub in await authors(connection, tenant, draft):
            return _no(
                "approval_author",
                "参与绘制的人不能审批自己的稿",
                "Whoever drew some of it can't approve it",
            )
        if digest and draft.policy.digest != digest:
            return CHANGED
        findings = lint.check(draft.policy)
        if not lint.is_sound(findings):
            return Unsound(findings)
        trial = await find_trial(connection, tenant, draft.policy.digest)
        if not trial:
            return UNTRIED
        row = await policy_sets.publish(
            connection, tenant, draft.policy, draft.name, actor,
            drafted_by=draft.edited_by, simulation=trial,
        )  # fmt: skip
        if not isinstance(row, Refusal):
            await _move(connection, tenant, draft, "approved", actor, note)
        return row


async def find_trial(connection: Connection, tenant: int, digest: str) -> str:
    """Give the newest trial of a set that is done, "" when there is none."""
    cursor = await connection.execute(_TRIED, (tenant, bytes.fromhex(digest)))
    row = await cursor.fetchone()
    return str(row[0]) if row else ""


async def _move(
    connection: Connection, tenant: int, draft: Draft, act: str, actor: Actor, note: str = ""
) -> Draft:
    """Write a step, and the state that it brings."""
    states = {"submitted": "submitted", "approved": "published", "discarded": "discarded"}
    key = uuid.UUID(draft.id)
    await connection.execute(_STATE, (states.get(act, "draft"), tenant, key))
    await policy_sets.note_step(
        connection, tenant, act, draft.policy.digest, actor, note,
        draft=key, revision=draft.revision,
    )  # fmt: skip
    return await read(connection, tenant, draft.id)


async def resolve(connection: Connection, tenant: int, told: str) -> PolicySet:
    """Give the set that a digest, or the id of a draft, names. Raises InputError."""
    if len(told) == policy_sets.DIGEST_CHARS:
        return await policy_sets.read_set(connection, tenant, told)
    return (await read(connection, tenant, told)).policy


async def authors(connection: Connection, tenant: int, draft: Draft) -> set[str]:
    """Give who drew or submitted it."""
    cursor = await connection.execute(_SUBMITTERS, (tenant, uuid.UUID(draft.id)))
    return {*draft.editors, *[by for (by,) in await cursor.fetchall()]}


async def list_approvers(
    connection: Connection, tenant: int, draft: Draft, approving: list[str]
) -> tuple[str, ...]:
    """Give the numbers of the people who could approve it: those who drew none of it."""
    own = await authors(connection, tenant, draft)
    cursor = await connection.execute(_APPROVERS, (tenant, approving))
    return tuple([number for sub, number in await cursor.fetchall() if sub not in own])


async def find_origin(
    connection: Connection, tenant: int, told: str, kind: PolicyKind
) -> PolicySet:
    """Give what a draft begins from. Raises InputError `no_policy_set`, also for another kind."""
    if told == "empty":
        return PolicySet(kind=kind)
    if told == "all" and kind == INTERCEPT:
        return templates.all_intercepts()
    for template in templates.shipped():
        if template.code == told and template.kind == kind:
            return template.policy()
    if told == "live":
        head = await policy_sets.read_head(connection, tenant, kind)
        if not head.live:
            return PolicySet(kind=kind)
        told = head.live
    found = await policy_sets.read_set(connection, tenant, told)
    if found.kind != kind:
        raise policy_sets.NO_SET
    return found
