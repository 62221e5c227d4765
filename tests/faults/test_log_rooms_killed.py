"""kill -9 of the rooms `heads` and `anchor` at every statement, before it and after it, one fault
and pairs of them: no entry is lost or said twice, nothing is deposited twice, the log stays one.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import psycopg

from danshu.hub import anchoring, heads
from danshu.hub.anchoring import AnchorAccount
from danshu.ledger import write
from danshu.ledger.audit import audit_log
from danshu.testing import court_chain
from tests.fixtures.engine import tell
from tests.fixtures.hub import House
from tests.flows.test_log_rooms import HOUR_MS, ask, rows, said

pytest_plugins = ["tests.fixtures.engine", "tests.fixtures.hub"]
Connection = psycopg.AsyncConnection[Any]
Work = Callable[[Connection], Awaitable[int]]
AT_MS = 1_790_000_000_000


class Killed(Exception):
    """The process ends here."""


class Dying:
    """A connection of a process that is killed at its nth statement, before the server has it or
    after: whatever is not committed then is gone with the connection.
    """

    def __init__(self, connection: Connection, nth: int, *, after: bool) -> None:
        self._connection = connection
        self._left = nth
        self._after = after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def execute(self, *args: Any, **more: Any) -> Any:
        self._left -= 1
        if self._left < 0 and not self._after:
            self._die()
        done = await self._connection.execute(*args, **more)
        if self._left < 0:
            self._die()
        return done

    def _die(self) -> None:
        self._connection.pgconn.finish()
        raise Killed


async def run(url: str, work: Work, nth: int, *, after: bool) -> bool:
    """Run a room's step in a process that is killed; False when it ended before."""
    connection = await write.connect(url)
    dying: Any = Dying(connection, nth, after=after)
    try:
        await work(dying)
    except (Killed, psycopg.OperationalError):
        return True
    finally:
        if not connection.closed:
            await connection.close()
    return False


def count(url: str, work: Work, reset: Callable[[], Any]) -> int:
    """Count the statements of a whole run, from the beginning each time."""
    for nth in itertools.count():
        reset()
        if not asyncio.run(run(url, work, nth, after=False)):
            return nth
    raise AssertionError


def count_told(house: House, type_: str) -> int:
    """Count the facts of a type; each lies in a row of its own."""
    query = f"select count(*) from facts where position('\"{type_}\"'::bytea in body) > 0"
    return int(rows(house, query)[0][0])


def faults(statements: int) -> Iterator[tuple[tuple[int, bool], ...]]:
    """A kill before each statement, and after the last one; then each with one of the next process,
    another one every time. After a statement is, for the database, before the next.
    """
    single = [*((nth, False) for nth in range(statements)), (statements - 1, True)]
    yield from ((one,) for one in single)
    yield from ((one, single[5 * at % len(single)]) for at, one in enumerate(single))


def test_heads_killed_anywhere(house: House) -> None:
    for n in range(3):
        order = house.place()["order"]
        if n:
            house.call(
                "POST", f"/v1/orders/{order}/transitions", {"event": "cancel", "reason": "x"}
            )
    house.work("sequence", "rows", "seal")
    tell(house.url, "create table kept_due as select * from heads_due")
    assert rows(house, "select cardinality(ids) from kept_due") == [(2,)]

    async def work(connection: Connection) -> int:
        made = await heads.commit_due(connection, AT_MS)
        return made + await heads.commit_closed(connection, AT_MS)

    def reset() -> list[Any]:
        entries = rows(
            house, "select start, stop, count, asked, root from heads order by asked, start"
        )
        for statement in (
            "delete from heads",
            "delete from cursors where name='heads'",
            "delete from heads_due",
            "insert into heads_due select * from kept_due",
        ):
            tell(house.url, statement)
        return entries

    statements = count(house.url, work, reset)
    assert statements >= 13
    expected, before = reset(), count_told(house, "heads.committed")
    assert [(e[2], e[3]) for e in expected] == [(3, False), (2, True)]
    for kills in faults(statements):
        for nth, after in kills:
            asyncio.run(run(house.url, work, nth, after=after))
        ask(house, work)
        assert reset() == expected, kills
        before += len(expected)
    assert count_told(house, "heads.committed") == before, "each entry was said once"
    house.work("sequence", "seal")
    assert ask(house, lambda c: audit_log(c, house.tenant)).differences == ()


PLATFORM = ("", "lost", "slow chain")


def test_deposits_killed_anywhere(house: House) -> None:
    house.place()
    house.work("sequence", "seal")
    with court_chain.serve() as platform:
        account = AnchorAccount(
            adapter="court-chain",
            url=platform.url,
            key=court_chain.KEY,
            secret=court_chain.SECRET,
            every_h=24,
        )
        ask(house, lambda c: anchoring.put_account(c, house.tenant, account))

        async def work(connection: Connection) -> int:
            return await anchoring.deposit_due(connection, AT_MS, at_once=True)

        def reset() -> list[Any]:
            kept = rows(house, "select period, evidence_no, tx, trouble from anchors")
            tell(house.url, "delete from anchors")
            tell(house.url, "delete from anchored_books")
            platform.deposits.clear()
            return kept

        statements = count(house.url, work, reset)
        assert statements >= 9
        reset()
        before = count_told(house, "anchor.deposited")
        for kills in faults(statements):
            for fault in PLATFORM if len(kills) == 1 else ("lost",):
                platform.faults = [fault] if fault else []
                for nth, after in kills:
                    asyncio.run(run(house.url, work, nth, after=after))
                platform.faults = []
                platform.mine()
                ask(house, work)
                (made,) = platform.deposits.values()
                expected = [("2026-09-21", made["evidence_no"], made["tx"], "")]
                assert reset() == expected, (kills, fault)
                before += 1
        assert count_told(house, "anchor.deposited") == before, "each deposit was said once"
    house.work("sequence", "seal")
    assert ask(house, lambda c: audit_log(c, house.tenant)).differences == ()


def test_ended_orders_do_not_wait_for_the_hour(house: House) -> None:
    placed = [house.place()["order"] for _ in range(3)]
    house.work("sequence", "rows", "seal")
    at_ms = house.hub.clock()
    assert ask(house, lambda c: heads.commit_due(c, at_ms)) >= 1
    assert ask(house, lambda c: heads.commit_closed(c, at_ms)) == 0, "nothing has ended"
    for order in placed[:2]:
        body = {"event": "cancel", "reason": "买家取消"}
        done = house.call("POST", f"/v1/orders/{order}/transitions", body)
        assert done.status_code == 200, done.text
    placed.append(house.place()["order"])
    house.work("sequence", "rows", "seal")
    assert ask(house, lambda c: heads.commit_due(c, at_ms)) == 0, "the hour has its entry"
    assert ask(house, lambda c: heads.commit_closed(c, at_ms)) == 1, "one for both"
    newest = said(house, "heads.committed")[-1]
    assert (newest["count"], newest["first"], newest["last"]) == (2, *sorted(placed[:2]))
    assert ask(house, lambda c: heads.commit_closed(c, at_ms)) == 0
    house.work("sequence", "rows", "seal")
    assert ask(house, lambda c: heads.commit_closed(c, at_ms)) == 0, "its own leaf is no order"
    # the next hour is not held up by it
    assert ask(house, lambda c: heads.commit_due(c, at_ms + HOUR_MS)) >= 1
    assert rows(house, "select count(*) from heads where asked") == [(1,)]
    # an export has nothing to ask for
    for order in placed[:2]:
        bundle = house.call("GET", f"/v1/orders/{order}/evidence")
        assert bundle.status_code == 200, bundle.text
    assert rows(house, "select count(*) from heads where asked") == [(1,)]
