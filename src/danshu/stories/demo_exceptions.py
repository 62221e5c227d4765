"""What goes wrong at the demo's merchant, so that the pages of exceptions have something to show.

Returns and refunds are asked for, one buyer orders twice, a bill comes in that does not agree, and
the merchant sells in presale. All of it by the public API; a second run adds nothing.
"""

from __future__ import annotations

import asyncio
import datetime
import time
from typing import TYPE_CHECKING, Any, Final

import httpx

from danshu.stories import caller
from danshu.testing import bills, merchant
from danshu.testing.bills import Move
from danshu.testing.signer import Signer

if TYPE_CHECKING:
    from danshu.stories.stage import Stage

_SHANGHAI: Final = datetime.timezone(datetime.timedelta(hours=8))
_CASES: Final = (  # kind, reason, the buyer's words
    ("return", "quality", "杯盖扣不紧，装水会漏，想退掉"),
    ("refund_only", "missing", "少发了一件，退这一件的钱就行"),
    ("exchange", "wrong_goods", "颜色发错了，要蓝色"),
    ("return", "no_longer_wanted", "尺码不合适"),
    ("compensation", "late", "说好前天到的"),
)
_COMPENSATION_FEN: Final = 500
_SHORT_FEN: Final = 500  # so much less than was paid stands on the bill
_HTTP_S: Final = 60
_PATIENCE_S: Final = 30.0
_PRESALE: Final = "presale"


async def play(
    stage: Stage, client: httpx.AsyncClient, seen: list[dict[str, Any]], code: str, password: str
) -> None:
    """Let things go wrong at a merchant whose orders are `seen`."""
    await _ask_for_money(client, seen)
    await _order_twice(client)
    await _bring_bill(client, seen)
    origin = stage.servers[0].replace("127.0.0.1", "localhost")
    async with (
        httpx.AsyncClient(base_url=origin, timeout=_HTTP_S) as one,
        httpx.AsyncClient(base_url=origin, timeout=_HTTP_S) as two,
    ):
        writer, second = Signer(one, origin), Signer(two, origin)
        await writer.enter(code, f"f05@{code}.example", password)
        await second.enter(code, f"l01@{code}.example", password)
        await _sell_ahead(client, writer, second)


async def _ask_for_money(client: httpx.AsyncClient, seen: list[dict[str, Any]]) -> None:
    """Buyers of delivered orders ask for what buyers ask for."""
    delivered = sorted(o["order"] for o in seen if o["state"] == "delivered")
    for order, (kind, reason, words) in zip(delivered, _CASES, strict=False):
        path = f"/v1/orders/{order}/after-sales"
        if (await caller.ask(client, "GET", path)).json()["items"]:
            continue
        body: dict[str, Any] = {"kind": kind, "reason": reason, "words": words, "by_buyer": True}
        if kind == "compensation":
            body["own_fen"] = _COMPENSATION_FEN
        else:
            body["lines"] = [{"line": 1, "quantity": 1}]
        if kind == "exchange":
            body["wanted"] = [{"sku": merchant.skus()[1].code, "quantity": 1, "price": 0}]
        await caller.ask(client, "POST", path, json=body)


async def _order_twice(client: httpx.AsyncClient) -> None:
    """One buyer presses the button twice."""
    for number in ("DEMO-TWICE-1", "DEMO-TWICE-2"):
        body = {
            "channel": "direct",
            "number": number,
            "lines": [{"sku": merchant.skus()[0].code, "quantity": 2, "price_fen": 8_900}],
            "receiver": {
                "name": "赵示例",
                "phone": "13900005678",
                "province": "浙江省",
                "city": "杭州市",
                "district": "西湖区",
                "detail": "示例路 8 号",
            },
        }
        await caller.ask(client, "POST", "/v1/orders", json=body)


async def _bring_bill(client: httpx.AsyncClient, seen: list[dict[str, Any]]) -> None:
    """The Alipay bill of the Taobao orders: one amount is short, one stands there twice."""
    sold = sorted((o for o in seen if o["channel"] == "taobao"), key=lambda o: str(o["number"]))
    moves = [
        Move(
            kind="sale",
            number=order["number"],
            amount=order["paid"] - (_SHORT_FEN if nth == 0 else 0),
            at=_local(order["paid_at"]),
            flow=f"DEMO{nth:04}",
        )
        for nth, order in enumerate(sold)
        if order["paid"] > _SHORT_FEN and order["paid_at"]
    ]
    if not moves:
        return
    twice = moves[-1]
    moves.append(
        Move(kind="sale", number=twice.number, amount=twice.amount, at=twice.at, flow="DEMO9999")
    )
    await caller.ask(
        client,
        "POST",
        "/v1/bills",
        params={"form": "alipay", "name": "alipay-demo.csv"},
        content=bills.alipay(moves),
        headers={"content-type": "application/octet-stream"},
    )
    body = {"cause": "演示对账", "whole": True}
    run = (await caller.ask(client, "POST", "/v1/reconcile/runs", json=body)).json()
    end = time.monotonic() + _PATIENCE_S
    while run["stage"] not in ("done", "failed", "cancelled") and time.monotonic() < end:
        await asyncio.sleep(0.2)
        run = (await caller.ask(client, "GET", f"/v1/reconcile/runs/{run['id']}")).json()


def _local(instant: str) -> str:
    return f"{datetime.datetime.fromisoformat(instant).astimezone(_SHANGHAI):%Y-%m-%d %H:%M:%S}"


async def _sell_ahead(client: httpx.AsyncClient, writer: Signer, second: Signer) -> None:
    """Finance writes a presale from its template, legal approves it."""
    path = "/v1/order-types"
    book = (await caller.ask(client, "GET", path)).json()
    if any(v["type"]["type"] == _PRESALE for v in book["versions"]):
        return
    kind = next(t for t in book["templates"] if t["type"] == _PRESALE)
    draft = await writer.ask(f"{path}/drafts", {"type": kind})
    drafted = f"{path}/drafts/{draft['id']}"
    await writer.ask(f"{drafted}/submit", {"revision": draft["revision"]})
    await second.ask(f"{drafted}/approve", {"digest": draft["digest"]})
