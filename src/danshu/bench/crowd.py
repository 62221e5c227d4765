"""Fill a database with orders by the million: rows shaped like a real one that is there already.

The bytes of facts, documents and originals are those of that one order; keys, ids, days, channels,
states, warehouses and regions differ as they would. Nothing of it is meant to be audited.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Final

import psycopg

from danshu.ledger import migrate

if TYPE_CHECKING:
    from collections.abc import Callable

DAYS: Final = 30
_CHUNK: Final = 100_000
_CHANNELS: Final = (
    "array['taobao','jd','pdd','douyin','wechat-miniprogram','shopify','api','amazon']"
)
_STATES: Final = "array[100,100,100,100,100,100,90,80,40,40,50,30,35,110,20,10]"

# UUIDv7 of order i of `total`, spread evenly over the last DAYS days before `now_ms`.
_ID: Final = """
(lpad(to_hex(%(now_ms)s::bigint - %(span_ms)s::bigint
   + %(span_ms)s::bigint * i / %(total)s), 12, '0')
 || '7' || substr(md5(i::text), 1, 3) || '8' || substr(md5(i::text), 4, 15))::uuid
"""
_ROWS: Final = f"""
create temp table made on commit drop as
select i, {_ID} as id, 'fill/' || i as okey from generate_series(%(low)s::bigint, %(high)s) i
"""
_INTO: Final = (
    "insert into idem(tenant,okey,oid,bh) select t.tenant, m.okey, m.id, decode(md5(m.okey),'hex')"
    " from made m, pattern t",
    f"""
    insert into orders(tenant,id,okey,channel,state,wh,region,total,currency,due,seq,head,doc,terms)
    select t.tenant, m.id, m.okey, ({_CHANNELS})[1 + abs(hashint8(m.i)) %% 8],
      ({_STATES})[1 + abs(hashint8(m.i + 1)) %% 16], abs(hashint8(m.i + 2)) %% 37,
      (array['110000','310000','330100','440100','510100'])[1 + abs(hashint8(m.i + 3)) %% 5],
      t.total, t.currency, null, t.seq, t.head, t.doc, t.terms
    from made m, pattern t order by m.i""",
    "insert into facts(tenant,stream,v,n,body) select t.tenant, m.id, 1, t.n, t.body"
    " from made m, pattern t order by m.i",
    "insert into vault(tenant,id,salt,raw,person) select t.tenant, m.id, t.salt, t.raw, t.person"
    " from made m, pattern t order by m.i",
    "insert into timers(tenant,due,id,kind) select t.tenant, now() + interval '30 days'"
    " + m.i * interval '1 ms', m.id, 1 from made m, pattern t order by m.i",
)
_PATTERN: Final = """
create temp table pattern as
select o.tenant, o.total, o.currency, o.seq, o.head, o.doc, o.terms, f.n, f.body,
  v.salt, v.raw, v.person
from orders o join facts f on f.tenant=o.tenant and f.stream=o.id and f.v=1
join vault v on v.tenant=o.tenant and v.id=o.id where o.tenant=%s and o.wh >= 0 limit 1
"""


def fill(
    url: str,
    tenant: int,
    low: int,
    high: int,
    total: int,
    tell: Callable[[int], None] | None = None,
) -> None:
    """Make orders `low` to `high` - 1 of `total`; one real order must be there as a pattern."""
    now = datetime.datetime.now(datetime.UTC)
    first = now.date() - datetime.timedelta(days=DAYS)
    with psycopg.connect(url, autocommit=True) as connection:
        migrate.make_partitions(connection, first, DAYS + 1)
        connection.execute("set synchronous_commit = off")
        connection.execute(_PATTERN, (tenant,))
        for at in range(low, high, _CHUNK):
            told = {
                "now_ms": int(now.timestamp() * 1000) - 60_000,
                "span_ms": DAYS * 86_400_000,
                "total": total,
                "low": at,
                "high": min(high, at + _CHUNK) - 1,
            }
            with connection.transaction():
                connection.execute(_ROWS, told)
                for statement in _INTO:
                    connection.execute(statement.replace("%%", "%"))
            if tell:
                tell(min(high, at + _CHUNK))
        for table in (*migrate.PARTITIONED, "idem", "timers"):
            connection.execute(f"vacuum (analyze) {table}")
        connection.execute("checkpoint")
