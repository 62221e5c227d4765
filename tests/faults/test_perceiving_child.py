"""Local perceivers: what hangs, eats memory or dies of an original takes nothing with it."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from danshu.hub import perceiving_child
from danshu.kernel.errors import InputError, NotAvailable, ProgramError
from danshu.ports import registry
from danshu.ports.connector import Account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from danshu.ports.perceiver import Perception

PLUGIN = """
import os
import time

from danshu.kernel.errors import InputError, NotAvailable
from danshu.ports.perceiver import Perception


class Moody:
    kind, title, title_en, local, needs, extra = "speech", "测试", "Test", True, (), ""
    calls = 0

    async def perceive(self, account, send, body, media_type, hints):
        self.calls += 1
        if body == b"print":
            print("library noise")
        elif body == b"hang":
            open(hints["mark"], "w").close()
            time.sleep(60)
        elif body == b"bomb":
            bytearray(64 << 30)
        elif body == b"die":
            os._exit(9)
        elif body == b"none":
            raise InputError("not_speech", "no sound", "/x")
        elif body == b"away":
            raise NotAvailable("no model", 7)
        elif body == b"net":
            await send("GET", "http://example.com", {}, b"")
        elif body == b"broken":
            raise ValueError("what")
        return Perception(
            kind="speech", engine=str(os.getpid()), version=str(self.calls), digest="",
            text=body.decode() + hints.get("lang", ""),
        )


PLUGIN = Moody
"""


@pytest.fixture
def plugged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "perceiver").mkdir()
    (tmp_path / "perceiver" / "moody.py").write_text(PLUGIN)
    monkeypatch.setenv(registry.VARIABLE, str(tmp_path))
    yield tmp_path
    perceiving_child.close()


async def look(body: bytes, **hints: object) -> Perception:
    account = Account(url="")
    return await perceiving_child.perceive_local("moody", account, body, "audio/wav", hints)


def test_a_child_keeps_its_model_and_tells_what_was_raised(plugged: Path) -> None:
    async def run() -> None:
        first, second = await look(b"print", lang="zh"), await look(b"print")
        assert (first.text, first.engine) == ("printzh", second.engine)
        assert (first.version, second.version) == ("1", "2")
        with pytest.raises(InputError) as refused:
            await look(b"none")
        assert (refused.value.code, refused.value.pointer) == ("not_speech", "/x")
        with pytest.raises(NotAvailable) as missing:
            await look(b"away")
        assert missing.value.retry_after_s == 7
        with pytest.raises(NotAvailable):
            await look(b"net")
        with pytest.raises(ProgramError, match="what"):
            await look(b"broken")
        assert (await look(b"print")).engine == first.engine

    asyncio.run(run())


def test_what_dies_hangs_or_eats_memory_costs_one_errand(plugged: Path) -> None:
    mark = plugged / "begun"

    async def run() -> None:
        first = await look(b"fine")
        with pytest.raises(InputError) as costly:
            await look(b"bomb")
        assert costly.value.code == "too_costly"
        with pytest.raises(NotAvailable):
            await look(b"die")
        second = await look(b"fine")
        assert first.engine != second.engine

        async def hang() -> None:
            await look(b"hang", mark=str(mark))

        hanging = asyncio.create_task(hang())
        waiting = asyncio.create_task(look(b"fine"))
        while not mark.exists():
            await asyncio.sleep(0.01)
        hanging.cancel()  # nobody waits for it any more: the next one is not held up
        third = await waiting
        assert (third.text, third.engine != second.engine) == ("fine", True)
        with pytest.raises(asyncio.CancelledError):
            await hanging
        os.kill(int(third.engine), signal.SIGKILL)
        os.waitid(os.P_PID, int(third.engine), os.WEXITED | os.WNOWAIT)
        assert (await look(b"fine")).text == "fine"

    asyncio.run(run())
