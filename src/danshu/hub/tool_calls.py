"""Calls of tools: how often and how much a key or a person may ask, and who asked what.

The counts stand in one row a caller and day, so that every node counts alike. Of arguments only a
digest is kept: they may name people. What a tool did is a fact of whatever it did.
"""

from __future__ import annotations

import datetime
import hashlib
import os
import uuid
from typing import Any, Final, Literal

import msgspec
import psycopg
from msgspec import Struct

from danshu.kernel import ids
from danshu.kernel.errors import Busy
from danshu.kernel.limits import TOOL_BYTES_DAY, TOOL_CALLS_DAY, TOOL_CALLS_MIN, TOOL_LOG_D

Connection = psycopg.AsyncConnection[Any]
Way = Literal["mcp", "assistant"]
_DAY_MS: Final = 86_400_000
_MINUTE_S: Final = 60
_COUNT: Final = """
insert into tool_days as d(tenant,caller,day,calls,bytes,minute,in_minute)
values(%(tenant)s,%(caller)s,%(day)s,1,0,%(minute)s,1)
on conflict (tenant,caller,day) do update set calls=d.calls+1, minute=excluded.minute,
  in_minute=case when d.minute=excluded.minute then d.in_minute+1 else 1 end
returning calls, bytes, in_minute
"""
_SPENT: Final = "update tool_days set bytes=bytes+%s where tenant=%s and caller=%s and day=%s"
_KEEP: Final = (
    "insert into tool_calls(tenant,id,caller,way,tool,digest,took_ms,outcome,texts,bytes)"
    " values(%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)"
)
_OLD_CALLS: Final = "delete from tool_calls where tenant=%s and id<%s"
_OLD_DAYS: Final = "delete from tool_days where tenant=%s and day<%s"
_LIST: Final = (
    "select id,caller,way,tool,encode(digest,'hex'),took_ms,outcome,texts,bytes from tool_calls"
    " where tenant=%s and id<%s order by id desc limit %s"
)


class ToolCall(Struct, frozen=True, kw_only=True):
    """A call that was made. `outcome` is `done` or the code of a problem, `digest` the SHA-256 of
    its arguments, `texts` how many texts from outside were in the answer.
    """

    id: uuid.UUID
    at_ms: int
    caller: str
    way: str
    tool: str
    digest: str
    took_ms: int
    outcome: str
    texts: int
    bytes: int


async def count(connection: Connection, tenant: int, caller: str, now_ms: int) -> None:
    """Count a call before it is made. Raises Busy when the caller asks too often or too much."""
    moment = datetime.datetime.fromtimestamp(now_ms / 1000, datetime.UTC)
    minute = moment.replace(second=0, microsecond=0)
    given = {"tenant": tenant, "caller": caller, "day": moment.date(), "minute": minute}
    row = await (await connection.execute(_COUNT, given)).fetchone()
    calls, sent, in_minute = row or (0, 0, 0)
    if calls == 1:
        await _forget(connection, tenant, now_ms)
    if in_minute > TOOL_CALLS_MIN:
        told = f"at most {TOOL_CALLS_MIN} calls of tools a minute"
        raise Busy(told, _MINUTE_S - moment.second)
    if calls > TOOL_CALLS_DAY or sent > TOOL_BYTES_DAY:
        told = f"at most {TOOL_CALLS_DAY} calls of tools and {TOOL_BYTES_DAY} bytes a day"
        raise Busy(told, _DAY_MS // 1000 - moment.hour * 3600 - moment.minute * 60)


async def _forget(connection: Connection, tenant: int, now_ms: int) -> None:
    """With the first call of a caller's day, what is older than TOOL_LOG_D days goes."""
    before_ms = now_ms - TOOL_LOG_D * _DAY_MS
    day = datetime.datetime.fromtimestamp(before_ms / 1000, datetime.UTC).date()
    await connection.execute(_OLD_CALLS, (tenant, ids.uuid7(before_ms, b"\0" * 10)))
    await connection.execute(_OLD_DAYS, (tenant, day))


async def keep(
    connection: Connection,
    tenant: int,
    caller: str,
    now_ms: int,
    *,
    way: Way,
    tool: str,
    arguments: Any,
    took_ms: int,
    outcome: str,
    texts: int,
    size: int,
) -> None:
    """Keep that a call was made, and count what it gave."""
    digest = hashlib.sha256(msgspec.json.encode(arguments, order="deterministic")).digest()
    id_ = ids.uuid7(now_ms, os.urandom(10))
    day = datetime.datetime.fromtimestamp(now_ms / 1000, datetime.UTC).date()
    row = (tenant, id_, caller, way, tool, digest, took_ms, outcome, texts, size)
    async with connection.pipeline():
        await connection.execute(_KEEP, row)
        await connection.execute(_SPENT, (size, tenant, caller, day))


async def listed(
    connection: Connection, tenant: int, before: uuid.UUID, limit: int
) -> list[ToolCall]:
    """List the calls, the newest first, those before `before`."""
    rows = await (await connection.execute(_LIST, (tenant, before, limit))).fetchall()
    return [
        ToolCall(
            id=r[0],
            at_ms=ids.made_ms(r[0]),
            caller=r[1],
            way=r[2],
            tool=r[3],
            digest=r[4],
            took_ms=r[5],
            outcome=r[6],
            texts=r[7],
            bytes=r[8],
        )
        for r in rows
    ]
