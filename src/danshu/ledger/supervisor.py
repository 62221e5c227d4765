"""The embedded PostgreSQL, kept alive by its owner.

`start` owns a data folder: it holds a lock on `<data>.lock` for life, runs the server as a direct
child and brings it back when it dies. A second owner is refused in one sentence; who only wants to
connect uses `attach`.

Threads: the server is forked by the engine's own thread, never by the caller's. Linux ties a
child's death signal to the thread that forked it, and this thread lives exactly as long as the
engine may. So `start` may be called from any thread, also one that ends. If the process dies (kill
-9, SIGTERM, exec), the thread dies with it and the server stops by itself. Where there is no such
signal (macOS) the server stays, and the next owner of the lock stops it before it starts its own.

Durability: fsync and synchronous_commit are on unless the caller says otherwise. The server listens
on a Unix socket in a folder of mode 0700 and nowhere else. That folder is the only wall
(authentication is `trust`); the role of `url` is no superuser.

In a container run an init (`--init`): without one a server that was killed together with its parent
is never reaped, and the next start waits 5 s before it believes that it is dead.
"""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import signal
import tempfile
import threading
import time
import weakref
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Self
from urllib.parse import quote

import psycopg
from msgspec.structs import replace
from psycopg import sql

from danshu.kernel.errors import DanshuError, NotAvailable, ProgramError
from danshu.ledger import postmaster
from danshu.ledger.cluster import SUPERUSER, Cluster, EngineFailed, Tell, prepare
from danshu.ledger.lock import Lock, Note, lock_path, read_note
from danshu.ledger.postmaster import Bearer

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping
    from types import TracebackType

DATABASE: Final = "danshu"
ROLE: Final = "danshu"
SOCKET_FOLDER_BYTES: Final = 88  # a socket's path is 104 bytes on macOS, "/.s.PGSQL.5432" takes 15
LOG_BYTES: Final = 16 * 1024 * 1024
START_TRIES: Final = 3
STEADY_S: Final = 10.0  # a server that lived so long did not fail at its start
RESTART_WAIT_MAX_S: Final = 5.0
QUIET_START_S: Final = 2.0
_log = logging.getLogger("danshu.engine")
_owned: weakref.WeakSet[Engine] = weakref.WeakSet()


class Engine:
    """An embedded server that this process owns; ready when `start` returns it.

    `url` is a libpq URI over the Unix socket to the database `danshu` as the role `danshu` (may
    create databases, no superuser); `admin_url` is the same as the superuser. Both stay as they are
    when the server is restarted; `restarts` counts how often it was.
    """

    def __init__(
        self, cluster: Cluster, lock: Lock, settings: Mapping[str, str], tell: Tell
    ) -> None:
        """Use `start`: it takes the lock, makes the folder and waits."""
        self.data: Final = cluster.data
        self.log_path: Final = lock.path.with_suffix(".log")
        self.restarts = 0
        self._cluster = cluster
        self._lock = lock
        self._settings = {**postmaster.default_settings(cluster), **settings}
        self._tell = tell
        self._socket = _socket_folder(cluster, lock.note)
        self._pid = os.getpid()
        lock.write(Note(owner=self._pid, socket=str(self._socket)))
        self._child: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._ready = threading.Event()
        self._settled = threading.Event()  # the first start has succeeded or failed
        self._failure: DanshuError | None = None
        self._launch = threading.Lock()  # no stop may slip between a look at it and the fork
        self._thread = threading.Thread(target=self._live, name="danshu-engine", daemon=True)
        self.url: Final = self.url_of(DATABASE)
        self.admin_url: Final = self.url_of(DATABASE, user=SUPERUSER)

    def url_of(self, database: str, user: str = ROLE) -> str:
        """The libpq URI of another database of this server."""
        return _url(self._socket, database, user)

    def alive(self) -> bool:
        """Whether the server is up and accepts connections at this moment."""
        return self._ready.is_set() and not self._stopping.is_set()

    def keep(self, deadline_s: float = 60.0) -> None:
        """Return when the server is up: at once if it is, else after its restart.

        The engine's own thread restarts it whether this is called or not; never call it from an
        event loop's thread. Raises NotAvailable at the deadline, ProgramError after `stop`.
        """
        if self._stopping.is_set():
            raise ProgramError("The engine was stopped.")
        if not self._ready.wait(deadline_s):
            why = self._failure or f"It is recovering (log: {self.log_path})"
            raise NotAvailable(f"The database is not up: {why}")

    def stop(self) -> None:
        """Stop the server cleanly and free the folder; safe to repeat, no-op in a forked child."""
        if os.getpid() != self._pid or self._lock.free:
            return
        self._stopping.set()
        # fast and clean; then at once, with recovery at the next start; then by the kernel
        for number, wait_s in (
            (signal.SIGINT, postmaster.STOP_WAIT_S),
            (signal.SIGQUIT, 10.0),
            (signal.SIGKILL, 5.0),
        ):
            with self._launch:
                if self._child and self._child.poll() is None:
                    self._child.send_signal(number)
            if self._thread.is_alive():
                self._thread.join(wait_s)
            if not self._thread.is_alive():
                break
        self._ready.clear()
        if self._socket != self.data:
            shutil.rmtree(self._socket, ignore_errors=True)
        self._lock.give_back()
        _owned.discard(self)
        atexit.unregister(self.stop)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _begin(self) -> None:
        _owned.add(self)
        atexit.register(self.stop)
        try:
            self._thread.start()
            self._settled.wait()
            if self._failure:
                raise self._failure
            _furnish(self)
            self._lock.write(replace(self._lock.note, furnished=True))
        except psycopg.Error as error:
            self.stop()
            raise EngineFailed(f"The database started but cannot be used: {error}") from error
        except BaseException:
            self.stop()
            raise

    def _live(self) -> None:
        """The thread: run the server again and again until `stop`; only a first start gives up."""
        tries = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._run()
            except (OSError, DanshuError) as error:
                self._failure = _as_failure(error)
            if self._stopping.is_set():
                break
            tries = 1 if time.monotonic() - began > STEADY_S else tries + 1
            if self._settled.is_set():
                self.restarts += 1
                _log.error("starting the database again: %s", self._failure)
            elif tries >= START_TRIES:
                break
            self._stopping.wait(min(0.05 * 2 ** min(tries, 10), RESTART_WAIT_MAX_S))
        self._settled.set()

    def _run(self) -> None:
        """One life of the server, from fork to end; why it ended is left in `_failure`."""
        postmaster.settle(self.data, self._socket)
        with _open_log(self.log_path) as log:
            if self._cluster.account:
                os.fchown(log.fileno(), self._cluster.account.uid, self._cluster.account.gid)
            log_start = log.tell()
            with self._launch:
                if self._stopping.is_set():
                    return
                child = postmaster.spawn(self._cluster, self._socket, self._settings, log)
                self._child = child
        if self._await_ready(child):
            self._failure = None
            self._ready.set()
            self._settled.set()
        child.wait()
        self._ready.clear()
        self._failure = _why(self.log_path, log_start, child.returncode)

    def _await_ready(self, child: subprocess.Popen[bytes]) -> bool:
        """Wait for our child's pid file to say ready; no limit: recovery takes what it takes."""
        began, told = time.monotonic(), False
        while child.poll() is None:
            noted = postmaster.read_pid_file(self.data)
            if noted and noted.pid == child.pid and noted.status == "ready":
                return True
            if not told and time.monotonic() - began > QUIET_START_S:
                told = True
                self._tell(f"The database is recovering (log: {self.log_path}).")
            time.sleep(0.005)
        return False


def start(
    data_dir: Path, settings: Mapping[str, str] | None = None, tell: Tell | None = None
) -> Engine:
    """Own `data_dir` (made when missing) and run its server, `settings` over the default ones.

    `tell` hears a sentence about whatever takes long or lies elsewhere than asked (default:
    logged). Raises EngineBusy when a living process owns the folder, EngineFailed when the server
    cannot run, ProgramError for a setting that is the engine's own.
    """
    settings = settings or {}
    for name in settings:
        if not postmaster.may_be_set(name):
            raise ProgramError(f"The setting {name!r} cannot be passed to the embedded database.")
    asked = data_dir.expanduser().absolute()
    say = tell or _log.info
    try:
        _make_parents(asked.parent)
        lock = Lock(asked)
    except OSError as error:
        raise EngineFailed(f"The database folder {asked} cannot be used: {error}.") from error
    try:
        cluster = prepare(asked, say)
        lock.belong(cluster.account)
        engine = Engine(cluster, lock, settings, say)
    except OSError as error:
        lock.give_back()
        raise EngineFailed(f"The database folder {asked} cannot be used: {error}.") from error
    except BaseException:
        lock.give_back()
        raise
    engine._begin()
    return engine


def attach(data_dir: Path) -> str | None:
    """The URL of the server that a process runs on `data_dir`; None when none is ready there."""
    asked = data_dir.expanduser().absolute()
    data = asked.resolve()
    if not read_note(lock_path(asked)).furnished:
        return None
    try:
        noted = postmaster.read_pid_file(data)
    except PermissionError:  # the folder of another account: its server is not for us
        return None
    if noted is None or noted.status != "ready":
        return None
    if postmaster.judge(noted.pid, data) is not Bearer.OURS:
        return None
    return _url(Path(noted.socket), DATABASE, ROLE)


def _furnish(engine: Engine) -> None:
    """Make the role and the database that `url` names, if missing; needs the server ready."""
    role, database = sql.Identifier(ROLE), sql.Identifier(DATABASE)
    with psycopg.connect(engine.url_of("postgres", SUPERUSER), autocommit=True) as connection:
        if not connection.execute("select 1 from pg_roles where rolname = %s", (ROLE,)).fetchone():
            connection.execute(sql.SQL("create role {} login createdb").format(role))
            connection.execute(sql.SQL("grant pg_monitor, pg_checkpoint to {}").format(role))
        known = "select 1 from pg_database where datname = %s"
        if not connection.execute(known, (DATABASE,)).fetchone():
            connection.execute(sql.SQL("create database {} owner {}").format(database, role))
    if engine._settings.get("shared_preload_libraries") == "pg_stat_statements":
        with psycopg.connect(engine.admin_url, autocommit=True) as connection:
            known = "select 1 from pg_extension where extname = 'pg_stat_statements'"
            if not connection.execute(known).fetchone():
                connection.execute("create extension pg_stat_statements")
                connection.execute(
                    sql.SQL("grant execute on function pg_stat_statements_reset to {}").format(role)
                )


def _url(socket: Path, database: str, user: str) -> str:
    host = quote(os.fsencode(socket), safe="")
    return f"postgresql://{quote(user)}@/{quote(database)}?host={host}&port={postmaster.PORT}"


def _socket_folder(cluster: Cluster, note: Note) -> Path:
    """The data folder (0700), or a private one where the folder's path is too long for a socket."""
    data = cluster.data
    if len(os.fsencode(data)) <= SOCKET_FOLDER_BYTES:
        return data
    owner = cluster.account.uid if cluster.account else os.geteuid()
    if note.socket and (old := Path(note.socket)) != data and old.is_dir():
        status = old.lstat()
        if status.st_uid == owner and status.st_mode & 0o077 == 0:
            return old  # left by an owner that was killed
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    usable = runtime and not cluster.account and os.access(runtime, os.W_OK)
    folder = Path(tempfile.mkdtemp(prefix="danshu-", dir=runtime if usable else None))
    if cluster.account:
        os.chown(folder, cluster.account.uid, cluster.account.gid)
    return folder


def _make_parents(folder: Path) -> None:
    """Make missing parents: passable for the server's account when we are root, else private."""
    if not folder.exists():
        _make_parents(folder.parent)
        folder.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, exist_ok=True)


def _open_log(path: Path) -> IO[bytes]:
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    return os.fdopen(os.open(path, flags, 0o600), "ab")


def _why(log_path: Path, start_at: int, code: int) -> EngineFailed:
    """Why the server ended: its last FATAL or PANIC line since `start_at`, else how it exited."""
    with log_path.open("rb") as log:
        log.seek(start_at)
        lines = log.read(1_000_000).decode(errors="replace").splitlines()
    fatal = [line for line in lines if "FATAL:" in line or "PANIC:" in line]
    ended = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
    reason = fatal[-1].strip() if fatal else ended
    return EngineFailed(f"The database ended: {reason} (log: {log_path})")


def _as_failure(error: OSError | DanshuError) -> DanshuError:
    if isinstance(error, DanshuError):
        return error
    return EngineFailed(f"The database cannot be started: {error}.")


def _forget() -> None:
    """In a forked child: close the locks, for a child that outlives us would keep them held."""
    for engine in list(_owned):
        engine._lock.give_back()
    _owned.clear()


os.register_at_fork(after_in_child=_forget)
