"""A process that writes facts for the benchmark of the ledger, steadily or at full speed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from typing import Final

import msgspec
from msgspec import Struct

from danshu.capabilities.orders.facts import OrderConfirmed, OrderPaid
from danshu.kernel import fact, ids
from danshu.kernel.fact import NO_HEAD, Actor, Evidence, Packed, Said
from danshu.ledger import write

TENANT: Final = 1
FACTS: Final = 4
_GROUP_S: Final = 0.007
_BULK_GROUP: Final = 256
_ACTOR: Final = Actor(sub="bench", role="admin")


class Task(Struct, frozen=True, kw_only=True):
    """What a writing process is to do: so many orders, `rate` a second (0: as fast as it can)."""

    url: str
    orders: int
    rate: float


class Written(Struct, frozen=True, kw_only=True):
    """What it did: after each commit, the facts so far and the time (epoch ns)."""

    facts: list[int]
    times_ns: list[int]


def start(task: Task) -> subprocess.Popen[bytes]:
    """Start the writing process; what it wrote comes on its standard output."""
    process = subprocess.Popen(
        [sys.executable, "-m", "danshu.bench.scribe"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    if process.stdin is None:
        raise RuntimeError("the writer has no standard input")
    process.stdin.write(msgspec.json.encode(task))
    process.stdin.close()
    process.stdin = None
    return process


def write_all(task: Task) -> Written:
    """Write everything in a process of its own, and wait for it."""
    return msgspec.json.decode(start(task).communicate()[0], type=Written)


def _order(now_ms: int) -> Packed:
    """Make the four facts of one order, about 370 bytes each."""
    stream = ids.uuid7(now_ms, os.urandom(10))
    text = stream.hex
    evidence = (Evidence(kind="raw", digest=text * 2, salted=True, size=1_009),)
    said = [
        Said(data=OrderConfirmed(by=text), evidence=evidence),
        Said(data=OrderPaid(amount=5_990, at=fact.rfc3339(now_ms)), cause=text),
    ] * (FACTS // 2)
    return fact.pack(
        said,
        stream=stream,
        seq=0,
        head=NO_HEAD,
        actor=_ACTOR,
        now_ms=now_ms,
        tenant=TENANT,
    )


async def _scribble(task: Task) -> Written:
    facts: list[int] = []
    times_ns: list[int] = []
    done = 0
    async with await write.connect(task.url) as connection:
        began = time.perf_counter()
        while done < task.orders:
            count = _BULK_GROUP
            if task.rate:
                await asyncio.sleep(_GROUP_S)
                count = int((time.perf_counter() - began) * task.rate) - done
            count = min(count, task.orders - done)
            if count < 1:
                continue
            now_ms = time.time_ns() // 1_000_000
            rows = [_order(now_ms) for _ in range(count)]
            await write.commit(connection, [_statement(rows)])
            done += count
            facts.append(done * FACTS)
            times_ns.append(time.time_ns())
    return Written(facts=facts, times_ns=times_ns)


def _statement(rows: list[Packed]) -> write.Statement:
    return write.facts([TENANT] * len(rows), rows)


def main() -> None:
    """Be the writing process: a Task on standard input, what was written on standard output."""
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=Task)
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(_scribble(task))))


if __name__ == "__main__":
    main()
