"""`presale`: a pharmacy's community group-buy, configured through the API without code.

One person writes the type, another approves it. Leaders open groups; deposits hold stock; a thin
group owes everything back; who misses the balance loses the deposit, once; the others are paid,
promised and dispatched. Every fen is accounted for.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING, Any, Final

import httpx

from danshu.capabilities.stock.model import StockLevel
from danshu.kernel.fact import epoch_ms, rfc3339
from danshu.stories import caller, furnishing
from danshu.testing.signer import Signer

if TYPE_CHECKING:
    from danshu.stories.stage import Stage
    from danshu.stories.telling import Voice

T: Final = "/v1/order-types"
SKU: Final = "EX-CUP-BLUE"
WAREHOUSE: Final = "HZ01"
STOCK: Final = 40
PRICE_FEN: Final = 11_999
UNITS: Final = 2
MINIMUM: Final = 3
FULL, THIN, MISSED = 4, 2, 1  # buyers of the full group and of the thin one; who does not pay
HTTP_S: Final = 60
WAIT_S: Final = 40
CODE: Final = "flu_season"


async def play(stage: Stage, voice: Voice) -> None:
    """Play it on a fresh merchant."""
    code = f"story-presale-{secrets.token_hex(4)}"
    level = StockLevel(warehouse=WAREHOUSE, sku=SKU, on_hand=STOCK)
    async with stage.connection() as connection:
        tenant = await furnishing.furnish(connection, code, "医药团购故事", [level])
        password = await furnishing.seat_people(connection, tenant)
        key = await furnishing.renew_key(connection, tenant, "story")
    origin = stage.servers[0].replace("127.0.0.1", "localhost")
    async with (
        stage.client(key) as client,
        httpx.AsyncClient(base_url=origin, timeout=HTTP_S) as one,
        httpx.AsyncClient(base_url=origin, timeout=HTTP_S) as two,
    ):
        writer, second = Signer(one, origin), Signer(two, origin)
        await writer.enter(code, f"f05@{code}.example", password)
        await second.enter(code, f"l01@{code}.example", password)
        await _publish(client, writer, second, voice)
        full, thin = await _join(client, voice)
        await _decide(client, full, thin, voice)
        await _pay(client, full, voice)
        await _account(client, full, thin, voice)
    voice.point(f"控制台 {stage.servers[0]}/order-types/{CODE}(商户 {code})")
    voice.point(f"接口 {stage.servers[0]}{T}/{CODE}/groups")
    voice.figures |= {"tenant": code}


async def _publish(client: httpx.AsyncClient, writer: Signer, second: Signer, voice: Voice) -> None:
    """From the template to a type in use, by two people and no programmer."""
    book = (await caller.ask(client, "GET", T)).json()
    kind = dict(next(t for t in book["templates"] if t["type"] == "pharmacy"))
    kind |= {"type": CODE, "name": {"zh": "流感季团购", "en": "Flu season group-buy"}}
    kind["scope"] = {**kind["scope"], "skus": [SKU]}
    kind["group"] = {**kind["group"], "minimum": MINIMUM}
    deposit, tail = kind["payments"]
    kind["payments"] = [deposit | {"permille": 300}, tail | {"closes": "PT1S", "grace": "PT8S"}]
    told = await writer.ask(f"{T}:check", {"type": kind, "price_fen": PRICE_FEN, "units": UNITS})
    found = [f["code"] for f in told["findings"]]
    voice.claim("定金 30% 超过法定 20%,检查不放行", found == ["deposit_over_law"], found)
    kind["payments"][0] |= {"permille": 200}
    told = await writer.ask(f"{T}:check", {"type": kind, "price_fen": PRICE_FEN, "units": UNITS})
    voice.claim("改为 20%,检查通过", told["sound"], told["findings"])
    voice.claim("试算的每种走向分毫不差", all(c["exact"] for c in told["cases"]), told["cases"])
    voice.say(told["sentence"]["zh"])
    draft = await writer.ask(f"{T}/drafts", {"type": kind})
    path = f"{T}/drafts/{draft['id']}"
    await writer.ask(f"{path}/submit", {"revision": draft["revision"]})
    own = await writer.call(f"{path}/approve", {"digest": draft["digest"]})
    voice.claim("起草的人不能批准自己", own.status_code == httpx.codes.CONFLICT, own.text[:99])
    done = await second.ask(f"{path}/approve", {"digest": draft["digest"]})
    voice.claim("法务批准,立即可用,没有改一行代码", done["state"] == "published", done["state"])
    for group in ("A001", "B002"):
        body = {"code": group, "leader": "团长王姐", "pickup": "示例小区药房", "region": "330100"}
        await writer.ask(f"{T}/{CODE}/groups", body)


async def _join(client: httpx.AsyncClient, voice: Voice) -> tuple[list[str], list[str]]:
    """Buyers join two groups with their deposits, which hold stock."""
    full = [await _place(client, "A001", n) for n in range(FULL)]
    thin = [await _place(client, "B002", FULL + n) for n in range(THIN)]
    seen = await caller.read_order(client, full[0])
    due = round(PRICE_FEN * UNITS * 200 / 1000)
    voice.claim("下单时不占库存", seen["fulfilments"] == [], seen["fulfilments"])
    for order in (*full, *thin):
        await caller.act(client, order, "pay", amount_fen=due)
    seen = await caller.read_order(client, full[0])
    voice.claim("定金冻结,不起算任何承诺", seen["paid_at"] == "", seen["promises"])
    held = await _held(client)
    voice.claim("付了定金的占住库存", held == (FULL + THIN) * UNITS, held)
    early = await client.post(f"/v1/orders/{full[0]}/transitions", json={"event": "release"})
    voice.claim("没付尾款发不出去", early.json().get("code") == "closed_in_stage", early.text[:99])
    voice.say(f"A 团 {FULL} 单、B 团 {THIN} 单付了定金,每单 ¥{due / 100:.2f}。团长截团。")
    for group in ("A001", "B002"):
        await caller.ask(client, "POST", f"{T}/{CODE}/groups/{group}/close")
    return full, thin


async def _place(client: httpx.AsyncClient, group: str, n: int) -> str:
    body = {
        "number": f"PS-{n:04d}",
        "lines": [{"sku": SKU, "quantity": UNITS, "price_fen": PRICE_FEN}],
        "receiver": {
            "name": "王示例",
            "phone": "13900000000",
            "province": "浙江省",
            "city": "杭州市",
            "district": "西湖区",
            "detail": "示例路 1 号",
        },
        "type": CODE,
        "group": group,
        "buyer": f"buyer-{n}",
    }
    return str((await caller.ask(client, "POST", "/v1/orders", json=body)).json()["order"])


async def _held(client: httpx.AsyncClient) -> int:
    path = "/v1/stock"
    told = (await caller.ask(client, "GET", path, params={"sku": SKU})).json()
    return sum(int(row["reserved"]) for row in told["items"])


async def _until(client: httpx.AsyncClient, order: str, name: str, value: Any) -> dict[str, Any]:
    """Read an order until a field has a value, or the time is up."""
    end = time.monotonic() + WAIT_S
    while True:
        seen = await caller.read_order(client, order)
        if seen[name] == value or time.monotonic() > end:
            return seen
        await asyncio.sleep(0.2)


async def _decide(
    client: httpx.AsyncClient, full: list[str], thin: list[str], voice: Voice
) -> None:
    failed = [await _until(client, o, "cancelled", "group_failed") for o in thin]
    voice.claim(
        "B 团不满三单:全部取消,定金全额应退",
        all(f["owed"] == f["paid"] > 0 and not f["forfeited"] for f in failed),
        [(f["paid"], f["owed"]) for f in failed],
    )
    formed = [await _until(client, o, "phase", "tail") for o in full]
    voice.claim("A 团成团,尾款开付", {f["phase"] for f in formed} == {"tail"}, formed[0]["phase"])


async def _pay(client: httpx.AsyncClient, full: list[str], voice: Voice) -> None:
    """All but one pay the balance in time, told within the grace; one misses it."""
    for order in full[MISSED:]:
        seen = await caller.read_order(client, order)
        body = {
            "event": "pay",
            "amount_fen": seen["total"] - seen["paid"],
            "occurred_at": rfc3339(epoch_ms(seen["until"]) - 1_000),
        }
        await caller.ask(client, "POST", f"/v1/orders/{order}/transitions", json=body)
    missed = await _until(client, full[0], "state", "cancelled")
    voice.claim(
        "没付尾款的:订单取消,定金不退",
        (missed["forfeited"], missed["owed"]) == (missed["paid"], 0),
        (missed["forfeited"], missed["owed"], missed["cancelled"]),
    )
    facts = (await caller.ask(client, "GET", f"/v1/orders/{full[0]}/facts")).json()["facts"]
    kinds = [f["type"] for f in facts]
    voice.claim("没收写成一条事实,只有一条", kinds.count("deposit.forfeited") == 1, kinds)
    held = await _held(client)
    voice.claim("放弃的库存已放回", held == (FULL - MISSED) * UNITS, held)
    for order in full[MISSED:]:
        for event in ("release", "pick", "pack", "ship"):
            await caller.act(client, order, event)
    seen = await caller.read_order(client, full[-1])
    voice.claim("付清尾款的全部发出", seen["state"] == "shipped", seen["state"])
    clocks = [(p["code"], p["state"]) for p in seen["promises"]]
    voice.claim("48 小时承诺从尾款起算并已兑现", clocks == [("ship48h", "kept")], clocks)


async def _account(
    client: httpx.AsyncClient, full: list[str], thin: list[str], voice: Voice
) -> None:
    """Money in = kept + owed + value of what was shipped, over all orders."""
    seen = [await caller.read_order(client, o) for o in (*full, *thin)]
    paid = sum(o["paid"] for o in seen)
    kept = sum(o["forfeited"] for o in seen)
    owed = sum(o["owed"] for o in seen)
    worth = sum(o["total"] for o in seen if not o["cancelled"])
    voice.claim(
        "收进 = 没收 + 应退 + 已发货的价值", paid == kept + owed + worth, (paid, kept, owed)
    )
    voice.say(
        f"收进 ¥{paid / 100:.2f} = 没收定金 ¥{kept / 100:.2f} + 应退 ¥{owed / 100:.2f}"
        f" + 已发货 ¥{worth / 100:.2f}。"
    )
    voice.figures |= {"paid_fen": paid, "kept_fen": kept, "owed_fen": owed, "worth_fen": worth}
