"""An invented month as stored rows: orders, bills, parcels, payouts, and what is wrong with them.

Of every thousand orders each class of difference has one; the rest agrees. What a run must find,
and no more, follows from the numbers, so recall and precision are exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.settlement.tolerances import FeeRate, Rules, Term

if TYPE_CHECKING:
    import psycopg

EVERY: Final = 1_000
RULES: Final = Rules(
    rates=(FeeRate(channel="jd", kind="commission", ppm=50_000, tolerance_fen=1),),
    terms=(Term(channel="taobao", days=10), Term(channel="jd", days=10)),
    freight_fen=50,
)
_BEGAN: Final = "timestamptz '2026-10-01 00:00:00+08'"
_SPAN_S: Final = 20 * 86_400  # orders come within 20 days; bills reach to the 31st
_MASTER: Final = (
    "insert into regions values($t,0,'440300','深圳市','广东省',0,0)",
    "insert into warehouses(tenant,no,code,name,region,lng_udeg,lat_udeg,storage_bits,"
    "capacity_units,cutoff_min,calendar) values($t,0,'HZ','杭州','330100',0,0,1,1,0,'')",
    "insert into lanes values($t,0,0,1440,60,800,200,'sf')",
)
# a: an order's own amount, unlike its neighbours'.
_VIEW: Final = f"""
create temp view month as select i, i % {EVERY} as r, 1000 + (i::bigint * 7919) % 90000 as a,
{_BEGAN} + ((i::bigint * {_SPAN_S} / $n) || ' seconds')::interval as at,
'26' || lpad(i::text, 12, '0') as number,
('019a0000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid as id,
case when i % {EVERY} in (8, 9) then 'jd' else 'taobao' end as channel
from generate_series(1, $n) i
"""
_ORDERS: Final = """
insert into order_money(tenant,id,number,channel,shop,region,currency,total,paid,refunded,subsidy,
placed,paid_at,refunded_at,changed)
select $t, id, number, channel, 'shop', '440300', 'CNY',
case r when 18 then 5000000 + i else a end, case r when 18 then 5000000 + i else a end,
case when r in (6, 7) then a / 2 else 0 end, case when r in (24, 25) then 600 else 0 end, at,
case r when 10 then
timestamptz '2026-10-30 12:00:00+08' else at end, case when r in (6, 7) then at end, i
from month where r not in (2, 16, 20, 21, 22, 23)
"""
_SALES: Final = """
select i * 10 as k, 'alipay' as book, channel, 1 as kind, case r when 3 then a + 1 when 11 then 700
  when 18 then 5000000 + i else a end as amount,
  at + interval '1 day' as at, case r when 18 then '' else number end as number
from month where r not in (1, 10, 16, 20, 21, 22, 23)
union all select i * 10 + 1, 'alipay', channel, 1, case r when 11 then a - 700 else a end,
  at + interval '2 days', number from month where r in (4, 11)
union all select i * 10 + 2, 'alipay', channel, 3, -(a / 2), at + interval '3 days', number
from month where r in (5, 7)
union all select i * 10 + 3, 'alipay', channel, 4,
  -((a * 50000 + 500000) / 1000000) - case r when 8 then 50 else 0 end, at + interval '1 day',
  number from month where r in (8, 9)
union all select i * 10 + 3, 'alipay', channel, 2, case r when 24 then 500 else 600 end,
  at + interval '2 days', number from month where r in (24, 25)
union all select i * 10 + 4, 'alipay', 'taobao', 9, -case r when 23 then 20000000 + i::bigint * 17
  else 10000000 + i::bigint * 13 end, at, '' from month where r in (20, 21, 23)
union all select i * 10 + 5, 'alipay', 'taobao', 9, -(30000000 + i::bigint * 19), at, ''
from month where r = 23
union all select i * 10 + 6, 'bank', '', case r when 22 then 10 else 9 end, case r
  when 20 then 10000000 + i::bigint * 13 when 22 then 1000003 + i
  else 50000000 + i::bigint * 36 end, at + interval '6 hours', ''
from month where r in (20, 22, 23)
"""
_RAW: Final = '\'["\' || k || \'","T200P\' || number || \'","示例商品","在线支付"]\''
_LINES: Final = f"""
insert into bill_lines(tenant,id,file,row,book,channel,kind,amount,at,number,waybill,flow,word,
weight_g,zone,note,raw)
select $t, md5(k::text)::uuid, '019a0000-0000-7000-8000-0000000000ff', row_number() over (),
book, channel, kind, amount, at, number, '', 'F' || k, '', 0, '', '', convert_to({_RAW}, 'UTF8')
from ({_SALES}) s order by k
"""
_PARCELS: Final = """
insert into order_waybills(tenant,waybill,id,carrier,wh,region,weight_g,shipped_at,changed)
select $t, 'SF' || i, id, 'sf', 'HZ', '440300', 1200, at, i from month
where r in (12, 13, 14, 15, 17)
"""
# 1.2 kg to Shenzhen cost 8.00 + 2.00; the bill's of these weigh, go, or cost otherwise.
_FREIGHT: Final = """
insert into bill_lines(tenant,id,file,row,book,channel,kind,amount,at,number,waybill,flow,word,
weight_g,zone,note,raw)
select $t, md5('sf' || k)::uuid, '019a0000-0000-7000-8000-0000000000fe', k, 'sf', '', 6, -fee,
at, '', 'SF' || i, 'SF' || i, '', weight_g, zone, '', '[]' from (
  select i * 2 as k, i, at, case r when 13 then 1600 when 14 then 1500 when 15 then 1300
  else 1000 end as fee, case r when 13 then 4200 else 1200 end as weight_g,
  case r when 14 then '新疆乌鲁木齐市' else '深圳市' end as zone
  from month where r in (12, 13, 14, 15, 16, 17)
  union all select i * 2 + 1, i, at, 1000, 1200, '深圳市' from month where r = 17) s
"""
_FILE: Final = """
insert into bill_files(tenant,id,digest,name,form,book,channel,lines,first_at,last_at,by)
values(%s,%s,%s,%s,%s,%s,%s,1,'2026-10-01 00:00:00+08','2026-10-31 23:59:59+08','bench')
"""
_FILES: Final = (
    ("alipay", "alipay", "taobao"),
    ("jd", "jd", "jd"),
    ("bank", "bank", ""),
    ("sf", "sf", ""),
)
_OF: Final = {
    1: "missing_in_bill", 2: "missing_in_orders", 3: "amount", 4: "duplicate", 5: "refund",
    6: "refund", 8: "fee", 10: "timing", 13: "freight_weight", 14: "freight_zone",
    15: "freight_amount", 16: "waybill_unknown", 17: "duplicate", 21: "payout", 22: "unclaimed",
    24: "subsidy",
}  # fmt: skip


def fill(connection: psycopg.Connection[Any], tenant: int, orders: int) -> None:
    """Store a month of about `orders` orders and as many lines of bills for a merchant."""
    with connection.transaction():
        connection.execute("set local work_mem='256MB'")
        for sql in (*_MASTER, _VIEW, _ORDERS, _LINES, _PARCELS, _FREIGHT):
            connection.execute(sql.replace("$t", str(tenant)).replace("$n", str(orders)).encode())
        for no, (form, book, channel) in enumerate(_FILES):
            id_ = f"019a0000-0000-7000-8000-0000000000{no:02x}"
            connection.execute(
                _FILE, (tenant, id_, bytes([no]) * 32, f"{form}.csv", form, book, channel)
            )
        connection.execute("drop view month")
    connection.execute("analyze order_money, bill_lines, order_waybills")


def expected(orders: int) -> set[tuple[str, str]]:
    """Name what a run over the month must find: class and key of each difference, and no other."""
    found = set()
    for i in range(1, orders + 1):
        name = _OF.get(i % EVERY)
        if name is None:
            continue
        number = f"26{i:012}"
        r = i % EVERY
        if r in (13, 14, 15, 16, 17):
            key = f"SF{i}"
        elif r in (8, 24):
            key = f"{number}/{'commission' if r == 8 else 'subsidy'}"
        elif r in (21, 22):
            key = f"F{i * 10 + (4 if r == 21 else 6)}"
        else:
            key = number
        found.add((name, key))
    return found
