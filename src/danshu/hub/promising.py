"""A merchant's own promises: linted, published as versions, taken back. Orders keep the version
that they were placed under, whatever happens to it here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.contract import clock, definitions
from danshu.capabilities.contract.catalogue import EVENTS
from danshu.hub import calendars, merchants
from danshu.hub.master_facts import PromiseRetired
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import DEFINITIONS

if TYPE_CHECKING:
    from danshu.capabilities.contract.model import Clause
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
OLD_VERSION: Final = "version_old"
NO_DEFINITION: Final = InputError("no_definition", "there is no such promise")
NOT_ACTIVE: Final = Refusal(
    code="promise_not_active",
    reason="这项承诺已经停用",
    reason_en="The promise is not in use",
    clause="contract.definitions",
)
OF_ACTION: Final = Refusal(
    code="promise_of_action",
    reason="这项承诺由契约动作发布,请在契约动作里改",
    reason_en="A contract action publishes this promise: change the action",
    clause="contract.actions",
)
_OF_ACTION: Final = "select 1 from actions where tenant=%s and code=%s limit 1"
_VERSIONS: Final = "select version, digest, active from definitions where tenant=%s and code=%s"
_CODES: Final = "select count(*) from definitions where tenant=%s"
_RETIRE: Final = """
update definitions set active=false where tenant=%s and code=%s and active
returning version, digest
"""


class Linted(Struct, frozen=True, kw_only=True):
    """A definition as it would be published: what the buyer reads, what starts and stops its clock,
    and when it would fall due if it started now. `standing` is `new`, `known` (these very bytes are
    published) or `old`: `next_version` is the least that can be published.
    """

    code: str
    version: int
    digest: str
    standing: str
    next_version: int
    name_zh: str
    name_en: str
    text_zh: str
    text_en: str
    breach_zh: str
    breach_en: str
    start: str
    start_zh: str
    start_en: str
    stop: str
    stop_zh: str
    stop_en: str
    calendar: str
    started: str
    due: str
    warnings: tuple[str, ...]


async def lint(connection: Connection, tenant: int, raw: bytes, now_ms: int) -> Linted:
    """Say what a definition would be, and publish nothing. Raises InputError with the place of what
    is wrong.
    """
    clause = definitions.load(raw, await calendars.finder(connection, tenant))
    standing, following = await _stand(connection, tenant, clause)
    start, stop = EVENTS[clause.start], EVENTS[clause.stop]
    due_ms, warn_ms = clock.begin(clause, now_ms)
    name = clause.definition.name
    return Linted(
        code=clause.code,
        version=clause.version,
        digest=clause.digest,
        standing=standing,
        next_version=following,
        name_zh=name.zh,
        name_en=name.en,
        text_zh=clause.text.zh,
        text_en=clause.text.en,
        breach_zh=clause.breach.zh,
        breach_en=clause.breach.en,
        start=clause.start,
        start_zh=start.zh,
        start_en=start.en,
        stop=clause.stop,
        stop_zh=stop.zh,
        stop_en=stop.en,
        calendar=clause.definition.clock.calendar,
        started=rfc3339(now_ms),
        due=rfc3339(due_ms),
        warnings=tuple([rfc3339(ms) for ms in warn_ms]),
    )


async def _stand(connection: Connection, tenant: int, clause: Clause) -> tuple[str, int]:
    cursor = await connection.execute(_VERSIONS, (tenant, clause.code))
    versions = {version: bytes(digest).hex() for version, digest, _ in await cursor.fetchall()}
    following = max(versions, default=0) + 1
    if versions.get(clause.version) == clause.digest:
        return "known", following
    return ("new" if clause.version >= following else "old"), following


async def publish(
    connection: Connection, tenant: int, raw: bytes, actor: Actor
) -> Clause | Refusal:
    """Publish a version; new orders carry it from now on. The same bytes again change nothing.

    Raises InputError with the place of what is wrong.
    """
    async with connection.transaction():
        await connection.execute("select 1 from tenants where id=%s for update", (tenant,))
        clause = definitions.load(raw, await calendars.finder(connection, tenant))
        standing, following = await _stand(connection, tenant, clause)
        if standing == "old":
            return _old(following)
        if standing == "new":
            if await _is_of_action(connection, tenant, clause.code):
                return OF_ACTION
            cursor = await connection.execute(_CODES, (tenant,))
            row = await cursor.fetchone()
            if row is not None and row[0] >= DEFINITIONS:
                raise InputError("too_many", f"at most {DEFINITIONS} versions of promises")
            await merchants.define(connection, tenant, clause, actor)
    return clause


async def _is_of_action(connection: Connection, tenant: int, code: str) -> bool:
    """Tell whether a contract action has that code, so that both would say what is promised."""
    return await (await connection.execute(_OF_ACTION, (tenant, code))).fetchone() is not None


def _old(following: int) -> Refusal:
    return Refusal(
        code=OLD_VERSION,
        reason=f"这个版本号已发布过,下一个是 {following}",
        reason_en=f"That version is published already; the next is {following}",
        clause="contract.version",
    )


async def retire(
    connection: Connection, tenant: int, code: str, reason: str, actor: Actor
) -> Refusal | None:
    """Take a promise back for new orders. Raises InputError `no_definition`."""
    async with connection.transaction():
        cursor = await connection.execute(_VERSIONS, (tenant, code))
        if not await cursor.fetchall():
            raise NO_DEFINITION
        if await _is_of_action(connection, tenant, code):
            return OF_ACTION
        cursor = await connection.execute(_RETIRE, (tenant, code))
        row = await cursor.fetchone()
        if row is None:
            return NOT_ACTIVE
        await merchants.touch(connection, tenant)
        retired = PromiseRetired(
            code=code, digest=bytes(row[1]).hex(), reason=reason, version=row[0]
        )
        await merchants.say(connection, tenant, actor, retired)
    return None
