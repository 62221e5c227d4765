"""Published versions of what a merchant lives by, as every kind of them keeps them: numbered within
a code, never changed, taken back at most.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import psycopg
from msgspec import Struct
from psycopg import sql

from danshu.kernel.fact import rfc3339

if TYPE_CHECKING:
    from collections.abc import Sequence

Connection = psycopg.AsyncConnection[Any]
Table = Literal["order_types", "woven"]


class Version(Struct, frozen=True, kw_only=True):
    """A published version, beside its body. `drafted_by`, `approved_by` are subjects of facts.
    Times are RFC 3339, "" for not yet.
    """

    digest: str
    active: bool
    drafted_by: str
    approved_by: str
    published: str
    retired: str


def read_row(row: Sequence[Any]) -> dict[str, Any]:
    """Give the members of a Version from (digest, active, drafted by, approved by, published,
    retired).
    """
    digest, active, drafted_by, approved_by, published, retired = row
    return {
        "digest": bytes(digest).hex(),
        "active": active,
        "drafted_by": drafted_by,
        "approved_by": approved_by,
        "published": rfc3339(round(published.timestamp() * 1000)),
        "retired": rfc3339(round(retired.timestamp() * 1000)) if retired else "",
    }


async def next_number(connection: Connection, table: Table, tenant: int, code: str) -> int:
    """Give the number that the next version of a code gets."""
    query = sql.SQL("select coalesce(max(version),0)+1 from {} where tenant=%s and code=%s")
    found = await connection.execute(query.format(sql.Identifier(table)), (tenant, code))
    row = await found.fetchone()
    assert row is not None
    return int(row[0])
