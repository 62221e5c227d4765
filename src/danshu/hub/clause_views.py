"""承诺条款: each version of what was promised, as it was shown, and how many orders hang on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.contract import definitions
from danshu.hub import calendars
from danshu.kernel.limits import PROMISES_COUNTED

if TYPE_CHECKING:
    from danshu.capabilities.contract.model import Clause

Connection = psycopg.AsyncConnection[Any]
_READ: Final = """
select d.version, d.active, d.body, coalesce(encode(a.digest,'hex'),'')
from definitions d left join actions a
  on a.tenant=d.tenant and a.code=d.code and a.version=d.version
where d.tenant=%s order by d.code, d.version desc
"""
# Running promises, counted up to a bound: a clause that all orders carry has as many as orders.
_BOUND: Final = """
select code, version, count(*) from
  (select code, version from ticking where tenant=%s limit %s) t group by code, version
"""


class ClauseShown(Struct, frozen=True, kw_only=True):
    """A version of a promise. `bound` orders have its clock running, at least so many unless
    `exact`; `action` is the digest of the action type that published it, "" when none did.
    """

    code: str
    version: int
    active: bool
    digest: str
    action: str
    name_zh: str
    name_en: str
    text_zh: str
    text_en: str
    text_digest_zh: str
    text_digest_en: str
    breach_zh: str
    breach_en: str
    bound: int
    exact: bool


async def list_clauses(connection: Connection, tenant: int) -> list[ClauseShown]:
    """List every version of every promise, by code, the newest first."""
    cursor = await connection.execute(_BOUND, (tenant, PROMISES_COUNTED))
    counts = {(code, version): n for code, version, n in await cursor.fetchall()}
    exact = sum(counts.values()) < PROMISES_COUNTED
    find = await calendars.finder(connection, tenant)
    cursor = await connection.execute(_READ, (tenant,))
    shown = []
    for version, active, body, action in await cursor.fetchall():
        clause = definitions.read(bytes(body), find)
        bound = counts.get((clause.code, version), 0)
        shown.append(_show(clause, active=active, action=action, bound=bound, exact=exact))
    return shown


def _show(clause: Clause, *, active: bool, action: str, bound: int, exact: bool) -> ClauseShown:
    name = clause.definition.name
    return ClauseShown(
        code=clause.code,
        version=clause.version,
        active=active,
        digest=clause.digest,
        action=action,
        name_zh=name.zh,
        name_en=name.en,
        text_zh=clause.text.zh,
        text_en=clause.text.en,
        text_digest_zh=clause.text_digest.zh,
        text_digest_en=clause.text_digest.en,
        breach_zh=clause.breach.zh,
        breach_en=clause.breach.en,
        bound=bound,
        exact=exact,
    )
