"""A whole hub for a benchmark or a fault test: own data folder, database, server and worker
processes.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from msgspec import Struct

from danshu.bench.load import Outcome, Plan
from danshu.hub import catalogues, compose, merchants, shelves
from danshu.kernel.fact import Actor
from danshu.ledger import engine
from danshu.testing import merchant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from danshu.capabilities.stock.model import StockLevel

BENCH = Actor(sub="bench", role="admin")
_START_S = 60


class Rig(Struct, kw_only=True, eq=False):
    """A running hub. `processes` by name: server…, work; `pg_pid` is the postmaster."""

    url: str
    ports: list[int]
    processes: dict[str, subprocess.Popen[bytes]]
    tenant: int
    key: str
    store: Any

    def pids(self, name: str) -> list[int]:
        """Give the pids of the processes whose name begins so."""
        return [p.pid for n, p in self.processes.items() if n.startswith(name)]

    @property
    def pg_pid(self) -> int:
        """The postmaster, read from the data folder's pid file."""
        return int((Path(self.store.data) / "postmaster.pid").read_text().split("\n", 1)[0])


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def start_process(url: str, *words: str) -> subprocess.Popen[bytes]:
    """Start a `danshu` process on a database."""
    return subprocess.Popen(
        [sys.executable, "-m", "danshu", *words],
        env={**os.environ, "DANSHU_DATABASE_URL": url},
        stderr=subprocess.DEVNULL if "DANSHU_RIG_LOG" not in os.environ else None,
    )


def wait_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until a server answers that it is ready. Raises RuntimeError when it ended instead."""
    end = time.monotonic() + _START_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2) as r:
                if r.status == 200:
                    return
        except OSError:
            pass
        time.sleep(0.1)
    raise RuntimeError("the server did not become ready")


async def furnish(url: str, code: str, levels: Sequence[StockLevel]) -> tuple[int, str]:
    """Make a merchant with the demo's 37 warehouses, 2,000 SKUs and lanes, and this stock; give
    id and key.
    """
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        tenant = await merchants.create_tenant(connection, code, "压测商户", BENCH)
        await catalogues.put_regions(connection, tenant, merchant.regions(), BENCH)
        await catalogues.put_warehouses(connection, tenant, merchant.warehouses(), BENCH)
        await catalogues.put_skus(connection, tenant, merchant.skus(), BENCH)
        await catalogues.put_lanes(connection, tenant, merchant.lanes(), BENCH)
        if levels:
            await shelves.count_stock(connection, tenant, levels, "bench", BENCH)
        key = await merchants.issue_key(connection, tenant, "bench", "admin", BENCH)
        return tenant, key


@contextlib.contextmanager
def lend_store(settings: Mapping[str, str]) -> Iterator[engine.Engine]:
    """Run a database in a temporary folder, which is gone at the end."""
    with tempfile.TemporaryDirectory(prefix="danshu-") as folder:
        Path(folder).chmod(0o711)  # else root's database would lie elsewhere, and stay there
        with engine.start(Path(folder) / "pg", settings) as store:
            yield store


@contextlib.contextmanager
def open_rig(
    levels: Sequence[StockLevel], servers: int = 1, workers: bool = True, code: str = "bench"
) -> Iterator[Rig]:
    """Start a hub with `servers` HTTP processes in a folder of its own, and take it down at the
    end.
    """
    with contextlib.ExitStack() as stack:
        settings = {"shared_buffers": "1GB", "max_wal_size": "4GB"}
        store = stack.enter_context(lend_store(settings))
        compose.prepare(store.url)
        tenant, key = asyncio.run(furnish(store.url, code, levels))
        rig = Rig(url=store.url, ports=[], processes={}, tenant=tenant, key=key, store=store)
        stack.callback(stop_all, rig)
        for i in range(servers):
            port = free_port()
            rig.ports.append(port)
            rig.processes[f"server{i}"] = start_process(store.url, "serve", "--port", str(port))
        if workers:
            rig.processes["work"] = start_process(store.url, "work")
        for i, port in enumerate(rig.ports):
            wait_ready(port, rig.processes[f"server{i}"])
        yield rig


def stop_all(rig: Rig) -> None:
    """Ask every process to end, and insist."""
    for process in rig.processes.values():
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    for process in rig.processes.values():
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def drive(plan: Plan) -> Outcome:
    """Run the load generator in a process of its own."""
    import msgspec

    with tempfile.TemporaryFile() as told:  # a pipe lost the end of long outcomes on busy machines
        subprocess.run(
            [sys.executable, "-m", "danshu.bench.load"],
            input=msgspec.json.encode(plan),
            stdout=told,
            check=True,
        )
        told.seek(0)
        return msgspec.json.decode(told.read(), type=Outcome)


def start_drive(plan: Plan) -> subprocess.Popen[bytes]:
    """Start the load generator; its outcome comes on standard output."""
    import msgspec

    process = subprocess.Popen(
        [sys.executable, "-m", "danshu.bench.load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(plan))
    process.stdin.close()
    return process


def places() -> list[list[str]]:
    """Destinations of the load: province and city of the prefectures of the demo."""
    return [[r.province, r.name] for r in merchant.regions() if len(r.code) == 6 and r.province]


def query(url: str, sql: str, *params: Any) -> list[tuple[Any, ...]]:
    """Ask the database once."""
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(sql, params).fetchall()
