"""Pages of the workbench: all of what is asked for, once, in the order of the sort, however little
one page may read.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from danshu.bench import list_rows, list_views
from danshu.hub import compose, counts, filters, workbench
from danshu.hub.filters import Asked
from tests.fixtures.engine import ask

SIZE = 1_000
NOW_MS = 1_795_345_200_000
_ROWS = """
select w.id, w.due, w.total, w.wh, w.state, w.promise, w.short, w.channel, w.region, w.holds,
  array(select tag from order_tags t where t.tenant=w.tenant and t.id=w.id) as tags,
  coalesce(a.assignee, '') as who
from worklist w left join order_assignees a on a.tenant=w.tenant and a.id=w.id
"""


@pytest.fixture
def filled(databases: Callable[[], str]) -> tuple[str, list_rows.Known, list[Any]]:
    """A merchant with orders of every kind, and all its rows."""
    url = databases()
    compose.prepare(url)
    with psycopg.connect(url, autocommit=True) as connection:
        known = list_rows.fill(connection, SIZE, NOW_MS)
        with connection.cursor(row_factory=psycopg.rows.namedtuple_row) as cursor:
            rows = cursor.execute(_ROWS).fetchall()
    assert len(rows) == SIZE
    return url, known, rows


def meets(asked: Asked, row: Any) -> bool:
    """Say again, in plain words, what a filter means."""
    due_ms = row.due.timestamp() * 1000 if row.due else None
    placed_ms = row.id.int >> 80
    region = any(
        row.region.startswith(p[:-1]) if p.endswith("%") else row.region == p for p in asked.regions
    )
    checks = [
        not asked.channels or row.channel in asked.channels,
        row.channel not in asked.channels_not,
        not asked.states or row.state in asked.states,
        row.state not in asked.states_not,
        not asked.warehouses or row.wh in asked.warehouses,
        not asked.regions or region,
        not asked.tags or bool(set(asked.tags) & set(row.tags)),
        set(asked.tags_all) <= set(row.tags),
        not set(asked.tags_not) & set(row.tags),
        not asked.assignees or row.who in asked.assignees,
        row.who not in asked.assignees_not,
        not asked.standings or row.promise in asked.standings,
        row.promise not in asked.standings_not,
        not asked.holds or bool(set(asked.holds) & set(row.holds or ())),
        asked.held is None or bool(row.holds) is asked.held,
        asked.short is None or row.short is asked.short,
        asked.due_from_ms is None or (due_ms is not None and due_ms >= asked.due_from_ms),
        asked.due_to_ms is None or (due_ms is not None and due_ms < asked.due_to_ms),
        asked.placed_from_ms is None or placed_ms >= asked.placed_from_ms,
        asked.placed_to_ms is None or placed_ms < asked.placed_to_ms,
        asked.amount_from is None or row.total >= asked.amount_from,
        asked.amount_to is None or row.total < asked.amount_to,
    ]
    return all(checks)


def rank(sort: str) -> Callable[[Any], Any]:
    """Say again what comes first."""
    return {
        "due": lambda r: (r.due is None, r.due.timestamp() if r.due else 0,
                          r.id.int if r.due else -r.id.int),
        "-placed": lambda r: -r.id.int,
        "-amount": lambda r: (-r.total, -r.id.int),
        "amount": lambda r: (r.total, r.id.int),
    }[sort]  # fmt: skip


async def read_all(url: str, tenant: int, asked: Asked, sort: str) -> list[uuid.UUID]:
    """Read page after page, as a person scrolls, through the cursor's own text."""
    seen: list[uuid.UUID] = []
    text = "any question"
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        at: workbench.Place | None = None
        for _ in range(SIZE):
            page = await workbench.page(connection, tenant, asked, sort, at, 61)
            assert page.sort == sort
            assert len(page.rows) <= 61
            seen += [r.id for r in page.rows]
            if page.next is None:
                return seen
            cursor = workbench.write_cursor(text, sort, page.next)
            at = workbench.read_cursor(text, sort, cursor)
            assert at == page.next
    raise AssertionError("the list does not end")


EXTRA = [
    "tag.all.标签0",
    "assignee.nin.none;state.in.paid,allocated,shipped,held",
    "assignee.in.none,person:1;promise.in.running",
    "promise.in.broken,warned;channel.nin.jd",
    "short.is.yes",
    "hold.in.none;state.in.cancelled",
    "state.in.placed,confirmed,paid,held,allocated,released",
    "placed.ge.-10d;placed.lt.-2d;state.in.delivered",
    "placed.ge.-5d",
    "amount.ge.300000;channel.in.jd,pdd",
    "due.lt.1d;warehouse.in.1,2,3,4,5,6",
]


@pytest.mark.parametrize("tight", [False, True])
def test_every_page_of_every_view(
    filled: tuple[str, list_rows.Known, list[Any]], tight: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`tight`: a page may read next to nothing, so that most of them end where they stand."""
    url, known, rows = filled
    if tight:
        monkeypatch.setattr(workbench, "SCAN_ROWS", 90)
        monkeypatch.setattr(workbench, "SCAN_CHUNK", 20)
        monkeypatch.setattr(workbench, "SCAN_CANDIDATES", 5)
    draw = random.Random(7)
    texts = [v.ask(draw, known) for v in list_views.VIEWS]
    found = 0
    for text in [t for t in texts if "q.is" not in t] + EXTRA:
        asked = filters.resolve(filters.parse(text), list_views.WAREHOUSES, "", NOW_MS)
        wanted = [r for r in rows if meets(asked, r)]
        found += len(wanted)
        for sort in workbench.SORTS:
            got = asyncio.run(read_all(url, known.tenant, asked, sort))
            assert got == [r.id for r in sorted(wanted, key=rank(sort))], (text, sort)
    assert found > SIZE, "the questions find too little to test much"


def test_words_are_found_newest_first_when_they_are_too_many(
    filled: tuple[str, list_rows.Known, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, known, rows = filled
    monkeypatch.setattr("danshu.hub.lists.SCAN_MS", 60_000)  # of a busy machine too
    asked = Asked(q=known.skus[0])
    few = asyncio.run(read_all(url, known.tenant, asked, "due"))
    assert len(few) > 50
    by_id = {r.id: r for r in rows}
    assert few == [r.id for r in sorted([by_id[i] for i in few], key=rank("due"))]

    async def page(at: workbench.Place | None) -> workbench.Page:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            return await workbench.page(connection, known.tenant, asked, "due", at, 20)

    monkeypatch.setattr("danshu.hub.lists.SCAN_CANDIDATES", 30)
    seen, at = [], None
    while True:
        read = asyncio.run(page(at))
        assert read.sort == "-placed"
        seen += [r.id for r in read.rows]
        at = read.next
        if at is None:
            break
    assert seen == sorted(few, reverse=True)


def test_a_cursor_belongs_to_its_question() -> None:
    at = workbench.Place(0, 5, uuid.UUID(int=7))
    text = workbench.write_cursor("a", "due", at)
    assert workbench.read_cursor("a", "due", text) == at
    for question, sort, cursor in [("b", "due", text), ("a", "amount", text), ("a", "due", "x")]:
        with pytest.raises(Exception, match="cursor"):
            workbench.read_cursor(question, sort, cursor)


def test_the_merchant_next_door_sees_nothing(
    filled: tuple[str, list_rows.Known, list[Any]],
) -> None:
    url, known, _ = filled
    for sort in workbench.SORTS:
        assert asyncio.run(read_all(url, known.tenant + 1, Asked(), sort)) == []
    assert ask(url, "select count(*) from worklist") == SIZE


def test_counts_are_those_of_the_list(
    filled: tuple[str, list_rows.Known, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the board cannot know is counted in the list; beyond the limit it says so."""
    url, known, rows = filled
    monkeypatch.setattr("danshu.hub.counts.COUNT_MS", 60_000)  # of a busy machine too

    async def count(text: str) -> counts.Count:
        asked = filters.resolve(filters.parse(text), list_views.WAREHOUSES, "", NOW_MS)
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            return await counts.count_orders(connection, known.tenant, asked)

    for text in EXTRA:
        asked = filters.resolve(filters.parse(text), list_views.WAREHOUSES, "", NOW_MS)
        wanted = [r for r in rows if meets(asked, r)]
        if text.startswith(("state.in", "placed.ge.-5d")):
            continue  # the board's, which has counted nothing here
        told = asyncio.run(count(text))
        amount = sum(a.amount for a in told.amounts)  # all of them in CNY
        assert (told.count, amount) == (len(wanted), sum(r.total for r in wanted)), text
        assert told.exact
    monkeypatch.setattr("danshu.hub.counts.COUNT_ROWS", 5)
    monkeypatch.setattr("danshu.hub.counts.SCAN_CANDIDATES", 5)
    assert not asyncio.run(count("amount.ge.300000;channel.in.jd,pdd")).exact
    some = asyncio.run(count("due.lt.1d;warehouse.in.1,2,3,4,5,6"))
    assert (some.count, some.exact) == (5, False)
