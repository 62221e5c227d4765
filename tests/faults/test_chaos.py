"""What `danshu bench chaos` plays for minutes, for seconds: the node that leads the stream is
killed, a receiver fails, hangs and loses its answers; nothing is lost, doubled or out of order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import nats
import psycopg
import pytest

from danshu.bench import chaos, chaos_sides
from danshu.hub import relay_room
from danshu.testing import bad_line, event_receivers, nats_nodes
from danshu.testing.nats_nodes import Nodes
from tests.faults.site import PATIENCE_S, wait_until
from tests.fixtures.events import subscribe, tell_events
from tests.fixtures.hub import House

pytest_plugins = ["tests.fixtures.engine", "tests.fixtures.hub"]


@pytest.fixture
def nodes() -> Iterator[Nodes]:
    with nats_nodes.run(3) as opened:
        yield opened


def test_the_stream_s_leader_is_killed(house: House, nodes: Nodes) -> None:
    inbox = chaos_sides.Inbox(nodes.url)
    placed: set[str] = set()

    def place() -> None:
        placed.update(str(house.place()["order"]) for _ in range(3))
        house.work("sequence")

    async def run() -> None:
        worker = relay_room.Relay(nodes.url)
        reading = asyncio.create_task(inbox.run())
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:

            async def relay_all() -> None:
                async with asyncio.timeout(PATIENCE_S):
                    while not placed <= inbox.placed:
                        await worker.step(c)
                        await asyncio.sleep(0.05)

            await asyncio.to_thread(place)
            await relay_all()
            await asyncio.to_thread(place)
            await kill_leader(nodes)
            await worker.step(c)
            await asyncio.to_thread(place)
            await relay_all()
        await worker.close()
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)

    asyncio.run(run())
    assert (inbox.doubled(), inbox.out_of_order) == (0, 0)


async def kill_leader(nodes: Nodes) -> None:
    client = await nats.connect(nodes.url.split(","))
    info = await client.jetstream(timeout=30).stream_info(chaos_sides.STREAM)
    await client.close()
    assert info.cluster is not None
    nodes.find(info.cluster.leader or "").kill()


def test_a_receiver_fails_hangs_and_loses_its_answers(house: House) -> None:
    with event_receivers.serve() as receiver, bad_line.open_line(receiver.url) as line:
        receiver.url = line.url
        subscribe(house, receiver, "danshu.order.placed", mode="batch", timeout_s=1)
        placed = []
        for way in (bad_line.FAIL, bad_line.LOSE, bad_line.HANG, bad_line.DRIP, bad_line.GOOD):
            line.way = way
            asked = line.asked
            placed.append(str(house.place()["order"]))
            tell_events(house)
            assert line.asked > asked

        def all_came() -> bool:
            tell_events(house)
            return len(receiver.events) == len(placed)

        wait_until(all_came)
        assert [event.subject for event in receiver.events] == placed
        assert chaos._count_disorder(receiver) == 0
        assert max(receiver.came.values()) > 1  # an answer was lost: it came again, and did nothing
