"""`seventeen-spellings`: 17 ways to write 尺码不合适 are one; what nobody can know is asked."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.stock.model import StockLevel
from danshu.hub.compose import now_ms
from danshu.kernel.fact import rfc3339
from danshu.stories import caller, furnishing
from danshu.stories.caller import ask
from danshu.testing import merchant

if TYPE_CHECKING:
    import httpx

    from danshu.stories.stage import Stage
    from danshu.stories.telling import Voice

WAREHOUSE: Final = "HZ01"
SKU: Final = "EX-CUP-BLUE"
SPELLINGS: Final = (
    "尺码不合适",
    "尺码偏大",
    "穿着太小了",
    "码数不对",
    "大了一号",
    "尺马不和适",
    "cmbhs",
    "chima偏小",
    "too small",
    "鞋子挤脚",
    "裤子短了一截",
    "腰围不够扣不上",
    "肥得跟布袋似的",
    "小咯穿起勒得慌",
    "太细件着唔落",
    "质量没问题,就是尺码大了",
    "size不对",
)
OTHERS: Final = (
    ("杯子到手两半", "broken"),
    ("发霉了长毛", "expiry"),
    ("客服已读不回", "service"),
)
ODD: Final = "奶奶说梦见它在飞"
ODD_AGAIN: Final = "奶奶说梦见它又在飞"
_LIFE: Final = ("release", "pick", "pack", "ship", "deliver")
_NAMED_S: Final = 60


async def play(stage: Stage, voice: Voice) -> None:
    """Play it on a fresh merchant."""
    code = f"story-spellings-{secrets.token_hex(4)}"
    sku = next(s for s in merchant.skus() if s.code == SKU)
    level = StockLevel(warehouse=WAREHOUSE, sku=sku.code, on_hand=100)
    async with stage.connection() as connection:
        tenant = await furnishing.furnish(connection, code, "退货原因故事", [level])
        key = await furnishing.renew_key(connection, tenant, "story")
    async with stage.client(key) as client:
        words = [*SPELLINGS, *[text for text, _ in OTHERS], ODD]
        voice.say(f"{len(words)} 位买家收货后申请退货,各写各的原因:{'、'.join(SPELLINGS[:6])}……")
        cases = await caller.each(8, [_return(client, n, text) for n, text in enumerate(words)])
        rows = await _read(client, len(words))
        _judge(cases, rows, voice)
        await _teach(client, cases[-1], voice)
        await _know(client, voice)
    voice.point(f"控制台 {stage.servers[0]}/assets/return-reasons(商户 {code})")
    voice.figures |= {"tenant": code, "cases": len(words) + 1}


async def _return(client: httpx.AsyncClient, n: int, words: str) -> str:
    """Sell, deliver, and ask for it to go back in a buyer's words; gives the case."""
    placed = await ask(
        client,
        "POST",
        "/v1/orders",
        json={
            "number": f"S{n:04d}",
            "lines": [{"sku": SKU, "quantity": 1, "price_fen": 4_900}],
            "receiver": {
                "name": "王示例",
                "phone": "13900000000",
                "province": "浙江省",
                "city": "杭州市",
                "district": "西湖区",
                "detail": f"示例路 {n} 号",
            },
            "paid_at": rfc3339(now_ms()),
        },
    )
    order = placed.json()["order"]
    for event in _LIFE:
        more = {"carrier": "SF", "waybill": f"SF{order[-12:]}"} if event == "ship" else {}
        await caller.act(client, order, event, **more)
    asked = {
        "kind": "return",
        "reason": "quality",
        "lines": [{"line": 1, "quantity": 1}],
        "words": words,
        "by_buyer": True,
    }
    opened = await ask(client, "POST", f"/v1/orders/{order}/after-sales", json=asked)
    return str(opened.json()["item"]["id"])


async def _read(client: httpx.AsyncClient, count: int) -> dict[str, dict[str, Any]]:
    """Wait until the words of all cases were read."""
    end = time.monotonic() + _NAMED_S
    while True:
        found = (await ask(client, "GET", "/v1/return-reasons/cases")).json()["items"]
        if len(found) >= count or time.monotonic() > end:
            return {row["case"]: row for row in found}
        await asyncio.sleep(0.5)


def _judge(cases: list[str], rows: dict[str, dict[str, Any]], voice: Voice) -> None:
    read = [rows[case] for case in cases if case in rows]
    voice.claim("每一件的话都读到了", len(read) == len(cases), len(read))
    sizes = [row["code"] for row in read[: len(SPELLINGS)]]
    voice.claim(
        "17 种写法(错字、拼音、方言、英文)归成同一个原因:尺码不合适",
        sizes == ["size"] * len(SPELLINGS),
        sizes,
    )
    for row, (text, code) in zip(read[len(SPELLINGS) :], OTHERS, strict=False):
        voice.claim(f"「{text}」不是尺码:归为 {code}", row["code"] == code, row["code"])
    odd = read[-1]
    voice.claim(
        "没人说得清的那一句不猜,留给人",
        (odd["state"], odd["code"]) == ("unsure", ""),
        (odd["state"], odd["code"]),
    )
    voice.claim("原话还在旁边", odd["words"] == ODD, odd["words"])


async def _teach(client: httpx.AsyncClient, case: str, voice: Voice) -> None:
    path = f"/v1/return-reasons/cases/{case}/correct"
    refused = await client.post(path, json={"code": "changed_mind", "phrase": "找13800000000"})
    voice.claim("带电话的话不会被记住", refused.status_code == 422, refused.status_code)
    body = {"code": "changed_mind", "phrase": ODD}
    done = (await ask(client, "POST", path, json=body)).json()
    voice.claim("数据管家说了算", done["state"] == "confirmed", done["state"])


async def _know(client: httpx.AsyncClient, voice: Voice) -> None:
    case = await _return(client, 99, ODD_AGAIN)
    row = (await _read(client, len(SPELLINGS) + len(OTHERS) + 2)).get(case, {})
    voice.claim(
        "下一位买家换个说法,已经认得",
        (row.get("state"), row.get("code")) == ("named", "changed_mind"),
        row.get("code"),
    )
    told = (await ask(client, "GET", "/v1/return-reasons")).json()["report"]
    top = told["counts"][0]
    voice.claim(
        "按原因一数:尺码 17 件,排在第一",
        (top["code"], top["named"]) == ("size", len(SPELLINGS)),
        top,
    )
    voice.claim("没有一件还悬着", told["unsure"] == 0, told["unsure"])
