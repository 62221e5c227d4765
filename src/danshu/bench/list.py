"""`danshu bench list`: pages of orders with filters and words, in database time, beside the floor.

`size` orders (3,000,000) of the shape and size of real rows lie in 30 days; each question of a
table is asked again and again with other values, first pages and later ones. A page's time is the
sum of its statements, from sending to the last row. `page_ms` is the worst question's 99th
percentile. Floor: the same columns of the newest rows by the primary key alone, one statement.
"""

from __future__ import annotations

import asyncio
import datetime
import random
import time
import uuid
from collections.abc import Callable
from typing import Any, Final

import psycopg
from msgspec import Struct

from danshu.bench import list_rows, list_views, rig
from danshu.bench.report import Report, make_report, percentile
from danshu.hub import compose, filters, lists, search, workbench
from danshu.hub.lists import Filter
from danshu.ledger import migrate

SIZE: Final = 3_000_000
SECONDS: Final = 40
LIMIT: Final = 50
BUDGET: Final = {"page_ms": 50.0}
_SETTINGS: Final = {
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "fsync": "off",  # filling only; reading does not wait for it
    "full_page_writes": "off",
    "autovacuum": "off",
    "maintenance_work_mem": "256MB",
}
_FLOOR: Final = (
    "select id,channel,state,wh,region,total,currency,due,doc from orders"
    " where tenant=%s and id<%s order by id desc limit 51"
)


class Timed:
    """A connection that adds up how long its statements take."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection
        self.spent_s = 0.0
        self.info = connection.info

    async def execute(self, *args: Any, **more: Any) -> Any:
        """Run a statement; its rows are here when it returns."""
        start = time.perf_counter()
        try:
            return await self._connection.execute(*args, **more)
        finally:
            self.spent_s += time.perf_counter() - start


class Question(Struct, frozen=True):
    """A kind of question; `ask` draws its values."""

    name: str
    ask: Callable[[random.Random, list_rows.Known], Filter]


def _q(name: str, ask: Callable[[random.Random, list_rows.Known], Filter]) -> Question:
    return Question(name, ask)


HELD, CANCELLED, COMPLETED, SHIPPED = 35, 110, 100, 80
QUESTIONS: Final = (
    _q("all", lambda r, k: Filter()),
    _q("state common", lambda r, k: Filter(state=COMPLETED)),
    _q("state rare", lambda r, k: Filter(state=HELD)),
    _q("state absent", lambda r, k: Filter(state=20)),
    _q("channel", lambda r, k: Filter(channel=r.choice(list_rows.CHANNELS))),
    _q("warehouse", lambda r, k: Filter(warehouse=r.randrange(37))),
    _q("state, channel", lambda r, k: Filter(state=HELD, channel=r.choice(list_rows.CHANNELS))),
    _q("state, warehouse", lambda r, k: Filter(state=CANCELLED, warehouse=r.randrange(37))),
    _q("region hot", lambda r, k: Filter(region=k.regions[0])),
    _q("region", lambda r, k: Filter(region=r.choice(k.regions))),
    _q("region, state", lambda r, k: Filter(region=k.regions[r.randrange(20)], state=HELD)),
    _q("days", lambda r, k: Filter(from_ms=k.day_ms(r), to_ms=k.last_ms)),
    _q("days, state", lambda r, k: Filter(to_ms=k.day_ms(r), state=HELD)),
    _q("due soon", lambda r, k: Filter(due_before_ms=k.last_ms + 60_000)),
    _q("due", lambda r, k: Filter(due_before_ms=k.last_ms + 86_400_000)),
    _q("number", lambda r, k: Filter(q=k.number(r))),
    _q("number, last 8", lambda r, k: Filter(q=k.number(r)[-8:])),
    _q("number, last 4", lambda r, k: Filter(q=f"{r.randrange(10_000):04d}")),
    _q("last 4, state", lambda r, k: Filter(q=f"{r.randrange(10_000):04d}", state=SHIPPED)),
    _q("SKU hot", lambda r, k: Filter(q=k.skus[0])),
    _q("SKU", lambda r, k: Filter(q=r.choice(k.skus))),
    _q("SKU hot, state rare", lambda r, k: Filter(q=k.skus[0], state=HELD)),
    _q("SKU hot, state absent", lambda r, k: Filter(q=k.skus[0], state=20)),
    _q("name", lambda r, k: Filter(q=r.choice(list_rows.NAMES))),
    _q(
        "name, SKU", lambda r, k: Filter(q=f"{r.choice(list_rows.NAMES)} {k.skus[r.randrange(50)]}")
    ),
    _q("nothing", lambda r, k: Filter(q=f"none-{r.random()}")),
)


def run(seconds: int | None = None, size: int | None = None) -> Report:
    """Measure pages over `size` orders (3,000,000) for about `seconds` (40)."""
    with rig.lend_store(_SETTINGS) as store:
        compose.prepare(store.url)
        today = datetime.datetime.now(datetime.UTC).date()
        with psycopg.connect(store.url, autocommit=True) as connection:
            first = today - datetime.timedelta(days=list_rows.DAYS)
            migrate.make_partitions(connection, first, list_rows.DAYS + 1)
            known = list_rows.fill(connection, size or SIZE, compose.now_ms())
        return asyncio.run(_measure(store.url, known, seconds or SECONDS))


async def _measure(url: str, known: list_rows.Known, seconds: int) -> Report:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        salt = await search.read_salt(connection, known.tenant)
        await list_rows.index_some(connection, known, salt)
        draw = random.Random(1)
        share_s = seconds / (len(QUESTIONS) + len(list_views.VIEWS) + 1)
        floor = await _time_floor(connection, known, share_s)
        times: dict[str, list[float]] = {}
        short = 0
        for question in QUESTIONS:
            times[question.name], few = await _time(connection, known, question, draw, share_s)
            short += few
        for view in list_views.VIEWS:
            times[view.name], few = await _time_view(connection, known, view, draw, share_s)
            short += few
    p99 = {name: percentile(sorted(t), 0.99) for name, t in times.items()}
    worst = max(p99, key=lambda name: p99[name])
    return make_report(
        "list",
        figures={
            "page_ms": p99[worst],
            "worst": worst,
            "orders": known.size,
            "pages": sum(len(t) for t in times.values()),
            "pages_cut_short": short,
            "p99_ms": {name: round(ms, 2) for name, ms in p99.items()},
        },
        floor={"page_ms": percentile(sorted(floor), 0.99)},
        budget=BUDGET,
    )


async def _time(
    connection: psycopg.AsyncConnection[Any],
    known: list_rows.Known,
    question: Question,
    draw: random.Random,
    share_s: float,
) -> tuple[list[float], int]:
    """Ask one kind of question: milliseconds of each page, and how many pages came back short."""
    times: list[float] = []
    short = 0
    end = time.monotonic() + share_s
    while time.monotonic() < end or len(times) < 20:
        asked = question.ask(draw, known)
        before: uuid.UUID | None = None
        for _ in range(3):
            timed: Any = Timed(connection)
            page = await lists.page(timed, known.tenant, asked, before, LIMIT)
            times.append(timed.spent_s * 1000)
            before = page.next
            if before is None:
                break
            short += len(page.rows) < LIMIT
    return times[3:], short


async def _time_view(
    connection: psycopg.AsyncConnection[Any],
    known: list_rows.Known,
    view: list_views.View,
    draw: random.Random,
    share_s: float,
) -> tuple[list[float], int]:
    """Open one kind of saved view: as `_time`."""
    times: list[float] = []
    short = 0
    end = time.monotonic() + share_s
    while time.monotonic() < end or len(times) < 20:
        text = filters.parse(view.ask(draw, known))
        asked = filters.resolve(text, list_views.WAREHOUSES, "", known.last_ms)
        at: workbench.Place | None = None
        for _ in range(3):
            timed: Any = Timed(connection)
            page = await list_views.read_page(timed, known, asked, view.sort, at)
            times.append(timed.spent_s * 1000)
            at = page.next
            if at is None:
                break
            short += len(page.rows) < LIMIT
    return times[3:], short


async def _time_floor(
    connection: psycopg.AsyncConnection[Any], known: list_rows.Known, share_s: float
) -> list[float]:
    """Read the newest rows by the primary key, 51 at a time."""
    times: list[float] = []
    before = uuid.UUID(int=2**128 - 1)
    end = time.monotonic() + share_s
    while time.monotonic() < end or len(times) < 20:
        start = time.perf_counter()
        cursor = await connection.execute(
            _FLOOR, (known.tenant, before), binary=True, prepare=False
        )
        times.append((time.perf_counter() - start) * 1000)
        rows = await cursor.fetchall()
        before = rows[49][0] if len(rows) > 49 else uuid.UUID(int=2**128 - 1)
    return times[3:]
