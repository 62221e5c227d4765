"""`paid-fanout`: an order is paid, and risk, finance and logistics are asked at once by one event.

All agree, and it goes on. Logistics refuses, and what the others agreed to is undone in their own
books; a person sees why, and asks again. Risk hangs, and what the merchant declared happens. Every
claim is checked in the books of the parties, which are servers of their own.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.stock.model import StockLevel
from danshu.kernel.fact import rfc3339
from danshu.stories import caller, furnishing
from danshu.testing import paid_parties
from danshu.testing.paid_parties import SECRET, WORDS, Party

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from danshu.stories.stage import Stage
    from danshu.stories.telling import Voice

WAREHOUSE: Final = "HZ01"
SKU: Final = "EX-CUP-BLUE"
WAIT_S: Final = 90
SHORT_S: Final = 2  # that risk is given in the third act
Parties = dict[str, Party]


async def play(stage: Stage, voice: Voice) -> None:
    """Play it on a fresh merchant, with three parties of its own."""
    code = f"story-paid-fanout-{secrets.token_hex(4)}"
    level = StockLevel(warehouse=WAREHOUSE, sku=SKU, on_hand=20)
    async with stage.connection() as connection:
        tenant = await furnishing.furnish(connection, code, "付款协同故事", [level])
        key = await furnishing.renew_key(connection, tenant, "story")
    with contextlib.ExitStack() as stack:
        parties = {name: stack.enter_context(paid_parties.serve(name)) for name in WORDS}
        async with stage.client(key) as client:
            for name, party in parties.items():
                await _connect(client, name, party)
            await _set(client, risk_s=600)
            voice.say("风控、财务、物流各是一台独立的服务器,各有自己的账。付款后三方都要同意。")
            first = await _agree(client, parties, voice)
            second = await _refuse(client, parties, voice)
            third = await _hang(client, parties, voice)
    voice.point(f"控制台 /orders/{second}(商户 {code}):已付款协同")
    voice.point("控制台 /settings/paid 与 docs/how-to/ask-when-paid.md")
    voice.figures |= {"tenant": code, "orders": [first, second, third]}


async def _connect(client: httpx.AsyncClient, name: str, party: Party) -> None:
    body = {
        "adapter": f"{name}-desk",
        "title": {"risk": "风控引擎", "finance": "财务系统", "logistics": "物流系统"}[name],
        "url": party.url,
        "secrets": {"signing_secret": SECRET},
    }
    made = await caller.ask(client, "POST", "/v1/connectors", json=body)
    path = f"/v1/connectors/{made.json()['id']}/state"
    await caller.ask(client, "POST", path, json={"state": "on", "reason": "故事开场"})


async def _set(client: httpx.AsyncClient, risk_s: int) -> None:
    path = "/v1/paid-review-settings"
    now = (await caller.ask(client, "GET", path)).json()
    parties = [
        {"name": "risk", "within_s": risk_s, "otherwise": "hold"},
        {"name": "finance", "within_s": 600},
        {"name": "logistics", "within_s": 600},
    ]
    body = {"version": now["version"], "on": True, "parties": parties}
    await caller.ask(client, "PUT", path, json=body)


async def _place(client: httpx.AsyncClient, number: str) -> str:
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
    }
    return str((await caller.ask(client, "POST", "/v1/orders", json=body)).json()["order"])


async def _review(client: httpx.AsyncClient, order: str) -> dict[str, Any]:
    found: dict[str, Any] = (
        await caller.ask(client, "GET", f"/v1/orders/{order}/paid-review")
    ).json()
    return found


async def _await(
    client: httpx.AsyncClient, order: str, there: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """Wait until the review is so; gives it as it is then, or at the end of the wait."""
    end = time.monotonic() + WAIT_S
    while True:
        found = await _review(client, order)
        if there(found) or time.monotonic() > end:
            return found
        await asyncio.sleep(0.2)


async def _release(client: httpx.AsyncClient, order: str) -> int:
    told = await client.post(f"/v1/orders/{order}/transitions", json={"event": "release"})
    return told.status_code


def _states(review: dict[str, Any]) -> dict[str, str]:
    return {p["name"]: p["state"] for p in review["parties"]}


def _books(parties: Parties, order: str) -> dict[str, list[tuple[str, int]]]:
    """What each party has of an order in its own books: state, how often it was undone."""
    return {n: [(t.state, t.undos) for t in p.held(order)] for n, p in parties.items()}


async def _agree(client: httpx.AsyncClient, parties: Parties, voice: Voice) -> str:
    parties["finance"].lose = 1
    began = time.monotonic()
    order = await _place(client, "PF-0001")
    held = (await caller.read_order(client, order))["holds"]
    voice.claim("付款的同一次提交就挂起", held == ["paid_review"], held)
    refused = await _release(client, order)
    voice.claim("三方同意之前,仓库不能开工", refused == 409, refused)
    done = await _await(client, order, lambda r: r["over"])
    voice.figures["agreed_s"] = round(time.monotonic() - began, 2)
    voice.claim("三方都同意,协同完成", done["outcome"] == "agreed", _states(done))
    told = {n: [t.event for t in p.held(order)] for n, p in parties.items()}
    kinds = {n: [e["type"] for e in events] for n, events in told.items()}
    same = {str(sorted(e.items())) for events in told.values() for e in events}
    expected = {n: ["danshu.order.paid"] for n in parties}
    voice.claim("三方收到同一个标准事件,各一次", kinds == expected and len(same) == 1, kinds)
    facts = (await caller.ask(client, "GET", f"/v1/orders/{order}/facts")).json()["facts"]
    paid = next(f["id"] for f in facts if f["type"] == "order.paid")
    ids = {e["id"] for events in told.values() for e in events}
    voice.claim("事件的编号就是付款这条事实的编号", ids == {paid}, ids)
    asked = [t.times for t in parties["finance"].held(order)]
    voice.claim("财务的回答丢了一次:同一个键再问,只记一笔账", asked == [2], asked)
    references = {p["name"]: p["reference"] for p in done["parties"]}
    theirs = {n: p.held(order)[0].id for n, p in parties.items()}
    voice.claim("订单上的单号就是各方账上的单号", references == theirs, references)
    released = await _release(client, order)
    voice.claim("之后仓库可以开工", released == 200, released)
    return order


async def _refuse(client: httpx.AsyncClient, parties: Parties, voice: Voice) -> str:
    parties["logistics"].refuses_all = True
    order = await _place(client, "PF-0002")
    done = await _await(client, order, lambda r: r["over"])
    voice.say("第二单:物流没有运力,拒绝。")
    states = _states(done)
    undone = {"risk": "undone", "finance": "undone", "logistics": "refused"}
    voice.claim("风控和财务各自撤销", states == undone, states)
    books = _books(parties, order)
    theirs = {
        "risk": [("withdrawn", 1)],
        "finance": [("reversed", 1)],
        "logistics": [("rejected", 0)],
    }
    voice.claim("它们自己的账上也撤销了,各一次", books == theirs, books)
    voice.claim("订单挂起,页上说明是谁、为何", done["by"] == "logistics", done["reason"])
    held = (await caller.read_order(client, order))["holds"]
    voice.claim("挂起的原因是协同被拒", held == ["paid_review_refused"], held)
    refused = await _release(client, order)
    voice.claim("仓库不能开工", refused == 409, refused)
    parties["logistics"].refuses_all = False
    await caller.ask(client, "POST", f"/v1/orders/{order}/paid-review")
    again = await _await(client, order, lambda r: r["over"])
    voice.say("运力有了,当班的人再问一次。")
    seen = (again["no"], again["outcome"])
    voice.claim("第二轮三方同意", seen == (2, "agreed"), seen)
    return order


async def _hang(client: httpx.AsyncClient, parties: Parties, voice: Voice) -> str:
    await _set(client, risk_s=SHORT_S)
    parties["risk"].hang()
    order = await _place(client, "PF-0003")
    voice.say(f"第三单:风控没有回音。商户声明过:{SHORT_S} 秒没有答复就转人工。")
    late = await _await(client, order, lambda r: "paid_review_overdue" in r["holds"])
    voice.claim(
        "到时转人工,别的两方不受影响", "paid_review_overdue" in late["holds"], late["holds"]
    )
    states = _states(late)
    expected = {"risk": "asked", "finance": "agreed", "logistics": "agreed"}
    voice.claim("没有谁被当作已经同意", states == expected, states)
    body = {"event": "unhold", "reason": "paid_review_overdue"}
    await caller.ask(client, "POST", f"/v1/orders/{order}/transitions", json=body)
    released = await _release(client, order)
    voice.claim("人放行之后可以开工", released == 200, released)
    parties["risk"].go_on()
    done = await _await(client, order, lambda r: r["over"])
    books = _books(parties, order)["risk"]
    voice.claim("风控恢复后补上的答复照记,只记一次", books == [("approved", 0)], books)
    voice.claim("协同随之完成", done["outcome"] == "agreed", _states(done))
    return order
