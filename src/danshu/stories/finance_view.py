"""`finance-view` 财务看毛利: finance sees the margin and takes its sums, once a steward agreed; the
rows stay, masked, in the house. What was granted for a while is gone when the while is over.
"""

from __future__ import annotations

import asyncio
import csv
import datetime
import io
import secrets
import time
from typing import TYPE_CHECKING, Any, Final

import httpx

from danshu.stories import caller, furnishing
from danshu.testing import merchant
from danshu.testing.signer import Signer

if TYPE_CHECKING:
    from danshu.stories.stage import Stage
    from danshu.stories.telling import Voice

ASSET: Final = "margin"
ORDERS: Final = 12
PAID_FEN: Final = 12_934
COST_FEN: Final = 8_000
AT_ONCE: Final = 8
WAIT_S: Final = 60
HTTP_S: Final = 60
LENT_S: Final = 3
STEPS: Final = ("release", "pick", "pack", "ship")
WISH: Final = {"asset": ASSET, "purpose": "finance", "why": "月度毛利复盘"}


async def play(stage: Stage, voice: Voice) -> None:
    """Play it on a fresh merchant."""
    code = f"story-margin-{secrets.token_hex(4)}"
    async with stage.connection() as connection:
        tenant = await furnishing.furnish(connection, code, "毛利故事")
        password = await furnishing.seat_people(connection, tenant)
        key = await furnishing.renew_key(connection, tenant, "story")
    origin = stage.servers[0].replace("127.0.0.1", "localhost")
    async with stage.client(key) as client:
        await _sell(client, voice)
        async with (
            httpx.AsyncClient(base_url=origin, timeout=HTTP_S) as f05,
            httpx.AsyncClient(base_url=origin, timeout=HTTP_S) as d04,
            httpx.AsyncClient(base_url=origin, timeout=HTTP_S) as c12,
        ):
            finance, steward, service = (Signer(b, origin) for b in (f05, d04, c12))
            for person, login in ((finance, "f05"), (steward, "d04"), (service, "c12")):
                await person.enter(code, f"{login}@{code}.example", password)
            await _look(finance, steward, service, voice)
            await _take(finance, steward, client, voice)
            await _lend(steward, service, voice)
    voice.point(f"控制台 {stage.servers[0]}/assets/shares(商户 {code})")
    voice.point(f"接口 {stage.servers[0]}/v1/asset-exports")


async def _sell(client: httpx.AsyncClient, voice: Voice) -> None:
    """Sell and ship, tell what a unit costs, and build the asset from the log."""
    sku = next(s for s in merchant.skus() if int(s.storage) == 1)
    value = [{"code": sku.code, "cost_fen": COST_FEN}]
    await caller.ask(client, "PUT", "/v1/sku-values", json=value)
    run = secrets.token_hex(3).upper()
    bodies = [_order(f"{run}{n:04d}", sku.code) for n in range(ORDERS)]
    placed = await caller.each(
        AT_ONCE, [caller.ask(client, "POST", "/v1/orders", json=body) for body in bodies]
    )
    for step in STEPS:
        await caller.each(
            AT_ONCE, [caller.act(client, each.json()["order"], step) for each in placed]
        )
    end_s, units = time.monotonic() + WAIT_S, 0
    while units < ORDERS and time.monotonic() < end_s:
        job = (await caller.ask(client, "POST", f"/v1/assets/{ASSET}/build")).json()
        await _wait(client, job["id"])
        told = (await caller.ask(client, "GET", f"/v1/assets/{ASSET}/cells")).json()
        units = sum(row[told["columns"].index("units")] for row in told["rows"])
    voice.claim(f"毛利分析由日志建成,发出 {ORDERS} 件", units == ORDERS, units)


async def _wait(client: httpx.AsyncClient, job: str) -> dict[str, Any]:
    end_s = time.monotonic() + WAIT_S
    while True:
        told: dict[str, Any] = (await client.get(f"/v1/jobs/{job}")).raise_for_status().json()
        if told["ended"] or time.monotonic() > end_s:
            return told
        await asyncio.sleep(0.1)


async def _gate(person: Signer) -> dict[tuple[str, str], dict[str, Any]]:
    told = await person.ask("/v1/data-gates", {"asset": ASSET})
    return {(a["act"], a["form"]): a for a in told["acts"]}


async def _look(finance: Signer, steward: Signer, service: Signer, voice: Voice) -> None:
    """Finance sees sums, and rows masked; the steward and service see neither."""
    cells = (await finance.client.get(f"/v1/assets/{ASSET}/cells")).raise_for_status().json()
    margin = sum(row[cells["columns"].index("margin")] for row in cells["rows"])
    wanted = ORDERS * (PAID_FEN - COST_FEN)
    voice.claim(f"财务看到毛利 {wanted / 100:.2f} 元", margin == wanted, margin)
    seen = await finance.ask("/v1/asset-exports/preview", {**WISH, "form": "rows"})
    at = seen["columns"].index("revenue")
    bands = {row[at] for row in seen["rows"]}
    masked = bands == {PAID_FEN // 1_000 * 1_000}
    voice.claim("明细里的金额只到十元一档", masked, sorted(bands))
    voice.claim("明细里没有经手人", "who" not in seen["columns"], seen["columns"])
    for who, person in (("数据管家", steward), ("客服", service)):
        told = await person.client.get(f"/v1/assets/{ASSET}/cells")
        voice.claim(f"{who}看不到毛利", told.status_code == 409, told.status_code)


async def _take(finance: Signer, steward: Signer, client: httpx.AsyncClient, voice: Voice) -> None:
    """The rows are refused by a clause, the sums leave once a steward agreed, with a mark."""
    told = await finance.call("/v1/asset-exports", {**WISH, "form": "rows"})
    no = told.json()
    voice.claim("导出原始明细被拒", told.status_code == 409, told.status_code)
    voice.claim("拒绝写明条款", (no["code"], no["clause"]) == ("raw_export_denied", "asset-raw"))
    told = await finance.call("/v1/asset-exports", {**WISH, "purpose": "marketing"})
    voice.claim("换成营销用途被拒:个保法第六条", told.json().get("clause") == "pipl-6", told.text)
    asked = await finance.ask("/v1/asset-exports", WISH)
    needs = [n["code"] for n in asked["needs"]]
    voice.claim("导出汇总要数据管家批准", needs == ["steward"], needs)
    path = f"/v1/asset-exports/{asked['id']}"
    own = await finance.call(f"{path}/approve", {})
    voice.claim("自己批不了自己的", own.status_code == 403, own.status_code)
    agreed = await steward.ask(f"{path}/approve", {"note": "汇总可出"})
    await _wait(client, agreed["job"])
    made = (await finance.client.get(path)).raise_for_status().json()
    voice.claim("批准后生成", made["state"] == "made", made["state"])
    file = (await finance.client.get(f"{path}/file")).raise_for_status()
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
    mark = {row[0]: row[1] for row in rows if row[0].startswith("#")}
    voice.claim("文件写着导出人 F05", "F05" in mark.values(), mark)
    money = rows[1][rows[0].index("毛利")]
    voice.claim(
        "文件里的毛利一分不差", money == f"{ORDERS * (PAID_FEN - COST_FEN) / 100:.2f}", money
    )
    other = await steward.client.get(f"{path}/file")
    voice.claim("别人取不走这一份", other.status_code == 404, other.status_code)


async def _lend(steward: Signer, service: Signer, voice: Voice) -> None:
    """A right for a while: it opens what the role does not, and lapses by itself."""
    body = {
        "holder": "role:service",
        "asset": ASSET,
        "act": "aggregate",
        "purpose": "finance",
        "until": _instant(datetime.timedelta(seconds=LENT_S)),
        "reason": "客诉核价",
    }
    mine = await steward.call("/v1/data-grants", {**body, "holder": "role:steward"})
    voice.claim("数据管家不能授给自己", mine.json().get("code") == "grant_to_self", mine.text)
    await steward.ask("/v1/data-grants", body)
    told = await _gate(service)
    voice.claim("授权期内客服能看汇总", told["aggregate", "cells"]["state"] == "passed")
    voice.claim("仍不能导出", told["export", "rows"]["state"] == "refused")
    end_s = time.monotonic() + WAIT_S
    while told["aggregate", "cells"]["state"] == "passed" and time.monotonic() < end_s:
        await asyncio.sleep(0.5)
        told = await _gate(service)
    last = told["aggregate", "cells"]
    voice.claim("到期即止", last["code"] == "grant_expired", last)


def _order(number: str, sku: str) -> dict[str, Any]:
    return {
        "number": number,
        "lines": [{"sku": sku, "quantity": 1, "price_fen": PAID_FEN, "title": "示例商品"}],
        "receiver": {
            "name": "李示例",
            "phone": "13900000000",
            "province": "上海市",
            "city": "上海市",
            "detail": "示例路 1 号",
        },
        "paid_at": _instant(datetime.timedelta(hours=-1)),
    }


def _instant(after: datetime.timedelta) -> str:
    at = datetime.datetime.now(datetime.UTC) + after
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
