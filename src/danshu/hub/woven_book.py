"""编织能力: a merchant's versions, published by the word of a second person, taken back; and what
they were called with, by day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.weave import woven as forms
from danshu.hub import merchants
from danshu.hub.versions import Version, next_number, read_row
from danshu.hub.woven_facts import WovenPublished, WovenRetired
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import WOVEN_VERSIONS
from danshu.ledger.write import instant

if TYPE_CHECKING:
    from danshu.capabilities.weave.woven import Woven
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
NO_WOVEN: Final = InputError("no_woven", "there is no such woven capability")
_LIST: Final = """
select body, digest, active, drafted_by, approved_by, published, retired from woven
where tenant=%s order by code, version desc
"""
_ADD: Final = """
insert into woven(tenant,code,version,digest,body,drafted_by,approved_by)
values (%s,%s,%s,%s,%s,%s,%s)
"""
_STOP: Final = """
update woven set active=false, retired=now() where tenant=%s and code=%s and version=%s and active
returning digest
"""
_READ: Final = "select body, active from woven where tenant=%s and code=%s and version=%s"
_NEWEST: Final = """
select body from woven where tenant=%s and code=%s and active order by version desc limit 1
"""
_COUNT: Final = """
insert into woven_days(tenant,code,version,day,calls,refused,failed,spent_ms,trouble)
values(%s,%s,%s,%s,1,%s,%s,%s,%s) on conflict (tenant,code,version,day) do update set
calls=woven_days.calls+1, refused=woven_days.refused+excluded.refused,
failed=woven_days.failed+excluded.failed, spent_ms=woven_days.spent_ms+excluded.spent_ms,
trouble=case when excluded.trouble<>'' then excluded.trouble else woven_days.trouble end
"""
_DAYS: Final = """
select code, version, calls, refused, failed, spent_ms, trouble from woven_days
where tenant=%s and day=%s
"""


class WovenVersion(Version, frozen=True, kw_only=True):
    """A published version and its body."""

    woven: Woven


class WovenDay(Struct, frozen=True, kw_only=True):
    """What a version was called with on a day (UTC); `trouble` is the last that went wrong."""

    code: str
    version: int
    calls: int = 0
    refused: int = 0
    failed: int = 0
    spent_ms: int = 0
    trouble: str = ""


async def list_versions(connection: Connection, tenant: int) -> list[WovenVersion]:
    """List every version by code, the newest first."""
    rows = await (await connection.execute(_LIST, (tenant,))).fetchall()
    return [WovenVersion(woven=forms.read(bytes(r[0])), **read_row(r[1:])) for r in rows]


async def next_version(connection: Connection, tenant: int, code: str) -> int:
    """Give the number that the next version of a code gets."""
    return await next_number(connection, "woven", tenant, code)


async def read(connection: Connection, tenant: int, code: str, version: int) -> Woven:
    """Read a version that may be called; `version` 0 is the newest.

    Raises InputError `no_woven`, `woven_retired`.
    """
    if version == 0:
        row = await (await connection.execute(_NEWEST, (tenant, code))).fetchone()
        if row is None:
            raise NO_WOVEN
        return forms.read(bytes(row[0]))
    row = await (await connection.execute(_READ, (tenant, code, version))).fetchone()
    if row is None:
        raise NO_WOVEN
    if not row[1]:
        raise InputError("woven_retired", "this version was taken back")
    return forms.read(bytes(row[0]))


async def publish(
    connection: Connection, tenant: int, woven: Woven, drafted_by: str, actor: Actor
) -> None:
    """Publish a sound version in the caller's transaction. Raises InputError `too_many`."""
    row = await (
        await connection.execute("select count(*) from woven where tenant=%s", (tenant,))
    ).fetchone()
    if row and row[0] >= WOVEN_VERSIONS:
        raise InputError("too_many", f"at most {WOVEN_VERSIONS} versions of woven capabilities")
    digest = forms.digest(woven)
    told = (tenant, woven.code, woven.version, bytes.fromhex(digest), forms.encode(woven))
    await connection.execute(_ADD, (*told, drafted_by, actor.sub))
    said = WovenPublished(
        approved_by=actor.sub,
        code=woven.code,
        digest=digest,
        drafted_by=drafted_by,
        version=woven.version,
    )
    await merchants.say(connection, tenant, actor, said)


async def retire(
    connection: Connection, tenant: int, code: str, version: int, reason: str, actor: Actor
) -> Refusal | None:
    """Take a version back: it is called no more. Raises InputError `no_woven`."""
    async with connection.transaction():
        row = await (await connection.execute(_STOP, (tenant, code, version))).fetchone()
        if row is None:
            known = await connection.execute(_READ, (tenant, code, version))
            if await known.fetchone() is None:
                raise NO_WOVEN
            return Refusal(
                code="woven_not_active",
                reason="没有在用的这个版本",
                reason_en="There is no such version in use",
                clause="woven.versions",
            )
        said = WovenRetired(code=code, digest=bytes(row[0]).hex(), reason=reason, version=version)
        await merchants.say(connection, tenant, actor, said)
    return None


async def count(connection: Connection, tenant: int, day: WovenDay, at_ms: int) -> None:
    """Count one call; `day` holds what is added."""
    told = (day.refused, day.failed, day.spent_ms, day.trouble[:300])
    when = instant(at_ms * 1000).date()
    await connection.execute(_COUNT, (tenant, day.code, day.version, when, *told))


async def list_day(connection: Connection, tenant: int, at_ms: int) -> list[WovenDay]:
    """List what versions were called with on the day of `at_ms`."""
    when = instant(at_ms * 1000).date()
    rows = await (await connection.execute(_DAYS, (tenant, when))).fetchall()
    return [
        WovenDay(
            code=code, version=version, calls=calls, refused=refused, failed=failed,
            spent_ms=spent_ms, trouble=trouble,
        )
        for code, version, calls, refused, failed, spent_ms, trouble in rows
    ]  # fmt: skip
