"""`late-waybill`: the 37 minutes between a hand-over and its waybill, and what a real breach costs.

By the carrier's pickup scan, which the promise's text names, the goods left in time; by the waybill
they would be late. Both times are kept, the text decides. A second order really breaks the promise:
the buyer is told, and paid. A third is a day late, and its buyer cancels it without fault.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.stock.model import StockLevel
from danshu.kernel.fact import epoch_ms, rfc3339
from danshu.stories import caller, furnishing
from danshu.testing import notice_desk, payouts

if TYPE_CHECKING:
    import httpx

    from danshu.stories.stage import Stage
    from danshu.stories.telling import Voice

MINUTE_MS: Final = 60_000
HANDED_MS: Final = (47 * 60 + 40) * MINUTE_MS  # after payment
WAYBILL_MS: Final = (48 * 60 + 17) * MINUTE_MS
LAG_MS: Final = WAYBILL_MS - HANDED_MS
SECOND_MS: Final = 1_000
WAIT_S: Final = 60
WAREHOUSE: Final = "HZ01"
SKU: Final = "EX-CUP-BLUE"
PRICE_FEN: Final = 11_800
OWED_FEN: Final = 590


async def play(stage: Stage, voice: Voice) -> None:
    """Play it on a fresh merchant, with a payment service of its own."""
    code = f"story-late-waybill-{secrets.token_hex(4)}"
    level = StockLevel(warehouse=WAREHOUSE, sku=SKU, on_hand=10)
    async with stage.connection() as connection:
        tenant = await furnishing.furnish(connection, code, "运单迟到故事", [level])
        key = await furnishing.renew_key(connection, tenant, "story")
    voice.say(f"新商户 {code}。承诺「48小时发货」以承运商揽收扫描为准。")
    with payouts.serve() as payer, notice_desk.serve() as desk:
        async with stage.client(key) as client:
            body = {"adapter": "payouts", "url": payer.url, "secret": payouts.SECRET}
            await caller.ask(client, "PUT", "/v1/remedy-settings", json=body)
            body = {"adapter": "webhook", "url": desk.url, "secret": notice_desk.SECRET}
            await caller.ask(client, "PUT", "/v1/notice-settings", json=body)
            late = await _minutes(client, voice)
            broken = await _breach(client, payer, voice)
            await _told(client, broken, desk, voice)
            await _customer(client, broken, voice)
            cancelled = await _power(client, voice)
    voice.point(f"控制台 /promises/gaps?state=kept(商户 {code})")
    voice.point(f"控制台 /orders/{late} 与 /orders/{broken}")
    voice.figures |= {
        "tenant": code,
        "orders": [late, broken, cancelled],
        "lag_min": LAG_MS // MINUTE_MS,
    }


async def _place(client: httpx.AsyncClient, number: str, paid_ms: int) -> str:
    told = await caller.ask(
        client,
        "POST",
        "/v1/orders",
        json={
            "number": number,
            "lines": [{"sku": SKU, "quantity": 1, "price_fen": PRICE_FEN}],
            "receiver": {
                "name": "王示例",
                "phone": "13900000000",
                "province": "浙江省",
                "city": "杭州市",
                "district": "西湖区",
                "detail": "示例路 1 号",
            },
            "paid_at": rfc3339(paid_ms),
        },
    )
    return str(told.json()["order"])


async def _facts(client: httpx.AsyncClient, order: str, kind: str) -> list[dict[str, Any]]:
    told = await caller.ask(client, "GET", f"/v1/orders/{order}/facts")
    return [f for f in told.json()["facts"] if f["type"] == kind]


async def _await(client: httpx.AsyncClient, order: str, kind: str) -> dict[str, Any]:
    """Wait until the workers have said it; {} when they did not."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        found = await _facts(client, order, kind)
        if found:
            return found[0]
        await asyncio.sleep(0.2)
    return {}


async def _minutes(client: httpx.AsyncClient, voice: Voice) -> str:
    now_ms = time.time_ns() // 1_000_000
    paid_ms = now_ms - WAYBILL_MS
    order = await _place(client, "LW-0001", paid_ms)
    for event in ("release", "pick", "pack"):
        await caller.act(client, order, event)
    handed = rfc3339(paid_ms + HANDED_MS)
    await caller.act(client, order, "ship", carrier="示例快递", occurred_at=handed)
    voice.say("付款后 47 时 40 分交承运商揽收,扫描有,运单没有。")
    lagging = await _await(client, order, "handover.lagging")
    voice.claim("五分钟没有运单,系统就写下「交接未见运单」", bool(lagging), lagging)
    voice.claim("那一刻还没有运单", await _facts(client, order, "waybill.recorded") == [])
    created = rfc3339(paid_ms + WAYBILL_MS)
    await caller.act(
        client, order, "waybill", carrier="示例快递", waybill="SF37MINUTES", occurred_at=created
    )
    voice.say("付款后 48 时 17 分,运单才生成。")
    caught = await _facts(client, order, "handover.caught_up")
    lag_ms = caught[0]["data"]["lag_ms"] if caught else 0
    voice.claim("迟到 37 分,写成事实", lag_ms == LAG_MS, lag_ms)
    whole = await caller.read_order(client, order)
    ship = next(p for p in whole["promises"] if p["code"] == "ship48h")
    voice.claim("按揽收已兑现", ship["state"] == "kept", ship["state"])
    voice.claim("提前 20 分", ship["gap_s"] == -20 * 60, ship["gap_s"])
    alternate = {a["event"]["name"]: a for a in ship["alternates"]}.get("waybill.created", {})
    voice.claim("按运单就会是违约,两个时间都留着", alternate.get("verdict") == "broken", alternate)
    page = await caller.ask(client, "GET", "/v1/promises/gaps", params={"state": "kept"})
    gap = next(g for g in page.json()["items"] if g["promise"]["order"] == order)
    due_ms = epoch_ms(gap["promise"]["due"])
    physical_ms = epoch_ms(gap["physical"]["occurred"])
    system_ms = epoch_ms(gap["systems"][0]["occurred"])
    seen = [(physical_ms - due_ms) // MINUTE_MS, (system_ms - due_ms) // MINUTE_MS]
    voice.claim("差距表:实际早 20 分,系统晚 17 分,相差 37 分", seen == [-20, 17], seen)
    owed = await caller.ask(client, "GET", f"/v1/orders/{order}/compensations")
    unpaid = [i for i in owed.json()["items"] if i["state"] != "refused"]
    voice.claim("兑现的承诺不欠赔付", unpaid == [], unpaid)
    return order


async def _breach(client: httpx.AsyncClient, payer: payouts.Payer, voice: Voice) -> str:
    now_ms = time.time_ns() // 1_000_000
    order = await _place(client, "LW-0002", now_ms - 49 * 60 * MINUTE_MS)
    proposed = await _await(client, order, "compensation.proposed")
    amount = proposed.get("data", {}).get("amount", 0)
    voice.say(f"另一单付款 49 小时还没发货:违约,按条款 5% 提出赔付 ¥{amount / 100:.2f}。")
    voice.claim("金额由所示条款算出,到分", amount == OWED_FEN, amount)
    made = (await _facts(client, order, "promise.made"))[0]["data"]["promises"]
    pinned = {p["code"]: p["definition"] for p in made}
    voice.claim(
        "赔付写明下单时那一版条款",
        proposed.get("data", {}).get("definition") == pinned["ship48h"],
    )
    voice.claim("没有人批准,一分钱也没有付", payer.payments == {})
    decision = {"act": "approve", "code": "ship48h", "step": 0, "amount_fen": OWED_FEN}
    await caller.ask(client, "POST", f"/v1/orders/{order}/compensations", json=decision)
    paid = await _await(client, order, "compensation.paid")
    receipt = paid.get("data", {}).get("receipt", "")
    voice.say(f"客服批准,支付服务付款,回执 {receipt}。")
    voice.claim("支付服务恰好付了一笔", [p.amount for p in payer.payments.values()] == [OWED_FEN])
    numbers = [p.number for p in payer.payments.values()]
    voice.claim("事实里的回执就是它给的", numbers == [receipt], receipt)
    return order


async def _customer(client: httpx.AsyncClient, order: str, voice: Voice) -> None:
    made = await caller.ask(client, "POST", f"/v1/orders/{order}/links", json={"days": 7})
    path = "/e/" + made.json()["url"].rpartition("/")[2]
    page = await client.get(path, headers={"authorization": ""})
    told = "您的订单有 1 项承诺未兑现，已赔付 ¥5.90"
    voice.claim(f"客户的页面如实写着「{told}」", told in page.text, page.status_code)
    voice.claim("页面上没有收货人的姓名和电话", "王示例" not in page.text)


async def _told(
    client: httpx.AsyncClient, order: str, desk: notice_desk.Desk, voice: Voice
) -> None:
    sent = await _await(client, order, "notice.sent")
    taken = [t for key, t in desk.notices.items() if order in key]
    voice.say("补救链的下一步是告知买家:签名的通知送到商家的告知服务。")
    voice.claim("告知服务恰好接收了一件", [t.data["to"] for t in taken] == ["buyer"])
    number = sent.get("data", {}).get("receipt", "")
    voice.claim("事实里写着它的编号", [t.number for t in taken] == [number], number)
    voice.claim("通知里没有收货人", all("王示例" not in t.body.decode() for t in taken))


async def _power(client: httpx.AsyncClient, voice: Voice) -> str:
    now_ms = time.time_ns() // 1_000_000
    order = await _place(client, "LW-0003", now_ms - 73 * 60 * MINUTE_MS)
    opened = await _await(client, order, "power.opened")
    action = opened.get("data", {}).get("action", "")
    voice.say("第三单迟了一天以上:按条款,买家可无责取消。")
    voice.claim("权利产生,写明哪一步条款", action == "cancel_without_fault", opened)
    made = await caller.ask(client, "POST", f"/v1/orders/{order}/links", json={"days": 7})
    path = "/e/" + made.json()["url"].rpartition("/")[2]
    page = await client.get(path, headers={"authorization": ""})
    voice.claim("客户的页面上就能行使", "您有权：无责取消" in page.text, page.status_code)
    asked = await client.post(
        f"{path}/requests", data={"kind": action}, headers={"authorization": ""}
    )
    told = await caller.read_order(client, order)
    voice.claim("订单取消", told["state"] == "cancelled", (asked.status_code, told["state"]))
    fact = (await _facts(client, order, "order.cancelled") or [{}])[0]
    grade = fact.get("actor", {}).get("grade")
    voice.claim("凭链接所为只记等级 D", grade == "D", grade)
    return order
