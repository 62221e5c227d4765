"""The figures of a review: what the log said of two weeks when each book was so long.

Every source is bounded by positions, so that the same review is worked out again from the same
facts whatever was said since.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.assets.sources import FOLDED
from danshu.capabilities.coe.kpi import CoeCell
from danshu.capabilities.coe.model import Goal
from danshu.capabilities.coe.weekly import CoeCite, CoeGoalStanding, CoeWeekPoint, Week
from danshu.capabilities.coe.weeks import WEEK_MS
from danshu.hub import asset_store, metrics
from danshu.hub.metric_book import Held
from danshu.hub.metrics import run_metric, split_rows
from danshu.kernel.errors import InputError
from danshu.kernel.limits import COE_WEEKS, METRIC_ROWS

if TYPE_CHECKING:
    from pathlib import Path

    from danshu.hub.asset_store import Store

MAIN: Final = "on_time_rate"
_ENDED: Final = """
create or replace temp view coe_ended as
with last as (
  select stream, code, max(due) as due, arg_max(half, seq) filter (where {ends}) as half,
    arg_max(fact, seq) filter (where {ends}) as fact,
    arg_max(case when event in ('corrected', 'ruled') then verdict else event end, seq)
      filter (where {ends}) as state
  from promises group by stream, code),
places as (
  select stream, arg_max(warehouse, seq) as warehouse from allocations where act = 'allocated'
  group by stream),
carriers as (
  select stream, arg_max(carrier, seq) as carrier from steps where step = 'shipped'
  group by stream),
way as (
  select stream, seq, occurred, 'merchant' as holder from orders
  union all select stream, seq, occurred, 'merchant' from payments
  union all select stream, seq, occurred, 'warehouse' from allocations where act = 'allocated'
  union all select stream, seq, occurred, case
    when step in ('released', 'picked', 'packed', 'recalled') then 'warehouse'
    when step = 'shipped' then 'carrier' when step = 'delivered' then 'buyer' else 'merchant' end
  from steps where step in ('confirmed', 'held', 'unheld', 'released', 'picked', 'packed',
    'recalled', 'shipped', 'delivered', 'damage_reported')),
had as (
  select l.stream, l.code, arg_max(w.holder, w.occurred * 100000 + w.seq) as holder
  from last as l join way as w on w.stream = l.stream and w.occurred <= l.due
  group by l.stream, l.code)
select l.*, o.channel, coalesce(p.warehouse, '') as warehouse, coalesce(c.carrier, '') as carrier,
  coalesce(h.holder, 'merchant') as holder
from last as l join orders as o on o.stream = l.stream
left join places as p on p.stream = l.stream
left join carriers as c on c.stream = l.stream
left join had as h on h.stream = l.stream and h.code = l.code
where l.due > 0
""".replace(
    "{ends}",
    "event in ('kept', 'broken', 'late', 'borderline', 'corrected', 'ruled', 'superseded')",
)
_CELLS: Final = """
select due >= ?, channel, warehouse, carrier, holder, code, state = 'kept', count(*)::bigint,
  arg_min(stream, fact)::varchar, arg_min(half, fact), min(fact)
from coe_ended where due >= ? and due < ? and state in ('kept', 'broken', 'late')
group by all order by all
"""
_CURVE: Final = """
select (due - ?) // ?, count(*)::bigint, count(*) filter (where state = 'kept')::bigint
from coe_ended where due >= ? and due < ? and state in ('kept', 'broken', 'late') group by 1
"""
_ROUTED: Final = """
select (occurred - ?) // ?, count(*) filter (where act = 'decided')::bigint,
  count(*) filter (where act = 'decided' and parcels > 1)::bigint,
  count(*) filter (where act = 'overridden')::bigint,
  coalesce(sum(cost) filter (where act = 'decided'), 0)::bigint,
  coalesce(sum(cost::hugeint * cost) filter (where act = 'decided'), 0)::varchar
from routes where occurred >= ? and occurred < ? group by 1
"""
_OPEN: Final = """
select count(*)::bigint from coe_ended where due >= ? and due < ? and state = 'borderline'
"""
_PAID_OUT: Final = """
select occurred >= ?, coalesce(sum(amount), 0)::bigint from compensations
where event = 'paid' and occurred >= ? and occurred < ? group by 1
"""
_BY_HAND: Final = """
select count(*)::bigint, coalesce(sum(margin), 0)::bigint, coalesce(min(stream)::varchar, '')
from routes where act = 'overridden' and occurred >= ? and occurred < ?
"""
_SINCE: Final = """
with routed as (select stream, max(occurred) as at from routes where act = 'decided' group by 1)
select r.at >= ?, count(*)::bigint, count(*) filter (where e.state = 'kept')::bigint
from coe_ended as e join routed as r on r.stream = e.stream
where e.due >= ? and e.due < ? and e.state in ('kept', 'broken', 'late') group by 1
"""


class Asked(Struct, frozen=True, kw_only=True):
    """What is to be read: the window, the moment, how far into each book, the formulas that held
    then, the goals, and the moments of decisions after which promises are counted apart.
    """

    week: str
    since_ms: int
    until_ms: int
    as_of_ms: int
    positions: dict[str, int]
    held: Mapping[str, Held]
    goals: tuple[Goal, ...] = ()
    moments: tuple[int, ...] = ()


class Read(Struct, frozen=True, kw_only=True):
    """What was read: the week without decisions and incidents, and for each moment promises kept
    and judged after and before it. `overridden`: how many orders a person sent elsewhere, what that
    cost beside the router's choice, one of them.
    """

    week: Week
    overridden: tuple[int, int, str]
    since: tuple[tuple[int, int, int, int], ...]


def bound_sources(store: Store, positions: Mapping[str, int]) -> None:
    """Let a store's sources end where each book ended."""
    told = " or ".join(f"(half = '{half}' and fact < {n})" for half, n in positions.items())
    for name in FOLDED:
        store.source(name)
        store.backend.raw_sql(f'alter view "{name}" rename to "{name}/all"')
        store.backend.raw_sql(
            f'create view "{name}" as select * from "{name}/all" where {told or "false"}'
        )


def read(folder: Path, tenant: int, asked: Asked) -> Read:
    """Read a week, in a thread."""
    with asset_store.open_store(folder, tenant, asked.as_of_ms) as store:
        bound_sources(store, asked.positions)
        con = store.backend.con
        con.execute(_ENDED)
        since, until = asked.since_ms, asked.until_ms
        before = since - WEEK_MS
        cells = [
            CoeCell(
                is_now=row[0],
                channel=row[1],
                warehouse=row[2],
                carrier=row[3],
                owner=row[4],
                code=row[5],
                kept=row[7] if row[6] else 0,
                missed=0 if row[6] else row[7],
                order=row[8],
                fact=f"{row[9]}:{row[10]}",
            )
            for row in con.execute(_CELLS, [since, before, until]).fetchall()
        ]
        curve, squares = _curve(con, since, until)
        (borderline,) = con.execute(_OPEN, [since, until]).fetchone()
        paid = dict(con.execute(_PAID_OUT, [since, before, until]).fetchall())
        by_hand = con.execute(_BY_HAND, [since, until]).fetchone()
        standing = _standing(store, asked)
        told = tuple(_since(con, moment, before, until) for moment in asked.moments)
    main = asked.held[MAIN]
    return Read(
        since=told,
        overridden=(by_hand[0], by_hand[1], by_hand[2]),
        week=Week(
            week=asked.week,
            since_ms=since,
            until_ms=until,
            as_of_ms=asked.as_of_ms,
            positions=dict(asked.positions),
            metric=CoeCite(kind="metric", ref=f"{MAIN}@{main.version}", label=main.digest),
            own_value=standing[0].now if main.version else None,
            cells=tuple(cells),
            curve=curve,
            cost_sq=squares,
            borderline=borderline,
            paid_out_fen=(paid.get(True, 0), paid.get(False, 0)),
            goals=standing[1:],
        ),
    )


def _curve(con: Any, since: int, until: int) -> tuple[tuple[CoeWeekPoint, ...], tuple[int, int]]:
    first = until - COE_WEEKS * WEEK_MS
    points = [CoeWeekPoint(since_ms=first + n * WEEK_MS) for n in range(COE_WEEKS)]
    squares = [0] * COE_WEEKS
    window = [first, WEEK_MS, first, until]
    for n, judged, kept in con.execute(_CURVE, window).fetchall():
        points[n] = replace(points[n], judged=judged, kept=kept)
    for n, decisions, split, overridden, cost, square in con.execute(_ROUTED, window).fetchall():
        points[n] = replace(
            points[n], decisions=decisions, split=split, overridden=overridden, cost_fen=cost
        )
        squares[n] = int(square)
    assert points[-1].since_ms == since
    return tuple(points), (squares[-1], squares[-2])


def _since(con: Any, moment: int, first: int, until: int) -> tuple[int, int, int, int]:
    told = {
        after: (kept, judged)
        for after, judged, kept in con.execute(_SINCE, [moment, first, until]).fetchall()
    }
    return (*told.get(True, (0, 0)), *told.get(False, (0, 0)))


def _standing(store: Store, asked: Asked) -> tuple[CoeGoalStanding, ...]:
    """Give how the share kept stands, then each goal whose metric holds."""
    found = [_measure(store, asked, MAIN, "", "", "", "", 0)]
    for goal in asked.goals:
        plan = goal.plan
        if plan.metric in asked.held:
            told = (str(goal.id), plan.dimension, plan.value, plan.owner, plan.target)
            found.append(_measure(store, asked, plan.metric, *told))
    return tuple(found)


def _measure(
    store: Store,
    asked: Asked,
    code: str,
    goal: str,
    dimension: str,
    value: str,
    owner: str,
    target: int,
) -> CoeGoalStanding:
    held = asked.held[code]
    where = {dimension: value} if dimension else {}
    now, before = (
        _total(store, asked, code, where, end - WEEK_MS, end)
        for end in (asked.until_ms, asked.since_ms)
    )
    return CoeGoalStanding(
        goal=goal,
        metric=code,
        version=held.version,
        digest=held.digest,
        title_zh=held.metric.title.zh,
        title_en=held.metric.title.en,
        unit=held.metric.unit,
        better=held.metric.better,
        dimension=dimension,
        value=value,
        owner=owner,
        target=target,
        now=now,
        before=before,
    )


def _total(
    store: Store, asked: Asked, code: str, where: Mapping[str, str], since: int, until: int
) -> int | None:
    question = metrics.ask((), where, since, until, METRIC_ROWS, by_key=True)
    try:
        rows = run_metric(store, asked.held[code].metric, asked.held, question)[2]
    except InputError:  # a formula that can't be asked so any more: nothing to measure
        return None
    return split_rows(rows, 0)[0]
