"""A world that is being read anew: nobody is given the old one meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from danshu.hub import masters
from danshu.hub.worlds import Worlds
from tests.fixtures.engine import tell
from tests.fixtures.hub import House


def test_who_asks_while_a_world_is_read_anew_waits_for_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, loads = masters.load, 0

    async def slow(*given: Any) -> Any:
        nonlocal loads
        loads += 1
        await asyncio.sleep(0.05)
        return await load(*given)

    async def ask() -> None:
        worlds = Worlds(house.url)
        old = await worlds.ensure(house.tenant)
        tell(house.url, "update tenants set revision=revision+1")
        worlds.forget(house.tenant)
        monkeypatch.setattr(masters, "load", slow)
        given = await asyncio.gather(*(worlds.ensure(house.tenant) for _ in range(4)))
        assert {world.revision for world in given} == {old.revision + 1}

    asyncio.run(ask())
    assert loads == 1
