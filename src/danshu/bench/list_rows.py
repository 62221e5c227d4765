"""Millions of orders in seconds: rows of the shape and size of real ones, made by the database."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.contract.model import State
from danshu.capabilities.contract.terms import Term
from danshu.capabilities.orders.model import Fulfilment, Line, Order, Share
from danshu.hub import order_rows, search
from danshu.testing import merchant

if TYPE_CHECKING:
    import random

    import psycopg

DAYS: Final = 30
CHANNELS: Final = (
    "taobao",
    "jd",
    "pdd",
    "douyin",
    "wechat-miniprogram",
    "shopify",
    "woocommerce",
    "amazon",
)
NAMES: Final = tuple(
    a + b + c for a in "赵钱孙李周吴郑王" for b in "伟芳娜敏静" for c in "丽强磊军洋"
)
TAGS: Final = tuple(f"标签{n}" for n in range(10))  # the hottest first
PEOPLE: Final = tuple(f"person:{n}" for n in range(30))
_DAY_MS: Final = 86_400_000
_SAMPLE: Final = 500
_NUMBER: Final = "N%012d"
_STEP: Final = 200_000

# Most orders are done; 5 in 1,000 are held, 3 in 100 cancelled.
STATES: Final = [
    *[100] * 780, *[90] * 60, *[80] * 60, *[40] * 50, *[30] * 15, *[35] * 5, *[110] * 30
]  # fmt: skip

# One order a row of the series, spread evenly over the days. What looks random follows from the
# row's number, so that the same size makes the same orders.
_ORDERS: Final = """
insert into orders(tenant,id,okey,channel,state,wh,region,total,currency,due,seq,head,doc,terms)
select %(tenant)s,
  (lpad(to_hex(%(first)s + (i * %(span)s::int8 / %(size)s)),12,'0') || '7' || substr(h,1,3)
    || '8' || substr(h,4,15))::uuid,
  'api/N' || lpad(i::text,12,'0'), (%(channels)s::text[])[1 + (a %% 8)],
  (%(states)s::int[])[1 + (b %% 1000)], floor(37 * power((c %% 10007) / 10007.0, 2))::int,
  (%(regions)s::text[])[
    1 + floor(cardinality(%(regions)s::text[]) * power((a %% 9973) / 9973.0, 3))::int],
  448000, 'CNY',
  case when b %% 1000 between 895 and 964
    then to_timestamp((%(last)s + c %% 172800000) / 1000.0) end,
  5, decode(h || h,'hex'),
  convert_to(replace(%(doc)s,'N000000000000','N' || lpad(i::text,12,'0')),'UTF8'), %(terms)s
from (select i, md5(i::text) h, abs(hashint4(i))::bigint a,
  abs(hashint4(i + 1000000000))::bigint b, abs(hashint4(-i))::bigint c
  from generate_series(%(from)s::int,%(to)s::int) i) s
"""
_TERMS: Final = """
insert into order_search(tenant,id,terms)
select o.tenant, o.id, array[
  (%(last4)s::int8[])[1 + (i %% 10000)], (%(last4)s::int8[])[1 + (a %% 10000)],
  hashint8extended(i,1), hashint8extended(i,2), hashint8extended(i %% 100000000,3),
  hashint8extended(i %% 10000000,4), hashint8extended(i %% 1000000,5),
  hashint8extended(i %% 100000,6),
  (%(skus)s::int8[])[1 + floor(2000 * power((a %% 10007) / 10007.0, 4))::int],
  (%(skus)s::int8[])[1 + floor(2000 * power((a %% 9973) / 9973.0, 2))::int],
  (%(skus)s::int8[])[1 + (a %% 2000)],
  (%(pairs)s::int8[])[1 + 2 * (a %% 200)], (%(pairs)s::int8[])[2 + 2 * (a %% 200)],
  (%(region_terms)s::int8[])[array_position(%(regions)s::text[], o.region)]]
from (select tenant, id, region, substr(okey,6)::bigint i, abs(hashtext(okey))::bigint a
  from orders where tenant=%(tenant)s and id >= %(low)s and id < %(high)s) o
"""
_TIMERS: Final = (
    "insert into timers(tenant,due,id,kind)"
    " select tenant,due,id,1 from orders where due is not null"
)
# One order in twenty that is due was due yesterday. Three in a hundred bear a tag, one of ten, the
# first far more often than the last; every third open order is somebody's.
_WORKLIST: Final = """
insert into worklist(tenant,id,channel,state,wh,region,total,currency,due,promise,short,holds)
select tenant,id,channel,state,case when mod(a,100) = 0 then -1 else wh end,region,
  100 + mod(a,1000000),currency,
  case when mod(a,20) = 0 then due - interval '1 day' else due end,
  case when due is null then case mod(a,50) when 0 then 35 when 1 then 100 else 80 end
    when mod(a,20) = 0 then 10 when mod(a,7) = 0 then 30 else 40 end,
  mod(a,100) = 0, case when state = 35 then array['risk_review'] end
from (select o.*, abs(hashtext(okey))::bigint a from orders o) o
"""
_TAGS: Final = """
insert into order_tags(tenant,id,tag)
select tenant,id,(%(tags)s::text[])[1 + floor(10 * power(mod(a / 100,997) / 997.0, 3))::int]
from (select tenant,id,abs(hashtext('t' || okey))::bigint a from orders) o where mod(a,100) < 3
"""
_ASSIGNEES: Final = """
insert into order_assignees(tenant,id,assignee)
select tenant,id,(%(people)s::text[])[1 + mod(a / 3,30)]
from (select tenant,id,abs(hashtext('p' || okey))::bigint a from orders
  where state < 90 and state > 5) o where mod(a,3) = 0
"""
_INDEXES: Final = """
select c.relname, pg_get_indexdef(c.oid) from pg_index x join pg_class c on c.oid=x.indexrelid
join pg_class t on t.oid=x.indrelid where t.relname in
  ('orders','order_search','worklist','order_tags','order_assignees')
and not x.indisprimary and c.relkind=case t.relkind when 'p' then 'I' else 'i' end
"""


class Known(Struct, frozen=True, kw_only=True):
    """What was made, for those who ask about it. `regions` and `skus` begin with the hottest."""

    tenant: int
    size: int
    first_ms: int
    last_ms: int
    regions: tuple[str, ...]
    skus: tuple[str, ...]

    def day_ms(self, draw: random.Random) -> int:
        """Draw the beginning of a day."""
        return self.first_ms + draw.randrange(DAYS) * _DAY_MS

    def number(self, draw: random.Random) -> str:
        """Draw the number of an order that is found by it."""
        return _NUMBER % (self.size // _SAMPLE * draw.randrange(1, _SAMPLE))


def fill(connection: psycopg.Connection[Any], size: int, now_ms: int) -> Known:
    """Make a merchant with `size` orders in the DAYS before `now_ms`, their timers and words."""
    row = connection.execute(
        "insert into tenants(code,name,salt) values('list','清单商户',%s) returning id",
        (b"s" * 16,),
    ).fetchone()
    assert row is not None
    known = Known(
        tenant=row[0],
        size=size,
        first_ms=now_ms - DAYS * _DAY_MS,
        last_ms=now_ms,
        regions=tuple(r.code for r in merchant.regions()),
        skus=tuple(s.code for s in merchant.skus()),
    )
    indexes = connection.execute(_INDEXES).fetchall()
    for name, _ in indexes:
        connection.execute(f"drop index {name}")
    _write_orders(connection, known)
    _write_terms(connection, known)
    connection.execute(_TIMERS)
    connection.execute(_WORKLIST)
    connection.execute(_TAGS, {"tags": list(TAGS)})
    connection.execute(_ASSIGNEES, {"people": list(PEOPLE)})
    for _, definition in indexes:
        connection.execute(definition.replace(" ON ONLY ", " ON ", 1))
    connection.execute("vacuum (analyze)")
    connection.execute("checkpoint")
    return known


def _write_orders(connection: psycopg.Connection[Any], known: Known) -> None:
    for start in range(1, known.size + 1, _STEP):
        connection.execute(
            _ORDERS,
            {
                "tenant": known.tenant,
                "first": known.first_ms,
                "last": known.last_ms,
                "span": DAYS * _DAY_MS,
                "size": known.size,
                "channels": list(CHANNELS),
                "states": STATES,
                "regions": list(known.regions),
                "doc": _doc(),
                "terms": _terms(),
                "from": start,
                "to": min(known.size, start + _STEP - 1),
            },
        )


def _write_terms(connection: psycopg.Connection[Any], known: Known) -> None:
    salt = b"s" * 16
    params = {
        "tenant": known.tenant,
        "last4": [search.ask(salt, f"{n:04d}")[0].whole[1] for n in range(10_000)],
        "skus": [search.ask(salt, code)[0].whole[0] for code in known.skus],
        "pairs": [pair for name in NAMES for pair in search.ask(salt, name)[0].pairs],
        "regions": list(known.regions),
        "region_terms": [search.region_term(salt, code) for code in known.regions],
    }
    for day in range(DAYS + 1):
        low = known.first_ms + day * _DAY_MS
        bounds = {"low": uuid.UUID(int=low << 80), "high": uuid.UUID(int=(low + _DAY_MS) << 80)}
        connection.execute(_TERMS, {**params, **bounds})


async def index_some(connection: psycopg.AsyncConnection[Any], known: Known, salt: bytes) -> None:
    """Index a sample of the orders by the product's own words: their numbers are found."""
    keys = [f"api/{_NUMBER % (known.size // _SAMPLE * n)}" for n in range(1, _SAMPLE)]
    cursor = await connection.execute(
        "select id from orders where tenant=%s and okey = any(%s)", (known.tenant, keys)
    )
    found = [r[0] for r in await cursor.fetchall()]
    rows = await order_rows.read(connection, known.tenant, sorted(i.bytes for i in found))
    await search.index(connection, known.tenant, salt, rows)


def _terms() -> bytes:
    """Give three promises as a row holds them."""
    return msgspec.json.encode(
        [
            Term(digest="0" * 64, state=State.KEPT, started_ms=1, due_ms=2, warn_ms=(1, 2))
            for _ in range(3)
        ]
    )


def _doc() -> str:
    """Give the row of an order with three lines, as the hub writes it."""
    lines = tuple(
        Line(
            no=no,
            sku=f"SKU-{no:05d}",
            title="示例商品 规格:标准装 500ml×6 整箱",
            line=str(no),
            quantity=2,
            price=1990,
            paid=3980,
            allocated=2,
            released=2,
            picked=2,
            packed=2,
            shipped=2,
            delivered=2,
        )
        for no in (1, 2, 3)
    )
    order = Order(
        number=_NUMBER % 0,
        channel="taobao",
        shop="示例旗舰店",
        goods=11_940,
        total=11_940,
        paid=11_940,
        paid_ms=1,
        created_ms=1,
        placed_ms=1,
        region="110000",
        lines=lines,
        fulfilments=(
            Fulfilment(
                no=1,
                warehouse="BJ01",
                state="delivered",
                shares=tuple(Share(line=n.no, sku=n.sku, quantity=2) for n in lines),
                carrier="SF",
                waybill="SF1234567890123",
            ),
        ),
    )
    return msgspec.json.encode(order).decode()
