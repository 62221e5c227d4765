"""`oversell`: 256 buyers, 5 units, two servers: exactly 5 are sold, nobody is lost."""

from __future__ import annotations

import asyncio
import secrets
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

# Once for all buyers: the same key again must come with the same body.
PAID_AT: Final = rfc3339(now_ms())
BUYERS: Final = 256
UNITS: Final = 5
WAREHOUSE: Final = "HZ01"


async def play(stage: Stage, voice: Voice) -> None:
    """Play it on a fresh merchant."""
    code = f"story-oversell-{secrets.token_hex(4)}"
    sku = next(s for s in merchant.skus() if s.code == "EX-CUP-BLUE")
    level = StockLevel(warehouse=WAREHOUSE, sku=sku.code, on_hand=UNITS)
    async with stage.connection() as connection:
        tenant = await furnishing.furnish(connection, code, "抢购故事", [level])
        key = await furnishing.renew_key(connection, tenant, "story")
    voice.say(f"新商户 {code}:{sku.name} 只有 {WAREHOUSE} 的 {UNITS} 件。")
    voice.say(f"{BUYERS} 位买家同时下单,一半在 {stage.servers[0]},一半在 {stage.servers[-1]}。")
    clients = [stage.client(key, server) for server in range(len(stage.servers))]
    try:
        answers = await asyncio.gather(
            *(
                _buy(clients[n % len(clients)], f"Q{n:04d}", sku.code, sku.price_fen)
                for n in range(BUYERS)
            )
        )
        again = await _buy(clients[-1], "Q0000", sku.code, sku.price_fen)
        await _judge(clients, answers, again, voice)
    finally:
        for client in clients:
            await client.aclose()
    async with stage.connection() as connection:
        cursor = await connection.execute(
            "select s.on_hand, s.reserved from stock s where s.tenant=%s", (tenant,)
        )
        rows = await cursor.fetchall()
    voice.claim("库存行:在库 5、占用 5,一行不多", rows == [(UNITS, UNITS)], rows)
    voice.point(f"接口 {stage.servers[0]}/v1/orders?channel=api(商户 {code} 的密钥)")
    voice.figures |= {"tenant": code, "buyers": BUYERS, "units": UNITS, "servers": len(clients)}


async def _buy(client: httpx.AsyncClient, number: str, sku: str, price_fen: int) -> dict[str, Any]:
    response = await caller.ask(
        client,
        "POST",
        "/v1/orders",
        json={
            "number": number,
            "lines": [{"sku": sku, "quantity": 1, "price_fen": price_fen}],
            "receiver": {
                "name": "王示例",
                "phone": "13900000000",
                "province": "浙江省",
                "city": "杭州市",
                "district": "西湖区",
                "detail": f"示例路 {number} 号",
            },
            "paid_at": PAID_AT,
        },
    )
    answer: dict[str, Any] = response.json()
    return answer


async def _judge(
    clients: list[httpx.AsyncClient],
    answers: list[dict[str, Any]],
    again: dict[str, Any],
    voice: Voice,
) -> None:
    sold = [a for a in answers if a["plan"]]
    waiting = [a for a in answers if not a["plan"]]
    units = sum(s["quantity"] for a in sold for f in a["plan"] for s in f["lines"])
    voice.say(f"{len(sold)} 位买到,{len(waiting)} 位缺货等待。")
    voice.claim(
        "256 位买家都得到了答复,订单号各不相同", len({a["order"] for a in answers}) == BUYERS
    )
    voice.claim("恰好卖出 5 件", (len(sold), units) == (UNITS, UNITS), f"{len(sold)} 单 {units} 件")
    voice.claim(
        "其余 251 张订单都在,各缺 1 件",
        len(waiting) == BUYERS - UNITS and all(a["open_units"] == 1 for a in waiting),
        len(waiting),
    )
    voice.claim(
        "同一订单再来一次,是同一张",
        again["existing"] and again["order"] == answers[0]["order"],
    )
    for n, client in enumerate(clients, 1):
        listed = await caller.list_orders(client, channel="api")
        voice.claim(f"第 {n} 台服务器看到全部 256 张订单", len(listed) == BUYERS, len(listed))
    one = await caller.list_orders(clients[0], state="allocated")
    voice.claim("已占库的订单恰好 5 张", len(one) == UNITS, len(one))
    told = await caller.act(clients[0], one[0]["order"], "cancel", reason="买家取消")
    voice.claim("一位买家取消", told["state"] == "cancelled", told["state"])
    freed = await caller.act(clients[0], waiting[0]["order"], "allocate")
    voice.claim("腾出的一件当即给了等待的买家", bool(freed["plan"]), freed["plan"])
