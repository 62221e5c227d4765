"""`shortage`: a warehouse that will run out is foretold, a transfer proposed, approved by a person,
driven, received; what it was worth is played again.
"""

from __future__ import annotations

import asyncio
import datetime
import io
import secrets
import time
import uuid
from typing import TYPE_CHECKING, Any, Final

import httpx
from msgspec import Struct

from danshu.capabilities.stock.model import StockLevel
from danshu.faces import verify
from danshu.hub import agent_room, catalogues, compose, merchants, shelves
from danshu.hub.folding import StockFolder
from danshu.hub.transfer_audit import TransfersFolder
from danshu.kernel.errors import NotAvailable, ProgramError, Refusal
from danshu.ledger import audit
from danshu.stories import caller, furnishing
from danshu.stories.stage import HTTP_S
from danshu.testing import merchant
from danshu.testing.signer import Signer

if TYPE_CHECKING:
    from danshu.ledger.fold import Folder
    from danshu.stories.stage import Stage
    from danshu.stories.telling import Voice

HERE: Final = "HZ01"
THERE: Final = "WH01"
PROVINCES: Final = {HERE: "33", THERE: "42"}
DAYS: Final = 41
"""Days of sales before this hub."""
WEEK: Final = (9, 10, 11, 12, 14, 18, 16)
"""Units a day that Zhejiang buys, Monday first."""
QUIET: Final = 2
LEFT: Final = 40
SPARE: Final = 900
BUYERS: Final = 70
LATER_MS: Final = 15 * 86_400_000
LAST_S: Final = 90.0
_EAST: Final = datetime.timezone(datetime.timedelta(hours=8))


class _Cast(Struct, frozen=True, kw_only=True):
    """Who plays: the merchant's own key, its planner and its warehouse lead."""

    api: httpx.AsyncClient
    planner: Signer
    floor: Signer
    tenant: int
    goods: tuple[str, str]


async def play(stage: Stage, voice: Voice) -> None:
    """Play it on a fresh merchant."""
    code = f"story-shortage-{secrets.token_hex(4)}"
    goods = [s for s in merchant.skus() if int(s.storage) == 1 and s.price_fen > 1_000][:2]
    async with stage.connection() as connection:
        tenant = await _furnish(connection, code, goods)
        key = await furnishing.renew_key(connection, tenant, "story")
        password = await furnishing.seat_people(connection, tenant)
    origin = stage.servers[0].replace("127.0.0.1", "localhost")
    async with (
        stage.client(key) as api,
        httpx.AsyncClient(base_url=origin, timeout=HTTP_S) as one,
        httpx.AsyncClient(base_url=origin, timeout=HTTP_S) as two,
    ):
        planner, floor = Signer(one, origin), Signer(two, origin)
        await planner.enter(code, f"p05@{code}.example", password)
        await floor.enter(code, f"w02@{code}.example", password)
        cast = _Cast(
            api=api,
            planner=planner,
            floor=floor,
            tenant=tenant,
            goods=(goods[0].code, goods[1].code),
        )
        await _foretell(cast, voice)
        proposal, moved = await _approve(cast, voice)
        await _drive(cast, moved, voice)
        orders = await _sell(cast, voice)
        await _measure(stage, cast, proposal, voice)
        await _prove(stage, cast, orders, voice)
    voice.point(f"控制台 {stage.servers[0]}/agent,商户 {code},供应链计划 P05")
    voice.point(f"控制台 {stage.servers[0]}/transfers/{moved['id']},仓配主管 W02")
    voice.point(f"danshu audit --tenant {code}")
    voice.figures |= {"tenant": code, "proposal": proposal, "transfer": moved["number"]}


async def _furnish(connection: Any, code: str, goods: list[Any]) -> int:
    """Two warehouses that each serve their own province alone, and two sorts of goods."""
    tenant = await merchants.create_tenant(connection, code, "断货故事", furnishing.TELLER)
    teller = furnishing.TELLER
    regions = [r for r in merchant.regions() if r.code[:2] in PROVINCES.values()]
    places = {r.code for r in regions}
    lanes = [
        lane
        for lane in merchant.lanes()
        if lane.region in places and PROVINCES.get(lane.warehouse) == lane.region[:2]
    ]
    sites = [w for w in merchant.warehouses() if w.code in PROVINCES]
    await catalogues.put_regions(connection, tenant, regions, teller)
    await catalogues.put_warehouses(connection, tenant, sites, teller)
    await catalogues.put_lanes(connection, tenant, lanes, teller)
    await catalogues.put_skus(connection, tenant, goods, teller)
    levels = [
        StockLevel(warehouse=place, sku=sku.code, on_hand=units)
        for sku in goods
        for place, units in ((HERE, LEFT), (THERE, SPARE))
    ]
    told = await shelves.count_stock(connection, tenant, levels, "期初盘点", teller)
    if isinstance(told, Refusal):
        raise ProgramError(f"{code}: {told.reason}")
    return tenant


def past_sales(goods: tuple[str, ...], today: datetime.date) -> bytes:
    """Write what was sold before this hub: a weekly swing here, next to nothing there."""
    rows = ["day,place,sku,units"]
    for n in range(DAYS, 0, -1):
        day = today - datetime.timedelta(days=n)
        swing = (n * 7) % 5 - 2
        for sku in goods:
            rows.append(f"{day},{HERE},{sku},{WEEK[day.weekday()] + swing}")
            rows.append(f"{day},{THERE},{sku},{QUIET if n % 2 else 0}")
    return "\n".join(rows).encode()


async def _foretell(cast: _Cast, voice: Voice) -> None:
    today = datetime.datetime.now(_EAST).date()
    told = await caller.ask(
        cast.api,
        "POST",
        "/v1/forecasts/history",
        params={"name": "past.csv"},
        content=past_sales(cast.goods, today),
        headers={"content-type": "text/csv"},
    )
    voice.say(f"商户带来 {DAYS} 天的历史销量 {told.json()['rows']} 行;{HERE} 各剩 {LEFT} 件。")
    job = (await caller.ask(cast.api, "POST", "/v1/forecasts/run")).json()
    await _until(cast.api, f"/v1/jobs/{job['id']}", lambda now: now["state"] == "done")
    path = f"/v1/forecasts/series?place={HERE}&sku={cast.goods[0]}"
    series = (await caller.ask(cast.api, "GET", path)).json()
    day = series["days"][0]
    low, mid, high = (day["quantiles_milli"][n] / 1000 for n in (1, 3, 5))
    voice.claim(
        f"预测说得出明天 {HERE} 卖多少:中位 {mid:.0f} 件,八成把握在 {low:.0f} 到 {high:.0f} 件",
        0 < low <= mid <= high and 6 < mid < 24,
        (low, mid, high),
    )
    run = (await caller.ask(cast.api, "POST", "/v1/network/runs", json={})).json()
    await _until(cast.api, f"/v1/network/runs/{run['id']}", lambda now: now["state"] == "done")
    rows = (await caller.ask(cast.api, "GET", f"/v1/network/rows?warehouse={HERE}")).json()["items"]
    short = next(row for row in rows if row["sku"] == cast.goods[0])
    voice.claim(
        f"还有 {short['on_hand']} 件、一单未缺时,已看出七天内多半断货",
        short["on_hand"] == LEFT and short["chance_7"] > 700,
        short,
    )


async def _approve(cast: _Cast, voice: Voice) -> tuple[str, dict[str, Any]]:
    await caller.ask(cast.api, "POST", "/v1/agent/skills/rebalance/look", json={})
    rows = (await caller.ask(cast.api, "GET", "/v1/proposals?action=transfer")).json()["items"]
    mine = {row["key"].split()[-1]: row for row in rows}
    row, other = mine[cast.goods[0]], mine[cast.goods[1]]
    whole = (await caller.ask(cast.api, "GET", f"/v1/proposals/{row['id']}")).json()
    voice.say(f"技能提案:{row['title']['zh']}。")
    told = [r["text"]["zh"] for r in whole["reasons"]]
    voice.claim(
        f"提案的 {len(told)} 条理由都有出处,也写了别的办法与不调会怎样",
        bool(told)
        and all(r["cites"] for r in whole["reasons"])
        and whole["alternatives"][-1]["title"]["zh"] == "不调"
        and row["chance"]["after"] < row["chance"]["before"],
        told,
    )
    level = await _level(cast, THERE, cast.goods[0])
    voice.claim("提案本身什么也不动", level["reserved"] == 0, level)
    path = f"/v1/proposals/{row['id']}"
    no = await cast.floor.call(f"{path}/approve", {})
    voice.claim("仓配主管不能批准", no.status_code == 403, no.status_code)
    refused = await cast.planner.ask(
        f"/v1/proposals/{other['id']}/refuse", {"reason": "留作对照,这一种不调"}
    )
    done = await cast.planner.ask(f"{path}/approve", {"note": "运费合算"})
    moved = (await caller.ask(cast.api, "GET", "/v1/transfers?only=planned")).json()["items"]
    voice.claim(
        "供应链计划 P05 批准一条、驳回一条;批准的当即成了一张调拨单,连着提案",
        len(moved) == 1
        and moved[0]["proposal"] == row["id"]
        and (done["row"]["state"], refused["row"]["state"]) == ("done", "refused"),
        (done["row"]["state"], refused["row"]["state"], moved),
    )
    level = await _level(cast, THERE, cast.goods[0])
    units = moved[0]["units"]
    voice.claim(f"{THERE} 占用了 {units} 件,不会再卖给别人", level["reserved"] == units > 0, level)
    return str(row["id"]), moved[0]


async def _drive(cast: _Cast, moved: dict[str, Any], voice: Voice) -> None:
    path, sku, units = f"/v1/transfers/{moved['id']}", cast.goods[0], moved["units"]
    gone = await cast.floor.ask(f"{path}/dispatch", {"key": "truck-1"})
    way = await _level(cast, HERE, sku)
    voice.claim(
        f"W02 发出 {units} 件:{HERE} 看得到在途",
        gone["state"] == "dispatched" and way["in_transit"] == units,
        way,
    )
    part = {"key": "dock-1", "lines": [{"sku": sku, "good": units - 12}]}
    await cast.floor.ask(f"{path}/receive", part)
    again = await cast.floor.ask(f"{path}/receive", part)
    rest = {"key": "dock-2", "lines": [{"sku": sku, "good": 10, "damaged": 1}], "final": True}
    done = await cast.floor.ask(f"{path}/receive", rest)
    late = await cast.floor.call(f"{path}/receive", {**rest, "key": "dock-3"})
    line = done["lines"][0]
    voice.claim(
        "分两次收货:破损 1 件、短少 1 件记在单上;同一次重发不重复,收完不能再收",
        (again["lines"][0]["good"], line["good"]) == (units - 12, units - 2)
        and (line["damaged"], line["short"]) == (1, 1)
        and late.status_code == 409,
        line,
    )
    here = await _level(cast, HERE, sku)
    voice.claim(
        f"{HERE} 现在有 {LEFT + units - 2} 件可卖,在途归零",
        (here["on_hand"], here["in_transit"]) == (LEFT + units - 2, 0),
        here,
    )


async def _sell(cast: _Cast, voice: Voice) -> list[str]:
    """The same number of buyers want either."""
    paid = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    placed: dict[str, list[dict[str, Any]]] = {}
    for n, sku in enumerate(cast.goods):
        placed[sku] = await caller.each(
            16, [_buy(cast.api, f"S{n}{k:04d}", sku, paid) for k in range(BUYERS)]
        )
    served, control = (sum(a["open_units"] == 0 for a in placed[sku]) for sku in cast.goods)
    voice.say(f"浙江两种货各来 {BUYERS} 单,都只有 {HERE} 能发。")
    voice.claim(f"调来的那种:{BUYERS} 单全部有货", served == BUYERS, served)
    voice.claim(f"没调的那种:只有 {LEFT} 单有货,{BUYERS - LEFT} 单缺货", control == LEFT, control)
    return [a["order"] for a in placed[cast.goods[0]]]


async def _buy(api: httpx.AsyncClient, number: str, sku: str, paid: str) -> dict[str, Any]:
    body = {
        "number": number,
        "lines": [{"sku": sku, "quantity": 1, "price_fen": 1_900}],
        "receiver": {
            "name": "王示例",
            "phone": "13900000000",
            "province": "浙江省",
            "city": "杭州市",
            "district": "西湖区",
            "detail": f"示例路 {number} 号",
        },
        "paid_at": paid,
    }
    answer: dict[str, Any] = (await caller.ask(api, "POST", "/v1/orders", json=body)).json()
    return answer


async def _measure(stage: Stage, cast: _Cast, proposal: str, voice: Voice) -> None:
    """Fifteen days later, by a server whose clock is ahead."""
    hub = compose.Hub(stage.url, lambda: time.time_ns() // 1_000_000 + LATER_MS)
    await hub.start()
    try:
        await agent_room.tend(hub, cast.tenant, uuid.UUID(proposal))
    finally:
        await hub.close()
    whole = (await caller.ask(cast.api, "GET", f"/v1/proposals/{proposal}")).json()
    outcome = whole["outcome"] or {}
    voice.say("把一台服务器的钟拨快 15 天来计效。")
    voice.claim(
        f"照实际的单重放:没有这次调拨,{HERE} 会缺 {BUYERS - LEFT} 件",
        outcome.get("method") == "replayed"
        and outcome.get("counted") == BUYERS
        and f"有 {BUYERS - LEFT} 件" in outcome["text"]["zh"],
        outcome,
    )
    voice.figures["worth_fen"] = outcome.get("mid_fen", 0)


async def _prove(stage: Stage, cast: _Cast, orders: list[str], voice: Voice) -> None:
    bundle = await caller.fetch_bundle(cast.api, orders[-1])
    report = verify.verify(io.BytesIO(bundle), await caller.read_trust(cast.api))
    voice.claim(
        "靠调拨才有货的那张订单,证据包脱网核验通过",
        report.code == verify.PASSED,
        verify.describe(report),
    )
    folders: list[Folder] = [TransfersFolder(cast.tenant), StockFolder(cast.tenant)]
    async with stage.connection() as connection:
        told = await audit.fold_rows(connection, cast.tenant, folders)
    voice.claim("从事实重新折算:调拨单与每一行库存都对得上", told.clean, told.differences[:3])


async def _level(cast: _Cast, warehouse: str, sku: str) -> dict[str, Any]:
    path = f"/v1/stock?warehouse={warehouse}&sku={sku}"
    (row,) = (await caller.ask(cast.api, "GET", path)).json()["items"]
    return dict(row)


async def _until(api: httpx.AsyncClient, path: str, true: Any) -> dict[str, Any]:
    """Wait until something is there. Raises NotAvailable when it does not come."""
    end = time.monotonic() + LAST_S
    while time.monotonic() < end:
        now: dict[str, Any] = (await caller.ask(api, "GET", path)).json()
        if true(now):
            return now
        if now.get("state") in ("failed", "cancelled"):
            raise NotAvailable(f"{path}: {now}")
        await asyncio.sleep(0.1)
    raise NotAvailable(f"{path} did not end in {LAST_S:.0f} s")
