"""Of a room one process works; when its connection ends, the one that stood by goes on."""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import Any

import psycopg
import pytest

from danshu.faces.work import leading, rooms
from danshu.kernel.errors import DanshuError
from tests.tidy.tree import document

pytest_plugins = ["tests.fixtures.engine"]
pytestmark = pytest.mark.anyio
PATIENCE_S = 60.0  # only so that a failing test ends


async def until(true: Any) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not true():
            await asyncio.sleep(0.01)


def make_room(who: str, steps: list[str], pids: dict[str, int]) -> rooms.Room:
    def begin(url: str) -> rooms.Step:
        async def step(connection: psycopg.AsyncConnection[Any]) -> int:
            await connection.execute("select 1")  # every room asks the database first
            steps.append(who)
            pids[who] = connection.info.backend_pid
            return 0

        return step

    return rooms.Room("tried", begin, 0.01)


async def test_who_stands_by_goes_on_when_the_leader_is_gone(
    blank: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leading, "LOOK_S", 0.02)
    steps: list[str] = []
    pids: dict[str, int] = {}
    stop = asyncio.Event()
    out = leading.Lookout(blank)
    first = asyncio.create_task(rooms.live(make_room("first", steps, pids), blank, stop, out))
    await until(lambda: len(steps) > 2)
    second = asyncio.create_task(rooms.live(make_room("second", steps, pids), blank, stop, out))
    async with await psycopg.AsyncConnection.connect(blank, autocommit=True) as c:
        asked = (
            "select count(*) from pg_stat_activity where application_name like 'danshu work%'"
            " and datname=current_database()"
        )
        await asyncio.sleep(0.1)  # it looks five times, and opens no connection of its own
        assert (await (await c.execute(asked)).fetchone()) == (2,)  # the leader's, the lookout's
        count = len(steps)
        await until(lambda: len(steps) > count + 5)
        assert set(steps) == {"first"}
        await c.execute("select pg_terminate_backend(%s)", (pids["first"],))
        await until(lambda: "second" in steps)
        begun = steps.index("second")
        await until(lambda: len(steps) > begun + 5)
        assert set(steps[begun:]) == {"second"}  # the first came back, and stands by
    stop.set()
    await asyncio.gather(first, second)
    await out.close()


async def test_a_fault_in_a_room_ends_neither_it_nor_another(
    blank: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(rooms, "_AFTER_ERROR_S", 0.01)
    monkeypatch.setattr(leading, "LOOK_S", 0.02)
    steps: list[str] = []
    begun: list[int] = []

    def begin(url: str) -> rooms.Step:
        begun.append(len(begun))

        async def step(_: psycopg.AsyncConnection[Any]) -> int:
            return 1 // min(len(begun) - 1, 1) - 1  # the first that is begun divides by nought

        return step

    stop = asyncio.Event()
    out = leading.Lookout(blank)
    broken = rooms.Room("broken", begin, 0.01)
    async with asyncio.TaskGroup() as group:
        group.create_task(rooms.live(broken, blank, stop, out))
        group.create_task(rooms.live(make_room("whole", steps, {}), blank, stop, out))
        await until(lambda: len(begun) > 1)
        count = len(steps)
        await until(lambda: len(steps) > count + 2)
        stop.set()
    await out.close()
    (told,) = [r for r in caplog.records if "broken" in r.getMessage()]
    assert told.exc_info is not None


async def test_each_room_has_a_lock_of_its_own() -> None:
    keys = [leading.key_of(room.name) for room in rooms.ROOMS]
    assert len(set(keys)) == len(keys)
    assert all(-(2**31) <= key < 2**31 for key in keys)


async def test_rooms_are_chosen_by_name() -> None:
    def names(only: str, excepted: str = "") -> list[str]:
        return [room.name for room in rooms.choose(only, excepted)]

    everything = [room.name for room in rooms.ROOMS]
    assert names("") == everything
    assert names("seal, sequence") == ["sequence", "seal"]
    assert names("", "sequence,seal") == everything[2:]
    for wrong in (("nothing",), ("", "nothing"), ("seal", "seal")):
        with contextlib.suppress(DanshuError):
            pytest.fail(f"{wrong} gave {names(*wrong)}")


async def test_every_room_is_in_the_reference() -> None:
    page = document("rooms.md")
    told = {name for line in page.splitlines() for name in _named(line)}
    assert told == {room.name for room in rooms.ROOMS}
    everywhere = {n for line in page.splitlines() if "*everywhere*" in line for n in _named(line)}
    assert everywhere == {room.name for room in rooms.ROOMS if room.everywhere}


def _named(line: str) -> list[str]:
    first = line.split("|")[1] if line.startswith("| `") else ""
    return re.findall(r"`([a-z]+)`", first)
