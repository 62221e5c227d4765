"""`lockdown` 区域封控: three of 37 warehouses close; what they had not begun goes elsewhere,
untouched by anybody.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING, Any, Final

from danshu.hub.compose import now_ms
from danshu.kernel.fact import rfc3339
from danshu.stories import caller, furnishing
from danshu.testing import merchant

if TYPE_CHECKING:
    import httpx

    from danshu.stories.stage import Stage
    from danshu.stories.telling import Voice

CLOSED: Final = ("HZ01", "NJ01", "SH01")
ORDERS: Final = 240
AT_ONCE: Final = 40
PROMISED_S: Final = 180
_CITIES: Final = (
    ("上海市", "上海市"),
    ("浙江省", "杭州市"),
    ("江苏省", "南京市"),
    ("北京市", "北京市"),
    ("广东省", "广州市"),
    ("四川省", "成都市"),
)
PAID_AT: Final = rfc3339(now_ms())


async def play(stage: Stage, voice: Voice) -> None:
    """Play it on a fresh merchant."""
    code = f"story-lockdown-{secrets.token_hex(4)}"
    async with stage.connection() as connection:
        tenant = await furnishing.furnish(connection, code, "封控故事")
        key = await furnishing.renew_key(connection, tenant, "story")
    async with stage.client(key) as client:
        await _tell(client, stage, voice, code)


async def _tell(client: httpx.AsyncClient, stage: Stage, voice: Voice, code: str) -> None:
    voice.say(f"新商户 {code}:37 个仓,{ORDERS} 张订单分到各仓。")
    placed = await _place(client)
    there = [one for one in placed if _warehouses(one) & set(CLOSED)]
    voice.claim("三个仓里都有没开拣的订单", _all(there) >= set(CLOSED), len(there))
    begun = there[0]["order"]
    for event in ("release", "pick"):
        await caller.act(client, begun, event)
    voice.say("其中一张已经开拣。")
    voice.say(f"合规台通知:{'、'.join(CLOSED)} 封控。此后没有人操作。")
    began_s = time.monotonic()
    states = [{"warehouse": one, "forbids": ["lockdown"]} for one in CLOSED]
    told = {"observed": rfc3339(now_ms()), "states": states}
    await caller.ask(client, "POST", "/v1/signals/compliance", json=told)
    run = await _wait(client)
    took_s = time.monotonic() - began_s
    voice.say(f"{took_s:.1f} 秒后:{run['orders']} 张订单整体重排完,又改派 {run['moved']} 张。")
    await _judge(client, voice, run, begun)
    voice.claim(f"从通知到最后一张改派不到 {PROMISED_S} 秒", took_s < PROMISED_S, f"{took_s:.1f} s")
    voice.point(f"控制台 {stage.servers[0]}/replans/{run['id']}(商户 {code})")
    voice.point(f"接口 {stage.servers[0]}/v1/replans/{run['id']}/moves")
    voice.figures |= {
        "orders": run["orders"],
        "moved": run["moved"],
        "seconds": round(took_s, 1),
        "gap_ppm": run["gap_ppm"],
    }


async def _place(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    """Place the orders of the day, a few at a time."""
    goods = [sku for sku in merchant.skus() if int(sku.storage) == 1][:60]
    placed: list[dict[str, Any]] = []
    for begin in range(0, ORDERS, AT_ONCE):
        bodies = [_order(n, goods[n % len(goods)].code) for n in range(begin, begin + AT_ONCE)]
        answers = await asyncio.gather(
            *(caller.ask(client, "POST", "/v1/orders", json=body) for body in bodies)
        )
        placed += [answer.json() for answer in answers]
    return placed


def _order(number: int, sku: str) -> dict[str, Any]:
    province, city = _CITIES[number % len(_CITIES)]
    return {
        "number": f"L{number:04d}",
        "lines": [{"sku": sku, "quantity": 1, "price_fen": 1_990}],
        "receiver": {
            "name": "王示例",
            "phone": "13900000000",
            "province": province,
            "city": city,
            "detail": f"示例路 {number} 号",
        },
        "paid_at": PAID_AT,
    }


def _warehouses(order: dict[str, Any]) -> set[str]:
    return {part["warehouse"] for part in order["plan"]}


def _all(orders: list[dict[str, Any]]) -> set[str]:
    return set().union(*(_warehouses(one) for one in orders))


async def _wait(client: httpx.AsyncClient) -> dict[str, Any]:
    """Wait until the replan that nobody asked for has ended."""
    until_s = time.monotonic() + PROMISED_S
    while True:
        runs = (await caller.ask(client, "GET", "/v1/replans?limit=1")).json()["items"]
        if runs and runs[0]["state"] not in ("waiting", "running"):
            one: dict[str, Any] = runs[0]
            return one
        if time.monotonic() > until_s:
            return {"id": "", "state": "", "cause": "", "orders": 0, "moved": 0, "refused": 0,
                    "pinned": 0, "gap_ppm": 0, "proven": False, "digest": ""}  # fmt: skip
        await asyncio.sleep(0.2)


async def _judge(client: httpx.AsyncClient, voice: Voice, run: dict[str, Any], begun: str) -> None:
    voice.claim(
        "重排自己开始,起因写着三个仓", run["cause"] == f"closed {' '.join(CLOSED)}", run["cause"]
    )
    voice.claim("重排完成", run["state"] == "done", run["state"])
    if not run["id"]:
        return
    voice.claim("一张不少地重算", run["orders"] == ORDERS - 1, run["orders"])
    voice.claim("已开拣的一张锁定不动", run["pinned"] == 1, run["pinned"])
    voice.claim("没有一张改派被拒", run["refused"] == 0, run["refused"])
    voice.claim("方案已证明最优", run["proven"], run["gap_ppm"])
    left, moved = 0, ""
    for one in await caller.list_orders(client, channel="api"):
        order = await caller.read_order(client, one["order"])
        live = [f for f in order["fulfilments"] if f.get("state", "allocated") != "cancelled"]
        is_left = bool({f["warehouse"] for f in live} & set(CLOSED))
        left += is_left and one["order"] != begun
        if len(order["fulfilments"]) > len(live):
            moved = one["order"]
    voice.claim("封控仓里没有一张未开拣的订单", left == 0, left)
    moves = (await caller.ask(client, "GET", f"/v1/replans/{run['id']}/moves?limit=200")).json()
    states = {move["state"] for move in moves["items"]}
    voice.claim("方案里的每张都已在新仓", states <= {"moved"}, sorted(states))
    path = f"/v1/orders/{moved}/replay"
    again = (await caller.ask(client, "POST", path, json={})).json()
    voice.claim("改派的决策可逐字节重放", again["equal"], again)
