"""契约动作建模: which versions of a merchant's action types there are, and what can be said of one.

A version is never changed. Running work keeps the digest that it began under, and every version is
readable by it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

import psycopg
from msgspec import Struct

from danshu.capabilities.contract.actions import lint, promising, reading, sentence
from danshu.capabilities.contract.actions.findings import CHECKS, Finding
from danshu.capabilities.contract.actions.model import Action
from danshu.capabilities.contract.actions.sentence import Spoken
from danshu.hub import calendars, merchants
from danshu.hub.action_facts import ActionRetired
from danshu.hub.master_facts import PromiseRetired
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import ACTION_VERSIONS, DEFINITIONS

if TYPE_CHECKING:
    from danshu.capabilities.contract.model import Texts
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
NO_ACTION: Final = InputError("no_action", "there is no such contract action")
NOT_ACTIVE: Final = Refusal(
    code="action_not_active",
    reason="这个动作已经停用",
    reason_en="The action is not in use",
    clause="contract.actions",
)
_ACTIVE: Final = "select digest, body from actions where tenant=%s and code=%s and active"
_BY_DIGEST: Final = "select body from actions where tenant=%s and digest=%s"
_LIST: Final = """
select code, version, digest, body, active, drafted_by, approved_by, published, retired
from actions where tenant=%s and (%s = '' or code=%s) order by code, version desc
"""
_COUNT: Final = """
select (select count(*) from actions where tenant=%s),
       (select count(*) from definitions where tenant=%s)
"""
_NEXT: Final = """
select greatest(
  (select coalesce(max(version),0) from actions where tenant=%s and code=%s),
  (select coalesce(max(version),0) from definitions where tenant=%s and code=%s)) + 1
"""
_RETIRE: Final = """
update actions set active=false, retired=now() where tenant=%s and code=%s and active
returning version, digest
"""
_DROP_PROMISE: Final = """
update definitions set active=false where tenant=%s and code=%s and active
returning version, digest
"""


class Version(Struct, frozen=True, kw_only=True):
    """A published version. `drafted_by` and `approved_by` are subjects of facts; "danshu" drafted
    what comes with the hub, and nobody approved that. Times are RFC 3339, "" for not yet.
    """

    action: Action
    digest: str
    active: bool
    drafted_by: str
    approved_by: str
    published: str
    retired: str


class Checked(Struct, frozen=True, kw_only=True):
    """One line of 能否举证: `idle` where the action has nothing of the kind."""

    check: str
    state: Literal["ok", "warning", "error", "idle"]


class ActionProof(Struct, frozen=True, kw_only=True):
    """What can be said of an action: its words, its YAML, and what stands in the way of proof."""

    digest: str
    provable: bool
    next_version: int
    yaml: str
    sentence_zh: tuple[Spoken, ...]
    sentence_en: tuple[Spoken, ...]
    breach_zh: str
    breach_en: str
    checks: tuple[Checked, ...]
    findings: tuple[Finding, ...]


@lru_cache(maxsize=1024)
def _read(body: bytes) -> Action:
    return reading.read(body)


async def read_active(connection: Connection, tenant: int, code: str) -> tuple[Action, str] | None:
    """Give the version of an action that holds now, with its digest (hex)."""
    cursor = await connection.execute(_ACTIVE, (tenant, code))
    row = await cursor.fetchone()
    return None if row is None else (_read(bytes(row[1])), bytes(row[0]).hex())


async def read_version(connection: Connection, tenant: int, digest: str) -> Action | None:
    """Give the version with that digest (64 hex digits), whether it still holds or not."""
    cursor = await connection.execute(_BY_DIGEST, (tenant, bytes.fromhex(digest)))
    row = await cursor.fetchone()
    return None if row is None else _read(bytes(row[0]))


async def list_active(connection: Connection, tenant: int) -> dict[str, tuple[Action, str]]:
    """Give every action that holds now by its code, with its digest (hex)."""
    cursor = await connection.execute(
        "select digest, body from actions where tenant=%s and active order by code", (tenant,)
    )
    rows = [(_read(bytes(body)), bytes(digest).hex()) for digest, body in await cursor.fetchall()]
    return {action.action: (action, digest) for action, digest in rows}


async def list_versions(connection: Connection, tenant: int, code: str = "") -> list[Version]:
    """List the versions of one action, or of all of them, the newest first."""
    cursor = await connection.execute(_LIST, (tenant, code, code))
    return [
        Version(
            action=_read(bytes(r[3])),
            digest=bytes(r[2]).hex(),
            active=r[4],
            drafted_by=r[5],
            approved_by=r[6],
            published=rfc3339(round(r[7].timestamp() * 1000)),
            retired=rfc3339(round(r[8].timestamp() * 1000)) if r[8] else "",
        )
        for r in await cursor.fetchall()
    ]


async def name_actions(connection: Connection, tenant: int) -> dict[str, Texts]:
    """Give the names of the merchant's actions by code, of the newest version of each."""
    named: dict[str, Texts] = {}
    for version in await list_versions(connection, tenant):
        named.setdefault(version.action.action, version.action.name)
    return named


async def next_version(connection: Connection, tenant: int, code: str) -> int:
    """Give the number that the next version of an action and of its promise gets."""
    cursor = await connection.execute(_NEXT, (tenant, code, tenant, code))
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def find_around(connection: Connection, tenant: int, now_ms: int) -> lint.Around:
    """Give what an action is linted beside."""
    active = await list_active(connection, tenant)
    return lint.Around(
        actions={code: action for code, (action, _) in active.items()},
        now_ms=now_ms,
        find=await calendars.finder(connection, tenant),
    )


async def prove(connection: Connection, tenant: int, action: Action, now_ms: int) -> ActionProof:
    """Say what an action would be and whether it can be proven; publish nothing.

    Raises InputError `action_profile` for what cannot be written down at all.
    """
    names = await name_actions(connection, tenant)
    findings = lint.check(action, await find_around(connection, tenant, now_ms))
    return ActionProof(
        digest=reading.digest(action),
        provable=lint.is_provable(findings),
        next_version=await next_version(connection, tenant, action.action),
        yaml=reading.write_yaml(action),
        sentence_zh=sentence.speak(action, "zh", names),
        sentence_en=sentence.speak(action, "en", names),
        breach_zh=sentence.read_chain(action, "zh", names),
        breach_en=sentence.read_chain(action, "en", names),
        checks=tuple([_checked(action, check, findings) for check in CHECKS]),
        findings=findings,
    )


def _checked(action: Action, check: str, findings: tuple[Finding, ...]) -> Checked:
    found = {finding.severity for finding in findings if finding.check == check}
    if "error" in found:
        return Checked(check=check, state="error")
    if found:
        return Checked(check=check, state="warning")
    absent = {
        "stop": action.clock is None,
        "clock": action.clock is None,
        "remedies": not action.breach and not action.excuse,
    }
    return Checked(check=check, state="idle" if absent.get(check) else "ok")


async def publish(
    connection: Connection,
    tenant: int,
    action: Action,
    actor: Actor,
    *,
    drafted_by: str,
    approved_by: str,
) -> None:
    """Publish a linted version in the caller's transaction: the fact, its promise, what it no
    longer promises. Raises InputError `too_many`.
    """
    row = await (await connection.execute(_COUNT, (tenant, tenant))).fetchone()
    if row and (row[0] >= ACTION_VERSIONS or row[1] >= DEFINITIONS):
        raise InputError("too_many", f"at most {ACTION_VERSIONS} versions of actions")
    find = await calendars.finder(connection, tenant)
    said = await merchants.write_action(
        connection, tenant, action, drafted_by, approved_by=approved_by, find=find
    )
    if promising.promise(action) is None:
        why = f"v{action.version}"
        said += await _drop_promise(connection, tenant, action.action, why)
    await merchants.say(connection, tenant, actor, *said)


async def _drop_promise(
    connection: Connection, tenant: int, code: str, reason: str
) -> list[Struct]:
    """Take the promise of an action back for new orders; gives the fact, none without a promise."""
    cursor = await connection.execute(_DROP_PROMISE, (tenant, code))
    row = await cursor.fetchone()
    if row is None:
        return []
    await merchants.touch(connection, tenant)
    return [PromiseRetired(code=code, digest=bytes(row[1]).hex(), reason=reason, version=row[0])]


async def retire(
    connection: Connection, tenant: int, code: str, reason: str, actor: Actor
) -> Refusal | None:
    """Take an action and its promise back: nobody begins it any more, new orders do not carry it.

    Raises InputError `no_action`.
    """
    async with connection.transaction():
        await connection.execute("select 1 from tenants where id=%s for update", (tenant,))
        if not await list_versions(connection, tenant, code):
            raise NO_ACTION
        active = await list_active(connection, tenant)
        needing = [a.name for a, _ in active.values() if a.action != code and _needs(a, code)]
        if code in active and needing:
            return _needed(needing)
        cursor = await connection.execute(_RETIRE, (tenant, code))
        row = await cursor.fetchone()
        if row is None:
            return NOT_ACTIVE
        retired = ActionRetired(
            code=code, digest=bytes(row[1]).hex(), reason=reason, version=row[0]
        )
        dropped = await _drop_promise(connection, tenant, code, reason)
        await merchants.say(connection, tenant, actor, retired, *dropped)
    return None


def _needs(action: Action, code: str) -> bool:
    steps = {step.action for step in action.breach if step.do == "power"}
    return code in {*action.requires, *action.who.separation_from, *steps}


def _needed(names: list[Texts]) -> Refusal:
    zh, en = "、".join(n.zh for n in names), ", ".join(n.en for n in names)
    return Refusal(
        code="action_needed",
        reason=f"「{zh}」还要用到它,先改那些动作",
        reason_en=f"Still named by {en}: change those first",
        clause="contract.actions",
    )
