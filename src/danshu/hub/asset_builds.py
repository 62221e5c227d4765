"""Builds that are asked for: jobs, worked on by a child process (assets_child) that can be stopped.

The room `assets` runs the same child for whoever's assets are due.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.hub import assets_child, jobs
from danshu.hub.asset_register import find, known
from danshu.hub.assets_child import END, FORCE, Told
from danshu.hub.jobs import NewJob
from danshu.hub.worlds import now_ms
from danshu.kernel import ids
from danshu.kernel.errors import InputError
from danshu.kernel.limits import ASSET_DEADLINE_S

if TYPE_CHECKING:
    import uuid
    from collections.abc import Awaitable, Callable, Sequence

    from danshu.hub.compose import Hub
    from danshu.hub.jobs import Job, Who
    from danshu.kernel.fact import Actor

Connection = Any
KIND: Final = "asset-build"
_BEAT_S: Final = 1.0
_LOCK: Final = "select 1 from tenants where id=%s for no key update"
_OPEN: Final = (
    "select id, question from jobs where tenant=%s and kind='asset-build' and state='waiting'"
    " and ended is null order by id"
)


class BuildQuestion(Struct, frozen=True, kw_only=True):
    """Which assets are built; () are all."""

    names: tuple[str, ...] = ()


_decode_question: Final = msgspec.json.Decoder(BuildQuestion).decode
_decode_told: Final = msgspec.json.Decoder(Told).decode


async def ask(
    connection: Connection, tenant: int, names: Sequence[str], caller: Who, actor: Actor
) -> uuid.UUID:
    """Ask for a build now; joins one of the same assets that still waits. Gives the job's id.

    Raises InputError `no_asset`, `busy`.
    """
    for name in names:
        find(name)
    question = msgspec.json.encode(BuildQuestion(names=tuple(names)))
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        for id_, asked in await (await connection.execute(_OPEN, (tenant,))).fetchall():
            if bytes(asked) == question:
                waiting: uuid.UUID = id_
                return waiting
        new = NewJob(
            id=ids.uuid7(now_ms(), os.urandom(10)),
            kind=KIND,
            question=question,
            caller=caller,
            actor=actor,
            total=len(names) or len(known()),
            exact=True,
        )
        await jobs.begin(connection, tenant, new)
    return new.id


async def work(hub: Hub, job: Job, holder: uuid.UUID) -> None:
    """Build until done, stopped, or taken over by another."""
    names = _decode_question(job.question).names

    async def goes_on(told: Told | None) -> bool | None:
        done = told.done if told and told.stage != "read" else 0
        async with hub.connection() as connection:
            return await jobs.step(connection, job, holder, None, done, 0)

    state: str | None = jobs.CANCELLED
    last: Told | None = None
    if not job.stop:
        state, last = await run_child(hub.url, job.tenant, names, goes_on)
    if state is None:
        return
    async with hub.connection() as connection:
        if state == jobs.DONE and last is not None:
            await jobs.step(connection, job, holder, None, last.done - last.total, last.total)
        await jobs.end(connection, job, holder, state)


async def run_child(
    url: str,
    tenant: int,
    names: Sequence[str],
    goes_on: Callable[[Told | None], Awaitable[bool | None]],
    *,
    is_forced: bool = False,
    module: str = assets_child.__name__,
    more: str = "",
    deadline_s: int = ASSET_DEADLINE_S,
) -> tuple[str | None, Told | None]:
    """Run the child, or another `module` that is spoken to alike (`more` is its second line);
    gives the state of the job (None: another has it) and what it said last.

    Asked every second, `goes_on` ends it: False = stopped, None = lost. Raises InputError `build`
    when the child fails, `deadline` when it takes longer than `deadline_s`.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, str(tenant), *names,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert child.stdin is not None
    assert child.stderr is not None
    said: list[Told] = []
    try:
        child.stdin.write(f"{url}\n{FORCE if is_forced else more}\n".encode())
        child.stdin.close()  # the URL holds a password: no argument of a process that others see
        listening = asyncio.gather(_listen(child, said), child.stderr.read())
        end_s = asyncio.get_running_loop().time() + deadline_s
        while not listening.done():
            await asyncio.wait([listening], timeout=_BEAT_S)
            may_go_on = await goes_on(said[-1] if said else None)
            if not may_go_on:
                return (None if may_go_on is None else jobs.CANCELLED), None
            if asyncio.get_running_loop().time() > end_s:
                raise InputError("deadline", f"no build within {deadline_s} s")
        _, errors = await listening
        if await child.wait() != 0 or not said or said[-1].stage != END:
            last = errors.decode(errors="replace").strip().rpartition("\n")[2]
            raise InputError("build", last[:200])
        return jobs.DONE, said[-1]
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()


async def _listen(child: asyncio.subprocess.Process, said: list[Told]) -> None:
    assert child.stdout is not None
    async for raw in child.stdout:
        with contextlib.suppress(msgspec.DecodeError):
            said.append(_decode_told(raw))
