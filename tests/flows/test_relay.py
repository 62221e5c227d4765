"""The relay: every published fact on the bus once and in the order of the log, whatever dies."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import nats
import psycopg
import pytest

from danshu.hub import event_forms, relay_rewinding, relay_room
from danshu.kernel.errors import InputError
from danshu.ledger import follow
from tests.faults.killing import Connection, Step, kill_everywhere
from tests.fixtures.engine import ask, tell
from tests.fixtures.hub import House
from tests.fixtures.nats import Bus, open_bus

STREAM = "danshu-events"
HOW = Path(__file__).parents[2] / "docs/how-to/read-from-nats.md"


@pytest.fixture(scope="module")
def bus() -> Iterator[Bus]:
    with pytest.MonkeyPatch.context() as patch, open_bus() as opened:
        # a machine that is busy must not look like a bus that is away
        patch.setattr("danshu.adapters.buses.jetstream.BUS_CONNECT_S", 60)
        patch.setattr("danshu.adapters.buses.jetstream.BUS_ACK_S", 60)
        yield opened


def relay(house: House, url: str, **how: Any) -> int:
    """A worker comes, relays all there is, and goes."""

    async def run() -> int:
        worker = relay_room.Relay(url, **how)
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            done = 0
            while more := await worker.step(c):
                done += more
            await worker.close()
        return done

    return asyncio.run(run())


def read(bus: Bus) -> list[tuple[str, dict[str, str], list[dict[str, Any]]]]:
    """Read the stream from its beginning: subject, headers, events of each message."""

    async def run() -> list[Any]:
        client = await nats.connect(bus.url)
        stream = client.jetstream(timeout=60)
        pull = await stream.pull_subscribe("danshu.events.>", stream=STREAM)
        found = []
        with contextlib.suppress(TimeoutError):
            while True:
                got = await pull.fetch(256, timeout=0.1)
                found += [(m.subject, dict(m.headers or {}), json.loads(m.data)) for m in got]
        await client.close()
        return found

    return [(s, h, e if isinstance(e, list) else [e]) for s, h, e in asyncio.run(run())]


def told(bus: Bus) -> list[tuple[str, int]]:
    """Give the places of the merchant's events on the bus, in its order."""
    return [
        (event["danshubook"], int(event["danshuleaf"]))
        for subject, _, events in read(bus)
        for event in events
        if subject.startswith("danshu.events.small.")
    ]


def due(house: House) -> list[tuple[str, int]]:
    """Give the places of the merchant's published facts, as its log has them."""

    async def run() -> list[tuple[str, int]]:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            book = await (await c.execute(
                "select half, size from books where tenant=%s", (house.tenant,)
            )).fetchone()  # fmt: skip
            assert book is not None
            leaves = await follow.read_leaves(c, house.tenant, book[0], 0, book[1])
        return [
            (leaf.half, leaf.position)
            for leaf in leaves
            if event_forms.write(leaf.body, leaf.half, leaf.position) is not None
        ]

    return asyncio.run(run())


@pytest.fixture
def stream(bus: Bus) -> Bus:
    """The bus without a stream."""

    async def run() -> None:
        client = await nats.connect(bus.url)
        with contextlib.suppress(nats.js.errors.NotFoundError):
            await client.jetstream(timeout=60).delete_stream(STREAM)
        await client.close()

    asyncio.run(run())
    return bus


def make(house: House) -> None:
    house.place()
    house.place()
    house.work("sequence")


def test_killed_at_every_word(house: House, stream: Bus) -> None:
    """Published and the cursor not moved, or neither: nothing is lost, and nothing twice."""

    def begin() -> Step:
        worker = relay_room.Relay(stream.url)

        async def step(connection: Connection) -> None:
            try:
                await worker.step(connection)
            finally:
                await worker.close()

        return step

    assert kill_everywhere(house.url, begin, lambda: make(house)) >= 6
    relay(house, stream.url)
    assert told(stream) == due(house)


class Cut:
    """A line to NATS that is cut at the nth publication: before it is there, or after it was taken
    and before anybody hears.
    """

    def __init__(self, url: str, nth: int, *, taken: bool) -> None:
        self._port = int(url.rpartition(":")[2])
        self._left, self._taken = nth, taken
        self._lines: list[asyncio.Task[None]] = []
        self.cut = False

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        async with server:
            yield f"nats://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await asyncio.gather(*self._lines)

    def _serve(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        self._lines.append(asyncio.create_task(self._lend(near, back)))

    async def _lend(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        far, on = await asyncio.open_connection("127.0.0.1", self._port)

        async def answer() -> None:
            while got := await far.read(65_536):
                if self._left <= 0 and b'"stream":"danshu-events"' in got:  # an acknowledgement
                    self.cut = True
                    break
                back.write(got)
            back.close()

        answers = asyncio.create_task(answer())
        while got := await near.read(1_048_576):
            self._left -= got.count(b"HPUB danshu.events.")
            if self._left <= 0 and not self._taken:
                self.cut = True
                break
            on.write(got)
        on.close()
        await answers


def test_the_line_is_cut(house: House, stream: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not published, then published unheard, in pairs: each event is there once, in order."""
    monkeypatch.setattr(relay_room, "RELAY_EVENTS", 4)  # several messages a window

    async def run(cut: Cut) -> None:
        async with cut.open() as url:
            worker = relay_room.Relay(url)
            async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
                await worker.step(c)
            await worker.close()

    make(house)
    for first, second in itertools.product((False, True), repeat=2):
        make(house)
        for nth, taken in ((1, first), (2, second)):
            cut = Cut(stream.url, nth, taken=taken)
            asyncio.run(run(cut))
            assert cut.cut or nth == 2
    relay(house, stream.url)
    assert told(stream) == due(house)
    make(house)
    relay(house, stream.url, types="order.pai*, order.amended")
    kinds = [event["type"] for _, _, events in read(stream)[-2:] for event in events]
    assert kinds[-2:] == ["danshu.order.paid"] * 2
    with pytest.raises(InputError):
        relay_room.Relay("", types="order.paid,order.unheard_of")


def test_one_by_one_and_again(house: House, stream: Bus, tmp_path: Path) -> None:
    make(house)
    relay(house, stream.url, single=True)
    assert told(stream) == due(house)
    single = [event for name, _, (event,) in read(stream) if ".small." in name]
    subject, headers, (event,) = next(m for m in read(stream) if "order.paid" in m[0])
    assert subject == "danshu.events.small.payment.order.paid"
    assert headers["Content-Type"] == "application/cloudevents+json"
    assert headers["Nats-Msg-Id"].startswith(f"small/{event['danshubook']}/{event['danshuleaf']}+1")

    def rewind(start: str) -> list[relay_rewinding.Rewound]:
        async def run() -> list[relay_rewinding.Rewound]:
            async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
                return await relay_rewinding.rewind(c, house.tenant, start)

        return asyncio.run(run())

    first = due(house)[-3][1]
    (back,) = rewind(str(first))
    assert (back.position, back.epoch) == (first, 1)
    relay(house, stream.url)
    assert told(stream) == [*due(house), *due(house)[-3:]]
    (back,) = rewind(event["time"])  # the stream is lost: all that was said since is told again
    tell(house.url, "update relays set since='2000-01-01' where tenant=0")
    relay(house, stream.url)
    batched = [
        event
        for name, _, events in read(stream)
        if name.endswith("small.batch")
        for event in events
    ]
    assert batched[-1] == single[-1]  # in a batch it is the same
    assert set(told(stream)[len(due(house)) + 3 :]) >= {p for p in due(house) if p[1] >= 46}
    assert ask(house.url, f"select epoch from relays where tenant={house.tenant}") == 2
    block = HOW.read_text("utf-8").partition("```python\n")[2].partition("```")[0]
    space: dict[str, Any] = {}
    exec(compile(block, HOW.name, "exec"), space)  # the page's consumer, as a reader would type it
    asyncio.run(space["consume"](stream.url, "small", str(tmp_path / "seen.db"), 0.2))
    with sqlite3.connect(tmp_path / "seen.db") as seen:
        assert seen.execute("select count(*), min(amount_fen) from paid").fetchone() == (2, 4480)
        assert seen.execute("select count(*) from seen").fetchone() == (len(due(house)),)
    for wrong in ("yesterday", "2026-11-30T08:00:00", "1999h1/3", "2000h1/0", "999999"):
        with pytest.raises(InputError):
            rewind(wrong)


def test_a_fact_that_cannot_be_told_stops_its_book_alone(
    house: House, stream: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = event_forms.append

    def fail(batch: bytearray, body: bytes, half: str, position: int) -> bool:
        if b'"type":"order.paid"' in body:
            raise ValueError
        return append(batch, body, half, position)

    make(house)
    with monkeypatch.context() as patch:
        patch.setattr(event_forms, "append", fail)
        patch.setattr(relay_room, "RELAY_EVENTS", 4)
        relay(house, stream.url)
        before, subjects = told(stream), {subject for subject, _, _ in read(stream)}
    assert 0 < len(before) < len(due(house))
    assert "danshu.events.second.batch" in subjects
    make(house)
    relay(house, stream.url)
    assert told(stream) == due(house)


def test_another_log_under_the_same_name_skips_nothing(house: House, stream: Bus) -> None:
    """A restored backup, or a new installation: what the bus has bears another mark."""
    make(house)

    half = due(house)[0][0]

    async def forge() -> None:
        client = await nats.connect(stream.url)
        jetstream = client.jetstream(timeout=60)
        await jetstream.add_stream(name=STREAM, subjects=["danshu.events.>"])
        name = {"Nats-Msg-Id": f"small/{half}/0+60/abcdef012345"}
        await jetstream.publish("danshu.events.small.batch", b"[]", headers=name)
        await client.close()

    asyncio.run(forge())
    relay(house, stream.url)
    assert told(stream) == due(house)
