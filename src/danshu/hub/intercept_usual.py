"""What a SKU is usually sold at, and what is forgotten: work of the room `policies`.

Medians are of the last lines of each SKU among the newest orders; they are made again each hour
for merchants whose intercept rules are live. Hashes of who ordered are a day old at most.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final

from danshu.hub import intercept_trials, policy_past
from danshu.hub.intercept_trials import Window
from danshu.kernel.limits import GROUP_ORDERS, INTERCEPT_USUAL_ORDERS
from danshu.ledger import write

if TYPE_CHECKING:
    import uuid

Connection = Any
HOUR_MS: Final = 3_600_000
_DUE: Final = """
select h.tenant from policy_heads h where h.kind='intercept' and (h.live <> '' or h.canary <> '')
and not exists (select 1 from intercept_usual u where u.tenant=h.tenant and u.at > %s)
"""
_OLDEST: Final = """
select min(id::text)::uuid from (select id from orders where tenant=%s and id < %s
order by id desc limit %s) o
"""
_DROP: Final = "delete from intercept_usual where tenant=%s"
_PUT: Final = """
insert into intercept_usual(tenant,sku,price_fen,units,n,at)
select %s, *, %s::timestamptz from unnest(%s::text[],%s::int8[],%s::int8[],%s::int4[])
"""
# The mark that the merchant was looked at, where nothing is usual yet.
_MARK: Final = """
insert into intercept_usual(tenant,sku,price_fen,units,n,at) values(%s,'',0,0,0,%s)
"""
_TELL: Final = "update policy_heads set no=no+1 where tenant=%s and kind='intercept'"
_FORGET: Final = """
delete from intercept_people where ctid = any(array(
  select ctid from intercept_people where id < %s limit 20000))
"""


async def work(connection: Connection, at_ms: int) -> int:
    """Forget who ordered more than a day ago, and make one merchant's medians that are due."""
    old = policy_past.place_of(at_ms - 25 * HOUR_MS)
    cursor = await connection.execute(_FORGET, (old,))
    forgotten = int(cursor.rowcount)
    at = datetime.datetime.fromtimestamp(at_ms / 1000, datetime.UTC)
    cursor = await connection.execute(_DUE, (at - datetime.timedelta(hours=1),))
    due = [tenant for (tenant,) in await cursor.fetchall()]
    for tenant in due:
        async with connection.transaction():
            await _refresh(connection, tenant, at, at_ms)
    return forgotten + len(due)


async def _refresh(connection: Connection, tenant: int, at: datetime.datetime, at_ms: int) -> None:
    high = policy_past.place_of(at_ms)
    row = await (
        await connection.execute(_OLDEST, (tenant, high, INTERCEPT_USUAL_ORDERS))
    ).fetchone()
    window = Window()
    after: uuid.UUID = policy_past.place_of((row[0].int >> 80) - 1) if row and row[0] else high
    while page := await intercept_trials.read_page(connection, tenant, after, high, GROUP_ORDERS):
        for id_, order, _, _ in page:
            window.add(order, (), id_.int >> 80)
        after = page[-1][0]
    usual = window.usuals()
    await connection.execute(_DROP, (tenant,))
    await connection.execute(_MARK, (tenant, at))
    if usual:
        columns = (
            write.texts(list(usual)),
            write.int8s([price for price, _, _ in usual.values()]),
            write.int8s([units for _, units, _ in usual.values()]),
            write.int4s([n for _, _, n in usual.values()]),
        )
        await connection.execute(_PUT, (tenant, at, *columns))
    await connection.execute(_TELL, (tenant,))
