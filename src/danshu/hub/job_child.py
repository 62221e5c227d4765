"""A process of its own for long work: what it says of itself, and how it is run, stopped, ended.

A child is `python -m MODULE TENANT [WORD …]` with the database's URL as the first line of standard
input (it holds a password: no argument of a process that others see) and what else it must know as
the second. Each line of its standard output is {"stage", "done", "total"}, the last has the stage
"end". It may be killed anywhere: it writes in one commit, or files that are whole or not there.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from danshu.hub import jobs
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

END: Final = "end"
_BEAT_S: Final = 1.0


class Told(Struct, frozen=True, kw_only=True):
    """How far it is: `done` of `total` in what `stage` names."""

    stage: str
    done: int
    total: int


_decode_told: Final = msgspec.json.Decoder(Told).decode


def tell(stage: str, done: int, total: int) -> None:
    """Say how far it is; the child's side."""
    line = msgspec.json.encode(Told(stage=stage, done=done, total=total))
    sys.stdout.write(line.decode() + "\n")
    sys.stdout.flush()


async def run(
    module: str,
    url: str,
    tenant: int,
    words: Sequence[str],
    goes_on: Callable[[Told | None], Awaitable[bool | None]],
    *,
    more: str = "",
    code: str,
    deadline_s: int,
) -> tuple[str | None, Told | None]:
    """Run a child; gives the state of its job (None: another has it) and what it said last.

    Asked every second, `goes_on` ends it: False = stopped, None = lost. Raises InputError with
    `code` when the child fails, `deadline` when it takes longer than `deadline_s`.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, str(tenant), *words,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert child.stdin is not None
    assert child.stderr is not None
    said: list[Told] = []
    try:
        child.stdin.write(f"{url}\n{more}\n".encode())
        child.stdin.close()
        listening = asyncio.gather(_listen(child, said), child.stderr.read())
        end_s = asyncio.get_running_loop().time() + deadline_s
        while not listening.done():
            await asyncio.wait([listening], timeout=_BEAT_S)
            may_go_on = await goes_on(said[-1] if said else None)
            if not may_go_on:
                return (None if may_go_on is None else jobs.CANCELLED), None
            if asyncio.get_running_loop().time() > end_s:
                raise InputError("deadline", f"not done within {deadline_s} s")
        _, errors = await listening
        if await child.wait() != 0 or not said or said[-1].stage != END:
            last = errors.decode(errors="replace").strip().rpartition("\n")[2]
            raise InputError(code, last[:200])
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
