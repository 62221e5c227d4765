"""订单类型: a merchant's versions, published by the word of a second person, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.order_types import reading
from danshu.hub import merchants
from danshu.hub.order_type_book import read_body
from danshu.hub.order_type_facts import OrderTypePublished, OrderTypeRetired
from danshu.hub.versions import Version, next_number, read_row
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import ORDER_TYPE_VERSIONS

if TYPE_CHECKING:
    from danshu.capabilities.order_types.model import OrderType
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
_LIST: Final = """
select body, digest, active, drafted_by, approved_by, published, retired from order_types
where tenant=%s order by code, version desc
"""
_ADD: Final = """
insert into order_types(tenant,code,version,digest,body,drafted_by,approved_by)
values (%s,%s,%s,%s,%s,%s,%s)
"""
_STOP: Final = """
update order_types set active=false, retired=now() where tenant=%s and code=%s and active
returning version, digest
"""


class TypeVersion(Version, frozen=True, kw_only=True):
    """A published version and its body."""

    type: OrderType


async def list_versions(connection: Connection, tenant: int) -> list[TypeVersion]:
    """List every version by code, the newest first."""
    rows = await (await connection.execute(_LIST, (tenant,))).fetchall()
    return [TypeVersion(type=read_body(bytes(r[0])), **read_row(r[1:])) for r in rows]


async def next_version(connection: Connection, tenant: int, code: str) -> int:
    """Give the number that the next version of a code gets."""
    return await next_number(connection, "order_types", tenant, code)


async def publish(
    connection: Connection, tenant: int, kind: OrderType, drafted_by: str, actor: Actor
) -> None:
    """Publish a linted version in the caller's transaction. Raises InputError `too_many`."""
    row = await (
        await connection.execute("select count(*) from order_types where tenant=%s", (tenant,))
    ).fetchone()
    if row and row[0] >= ORDER_TYPE_VERSIONS:
        raise InputError("too_many", f"at most {ORDER_TYPE_VERSIONS} versions of order types")
    await connection.execute(_STOP, (tenant, kind.type))
    digest = reading.digest(kind)
    await connection.execute(
        _ADD,
        (
            tenant, kind.type, kind.version, bytes.fromhex(digest), reading.encode(kind),
            drafted_by, actor.sub,
        ),
    )  # fmt: skip
    said = OrderTypePublished(
        approved_by=actor.sub,
        code=kind.type,
        digest=digest,
        drafted_by=drafted_by,
        version=kind.version,
    )
    await merchants.touch(connection, tenant)
    await merchants.say(connection, tenant, actor, said)


async def retire(
    connection: Connection, tenant: int, code: str, reason: str, actor: Actor
) -> Refusal | None:
    """Take a type back: new orders follow it no more."""
    async with connection.transaction():
        row = await (await connection.execute(_STOP, (tenant, code))).fetchone()
        if row is None:
            return Refusal(
                code="type_not_active",
                reason="没有在用的这个订单类型",
                reason_en="There is no such order type in use",
                clause="order_type.versions",
            )
        said = OrderTypeRetired(
            code=code, digest=bytes(row[1]).hex(), reason=reason, version=row[0]
        )
        await merchants.touch(connection, tenant)
        await merchants.say(connection, tenant, actor, said)
    return None
