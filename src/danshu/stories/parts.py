"""`parts` 备件: spare parts promised within 38 hours, on a day on which two warehouses are jammed;
without their signals, with them, and one that a person sends against the router.

The truth of the day is the story's own and the router never sees it: what was reported, spread by
seeded noise, and now and then a parcel that loses a day.
"""

from __future__ import annotations

import asyncio
import datetime
import math
import random
import secrets
import time
from typing import TYPE_CHECKING, Any, Final

import httpx

from danshu.hub.compose import now_ms
from danshu.kernel.fact import epoch_ms, rfc3339
from danshu.stories import caller, furnishing
from danshu.testing import merchant
from danshu.testing.catalogue import SAMPLES
from danshu.testing.signer import Signer

if TYPE_CHECKING:
    from danshu.capabilities.stock.model import Sku
    from danshu.stories.stage import Stage
    from danshu.stories.telling import Voice

ORDERS: Final = 24
HEARD_S: Final = 15
HTTP_S: Final = 60
SEED: Final = 2026
LIMIT_H: Final = 38
JAMMED: Final = ("GZ01", "SH01")
# What the jammed warehouses report: minutes of picking at full throughput, at the docks, ratios.
REPORTED: Final = {
    "pick_backlog": 600.0,
    "dock_queue": 90.0,
    "labour_redundancy": 0.55,
    "agv_availability": 0.1,
}
LOST_SHARE: Final = 0.04
_USUAL_MIN: Final = 100  # picking and docks of a warehouse on a quiet day
_LOST_MIN: Final = 2_880
_WAVE_MIN, _FIRST_WAVE_MIN, _DAY_MIN = 30, 480, 1_440
_UTC8: Final = datetime.timezone(datetime.timedelta(hours=8))
_PLACES: Final = (
    ("上海市", "上海市", "310000"),
    ("浙江省", "杭州市", "330100"),
    ("广东省", "广州市", "440100"),
    ("广东省", "深圳市", "440300"),
    ("江苏省", "苏州市", "320500"),
    ("湖北省", "武汉市", "420100"),
    ("北京市", "北京市", "110000"),
    ("天津市", "天津市", "120000"),
)
PROMISE: Final = f"""
code: parts
version: 1
name: {{zh: 备件准时达, en: Parts on time}}
text:
  zh: 付款后{LIMIT_H}小时内送达,以签收时间为准;逾期按订单金额的5%赔付。
  en: Delivered within {LIMIT_H} hours of payment; otherwise 5% of the order amount is due.
applies: {{requested: true}}
clock:
  start: payment.confirmed
  limit: PT{LIMIT_H}H
  calendar: elapsed
  tz: Asia/Shanghai
  stop: shipment.delivered
  precedence: [recipient.signed, carrier.trace]
  void: [order.cancelled]
  warn: [0.7, 0.9, PT2H]
perdurant: true
breach:
  zh: 未在约定时间内送达,按订单金额的5%赔付,并继续履行送达义务。
  en: Not delivered in time; 5% of the order amount is due, and delivery is still owed.
"""


async def play(stage: Stage, voice: Voice) -> None:
    """Play it on a fresh merchant."""
    code = f"story-parts-{secrets.token_hex(4)}"
    async with stage.connection() as connection:
        codes = {sku.code for sku in _goods()}
        levels = [one for one in merchant.stock(SEED) if one.sku in codes]
        tenant = await furnishing.furnish(connection, code, "备件故事", levels)
        password = await furnishing.seat_people(connection, tenant)
        key = await furnishing.renew_key(connection, tenant, "story")
    origin = stage.servers[0].replace("127.0.0.1", "localhost")
    async with (
        stage.client(key) as client,
        httpx.AsyncClient(base_url=origin, timeout=HTTP_S) as browser,
    ):
        voice.say(f"新商户 {code}:37 个仓。承诺:备件付款后 {LIMIT_H} 小时内送达。")
        yaml = {"content-type": "application/yaml"}
        await caller.ask(
            client, "POST", "/v1/promise-definitions", content=PROMISE.encode(), headers=yaml
        )
        before = await _before(client, voice)
        await _report(client, before[0]["order"], voice)
        after = await _after(client, before, voice)
        officer = Signer(browser, origin)
        await officer.enter(code, f"p03@{code}.example", password)
        await officer.register("策略台")
        await _choose(client, officer, after, voice)
    voice.point(f"控制台 {stage.servers[0]}/orders/{after[0]['order']},决策(商户 {code})")
    voice.point(f"接口 {stage.servers[0]}/v1/orders/{after[0]['order']}/overrides")


async def _before(client: httpx.AsyncClient, voice: Voice) -> list[dict[str, Any]]:
    placed = await _place(client, "B")
    used = _used(placed)
    voice.claim("两个拥堵的仓都接到了单:没有信号,看不见拥堵", used >= set(JAMMED), sorted(used))
    order = await caller.read_order(client, placed[0]["order"])
    (promise,) = [p for p in order["promises"] if p["code"] == "parts"]
    due_h = (epoch_ms(promise["due"]) - epoch_ms(order["paid_at"])) / 3_600_000
    voice.claim(f"每单带着 {LIMIT_H} 小时的承诺", due_h == LIMIT_H, due_h)
    share = _on_time(placed)
    voice.say(f"没有接入信号的 {ORDERS} 单,按真实的一天送达:准时 {share:.1%}。")
    voice.figures |= {"orders": 2 * ORDERS, "before_percent": round(100 * share, 1)}
    return placed


async def _report(client: httpx.AsyncClient, order: str, voice: Voice) -> None:
    """Let the two warehouses report, and wait until decisions see it."""
    at = rfc3339(now_ms())
    readings = [
        {"key": name, "subject": f"wh:{code}", "value": value, "observed": at, "source": "parts"}
        for code in JAMMED
        for name, value in REPORTED.items()
    ]
    told = (await caller.ask(client, "POST", "/v1/signals/telemetry", json=readings)).json()
    voice.claim("两个仓的八个读数都收下", told["accepted"] == len(readings), told)
    asked = {"world": "now"}
    began_s = time.monotonic()
    path = f"/v1/orders/{order}/what-if"
    first = (await caller.ask(client, "POST", path, json=asked)).json()["before"]["snapshot"]
    while time.monotonic() < began_s + HEARD_S:
        seen = (await caller.ask(client, "POST", path, json=asked)).json()["after"]
        if seen["snapshot"] != first and "pick_backlog" not in seen["defaults"]:
            break
        await asyncio.sleep(0.2)
    voice.say(f"{'、'.join(JAMMED)} 上报拥堵,{time.monotonic() - began_s:.1f} 秒后进了快照。")


async def _after(
    client: httpx.AsyncClient, before: list[dict[str, Any]], voice: Voice
) -> list[dict[str, Any]]:
    placed = await _place(client, "A")
    used = _used(placed)
    voice.claim("看得见拥堵:没有一单再进那两个仓", not used & set(JAMMED), sorted(used))
    was, share = _on_time(before), _on_time(placed)
    voice.say(f"同样的 {ORDERS} 单,接入信号后:准时 {share:.1%}。")
    voice.claim("准时率提高 15 个百分点以上", share - was >= 0.15, f"{was:.1%} → {share:.1%}")
    cost_was, cost = await _cost(client, before), await _cost(client, placed)
    more = (cost - cost_was) / ORDERS / 100
    voice.say(f"每单运费与作业 {cost_was / ORDERS / 100:.2f} 元 → {cost / ORDERS / 100:.2f} 元。")
    voice.claim("每单多花不到 1 元", more < 1, f"{more:.2f}")
    voice.figures |= {
        "after_percent": round(100 * share, 1),
        "cost_more_fen_per_order": round(100 * more, 1),
    }
    path = f"/v1/orders/{placed[0]['order']}/replay"
    again = (await caller.ask(client, "POST", path, json={})).json()
    voice.claim("决策可逐字节重放", again["equal"] and again["agrees"], again)
    return placed


async def _choose(
    client: httpx.AsyncClient, officer: Signer, after: list[dict[str, Any]], voice: Voice
) -> None:
    """A part of one batch lies in a jammed warehouse: a person sends it from there, and signs."""
    one, to = after[0], JAMMED[1]
    path = f"/v1/orders/{one['order']}/overrides"
    weighed = await officer.ask(f"{path}/weigh", {"warehouse": to})
    more = weighed["difference"]["total_fen"]
    voice.claim("人工指定之前,代价先摆出来", more > 0, more)
    wish = {"warehouse": to, "reason": "batch", "note": "机床停机,客户只认这一批次"}
    shown = await officer.ask(path, wish)
    voice.say(f"策略官看到并签名:「{shown['shown']}」")
    credential = officer.device.get(shown["options"])
    done = await officer.ask(f"{path}/{shown['act']}/complete", {"credential": credential})
    voice.claim("签名是 A 级", done["grade"] == "A", done)
    (held,) = (await caller.ask(client, "GET", path)).json()["items"]
    voice.claim(
        "订单上写着谁、为什么、贵多少,仓已固定",
        held["holds"] and held["note"] == wish["note"] and held["cost_fen"] > held["router_fen"],
        held,
    )
    refused = await client.post(f"/v1/orders/{one['order']}/transitions", json={"event": "reroute"})
    voice.claim(
        "此后改派不动它", refused.json().get("code") == "pinned_by_person", refused.text[:120]
    )
    told = (await caller.ask(client, "GET", f"/v1/orders/{one['order']}/decision")).json()
    for fact in told["facts"]:
        body = {"fact": fact}
        again = await caller.ask(client, "POST", f"/v1/orders/{one['order']}/replay", json=body)
        voice.claim("人工指定前后的决策都可重放", again.json()["equal"], fact)


async def _place(client: httpx.AsyncClient, mark: str) -> list[dict[str, Any]]:
    """Place the day's orders; the n-th is for the same place and part every time."""
    goods = _goods()
    run = secrets.token_hex(3)
    at = rfc3339(now_ms())
    bodies = [
        _order(f"{mark}{run}-{n}", goods[n % len(goods)].code, n % len(_PLACES), at)
        for n in range(ORDERS)
    ]
    answers = await asyncio.gather(
        *(caller.ask(client, "POST", "/v1/orders", json=body) for body in bodies)
    )
    return [answer.json() for answer in answers]


def _goods() -> list[Sku]:
    """Parts that every ordinary warehouse holds."""
    return [sku for sku in merchant.skus()[: len(SAMPLES)] if int(sku.storage) == 1]


def _order(number: str, sku: str, place: int, at: str) -> dict[str, Any]:
    province, city, _ = _PLACES[place]
    return {
        "number": number,
        "lines": [{"sku": sku, "quantity": 1, "price_fen": 68_000, "title": "备件"}],
        "promises": ["parts"],
        "receiver": {
            "name": "李示例",
            "phone": "13900000000",
            "province": province,
            "city": city,
            "detail": "示例工业园 1 号",
        },
        "paid_at": at,
    }


def _used(orders: list[dict[str, Any]]) -> set[str]:
    return {part["warehouse"] for one in orders for part in one["plan"]}


async def _cost(client: httpx.AsyncClient, orders: list[dict[str, Any]]) -> int:
    """Freight and handling of the plans, 分."""
    paths = [f"/v1/orders/{one['order']}/decision" for one in orders]
    told = await caller.each(8, [caller.ask(client, "GET", path) for path in paths])
    parts = [answer.json()["decision"]["plans"][0]["parts_fen"] for answer in told]
    money = ("freight_first_fen", "freight_extra_fen", "handling_fen")
    return sum(part[name] for part in parts for name in money)


def _on_time(orders: list[dict[str, Any]]) -> float:
    """The share of orders that arrives in time on the true day; the n-th has the same luck."""
    kept = 0
    for n, one in enumerate(orders):
        luck = random.Random(SEED * 1_000 + n)
        slow, late, lost = luck.gauss(0, 0.08), luck.gauss(0, 0.15), luck.random() < LOST_SHARE
        region = _PLACES[n % len(_PLACES)][2]
        arrives = [_arrive_min(p["warehouse"], region, slow, late, lost) for p in one["plan"]]
        kept += bool(arrives) and max(arrives) <= LIMIT_H * 60
    return kept / len(orders)


def _arrive_min(code: str, region: str, slow: float, late: float, is_lost: bool) -> float:
    """Minutes from payment to the door, on the true day."""
    now = datetime.datetime.now(_UTC8)
    minute = now.hour * 60 + now.minute
    cutoff = next(w.cutoff_min for w in merchant.warehouses() if w.code == code)
    wait = max(_WAVE_MIN, _FIRST_WAVE_MIN - minute)
    if minute >= cutoff:
        wait = _DAY_MIN - minute + _FIRST_WAVE_MIN
    inside = float(_USUAL_MIN)
    if code in JAMMED:
        hands = REPORTED["labour_redundancy"] * (0.5 + 0.5 * REPORTED["agv_availability"])
        inside = REPORTED["pick_backlog"] / hands + REPORTED["dock_queue"]
    transit = next(
        x.transit_min for x in merchant.lanes() if (x.warehouse, x.region) == (code, region)
    )
    whole = wait + inside * math.exp(late) + transit * 1.09 * math.exp(slow)
    return whole + _LOST_MIN * is_lost
