"""A policy set is published and made to rule wholly or not at all, wherever the commit is cut."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest

from danshu.capabilities.routing.policy.templates import shipped
from danshu.hub import merchants, policy_sets
from danshu.hub.drafts import Draft
from danshu.hub.policy_drafts import POLICIES
from danshu.kernel.fact import Actor
from tests.faults import shop
from tests.faults.proxy import COMMIT, Proxy, open_proxy

pytest_plugins = ["tests.fixtures.engine"]
pytestmark = pytest.mark.anyio

AUTHOR = Actor(sub="person:019aa9d3-6b80-7000-8000-0000000000b1", role="policy", grade="B")
SECOND = Actor(sub="person:019aa9d3-6b80-7000-8000-0000000000b2", role="policy", grade="B")
NOW_MS = 1_795_163_912_000
# A trial that is done, as the room leaves it.
TRIED = """
insert into policy_trials(tenant,id,draft,digest,body,against,day,orders_max,co2_g_tkm,state,by)
values(%s,gen_random_uuid(),%s,%s,'','','2026-11-20',1,120,'done','x') returning 1
"""
Work = Callable[[psycopg.AsyncConnection[Any]], Awaitable[Any]]


async def cut(proxy: Proxy, step: int, persisted: bool, work: Work) -> None:
    """Do something over a connection that breaks at a statement."""
    fault = proxy.arm(step, persisted=persisted)
    with contextlib.suppress(psycopg.Error):
        async with await psycopg.AsyncConnection.connect(proxy.url, autocommit=True) as c:
            await work(c)
    assert fault.fired


async def stands(url: str, tenant: int, kind: str) -> tuple[int, int, int]:
    """Count published sets, moves of the head, and facts of a kind: all of one commit."""
    ((sets, moves, facts),) = await shop.query(
        url,
        "select (select count(*) from policy_sets where tenant=%s),"
        " (select coalesce(max(no),0) from policy_heads where tenant=%s),"
        " (select count(*) from facts where tenant=%s and position(%s::bytea in body) > 0)",
        tenant, tenant, tenant, kind.encode(),
    )  # fmt: skip
    return int(sets), int(moves), int(facts)


async def test_a_set_is_published_and_rules_wholly_or_not_at_all(database: str) -> None:
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as c:
        tenant = await merchants.create_tenant(c, "rules", "策略", shop.TESTER)
        policy = shipped()[0].policy()
        draft = await POLICIES.begin(c, tenant, "暴雨", policy, AUTHOR, NOW_MS)
        assert isinstance(draft, Draft)
        await c.execute(TRIED, (tenant, draft.id, bytes.fromhex(policy.digest)))
        submitted = await POLICIES.submit(c, tenant, draft.id, 1, AUTHOR, NOW_MS)
        assert isinstance(submitted, Draft), submitted

    async def approve(c: psycopg.AsyncConnection[Any]) -> None:
        done = await POLICIES.approve(c, tenant, draft.id, policy.digest, SECOND, NOW_MS)
        assert isinstance(done, Draft), done

    async def activate(c: psycopg.AsyncConnection[Any]) -> None:
        done = await policy_sets.activate(c, tenant, policy.digest, SECOND)
        assert isinstance(done, policy_sets.Head), done

    published, activated = '"policy_set.published"', '"policy_set.activated"'
    async with open_proxy(database) as proxy:
        for step in (1, 3, 5, 7, 9, COMMIT):
            await cut(proxy, step, False, approve)
            assert await stands(database, tenant, published) == (0, 0, 0)
        await cut(proxy, COMMIT, True, approve)
        assert await stands(database, tenant, published) == (1, 0, 1)
        for step in (1, 3, 5, 7, COMMIT):
            await cut(proxy, step, False, activate)
            assert await stands(database, tenant, activated) == (1, 0, 0)
        await cut(proxy, COMMIT, True, activate)
        assert await stands(database, tenant, activated) == (1, 1, 1)
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as c:
        # whoever did not hear asks again, and is told that it is done
        again = await POLICIES.approve(c, tenant, draft.id, policy.digest, SECOND, NOW_MS)
        assert again == POLICIES.nos.ended
        assert await policy_sets.activate(c, tenant, policy.digest, SECOND) == policy_sets.RULES
