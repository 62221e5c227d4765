"""kill -9 of HTTP nodes, workers and the database, under load and at each statement of a commit.

Whatever was acknowledged is there once, with facts, reservation, originals and timer; nothing is
half written; sequencer and sealer catch up; the audits find nothing.
"""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from danshu.bench import rig
from danshu.kernel.errors import NotAvailable, UnknownOutcome
from tests.faults import shop, site
from tests.faults.proxy import COMMIT, open_proxy

pytest_plugins = ["tests.fixtures.engine"]
PLENTY = 100_000
STATEMENTS = 5  # begin, keys, stock, rows, commit


async def buy(client: httpx.AsyncClient, number: str, sku: str) -> dict[str, object]:
    response = await client.post("/v1/orders", json=site.body(number, sku))
    assert response.status_code == 201, response.text
    answer: dict[str, object] = response.json()
    return answer


def test_five_units_over_two_processes(made: Path) -> None:
    """24, 64 and 256 buyers over HTTP, two nodes: each time exactly 5 get one."""
    sizes = (24, 64, 256)
    levels = [shop.level(shop.CODES[n], 5) for n in range(len(sizes))]

    async def sell(opened: rig.Rig, ports: list[int]) -> None:
        async with site.client(opened, ports[0]) as one, site.client(opened, ports[1]) as two:
            for turn, buyers in enumerate(sizes):
                sku = shop.CODES[turn]
                got = await asyncio.gather(
                    *(buy((one, two)[n % 2], f"n{turn}-{n}", sku) for n in range(buyers))
                )
                assert sum(a["open_units"] == 0 for a in got) == 5
                assert sum(a["open_units"] == 1 for a in got) == buyers - 5
        rows = await shop.query(opened.url, "select on_hand, reserved from stock")
        assert rows == [(5, 5)] * len(sizes)
        assert await site.check(opened, []) == sum(sizes)

    with site.open_site(made, levels) as opened:
        ports = [site.start_server(opened, f"server{n}") for n in range(2)]
        for n, port in enumerate(ports):
            rig.wait_ready(port, opened.processes[f"server{n}"])
        asyncio.run(sell(opened, ports))


@pytest.mark.parametrize("seed", [1])
def test_killed_at_random_under_load(made: Path, seed: int) -> None:
    """Nodes, workers and the database go one after the other while orders come in."""
    rng = random.Random(seed)
    acknowledged: list[str] = []
    answered = 0
    with site.open_site(made, shop.everywhere(PLENTY)) as opened:
        ports = [site.start_server(opened, f"server{n}") for n in range(2)]
        site.start_work(opened)
        for n, port in enumerate(ports):
            rig.wait_ready(port, opened.processes[f"server{n}"])
        victims = ["server0", "database", "work"]
        rng.shuffle(victims)
        for turn, victim in enumerate(victims):
            plans = [
                site.plan(opened, port, f"t{turn}s{n}-", seed=turn * 2 + n, seconds=2.0)
                for n, port in enumerate(ports)
            ]
            drives = [rig.start_drive(p) for p in plans]
            before = rig.query(opened.url, "select count(*) from orders")[0][0]

            def began(before: int = before, drives: Any = drives) -> bool:
                now = rig.query(opened.url, "select count(*) from orders")[0][0]
                return now > before or all(d.poll() is not None for d in drives)

            site.wait_until(began)
            time.sleep(rng.uniform(0.0, 1.0))
            if victim == "database":
                site.kill_database(opened)
                opened.store.keep()
            else:
                site.kill(opened, victim)
            for drive in drives:
                outcome = site.finish(drive)
                assert set(outcome.statuses) <= {"201", "503", "lost"}, outcome.statuses
                acknowledged += outcome.acknowledged
                answered += outcome.answered
            if victim.startswith("server"):
                n = int(victim[-1])
                site.start_server(opened, victim, port=ports[n])
                rig.wait_ready(ports[n], opened.processes[victim])
            elif victim == "work":
                site.start_work(opened)
            for n, port in enumerate(ports):  # whoever was not killed goes on without a restart
                asyncio.run(_answers(opened, port, f"after{turn}-{n}"))
                acknowledged.append(f"after{turn}-{n}")
        rig.stop_all(opened)
        there = asyncio.run(site.check(opened, acknowledged))
    assert len(acknowledged) > 1_000, "hardly anything was acknowledged: the test tests little"
    assert there >= len(acknowledged)


async def _answers(opened: rig.Rig, port: int, number: str) -> None:
    """The node takes an order, at the latest once its pools have noticed."""
    async with site.client(opened, port) as client:
        for _ in range(200):
            response = await client.post("/v1/orders", json=site.body(number, shop.CODES[0]))
            if response.status_code != 503:
                break
            await asyncio.sleep(0.05)
        assert response.status_code in (200, 201), response.text


FAULTS = [*((step, False) for step in range(1, STATEMENTS + 1)), (COMMIT, True)]


def test_a_node_killed_at_every_statement(made: Path) -> None:
    """The node dies as the statement passes; its successor answers for what it left."""

    async def run(opened: rig.Rig) -> None:
        port, sent = 0, 0
        left: dict[str, bool] = {}  # number -> is it there
        async with open_proxy(opened.url) as proxy:

            async def die() -> None:
                site.kill(opened, "server")

            for step, persisted in [*FAULTS, (0, False)]:
                port = site.start_server(opened, "server", proxy.url, port)
                await asyncio.to_thread(rig.wait_ready, port, opened.processes["server"])
                async with site.client(opened, port) as client:
                    for number, is_there in left.items():
                        again = await client.post(
                            "/v1/orders", json=site.body(number, shop.CODES[1])
                        )
                        assert again.status_code == (200 if is_there else 201), number
                    if not step:
                        break
                    await buy(client, f"warm{step}", shop.CODES[0])
                    fault = proxy.arm(step, persisted=persisted, action=die)
                    numbers = [f"s{step}-{n}" for n in range(5)]
                    sent += 6
                    made = await asyncio.gather(
                        *(buy(client, n, shop.CODES[1]) for n in numbers), return_exceptions=True
                    )
                assert fault.fired, proxy.seen[-1]
                there = await site.stored(opened.url)
                left = {n: n in there for n in numbers}
                # they may have come as several groups: those before the cut one were acknowledged
                told = [n for n, m in zip(numbers, made, strict=True) if isinstance(m, dict)]
                lost = [
                    n
                    for n, m in zip(numbers, made, strict=True)
                    if isinstance(m, httpx.TransportError)
                ]
                assert lost
                assert len(lost) + len(told) == 5, made
                assert all(left[n] for n in told)
                assert any(left[n] for n in lost) is persisted
        assert await site.check(opened, []) == sent

    with site.open_site(made, shop.everywhere(PLENTY)) as opened:
        asyncio.run(run(opened))


def test_the_database_killed_at_every_statement(made: Path) -> None:
    """The postmaster dies as the statement passes; the hub goes on when it is back."""

    async def run(opened: rig.Rig) -> None:
        async with open_proxy(opened.url) as proxy, shop.open_hubs(proxy.url) as (hub,):
            shop.answers(await hub.place([shop.request(opened.tenant, "warm")]))
            placed = 1
            for step, persisted in FAULTS:

                async def die() -> None:
                    site.kill_database(opened)

                fault = proxy.arm(step, persisted=persisted, action=die)
                asked = [shop.request(opened.tenant, f"s{step}-{n}") for n in range(5)]
                failed = await hub.place(asked)
                assert fault.fired
                assert all(isinstance(f, UnknownOutcome | NotAvailable) for f in failed)
                for _ in range(400):
                    again = await hub.place(asked)
                    if not any(isinstance(a, UnknownOutcome | NotAvailable) for a in again):
                        break
                    await asyncio.sleep(0.02)
                assert [a.existing for a in shop.answers(again)] == [persisted] * 5
                placed += 5
            assert await site.check(opened, []) == placed

    with site.open_site(made, shop.everywhere(PLENTY)) as opened:
        asyncio.run(run(opened))
        assert opened.store.restarts == len(FAULTS)


def test_the_only_worker_killed_again_and_again(made: Path) -> None:
    """Sequencer, sealer and timers die at any moment; what they left is whole, they catch up."""
    rng = random.Random(5)

    def leaves() -> int:
        return int(rig.query(opened.url, "select coalesce(sum(size), 0)::int from books")[0][0])

    with site.open_site(made, shop.everywhere(PLENTY)) as opened:
        port = site.start_server(opened, "server")
        rig.wait_ready(port, opened.processes["server"])
        drive = rig.start_drive(site.plan(opened, port, "w", rate=100.0, seconds=16.0))
        for _ in range(2):
            before = leaves()
            site.start_work(opened)

            def sequenced(before: int = before) -> bool:
                return leaves() > before

            site.wait_until(sequenced)
            time.sleep(rng.uniform(0.0, 0.3))
            site.kill(opened, "work")
        outcome = site.finish(drive)
        assert set(outcome.statuses) == {"201"}
        rig.stop_all(opened)
        assert asyncio.run(site.check(opened, outcome.acknowledged)) == outcome.sent
