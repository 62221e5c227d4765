"""`danshu cluster demo`: one database, several servers behind a front, several workers, and one
that stands by. Under load a leading worker is killed, then every server and worker is replaced: no
request fails, no order is lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import psycopg
from msgspec import Struct
from rich.console import Console

from danshu.faces.work import leading, rooms
from danshu.hub import compose
from danshu.ledger import engine
from danshu.stories import furnishing, stage
from danshu.stories.cluster_bus import count_placed, open_bus, replace_leader
from danshu.stories.cluster_load import Answered, Load
from danshu.testing import messages
from danshu.testing.front import open_front

if TYPE_CHECKING:
    from collections.abc import Iterator

    from danshu.ports.channel import Account
    from danshu.testing.front import Front
    from danshu.testing.nats_nodes import Nodes

RATE: Final = 60.0
CODE: Final = "cluster"
DRAIN_S: Final = "1.5"
_LOOK_S: Final = 0.02
_SETTLE_S: Final = 3.0
_PATIENCE_S: Final = 60.0
_EVERY_ROOM: Final = tuple(room.name for room in rooms.ROOMS if not room.everywhere)
# How the first workers share the rooms; the last one does all that nobody else does.
_SHARES: Final = (("sequence", "seal", "timers", "heads"), ("rows", "journal", "sentinel"))


class Told(Struct, kw_only=True):
    """What happened. Times in seconds: `takeover_s` from the kill until the last of its rooms had
    another leader; `upgrades` how long each process took to be replaced; `gaps_s` the longest that
    a room had no leader while processes were replaced.
    """

    servers: int
    workers: int
    standby: int = 1
    namespaces: bool = False
    load: Answered | None = None
    bus_nodes: int = 0
    bus_leader_s: float = 0.0
    told: int = 0
    told_twice: int = 0
    killed_rooms: int = 0
    takeover_s: float = 0.0
    upgrades: dict[str, float] = {}
    gap_s: float = 0.0
    gap_room: str = ""
    connections: dict[str, int] = {}
    orders: int = 0
    checks: dict[str, bool] = {}


class Cluster:
    """The processes by name, each with the words that it was started with."""

    def __init__(self, url: str, folder: Path, bus: str) -> None:
        self.url = url
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._words: dict[str, tuple[str, ...]] = {}
        self._environment = {
            **os.environ,
            "DANSHU_DATABASE_URL": url,
            "DANSHU_DATA": str(folder),
            "DANSHU_DRAIN_S": DRAIN_S,
            "DANSHU_BUS_URL": bus,
        }

    def start(self, name: str, *words: str) -> None:
        """Start `danshu WORDS`, or what bore the name before."""
        self._words[name] = words or self._words[name]
        self.processes[name] = subprocess.Popen(
            [sys.executable, "-m", "danshu", *self._words[name]],
            env=self._environment,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def end(self, name: str, number: int = signal.SIGTERM) -> None:
        """Send a signal and wait until the process is gone."""
        process = self.processes[name]
        process.send_signal(number)
        process.wait(_PATIENCE_S)

    def stop(self) -> None:
        """End everything."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Watch:
    """Looks who leads each room, in a thread, and how long a room had nobody."""

    def __init__(self, url: str) -> None:
        self.leaders: dict[str, int] = {}
        self.longest: tuple[float, str] = (0.0, "")
        self._url = url
        self._since: dict[str, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch")
        self._thread.start()

    def forget(self) -> None:
        """Begin anew to look for the longest gap."""
        self.longest = (0.0, "")

    def until_led(self, without: frozenset[int] = frozenset()) -> None:
        """Wait until each room has a leader, none of them among these processes of the database."""
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end:
            leaders = self.leaders
            if len(leaders) == len(_EVERY_ROOM) and not without & set(leaders.values()):
                return
            time.sleep(_LOOK_S)
        missing = sorted(set(_EVERY_ROOM) - self.leaders.keys())
        raise TimeoutError(f"rooms without a leader: {', '.join(missing)}")

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            while not self._stop.wait(_LOOK_S):
                self._look(leading.read_leaders(connection, _EVERY_ROOM), time.monotonic())

    def _look(self, now: dict[str, int], at_s: float) -> None:
        for room in self.leaders.keys() - now.keys():
            self._since.setdefault(room, at_s)
        for room in [room for room in self._since if room in now]:
            self.longest = max(self.longest, (at_s - self._since.pop(room), room))
        self.leaders = now


def run(servers: int, workers: int, seconds: int, as_json: bool, once: bool) -> int:
    """Play it; exit 0 when all that is checked is true. Unless `once` or JSON, it then stays up."""
    console = Console(stderr=as_json)
    with tempfile.TemporaryDirectory(prefix="danshu-cluster-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # else root's database would lie elsewhere, and stay there
        with (
            open_bus() as bus,
            engine.start(folder / "pg") as store,
            _cluster(store.url, folder, bus.url if bus else "") as cluster,
        ):
            compose.prepare(store.url)
            shops = asyncio.run(_furnish(store.url))
            told = Told(servers=servers, workers=workers)
            ports = [stage.free_port() for _ in range(servers)]
            nodes = len(bus.nodes) if bus else 0
            _start_all(cluster, ports, workers, nodes, console)
            with open_front(ports) as front, _watch(store.url) as watch:
                load = Load(_at(front.port), shops, RATE)
                _play(cluster, ports, front, watch, load, bus, told, seconds, console)
                told.orders = _count_orders(store.url)
                if bus is not None:
                    told.bus_nodes = len(bus.nodes)
                    told.told, told.told_twice = count_placed(bus.url, told.orders)
                _check(told)
                if as_json:
                    sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
                    sys.stdout.flush()
                else:
                    _show(console, told)
                    if not once:
                        console.print(f"{_at(front.port)} 之后是 {servers} 个节点。Ctrl-C 结束。")
                        with contextlib.suppress(KeyboardInterrupt):
                            signal.pause()
    return 0 if all(told.checks.values()) else 1


@contextlib.contextmanager
def _cluster(url: str, folder: Path, bus: str) -> Iterator[Cluster]:
    cluster = Cluster(url, folder, bus)
    try:
        yield cluster
    finally:
        cluster.stop()


@contextlib.contextmanager
def _watch(url: str) -> Iterator[Watch]:
    watch = Watch(url)
    try:
        yield watch
    finally:
        watch.stop()


def _at(port: int) -> str:
    return f"http://127.0.0.1:{port}"


async def _furnish(url: str) -> dict[str, Account]:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        tenant = await furnishing.furnish(connection, CODE, "多机示例商户")
        return await furnishing.open_shops(connection, tenant)


def _start_all(
    cluster: Cluster, ports: list[int], workers: int, bus_nodes: int, console: Console
) -> None:
    shares = [",".join(share) for share in _SHARES[: workers - 1]]
    for number, share in enumerate(shares, 1):
        cluster.start(f"work{number}", "work", "--only", share)
    rest = ("--except", ",".join(shares)) if shares else ()
    for number in range(len(shares) + 1, workers + 1):
        cluster.start(f"work{number}", "work", *rest)
    for number, port in enumerate(ports, 1):
        cluster.start(f"serve{number}", "serve", "--port", str(port))
    for number, port in enumerate(ports, 1):
        stage.wait_ready(_at(port), cluster.processes[f"serve{number}"])
    console.print(
        f"数据库 1、JetStream {bus_nodes}、服务节点 {len(ports)}、工作进程 {workers}、候补 1,"
        "都在本机回环地址的各自端口上(没有用网络命名空间)。"
    )


def _play(
    cluster: Cluster,
    ports: list[int],
    front: Front,
    watch: Watch,
    load: Load,
    bus: Nodes | None,
    told: Told,
    seconds: int,
    console: Console,
) -> None:
    """Drive orders; kill a leader; replace everything, one by one."""
    watch.until_led()
    cluster.start("standby", "work")
    end_s = time.monotonic() + seconds
    load.start()
    try:
        _wait_for(cluster.url, "danshu work lookout", told.workers + 1)  # who stands by is there
        _kill_a_leader(cluster, watch, told, console)
        watch.forget()
        for number, port in enumerate(ports, 1):
            name = f"serve{number}"
            told.upgrades[name] = _replace(cluster, name, console)
            stage.wait_ready(_at(port), cluster.processes[name])
            while port not in front.ready:
                time.sleep(_LOOK_S)
        for name in [name for name in cluster.processes if not name.startswith("serve")]:
            told.upgrades[name] = _replace(cluster, name, console)
            _wait_for(cluster.url, "danshu work lookout", told.workers + 1)  # the new one is there
            watch.until_led()
        if bus is not None:
            told.bus_leader_s = replace_leader(bus)
            console.print(f"kill -9 总线上带头的节点并重启:{told.bus_leader_s} 秒后三份副本齐全。")
        time.sleep(max(_SETTLE_S, end_s - time.monotonic()))
    finally:
        told.load = load.stop()
    told.gap_s, told.gap_room = round(watch.longest[0], 2), watch.longest[1]
    told.connections = {str(port): count for port, count in front.taken.items()}


def _kill_a_leader(cluster: Cluster, watch: Watch, told: Told, console: Console) -> None:
    """Kill -9 the worker that leads the sequencer, and time until its rooms are led again."""
    before = watch.leaders
    killed_s = time.monotonic()
    cluster.end("work1", signal.SIGKILL)
    gone = {room for room, pid in before.items() if _is_gone(cluster.url, pid)}
    lost = frozenset(before[room] for room in gone)
    watch.until_led(without=lost)
    told.takeover_s = round(time.monotonic() - killed_s, 2)
    told.killed_rooms = len(lost)
    console.print(
        f"kill -9 一个带头的工作进程({len(lost)} 个工作间):{told.takeover_s} 秒后都由候补接手。"
    )
    cluster.start("work1")


def _is_gone(url: str, pid: int) -> bool:
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute("select 1 from pg_stat_activity where pid = %s", (pid,))
        return found.fetchone() is None


def _replace(cluster: Cluster, name: str, console: Console) -> float:
    """End a process as an upgrade does, and start it again."""
    began_s = time.monotonic()
    cluster.end(name)
    cluster.start(name)
    took_s = round(time.monotonic() - began_s, 2)
    console.print(f"换下 {name}:{took_s} 秒后旧进程已排空退出,新进程已启动。")
    return took_s


def _wait_for(url: str, name: str, count: int) -> None:
    end = time.monotonic() + _PATIENCE_S
    with psycopg.connect(url, autocommit=True) as connection:
        while time.monotonic() < end:
            sql = "select count(*) from pg_stat_activity where application_name = %s"
            row = connection.execute(sql, (name,)).fetchone()
            if row and row[0] >= count:
                return
            time.sleep(_LOOK_S)
    raise TimeoutError(f"fewer than {count} connections are called {name}")


def _count_orders(url: str) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(
            "select count(*) from orders where channel = any(%s)", (list(messages.CHANNELS),)
        ).fetchone()
        return int(row[0]) if row else 0


def _check(told: Told) -> None:
    assert told.load is not None
    told.checks = {
        "no_request_failed": told.load.failed == 0 < told.load.sent,
        "every_accepted_order_there_once": told.orders == told.load.accepted,
        "every_server_was_used": all(told.connections.values()),
        "rooms_taken_over": told.killed_rooms > 0,
        "every_order_told_on_the_bus": not told.bus_nodes or told.told == told.orders,
        "everything_replaced": len(told.upgrades) == told.servers + told.workers + told.standby,
    }


def _show(console: Console, told: Told) -> None:
    load = told.load or Answered()
    console.print(
        f"{load.seconds} 秒里送出 {load.sent:,} 条签名消息,接受 {load.accepted:,},"
        f"失败 {load.failed}({load.statuses});p99 {load.p99_ms} 毫秒,最慢 {load.max_ms} 毫秒。"
    )
    console.print(
        f"库里订单 {told.orders:,} 张。换进程期间工作间最长空档 {told.gap_s} 秒({told.gap_room})。"
    )
    if told.bus_nodes:
        console.print(f"总线上读到 {told.told:,} 张订单的下单事件,重复 {told.told_twice} 条。")
    else:
        console.print("没有安装扩展 cluster(pip install danshu[cluster]),未起 JetStream。")
    for name, holds in told.checks.items():
        console.print(f"  {'[green]✓[/green]' if holds else '[red]✗[/red]'} {name}")
