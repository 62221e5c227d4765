"""The rooms `time` and `stamp`: what they write, once, however often they are killed."""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from danshu.hub import stamping, time_settings, timing, trusted_time
from danshu.hub.compose import Hub
from danshu.hub.timing import Look
from danshu.kernel import fact
from danshu.kernel.errors import NotAvailable
from danshu.kernel.limits import (
    CLOCK_GOOD,
    CLOCK_STALE_S,
    STAMP_EVERY_S,
    STAMP_RETRY_MAX_S,
    STAMP_RETRY_S,
)
from danshu.ledger import stamps, write
from danshu.ledger.seal import Sealer
from danshu.ledger.sequence import Sequencer
from danshu.ports.clock import Reading
from danshu.testing.ntp import open_ntp
from danshu.testing.tsa import Tsa, open_tsa
from tests.fixtures.ledger import HALF, NOW_MS, Pen, drain, make_tenant, query

pytest_plugins = ["tests.fixtures.engine"]
pytestmark = pytest.mark.anyio
NOW_US = NOW_MS * 1000
S = 1_000_000
NEEDS_OPENSSL = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="the reference authority is `openssl ts`"
)


@pytest.fixture
async def connection(database: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    opened = await write.connect(database)
    yield opened
    await opened.close()


def look(error_us: int = 1_500, trouble: str = "", source: str = "a") -> Look:
    reading = Reading(
        source=source, stratum=2, offset_us=500, delay_us=0, dispersion_us=error_us - 500,
        trouble=trouble,
    )  # fmt: skip
    return Look(readings=(reading,), sample=timing.select((reading,), 1, 0))


async def told(connection: psycopg.AsyncConnection[Any], tenant: int) -> list[tuple[str, str]]:
    rows = await query(connection, "select body from facts where tenant=%s order by stream", tenant)
    bodies = [msgspec.json.decode(b) for (row,) in rows for b in fact.unpack(row)]
    return [(b["type"], b["data"].get("why", "")) for b in bodies if b["type"] != "test.noted"]


class Killed(Exception):
    """The process ends here."""


class Dying:
    """A connection whose process is killed at the nth statement: what is open is rolled back."""

    def __init__(self, connection: psycopg.AsyncConnection[Any], statements: int) -> None:
        self._connection = connection
        self._left = statements

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def execute(self, *args: Any, **more: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            raise Killed
        return await self._connection.execute(*args, **more)


async def test_a_fault_is_told_to_every_merchant_once(
    connection: psycopg.AsyncConnection[Any],
) -> None:
    tenants = [await make_tenant(connection, code) for code in ("one", "two")]
    at_us = NOW_US
    for each in [look(), look(200_000), look(300_000), *[look()] * (CLOCK_GOOD + 1)]:
        at_us += 10 * S
        await timing.record(connection, "n", each, at_us, True)
    for tenant in tenants:
        assert await told(connection, tenant) == [
            ("clock.faulted", "error"), ("clock.restored", ""),
        ]  # fmt: skip
    rows = await query(connection, "select why, error_us, until_us - since_us from clock_faults")
    assert rows == [("error", 200_000, (CLOCK_GOOD + 1) * 10 * S)]
    rows = await query(connection, "select word, source, error_us, good from clock_states")
    assert rows == [("measured", "a", 1_500, CLOCK_GOOD + 1)]
    rows = await query(connection, "select error_us, chosen from clock_samples order by at_us")
    assert rows[1] == (200_000, True)
    assert len(rows) == CLOCK_GOOD + 4


async def test_killed_between_any_two_statements(connection: psycopg.AsyncConnection[Any]) -> None:
    tenants = [await make_tenant(connection, code) for code in ("one", "two")]
    await timing.record(connection, "n", look(), NOW_US, True)
    died = 0
    for statements in range(20):
        dying: Any = Dying(connection, statements)
        try:
            await timing.record(dying, "n", look(200_000), NOW_US + 10 * S, True)
        except Killed:
            died += 1
            assert [await told(connection, t) for t in tenants] == [[], []]
            state = await query(connection, "select word from clock_states")
            assert state == [("measured",)]
        else:
            break
    assert died >= 9
    # another worker that took the same look adds nothing
    await timing.record(connection, "n", look(200_000), NOW_US + 10 * S, True)
    assert [await told(connection, t) for t in tenants] == [[("clock.faulted", "error")]] * 2


async def test_a_jump_of_the_clock_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = timing.Watch()
    assert watch.step_us() == 0
    far_ns = timing.steady_ns() + 10**15  # the wall clock was set back by as much
    monkeypatch.setattr(timing, "steady_ns", lambda: far_ns)
    assert watch.step_us() < -(10**11)


async def test_samples_are_swept(connection: psycopg.AsyncConnection[Any]) -> None:
    await timing.record(connection, "n", look(), NOW_US, True)
    await timing.record(connection, "n", look(), NOW_US + 86_401 * S, True)
    assert await query(connection, "select count(*) from clock_samples") == [(1,)]


async def test_the_room_asks_the_servers(
    database: str, connection: psycopg.AsyncConnection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")  # no chrony
    with open_ntp() as one, open_ntp() as two:
        monkeypatch.setenv("DANSHU_NTP_SERVERS", f"{one.address},{two.address}")
        step = timing.begin(database)
        assert await step(connection) == 0
        assert await step(connection) == 0  # it is not time yet
        assert (one.asked, two.asked) == (1, 1)
        state = await trusted_time.state(connection)
        assert (state.word, state.ok, state.waits) == ("measured", True, False)
        assert state.src in (one.address, two.address)
        assert f"src={state.src}" in state.told
        two.offset_us = -900_000
        for _ in range(3):
            await timing.begin(database)(connection)
    state = await trusted_time.state(connection)
    assert (state.word, state.why, state.ok, state.waits) == ("faulted", "disagree", False, True)
    # sources that are taken away end no fault
    monkeypatch.setenv("DANSHU_NTP_SERVERS", "none")
    await timing.begin(database)(connection)
    assert (await trusted_time.state(connection)).word == "faulted"


STANDINGS: list[tuple[list[Look], bool, int, str, tuple[str, bool, bool]]] = [
    ([], True, 0, "", ("unmeasured", False, False)),
    ([], True, 0, "1", ("unmeasured", False, True)),
    ([look(trouble="silent")] * 5, False, 0, "", ("unmeasured", False, False)),
    ([look()], True, 0, "", ("measured", True, False)),
    ([look()], True, CLOCK_STALE_S, "", ("measured", True, False)),
    ([look()], True, CLOCK_STALE_S + 1, "", ("stale", False, True)),
    ([look(trouble="silent")] * 5, True, 0, "", ("faulted", False, True)),
    ([look(200_000)], False, CLOCK_STALE_S + 1, "", ("faulted", False, True)),
]


async def test_where_the_clock_stands(
    connection: psycopg.AsyncConnection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for looks, configured, age_s, required, expected in STANDINGS:
        await connection.execute("truncate clock_states, clock_samples, clock_faults")
        monkeypatch.setenv("DANSHU_TIME_REQUIRED", required)
        for n, each in enumerate(looks):
            await timing.record(connection, "n", each, NOW_US + n * 10 * S, configured)
        last_us = NOW_US + max(0, len(looks) - 1) * 10 * S
        state = await trusted_time.state(connection, last_us + age_s * S)
        assert (state.word, state.ok, state.waits) == expected


async def test_the_worst_machine_counts(connection: psycopg.AsyncConnection[Any]) -> None:
    await timing.record(connection, "good", look(), NOW_US, True)
    await timing.record(connection, "slow", look(90_000), NOW_US, True)
    assert (await trusted_time.state(connection, NOW_US)).err_us == 90_000
    await timing.record(connection, "bad", look(200_000), NOW_US, True)
    assert (await trusted_time.state(connection, NOW_US)).word == "faulted"
    # a machine that is gone says nothing any more
    later_us = NOW_US + 300 * S
    await timing.record(connection, "good", look(), later_us, True)
    assert (await trusted_time.state(connection, later_us)).word == "measured"


class Book:
    """A merchant's book that grows, is sealed and stamped."""

    def __init__(self, connection: psycopg.AsyncConnection[Any], tenant: int) -> None:
        self.connection = connection
        self.tenant = tenant
        self.pen = Pen(connection, tenant)
        self._sequencer, self._sealer = Sequencer(), Sealer(every_ms=0)

    async def grow(self, facts: int = 1) -> uuid.UUID:
        (stream,) = await self.pen.note(facts)
        await drain(self._sequencer, self.connection)
        while await self._sealer.step(self.connection, NOW_MS):
            pass
        return stream

    async def tokens(self) -> list[tuple[int, str]]:
        rows = await query(
            self.connection, "select size, algorithm from tokens order by size, algorithm"
        )
        return [(size, algorithm) for size, algorithm in rows]


@pytest.fixture
async def book(connection: psycopg.AsyncConnection[Any]) -> Book:
    return Book(connection, await make_tenant(connection, "one"))


@pytest.fixture(scope="module")
def served() -> Iterator[Tsa]:
    with open_tsa() as tsa:
        yield tsa


@pytest.fixture
def tsa(served: Tsa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tsa]:
    (tmp_path / "127.0.0.1.pem").write_bytes(served.root)
    monkeypatch.setenv("DANSHU_TSA_URLS", served.url)
    monkeypatch.setenv("DANSHU_TSA_ROOTS", str(tmp_path))
    served.fault = ""
    yield served
    served.fault = ""


async def work(book: Book, now_us: int) -> int:
    return await stamping.work(book.connection, time_settings.read(), now_us)


async def past(book: Book, seconds: int) -> None:
    """So much time passes for what is planned."""
    await book.connection.execute(
        "update stamping set next_us=next_us-%s, stamped_us=stamped_us-%s",
        (seconds * S, seconds * S),
    )


def clock_us() -> int:
    return time.time_ns() // 1000


@NEEDS_OPENSSL
async def test_a_book_that_grows_is_stamped_once_a_minute(book: Book, tsa: Tsa) -> None:
    assert await work(book, clock_us()) == 0  # there is nothing to stamp
    await book.grow(2)
    assert await work(book, clock_us()) == 2
    assert await book.tokens() == [(2, "sha256"), (2, "sm3")]
    assert await work(book, clock_us()) == 0
    await book.grow()
    assert await work(book, clock_us()) == 0  # its minute is not over
    await past(book, STAMP_EVERY_S)
    assert await work(book, clock_us()) == 2
    assert await work(book, clock_us()) == 0
    assert await book.tokens() == [(2, "sha256"), (2, "sm3"), (3, "sha256"), (3, "sm3")]
    assert await stamps.newest_stamped(book.connection, book.tenant, HALF, 1) == 3
    assert await stamps.first_stamped(book.connection, book.tenant, HALF, 1) == 2
    assert await stamps.first_stamped(book.connection, book.tenant, HALF, 4) is None
    sha, sm3 = await stamps.read_tokens(book.connection, book.tenant, HALF, 3)
    note = (await query(book.connection, "select note from checkpoints where size=3"))[0][0]
    assert sha.digest == stamping.digest_of("sha256", note)
    assert sm3.digest == stamping.digest_of("sm3", note)
    assert sha.own  # an authority on this machine is nobody's neutral third party


@NEEDS_OPENSSL
async def test_who_asks_does_not_wait_for_the_minute(book: Book, tsa: Tsa) -> None:
    await book.grow()
    await work(book, clock_us())
    await trusted_time.ask_token(book.connection, book.tenant, HALF, 2)
    assert await work(book, clock_us()) == 0  # it is not sealed yet
    await book.grow()
    await past(book, 2)
    assert await work(book, clock_us()) == 2
    assert await work(book, clock_us()) == 0
    assert [size for size, _ in await book.tokens()] == [1, 1, 2, 2]


@NEEDS_OPENSSL
@pytest.mark.parametrize("fault", ["nonce", "imprint", "expired", "500"])
async def test_a_failure_is_remembered_and_nothing_stored(book: Book, tsa: Tsa, fault: str) -> None:
    await book.grow()
    tsa.fault = fault
    for wait_s in (STAMP_RETRY_S, 2 * STAMP_RETRY_S):
        before_us = clock_us()
        assert await work(book, clock_us()) == 2
        assert await work(book, clock_us()) == 0
        rows = await query(book.connection, "select next_us from stamping")
        assert all(next_us >= before_us + wait_s * S for (next_us,) in rows)
        await past(book, wait_s + 1)
    assert await book.tokens() == []
    assert await query(book.connection, "select distinct failures, trouble<>'' from stamping") == [
        (2, True)
    ]
    tsa.fault = ""
    assert await work(book, clock_us()) == 2
    assert await query(book.connection, "select distinct failures, trouble from stamping") == [
        (0, "")
    ]


@NEEDS_OPENSSL
async def test_an_authority_without_sm3_is_asked_seldom(book: Book, tsa: Tsa) -> None:
    await book.grow()
    tsa.fault = "no_sm3"
    await work(book, clock_us())
    assert await book.tokens() == [(1, "sha256")]
    await past(book, STAMP_RETRY_MAX_S - 30)
    assert await work(book, clock_us()) == 0


async def test_without_a_root_nothing_is_believed(
    book: Book, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with open_tsa() as tsa:
        monkeypatch.setenv("DANSHU_TSA_URLS", tsa.url)
        monkeypatch.delenv("DANSHU_TSA_ROOTS", raising=False)
        await book.grow()
        await work(book, clock_us())
    rows = await query(book.connection, "select distinct trouble from stamping")
    assert rows in ([("no_roots",)], [("unreachable",)])
    assert await book.tokens() == []


@NEEDS_OPENSSL
async def test_killed_while_a_token_is_written(book: Book, tsa: Tsa) -> None:
    await book.grow()
    settings = time_settings.read()
    died = 0
    for statements in range(20):
        dying: Any = Dying(book.connection, statements)
        try:
            await stamping.work(dying, settings, clock_us())
        except Killed:
            died += 1
            rows = await query(
                book.connection,
                "select count(*) from tokens t full join (select * from stamping where size > 0) s"
                " using (tenant, half, algorithm, authority) where t.size is distinct from s.size",
            )
            assert rows == [(0,)]  # no token without its progress, no progress without its token
        else:
            break
    assert died >= 4
    await work(book, clock_us())
    assert await book.tokens() == [(1, "sha256"), (1, "sm3")]


@NEEDS_OPENSSL
async def test_an_act_of_grade_a_waits_for_its_token(
    database: str, book: Book, tsa: Tsa, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Hub(database)
    await hub.start()
    try:
        stream = await book.grow()
        wait = trusted_time.require_token
        assert await wait(hub, book.tenant, stream, 1) is None  # the clock asks for nothing
        assert await trusted_time.check_begin(book.connection) is None
        await timing.record(book.connection, "n", look(200_000), clock_us(), True)
        assert await trusted_time.check_begin(book.connection) is None
        with pytest.raises(NotAvailable):
            await wait(hub, book.tenant, stream, 1, wait_s=0.0)
        assert await work(book, clock_us()) == 2  # it was asked for
        token = await wait(hub, book.tenant, stream, 1)
        assert token is not None
        assert (token.half, token.size) == (HALF, 1)
        # an authority of our own is not enough where a neutral one is connected
        monkeypatch.setenv("DANSHU_TSA_URLS", f"{tsa.url},https://tsa.example.cn/tsr")
        with pytest.raises(NotAvailable):
            await wait(hub, book.tenant, stream, 1, wait_s=0.0)
        monkeypatch.setenv("DANSHU_TSA_URLS", "")
        refusal = await trusted_time.check_begin(book.connection)
        assert refusal is not None
        assert refusal.code == "time_untrusted"
    finally:
        await hub.close()
