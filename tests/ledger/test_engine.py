"""The embedded engine: starts, settings, ownership, stale pid files, accounts; a URL instead."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest

from danshu.kernel.errors import DanshuError, NotAvailable, ProgramError
from danshu.ledger import postmaster
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
from tests.fixtures.engine import FAST, ask, tell

ROOT = os.geteuid() == 0


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
