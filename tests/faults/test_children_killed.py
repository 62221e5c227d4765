"""kill -9 of the processes of long work, before every word that they have with the database where
they write what they found: it is there whole and said, or not at all, and the next run goes on.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Iterator

import pytest

from danshu.hub import (
    learning_risks,
    learning_rows,
    network_child,
    network_inputs,
    network_plan,
)
from danshu.hub.forecast_audit import ForecastsFolder
from danshu.hub.learning_audit import LearningFolder
from danshu.hub.learning_work import ACTOR
from danshu.hub.network_audit import NetworkFolder
from danshu.hub.worlds import now_ms
from danshu.kernel import ids
from danshu.ledger.engine import Engine
from danshu.ledger.write import connect
from tests.faults.killing import Connection, Step, kill_everywhere
from tests.faults.test_rooms_killed import fold
from tests.fixtures import engine as stores
from tests.fixtures import learning, network
from tests.fixtures.engine import ask, tell
from tests.fixtures.hub import House, open_house

pytest_plugins = ["tests.fixtures.engine", "tests.fixtures.hub"]


@pytest.fixture(scope="module")
def house(engine: Engine, template: str) -> Iterator[House]:
    with stores._fresh(engine, template) as make, open_house(make()) as opened:
        yield opened


def count(house: House, table: str) -> int:
    found = ask(house.url, f"select count(*) from {table}")
    assert isinstance(found, int)
    return found


def test_forecasts(house: House) -> None:
    lines = network.make_lines(network.rates())

    def begin() -> Step:
        assert count(house, "forecast_series") == count(house, "forecast_runs") * len(lines)
        return lambda connection: network.write(connection, house.tenant, lines)

    assert kill_everywhere(house.url, begin, lambda: None) >= 4
    assert count(house, "forecast_runs") == 2
    house.work("sequence")
    assert fold(house, ForecastsFolder(house.tenant)) == []


def test_learning(house: House) -> None:
    order = str(house.place()["order"])
    trained = learning.trained()

    def begin() -> Step:
        models, files = count(house, "learning_models"), count(house, "learning_files")
        assert models % len(trained) == 0
        assert files == (len(trained) if models else 0)

        async def step(connection: Connection) -> None:
            made = await learning_rows.add(connection, house.tenant, trained, ACTOR, now_ms())
            told = [learning.risk(order, made[0], now_ms())]
            await learning_risks.write_all(connection, house.tenant, told, now_ms())

        return step

    assert kill_everywhere(house.url, begin, lambda: None) >= 8
    assert count(house, "learning_risks") == 1
    house.work("sequence")
    assert fold(house, LearningFolder(house.tenant)) == []


def test_network(house: House) -> None:
    network.foretell(house)
    network.sell_before(house)
    made = asyncio.run(plan(house))
    runs: list[uuid.UUID] = []

    def make() -> None:
        runs.append(ids.uuid7(now_ms(), os.urandom(10)))
        row = f"{house.tenant},'{runs[-1]}','plan','asked',''"
        tell(
            house.url,
            f"insert into network_runs(tenant,id,kind,cause,question) values({row})",
        )

    def begin() -> Step:
        rows = ask(house.url, "select count(*) from network_rows n join network_heads h"
                   " on h.tenant=n.tenant and h.no=n.run")  # fmt: skip
        assert rows in (0, len(made.rows))
        return lambda connection: network_child.keep_plan(connection, house.tenant, runs[-1], made)

    assert kill_everywhere(house.url, begin, make) >= 6
    for run in runs:
        assert ask(house.url, f"select stage from network_runs where id='{run}'") == "done"
    house.work("sequence")
    assert fold(house, NetworkFolder(house.tenant)) == []


async def plan(house: House) -> network_plan.Made:
    connection = await connect(house.url, "tests")
    try:
        today = network_inputs.today(now_ms())
        return await network_plan.make(connection, house.tenant, today, lambda *_: None)
    finally:
        await connection.close()
