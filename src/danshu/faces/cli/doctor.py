"""`danshu doctor`: is everything there that a hub needs, and does it keep up?"""

from __future__ import annotations

import asyncio
import datetime
import os
import platform
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import msgspec
import psycopg
import typer
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from danshu.faces.cli import opening
from danshu.hub import compose, log_state, time_settings, trusted_time
from danshu.kernel import ids
from danshu.kernel.errors import DanshuError
from danshu.kernel.limits import RECEIPT_IN_LOG_S
from danshu.ledger import engine, migrate, sequence
from danshu.ledger.seal import Forked
from danshu.ledger.write import connect
from danshu.ports import registry

PYTHON_MIN: Final = (3, 11)
PYTHON_END: Final = (3, 13)
DISK_MIN_BYTES: Final = 2_000_000_000
PARTITIONS_MIN_DAYS: Final = 2
TIMER_LATE_S: Final = 60
_GAPS_TOLD: Final = 5
_PORTS: Final = (
    *("channel", "modality", "signal", "action", "connector", "event", "asset", "skill"),
    *("clock", "timestamp", "anchor"),
)

_TIMERS_LATE: Final = (
    "select count(*), coalesce(extract(epoch from now() - min(due)), 0)::float8 from timers"
    " where tenant = any(select id from tenants) and due < now()"
)
_SEALS: Final = "select count(*), coalesce(sum(size - signed), 0)::int8 from books"
_STAMPS: Final = (
    "select (select count(*) from tokens), count(*) filter (where failures > 2"
    " and trouble <> 'algorithm'), coalesce(max(trouble) filter (where failures > 2), '')"
    " from stamping where authority = any(%s)"
)
_INBOX: Final = "select count(*) from inbox where state = 'open'"


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that was looked at. `ok` False needs somebody; `figures` are for machines."""

    name: str
    ok: bool
    said: str
    figures: dict[str, Any] = {}


def run(as_json: bool) -> int:
    """Look at everything; exit 0 when nothing needs anybody, else 1."""
    findings = [_python(), _plugins()]
    try:
        with engine.resolve(tell=lambda text: typer.echo(text, err=True)) as store:
            findings.append(_engine(store))
            findings += _database(store.url)
    except DanshuError as error:
        findings.append(Finding(name="database", ok=False, said=error.diagnose()))
    findings.append(_disk())
    is_well = all(f.ok for f in findings)
    if as_json:
        opening.show_json({"ok": is_well, "findings": [msgspec.to_builtins(f) for f in findings]})
    else:
        table = Table("", "项目", "情况")
        for f in findings:
            table.add_row("[green]✓[/green]" if f.ok else "[red]✗[/red]", f.name, f.said)
        Console().print(table)
    return 0 if is_well else 1


def _python() -> Finding:
    version = platform.python_version()
    ok = PYTHON_MIN <= sys.version_info[:2] < PYTHON_END
    return Finding(
        name="python",
        ok=ok,
        said=f"{version} {sys.executable}" if ok else f"{version}: needs 3.11 or 3.12",
        figures={"version": version},
    )


def _plugins() -> Finding:
    """Load every plug-in: one that cannot be made is found here, not at the first order."""
    found: dict[str, list[str]] = {}
    broken = []
    for port in _PORTS:
        try:
            names = registry.names(port)
        except DanshuError as error:
            broken.append(error.diagnose())
            continue
        for name in names:
            try:
                registry.load(port, name)
                found.setdefault(port, []).append(name)
            except DanshuError as error:
                broken.append(error.diagnose())
    said = "; ".join(f"{port}: {', '.join(names)}" for port, names in found.items())
    return Finding(
        name="plug-ins", ok=not broken, said="; ".join(broken) or said, figures={"ports": found}
    )


def _engine(store: engine.Engine | engine.Guest) -> Finding:
    with psycopg.connect(store.url, autocommit=True) as connection:
        row = connection.execute("show server_version").fetchone()
        durable = [
            str(value[0])
            for name in ("fsync", "synchronous_commit")
            if (value := connection.execute(f"show {name}".encode()).fetchone())
        ]
    version = str(row[0]) if row else "?"
    if isinstance(store, engine.Engine):
        kind = "embedded"
    else:
        kind = "url" if os.environ.get("DANSHU_DATABASE_URL") else "embedded, running"
    ok = durable[0] == "on" and durable[1] not in ("off", "local")
    said = f"PostgreSQL {version} ({kind}), fsync {durable[0]}, synchronous_commit {durable[1]}"
    return Finding(
        name="engine",
        ok=ok,
        said=said,
        figures={"version": version, "kind": kind, "durable": ok},
    )


def _database(url: str) -> list[Finding]:
    with psycopg.connect(url, autocommit=True) as connection:
        schema = _schema(connection)
        if schema.figures["current"] != schema.figures["newest"]:
            return [schema]
        looks: tuple[Callable[[psycopg.Connection[Any]], Finding], ...] = (
            _partitions,
            _queue,
            _seals,
            _stamps,
        )
        found = [schema, *(look(connection) for look in looks)]
    return [*found, _lag(url), _clock(url), _third_parties(url)]


def _schema(connection: psycopg.Connection[Any]) -> Finding:
    """A fresh folder has no schema yet: the first start makes it, so that is well."""
    newest = migrate.head()
    row = connection.execute("select to_regclass('alembic_version') is not null").fetchone()
    if not row or not row[0]:
        return Finding(
            name="schema",
            ok=True,
            said=f"not there yet; the first start makes {newest}",
            figures={"current": "", "newest": newest},
        )
    row = connection.execute("select version_num from alembic_version").fetchone()
    current = str(row[0]) if row else ""
    said = current
    if current < newest:
        said = f"{current}; `danshu up` brings it to {newest}"
    elif current > newest:  # a newer node has been here; this one runs on it or would not start
        said = f"{current}, newer than this version's {newest}"
    return Finding(
        name="schema",
        ok=current >= newest,
        said=said,
        figures={"current": current, "newest": newest},
    )


def _partitions(connection: psycopg.Connection[Any]) -> Finding:
    """Count the days ahead, today included, for which every growing table has its partition."""
    today = datetime.datetime.now(datetime.UTC).date()
    days = 0
    while days < compose.PARTITION_DAYS * 2:
        day = today + datetime.timedelta(days=days)
        names = [f"{table}_{day:%Y%m%d}" for table in migrate.PARTITIONED]
        found = [connection.execute("select to_regclass(%s)", (n,)).fetchone() for n in names]
        if (None,) in found:
            break
        days += 1
    rest = 0
    low, _ = ids.day_bounds(today)
    for table in migrate.PARTITIONED:
        key = "stream" if table == "facts" else "id"
        sql = f"select count(*) from {table}_rest where {key} >= %s"
        row = connection.execute(sql.encode(), (low,)).fetchone()
        rest += int(row[0]) if row else 0
    ok = days >= PARTITIONS_MIN_DAYS
    said = f"{days} days ahead" + (f", {rest} rows without a partition" if rest else "")
    return Finding(
        name="partitions",
        ok=ok,
        said=said if ok else said + ": start `danshu work`",
        figures={"days_ahead": days, "rows_in_default": rest},
    )


def _queue(connection: psycopg.Connection[Any]) -> Finding:
    """Timers that should have rung, and messages that wait for a person."""
    row = connection.execute(_TIMERS_LATE).fetchone() or (0, 0.0)
    inbox = connection.execute(_INBOX).fetchone() or (0,)
    late, age_s = int(row[0]), round(float(row[1]), 1)
    ok = not late or age_s < TIMER_LATE_S
    said = f"{late} timers due, the oldest {age_s} s; {inbox[0]} messages in the inbox"
    return Finding(
        name="queue",
        ok=ok,
        said=said if ok else said + ": start `danshu work`",
        figures={"timers_due": late, "oldest_s": age_s, "inbox": inbox[0]},
    )


def _seals(connection: psycopg.Connection[Any]) -> Finding:
    row = connection.execute(_SEALS).fetchone() or (0, 0)
    return Finding(
        name="seals",
        ok=True,
        said=f"{row[0]} books, {row[1]} leaves not signed yet",
        figures={"books": int(row[0]), "unsigned_leaves": int(row[1])},
    )


def _stamps(connection: psycopg.Connection[Any]) -> Finding:
    """Whether checkpoints get their time-stamp tokens; without an authority nobody expects any."""
    urls = list(time_settings.read().tsa_urls)
    row = connection.execute(_STAMPS, (urls,)).fetchone() or (0, 0, "")
    tokens, failing, trouble = int(row[0]), int(row[1]), str(row[2])
    said = f"{tokens} tokens, {len(urls)} authorities"
    if not urls:
        said = "no time-stamping authority is connected (DANSHU_TSA_URLS)"
    elif failing:
        said += f"; {failing} books fail: {trouble}"
    return Finding(
        name="time stamps",
        ok=not failing,
        said=said,
        figures={"tokens": tokens, "authorities": len(urls), "failing": failing},
    )


def _clock(url: str) -> Finding:
    """How far the clock may be off, as the room `time` found it last."""

    async def read() -> trusted_time.TimeState:
        connection = await connect(url)
        try:
            return await trusted_time.state(connection)
        finally:
            await connection.close()

    state = asyncio.run(read())
    said = f"{state.word}: ±{state.err_us / 1000:.1f} ms by {state.src}"
    if state.word == "unmeasured":
        said = "unmeasured: no time source has answered"
    elif state.word == "stale":
        said = "nobody compares the clock any more: start `danshu work`"
    elif state.why:
        said += f" ({state.why})"
    return Finding(
        name="clock",
        ok=not state.waits,
        said=said,
        figures={"state": state.word, "error_us": state.err_us, "why": state.why},
    )


def _lag(url: str) -> Finding:
    """How long the oldest committed fact has waited for its place in the log."""

    async def read() -> int:
        connection = await connect(url)
        try:
            return await sequence.lag_ms(connection, compose.now_ms())
        finally:
            await connection.close()

    lag_s = round(asyncio.run(read()) / 1000, 1)
    ok = lag_s <= RECEIPT_IN_LOG_S
    said = f"the oldest fact outside the log is {lag_s} s old" if lag_s else "everything is in it"
    return Finding(
        name="log lag",
        ok=ok,
        said=said if ok else said + ": start `danshu work`",
        figures={"lag_s": lag_s},
    )


def _third_parties(url: str) -> Finding:
    """Whether witnesses, heads and deposits keep up with the log; a fork is told first."""

    async def read() -> list[log_state.LogGap]:
        connection = await connect(url)
        try:
            return await log_state.find_gaps(connection)
        finally:
            await connection.close()

    gaps = asyncio.run(read())
    counted = Counter(gap.code for gap in gaps)
    told = [f"merchant {gap.tenant}: {gap.code}: {gap.subject}" for gap in gaps[:_GAPS_TOLD]]
    if counted["log_forked"]:
        told.insert(0, f"LOG FORKED, nothing is sealed: {Forked.remedy}")
    if counted["forked"]:
        told.insert(0, "LOG FORKED: a witness knows another history; stop writing and find out why")
    return Finding(
        name="third parties",
        ok=not set(counted) - {"anchor_pending"},
        said="; ".join(told) or "witnesses, heads and deposits keep up",
        figures=dict(counted),
    )


def _disk() -> Finding:
    folder = engine.home(os.environ)
    existing = next(p for p in (folder, *folder.parents) if p.exists())
    free = shutil.disk_usage(existing).free
    return Finding(
        name="disk",
        ok=free >= DISK_MIN_BYTES,
        said=f"{free / 1e9:.1f} GB free at {folder}",
        figures={"free_bytes": free, "folder": str(folder)},
    )
