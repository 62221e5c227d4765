"""The outbox of calls: each done once whatever is lost, by the connector that the route names; a
canary that is worse goes back by itself; a swap moves only what the far side never got.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

from danshu.capabilities.weave.routes import Way
from danshu.hub import (
    connecting,
    connector_answers,
    connector_routes,
    connectors,
    erasing,
    health_figures,
    health_room,
    health_rows,
)
from danshu.hub.connector_audit import ConnectorsFolder
from danshu.hub.worlds import Worlds
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.limits import CALL_QUIET_MS, DRAIN_QUIET_S
from danshu.ledger.fold import fold_rows
from danshu.ports.connector import Reply, Verdict
from danshu.testing import customs_brokers
from danshu.testing.customs_brokers import Mood
from tests.fixtures.connecting import TESTER, play
from tests.fixtures.ledger import query

KEYS = [f"k{n:03d}" for n in range(40)]
HEARD: list[connecting.Told] = []
TROUBLE: list[Exception] = []


async def _hear(connection, worlds, told):
    if TROUBLE:
        raise TROUBLE.pop()
    HEARD.append(told)


connecting.on_reply("test-customs", _hear)


def test_each_call_is_done_once_whatever_is_lost(monkeypatch, database):
    async def story(yard, broker):
        HEARD.clear()
        await yard.ask(*KEYS, purpose="test-customs", data=b"mine")
        await yard.ask(KEYS[0], purpose="test-customs", data=b"other")  # the same key, one call
        await yard.step()  # no route yet
        assert {call[4] for call in (await yard.calls()).values()} == {"no_route"}
        await yard.connect(broker)
        broker.mood = Mood(latency_ms=0, fail=20, lose=20)
        TROUBLE.append(NotAvailable("not now"))
        for _ in range(12):
            await yard.step(later_ms=40_000)
        assert {call[0] for call in (await yard.calls()).values()} == {"done"}
        assert [told.key for told in sorted(HEARD, key=lambda t: t.key)] == KEYS
        assert {told.data for told in HEARD} == {b"mine"}
        assert sorted(broker.books) == KEYS
        tries = [call[2] for call in (await yard.calls()).values()]
        assert max(tries) > 1

    play(monkeypatch, database, story, "rest")


def test_a_killed_process_leaves_no_half(monkeypatch, database):
    async def story(yard, broker):
        HEARD.clear()
        await yard.connect(broker)
        broker.mood = Mood(latency_ms=200)
        await yard.ask(*KEYS[:8], purpose="test-customs")
        await yard.engine.step(yard.connection)  # handed over, and killed before any answer
        handed = await query(yard.connection, "select count(*) from connector_calls where handed")
        assert handed == [(8,)]
        await yard.crash()
        yard.begin()
        await yard.step()
        assert not HEARD  # whoever had them may still be at it
        await yard.step(later_ms=200_000)
        assert sorted(told.key for told in HEARD) == KEYS[:8]
        assert len(broker.books) == 8

    play(monkeypatch, database, story, "rest")


def test_a_worse_candidate_goes_back_and_its_calls_are_looked_for_first(monkeypatch, database):
    async def story(yard, old, new):
        stable, candidate = await yard.connect(old), await yard.connect(new)
        new.mood = Mood(latency_ms=0, fail=100)
        await yard.canary(candidate, stable, 5_000)
        await yard.ask(*KEYS)
        for _ in range(6):
            await yard.step(later_ms=5_000)
        head = await yard.route()
        assert head.stage == "rolled_back"
        assert (head.by, head.route.canary) == ("connectors", None)
        assert not new.books
        # What failed there may have been done for all we know: the candidate is asked first.
        for _ in range(4):
            await yard.step(later_ms=CALL_QUIET_MS + 400_000)
        calls = await yard.calls()
        assert {call[:2] for call in calls.values()} == {("done", stable)}
        assert sorted(old.books) == KEYS

    play(monkeypatch, database, story, "rest", "window")


def test_a_swap_drains_and_loses_and_doubles_nothing(monkeypatch, database):
    async def story(yard, old, new):
        stable, candidate = await yard.connect(old), await yard.connect(new)
        await yard.canary(candidate, stable, 2_500)
        old.mood = Mood(latency_ms=0, lose=50)
        await yard.ask(*KEYS[:30])
        await yard.step()
        await connector_routes.promote(
            yard.connection, yard.tenant, "customs", TESTER, "better", yard.now_ms()
        )
        assert (await yard.desk(stable)).state == "draining"
        await yard.ask(*KEYS[30:])
        for _ in range(8):
            await yard.step(later_ms=CALL_QUIET_MS + 60_000)
        calls = await yard.calls()
        assert {call[0] for call in calls.values()} == {"done"}
        assert sorted([*old.books, *new.books]) == KEYS  # each in one of the books
        assert {call[1] for key, call in calls.items() if key in old.books} == {stable}
        await yard.connection.execute(
            "update connectors set state_at=now() - make_interval(secs=>%s)", (DRAIN_QUIET_S,)
        )
        await yard.step(later_ms=10_000)
        assert (await yard.desk(stable)).state == "off"
        with pytest.raises(InputError, match="drained"):
            await connector_routes.roll_back(
                yard.connection, yard.tenant, "customs", TESTER, "late", yard.now_ms()
            )

        # The facts give the rows, and a row that was changed by hand is seen.
        report = await fold_rows(yard.connection, yard.tenant, [ConnectorsFolder(yard.tenant)])
        assert report.differences == ()
        await yard.connection.execute("update connectors set url=url||'/x' where id=%s", (stable,))
        report = await fold_rows(yard.connection, yard.tenant, [ConnectorsFolder(yard.tenant)])
        assert [one.code for one in report.differences] == ["connector_differs"]

    play(monkeypatch, database, story, "rest", "window")


def test_answers_by_callback_and_by_people_are_told_once(monkeypatch, database):
    async def story(yard, broker):
        HEARD.clear()
        id_ = uuid.UUID(await yard.connect(broker))
        broker.mood = Mood(latency_ms=0, receipt_ms=60_000)
        await yard.ask("k1", "k2", "k3", purpose="test-customs")
        await yard.step()
        assert {call[0] for call in (await yard.calls()).values()} == {"pending"}
        worlds, done = Worlds(yard.url), Reply(verdict=Verdict.DONE, reference="P1")
        for expected in (True, False):
            async with yard.connection.transaction():
                heard = await connector_answers.hear(
                    yard.connection, worlds, yard.tenant, id_, "k1", done, yard.now_ms()
                )
            assert heard is expected
        rows = await query(yard.connection, "select id from connector_calls where key='k2'")
        for act in ("retry", "end"):
            await connector_answers.settle(
                yard.connection, worlds, yard.tenant, rows[0][0], TESTER, act, "why", yard.now_ms()
            )
        with pytest.raises(InputError, match="answered"):
            await connector_answers.settle(
                yard.connection, worlds, yard.tenant, rows[0][0], TESTER, "end", "why", 1
            )
        broker.books["k3"].status = "100"
        await yard.step(later_ms=60_000)
        told = {each.key: each.reply for each in HEARD}
        assert {key: reply.verdict.value for key, reply in told.items()} == {
            "k1": "done",
            "k2": "refused",
            "k3": "refused",
        }
        assert len(HEARD) == 3
        assert told["k2"].code == "ended_by_person"
        # An erasure takes what the far side was asked about the order.
        order = uuid.uuid4()
        await yard.connection.execute(
            "update connector_calls set subject=%s where key in ('k1','k3')", (str(order),)
        )
        async with yard.connection.transaction():
            await erasing.erase_evidence(yard.connection, yard.tenant, order)
        rows = await query(yard.connection, "select key, body from connector_calls order by key")
        assert [(key, bytes(body) == b"{}") for key, body in rows] == [
            ("k1", True),
            ("k2", False),
            ("k3", True),
        ]

    play(monkeypatch, database, story, "window")


def test_what_can_not_be_connected_is_refused(monkeypatch, database):
    async def story(yard, broker):
        id_ = await yard.connect(broker)
        desk = await yard.desk(id_)
        assert desk.secrets == ("signing_secret",)
        with pytest.raises(InputError, match="change the route"):
            await connector_routes.switch(
                yard.connection, yard.tenant, desk.id, TESTER, "off", "x", yard.now_ms()
            )
        base = {"adapter": "customs-rest", "title": "x", "url": broker.url}
        for wish, why in (
            (connectors.Wish(**base), "key_id is missing"),
            (connectors.Wish(**{**base, "url": "http://example.com"}), "https"),
            (connectors.Wish(**{**base, "adapter": "none"}), "no adapter"),
            (connectors.Wish(**base, concurrency=0), "1 to"),
        ):
            with pytest.raises(InputError, match=why):
                await connectors.connect(yard.connection, yard.tenant, TESTER, wish, 1)
        with pytest.raises(InputError, match="adapter"):
            await connectors.amend(
                yard.connection,
                yard.tenant,
                desk.id,
                TESTER,
                connectors.Wish(adapter="customs-window", title="x", url=broker.url),
            )

    play(monkeypatch, database, story, "rest")


def test_a_far_side_that_hangs_holds_up_its_own_calls_alone(monkeypatch, database):
    async def story(yard, slow, quick):
        hanging, answering = await yard.connect(slow, concurrency=2), await yard.connect(quick)
        ways = (Way(connector=hanging, warehouses=("WH-SLOW",)), Way(connector=answering))
        await connector_routes.set_ways(
            yard.connection, yard.tenant, "customs", ways, TESTER, "test", yard.now_ms()
        )
        slow.mood = Mood(latency_ms=0, hang=100, hang_ms=600_000)
        await yard.ask(*KEYS[:6], warehouse="WH-SLOW")
        await yard.ask(*KEYS[6:])
        for _ in range(400):
            await yard.engine.step(yard.connection)
            calls = await yard.calls()
            if all(call[0] == "done" for call in calls.values() if call[1] == answering):
                break
        assert sum(call[0] == "done" for call in calls.values()) == len(KEYS) - 6
        assert {call[1] for key, call in calls.items() if key in KEYS[:6]} == {hanging}
        assert sum(call[2] for key, call in calls.items() if key in KEYS[:6]) == 2

    play(monkeypatch, database, story, "window", "rest")


def test_a_trial_asks_the_sandbox_and_tells_nobody(monkeypatch, database):
    async def story(yard, broker):
        HEARD.clear()
        wish = connectors.Wish(
            adapter="customs-rest",
            title="on trial",
            url="http://127.0.0.1:9",
            trial_url=broker.url,
            options=customs_brokers.OPTIONS["rest"],
            secrets=customs_brokers.SECRETS,
        )
        desk = await connectors.connect(yard.connection, yard.tenant, TESTER, wish, 1)
        await yard.ask("t1", purpose="test-customs", connector=desk.id, trial=True)
        await yard.ask("b1", purpose="test-customs", connector=desk.id)
        await yard.step()
        calls = await yard.calls()
        assert (calls["t1"][0], calls["b1"][0], calls["b1"][2]) == ("done", "due", 0)
        assert list(broker.books) == ["t1"]
        assert not HEARD

    play(monkeypatch, database, story, "rest")


def test_an_idle_room_asks_little(database):
    async def run():
        from danshu.hub import connectors_room
        from danshu.ledger.write import connect

        connection = await connect(database)
        try:
            engine = connectors_room.Engine(database)
            assert await engine.step(connection) == 0
            assert engine._wire is None
        finally:
            await connection.close()

    asyncio.run(run())


def test_the_health_board_rings_while_a_far_side_fails_and_when_it_is_over(monkeypatch, database):
    async def story(yard, broker):
        id_ = await yard.connect(broker)
        board, connection = health_room.Memory(), yard.connection

        async def look(times: int, apart_ms: int = 10_000) -> None:
            for _ in range(times):
                yard.later_ms += apart_ms
                await health_room.look(connection, board, yard.now_ms())

        async def told() -> list[tuple[Any, ...]]:
            return await query(
                connection, "select kind, grade, detail from alert_sends order by made, key"
            )

        await connection.execute(
            "insert into alert_channels(tenant,no,name,adapter,url,secret,lang,grade,is_on)"
            " values(%s,1,'on call','wecom','','','zh',3,true)",
            (yard.tenant,),
        )
        broker.mood = Mood(latency_ms=0, fail=100)
        await yard.ask(*KEYS[:20])
        await yard.step()
        await yard.step(later_ms=2_000)  # what was counted is written each second
        await look(2)
        ((kind, grade, detail),) = await told()
        assert (kind, grade) == ("health:connector_availability", 1)
        assert detail.startswith("0 % · ≥ 99.5 %")
        assert detail.endswith("报关行 rest")
        rows = await health_rows.read(connection, yard.tenant, yard.now_ms())
        (row,) = [r for r in rows if r.kind == "connector"]
        assert (row.subject, row.availability, row.p99_us is None) == (f"connector:{id_}", 0, False)
        assert row.state in ("failing", "open")
        # under maintenance its calls count for nothing
        scopes = {yard.tenant: frozenset({row.subject})}
        found = await health_figures.read_quick(connection, yard.now_ms(), scopes)
        assert "connector_availability" not in found.get(yard.tenant, {})
        # it answers again: days later the figure is well, and people hear so
        broker.mood = Mood(latency_ms=0)
        for _ in range(6):
            await yard.step(later_ms=600_000)
        await look(1, apart_ms=120_000)
        await look(1, apart_ms=4 * 86_400_000)
        await look(12)  # at most two steps down, of six looks each
        assert [kind for kind, *_ in await told()][1:] == ["health_over:connector_availability"]

    play(monkeypatch, database, story, "rest")
