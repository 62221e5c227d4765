"""What is killed comes back: the owner, the server, both at once, a first start at any moment."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from danshu.ledger import postmaster
from danshu.ledger.engine import Engine, attach, start
from tests.fixtures.engine import FAST

PATIENCE_S = 60.0  # only so that a failing test ends
# An owner in a process of its own: it says that it is up, and lives until it is killed.
OWNER = """
import sys
from pathlib import Path
from danshu.ledger.engine import start
print("starting", flush=True)
engine = start(Path(sys.argv[1]))
print(engine.url, flush=True)
sys.stdin.readline()
"""
KILLS = pytest.mark.skipif(sys.platform != "linux", reason="needs the death signal of Linux")


def begin_owner(data: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", OWNER, str(data)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def owner_is_up(owner: subprocess.Popen[str]) -> str:
    assert owner.stdout
    assert owner.stdout.readline() == "starting\n"
    return owner.stdout.readline().strip()


def server_of(data: Path) -> int:
    noted = postmaster.read_pid_file(data)
    assert noted is not None
    return noted.pid


def wait_until_gone(pid: int, data: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    gone = (postmaster.Bearer.NOBODY, postmaster.Bearer.ZOMBIE)
    while postmaster.judge(pid, data) not in gone or postmaster.servers(data):
        assert time.monotonic() < end
        time.sleep(0.01)


def insert(url: str, first: int, count: int) -> None:
    """Commit rows one by one; every one that this returns from is acknowledged."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table if not exists kept (n int primary key)")
        for number in range(first, first + count):
            connection.execute("insert into kept values (%s)", (number,))


def rows(url: str) -> list[int]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("select n from kept order by n")]


@KILLS
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["kill", "term"])
def test_the_server_goes_with_its_owner(server_folder: Path, number: signal.Signals) -> None:
    data = server_folder / "pg"
    owner = begin_owner(data)
    url = owner_is_up(owner)
    insert(url, 0, 10)
    server = server_of(data)
    owner.send_signal(number)
    owner.wait()
    wait_until_gone(server, data)
    assert attach(data) is None
    with start(data, FAST) as engine:
        assert engine.url == url
        assert rows(engine.url) == list(range(10))


@KILLS
def test_the_next_owner_need_not_wait(server_folder: Path) -> None:
    """Started at the very moment that the last one is killed, again and again."""
    data = server_folder / "pg"
    for turn in range(5):
        owner = begin_owner(data)
        insert(owner_is_up(owner), turn * 10, 10)
        owner.kill()
        owner.wait()
    with start(data, FAST) as engine:
        assert rows(engine.url) == list(range(50))


@KILLS
def test_owner_and_server_killed_together(server_folder: Path) -> None:
    data = server_folder / "pg"
    owner = begin_owner(data)
    url = owner_is_up(owner)
    insert(url, 0, 10)
    idle = psycopg.connect(url)  # its backend has to notice by itself
    idle.execute("select 1")
    server = server_of(data)
    owner.kill()
    os.kill(server, signal.SIGKILL)
    owner.wait()
    with start(data, FAST) as engine:
        assert rows(engine.url) == list(range(10))
    with pytest.raises(psycopg.OperationalError):
        idle.execute("select 1")


def test_a_killed_server_comes_back_with_what_was_committed(server_folder: Path) -> None:
    data = server_folder / "pg"
    with start(data) as engine:
        for turn in range(3):
            insert(engine.url, turn * 10, 10)
            server = server_of(engine.data)
            os.kill(server, signal.SIGKILL)
            wait_for_restart(engine, turn + 1)
            assert server_of(engine.data) != server
            assert rows(engine.url) == list(range(turn * 10 + 10))
        assert "killed by signal 9" not in engine.log_path.read_text()  # the log is the server's


def wait_for_restart(engine: Engine, restarts: int) -> None:
    end = time.monotonic() + PATIENCE_S
    while engine.restarts < restarts:
        assert time.monotonic() < end
        time.sleep(0.005)
    engine.keep()


def test_a_killed_backend_takes_no_restart_of_ours(server_folder: Path) -> None:
    """The postmaster recovers by itself; it is the same process afterwards."""
    with start(server_folder / "pg", FAST) as engine:
        insert(engine.url, 0, 10)
        server = server_of(engine.data)
        with psycopg.connect(engine.url) as victim:
            os.kill(victim.info.backend_pid, signal.SIGKILL)
            with pytest.raises(psycopg.OperationalError):
                victim.execute("select 1")
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                assert rows(engine.url) == list(range(10))
                break
            except psycopg.OperationalError:
                assert time.monotonic() < end
                time.sleep(0.02)
        assert server_of(engine.data) == server
        assert engine.restarts == 0


@KILLS
@pytest.mark.parametrize("seed", range(6))
def test_a_first_start_killed_at_any_moment(server_folder: Path, seed: int) -> None:
    data = server_folder / "pg"
    owner = begin_owner(data)
    assert owner.stdout
    assert owner.stdout.readline() == "starting\n"
    time.sleep(random.Random(seed).uniform(0.0, 1.2))
    owner.kill()
    owner.wait()
    with start(data, FAST) as engine:
        insert(engine.url, 0, 1)
        assert rows(engine.url) == [0]
    left = {path.name for path in server_folder.iterdir() if ".new-" not in path.name}
    assert left == {"pg", "pg.lock", "pg.log"}


def test_a_stop_while_the_server_is_coming_back(server_folder: Path) -> None:
    data = server_folder / "pg"
    with start(data, FAST) as engine:
        insert(engine.url, 0, 10)
        os.kill(server_of(engine.data), signal.SIGKILL)
    assert not engine.alive()
    assert postmaster.servers(data) == []
    with start(data, FAST) as engine:
        assert rows(engine.url) == list(range(10))
