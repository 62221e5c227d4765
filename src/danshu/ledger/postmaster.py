"""The postmaster as a process: what its pid file says, whether that is true, and how one begins.

`postmaster.pid` (PostgreSQL, storage-file-layout): 1 pid, 2 data folder, 3 start time, 4 port, 5
socket folder, 6 listen address, 7 shared memory key and id, 8 status. A pid file outlives kill -9,
power cuts and containers, so its pid is believed only after looking at the process that bears it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import signal
import subprocess
import time
from enum import Enum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from msgspec import Struct

from danshu.ledger.cluster import Cluster, EngineFailed, clean_environment, leash

if TYPE_CHECKING:
    from collections.abc import Mapping

PORT: Final = 5432
GONE_WAIT_S: Final = 5.0
STOP_WAIT_S: Final = 60.0
POLL_S: Final = 0.02
PROC: Final = Path("/proc")
SMALL_RAM_BYTES: Final = 2 * 1024**3
SMALL_DISK_BYTES: Final = 16 * 1024**3
# what the engine decides: a caller who set one of these would break the supervision or open a door
OWN_SETTINGS: Final = frozenset(
    {
        "cluster_name",
        "data_directory",
        "external_pid_file",
        "hba_file",
        "ident_file",
        "listen_addresses",
        "log_destination",
        "logging_collector",
        "port",
        "unix_socket_directories",
    }
)
SETTING_NAME: Final = re.compile(r"[a-z_][a-z0-9_.]*")


class PidFile(Struct, frozen=True, kw_only=True):
    """What postmaster.pid says; `status`: starting, ready, stopping, standby; "" half written."""

    pid: int
    socket: str
    status: str


class Bearer(Enum):
    """Who bears the pid that the pid file names."""

    NOBODY = "no process"
    ZOMBIE = "a dead process that its parent has not reaped"
    STRANGER = "a process that is no server of this folder"
    OURS = "a server of this folder that Danshu started"
    FOREIGN = "a server of this folder that somebody else started"


SERVERS: Final = (Bearer.OURS, Bearer.FOREIGN)


def read_pid_file(data: Path) -> PidFile | None:
    """Read `postmaster.pid`; None when it is not there or not yet written."""
    try:
        lines = (data / "postmaster.pid").read_text(errors="replace").splitlines()
        pid = abs(int(lines[0]))
    except (FileNotFoundError, NotADirectoryError, ValueError, IndexError):
        return None
    return PidFile(
        pid=pid,
        socket=lines[4].strip() if len(lines) > 4 else "",
        status=lines[7].strip() if len(lines) > 7 else "",
    )


def cluster_name(data: Path) -> str:
    """The name in our servers' process titles: "danshu-" + 12 hex digits of the folder's digest."""
    return "danshu-" + hashlib.sha256(os.fsencode(data)).hexdigest()[:12]


def judge(pid: int, data: Path) -> Bearer:
    """Say who bears `pid`, by /proc or, without it, by ps."""
    if (PROC / "self/stat").exists():
        return _judge_by_proc(pid, data)
    said = subprocess.run(
        ["ps", "-ww", "-o", "stat=,command=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    state, _, command = said.stdout.strip().partition(" ")
    if not state:
        return Bearer.NOBODY
    if state.startswith("Z"):
        return Bearer.ZOMBIE
    if cluster_name(data) in command:
        return Bearer.OURS
    return Bearer.FOREIGN if "postgres" in command and str(data) in command else Bearer.STRANGER


def _judge_by_proc(pid: int, data: Path) -> Bearer:
    try:
        # the name in brackets may hold anything, so the state is what follows the last bracket
        state = (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return Bearer.NOBODY
    if state in "ZX":
        return Bearer.ZOMBIE
    return _judge_living(PROC / str(pid), data)


def _judge_living(process: Path, data: Path) -> Bearer:
    """Whether a process is a postmaster or a backend of this folder, and whose.

    Command lines can be read where another account's working folder cannot (root in a container
    without SYS_PTRACE), so they are asked first; backends show the cluster's name, which holds the
    folder.
    """
    try:
        line = (process / "cmdline").read_bytes()
    except OSError:
        return Bearer.STRANGER
    words = line.split(b"\0")
    if words[0].rpartition(b"/")[2] != b"postgres" and not line.startswith(b"postgres:"):
        return Bearer.STRANGER
    if cluster_name(data).encode() in line:
        return Bearer.OURS
    if os.fsencode(data) in words:
        return Bearer.FOREIGN
    try:
        return Bearer.FOREIGN if (process / "cwd").readlink() == data else Bearer.STRANGER
    except OSError:
        return Bearer.STRANGER


def servers(data: Path) -> list[int]:
    """The pids of all living processes that work on this folder; empty where there is no /proc."""
    if not (PROC / "self/stat").exists():
        return []
    pids = [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if _judge_by_proc(pid, data) in SERVERS]


def settle(data: Path, socket: Path) -> None:
    """Remove what an earlier server left, so that a new one can start; the caller holds the lock.

    A server of ours that still runs is an orphan, for its owner would hold the lock: it is asked to
    stop. Raises EngineFailed for somebody else's server, and for one that does not go.

    A pid file naming nobody is left alone: PostgreSQL judges that case itself, with its shared
    memory as the witness. Where we unlink the file we take that witness away, so we first see that
    no backend of the folder is alive. The socket's lock file names the same dead pid but has no
    witness: PostgreSQL gives up on it when that pid is borne by anybody, be it a dead process that
    nobody reaps. The folder is ours alone, so it goes whenever no server lives.
    """
    began = time.monotonic()
    asked = False
    while (noted := read_pid_file(data)) is not None:
        waited = time.monotonic() - began
        bearer = judge(noted.pid, data)
        if bearer is Bearer.FOREIGN:
            raise EngineFailed(
                f"A PostgreSQL that Danshu did not start (process {noted.pid}) runs on {data}: "
                "stop it, or choose another folder with DANSHU_DATA."
            )
        if bearer is Bearer.OURS:
            if not asked:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(noted.pid, signal.SIGINT)
                asked = True
            if waited > STOP_WAIT_S:
                raise EngineFailed(
                    f"The database left by an earlier run (process {noted.pid}) does not stop."
                )
        elif living := servers(data):
            if waited > STOP_WAIT_S:
                raise EngineFailed(
                    f"Database processes left by an earlier run do not stop: {living}."
                )
        elif bearer is Bearer.NOBODY:
            _remove_socket(socket)
            return
        elif bearer is Bearer.STRANGER or waited > GONE_WAIT_S:
            break
        time.sleep(POLL_S)
    if not servers(data):  # also a file that a power cut left empty
        (data / "postmaster.pid").unlink(missing_ok=True)
        _remove_socket(socket)


def _remove_socket(folder: Path) -> None:
    for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
        (folder / name).unlink(missing_ok=True)


def default_settings(cluster: Cluster) -> dict[str, str]:
    """The settings that we run with: durable, no JIT, sized by the memory and disk there is."""
    small_ram = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") < SMALL_RAM_BYTES
    small_disk = shutil.disk_usage(cluster.data).free < SMALL_DISK_BYTES
    chosen = {
        "cluster_name": cluster_name(cluster.data),
        "shared_buffers": "64MB" if small_ram else "256MB",
        "max_wal_size": "1GB" if small_disk else "4GB",
        "min_wal_size": "80MB" if small_disk else "1GB",
        "checkpoint_timeout": "15min",
        "checkpoint_completion_target": "0.9",
        "wal_buffers": "16MB",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "jit": "off",
        "random_page_cost": "1.1",
        "max_connections": "200",  # a worker holds one a room
        "autovacuum_naptime": "60s",
        "idle_in_transaction_session_timeout": "60s",
        "unix_socket_permissions": "0700",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_checkpoints": "on",
        # errors go to the client that caused them; in the log their details would be people's data
        "log_min_messages": "log",
        "log_line_prefix": "%m [%p] ",
    }
    if cluster.binaries.has_library("pg_stat_statements"):
        chosen["shared_preload_libraries"] = "pg_stat_statements"
    return chosen


def may_be_set(name: str) -> bool:
    """Whether a caller may set this: a well-formed name, and none that the engine decides."""
    return name not in OWN_SETTINGS and SETTING_NAME.fullmatch(name) is not None


def spawn(
    cluster: Cluster, socket: Path, settings: Mapping[str, str], log: IO[bytes]
) -> subprocess.Popen[bytes]:
    """Begin a postmaster: our direct child, in its own session (no Ctrl-C reaches it), no network.

    On Linux it gets SIGINT (a fast, clean stop) when the THREAD that calls this ends, however it
    ends; elsewhere an orphan is found and stopped by the next owner.
    """
    command = [
        cluster.binaries.program("postgres"),
        "-D",
        str(cluster.data),
        "-k",
        str(socket),
        "-h",
        "",
    ]
    command += ["-p", str(PORT)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    return subprocess.Popen(
        command,
        cwd="/",
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        preexec_fn=leash(signal.SIGINT),
        **cluster.as_child(),
    )
