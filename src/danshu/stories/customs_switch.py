"""`customs-switch`: one customs broker is swapped for another while orders keep coming.

Two brokers with nothing in common prove every signature and keep books of their own: one answers at
once in JSON, the other takes CEB messages and calls back. The candidate breaks on purpose.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from typing import TYPE_CHECKING, Any, Final

from danshu.hub import connecting
from danshu.hub.compose import now_ms
from danshu.hub.connecting import Context
from danshu.stories import caller, furnishing
from danshu.testing import customs_brokers, customs_orders
from danshu.testing.customs_brokers import Mood

if TYPE_CHECKING:
    import httpx

    from danshu.stories.stage import Stage
    from danshu.stories.telling import Voice
    from danshu.testing.customs_brokers import Broker

PATIENCE_S: Final = 120.0  # only so that a story that fails ends
RATE: Final = 20  # calls a second; `danshu bench swap` plays it at 500
ROUTE: Final = "/v1/connector-routes/customs"
_OPEN: Final = "select count(*) from connector_calls where tenant=%s and state in ('due','pending')"


class Load:
    """Orders that keep coming, each with a declaration for customs."""

    def __init__(self, stage: Stage, tenant: int, mark: str) -> None:
        self.stage, self.tenant, self.mark = stage, tenant, mark
        self.asked = 0
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Ask until `end`."""
        began = time.monotonic()
        async with self.stage.connection() as connection:
            while not self._stop.is_set():
                due = round((time.monotonic() - began) * RATE) - self.asked
                async with connection.transaction():
                    for _ in range(due):
                        self.asked += 1
                        number = f"{self.mark}-{self.asked:05d}"
                        await connecting.ask(
                            connection,
                            self.tenant,
                            capability="customs",
                            operation="declare",
                            key=number,
                            subject=number,
                            body=customs_orders.write(number),
                            at_ms=now_ms(),
                            context=Context(warehouse="WH-SHA", channel="taobao"),
                        )
                await asyncio.sleep(0.1)

    def end(self) -> None:
        """Let no more come."""
        self._stop.set()


async def play(stage: Stage, voice: Voice) -> None:
    """Play it on a fresh merchant."""
    code = f"story-customs-{secrets.token_hex(4)}"
    async with stage.connection() as connection:
        tenant = await furnishing.furnish(connection, code, "报关切换故事")
        key = await furnishing.renew_key(connection, tenant, "story")
    with contextlib.ExitStack() as stack:
        old = stack.enter_context(customs_brokers.serve("rest"))
        new = stack.enter_context(customs_brokers.serve("window"))
        async with stage.client(key) as client:
            await _play(stage, voice, client, (old, new), Load(stage, tenant, code[-8:]))
    voice.point(f"控制台 {stage.servers[0]}/connectors(商户 {code})")
    voice.point(f"接口 {stage.servers[0]}{ROUTE}/versions")
    voice.point(f"danshu audit --tenant {code}")
    voice.figures |= {"tenant": code}


async def _play(
    stage: Stage,
    voice: Voice,
    client: httpx.AsyncClient,
    brokers: tuple[Broker, Broker],
    load: Load,
) -> None:
    old, new = brokers
    first = await _connect(client, stage, old, "报关行甲")
    second = await _connect(client, stage, new, "报关行乙")
    running = asyncio.create_task(load.run())
    try:
        voice.say(f"每秒 {RATE} 张报关单,全走报关行甲。")
        await asyncio.sleep(2)
        await _canary(client, first, second, 100)
        await asyncio.sleep(1)
        await _canary(client, first, second, 2_500)
        await _until(lambda: len(new.books) >= 15)
        voice.claim("灰度 25% 后,报关行乙也接到了单", len(new.books) >= 15, len(new.books))
        await _break(client, voice, new, load)
        await _repair(client, voice, (first, second), new)
        await asyncio.sleep(2)
    finally:
        load.end()
        await running
    await _settle(stage, client, voice, first, load)
    await _compare(client, voice, brokers, load)


async def _break(client: httpx.AsyncClient, voice: Voice, new: Broker, load: Load) -> None:
    voice.say("报关行乙坏了:每一次都答 500。")
    new.mood = Mood(latency_ms=5, fail=100)
    began, asked = time.monotonic(), load.asked
    route: dict[str, Any] = {}
    while time.monotonic() - began < PATIENCE_S:
        route = await _route(client)
        if route["stage"] == "rolled_back":
            break
        await asyncio.sleep(0.1)
    took_ms = round((time.monotonic() - began) * 1000)
    voice.claim("没有人动手,灰度自己退回", route.get("stage") == "rolled_back", route.get("stage"))
    voice.claim("退回是系统做的,写明了因为什么", route.get("by") == "connectors", route)
    voice.figures |= {
        "rolled_back_after_ms": took_ms,
        "rolled_back_after_calls": load.asked - asked,
        "reason": route.get("reason", ""),
    }


async def _repair(
    client: httpx.AsyncClient, voice: Voice, ids: tuple[str, str], new: Broker
) -> None:
    first, second = ids
    voice.say("报关行乙修好了:再从 1% 开始,25%,然后全部。")
    new.mood = Mood(latency_ms=5, receipt_ms=20, repeat=2)
    await _canary(client, first, second, 100)
    await _canary(client, first, second, 2_500)
    before = len(new.books)
    await _until(lambda: len(new.books) >= before + 15)
    done = await client.post(f"{ROUTE}/promote", json={"reason": "稳定"})
    voice.claim("全部切到报关行乙", done.json().get("stage") == "full", done.text[:160])
    desk = (await caller.ask(client, "GET", f"/v1/connectors/{first}")).json()
    voice.claim("报关行甲开始排空,不再接新单", desk["state"] == "draining", desk["state"])


async def _settle(
    stage: Stage, client: httpx.AsyncClient, voice: Voice, first: str, load: Load
) -> None:
    """Wait until every call is answered and the first broker is off."""
    end_s = time.monotonic() + PATIENCE_S
    waiting, state = -1, ""
    async with stage.connection() as connection:
        while time.monotonic() < end_s and (waiting or state != "off"):
            row = await (await connection.execute(_OPEN, (load.tenant,))).fetchone()
            waiting = int(row[0]) if row else -1
            state = (await caller.ask(client, "GET", f"/v1/connectors/{first}")).json()["state"]
            await asyncio.sleep(0.3)
    voice.claim("每一张都有了答复", waiting == 0, waiting)
    voice.claim("报关行甲排空,停用", state == "off", state)


async def _compare(
    client: httpx.AsyncClient, voice: Voice, brokers: tuple[Broker, Broker], load: Load
) -> None:
    old, new = brokers
    body = {"reason": "切换后对账"}
    run = (await caller.ask(client, "POST", f"{ROUTE}/comparisons", json=body)).json()
    end_s = time.monotonic() + PATIENCE_S
    while run["state"] not in ("done", "failed", "cancelled") and time.monotonic() < end_s:
        await asyncio.sleep(0.2)
        path = f"/v1/connector-comparisons/{run['id']}"
        run = (await caller.ask(client, "GET", path)).json()["run"]
    figures = run["figures"]
    voice.claim("两家的账与我们的账对完", run["state"] == "done", run)
    voice.claim(
        f"{load.asked} 张,一张不少",
        (figures.get("lost", 0), figures.get("agreed")) == (0, load.asked),
        figures,
    )
    voice.claim("一张不重", figures.get("doubled", 0) == 0, figures)
    voice.claim(
        "两家自己的账也这样说:合起来正好,没有一张在两家",
        len(old.books) + len(new.books) == load.asked and not set(old.books) & set(new.books),
        (len(old.books), len(new.books)),
    )
    voice.claim("报关行乙的回执都送到了,每张送两次", new.receipts > 0, new.receipts)
    voice.figures |= {
        "calls": load.asked,
        "first_broker": len(old.books),
        "second_broker": len(new.books),
        "comparison": figures,
    }


async def _connect(client: httpx.AsyncClient, stage: Stage, broker: Broker, title: str) -> str:
    wish = {
        "adapter": customs_brokers.ADAPTERS[broker.kind],
        "title": title,
        "url": broker.url,
        "options": customs_brokers.OPTIONS[broker.kind],
        "secrets": customs_brokers.SECRETS,
    }
    id_ = str((await caller.ask(client, "POST", "/v1/connectors", json=wish)).json()["id"])
    path = f"/v1/connectors/{id_}"
    wish["options"] = {"callback_url": f"{stage.servers[0]}{path}/callbacks"}
    await caller.ask(client, "PUT", path, json=wish)
    await caller.ask(client, "POST", f"{path}/state", json={"state": "on", "reason": "接入"})
    return id_


async def _canary(client: httpx.AsyncClient, first: str, second: str, share: int) -> None:
    body = {"candidate": second, "replaces": first, "share": share, "reason": "灰度"}
    await caller.ask(client, "PUT", f"{ROUTE}/canary", json=body)


async def _route(client: httpx.AsyncClient) -> dict[str, Any]:
    listed = (await caller.ask(client, "GET", "/v1/connector-routes")).json()["items"]
    return dict(next(route for route in listed if route["capability"] == "customs"))


async def _until(holds: Any) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not holds() and time.monotonic() < end_s:
        await asyncio.sleep(0.1)
