"""`danshu up`, `serve`, `work`: processes."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys

import typer

from danshu.faces.cli import opening
from danshu.hub import compose, settings
from danshu.kernel.errors import DanshuError
from danshu.ledger import engine

_PR_SET_PDEATHSIG = 1


def up(host: str, port: int) -> int:
    """Own or join the database, start the workers as a child, serve until told to stop."""
    chosen = settings.read()
    with engine.resolve(tell=lambda text: typer.echo(text, err=True)) as store:
        compose.prepare(store.url)
        worker = start_worker(store.url)
        try:
            _serve(store.url, host or chosen.host, port or chosen.port)
        finally:
            stop(worker)
    return 0


def serve(host: str, port: int) -> int:
    """Serve HTTP on a database that is there already."""
    chosen = settings.read()
    with engine.resolve() as store:
        compose.prepare(store.url)
        _serve(store.url, host or chosen.host, port or chosen.port)
    return 0


def work(only: str, excepted: str = "", metrics_port: int = 0) -> int:
    """Run the workers' rooms: those named, separated by commas, or all but those excepted; a port
    answers scrapes.
    """
    import uvloop

    from danshu.faces.work import rooms

    try:
        chosen = rooms.choose(only, excepted)
    except DanshuError as error:
        typer.echo(f"danshu: {error}", err=True)
        return 2
    with engine.resolve() as store:
        compose.prepare(store.url)
        uvloop.run(rooms.run(store.url, chosen, metrics_port))
    return 0


def rebuild(only: str) -> int:
    """Have every merchant's board counted again, by the workers that run or those to come; with
    `journal` what was entered from facts.
    """
    from danshu.hub import board, journal_room

    again = journal_room.rebuild if only == journal_room.ROOM else board.rebuild

    async def work(hub: compose.Hub) -> int:
        async with hub.connection() as connection:
            tenants = await (await connection.execute("select id from tenants")).fetchall()
            for (tenant,) in tenants:
                await again(connection, tenant)
        return len(tenants)

    counted = opening.with_hub(work)
    what = "journals" if only == journal_room.ROOM else "boards"
    typer.echo(f"danshu: {counted} {what} will be made again by `danshu work`", err=True)
    return 0


def _serve(url: str, host: str, port: int) -> None:
    from danshu.faces.http import serve as http

    typer.echo(f"danshu: http://{host}:{port}  API: /v1  docs: /docs", err=True)
    http.run(url, host, port)


def start_worker(url: str) -> subprocess.Popen[bytes]:
    """Start `danshu work` on a database, as a child that ends with this process."""
    return start_child(url, "work")


def start_child(url: str, *words: str) -> subprocess.Popen[bytes]:
    """Start `danshu WORDS` on a database, as a child that ends with this process."""

    def follow_parent() -> None:
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

    return subprocess.Popen(
        [sys.executable, "-m", "danshu", *words],
        env={**os.environ, "DANSHU_DATABASE_URL": url},
        preexec_fn=follow_parent,
        start_new_session=True,
    )


def stop(child: subprocess.Popen[bytes]) -> None:
    """Ask a child to end, and insist after ten seconds."""
    child.terminate()
    try:
        child.wait(10)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
