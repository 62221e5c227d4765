"""The audit: clean on a clean house, and it names every kind of damage."""

from __future__ import annotations

import uuid

import pytest
from msgspec import Struct

from danshu.kernel import fact, ids, limits, merkle
from danshu.kernel.fact import Fact
from danshu.ledger import write
from danshu.ledger.audit import Difference, audit_log, fold_rows
from danshu.ledger.seal import Sealer
from danshu.ledger.sequence import Sequencer
from tests.fixtures.ledger import (
    NOW_MS,
    Connection,
    Noted,
    Pen,
    drain,
    make_tenant,
    new_stream,
    query,
)

pytest_plugins = ["tests.fixtures.engine"]
pytestmark = pytest.mark.anyio

JANUARY_MS = 1_800_000_000_000
DAY_MS = 86_400_000


async def furnished(connection: Connection) -> Pen:
    """Two books, several streams and checkpoints, a full tile, three facts not in the log yet."""
    pen = Pen(connection, await make_tenant(connection, "a"))
    sequencer, sealer = Sequencer(), Sealer(every_ms=0)
    streams = await pen.note(3, 1)
    for now_ms in (NOW_MS, JANUARY_MS):
        await pen.note(260, 2)
        await drain(sequencer, connection, now_ms)
        await sealer.step(connection, now_ms)
        await pen.add(streams[0], "more")
        await drain(sequencer, connection, now_ms)
        await sealer.step(connection, now_ms)
    await pen.note(3)
    return pen


async def test_a_clean_house(database: str) -> None:
    async with await write.connect(database) as connection:
        pen = await furnished(connection)
        report = await audit_log(connection, pen.tenant)
        assert report.clean
        assert report.differences == ()
        assert report.counts == {
            "checkpoints": 4,
            "facts": 533,
            "leaves": 530,
            "pending": 3,
            "rows": 9,
            "segments": 4,
            "streams": 7,
            "tiles": 2,
        }


async def test_a_house_without_anything(database: str) -> None:
    async with await write.connect(database) as connection:
        report = await audit_log(connection, await make_tenant(connection, "a"))
        assert (report.differences, report.counts) == ((), {})


# where `v = 1 and n = 1`: the one-fact stream of the first transaction
ONE = "stream = (select stream from facts where n = 1 and v = 1)"
DAMAGES = {
    "a fact was changed": (
        f"update facts set body = set_byte(body, 40, get_byte(body, 40) # 1) where {ONE}",
        {"log.leaf"},
    ),
    "a fact was cut": (f"update facts set body = substr(body, 1, 40) where {ONE}", {"log.rows"}),
    "a fact was removed": (f"delete from facts where {ONE}", {"log.rows", "log.facts"}),
    "a later fact was removed": ("delete from facts where v = 5", {"log.rows", "log.facts"}),
    "a count was changed": (f"update facts set n = 2 where {ONE}", {"log.rows", "stream.row"}),
    "a fact was slipped in": (
        "insert into facts(tenant,stream,v,n,xid,body) select tenant,"
        " '01a00000-0000-7000-8000-000000000001', 1, 1, xid, body from facts where n = 1 and v = 1",
        {"log.missing", "stream.chain", "log.facts"},
    ),
    "a fact passed the sequencer": (
        "insert into facts(tenant,stream,v,n,xid,body) select tenant,"
        " '01a00000-0000-7000-8000-000000000001', 1, 1, '1'::xid8, body"
        " from facts where n = 1 and v = 1",
        {"log.missing", "stream.chain", "log.facts"},
    ),
    "a fact went to another transaction": (
        f"update facts set xid = '3' where {ONE}",
        {"log.rows"},
    ),
    "a segment was removed": (
        "delete from segments where first = (select max(first) from segments)",
        {"log.book", "seal.size", "log.facts", "log.missing"},
    ),
    "a leaf was changed": (
        "update segments set hashes = set_byte(hashes, 9, get_byte(hashes, 9) # 1)"
        " where first = 0 and half = '2026h2'",
        {"log.leaf", "log.root", "log.tile", "log.facts", "seal.root", "log.book"},
    ),
    "a segment's root was changed": (
        "update segments set root = sha256('x') where first = 0 and half = '2026h2'",
        {"log.root"},
    ),
    "a tile was changed": (
        "update tiles set data = set_byte(data, 9, get_byte(data, 9) # 1)",
        {"log.tile"},
    ),
    "a tile was removed": ("delete from tiles where half = '2026h2'", {"log.tile"}),
    "a tile was added": (
        "insert into tiles select tenant, half, 3, 7, data from tiles limit 1",
        {"log.tile"},
    ),
    "a book's root was changed": ("update books set root = sha256('x')", {"log.book"}),
    "a book was removed": ("delete from books", {"log.book"}),
    "a checkpoint was forged": (
        "update checkpoints set note = set_byte(note, length(note) - 20, 65 # (get_byte(note,"
        " length(note) - 20) & 1))",
        {"seal.note"},
    ),
    "a checkpoint of another size": (
        "update checkpoints set size = size + 2 where half = '2026h2'",
        {"seal.note"},
    ),
    "the key was replaced": ("update signers set seed = sha256('x')", {"seal.note"}),
    "the last checkpoint was removed": (
        "delete from checkpoints where size = (select max(size) from checkpoints)",
        {"seal.book"},
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_it_names_the_damage(database: str, damage: str) -> None:
    change, codes = DAMAGES[damage]
    async with await write.connect(database) as connection:
        pen = await furnished(connection)
        touched = await connection.execute(change)
        assert touched.rowcount > 0
        report = await audit_log(connection, pen.tenant)
        assert codes <= {each.code for each in report.differences}, report.differences
        assert not report.clean
        assert all(each.where and each.detail for each in report.differences)


async def test_a_whole_history_that_was_forged_is_found_by_its_seals(database: str) -> None:
    """Facts, leaves, tiles and books are made anew to fit each other; only the seals are real."""
    async with await write.connect(database) as connection:
        pen = await furnished(connection)
        kept = await query(connection, "select tenant, half, size, note from checkpoints")
        [(body,)] = await query(connection, "select body from facts where n = 1 and v = 1")
        forged = body.replace(b'"text":"0"', b'"text":"1"')
        assert forged != body
        leaf = merkle.leaf_hash(next(fact.unpack(forged)))
        changed = f"update facts set body = %s, leaves = %s where {ONE}"
        await connection.execute(changed, (forged, leaf))
        for name in ("segments", "tiles", "books", "cursors", "checkpoints"):
            await connection.execute(f"delete from {name}")
        await drain(Sequencer(), connection, NOW_MS)
        assert (await audit_log(connection, pen.tenant)).differences == ()
        for row in kept:
            await connection.execute(
                "insert into checkpoints(tenant,half,size,note) values (%s,%s,%s,%s)", row
            )
        codes = {each.code for each in (await audit_log(connection, pen.tenant)).differences}
        assert "seal.root" in codes or "seal.size" in codes


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (lambda one: one.replace(b'"seq":2', b'"seq":3'), "seq 3"),
        (lambda one: one.replace(b'"source":"danshu/', b'"source":"danshu/9'), "danshu/9"),
        (lambda one: one.replace(b'"prev":"', b'"prev":"0'), "prev"),
        (lambda one: one.replace(b'"id":"', b'"id":"f'), "it says that it is f"),
        (lambda one: one[:-1], "no fact"),
        (lambda one: b"\xff" + one, "no fact"),
    ],
)
async def test_a_fact_that_lies_about_its_place(database: str, change, detail: str) -> None:
    """It was written so, and logged so: the hashes agree, only the walk over the stream sees it."""
    async with await write.connect(database) as connection:
        pen = Pen(connection, await make_tenant(connection, "a"))
        [stream] = await pen.note(1)
        one = change(next(fact.unpack(pen.pack(stream, ["two"]).body)))
        await connection.execute(
            "insert into facts(tenant,stream,v,n,body) values (%s,%s,2,1,%s)",
            (pen.tenant, stream, len(one).to_bytes(4, "big") + one),
        )
        await drain(Sequencer(), connection)
        [found] = (await audit_log(connection, pen.tenant)).differences
        assert (found.code, found.where) == ("stream.chain", f"{stream}/2")
        assert detail in found.detail


async def test_a_gap_in_a_stream(database: str) -> None:
    async with await write.connect(database) as connection:
        pen = Pen(connection, await make_tenant(connection, "a"))
        [stream] = await pen.note(1)
        pen.pack(stream, ["never written"])
        await pen.add(stream, "three")
        await drain(Sequencer(), connection)
        codes = [each.code for each in (await audit_log(connection, pen.tenant)).differences]
        assert codes == ["stream.row", "stream.chain"]


async def test_only_so_many_differences_are_told(database: str, monkeypatch) -> None:
    monkeypatch.setattr(limits, "AUDIT_DIFFERENCES", 3)
    async with await write.connect(database) as connection:
        pen = Pen(connection, await make_tenant(connection, "a"))
        for _ in range(5):
            [stream] = await pen.note(1)
            pen.pack(stream, ["never written"])
            await pen.add(stream, "three")
        report = await audit_log(connection, pen.tenant)
        assert (len(report.differences), report.more) == (3, 7)


async def test_it_reads_one_moment_and_blocks_nobody(database: str) -> None:
    """Writers and the sequencer go on while it runs: it sees the log as it was when it began."""
    async with await write.connect(database) as connection, await write.connect(database) as other:
        pen = await furnished(connection)
        async with other.transaction():
            await other.execute("set transaction isolation level repeatable read, read only")
            await other.execute("select 1 from facts limit 1")
            await pen.note(4)
            assert await drain(Sequencer(), connection, JANUARY_MS) == 7
        assert (await audit_log(other, pen.tenant)).differences == ()


class Row(Struct, frozen=True):
    """What a stream's facts add up to."""

    count: int
    last: str


class Tally:
    """A folder of the tests: a table `tally` holds the count and the last text of each stream."""

    types = frozenset({"test.noted"})

    def __init__(self) -> None:
        self.rows: dict[uuid.UUID, Row] = {}
        self.total = 0
        self.widest = 0
        self.ranges: list[tuple[uuid.UUID, uuid.UUID]] = []

    def fold(self, fact: Fact) -> None:
        assert isinstance(fact.data, Noted)
        before = self.rows.get(fact.stream, Row(0, ""))
        assert fact.seq == before.count + 1
        self.rows[fact.stream] = Row(before.count + 1, fact.data.text)
        self.total += 1

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        self.ranges.append((first, end))
        self.widest = max(self.widest, len(self.rows))
        stored = {
            id_: Row(count, last)
            for id_, count, last in await query(
                connection, "select id, n, last from tally where id >= %s and id < %s", first, end
            )
        }
        wrong = [
            id_ for id_ in stored.keys() | self.rows.keys() if stored.get(id_) != self.rows.get(id_)
        ]
        self.rows = {}
        return [Difference(code="tally.row", where=str(id_), detail="") for id_ in sorted(wrong)]

    async def finish(self, connection: Connection) -> list[Difference]:
        [(total,)] = await query(connection, "select coalesce(sum(n), 0) from tally")
        if total == self.total:
            return []
        return [Difference(code="tally.sum", where="", detail=f"{total} {self.total}")]


async def tallied(connection: Connection) -> tuple[Pen, list[uuid.UUID]]:
    """Streams of five days, and the rows that their facts should give."""
    await connection.execute("create table tally (id uuid primary key, n int, last text)")
    pen = Pen(connection, await make_tenant(connection, "a"))
    streams = []
    for day in (0, 1, 1, 1, 9, 9, 40):
        stream = new_stream(NOW_MS + day * DAY_MS)
        await pen.add(stream, "0", "1")
        await pen.add(stream, "2")
        await connection.execute("insert into tally values (%s, 3, '2')", (stream,))
        streams.append(stream)
    return pen, streams


async def test_facts_give_the_rows(database: str) -> None:
    async with await write.connect(database) as connection:
        pen, _ = await tallied(connection)
        folder = Tally()
        report = await fold_rows(connection, pen.tenant, [folder])
        assert report.differences == ()
        assert report.counts == {"facts": 21}
        assert folder.widest == 3  # never more than the streams of one day
        assert folder.ranges[0][0] == uuid.UUID(int=0)
        assert folder.ranges[-1][1] == uuid.UUID(int=2**128 - 1)
        ends = [end for _, end in folder.ranges]
        assert [first for first, _ in folder.ranges[1:]] == ends[:-1]


@pytest.mark.parametrize(
    "change",
    [
        "update tally set n = 4 where id = %s",
        "update tally set last = 'x' where id = %s",
        "delete from tally where id = %s",
    ],
)
@pytest.mark.parametrize("which", [0, 3, 6])
async def test_a_row_that_the_facts_do_not_give(database: str, change: str, which: int) -> None:
    async with await write.connect(database) as connection:
        pen, streams = await tallied(connection)
        await connection.execute(change, (streams[which],))
        report = await fold_rows(connection, pen.tenant, [Tally()])
        rows = [each.where for each in report.differences if each.code == "tally.row"]
        assert rows == [str(streams[which])]


@pytest.mark.parametrize("day", [-400, 0, 5, 700])
async def test_a_row_without_any_fact(database: str, day: int) -> None:
    async with await write.connect(database) as connection:
        pen, _ = await tallied(connection)
        extra = new_stream(NOW_MS + day * DAY_MS)
        await connection.execute("insert into tally values (%s, 1, '')", (extra,))
        found = [
            each.where for each in (await fold_rows(connection, pen.tenant, [Tally()])).differences
        ]
        assert str(extra) in found


async def test_facts_that_nobody_can_read_are_named(database: str) -> None:
    async with await write.connect(database) as connection:
        pen, streams = await tallied(connection)
        [(body,)] = await query(
            connection, "select body from facts where stream=%s and v=3", streams[0]
        )
        one = next(fact.unpack(body)).replace(b'"text":"2"', b'"text":222')
        await connection.execute(
            "update facts set body=%s where stream=%s and v=3",
            (len(one).to_bytes(4, "big") + one, streams[0]),
        )
        report = await fold_rows(connection, pen.tenant, [Tally()])
        assert [each.where for each in report.differences if each.code == "fact.read"] == [
            f"{streams[0]}/3"
        ]


def test_a_day_ends_where_the_next_begins() -> None:
    day = ids.made_ms(new_stream()) // DAY_MS
    from danshu.ledger.fold import _next_day

    end = _next_day(new_stream())
    assert ids.made_ms(end) == (day + 1) * DAY_MS
    assert _next_day(uuid.UUID(int=2**128 - 1)) == uuid.UUID(int=2**128 - 1)
