"""The queries of features: each worked out from rows recorded up to the moment that is asked about.

`asked(stream, part, moment)` says what is asked. Whatever counts over time is kept as a running sum
by the time at which it was recorded; what it was at a moment, and how much it grew in a window, is
looked up by ASOF joins. No query here reads `occurred` to decide what was known.
"""

from __future__ import annotations

from typing import Final

from danshu.kernel.limits import LEARNING_DAYS

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
_WEEK: Final = 7 * DAY_MS
_KEPT: Final = LEARNING_DAYS * DAY_MS
SOURCES: Final = (
    "orders", "lines", "allocations", "steps", "promises", "arrangements", "return_lines",
)  # fmt: skip

_LATE_MS: Final = DAY_MS
_IMPORTED: Final = f"""
select stream from memory.main.orders
where recorded - coalesce(nullif(created, 0), occurred) > {_LATE_MS}
"""
BROUGHT_IN: Final = f"select exists ({_IMPORTED})"
"""Whether history was brought in: orders that were recorded more than a day after their placing."""


_AT_ONCE_MS: Final = 60_000
_DATED: Final = {
    "promises": "case when s.event = 'made' and s.started > 0 then s.started else s.occurred end",
    **dict.fromkeys(
        ("allocations", "arrangements"),
        f"case when s.recorded - o.recorded < {_AT_ONCE_MS} then o.occurred else s.occurred end",
    ),
}
"""When a fact of an order that was brought in counts as known: when it happened. What the hub did
by itself in bringing it in (a promise made, a warehouse chosen) counts as its order does.
"""


def only(source: str, world: str) -> str:
    """Write the view of a source in a world (`live`, `past`): in front of the source itself."""
    key = '"order"' if source == "return_lines" else "stream"
    if world == "live":
        return (
            f"create or replace temp view {source} as select * from memory.main.{source}"
            f" where {key} not in ({_IMPORTED})"
        )
    dated = _DATED.get(source, "s.occurred")
    return (
        f"create or replace temp view {source} as select s.* replace ({dated} as recorded)"
        f" from memory.main.{source} s join memory.main.orders o on o.stream = s.{key}"
        f" where s.{key} in ({_IMPORTED})"
    )


SET_UP: Final = f"""
create or replace temp table base as
select o.stream, o.recorded placed, coalesce(nullif(o.created, 0), o.occurred) created, o.channel,
  o.buyer, o.region, substr(o.region, 1, 2) province, o.total amount, o.lines, o.units,
  coalesce(w.weight, 0) weight,
  case when o.buyer = '' then 0 else count(*) over (partition by o.buyer order by o.recorded
    range between {_KEPT} preceding and 1 preceding) end buyer_orders
from orders o left join (
  select l.stream, sum(l.quantity * coalesce(g.weight, 0)) weight from lines l
  left join goods g using (sku) where l.origin = 'placed' group by l.stream) w using (stream)
where o.kind = 'order' and o.recorded >= $begin;

create or replace temp table given as
select stream, recorded tick, arg_max(warehouse, (units, warehouse)) warehouse from allocations
where units > 0 group by all;

create or replace temp table carried as
select stream, tick, arg_max(carrier, (rank, carrier)) carrier from (
  select stream, recorded tick, carrier, 1 rank from steps where step = 'shipped' and carrier <> ''
  union all select stream, recorded, carrier, 0 from arrangements where carrier <> '')
group by all;

create or replace temp table stages as
select stream, tick, max(max(stage)) over (partition by stream order by tick) stage from (
  select stream, tick, 1 stage from given union all
  select stream, recorded, case step when 'released' then 2 when 'picked' then 3 when 'packed'
    then 4 when 'shipped' then 5 else 6 end from steps
  where step in ('released', 'picked', 'packed', 'shipped', 'delivered')) group by stream, tick;

create or replace temp table dues as
select stream, code, recorded tick, arg_max(due, seq) due from promises where due > 0 group by all;

create or replace temp table verdicts as
select stream, code, arg_max(says, seq) verdict, min(recorded) first, max(recorded) known from (
  select *, case when event in ('corrected', 'ruled') then verdict else event end says
  from promises where event in ('kept', 'broken', 'late', 'borderline', 'superseded', 'corrected',
    'ruled')) group by all;

create or replace temp table work as
select k, tick, sum(sum(d)) over w waiting, sum(sum(greatest(d, 0))) over w came from (
  select warehouse k, recorded tick, case when sum(units) > 0 then 1 else -1 end d from allocations
  group by stream, fulfilment, warehouse, recorded union all
  select warehouse, recorded, -1 from steps where step = 'shipped') group by k, tick
window w as (partition by k order by tick);

create or replace temp table missed as
select k, tick, sum(sum(miss)) over w misses, sum(count(*)) over w judged from (
  select g.warehouse k, v.recorded tick, case when v.event = 'kept' then 0 else 1 end miss
  from promises v asof join given g on g.stream = v.stream and v.recorded >= g.tick
  where v.event in ('kept', 'broken', 'late')) group by k, tick
window w as (partition by k order by tick);

create or replace temp table parcels as
select d.stream, d.fulfilment, s.carrier, greatest(d.recorded, s.recorded) tick,
  s.recorded left_at, greatest(d.occurred - s.occurred, 0) took_ms
from (select * from steps where step = 'delivered') d
join (select * from steps where step = 'shipped') s using (stream, fulfilment);

create or replace temp table ways as
select k, tick, sum(sum(took_ms)) over w took_ms, sum(count(*)) over w arrived from (
  select p.carrier || '/' || b.province k, p.tick, p.took_ms from parcels p
  join base b using (stream)) group by k, tick window w as (partition by k order by tick);

create or replace temp table back as
select r."order" stream, r.line, r.sku, min(r.recorded) tick from return_lines r group by all;

create or replace temp table sold as
select k, tick, sum(sum(came)) over w came, sum(sum(sold)) over w sold from (
  select sku k, tick, 1 came, 0 sold from back union all
  select sku, recorded, 0, 1 from lines where origin = 'placed') group by k, tick
window w as (partition by k order by tick);

create or replace temp table regret as
select k, tick, sum(count(*)) over w came from (
  select b.buyer k, r.tick from back r join base b using (stream) where b.buyer <> '')
group by k, tick window w as (partition by k order by tick);
"""
"""Running sums and states, by the time at which they were recorded: what two facts say together,
by that of the later one. Sums are of whole numbers, or rows that came later would round them.
"""

_BETWEEN: Final = "[0.125, 0.375, 0.625, 0.825]"
"""Shares of a promise's time between LANDMARKS: `used` counts those that are past."""

FEATURES: Final = f"""
create or replace temp table at_moment as
select a.*, b.placed, b.created, b.channel, b.buyer, b.region, b.province, b.amount, b.lines,
  b.units, b.weight, b.buyer_orders, coalesce(g.warehouse, '') as warehouse,
  coalesce(c.carrier, '') as carrier
from asked a join base b using (stream)
asof left join given g on g.stream = a.stream and a.moment >= g.tick
asof left join carried c on c.stream = a.stream and a.moment >= c.tick;

create or replace temp table featured as
select m.stream::varchar as "order", m.part, m.moment, m.placed,
  ((m.created + 28800000) // {HOUR_MS} % 24)::double as hour,
  (((m.created + 28800000) // {DAY_MS} + 3) % 7)::double as weekday,
  coalesce(h.gap, 30)::double as holiday, m.lines::double as lines, m.units::double as units,
  m.weight::double as weight, m.amount::double as amount, m.channel, m.province,
  m.buyer_orders::double as buyer_orders, m.warehouse, m.carrier,
  coalesce(round(2 * 6371 * asin(sqrt(least(1.0,
    pow(sin(radians(r.lat - s.lat) / 2), 2) + cos(radians(r.lat)) * cos(radians(s.lat))
    * pow(sin(radians(r.lng - s.lng) / 2), 2))))), -1)::double as distance,
  coalesce(w.waiting, 0)::double as backlog,
  (coalesce(w.came, 0) - coalesce(w1.came, 0))::double as pressure,
  ((coalesce(x.misses, 0) - coalesce(x7.misses, 0) + 1.0)
    / (coalesce(x.judged, 0) - coalesce(x7.judged, 0) + 20.0))::double as house_late,
  coalesce((y.took_ms - coalesce(y7.took_ms, 0)) / 3600000.0
    / nullif(y.arrived - coalesce(y7.arrived, 0), 0), -1)::double as lane_hours
  {{more}}
from (select *, moment - {HOUR_MS} hour_before, moment - {_WEEK} week_before,
    moment - {_KEPT} long_before, carrier || '/' || province lane from at_moment) m
left join holidays h on h.day = (m.moment + 28800000) // {DAY_MS}
left join houses s on s.warehouse = m.warehouse
left join centres r on r.region = m.region
asof left join work w on w.k = m.warehouse and m.moment >= w.tick
asof left join work w1 on w1.k = m.warehouse and m.hour_before >= w1.tick
asof left join missed x on x.k = m.warehouse and m.moment >= x.tick
asof left join missed x7 on x7.k = m.warehouse and m.week_before >= x7.tick
asof left join ways y on y.k = m.lane and m.moment >= y.tick
asof left join ways y7 on y7.k = m.lane and m.week_before >= y7.tick
{{joins}}
"""
"""All features of what is asked; `more` are those of one target, `joins` where they are from."""

MORE: Final[dict[str, tuple[str, str]]] = {
    "late": (
        f""", m.part promise, (coalesce(u.due, m.moment) - m.moment) / {HOUR_MS}.0 as "left",
  (m.moment - m.created) / {HOUR_MS}.0 as age, coalesce(t.stage, 0)::double as stage,
  (case when u.due is null or u.due <= m.created then 0 else
    list_aggregate([(m.moment - m.created > x * (u.due - m.created))::int for x in {_BETWEEN}],
      'sum') end)::double as used,
  coalesce(u.due, 0) as due""",
        """asof left join dues u on u.stream = m.stream and u.code = m.part and m.moment >= u.tick
asof left join stages t on t.stream = m.stream and m.moment >= t.tick""",
    ),
    "hand": ("", ""),
    "way": ("", ""),
    "return": (
        """, l.sku, l.price::double as price, l.quantity::double as quantity,
  ((coalesce(k.came, 0) - coalesce(k1.came, 0) + 1.0)
    / (coalesce(k.sold, 0) - coalesce(k1.sold, 0) + 30.0))::double as sku_returns,
  (coalesce(q.came, 0) - coalesce(q1.came, 0))::double as buyer_returns""",
        """join lines l on l.stream = m.stream and l.line::varchar = m.part and l.origin = 'placed'
asof left join sold k on k.k = l.sku and m.moment >= k.tick
asof left join sold k1 on k1.k = l.sku and m.long_before >= k1.tick
asof left join regret q on q.k = m.buyer and m.moment >= q.tick
asof left join regret q1 on q1.k = m.buyer and m.long_before >= q1.tick""",
    ),
}

LANDMARKS: Final = (0.0, 0.25, 0.5, 0.75, 0.9)
"""At which shares of a promise's time a row is learned from, while it is open: whoever asks later
knows more (van Houwelingen, Scandinavian Journal of Statistics 34, 2007)."""
SOON_MS: Final = 60_000
"""What an order's own commits write is known a minute after it was placed."""
GIVEN_BACK_MS: Final = 30 * DAY_MS
"""How long after an order it is known what of it came back."""

ENDED: Final[dict[str, str]] = {
    "late": f"""
create or replace temp table ended as
select v.stream, v.code part, v.first, v.known, (v.verdict in ('broken', 'late'))::int::double as y,
  m.recorded made, m.due from verdicts v
join promises m on m.stream = v.stream and m.code = v.code and m.event = 'made'
where v.verdict <> 'superseded' and m.due > 0;
create or replace temp table asked as
select e.stream, e.part, e.made + {SOON_MS} + (f * greatest(e.due - e.made, 0))::bigint moment,
  e.known, e.y from ended e, unnest({list(LANDMARKS)}) t(f)
where moment < e.first;
""",
    "hand": f"""
create or replace temp table asked as
select b.stream, 'hand' part, b.placed + {SOON_MS} moment, s.known,
  greatest(s.left_at - b.created, 0) / 60000.0 as y from base b join (
  select stream, min(occurred) left_at, min(recorded) known from steps where step = 'shipped'
  group by stream) s using (stream);
""",
    "way": """
create or replace temp table asked as
select stream, fulfilment::varchar as part, left_at moment, tick known,
  took_ms / 60000.0 as y from parcels where left_at < tick;
""",
    "return": f"""
create or replace temp table asked as
select b.stream, l.line::varchar as part, b.placed + {SOON_MS} moment,
  b.placed + {GIVEN_BACK_MS} known,
  (r.tick is not null and r.tick <= b.placed + {GIVEN_BACK_MS})::int::double as y
from base b join lines l using (stream) left join back r on r.stream = b.stream and r.line = l.line
where l.origin = 'placed' and l.gift = '' and b.placed + {GIVEN_BACK_MS} <= $now;
""",
}
"""What has an outcome by now, of each target."""

LATEST: Final = """
delete from asked where stream in (select stream from base where placed < $since);
"""

ON_LANES: Final = """
select s.carrier, s.warehouse, b.province, s.occurred shipped,
  coalesce(d.occurred, 0) delivered, s.stream::varchar as "order"
from (select * from steps where step = 'shipped' and carrier <> '') s
join base b using (stream)
left join (select stream, fulfilment, min(occurred) occurred from steps
  where step in ('delivered', 'lost', 'refused', 'returned') group by all) d
  using (stream, fulfilment)
where s.recorded >= $since
order by s.carrier, s.warehouse, b.province, s.occurred, s.stream
"""

HABITS: Final = """
with often as (select buyer, count(*) orders from base where buyer <> '' and placed >= $since
  group by buyer having count(*) >= $least order by orders desc, buyer limit $most),
mine as (select b.* from base b join often using (buyer) where b.placed >= $since),
chosen as (select m.buyer, (("start" + 28800000) // 3600000 % 24) // 3 * 3 band
  from arrangements a join mine m using (stream) where a."start" > 0),
windows as (select buyer, max_by(band, n) band, max(n) times, sum(n) total from (
  select buyer, band, count(*) n from chosen group by all) group by buyer),
sent as (select m.buyer, s.carrier, count(*) n from steps s join mine m using (stream)
  where s.step = 'shipped' and s.carrier <> '' group by all),
carriers as (select buyer, max_by(carrier, n) carrier, max(n) times, sum(n) total from sent
  group by buyer),
pieces as (select m.buyer, m.stream, count(distinct a.fulfilment) n from allocations a
  join mine m using (stream) where a.units > 0 group by all),
sorry as (select distinct stream from steps where step in ('cancelled', 'refused') union
  select stream from back),
split as (select p.buyer, count(*) splits, count(s.stream) regretted from pieces p
  left join sorry s using (stream) where p.n > 1 group by p.buyer)
select o.buyer, o.orders, w.band, coalesce(w.times, 0), coalesce(w.total, 0),
  coalesce(c.carrier, ''), coalesce(c.times, 0), coalesce(c.total, 0), coalesce(x.splits, 0),
  coalesce(x.regretted, 0)
from often o left join windows w using (buyer) left join carriers c using (buyer)
left join split x using (buyer) order by o.buyer
"""
