"""The one write: all of it or nothing; every array arrives as it was sent."""

from __future__ import annotations

import datetime
import uuid

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from danshu.kernel.errors import NotAvailable, UnknownOutcome
from danshu.ledger import write
from danshu.ledger.write import GuardFailed, Statement
from tests.fixtures.ledger import Connection, Pen, make_tenant, new_stream, query

pytest_plugins = ["tests.fixtures.engine"]
pytestmark = pytest.mark.anyio

TEXTS = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=9)
US = st.integers(-(10**15), 4 * 10**15)
SAME_DATABASE = settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


async def echo(url: str, type_: str, array: write.Array) -> list:
    async with await write.connect(url) as connection:
        cursor = connection.cursor(binary=True)
        await cursor.execute(
            f"select x from unnest(%b::{type_}[]) with ordinality u(x,n) order by n", (array,)
        )
        return [row[0] for row in await cursor.fetchall()]


@pytest.fixture
def anyone(database: str) -> str:
    return database


@SAME_DATABASE
@given(values=st.lists(st.integers(-(2**15), 2**15 - 1)))
async def test_int2s(anyone: str, values: list[int]) -> None:
    assert await echo(anyone, "int2", write.int2s(values)) == values


@SAME_DATABASE
@given(values=st.lists(st.integers(-(2**31), 2**31 - 1)))
async def test_int4s(anyone: str, values: list[int]) -> None:
    assert await echo(anyone, "int4", write.int4s(values)) == values


@SAME_DATABASE
@given(values=st.lists(st.integers(-(2**63), 2**63 - 1)))
async def test_int8s(anyone: str, values: list[int]) -> None:
    assert await echo(anyone, "int8", write.int8s(values)) == values


@SAME_DATABASE
@given(values=st.lists(st.uuids()))
async def test_uuids(anyone: str, values: list[uuid.UUID]) -> None:
    assert await echo(anyone, "uuid", write.uuids(values)) == values


@SAME_DATABASE
@given(values=st.lists(st.binary(max_size=300)))
async def test_byteas(anyone: str, values: list[bytes]) -> None:
    assert await echo(anyone, "bytea", write.byteas(values)) == values


@SAME_DATABASE
@given(values=st.lists(TEXTS))
async def test_texts(anyone: str, values: list[str]) -> None:
    assert await echo(anyone, "text", write.texts(values)) == values


@SAME_DATABASE
@given(values=st.lists(US))
async def test_times(anyone: str, values: list[int]) -> None:
    expected = [
        datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(microseconds=each)
        for each in values
    ]
    assert await echo(anyone, "timestamptz", write.times(values)) == expected


@SAME_DATABASE
@given(values=st.lists(st.one_of(st.just(0), US)))
async def test_times_or_null(anyone: str, values: list[int]) -> None:
    given_back = await echo(anyone, "timestamptz", write.times_or_null(values))
    assert [each is None for each in given_back] == [each == 0 for each in values]
    assert [each for each in given_back if each] == await echo(
        anyone, "timestamptz", write.times([each for each in values if each])
    )


async def count(connection: Connection) -> int:
    [(facts,)] = await query(connection, "select count(*) from facts")
    return int(facts)


async def test_rows_come_back_for_the_statements_that_ask(database: str) -> None:
    async with await write.connect(database) as connection:
        got = await write.commit(
            connection,
            [
                Statement("select 1", ()),
                Statement(
                    "select x from unnest(%b::int4[]) x", (write.int4s([4, 5]),), returns=True
                ),
                Statement("select 'a', 2", (), returns=True),
            ],
        )
        assert got == [[(4,), (5,)], [("a", 2)]]


BREAKS = {
    "guard": (Statement("select 1/(count(*) = 1)::int from facts where false", ()), GuardFailed),
    "same key": (
        Statement(
            "insert into tenants(id,code,name,salt) overriding system value"
            " values (1,'x','x',''),(1,'y','y','')",
            (),
        ),
        psycopg.errors.UniqueViolation,
    ),
    "bad data": (Statement("select 'x'::int", ()), psycopg.errors.DataError),
    "killed": (Statement("select pg_terminate_backend(pg_backend_pid())", ()), UnknownOutcome),
}


@pytest.mark.parametrize("what", BREAKS)
@pytest.mark.parametrize("place", [0, 1, 2])
async def test_all_of_it_or_nothing(database: str, what: str, place: int) -> None:
    statement, error = BREAKS[what]
    async with await write.connect(database) as connection, await write.connect(database) as other:
        pen = Pen(connection, await make_tenant(other, "a"))
        statements = [pen.statement([pen.pack(new_stream(), ["x"])]) for _ in range(2)]
        statements.insert(place, statement)
        with pytest.raises(error):
            await write.commit(connection, statements)
        assert await count(other) == 0
        if what == "killed":
            assert connection.closed
        else:  # the connection goes on as if nothing had been
            await pen.note(1)
            assert await count(other) == 1


async def test_a_known_key_fails_the_guard(database: str) -> None:
    async with await write.connect(database) as connection:
        tenant = await make_tenant(connection, "a")

        def keys(*names: str) -> Statement:
            n = len(names)
            return Statement(
                write.INSERT_KEYS,
                (
                    write.int4s([tenant] * n),
                    write.texts(names),
                    write.uuids([new_stream() for _ in names]),
                    write.byteas([b"h"] * n),
                    n,
                ),
            )

        await write.commit(connection, [keys("a", "b")])
        with pytest.raises(GuardFailed):
            await write.commit(connection, [keys("c", "b")])
        await write.commit(connection, [keys("c")])
        names = await query(connection, "select okey from idem order by okey")
        assert names == [("a",), ("b",), ("c",)]


async def test_nobody_there_is_said_so() -> None:
    with pytest.raises(NotAvailable):
        await write.connect("postgresql://x@/x?host=/nowhere-at-all")
