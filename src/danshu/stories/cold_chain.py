"""`cold-chain` 冷链断讯: the feed of a cold store dies; no cold order goes there any more, and
those that lay there are somewhere else before anybody has noticed.

Probes and unit tell of every cold store; then one store's probes fall silent, which nobody reports.
What the hub says when the last word of a source is older than its ttl is all that is needed.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.stock.model import StockLevel
from danshu.hub.compose import now_ms
from danshu.kernel.fact import rfc3339
from danshu.stories import caller, furnishing
from danshu.testing import merchant

if TYPE_CHECKING:
    import httpx

    from danshu.stories.stage import Stage
    from danshu.stories.telling import Voice

TTL_S: Final = 120  # of a probe's word, and of a cold unit's
STORES: Final = 3
ORDERS: Final = 12
WAIT_S: Final = 90
LEFT_S: Final = 20  # that the first words are still good for: a story need not take minutes
PAID_AT: Final = rfc3339(now_ms())


async def play(stage: Stage, voice: Voice) -> None:
    """Play it on a fresh merchant whose cold goods lie in three stores."""
    code = f"story-cold-chain-{secrets.token_hex(4)}"
    sku = next(s for s in merchant.skus() if int(s.storage) == 2)
    stores = [w.code for w in merchant.warehouses() if w.storage_bits & 2][:STORES]
    levels = [StockLevel(warehouse=w, sku=sku.code, on_hand=500) for w in stores]
    async with stage.connection() as connection:
        tenant = await furnishing.furnish(connection, code, "冷链断讯故事", levels)
        key = await furnishing.renew_key(connection, tenant, "story")
    voice.say(f"新商户 {code}:{sku.name} 在 {'、'.join(stores)} 三座冷库。")
    async with stage.client(key) as client:
        await _tell(client, stage, voice, stores, sku.code)
    voice.figures |= {"tenant": code, "orders": ORDERS, "stores": stores}


async def _tell(
    client: httpx.AsyncClient, stage: Stage, voice: Voice, stores: list[str], sku: str
) -> None:
    for store in stores:
        await _sense(client, store, ago_s=TTL_S - LEFT_S)
    await _settled(client, "declared")
    placed = [await _place(client, sku, n) for n in range(ORDERS)]
    there = [p["plan"][0]["warehouse"] for p in placed if p["plan"]]
    voice.claim("探头与机组两项证据齐备,冷藏订单全部分仓", len(there) == ORDERS, len(there))
    dead = max(set(there), key=there.count)
    voice.say(f"{dead} 接了 {there.count(dead)} 张。它的采集断了,没有人上报。")
    for store in stores:
        if store != dead:
            await _sense(client, store)
    began_s = time.monotonic()
    run = await _run(client, dead)
    took_s = time.monotonic() - began_s
    voice.claim("没有人操作,断讯自己被发现", bool(run), f"{took_s:.1f} s")
    if not run:
        return
    reasons = {c["reason"] for c in run.get("closed", []) if c["warehouse"] == dead}
    voice.claim("原因写明:安全信号过期", "stale_safety" in reasons, sorted(reasons))
    voice.claim("只关冷藏类,不关整个仓", _storages(run) == {"chilled"}, sorted(_storages(run)))
    done = await _ended(client, run.get("no", 0))
    counts = done.get("orders", {})
    voice.claim(
        f"原在 {dead} 的 {there.count(dead)} 张全部改派",
        counts.get("moved") == there.count(dead),
        counts,
    )
    now = [await caller.read_order(client, p["order"]) for p in placed]
    left = [o for o in now if dead in _places(o)]
    voice.claim(f"{dead} 里一张冷藏订单也没有了", left == [], len(left))
    later = [await _place(client, sku, ORDERS + n) for n in range(4)]
    voice.claim(
        f"之后的冷藏订单没有一张进 {dead}",
        all(part["warehouse"] != dead for p in later for part in p["plan"]),
    )
    await _judge(client, voice, placed, there.index(dead))
    voice.say("探头恢复,新的读数到了。")
    await _sense(client, dead)
    back = await _again(client, sku, dead)
    voice.claim("恢复后又可以发,不用人开闸", back)
    voice.point(f"接口 {stage.servers[0]}/v1/redecisions/{run.get('no')}/orders")
    voice.point(f"控制台 {stage.servers[0]}/orders/{placed[there.index(dead)]['order']}")


async def _judge(
    client: httpx.AsyncClient, voice: Voice, placed: list[dict[str, Any]], at: int
) -> None:
    order = placed[at]["order"]
    told = (await caller.ask(client, "GET", f"/v1/orders/{order}/facts")).json()["facts"]
    kinds = [f["type"] for f in told]
    voice.claim("订单自己的时间线说得清因何改派", "route.redecided" in kinds, kinds)
    causes = {f.get("cause", "") for f in told if f["type"] == "order.withdrawn"}
    voice.claim("撤回与新决策都记着同一次信号", all(c.startswith("redecision/") for c in causes))


def _places(order: dict[str, Any]) -> set[str]:
    parts = order.get("fulfilments", order.get("plan", []))
    return {p["warehouse"] for p in parts if p.get("state") != "cancelled"}


def _storages(run: dict[str, Any]) -> set[str]:
    return {c["storage"] for c in run.get("closed", [])}


async def _sense(client: httpx.AsyncClient, store: str, ago_s: int = 0) -> None:
    """A store's building management tells of its probes and its unit."""
    body = {
        "warehouse": store,
        "observed": rfc3339(now_ms() - ago_s * 1000),
        "probes": [
            {"zone": "chilled", "sensor": f"s{n}", "temperature_c": 3.1 + n / 10} for n in range(3)
        ],
        "units": [
            {"unit": "U1", "power_kw": 6.2, "rated_kw": 9.0, "door_open_s": 0, "state": "running"}
        ],
    }
    await caller.ask(client, "POST", "/v1/signals/bms", json=body)


async def _settled(client: httpx.AsyncClient, was: str) -> None:
    """Wait until decisions are made on what the stores have told."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        told = (await caller.ask(client, "GET", "/v1/signals?key=zone_temp")).json()
        if any(item["status"] != was for item in told["items"]):
            await asyncio.sleep(3.0)  # and the servers have swapped their snapshots
            return
        await asyncio.sleep(0.2)


async def _place(client: httpx.AsyncClient, sku: str, number: int) -> dict[str, Any]:
    body = {
        "number": f"CC{number:04d}",
        "lines": [{"sku": sku, "quantity": 1, "price_fen": 4_900}],
        "receiver": {
            "name": "王示例",
            "phone": "13900000000",
            "province": "上海市",
            "city": "上海市",
            "detail": f"示例路 {number} 号",
        },
        "paid_at": PAID_AT,
    }
    told: dict[str, Any] = (await caller.ask(client, "POST", "/v1/orders", json=body)).json()
    return told


async def _run(client: httpx.AsyncClient, store: str) -> dict[str, Any]:
    """Wait for the re-decision that a store's silence causes."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        runs = (await caller.ask(client, "GET", "/v1/redecisions?limit=5")).json()["items"]
        for run in runs:
            if any(c["warehouse"] == store for c in run["closed"]):
                found: dict[str, Any] = run
                return found
        await asyncio.sleep(0.3)
    return {}


async def _ended(client: httpx.AsyncClient, no: int) -> dict[str, Any]:
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        run: dict[str, Any] = (await caller.ask(client, "GET", f"/v1/redecisions/{no}")).json()
        if run["ended"]:
            return run
        await asyncio.sleep(0.3)
    return {}


async def _again(client: httpx.AsyncClient, sku: str, store: str) -> bool:
    """Whether a store that tells again is chosen again."""
    end = time.monotonic() + WAIT_S
    number = 100
    while time.monotonic() < end:
        placed = await _place(client, sku, number)
        if any(part["warehouse"] == store for part in placed["plan"]):
            return True
        number += 1
        await asyncio.sleep(1.0)
    return False
