"""The bus of a cluster's demo: three nodes of JetStream, the leader of the stream killed once, and
what a reader finds on the stream afterwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import TYPE_CHECKING, Any, Final

import nats
from nats.errors import TimeoutError as NoMore

from danshu.testing import nats_nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from danshu.testing.nats_nodes import Nodes

STREAM: Final = "danshu-events"
_PLACED: Final = "danshu.order.placed"
_FETCH: Final = 64
_PATIENCE_S: Final = 60.0


@contextlib.contextmanager
def open_bus() -> Iterator[Nodes | None]:
    """Run three nodes; None where the extra `cluster` is not installed."""
    if not nats_nodes.SERVER.exists():
        yield None
        return
    with nats_nodes.run(3) as nodes:
        yield nodes


def replace_leader(nodes: Nodes) -> float:
    """Kill -9 the node that leads the stream, start it again; gives the seconds until the stream
    has a leader and all of its replicas are current.
    """
    leader = asyncio.run(_lead(nodes.url, replicas=0))
    began_s = time.monotonic()
    nodes.find(leader).kill()
    nodes.find(leader).start()
    asyncio.run(_lead(nodes.url, replicas=len(nodes.nodes) - 1))
    return round(time.monotonic() - began_s, 2)


async def _lead(url: str, replicas: int) -> str:
    """Wait until the stream is led and so many replicas are current; give the leader's name."""
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end:
        with contextlib.suppress(nats.errors.Error, OSError):
            client = await nats.connect(servers=url.split(","), connect_timeout=2)
            try:
                info = await client.jetstream(timeout=2).stream_info(STREAM)
            finally:
                await client.close()
            cluster = info.cluster
            current = [p for p in (cluster and cluster.replicas) or () if p.current]
            if cluster and cluster.leader and len(current) >= replicas:
                return str(cluster.leader)
        await asyncio.sleep(0.1)
    raise TimeoutError("the stream has no leader")


def count_placed(url: str, wanted: int) -> tuple[int, int]:
    """Read the stream until `wanted` orders were told of, or nothing more comes; give how many
    orders were, and how many events came twice.
    """
    return asyncio.run(_count_placed(url, wanted))


async def _count_placed(url: str, wanted: int) -> tuple[int, int]:
    client = await nats.connect(servers=url.split(","))
    seen: set[str] = set()
    orders, twice = 0, 0
    try:
        stream = client.jetstream(timeout=10)
        events = await stream.pull_subscribe("danshu.events.>", stream=STREAM)
        end = time.monotonic() + _PATIENCE_S
        while orders < wanted and time.monotonic() < end:
            try:
                messages = await events.fetch(_FETCH, timeout=2)
            except NoMore:
                continue
            for message in messages:
                for event in _events(json.loads(message.data)):
                    twice += event["id"] in seen
                    orders += event["type"] == _PLACED and event["id"] not in seen
                    seen.add(event["id"])
                await message.ack()
    finally:
        await client.close()
    return orders, twice


def _events(read: Any) -> list[dict[str, Any]]:
    return read if isinstance(read, list) else [read]
