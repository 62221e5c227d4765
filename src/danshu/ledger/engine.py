"""The one store, at hand: the PostgreSQL that DANSHU_DATABASE_URL names, else the embedded one.

A laptop, a test and production thus run the same SQL. This is the door to the engine: what is
exported here is its whole API; `supervisor` says how the embedded server is kept alive.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import psycopg

from danshu.kernel.errors import NotAvailable
from danshu.ledger.cluster import LAIR, EngineFailed, Tell
from danshu.ledger.lock import EngineBusy
from danshu.ledger.supervisor import Engine, attach, start

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

__all__ = [
    "Engine",
    "EngineBusy",
    "EngineFailed",
    "Guest",
    "attach",
    "checked",
    "home",
    "refuse",
    "resolve",
    "start",
]

SERVER_VERSION_MIN: Final = 150_000
CONNECT_WAIT_S: Final = 10


class Guest:
    """A running PostgreSQL that somebody else owns: by URL, or another process's embedded one."""

    def __init__(self, url: str) -> None:
        """`url`: a libpq URI or conninfo."""
        self.url: Final = url

    def alive(self) -> bool:
        """Whether a connection can be made now."""
        try:
            psycopg.connect(self.url, connect_timeout=CONNECT_WAIT_S).close()
        except psycopg.Error:
            return False
        return True

    def keep(self, deadline_s: float = 60.0) -> None:
        """Return when a connection can be made; raises NotAvailable at the deadline."""
        end = time.monotonic() + deadline_s
        while not self.alive():
            if time.monotonic() > end:
                raise NotAvailable("The database does not answer.")
            time.sleep(0.2)

    def stop(self) -> None:
        """Nothing: it is not ours to stop."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def resolve(
    environment: Mapping[str, str] | None = None, tell: Tell | None = None, wait_s: float = 60.0
) -> Engine | Guest:
    """The store that the environment asks for, ready; `.url` it is, `.stop()` or `with` at the end.

    `DANSHU_DATABASE_URL` names any PostgreSQL >= 15 in UTF-8. Else the embedded one below `home` is
    owned, or, when another process owns it, joined as soon as it is ready, at most `wait_s` from
    now; such a guest loses it when the owner ends.
    """
    environment = os.environ if environment is None else environment
    if url := environment.get("DANSHU_DATABASE_URL"):
        return Guest(checked(url))
    data = home(environment) / "pg"
    end = time.monotonic() + wait_s
    while True:
        try:
            return start(data, tell=tell)
        except EngineBusy:
            if found := attach(data):
                return Guest(found)
            if time.monotonic() > end:
                raise
        time.sleep(0.05)


def home(environment: Mapping[str, str]) -> Path:
    """Where all of this hub is kept: DANSHU_DATA; else /var/lib/danshu (root) or XDG's data folder.

    The database is in `pg` below it, with `pg.lock` and `pg.log` beside it.
    """
    if chosen := environment.get("DANSHU_DATA"):
        return Path(chosen).expanduser().absolute()
    if os.geteuid() == 0:
        return LAIR
    base = environment.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local/share") / "danshu"


def checked(url: str) -> str:
    """The URL in libpq's form, once its server has proved to be >= 15 with a UTF-8 database.

    Raises NotAvailable when it does not answer, EngineFailed when it does not suit; neither repeats
    the password.
    """
    url = plain(url)
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_WAIT_S) as connection:
            version = connection.info.server_version
            encoding = connection.info.parameter_status("server_encoding")
    except psycopg.ProgrammingError as error:
        raise EngineFailed("DANSHU_DATABASE_URL is not a PostgreSQL URL.") from error
    except psycopg.OperationalError as error:
        first = str(error).strip().partition("\n")[0]
        raise NotAvailable(
            f"The database of DANSHU_DATABASE_URL does not answer: {first}"
        ) from error
    refuse(version, encoding or "?")
    return url


def plain(url: str) -> str:
    """Give a URL of PostgreSQL as libpq reads it, whatever driver it names."""
    return re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", url)


def refuse(version: int, encoding: str) -> None:
    """Raise EngineFailed for a server that we cannot use; `version` as libpq counts it (150004)."""
    if version < SERVER_VERSION_MIN:
        raise EngineFailed(
            f"DANSHU_DATABASE_URL names PostgreSQL {version // 10_000}; Danshu needs 15 or newer."
        )
    if encoding != "UTF8":
        raise EngineFailed(
            f"DANSHU_DATABASE_URL names a database in {encoding}; make one with encoding 'UTF8'."
        )
