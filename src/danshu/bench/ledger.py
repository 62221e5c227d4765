"""`danshu bench ledger`: sequencing, sealing and proving, beside the floor.

Live: one process writes groups of orders (4 facts each) at a steady rate, this one sequences and
seals as the workers do; the lag runs from the writer's commit to the commit of the checkpoint that
covers it. `us_per_leaf` is the CPU of this process and of its two database backends, a leaf; the
writer's is not counted. Bulk: the rest of a log of `size` leaves is written first and sequenced
alone, with the CPU of the whole database. Floor: SHA-256 of the same bytes and a plain insert of
the same hashes, in batches of the same size.

`proof_ms` is the 99th percentile of the CPU time of a warm proof, which waits for nothing: the time
on the clock, told beside it as `proof_warm_*`, is also that of whoever else uses the machine.
"""

from __future__ import annotations

import asyncio
import random
import time
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from danshu.bench import rig, scribe
from danshu.bench.cpu import cpu_us
from danshu.bench.report import Report, make_report
from danshu.bench.scribe import FACTS, TENANT, Task, Written
from danshu.hub import compose
from danshu.kernel import fact, merkle
from danshu.ledger import write
from danshu.ledger.prove import Prover
from danshu.ledger.seal import Sealer, last_note
from danshu.ledger.sequence import Sequencer

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

RATE: Final = 4_421
LEAVES: Final = 1_000_000
SECONDS: Final = 20
BUDGET: Final = {"lag_p99_ms": 1_000.0, "proof_ms": 0.3}
_REST_S: Final = 0.05  # as the workers' rooms rest
_PROOFS: Final = 4_000


def run(seconds: int | None = None, size: int | None = None) -> Report:
    """Measure a log of `size` leaves (1,000,000), its last `seconds` (20) under the live load."""
    return asyncio.run(_measure(seconds or SECONDS, size or LEAVES))


async def _measure(seconds: int, size: int) -> Report:
    with rig.lend_store({"shared_buffers": "512MB", "max_wal_size": "4GB"}) as store:
        compose.prepare(store.url)
        postmaster = int((store.data / "postmaster.pid").read_text().split("\n", 1)[0])
        async with await write.connect(store.url) as connection:
            await connection.execute(
                "insert into tenants(code,name,salt) values ('bench','bench','')"
            )
            live_orders = seconds * RATE
            bulk_orders = max(1, (size - live_orders * FACTS) // FACTS)
            figures: dict[str, Any] = {}
            # the time of the bulk comes before the live load, so that its lag is measured on a
            # log that is large already
            scribe.write_all(Task(url=store.url, orders=bulk_orders, rate=0))
            figures |= await _bulk(connection, postmaster, bulk_orders * FACTS)
        async with (
            await write.connect(store.url) as sequencing,
            await write.connect(store.url) as sealing,
        ):
            task = Task(url=store.url, orders=live_orders, rate=RATE)
            figures |= await _live(sequencing, sealing, task, store.data.parent / "notes")
        async with await write.connect(store.url) as connection:
            figures |= await _proofs(connection)
            floor = await _floor(connection, postmaster, figures["leaves_a_batch"])
    us = figures["us_per_leaf"]
    return make_report(
        "ledger",
        figures=figures,
        floor=floor,
        ratio={"us_per_leaf": round(us / floor["us_per_leaf"], 2)},
        budget=BUDGET,
        met=all(figures[name] < most for name, most in BUDGET.items()) and figures["missing"] == 0,
    )


async def _bulk(
    connection: psycopg.AsyncConnection[Any], postmaster: int, leaves: int
) -> dict[str, Any]:
    """Sequence what is waiting, with nobody beside it; CPU of this process and the database."""
    sequencer = Sequencer()
    client, server, began = time.process_time(), cpu_us(postmaster, tree=True), time.monotonic()
    done = 0
    while step := await sequencer.step(connection, compose.now_ms()):
        done += step
    wall_s = time.monotonic() - began
    used_us = (time.process_time() - client) * 1e6
    server_us = cpu_us(postmaster, tree=True) - server
    return {
        "bulk_us_per_leaf": round((used_us + server_us) / done, 2),
        "bulk_client_us": round(used_us / done, 2),
        "bulk_database_us": round(server_us / done, 2),
        "bulk_leaves_per_s": round(done / wall_s),
        "bulk_missing": leaves - done,
    }


async def _live(
    sequencing: psycopg.AsyncConnection[Any],
    sealing: psycopg.AsyncConnection[Any],
    task: Task,
    notes: Path,
) -> dict[str, Any]:
    """Sequence and seal beside a writing process; lag from its commits to the checkpoints."""
    sequencer, sealer = Sequencer(), Sealer(notes)
    while await sealer.step(sealing, compose.now_ms()):  # what the bulk left, and warm edges
        pass
    [before] = await _sizes(sealing)
    goal = before + task.orders * FACTS
    backends = [connection.info.backend_pid for connection in (sequencing, sealing)]
    batches: list[int] = []
    sealed: list[tuple[int, int]] = []

    async def sequence() -> None:
        done = before
        while done < goal:
            if step := await sequencer.step(sequencing, compose.now_ms()):
                batches.append(step)
                done += step
            if not sequencer.behind:
                await asyncio.sleep(_REST_S)

    async def seal() -> None:
        size = before
        while size < goal:
            if await sealer.step(sealing, compose.now_ms()):
                now_ns = time.time_ns()
                [size] = await _sizes(sealing)
                sealed.append((size, now_ns))
            else:
                await asyncio.sleep(_REST_S)

    client, server = time.process_time(), sum(map(cpu_us, backends))
    writing = scribe.start(task)
    await asyncio.wait_for(asyncio.gather(sequence(), seal()), task.orders / task.rate * 4 + 60)
    used_us = (time.process_time() - client) * 1e6
    server_us = sum(map(cpu_us, backends)) - server
    written = msgspec.json.decode(writing.communicate()[0], type=Written)
    lags_ms = _lags_ms(written, before, sealed)
    leaves = sum(batches)
    wall_s = (written.times_ns[-1] - written.times_ns[0]) / 1e9
    return {
        "us_per_leaf": round((used_us + server_us) / leaves, 2),
        "client_us": round(used_us / leaves, 2),
        "database_us": round(server_us / leaves, 2),
        "lag_p50_ms": round(float(np.percentile(lags_ms, 50)), 1),
        "lag_p99_ms": round(float(np.percentile(lags_ms, 99)), 1),
        "lag_max_ms": round(float(lags_ms.max()), 1),
        "orders_per_s": round(task.orders / wall_s),
        "leaves": leaves,
        "leaves_a_batch": round(leaves / len(batches)),
        "checkpoints": len(sealed),
        "missing": task.orders * FACTS - leaves,
    }


def _lags_ms(
    written: Written, before: int, sealed: list[tuple[int, int]]
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Give each commit's wait for the first checkpoint that covers it.

    One connection writes, so its transactions are logged in the order of its commits.
    """
    sizes = np.array([size for size, _ in sealed])
    at = np.searchsorted(sizes, np.array(written.facts) + before)
    signed_ns = np.array([now_ns for _, now_ns in sealed])[at]
    lags: np.ndarray[Any, np.dtype[np.float64]] = (signed_ns - np.array(written.times_ns)) / 1e6
    return lags


async def _sizes(connection: psycopg.AsyncConnection[Any]) -> list[int]:
    cursor = await connection.execute("select signed from books")
    return [size for (size,) in await cursor.fetchall()]


async def _proofs(connection: psycopg.AsyncConnection[Any]) -> dict[str, Any]:
    """Prove random leaves at the newest checkpoint, cold and warm; each proof is verified."""
    cursor = await connection.execute("select half, size, root from books")
    [(half, size, root)] = await cursor.fetchall()
    if await last_note(connection, TENANT, half) is None:
        raise RuntimeError("the log was never signed")
    chance = random.Random(1)
    indexes = [chance.randrange(size) for _ in range(_PROOFS)]
    hashes = await _leaf_hashes(connection, half)
    prover = Prover()
    figures: dict[str, Any] = {"log_leaves": size}
    for name in ("cold", "warm"):
        took_ms, used_ms = [], []
        for index in indexes:
            began, used = time.perf_counter(), time.thread_time()
            proof = await prover.prove_inclusion(connection, TENANT, half, index, size)
            used_ms.append((time.thread_time() - used) * 1000)
            took_ms.append((time.perf_counter() - began) * 1000)
            leaf = hashes[index * 32 : index * 32 + 32]
            if not merkle.verify_inclusion(leaf, index, size, proof, root):
                raise RuntimeError(f"the proof of leaf {index} does not verify")
        figures[f"proof_{name}_p50_ms"] = round(float(np.percentile(took_ms, 50)), 4)
        figures[f"proof_{name}_p99_ms"] = round(float(np.percentile(took_ms, 99)), 4)
        figures[f"proof_{name}_cpu_p99_ms"] = round(float(np.percentile(used_ms, 99)), 4)
    figures["proof_ms"] = figures["proof_warm_cpu_p99_ms"]
    return figures


async def _leaf_hashes(connection: psycopg.AsyncConnection[Any], half: str) -> bytes:
    cursor = await connection.cursor(binary=True).execute(
        "select hashes from segments where tenant=%s and half=%s order by first", (TENANT, half)
    )
    return b"".join([row[0] for row in await cursor.fetchall()])


async def _floor(
    connection: psycopg.AsyncConnection[Any], postmaster: int, batch: int
) -> dict[str, float]:
    """Hash the same bytes and insert the same hashes, `batch` leaves a row and a commit."""
    cursor = await connection.cursor(binary=True).execute(
        "select body from facts order by xid limit 50000"
    )
    bodies = [one for (body,) in await cursor.fetchall() for one in fact.unpack(body)]
    await connection.execute("create table floor (first bigint primary key, hashes bytea)")
    await connection.execute("alter table floor alter hashes set storage external")
    client, server = time.process_time(), cpu_us(postmaster, tree=True)
    for at in range(0, len(bodies), batch):
        hashes = b"".join([sha256(b"\0" + one).digest() for one in bodies[at : at + batch]])
        await connection.execute("insert into floor values (%s, %b)", (at, hashes))
    used_us = (time.process_time() - client) * 1e6
    server_us = cpu_us(postmaster, tree=True) - server
    return {
        "us_per_leaf": round((used_us + server_us) / len(bodies), 2),
        "client_us": round(used_us / len(bodies), 2),
        "database_us": round(server_us / len(bodies), 2),
        "bytes_per_leaf": round(sum(map(len, bodies)) / len(bodies)),
    }
