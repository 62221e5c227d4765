"""`rider-window`: who carries it and when is asked of riders and services, in both directions.

A rider on a phone and two services offer; the best is awarded and confirms once. One refuses and
the next best is asked; nobody answers and the default stands by its time; a later window is chosen
only because the consumer agreed in the words shown; cold goods refuse a rider without equipment.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.stock.model import StockLevel
from danshu.kernel.fact import rfc3339
from danshu.stories import caller, furnishing
from danshu.testing import riders

if TYPE_CHECKING:
    import httpx

    from danshu.stories.stage import Stage
    from danshu.stories.telling import Voice

WAREHOUSE: Final = "HZ01"
SKU: Final = "EX-CUP-BLUE"
WAIT_S: Final = 30
ROUNDS: Final = 20
MINUTE_MS: Final = 60_000
_OVER: Final = ("confirmed", "expired", "rejected", "withdrawn", "failed")


async def play(stage: Stage, voice: Voice) -> None:
    """Play it on a fresh merchant, with two services of its own."""
    code = f"story-rider-window-{secrets.token_hex(4)}"
    level = StockLevel(warehouse=WAREHOUSE, sku=SKU, on_hand=100)
    async with stage.connection() as connection:
        tenant = await furnishing.furnish(connection, code, "双向时窗故事", [level])
        key = await furnishing.renew_key(connection, tenant, "story")
    with (
        riders.serve("dada", fee_fen=1_350) as dada,
        riders.serve("uber-direct", fee_fen=1_600) as uber,
    ):
        async with stage.client(key) as client:
            await _invite(client, dada, uber)
            page = await _link(client, "wang")
            voice.say("承运方三家:骑手王师傅凭链接在手机上报价,达达与 Uber Direct 经适配器询价。")
            won = await _best(client, page, dada, voice)
            await _next_best(client, page, dada, voice)
            await _silence(client, voice)
            await _consent(client, page, voice)
            await _pace(client, page, voice)
    voice.point(f"控制台 /negotiations 与 /negotiations/{won}(商户 {code})")
    voice.figures |= {"tenant": code}


async def _invite(client: httpx.AsyncClient, dada: riders.Fleet, uber: riders.Fleet) -> None:
    for party, body in {
        "wang": {"name": "王师傅"},
        "dada": {"name": "达达", "adapter": "dada", "url": dada.url, "options": riders.WECHAT},
        "uber": {
            "name": "Uber Direct",
            "adapter": "uber-direct",
            "url": uber.url,
            "options": riders.UBER,
        },
    }.items():
        await caller.ask(client, "PUT", f"/v1/parties/{party}", json=body)


async def _link(client: httpx.AsyncClient, party: str) -> str:
    made = await caller.ask(client, "POST", f"/v1/parties/{party}/links")
    return "/r/" + str(made.json()["url"]).rpartition("/")[2]


async def _place(client: httpx.AsyncClient, number: str, **more: Any) -> str:
    body = {
        "number": number,
        "lines": [{"sku": SKU, "quantity": 1, "price_fen": 11_800}],
        "receiver": {
            "name": "王示例",
            "phone": "13900000000",
            "province": "浙江省",
            "city": "杭州市",
            "district": "西湖区",
            "detail": "示例路 1 号",
        },
        "paid_at": rfc3339(time.time_ns() // 1_000_000),
        **more,
    }
    return str((await caller.ask(client, "POST", "/v1/orders", json=body)).json()["order"])


async def _open(client: httpx.AsyncClient, order: str, **body: Any) -> dict[str, Any]:
    path = f"/v1/orders/{order}/negotiations"
    return dict((await caller.ask(client, "POST", path, json=body)).json())


async def _read(client: httpx.AsyncClient, id_: str) -> dict[str, Any]:
    return dict((await caller.ask(client, "GET", f"/v1/negotiations/{id_}")).json())


async def _await(
    client: httpx.AsyncClient, id_: str, offers: int = 0, states: tuple[str, ...] = _OVER
) -> dict[str, Any]:
    """Wait until a negotiation has so many offers, or is in one of the states."""
    end = time.monotonic() + WAIT_S
    while True:
        seen = await _read(client, id_)
        enough = len(seen["offers"]) >= offers if offers else seen["state"] in states
        if enough or time.monotonic() > end:
            return seen
        await asyncio.sleep(0.1)


async def _speak(
    client: httpx.AsyncClient, page: str, call: str, kind: str, **more: Any
) -> httpx.Response:
    said = {"id": secrets.token_hex(8), "kind": kind, **more}
    bare = {"authorization": ""}
    return await client.post(f"{page}/calls/{call}/messages", json=said, headers=bare)


async def _best(client: httpx.AsyncClient, page: str, dada: riders.Fleet, voice: Voice) -> str:
    order = await _place(client, "RW-0001")
    call = await _open(client, order, kind="half_day")
    voice.claim("征询挂在分仓决策之下", call["decision"].startswith(f"{order}/"), call["decision"])
    await _await(client, call["id"], offers=2)
    offered = await _speak(
        client, page, call["id"], "propose", window="w1", fee_fen=1_000, minutes=40
    )
    seen = offered.json()["calls"][0]
    voice.say("达达报 ¥13.50,Uber Direct 报 ¥16.00,王师傅报 ¥10.00:得分最低者授标。")
    voice.claim("王师傅中标,等他确认", seen["award"] == "a1", seen)
    voice.claim("确认之前,骑手看不到门牌", seen["address"] == "")
    scored = (await _read(client, call["id"]))["offers"]
    voice.claim("次优在有效期内备选", [o["fate"] for o in scored][:2] == ["awarded", "reserved"])
    said = {"id": "confirm-once", "kind": "confirm", "award": "a1"}
    bare = {"authorization": ""}
    path = f"{page}/calls/{call['id']}/messages"
    both = [await client.post(path, json=said, headers=bare) for _ in range(2)]
    heard = [told.status_code for told in both]
    voice.claim("同一条确认送到两次,只听见一次", heard == [200, 200], heard)
    again = await _speak(client, page, call["id"], "confirm", award="a1")
    voice.claim("再确认一次不成第二份合同", again.status_code == 409, again.text)
    done = await _read(client, call["id"])
    kinds = [m["type"] for m in done["messages"]]
    voice.claim("恰好一份确认", kinds.count("negotiation.confirmed") == 1, kinds)
    voice.claim("落选的达达没有被下单", dada.deliveries == {}, dada.deliveries)
    told_order = await caller.read_order(client, order)
    carrier = told_order["fulfilments"][0]["carrier"]
    voice.claim("承运人写进履约单", carrier == "王师傅", carrier)
    voice.claim("每条消息都有因", all(m["cause"] for m in done["messages"]))
    return str(call["id"])


async def _next_best(
    client: httpx.AsyncClient, page: str, dada: riders.Fleet, voice: Voice
) -> None:
    call = await _open(client, await _place(client, "RW-0002"), kind="half_day")
    await _await(client, call["id"], offers=2)
    await _speak(client, page, call["id"], "propose", window="w1", fee_fen=1_000, minutes=40)
    await _speak(client, page, call["id"], "refuse", award="a1", reason="车胎破了")
    done = await _await(client, call["id"])
    voice.say("第二单王师傅中标后拒绝,次优的达达在三分钟价格锁内被下单。")
    numbers = [d.number for d in dada.deliveries.values()]
    voice.claim("达达承运,恰好一单", (done["party"], len(numbers)) == ("dada", 1), done["state"])


async def _silence(client: httpx.AsyncClient, voice: Voice) -> None:
    order = await _place(client, "RW-0003")
    call = await _open(client, order, parties=["wang"], reply_ms=1_000)
    done = await _await(client, call["id"])
    voice.say("第三单没人应答:到点默认承运商与时窗生效,承诺没有等。")
    voice.claim("到期,默认生效", done["state"] == "expired", done["state"])
    facts = (await caller.ask(client, "GET", f"/v1/orders/{order}/facts")).json()["facts"]
    said = [f["data"] for f in facts if f["type"] == "shipment.arranged"]
    voice.claim("默认写成事实", [s["carrier"] for s in said] == [done["fallback"]], said)


async def _consent(client: httpx.AsyncClient, page: str, voice: Voice) -> None:
    order = await _place(client, "RW-0004", promises=["nextday"])
    now = time.time_ns() // 1_000_000
    spans = [
        {"start": rfc3339(now + a * MINUTE_MS), "end": rfc3339(now + b * MINUTE_MS)}
        for a, b in ((60, 120), (72 * 60, 73 * 60))
    ]
    call = await _open(client, order, parties=["wang"], windows=spans, reply_ms=600_000)
    voice.claim("晚于承诺的时窗要消费者同意", [w["consent"] for w in call["windows"]][1:] == [True])
    await _speak(
        client, page, call["id"], "propose", window="w2", fee_fen=500, minutes=72 * 60 + 10
    )
    waits = await _read(client, call["id"])
    voice.claim("没有同意就不授标,报价再低也不行", waits["state"] == "proposed", waits["state"])
    made = await caller.ask(client, "POST", f"/v1/orders/{order}/links", json={"days": 7})
    path = "/e/" + made.json()["url"].rpartition("/")[2]
    bare = {"authorization": ""}
    text = (await client.get(path, params={"lang": "zh"}, headers=bare)).text
    form = dict(re.findall(r'name="(negotiation|window|digest)" value="([^"]+)"', text))
    await client.post(f"{path}/windows", params={"lang": "zh"}, data=form, headers=bare)
    seen = await _read(client, call["id"])
    said = [m for m in seen["messages"] if m["type"] == "negotiation.consented"]
    voice.say("消费者在订单的证据页上看到改时间的那句话,点了同意。")
    voice.claim("同意写成事实,随即授标", bool(said) and seen["state"] == "awarded", seen["state"])
    await _speak(client, page, call["id"], "confirm", award="a1")
    done = await _read(client, call["id"])
    voice.claim("改期的时窗成为约定", done["state"] == "confirmed", done["state"])
    promises = (await caller.read_order(client, order))["promises"]
    moved = [p["due"] for p in promises if p["code"] == "nextday"]
    voice.claim("承诺经同意改到时窗之末", moved == [spans[1]["end"]], moved)


async def _pace(client: httpx.AsyncClient, page: str, voice: Voice) -> None:
    """Measure how long after the last offer its award is known, over HTTP."""
    took = []
    for n in range(ROUNDS):
        order = await _place(client, f"RW-1{n:03d}")
        call = await _open(client, order, parties=["wang"])
        started = time.perf_counter()
        told = await _speak(
            client, page, call["id"], "propose", window="w1", fee_fen=1_000, minutes=40
        )
        took.append((time.perf_counter() - started) * 1000)
        mine = next(c for c in told.json()["calls"] if c["id"] == call["id"])
        if mine["award"] != "a1":
            voice.claim("最后一份报价的答复就带着授标", False, mine)
            return
    ordered = sorted(took)
    p50, p99 = ordered[len(ordered) // 2], ordered[-1]
    voice.claim("最后一份报价的答复就带着授标", len(took) == ROUNDS)
    voice.say(f"最后一份报价到授标:p50 {p50:.0f} 毫秒,p99 {p99:.0f} 毫秒({ROUNDS} 次,经 HTTP)。")
    voice.figures |= {"award_p50_ms": round(p50), "award_p99_ms": round(p99)}
