"""Counts pairs of goods in a merchant's sources, by SQL on DuckDB; synchronous, run in a thread.

Sequence: a buyer's first order with A, and what they order within the window after it; against
buyers who never ordered A, from their first order on, who come back as often. Basket: orders with A
against orders without it, of as many goods. Gifts and restocking say nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from danshu.capabilities.associations.rules import Pairs
from danshu.kernel.limits import ASSOCIATION_BASKET_SKUS, ASSOCIATION_ITEMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.associations.model import Level, Rule
    from danshu.hub.asset_store import Store

_DAY_MS: Final = 86_400_000
_TIMES: Final = 3
"""How often somebody came back, told apart up to so often: 1, 2, 3 and more."""
_SEASONS: Final = 6
_SEASON_MS: Final = 7 * _DAY_MS  # of one at least: within a week nothing is in season
ITEM: Final = {"sku": "l.sku", "family": "regexp_replace(l.sku, '[-_/.][^-_/.]*$', '')"}
"""A family is a SKU's code without its last part: colours and sizes of one thing."""
_BOUGHT: Final = """
create or replace temp table bought as
select o.buyer, o.stream, coalesce(nullif(o.created, 0), o.occurred) moment, {item} item
from orders o join lines l using (stream)
where o.kind = 'order' and l.origin = 'placed' and l.gift = '' and l.sku <> '' {who}
group by all;
create or replace temp table bought as
select b.* from bought b join (
  select stream from bought group by stream having count(*) <= {most}) using (stream);
create or replace temp table top as
select item, row_number() over (order by n desc, item) - 1 no from (
  select item, count(distinct {unit}) n from bought group by item) order by no limit {items};
create or replace temp table kept as
select b.buyer, b.stream, b.moment, t.no from bought b join top t using (item);
"""
# A stratum is how often they came back, and in which season the count began: what is sold in
# December alone follows whatever was bought in November.
_SEQUENCE: Final = """
create or replace temp table visits as
select buyer, stream, min(moment) moment from bought group by all;
create or replace temp table zero as
select z.buyer, z.moment, least(count(distinct v.stream), {times}) * {seasons}
+ least({seasons} - 1, cast(floor((z.moment - {begin}) / {season}) as int)) m from (
  select buyer, min(moment) moment from visits group by buyer having min(moment) <= {horizon}) z
left join visits v on v.buyer = z.buyer and v.moment > z.moment and v.moment <= z.moment + {window}
group by z.buyer, z.moment;
create or replace temp table firsts as
select f.buyer, f.no, f.moment, least(count(distinct v.stream), {times}) * {seasons}
+ least({seasons} - 1, cast(floor((f.moment - {begin}) / {season}) as int)) m from (
  select buyer, no, min(moment) moment from kept group by all having min(moment) <= {horizon}) f
left join visits v on v.buyer = f.buyer and v.moment > f.moment and v.moment <= f.moment + {window}
group by f.buyer, f.no, f.moment;
create or replace temp table later as
select f.no a, b.no b, f.buyer, f.m, min(b.moment - f.moment) after from firsts f
join kept b on b.buyer = f.buyer and b.moment > f.moment and b.moment <= f.moment + {window}
where b.no <> f.no group by all;
create or replace temp table early as
select z.buyer, z.m, b.no b from zero z
join kept b on b.buyer = z.buyer and b.moment > z.moment and b.moment <= z.moment + {window}
group by all;
"""
_SEQUENCE_COUNTS: Final = (
    "select a, b, m, count(*) n from later group by all",
    "select no a, m, count(*) n from firsts group by all",
    "select f.no a, z.m, count(*) n from firsts f join zero z using (buyer) group by all",
    "select b a, m, count(*) n from early group by all",
    "select f.no a, e.b, e.m, count(*) n from firsts f join early e using (buyer)"
    " where f.no <> e.b group by all",
    "select m, count(*) n from zero group by all",
)
_SIZE: Final = "case when n = 1 then 0 when n <= 3 then 1 when n <= 8 then 2 else 3 end"
_BASKET: Final = f"""
create or replace temp table sizes as
select stream, {_SIZE} m from (select stream, count(*) n from bought group by stream);
create or replace temp table sized as select k.stream, k.no, s.m from kept k join sizes s
using (stream);
create or replace temp table later as
select x.no a, y.no b, x.m, x.stream from sized x join sized y using (stream) where x.no <> y.no;
"""
_BASKET_COUNTS: Final = (
    "select a, b, m, count(*) n from later group by all",
    "select no a, m, count(*) n from sized group by all",
    "select m, count(*) n from sizes group by all",
)
_DAYS: Final = """
select cast(floor(after / {day}) as int) d, count(*) n from later
where a = (select no from top where item=?) and b = (select no from top where item=?) group by d
"""


class Counter:
    """Counts over one store, which it fills with temporary tables."""

    def __init__(self, store: Store, level: Level, *, is_sequence: bool) -> None:
        store.source("orders")
        store.source("lines")
        self._con: Any = store.backend.con
        self._is_sequence = is_sequence
        self._strata = (_TIMES + 1) * _SEASONS if is_sequence else _TIMES + 1
        self._idle = _SEASONS if is_sequence else 1
        made = _BOUGHT.format(
            item=ITEM[level],
            who="and o.buyer <> ''" if is_sequence else "",
            most=ASSOCIATION_BASKET_SKUS,
            unit="buyer" if is_sequence else "stream",
            items=ASSOCIATION_ITEMS,
        )
        self._con.execute(made)
        self.items = [r[0] for r in self._rows("select item from top order by no")]

    def _rows(self, sql: str, told: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self._con.execute(sql, list(told)).fetchall()
        return rows

    def count(self, window_d: int, follow_d: int, now_ms: int) -> Pairs:
        """Count all pairs; a buyer is watched for `follow_d` days at least."""
        if self._is_sequence:
            return self._sequences(window_d * _DAY_MS, now_ms - follow_d * _DAY_MS)
        return self._baskets()

    def _sequences(self, window_ms: int, horizon_ms: int) -> Pairs:
        ((begin,),) = self._rows("select coalesce(min(moment), 0) from bought")
        made = _SEQUENCE.format(
            window=window_ms,
            horizon=horizon_ms,
            times=_TIMES,
            seasons=_SEASONS,
            begin=begin,
            season=max(_SEASON_MS, (horizon_ms - begin) // _SEASONS + 1),
        )
        self._con.execute(made)
        both, first, zero, then, early, every = map(self._read, _SEQUENCE_COUNTS)
        others = every[None, :] - zero
        with_then = both + then[None, :, :] - early
        whole = (first + others)[:, None, :]
        return self._pairs(both, first[:, None, :], with_then, whole, int(every.sum()))

    def _baskets(self) -> Pairs:
        self._con.execute(_BASKET)
        both, items, every = map(self._read, _BASKET_COUNTS)
        whole = every[None, None, :]
        return self._pairs(both, items[:, None, :], items[None, :, :], whole, int(every.sum()))

    def _read(self, sql: str) -> Any:
        """Read counts into an array: by `a`, `b` where there are such, and the stratum `m`."""
        told = self._con.execute(sql).fetchnumpy()
        axes = [name for name in ("a", "b") if name in told]
        out = np.zeros((*[len(self.items) for _ in axes], self._strata), np.int64)
        out[tuple([np.asarray(told[name]).astype(np.int64) for name in (*axes, "m")])] = told["n"]
        return out

    def _pairs(self, both: Any, first: Any, then: Any, whole: Any, units: int) -> Pairs:
        """Lay the pairs out in lines; a stratum without an occasion tests nothing."""
        n = len(self.items)
        shape = both.shape
        a, b = np.nonzero(both.sum(axis=2) > 0)
        each = [np.broadcast_to(x, shape)[a, b] for x in (both, first, then, whole)]
        lone = [x[:, self._idle :] for x in each]
        every = [x.sum(axis=1) for x in each]
        totals = np.stack([every[0], every[1], every[2] - every[0], every[3] - every[1]], axis=1)
        return Pairs(
            first=[self.items[at] for at in a.tolist()],
            then=[self.items[at] for at in b.tolist()],
            both=lone[0],
            with_first=lone[1],
            with_then=lone[2],
            every=lone[3],
            totals=totals,
            units=units,
            tested=n * (n - 1),
        )

    def days(self, rule: Rule, window_d: int) -> tuple[int, ...]:
        """Give the share of whoever bought the first that bought the other by each day's end."""
        counted = np.zeros(window_d + 1)
        for day, count in self._rows(_DAYS.format(day=_DAY_MS), (rule.first, rule.then)):
            counted[min(int(day), window_d)] += count
        shares = 1000 * np.cumsum(counted) / max(rule.first_units, 1)
        return tuple([round(float(share)) for share in shares])
