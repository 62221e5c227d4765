"""What a SKU costs and how it is taxed 成本与税类, from a day on: master data that entries read.

An entry asks what held on its own day. So what is set holds from tomorrow on, once entries ask for
it; before that (neither tax nor cost is entered yet) it holds from the beginning. The journal, made
again from the log, then comes out the same.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.settlement.mapping import Policy, Value
from danshu.capabilities.settlement.taxes import CLASSES, TaxClass
from danshu.capabilities.stock.facts import MasterImported
from danshu.hub import merchants, posting
from danshu.hub.fields import Code, Minor
from danshu.kernel import canonical
from danshu.kernel.errors import InputError
from danshu.kernel.limits import SCAN_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
KIND: Final = "sku_value"
_EARLIEST: Final = datetime.date(1970, 1, 1)
_SKU: Final = re.compile(rb'"sku":("(?:[^"\\]|\\.)*")')
_READ: Final = "select sku, since, tax, cost_fen from sku_values where tenant=%s"
_ASKED: Final = (
    "select exists (select 1 from settlement_settings where tenant=%s and since <= %s"
    " and (tax <> 'off' or costs))"
)
_KNOWN: Final = "select code from skus where tenant=%s and code = any(%s)"
_PUT: Final = """
insert into sku_values(tenant,sku,since,tax,cost_fen)
select %s, u.sku, %s, u.tax, u.cost from unnest(%s::text[],%s::text[],%s::int8[]) u(sku,tax,cost)
where not exists (select 1 from (select v.tax, v.cost_fen from sku_values v
    where v.tenant=%s and v.sku=u.sku order by v.since desc limit 1) v
  where v.tax=u.tax and v.cost_fen=u.cost)
on conflict (tenant,sku,since) do update set tax=excluded.tax, cost_fen=excluded.cost_fen
"""
_LIST: Final = """
select k.no, k.code, k.name, coalesce(v.tax,''), v.cost_fen, v.since, o.cost_fen
from (select no, code, name from skus where tenant=%(tenant)s and no > %(after)s
  order by no limit %(scan)s) k
left join lateral (select tax, cost_fen, since from sku_values v
  where v.tenant=%(tenant)s and v.sku=k.code order by since desc limit 1) v on true
left join lateral (select cost_fen from sku_values o where o.tenant=%(tenant)s and o.sku=k.code
  and o.since <= %(today)s order by since desc limit 1) o on true
where {conditions} order by k.no limit %(limit)s
"""
_REACH: Final = (
    "select max(no), count(*) from (select no from skus where tenant=%s and no > %s"
    " order by no limit %s) k"
)
_COUNT: Final = """
select count(*), count(*) filter (where v.sku is null) from skus k left join (
  select distinct sku from sku_values where tenant=%(tenant)s and cost_fen > 0) v on v.sku=k.code
where k.tenant=%(tenant)s
"""


class NewSkuValue(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a unit of a SKU costs in 分, without tax, and its tax class."""

    code: Code
    cost_fen: Minor = 0
    tax: TaxClass = "standard"


class SkuValue(Struct, frozen=True, kw_only=True):
    """A SKU with what was set last: it holds from `since` on, "" where nothing was set. `now_fen`
    is what it costs today.
    """

    code: str
    name: str
    cost_fen: int
    now_fen: int
    tax: str
    since: str


class SkuValueCount(Struct, frozen=True, kw_only=True):
    """How many SKUs there are, and how many without a cost."""

    skus: int
    no_cost: int


async def load(
    connection: Connection, tenant: int, policy: Policy, bodies: Iterable[bytes]
) -> None:
    """Tell the policy what is kept of the SKUs that facts name, where their entries ask."""
    if not policy.is_valued:
        return
    named = {msgspec.json.decode(raw, type=str) for body in bodies for raw in _SKU.findall(body)}
    codes = sorted(named - policy.values.keys())
    if codes:
        await _fill(connection, tenant, policy, codes)


async def load_all(connection: Connection, tenant: int, policy: Policy) -> None:
    """Tell the policy what is kept of all SKUs, where entries ask."""
    if policy.is_valued:
        await _fill(connection, tenant, policy, None)


async def _fill(
    connection: Connection, tenant: int, policy: Policy, codes: Sequence[str] | None
) -> None:
    found: dict[str, list[Value]] = {code: [] for code in codes or ()}
    only, asked = ("", (tenant,)) if codes is None else (" and sku = any(%s)", (tenant, codes))
    cursor = await connection.execute(f"{_READ}{only} order by sku, since", asked)
    for sku, since, tax, cost_fen in await cursor.fetchall():
        found.setdefault(sku, []).append(Value(since.isoformat(), tax, cost_fen))
    policy.values.update(found)


async def put(
    connection: Connection, tenant: int, rows: Sequence[NewSkuValue], actor: Actor, now_ms: int
) -> datetime.date:
    """Set what SKUs cost and how they are taxed; gives the day from which it holds. Raises
    InputError `no_sku`.
    """
    async with connection.transaction():
        await posting.be_alone(connection, tenant)
        codes = [row.code for row in rows]
        cursor = await connection.execute(_KNOWN, (tenant, codes))
        known = {code for (code,) in await cursor.fetchall()}
        for at, code in enumerate(codes):
            if code not in known:
                raise InputError("no_sku", f"no SKU {code!r}", f"/{at}/code")
        calendar = await posting.read_calendar(connection, tenant)
        today = calendar.day(now_ms)
        asked = await (await connection.execute(_ASKED, (tenant, today))).fetchone()
        since = today + datetime.timedelta(days=1) if asked and asked[0] else _EARLIEST
        columns = (codes, [row.tax for row in rows], [row.cost_fen for row in rows])
        await connection.execute(_PUT, (tenant, since, *columns, tenant))
        whole = b"\n".join(canonical.encode_struct(row) for row in rows)
        digest = hashlib.sha256(whole).hexdigest()
        said = MasterImported(kind=KIND, rows=len(rows), digest=digest)
        await merchants.say(connection, tenant, actor, said)
    return since


async def list_values(
    connection: Connection,
    tenant: int,
    today: datetime.date,
    *,
    q: str,
    lacks: bool,
    after: int,
    limit: int,
) -> tuple[list[SkuValue], int | None]:
    """List SKUs after a number with what they cost, by part of a code or name, or those without a
    cost; a page may be short before the end. Gives where the next page begins, None at the end.
    """
    row = await (await connection.execute(_REACH, (tenant, after, SCAN_ROWS))).fetchone()
    reach, seen = row or (None, 0)
    conditions = [
        *(["(k.code ilike %(like)s or k.name ilike %(like)s)"] if q else []),
        *(["coalesce(v.cost_fen, 0) = 0"] if lacks else []),
    ]
    escaped = q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    asked = {
        "tenant": tenant, "after": after, "scan": SCAN_ROWS, "limit": limit + 1, "today": today,
        "like": f"%{escaped}%",
    }  # fmt: skip
    cursor = await connection.execute(
        _LIST.format(conditions=" and ".join(conditions) or "true"), asked
    )
    found = await cursor.fetchall()
    rows = [
        SkuValue(
            code=r[1],
            name=r[2],
            tax=r[3] if r[3] in CLASSES else "",
            cost_fen=r[4] or 0,
            since="" if r[5] is None or r[5] == _EARLIEST else r[5].isoformat(),
            now_fen=r[6] or 0,
        )
        for r in found[:limit]
    ]
    if len(found) > limit:
        return rows, found[limit - 1][0]
    return rows, reach if seen == SCAN_ROWS else None


async def count(connection: Connection, tenant: int) -> SkuValueCount:
    """Count the SKUs, and those without a cost."""
    row = await (await connection.execute(_COUNT, {"tenant": tenant})).fetchone()
    return SkuValueCount(skus=row[0] if row else 0, no_cost=row[1] if row else 0)
