"""Frames of a merchant: rows to learn from, and rows to ask about, out of the asset sources.

Synchronous; on an event loop it is used inside a child process or `asyncio.to_thread`.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from msgspec import Struct

from danshu.capabilities.learning.features import TARGETS
from danshu.capabilities.learning.frames import Frame, join
from danshu.capabilities.searching.words import festivals
from danshu.hub import learning_sql as sql
from danshu.kernel.limits import LEARNING_DAYS, LEARNING_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from danshu.hub.asset_store import Store

Connection = Any
_GOODS: Final = "select code, weight_g from skus where tenant=%s"
_HOUSES: Final = "select code, lng_udeg, lat_udeg from warehouses where tenant=%s"
_CENTRES: Final = "select code, lng_udeg, lat_udeg from regions where tenant=%s"
_MICRO: Final = 1e6
_HORIZON_D: Final = 500
_FAR: Final = 30


class Masters(Struct, frozen=True, kw_only=True):
    """What of the master data features need: grams of a SKU, places in micro-degrees."""

    goods: tuple[tuple[str, int], ...] = ()
    houses: tuple[tuple[str, int, int], ...] = ()
    centres: tuple[tuple[str, int, int], ...] = ()


async def read_masters(connection: Connection, tenant: int) -> Masters:
    """Read a merchant's goods, warehouses and regions."""

    async def rows(query: str) -> tuple[Any, ...]:
        return tuple(await (await connection.execute(query, (tenant,))).fetchall())

    return Masters(
        goods=await rows(_GOODS), houses=await rows(_HOUSES), centres=await rows(_CENTRES)
    )


class View:
    """The rows of one world over an engine's views; all is worked out once, then asked of it.

    `live`: orders that were told as they came, known when recorded. `past`: orders that were
    brought in more than a day after they were placed, all of it known when it happened, for nothing
    was known of them before; they see nothing but one another. `all`: both, as they are.
    """

    def __init__(self, engine: Any, world: str, masters: Masters, now_ms: int) -> None:
        self.now_ms: Final = now_ms
        self.since_ms: Final = now_ms - LEARNING_DAYS * sql.DAY_MS
        self._engine: Final = engine.cursor()  # its own temporary tables over the same views
        for name in sql.SOURCES if world != "all" else ():
            self._engine.execute(sql.only(name, world))
        self._put("goods", masters.goods, sku="varchar", weight="bigint")
        for name, places in (("houses", masters.houses), ("centres", masters.centres)):
            key = "warehouse" if name == "houses" else "region"
            rows = [(code, x / _MICRO, y / _MICRO) for code, x, y in places]
            self._put(name, rows, **{key: "varchar", "lng": "double", "lat": "double"})
        self._put("holidays", gaps(now_ms), day="bigint", gap="bigint")
        begin = self.since_ms - LEARNING_DAYS * sql.DAY_MS
        self._engine.execute(sql.SET_UP.replace("$begin", str(begin)))

    def ended(self, target: str) -> Frame:
        """Give the rows of a target whose outcome is known, of the last LEARNING_DAYS, the newest
        LEARNING_ROWS.
        """
        for query in sql.ENDED[target].split(";\n"):
            if query.strip():
                told = {"now": self.now_ms} if "$now" in query else None
                self._engine.execute(query, told)
        self._engine.execute(sql.LATEST, {"since": self.since_ms})
        return self._work_out(target)

    def ask(self, target: str, asked: Iterable[tuple[str, str, int]]) -> Frame:
        """Give the rows of a target for (order, part, moment)."""
        self._put("wanted", asked, stream="varchar", part="varchar", moment="bigint")
        self._engine.execute(
            "create or replace temp table asked as select stream::uuid stream, part, moment,"
            " 0::bigint known, 'nan'::double y from wanted"
        )
        return self._work_out(target)

    def lanes(self) -> list[tuple[Any, ...]]:
        """Give the parcels of LEARNING_DAYS by lane, in the order in which they left."""
        found = self._engine.execute(sql.ON_LANES, {"since": self.since_ms}).fetchall()
        return list(found)

    def habits(self, least: int, most: int) -> list[tuple[Any, ...]]:
        """Give what buyers of at least so many orders chose."""
        told = {"since": self.since_ms, "least": least, "most": most}
        return list(self._engine.execute(sql.HABITS, told).fetchall())

    def placed(self, orders: Sequence[str]) -> dict[str, tuple[int, int, int]]:
        """Give when orders were recorded, when they were placed, and when they were first handed
        over (0 = not yet), epoch ms.
        """
        self._put("wanted", [(order,) for order in orders], stream="varchar")
        rows = self._engine.execute(
            "select b.stream::varchar, b.placed, b.created, coalesce(min(s.occurred), 0) from base"
            " b join wanted w on w.stream::uuid = b.stream left join steps s on s.stream ="
            " b.stream and s.step = 'shipped' group by all"
        ).fetchall()
        return {order: (placed, created, left) for order, placed, created, left in rows}

    def lines(self, orders: Sequence[str]) -> list[tuple[str, str, int]]:
        """Give the lines of orders as they are asked about: order, line, moment."""
        self._put("wanted", [(order,) for order in orders], stream="varchar")
        rows = self._engine.execute(
            f"select b.stream::varchar, l.line::varchar, b.placed + {sql.SOON_MS} from base b"
            " join wanted w on w.stream::uuid = b.stream join lines l on l.stream = b.stream"
            " where l.origin = 'placed' and l.gift = ''"
        ).fetchall()
        return list(rows)

    def _work_out(self, target: str) -> Frame:
        more, joins = sql.MORE[target]
        self._engine.execute(sql.FEATURES.format(more=more, joins=joins))
        found = self._engine.execute(
            'select f.*, a.known, a.y from featured f join asked a on a.stream::varchar = f."order"'
            " and a.part = f.part and a.moment = f.moment"
            f' order by f.placed desc, f."order", f.part, f.moment limit {LEARNING_ROWS}'
        ).fetchnumpy()
        columns = {}
        for feature in TARGETS[target]:
            kind = object if feature.kind == "value" else np.float64
            columns[feature.name] = np.asarray(found[feature.name]).astype(kind)
        if "due" in found:
            columns["due"] = np.asarray(found["due"]).astype(np.int64)
        return Frame(
            target=target,
            columns=columns,
            order=np.asarray(found["order"]).astype(object),
            part=np.asarray(found["part"]).astype(object),
            moment_ms=np.asarray(found["moment"]).astype(np.int64),
            placed_ms=np.asarray(found["placed"]).astype(np.int64),
            known_ms=np.asarray(found["known"]).astype(np.int64),
            y=np.asarray(found["y"]).astype(np.float64),
        )

    def _put(self, name: str, rows: Iterable[tuple[Any, ...]], **kinds: str) -> None:
        """Make a table of rows."""
        import pyarrow as pa

        named = {"varchar": pa.string(), "bigint": pa.int64(), "double": pa.float64()}
        columns = list(zip(*rows, strict=True)) or [()] * len(kinds)
        made = pa.table(
            {
                column: pa.array(values, named[kind])
                for (column, kind), values in zip(kinds.items(), columns, strict=True)
            }
        )
        self._engine.register(f"{name} rows", made)
        self._engine.execute(f'create or replace temp table {name} as select * from "{name} rows"')
        self._engine.unregister(f"{name} rows")


class Frames:
    """Frames of a merchant over an open store: what ended in either world, what is asked now."""

    def __init__(self, store: Store, masters: Masters, now_ms: int) -> None:
        self.now_ms: Final = now_ms
        for name in sql.SOURCES:
            store.source(name)
        self._made: Final = (store.backend.con, masters, now_ms)
        self._views: Final[dict[str, View]] = {}
        (brought_in,) = store.backend.con.execute(sql.BROUGHT_IN).fetchone()
        self._worlds: Final = ("live", "past") if brought_in else ("live",)

    def _in(self, world: str) -> View:
        if world not in self._views:
            engine, masters, now_ms = self._made
            self._views[world] = View(engine, world, masters, now_ms)
        return self._views[world]

    def ended(self, target: str) -> Frame:
        """Give the rows of a target whose outcome is known, the newest LEARNING_ROWS."""
        frames = [self._in(world).ended(target) for world in self._worlds]
        whole = join(frames)
        if whole.rows <= LEARNING_ROWS:
            return whole
        return whole.pick(np.argsort(-whole.placed_ms, kind="stable")[:LEARNING_ROWS])

    def ask(self, target: str, asked: Iterable[tuple[str, str, int]]) -> Frame:
        """Give the rows of a target for (order, part, moment)."""
        return self._in("live").ask(target, asked)

    def lines(self, orders: Sequence[str]) -> list[tuple[str, str, int]]:
        """Give the lines of orders as they are asked about."""
        return self._in("live").lines(orders)

    def placed(self, orders: Sequence[str]) -> dict[str, tuple[int, int, int]]:
        """Give when orders were recorded, placed, and first handed over (0 = not yet)."""
        return self._in("live").placed(orders)

    def lanes(self) -> list[tuple[Any, ...]]:
        """Give the parcels of LEARNING_DAYS by lane, in the order in which they left."""
        return self._in("all").lanes()

    def habits(self, least: int, most: int) -> list[tuple[Any, ...]]:
        """Give what buyers of at least so many orders chose."""
        return self._in("all").habits(least, most)


def gaps(now_ms: int) -> list[tuple[int, int]]:
    """Give for each day (since 1970, local) how many days the nearest feast or day of trade is
    away, 30 at most; calendars are known beforehand.
    """
    today = (now_ms + 8 * sql.HOUR_MS) // sql.DAY_MS
    year = datetime.date.fromordinal(719_163 + today).year
    days: set[int] = set()
    for each in festivals():
        for first, last in [*each.spans(year), *each.spans(year + 1)]:
            days.update(range(first.toordinal() - 719_163, last.toordinal() - 719_162))
    span = range(today - _HORIZON_D, today + _FAR + 1)
    return [
        (day, next((g for g in range(_FAR) if {day - g, day + g} & days), _FAR)) for day in span
    ]
