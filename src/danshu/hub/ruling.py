"""A merchant's own policies: versions, who may do what by them, what a draft would change."""

from __future__ import annotations

import asyncio
import datetime
import hashlib
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.people import policies
from danshu.capabilities.people.model import ACTIVE
from danshu.capabilities.people.policies import Principal, Rules
from danshu.hub import merchants, people, rights
from danshu.hub.facts import PolicyPublished
from danshu.kernel.errors import InputError, Refusal

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable

    from danshu.capabilities.people.policies import Context
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
# Whoever publishes must still be able to publish again, and to give roles.
_KEEP: Final = ("policy.write", "person.write")
LOCKED_OUT: Final = Refusal(
    code="locked_out",
    reason="发布后您自己将不能再改授权,不能发布",
    reason_en="You could change neither policies nor people any more",
    clause="policies.locked_out",
)
STALE: Final = Refusal(
    code="stale_policy",
    reason="已有更新的版本,先看差异",
    reason_en="There is a newer version; look at the difference first",
    clause="policies.version",
)
NO_POLICY: Final = InputError("no_policy", "there is no such version")
_VERSIONS: Final = (
    "select o.version, encode(o.digest,'hex'), o.note, o.made, p.number, p.name from policies o"
    " left join people p on p.tenant=o.tenant and p.id=o.person"
    " where o.tenant=%s and (%s = 0 or o.version < %s) order by o.version desc limit %s"
)
_BODY: Final = "select body from policies where tenant=%s and version=%s"
_HOLD: Final = "select 1 from tenants where id=%s for no key update"
_INSERT: Final = (
    "insert into policies(tenant,version,digest,body,note,person) values (%s,%s,%s,%s,%s,%s)"
)
_KEYS: Final = "select id, name, role from api_keys where tenant=%s and revoked is null order by id"


class Version(Struct, frozen=True, kw_only=True):
    """A published version; `number` and `name` of who published it, "" for a key."""

    version: int
    digest: str
    note: str
    made: datetime.datetime
    number: str
    name: str


class Subject(Struct, frozen=True, kw_only=True):
    """Somebody who may ask: a person who is active, or a key."""

    principal: Principal
    name: str


class Answer(Struct, frozen=True, kw_only=True):
    """Whether somebody may, now or after a fresh proof, and by which policies."""

    subject: Subject
    allowed: bool
    needs_proof: bool
    reasons: tuple[str, ...]


class Shift(Struct, frozen=True, kw_only=True):
    """What somebody would gain and lose by a draft."""

    subject: Subject
    gains: tuple[str, ...]
    losses: tuple[str, ...]


async def versions(connection: Connection, tenant: int, before: int, limit: int) -> list[Version]:
    """List versions, newest first, those before `before` (0 = all)."""
    rows = await (await connection.execute(_VERSIONS, (tenant, before, before, limit))).fetchall()
    return [
        Version(
            version=version,
            digest=digest,
            note=note,
            made=made,
            number=number or "",
            name=name or "",
        )
        for version, digest, note, made, number, name in rows
    ]


async def text_of(connection: Connection, tenant: int, version: int) -> str:
    """Read a version's text; version 0 is empty. Raises InputError `no_policy`."""
    if not version:
        return ""
    row = await (await connection.execute(_BODY, (tenant, version))).fetchone()
    if row is None:
        raise NO_POLICY
    return str(row[0])


async def publish(
    connection: Connection,
    tenant: int,
    merchant: str,
    who: Principal,
    by: Actor,
    person: uuid.UUID | None,
    text: str,
    note: str,
    base: int,
) -> int | Refusal:
    """Publish a text as the next version, when `base` is still the newest; gives its number.

    Raises InputError `bad_policy`.
    """
    policies.check(text)
    if locks_out(Rules(text), who, merchant):
        return LOCKED_OUT
    async with connection.transaction():
        await connection.execute(_HOLD, (tenant,))
        if await rights.newest(connection, tenant) != base:
            return STALE
        digest = hashlib.sha256(text.encode())
        await connection.execute(_INSERT, (tenant, base + 1, digest.digest(), text, note, person))
        told = PolicyPublished(digest=digest.hexdigest(), note=note, version=base + 1)
        await merchants.say(connection, tenant, by, told)
    return base + 1


def locks_out(rules: Rules, who: Principal, merchant: str) -> bool:
    """Tell whether somebody could no longer change policies and people under these rules."""
    seat = rules.seat(who, merchant)
    return any(not seat.ask(action, rights.favour(who)).allowed for action in _KEEP)


async def subjects(connection: Connection, tenant: int) -> list[Subject]:
    """Give everybody who may ask: active people by number, then keys."""
    found = [
        Subject(
            principal=Principal(
                kind=rights.PERSON,
                id=str(row.id),
                number=row.person.number,
                roles=row.person.roles,
                warehouses=row.person.warehouses,
            ),
            name=row.name,
        )
        for row in await people.each(connection, tenant)
        if row.person.state == ACTIVE
    ]
    rows = await (await connection.execute(_KEYS, (tenant,))).fetchall()
    return found + [
        Subject(principal=Principal(kind=rights.KEY, id=id_, name=name, roles=(role,)), name=name)
        for id_, name, role in rows
    ]


async def who_may(
    rules: Rules, merchant: str, asked: list[Subject], action: str, context: Context
) -> list[Answer]:
    """Tell for each subject whether they may do this. Raises InputError `unknown_action`."""
    if action not in policies.actions():
        raise InputError("unknown_action", f"there is no action {action!r}", "/action")
    return await asyncio.to_thread(_who_may, rules, merchant, asked, action, context)


def _who_may(
    rules: Rules, merchant: str, asked: list[Subject], action: str, context: Context
) -> list[Answer]:
    answers = []
    for subject in asked:
        seat = rules.seat(subject.principal, merchant)
        stale = seat.ask(action, context)
        fresh = seat.ask(action, {**context, **rights.favour(subject.principal)})
        needs_proof = fresh.allowed and not stale.allowed
        answers.append(
            Answer(
                subject=subject,
                allowed=fresh.allowed,
                needs_proof=needs_proof,
                reasons=fresh.reasons,
            )
        )
    return answers


async def compare(
    merchant: str, asked: list[Subject], before: Rules, after: Rules, contexts: list[Context]
) -> list[Shift]:
    """Tell who would gain or lose what, in any of the contexts."""
    return await asyncio.to_thread(_compare, merchant, asked, before, after, contexts)


def _compare(
    merchant: str, asked: list[Subject], before: Rules, after: Rules, contexts: list[Context]
) -> list[Shift]:
    shifts = []
    known: dict[tuple[str, tuple[str, ...], tuple[str, ...]], tuple[set[str], set[str]]] = {}
    for subject in asked:
        who = subject.principal
        # Those of equal kind, roles and warehouses differ only where a policy names one of them.
        alone = before.names(who.id) or after.names(who.id)
        alike = ("" if not alone else who.id, who.kind)
        key = ("/".join(alike), who.roles, who.warehouses)
        if key not in known:
            gains: set[str] = set()
            losses: set[str] = set()
            for context in contexts:
                asked_in = {**context, **rights.favour(who)}
                old = before.seat(who, merchant).granted(asked_in)
                new = after.seat(who, merchant).granted(asked_in)
                gains |= new - old
                losses |= old - new
            known[key] = (gains, losses)
        gained, lost = known[key]
        if gained or lost:
            shifts.append(Shift(subject=subject, gains=_ordered(gained), losses=_ordered(lost)))
    return shifts


def _ordered(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names))
