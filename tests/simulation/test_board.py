"""The board after whole days: its counters are the full count, whatever was killed or replayed."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import psycopg
import pytest

from danshu.capabilities.orders.commands import Command
from danshu.hub import board, board_holds, counts, masters, rows_room
from danshu.hub import board_marks as marks
from danshu.hub.board_audit import BoardFolder
from danshu.hub.board_marks import ANYWHERE, EVERY, Kind
from danshu.hub.compose import Hub
from danshu.hub.filters import Asked
from danshu.hub.order_rows import ROOM
from danshu.hub.requests import Answer
from danshu.ledger import follow, write
from danshu.ledger.fold import fold_rows
from danshu.testing import simulation
from tests.faults import shop
from tests.simulation.test_day import stage, tally_tenant

pytest_plugins = ["tests.fixtures.engine"]
pytestmark = pytest.mark.anyio

_FULL = {
    Kind.STATE: "select 0, channel, wh, state, count(*), sum(total) from orders group by 1,2,3,4",
    Kind.MINUTE: "select floor((('x'||substr(translate(id::text,'-',''),1,12))::bit(48)::bigint)"
    f"/60000)::int, channel, {ANYWHERE}, 0, count(*), sum(total) from orders where state<>5"
    " group by 1,2",
}
_COUNTED = (
    "select at, channel, wh, state, sum(n)::int8, sum(amount)::int8 from board_counts"
    f" where kind=%s and channel<>'{EVERY}' and (wh<>{ANYWHERE} or kind={int(Kind.MINUTE)})"
    " group by 1,2,3,4 having sum(n)<>0"
)
_ROLLED = (
    f"select wh={ANYWHERE} w, channel='{EVERY}' c, kind, at, code, state, sum(n)::int8,"
    f" sum(amount)::int8 from board_counts where kind<>{int(Kind.MINUTE)} group by 1,2,3,4,5,6"
    " having sum(n)<>0"
)


async def must_be_full(url: str, tenant: int) -> None:
    """Assert that the counters are what a count over all rows gives, two ways."""
    for kind, full in _FULL.items():
        counted = await shop.query(url, _COUNTED, int(kind))
        assert sorted(counted) == sorted(await shop.query(url, full)), kind
    rolled: dict[tuple[bool, bool], list[Any]] = {}
    for w, c, *row in await shop.query(url, _ROLLED):
        rolled.setdefault((w, c), []).append(tuple(row))
    assert len(rolled) == 4
    assert len({tuple(sorted(rows)) for rows in rolled.values()}) == 1
    held = await shop.query(url, "select id from orders where state=35 order by id")
    assert await shop.query(url, "select id from board_holds order by id") == held
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        world = await masters.load(connection, tenant, 0.0, 1)
        folder = BoardFolder(tenant, world.book)
        report = await fold_rows(connection, tenant, [folder])
        assert report.clean, report.differences[:5]
        assert folder.settled
        assert await board.read_behind(connection, tenant) == 0


async def run_room(url: str) -> int:
    """Let the room count until it has nothing to do; the number of steps."""
    connection = await write.connect(url)
    step, steps = rows_room.begin(url), 0
    try:
        while await step(connection):
            steps += 1
        await step(connection)
    finally:
        await connection.close()
    return steps


@pytest.mark.parametrize("seed", [21])
async def test_a_day_is_counted_in_parts_by_two_rooms(database: str, seed: int) -> None:
    """Two rooms at once, some of them cut off between a batch and its commit, and small batches."""
    made = await stage(database)
    rng = random.Random(seed)
    done = asyncio.Event()

    async def room() -> None:
        while not done.is_set():
            connection = await write.connect(database)
            pid = connection.info.backend_pid
            follower = follow.Follower(
                ROOM,
                rows_room.Rows().follow,
                leaves_max=rng.choice((3, 7, 40)),
                read=follow.read_touches,
            )
            await shop.settle(database, made.start_ms)
            killer = asyncio.create_task(_kill(database, pid, rng.random() / 20))
            try:
                for _ in range(rng.randint(1, 12)):
                    await follower.step(connection, rng.randrange(10**9))
                    await asyncio.sleep(0.01)
            except psycopg.OperationalError:
                cut.append(pid)
            await killer
            await connection.close()

    cut: list[int] = []
    rooms = [asyncio.create_task(room()) for _ in range(2)]
    try:
        tally = await simulation.live(made, seed)
    finally:
        done.set()
        await asyncio.gather(*rooms)
    await shop.settle(database, tally.end_ms)
    await run_room(database)
    await must_be_full(database, made.tenant)
    assert cut, "nothing was cut: the test tests nothing"
    kinds = {k for (k,) in await shop.query(database, "select distinct kind from board_counts")}
    assert kinds == set(map(int, Kind)) - {Kind.ABROAD, Kind.ABROAD_SLOT}  # all of it in CNY


async def _kill(url: str, pid: int, after_s: float) -> None:
    """Take a connection away in the middle, as a kill of the worker does."""
    await asyncio.sleep(after_s)
    await shop.query(url, "select pg_terminate_backend(%s)", pid)


async def test_replays_and_rebuilding_change_nothing(database: str) -> None:
    made = await stage(database)
    tally = await simulation.live(made, 23)
    await shop.settle(database, tally.end_ms)
    await run_room(database)
    before = await _stored(database)
    assert len(before) > 50
    await shop.query(database, "update cursors set position=0 where name='rows' returning 1")
    await run_room(database)
    assert await _stored(database) == before
    await shop.query(database, "update board_counts set n=n+7 returning 1")
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        world = await masters.load(connection, made.tenant, 0.0, 1)
        folder = BoardFolder(made.tenant, world.book)
        report = await fold_rows(connection, made.tenant, [folder])
        assert {d.code for d in report.differences} == {"board_differs"}
        await board.rebuild(connection, made.tenant)
        asked = Asked(states=(110,))
        assert await counts.count_by_board(connection, made.tenant, asked) is None
    await run_room(database)
    assert await _stored(database) == before
    await must_be_full(database, made.tenant)


async def test_a_rebuilding_in_parts_beside_new_orders(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Orders change before and behind the place that the rebuilding has reached."""
    monkeypatch.setattr(board, "BOARD_REBUILD_ROWS", 7)
    made = await stage(database)
    day = asyncio.create_task(simulation.live(made, 24))
    step = rows_room.begin(database)
    connection = await write.connect(database)
    reached: set[str] = set()
    begun = False
    try:
        while not day.done():
            await shop.settle(database, made.start_ms)
            await step(connection)
            if not begun and len(await shop.query(database, "select 1 from orders")) > 60:
                begun = True
                await board.rebuild(connection, made.tenant)
            for (at,) in await shop.query(database, "select at::text from board_rebuilds"):
                reached.add(at)
        await shop.settle(database, (await day).end_ms)
        while await step(connection):
            pass
    finally:
        await connection.close()
    assert len(reached) > 3
    assert await shop.query(database, "select 1 from board_rebuilds") == []
    await must_be_full(database, made.tenant)


def test_orders_counted_before_currencies_were_told_apart() -> None:
    """They are taken away as they were added, and counted again with their currency."""
    old, new = (marks.dump(marks.mark([], {}, c)) for c in (marks.CURRENCY, "USD"))
    sums: marks.Sums = {}
    marks.add(sums, ("api", 7, 20, 3, old), 1, marks.amount_of(500, "USD", old))
    for raw, sign in ((new, 1), (old, -1)):
        marks.add(sums, ("api", 7, 20, 3, raw), sign, sign * marks.amount_of(500, "USD", raw))
    fresh: marks.Sums = {}
    marks.add(fresh, ("api", 7, 20, 3, new), 1, 500)
    assert {k: v for k, v in sums.items() if v != (0, 0)} == fresh
    assert fresh[Kind.ABROAD, 3, "api", 0, "USD", 20] == (1, 500)
    assert fresh[Kind.STATE, 3, "api", 0, "", 20] == (1, 0)


async def _stored(url: str) -> list[tuple[Any, ...]]:
    rows = await shop.query(
        url, "select * from board_counts where n<>0 or amount<>0 order by 1,2,3,4,5,6,7"
    )
    return [*rows, *await shop.query(url, "select * from board_holds order by id")]


async def test_exact_counts_are_those_of_the_rows(database: str) -> None:
    made = await stage(database)
    tally = await simulation.live(made, 26)
    await shop.settle(database, tally.end_ms)
    await run_room(database)
    tenant = tally_tenant(database)
    rows = await shop.query(database, "select channel, state, wh, id from orders")
    day_ms = made.start_ms // 86_400_000 * 86_400_000
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:

        async def count(**said: Any) -> int | None:
            told = await counts.count_by_board(connection, tenant, Asked(**said))
            return sum(n for n, _ in told.values()) if told else None

        assert await count() == len(rows)
        assert await count(channels=("jd", "pdd")) == len(
            [r for r in rows if r[0] in ("jd", "pdd")]
        )
        assert await count(states=(35,), warehouses_not=(-1,)) == len(
            [r for r in rows if r[1] == 35 and r[2] != -1]
        )
        end_ms = day_ms + 36 * 3_600_000
        assert await count(placed_from_ms=day_ms, placed_to_ms=end_ms, states_not=(5,)) == len(
            [r for r in rows if r[1] != 5 and day_ms <= r[3].int >> 80 < end_ms]
        )
        assert await count(placed_from_ms=day_ms + 1) is None
        assert await count(placed_from_ms=day_ms, states=(35,)) is None
        assert await count(amount_from=100) is None


async def test_holds_tell_since_when(database: str) -> None:
    """The hold that has lasted, not the one before it, nor the placing."""
    tenant = await shop.furnish(database, shop.everywhere(25))
    clock = simulation.Clock(shop.PAID_MS + 60_000)
    hub = Hub(database, clock)
    await hub.start()
    (placed,) = shop.answers(await hub.place([shop.request(tenant, "H1")]))
    times = {}
    for event, reason in (("hold", "first"), ("unhold", "first"), ("hold", "a"), ("hold", "b")):
        clock.ms += 3_600_000
        times[reason] = clock.ms
        done = await hub.act(
            tenant, placed.order, Command(event=event, reason=reason, by="tests"), shop.TESTER
        )
        assert isinstance(done, Answer)
    await hub.close()
    await shop.settle(database, clock.ms)
    await run_room(database)
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        (hold,) = await board_holds.newest(connection, tenant, "taobao", None, 10)
        assert await board_holds.newest(connection, tenant, "jd", None, 10) == []
    assert (hold.id, hold.since_ms, hold.reason) == (placed.order, times["a"], "a")
    assert hold.amount == placed.total
