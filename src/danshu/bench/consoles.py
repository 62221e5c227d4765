"""`danshu bench consoles`: what 200 open consoles cost a server that writes 500 facts a second.

Server, workers and database are real processes, and so are the listeners. The same load is driven
without and with consoles, turn about; `cpu_share_percent` is the difference of the server's CPU, of
one core. Floor: a process that writes the same bytes to as many sockets at the same pace.
"""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import msgspec

from danshu.bench import rig as rigs
from danshu.bench.cpu import cpu_us
from danshu.bench.hearers import Heard
from danshu.bench.hearers import Plan as Hearing
from danshu.bench.load import Plan
from danshu.bench.place import ambient, plenty
from danshu.bench.report import Report, make_report

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from danshu.bench.rig import Rig

CONSOLES = 200
SECONDS = 30
ROUNDS = 2
ORDERS_PER_S = 125  # an order is four facts when it is placed
STARTING_S = 4  # the load generator's own start
BUDGET = {"cpu_share_percent": 10.0, "lost": 0.0}
_LIVE = "/v1/console/live"


def run(seconds: int | None = None, size: int | None = None) -> Report:
    """Measure `size` consoles (200) for `seconds` (30) with, and as long without, twice."""
    seconds, consoles = seconds or SECONDS, size or CONSOLES
    with rigs.open_rig(plenty()) as rig:
        _drive(rig, "w", 3)
        shares: dict[bool, list[float]] = {False: [], True: []}
        heard: list[Heard] = []
        facts = 0.0
        for turn in range(ROUNDS):
            for listening in (False, True):
                share, came, rate = _measure(
                    rig, f"{turn}{'l' if listening else 'q'}", consoles * listening, seconds
                )
                shares[listening].append(share)
                heard += [came] if came is not None else []
                facts = max(facts, rate)
        idle = _idle(rig, consoles, seconds)
    quiet = sum(shares[False]) / ROUNDS
    busy = sum(shares[True]) / ROUNDS
    last = heard[-1]
    chunk = round(last.bytes / max(1, last.pulses))
    floor = _floor(consoles, chunk, max(1, round(last.pulses / consoles)))
    pulses = last.pulses / max(1, last.open) / last.wall_s
    return make_report(
        "consoles",
        figures={
            "cpu_share_percent": busy - quiet,
            "cpu_share_percent_without": quiet,
            "cpu_share_percent_with": busy,
            "cpu_share_percent_idle": idle,
            "consoles": consoles,
            "facts_per_s": round(facts),
            "bytes_per_tick": chunk,
            "ticks_per_s": pulses,
            "lost": consoles - min(h.open for h in heard),
            "reloads": sum(h.reloads for h in heard),
        },
        floor={"cpu_share_percent": floor},
        budget=BUDGET,
    )


def _measure(
    rig: Rig, prefix: str, consoles: int, seconds: int
) -> tuple[float, Heard | None, float]:
    """Drive the load once; the server's CPU in percent of a core, what was heard, facts a
    second.
    """
    process = None
    if consoles:
        hearing = Hearing(
            host="127.0.0.1",
            port=rig.ports[0],
            key=rig.key,
            path=_LIVE,
            consoles=consoles,
            seconds=seconds + STARTING_S,
        )
        process = start(hearing)
    before_us, began_s = _server_us(rig), time.monotonic()
    facts = _facts(rig)
    _drive(rig, prefix, seconds)
    wall_s = time.monotonic() - began_s
    share = (_server_us(rig) - before_us) / wall_s / 10_000
    rate = (_facts(rig) - facts) / wall_s
    heard = None
    if process is not None:
        out, _ = process.communicate()
        heard = msgspec.json.decode(out, type=Heard)
    return share, heard, rate


def _idle(rig: Rig, consoles: int, seconds: int) -> float:
    """Measure the server with its consoles and no orders, less the server alone."""
    shares = []
    for listening in (False, True):
        process = None
        if listening:
            process = start(
                Hearing(
                    host="127.0.0.1",
                    port=rig.ports[0],
                    key=rig.key,
                    path=_LIVE,
                    consoles=consoles,
                    seconds=seconds + 1,
                )
            )
        before_us, began_s = _server_us(rig), time.monotonic()
        time.sleep(seconds)
        shares.append((_server_us(rig) - before_us) / (time.monotonic() - began_s) / 10_000)
        if process is not None:
            process.communicate()
    return shares[1] - shares[0]


def start(hearing: Hearing) -> subprocess.Popen[bytes]:
    """Start consoles in a process of their own, and wait until all of them listen."""
    process = subprocess.Popen(
        [sys.executable, "-m", "danshu.bench.hearers"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(msgspec.json.encode(hearing))
    process.stdin.close()
    process.stdin = None
    process.stdout.readline()
    return process


def _drive(rig: Rig, prefix: str, seconds: int) -> None:
    plan = Plan(
        host="127.0.0.1",
        port=rig.ports[0],
        key=rig.key,
        rate=ORDERS_PER_S,
        seconds=seconds,
        regions=rigs.places(),
        skus=ambient(),
        prefix=prefix,
        seed=hash(prefix) % 2**31,
    )
    rigs.drive(plan)


def _server_us(rig: Rig) -> float:
    return sum(cpu_us(pid) for pid in rig.pids("server"))


def _facts(rig: Rig) -> int:
    ((n,),) = rigs.query(rig.url, "select coalesce(sum(n),0)::int8 from facts")
    return int(n)


def _floor(consoles: int, chunk: int, ticks: int) -> float:
    """Write as many bytes to as many sockets, as often; percent of a core."""
    mine, theirs = multiprocessing.Pipe()
    writer = multiprocessing.get_context("spawn").Process(
        target=write_plainly, args=(theirs, consoles, chunk, ticks)
    )
    writer.start()
    port = mine.recv()
    process = start(Hearing(host="127.0.0.1", port=port, consoles=consoles, seconds=ticks + 1))
    mine.send("go")
    spent_s, wall_s = mine.recv()
    writer.join()
    process.communicate()
    return float(spent_s / wall_s * 100)


def write_plainly(pipe: Connection, consoles: int, chunk: int, ticks: int) -> None:
    """Accept the connections, then write to each of them once a second."""
    import socket

    with socket.create_server(("127.0.0.1", 0), backlog=consoles) as server:
        pipe.send(server.getsockname()[1])
        sockets = [server.accept()[0] for _ in range(consoles)]
        pipe.recv()
        data = b"x" * chunk
        began_s, own_s = time.monotonic(), time.process_time()
        for _ in range(ticks):
            for each in sockets:
                each.sendall(data)
            time.sleep(1)
        pipe.send((time.process_time() - own_s, time.monotonic() - began_s))
        for each in sockets:
            each.close()
