"""The join: orders, payments, bills and waybills held against one another in DuckDB.

Exact keys first, a full outer join by channel and number, and by waybill; what has no key is left
to matching.py. A key may differ in several ways, and each is a difference of its own. Each line of
a bill that is explained says by which rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.settlement.differences import CLASSES
from danshu.kernel.limits import DIFFERENCE_LINES, RECONCILE_MEMORY_MB, RECONCILE_THREADS
from danshu.ports.bill import KINDS

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from danshu.capabilities.settlement.tolerances import Rules

CLASS_NO: Final = {name: no for no, name in enumerate(CLASSES, 1)}
RULES: Final = ("key", "tolerance", "amount_time", "many_to_one", "tariff", "payout", "kind")
"""By which a line is explained; the place in this list is what is stored, from 1 on."""
RULE_NO: Final = {name: no for no, name in enumerate(RULES, 1)}
_KIND: Final = {name: no for no, name in enumerate(KINDS, 1)}
SIDES: Final = {
    "orders": "id uuid, channel varchar, number varchar, paid bigint, refunded bigint, at_s bigint,"
    " refunded_at bigint, claimed boolean, subsidy bigint",
    "lines": "no bigint, book varchar, channel varchar, number varchar, waybill varchar,"
    " kind smallint, amount bigint, at_s bigint, weight_g integer, zone varchar",
    "waybills": "waybill varchar, id uuid, weight_g bigint, place varchar, province varchar,"
    " first_fen bigint, extra_fen bigint, at_s bigint",
    "known": "line bigint, rule smallint, oid uuid",
    "coverage": "channel varchar, from_s bigint, to_s bigint, days integer",
    "dues": "book varchar, key varchar, paid bigint, at_s bigint",
    "rates": "channel varchar, kind smallint, ppm bigint, is_net boolean, from_s bigint,"
    " to_s bigint, tolerance bigint",
}
"""The tables that a run fills, and their columns; instants are epoch seconds."""
# All lines of an order, one row a key. Lists of lines are sorted, so that a run repeats itself.
_KEYS: Final = f"""
create table keys as select channel, number,
  coalesce(sum(amount) filter (kind = {_KIND["sale"]}), 0)::bigint as sold,
  count(*) filter (kind = {_KIND["sale"]}) as sales,
  min(amount) filter (kind = {_KIND["sale"]}) as least,
  max(amount) filter (kind = {_KIND["sale"]}) as most,
  coalesce(-sum(amount) filter (kind = {_KIND["refund"]}), 0)::bigint as refunded,
  coalesce(-sum(amount) filter (kind = {_KIND["commission"]}), 0)::bigint as commission,
  coalesce(-sum(amount) filter (kind = {_KIND["payment_fee"]}), 0)::bigint as payment_fee,
  coalesce(sum(amount) filter (kind = {_KIND["subsidy"]}), 0)::bigint as subsidised,
  sum(amount)::bigint as net, count(*) as n, min(at_s) as at_s,
  case when count(*) = 1 then [min(no)] else list_sort(list(no))[1:{DIFFERENCE_LINES}] end as nos
from lines where number <> '' and channel <> '' group by channel, number
"""
# An order without a bill is judged only where its channel's bills reach: before them nothing is
# known, and after them it is on its way.
_JOINED: Final = """
create table joined as select coalesce(o.channel, k.channel) as channel,
  coalesce(o.number, k.number) as number, o.id, o.paid, o.refunded as back, o.at_s as paid_at,
  o.refunded_at, o.subsidy, k.* exclude (channel, number), c.to_s, c.days * 86400 as term_s,
  case when o.id is null then 2
  when coalesce(k.sales, 0) = 0 and o.paid > 0 then
    case when o.claimed or o.paid - o.refunded <= $rounding then 0
      when c.from_s is null or o.at_s < c.from_s then 0
      when o.at_s + c.days * 86400 > c.to_s then 7 else 1 end
  when abs(coalesce(k.sold, 0) - o.paid) <= $rounding then 0
  when k.sales > 1 and k.least = o.paid and k.most = o.paid then 4 else 3 end as class
from orders o full join keys k on o.channel = k.channel and o.number = k.number
left join coverage c on c.channel = coalesce(o.channel, k.channel)
"""
_FOUND: Final = """
create table found (class smallint, book varchar, key varchar, oid uuid, line bigint,
  number varchar, expected bigint, actual bigint, nos bigint[], rule varchar, at_s bigint)
"""
_RECEIPTS: Final = """
insert into found select class, channel, number, id, nos[1], number, coalesce(paid, 0),
  case when id is null and sold = 0 then net else coalesce(sold, 0) end, coalesce(nos, []),
  case class when 7 then 'term' when 1 then 'term' else 'key' end, coalesce(paid_at, at_s)
from joined where class > 0
"""
# What was refunded of late is on its way too.
_REFUNDS: Final = """
insert into found select class, channel, number || case class when 7 then '/refund' else '' end, id,
  nos[1], number, -back, -refunded, nos, case class when 7 then 'term' else 'key' end, at_s
from (select *  exclude (class), case when back > refunded and refunded_at + term_s > to_s then 7
    else 5 end as class
  from joined where id is not null and n is not null and abs(refunded - back) > $rounding)
"""
# Only what the order itself says is judged: many platforms tell it on the bill alone. Of an order
# that was refunded in part the platform takes back a part of its own.
_SUBSIDIES: Final = """
insert into found select 15, channel, number || '/subsidy', id, nos[1], number, due, subsidised,
  nos, 'key', at_s
from (select *, case when back = 0 then subsidy else 0 end as due from joined
  where id is not null and sales > 0 and subsidy > 0 and (back = 0 or back >= paid)
  and (subsidised <> 0 or paid_at + term_s <= to_s))
where abs(due - subsidised) > $rounding
"""
_DUES: Final = """
insert into found select 14, book, key, null, null, '', paid, 0, [], 'due', at_s from dues
"""
# Millionths, and half up: in whole numbers.
_FEES: Final = """
insert into found select 6, channel, number || '/' || word, id, nos[1], number, -due, -took, nos,
  'rate', at_s
from (select j.channel, j.number, j.id, j.nos, j.at_s, r.tolerance,
    case r.kind when $commission then 'commission' else 'payment_fee' end as word,
    case r.kind when $commission then j.commission else j.payment_fee end as took,
    (case when r.is_net then greatest(j.sold - j.refunded, 0) else j.sold end * r.ppm + 500000)
      // 1000000 as due
  from joined j join rates r on r.channel = j.channel and coalesce(j.paid_at, j.at_s) >= r.from_s
    and coalesce(j.paid_at, j.at_s) < r.to_s
  where j.id is not null and j.sales > 0)
where abs(took - due) > tolerance
"""
# Every line of a key is explained but those of what differs.
_MATCHED: Final = f"""
create table matched as select l.no as line, (case when j.sold = j.paid then 1 else 2 end)::smallint
  as rule, j.id as oid
from lines l join joined j on j.channel = l.channel and j.number = l.number
where j.id is not null and l.number <> '' and l.channel <> ''
and not (j.class > 0 and l.kind = {_KIND["sale"]})
and not (l.kind = {_KIND["refund"]} and exists (select 1 from found f where f.class = 5
  and f.book = l.channel and f.key = l.number))
and not (l.kind = {_KIND["subsidy"]} and exists (select 1 from found f where f.class = 15
  and f.book = l.channel and f.number = l.number))
and not (l.kind in ({_KIND["commission"]}, {_KIND["payment_fee"]}) and exists (
  select 1 from found f where f.class = 6 and f.book = l.channel and f.number = l.number
  and f.key = l.number || case l.kind when {_KIND["commission"]} then '/commission'
    else '/payment_fee' end))
"""
# A tariff is a first kilogram and every begun one after it; what a parcel should weigh is the sum
# of its SKUs. A charge that costs what it should is no difference, whatever weight it names.
_FREIGHT: Final = f"""
create table freight as select f.*, w.id, w.ours_g, w.place, w.province, w.first_fen, w.extra_fen,
  w.first_fen + greatest(ceil(w.ours_g / 1000.0)::bigint - 1, 0) * w.extra_fen as due
from (select book, waybill, -sum(amount)::bigint as took, count(*) as n, max(weight_g) as weight_g,
    max(zone) as zone, list_sort(list(no))[1:{DIFFERENCE_LINES}] as nos, min(at_s) as at_s,
    min(-amount) as least, max(-amount) as most
  from lines where kind = {_KIND["freight"]} and waybill <> '' group by book, waybill) f
left join (select waybill, min(id) as id, sum(weight_g)::bigint as ours_g, min(place) as place,
    min(province) as province, min(first_fen) as first_fen, min(extra_fen) as extra_fen
  from waybills group by waybill) w on w.waybill = f.waybill
"""
_FREIGHT_FOUND: Final = """
insert into found select class, book, waybill, id, nos[1], '',
  case when class = 10 then 0 when class = 4 then -least else -due end, -took, nos,
  case when class = 4 then 'key' when class = 10 then 'key' else 'tariff' end, at_s from (
  select *, case when id is null then 10
    when n > 1 and least = most and least > 0 then 4
    when due is null or abs(took - due) <= $freight then 0
    when zone <> '' and place <> '' and not (contains(zone, place) or contains(zone, province))
      then 12
    when weight_g > ours_g * (100 + $percent) / 100 + $grams then 11 else 13 end as class
  from freight) where class > 0
"""
_FREIGHT_MATCHED: Final = """
insert into matched select l.no, case when f.due is null then 1 else 5 end, f.id
from lines l join freight f on f.book = l.book and f.waybill = l.waybill
where l.waybill <> '' and f.id is not null and not exists (select 1 from found d where
  d.book = f.book and d.key = f.waybill and d.class in (4, 10, 11, 12, 13))
"""


def open_memory(folder: Path) -> duckdb.DuckDBPyConnection:
    """Open DuckDB with bounded memory; what does not fit lies in the folder."""
    import duckdb  # late: 90 ms of import, and only runs need it

    memory = duckdb.connect(
        config={
            "memory_limit": f"{RECONCILE_MEMORY_MB}MB",
            "threads": RECONCILE_THREADS,
            "temp_directory": str(folder / "spill"),
            "preserve_insertion_order": False,
        }
    )
    for name, columns in SIDES.items():
        memory.execute(f"create table {name} ({columns})")
    return memory


def load(memory: duckdb.DuckDBPyConnection, name: str, file: Path) -> None:
    """Fill a side from a CSV file without a header; the empty field is NULL, "" is empty."""
    if not file.stat().st_size:
        return
    columns = {}
    for column in SIDES[name].split(","):
        word, kind = column.split()
        columns[word] = kind
    memory.execute(
        f"insert into {name} select * from read_csv($file, auto_detect=false, header=false,"
        " columns=$columns, delim=',', quote='\"', escape='\"', nullstr='',"
        " allow_quoted_nulls=false)",
        {"file": str(file), "columns": columns},
    )


def join(memory: duckdb.DuckDBPyConnection, rules: Rules) -> None:
    """Fill `found` (differences) and `matched` (lines that are explained) from the sides."""
    rounding: dict[str, Any] = {"rounding": rules.rounding_fen}
    memory.execute(_KEYS)
    memory.execute(_JOINED, rounding)
    memory.execute(_FOUND)
    memory.execute(_RECEIPTS)
    memory.execute(_REFUNDS, rounding)
    memory.execute(_SUBSIDIES, rounding)
    memory.execute(_DUES)
    memory.execute(_FEES, {"commission": _KIND["commission"]})
    memory.execute(_MATCHED)
    memory.execute(_FREIGHT)
    memory.execute(
        _FREIGHT_FOUND,
        {
            "freight": rules.freight_fen,
            "percent": rules.weight_percent,
            "grams": rules.weight_g,
        },
    )
    memory.execute(_FREIGHT_MATCHED)
