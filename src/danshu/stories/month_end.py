"""`month-end`: bills of three platforms and the bank come in, two differences are explained, the
month is closed.

The month is the last one. Orders are paid in it, the bills are invented in the platforms' own
forms; what is wrong with them is wrong on purpose.
"""

from __future__ import annotations

import asyncio
import datetime
import secrets
import time
from typing import TYPE_CHECKING, Any, Final

from danshu.stories import caller, furnishing
from danshu.testing import bills, merchant
from danshu.testing.bills import Move

if TYPE_CHECKING:
    import httpx

    from danshu.stories.stage import Stage
    from danshu.stories.telling import Voice

PATIENCE_S: Final = 90.0  # only so that a story that fails ends
PRICE: Final = 12_900
FEE: Final = 77  # 0.6 % of it
_SHANGHAI: Final = datetime.timezone(datetime.timedelta(hours=8))
_OF: Final = {"taobao": "alipay", "jd": "jd", "wechat-miniprogram": "wechat-pay"}
_NAMES: Final = {"alipay": "支付宝", "jd": "京东", "wechat-pay": "微信支付", "bank": "银行"}


async def play(stage: Stage, voice: Voice) -> None:
    """Play it on a fresh merchant."""
    code = f"story-month-{secrets.token_hex(4)}"
    async with stage.connection() as connection:
        tenant = await furnishing.furnish(connection, code, "月末对账故事")
        key = await furnishing.renew_key(connection, tenant, "story")
    month = _last_month()
    async with stage.client(key) as client:
        numbers = await _sell(client, month)
        voice.say(f"{month:%Y 年 %m 月}:三个渠道各 4 张已收款订单,每张 ¥129.00。")
        await _bring_all(client, month, numbers, voice)
        await _reconcile(client, voice)
        await _explain(client, numbers, voice)
        await _close(client, month, voice)
    voice.point(f"控制台 {stage.servers[0]}/reconcile(商户 {code},财务)")
    voice.point(f"接口 {stage.servers[0]}/v1/differences?state=closed")
    voice.point(f"danshu audit --tenant {code}")
    voice.figures |= {"tenant": code, "month": f"{month:%Y-%m}"}


def _last_month() -> datetime.date:
    first = datetime.datetime.now(_SHANGHAI).date().replace(day=1)
    return (first - datetime.timedelta(days=1)).replace(day=1)


def _at(month: datetime.date, day: int) -> str:
    return f"{month:%Y-%m}-{day:02} 10:00:00"


async def _sell(client: httpx.AsyncClient, month: datetime.date) -> dict[str, list[str]]:
    sku = merchant.skus()[0].code
    numbers: dict[str, list[str]] = {}
    for channel in _OF:
        for nth in range(1, 5):
            number = f"{nth}{secrets.randbelow(10**14):014}"
            new = {
                "channel": channel,
                "number": number,
                "lines": [{"sku": sku, "quantity": 1, "price_fen": PRICE}],
                "receiver": {
                    "name": "张示例",
                    "phone": "13900001234",
                    "province": "上海市",
                    "city": "上海市",
                    "detail": "示例路 1 号",
                },
                "paid_at": f"{month:%Y-%m}-{nth + 4:02}T03:00:00Z",
            }
            await caller.ask(client, "POST", "/v1/orders", json=new)
            numbers.setdefault(channel, []).append(number)
    return numbers


async def _bring(client: httpx.AsyncClient, form: str, body: bytes, name: str) -> httpx.Response:
    return await client.post(
        "/v1/bills",
        params={"form": form, "name": name},
        content=body,
        headers={"content-type": "application/octet-stream"},
    )


def _receipts(month: datetime.date, numbers: list[str], mark: str) -> list[Move]:
    return [
        Move(kind="sale", number=number, amount=PRICE, at=_at(month, nth + 4), flow=f"{mark}{nth}")
        for nth, number in enumerate(numbers, 1)
    ]


async def _bring_all(
    client: httpx.AsyncClient, month: datetime.date, numbers: dict[str, list[str]], voice: Voice
) -> None:
    """Bring in what the platforms and the bank say of the month; two things in it are wrong."""
    mark = secrets.token_hex(4)
    alipay = _receipts(month, numbers["taobao"], f"A{mark}")
    alipay.append(  # the third order's money stands there twice
        Move(kind="sale", number=numbers["taobao"][2], amount=PRICE, at=_at(month, 9), flow="A9")
    )
    jd = _receipts(month, numbers["jd"], f"J{mark}")
    first = jd[0]
    jd[0] = Move(  # five yuan short
        kind="sale", number=first.number, amount=PRICE - 500, at=first.at, flow=first.flow
    )
    wechat: list[Move] = []
    for receipt in _receipts(month, numbers["wechat-miniprogram"], f"W{mark}"):
        fee = Move(
            kind="payment_fee", number=receipt.number, amount=-FEE, at=receipt.at, flow="fee"
        )
        wechat += [receipt, fee]
    # Two payouts of Alipay arrive at the bank in one sum.
    payouts = [
        Move(kind="payout", number="", amount=-amount, at=_at(month, 20), flow=f"P{mark}{nth}")
        for nth, amount in enumerate((30_000, 20_000))
    ]
    # The last lines say how far the bills reach.
    tail = Move(kind="transfer", number="", amount=-100, at=_at(month, 28), flow=f"Z{mark}")
    paid_out = Move(kind="payout", number="", amount=-12_900, at=_at(month, 28), flow=f"Y{mark}")
    whole = bills.alipay([*alipay, *payouts, tail])
    cut = await _bring(client, "alipay", whole[: len(whole) - 200], "cut.csv")
    voice.claim("没下载完整的账单,一行都不入账", cut.status_code == 422, cut.text[:160])
    spoilt = await _bring(client, "alipay", whole.replace(b"129.00 ,", b"129.01 ,", 1), "x.csv")
    voice.claim(
        "明细与合计差一分,一行都不入账",
        spoilt.json().get("code") == "totals",
        spoilt.text[:160],
    )
    came = [
        Move(kind="payout", number="", amount=50_000, at=_at(month, 21), flow=f"B{mark}1"),
        Move(kind="payout", number="", amount=12_900, at=_at(month, 28), flow=f"B{mark}2"),
    ]
    for form, body, lines in (
        ("alipay", whole, len(alipay) + 3),
        ("jd", bills.jd([*jd, paid_out]), len(jd) + 1),
        ("wechat-pay", bills.wechat_pay(wechat), len(wechat)),
        ("bank", bills.bank(came), len(came)),
    ):
        brought = (await _bring(client, form, body, f"{form}.csv")).json()
        voice.claim(
            f"{_NAMES[form]}账单入账 {lines} 行,没有拒收",
            (brought.get("lines"), brought.get("rejected")) == (lines, 0),
            brought,
        )
    again = await _bring(client, "alipay", whole, "again.csv")
    voice.claim("同一份账单再来一次,什么也不多", again.json().get("is_known") is True, again.text)


async def _reconcile(client: httpx.AsyncClient, voice: Voice) -> None:
    rules = (await caller.ask(client, "GET", "/v1/reconcile/rules")).json()["rules"]
    rules["rates"] = [
        {"channel": "wechat-miniprogram", "kind": "payment_fee", "ppm": 6_000, "source": "合同费率"}
    ]
    await caller.ask(client, "PUT", "/v1/reconcile/rules", json=rules)
    # A run follows the log as far as it is sequenced: what was sold is there within a second.
    end_s = time.monotonic() + PATIENCE_S
    run: dict[str, Any] = {}
    joined = 0  # of lines without a key, by whichever run found them first
    while time.monotonic() < end_s:
        body = {"cause": "月末", "whole": True}
        run = (await caller.ask(client, "POST", "/v1/reconcile/runs", json=body)).json()
        while run["stage"] not in ("done", "failed", "cancelled") and time.monotonic() < end_s:
            await asyncio.sleep(0.2)
            run = (await caller.ask(client, "GET", f"/v1/reconcile/runs/{run['id']}")).json()
        joined = max(joined, run["rules"].get("many_to_one", 0))
        if run["orders"] == 12 or run["stage"] == "failed":
            break
        await asyncio.sleep(0.3)
    voice.claim("12 张订单与账单、银行流水对完", (run["stage"], run["orders"]) == ("done", 12), run)
    voice.claim(
        "恰好两处差异:京东少 5 元,支付宝重复一笔",
        run["counts"] == {"amount": 1, "duplicate": 1},
        run["counts"],
    )
    voice.claim(
        "两笔提现在银行合成一笔到账,也对上了",
        joined == 3,
        run["rules"],
    )


async def _explain(client: httpx.AsyncClient, numbers: dict[str, list[str]], voice: Voice) -> None:
    listed = (await caller.ask(client, "GET", "/v1/differences")).json()["items"]
    by_class = {one["class"]: one for one in listed}
    short, twice = by_class["amount"], by_class["duplicate"]
    shown = (await caller.ask(client, "GET", f"/v1/differences/{short['id']}")).json()
    line = shown["lines"][0]
    voice.claim(
        "少的五元:订单收 129.00,账单原始行写 124.00",
        (shown["order"]["paid_fen"], line["cells"][line["header"].index("金额")])
        == (PRICE, "124.00"),
        line["cells"],
    )
    shown = (await caller.ask(client, "GET", f"/v1/differences/{twice['id']}")).json()
    voice.claim(
        "重复的一笔:同一订单两行流水并排",
        [n["amount_fen"] for n in shown["lines"]] == [PRICE, PRICE]
        and twice["number"] == numbers["taobao"][2],
        twice,
    )
    bare = {"act": "close", "ids": [short["id"]], "reason": "promotion"}
    refused = await client.post("/v1/differences:act", json=bare)
    voice.claim("没有说明,不能关闭", refused.json().get("code") == "no_note", refused.text[:160])
    for one, reason, note in (
        (short, "promotion", "平台五元券由商家承担,活动协议第 3 条"),
        (twice, "platform_confirmed", "平台确认重复结算,下月账单扣回"),
    ):
        body = {"act": "close", "ids": [one["id"]], "reason": reason, "note": note}
        await caller.ask(client, "POST", "/v1/differences:act", json=body)
    counts = (await caller.ask(client, "GET", "/v1/reconcile/counts")).json()["items"]
    voice.claim("两处差异都说明了原因,没有待处理的", counts == [], counts)


async def _close(client: httpx.AsyncClient, month: datetime.date, voice: Voice) -> None:
    """Close the month; what stands in suspense is explained, as the period asks for."""
    period = f"/v1/settlement/periods/{month:%Y%m}"
    end_s = time.monotonic() + PATIENCE_S
    seen: dict[str, Any] = {}
    failed: list[str] = ["?"]
    while failed and time.monotonic() < end_s:
        seen = (await caller.ask(client, "GET", period)).json()
        failed = [c["code"] for c in seen["checks"] if not c["passed"] and c["code"] != "suspense"]
        if failed:
            await asyncio.sleep(0.3)
    voice.claim("差异已说明,凭证不断号,借贷相平:可以关账", not failed, seen.get("checks"))
    explained = [
        {"code": c["code"], "reason": "转账 1 元待查,下月处理"}
        for c in seen["checks"]
        if not c["passed"]
    ]
    closed = await client.post(f"{period}/close", json={"explained": explained})
    voice.claim("关账", closed.status_code < 300, closed.text[:200])
    shut = (await caller.ask(client, "GET", period)).json()["period"]
    voice.claim("这个月已经关上", bool(shut.get("closed")), shut)
