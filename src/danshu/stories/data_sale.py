"""`data-sale` 数据上架: an asset is registered, valued, listed at an exchange, ordered, licensed by
a second person, delivered, billed; a partner asks the clean room; after the end nothing is given.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from typing import TYPE_CHECKING, Any, Final

import httpx
from msgspec import Struct

from danshu.stories import caller, furnishing
from danshu.testing import data_exchange, merchant
from danshu.testing.signer import Signer

if TYPE_CHECKING:
    from danshu.stories.stage import Stage
    from danshu.stories.telling import Voice
    from danshu.testing.data_exchange import Exchange

ASSET: Final = "fulfilment-heatmap"
ORDERS: Final = 80
AT_ONCE: Final = 40
WAIT_S: Final = 90
HTTP_S: Final = 60
COLUMNS: Final = ["province", "hour", "orders", "on_time"]
PLACES: Final = (("上海市", "上海市"), ("北京市", "北京市"))
ROOM: Final = {"by": ["province", "hour"], "epsilon": 4_000, "step": 1_000}
PRICE: Final = {"period_fen": 2_000_00, "delivery_fen": 500_00, "query_fen": 1_00}


class People(Struct, frozen=True):
    """Who plays."""

    finance: Signer
    legal: Signer
    steward: Signer
    admin: Signer


async def play(stage: Stage, voice: Voice) -> None:
    """Play it on a fresh merchant."""
    code = f"story-sale-{secrets.token_hex(4)}"
    async with stage.connection() as connection:
        tenant = await furnishing.furnish(connection, code, "数据上架故事")
        password = await furnishing.seat_people(connection, tenant)
        key = await furnishing.renew_key(connection, tenant, "story")
    origin = stage.servers[0].replace("127.0.0.1", "localhost")
    with data_exchange.serve() as exchange:
        async with stage.client(key) as client, _Door(origin) as door:
            people = People(
                *[await door.enter(code, n, password) for n in ("f05", "l01", "d04", "a01")]
            )
            await _build(client, voice)
            await _value(people, voice)
            listing = await _list(client, people, exchange, voice)
            licence = await _license(people, exchange, listing, voice)
            partner = await _deliver(stage, people, exchange, licence, voice)
            await _ask(people, partner, licence, voice)
            await _end(people, partner, licence, voice)
            await partner.aclose()
    voice.point(f"控制台 {stage.servers[0]}/assets/value(商户 {code})")
    voice.point(f"接口 {stage.servers[0]}/v1/licences")
    voice.point(f"danshu audit --tenant {code}")


class _Door:
    """Browsers of persons, closed at the end."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._open: list[httpx.AsyncClient] = []

    async def __aenter__(self) -> _Door:
        return self

    async def __aexit__(self, *_: object) -> None:
        for one in self._open:
            await one.aclose()

    async def enter(self, code: str, number: str, password: str) -> Signer:
        """Sign a person in."""
        browser = httpx.AsyncClient(base_url=self._origin, timeout=HTTP_S)
        self._open.append(browser)
        person = Signer(browser, self._origin)
        await person.enter(code, f"{number}@{code}.example", password)
        return person


async def _put(person: Signer, path: str, body: Any) -> Any:
    answer = await person.client.put(path, json=body, headers=person.headers)
    answer.raise_for_status()
    return answer.json()


async def _get(person: Signer, path: str) -> Any:
    return (await person.client.get(path)).raise_for_status().json()


async def _build(client: httpx.AsyncClient, voice: Voice) -> None:
    """Sell, and build the asset from the log."""
    run = secrets.token_hex(3).upper()
    goods = [sku for sku in merchant.skus()[:40] if int(sku.storage) == 1]
    bodies = [_order(f"{run}{n:04d}", goods[n % len(goods)].code, n) for n in range(ORDERS)]
    await caller.each(
        AT_ONCE, [caller.ask(client, "POST", "/v1/orders", json=body) for body in bodies]
    )
    end_s, sold = time.monotonic() + WAIT_S, 0
    while sold < ORDERS and time.monotonic() < end_s:
        job = (await caller.ask(client, "POST", f"/v1/assets/{ASSET}/build")).json()
        await _wait(client, job)
        cells = await caller.ask(client, "GET", f"/v1/assets/{ASSET}/cells?limit=200")
        at = cells.json()["columns"].index("orders")
        sold = sum(row[at] for row in cells.json()["rows"])
    voice.claim(f"资产由日志建成,含 {ORDERS} 张订单", sold == ORDERS, sold)


async def _wait(client: httpx.AsyncClient, job: dict[str, Any]) -> dict[str, Any]:
    end_s = time.monotonic() + WAIT_S
    while not job["ended"] and time.monotonic() < end_s:
        await asyncio.sleep(0.1)
        job = (await client.get(f"/v1/jobs/{job['id']}")).raise_for_status().json()
    return job


def _order(number: str, sku: str, nth: int) -> dict[str, Any]:
    province, city = PLACES[nth % len(PLACES)]
    return {
        "number": number,
        "lines": [{"sku": sku, "quantity": 1, "price_fen": 12_900, "title": "示例商品"}],
        "receiver": {
            "name": "李示例",
            "phone": "13900000000",
            "province": province,
            "city": city,
            "detail": "示例路 1 号",
        },
    }


async def _value(people: People, voice: Voice) -> None:
    """Register the right, enter costs, value the asset; a second person stands by it."""
    entry = {
        "source": "own",
        "basis": "operation",
        "holder": "数据上架故事",
        "rights": ["hold", "process", "operate"],
        "evidence": [hashlib.sha256(b"contract").hexdigest()],
    }
    right = await _put(people.finance, f"/v1/rights-register/{ASSET}", {"entry": entry})
    voice.claim("权属已登记,含数据产品经营权", right["version"] == 1, right)
    for kind, phase, amount in (
        ("labour", "development", 80_000_00),
        ("purchase", "bought", 20_000_00),
    ):
        cost = {"day": "2026-11-01", "kind": kind, "phase": phase, "amount_fen": amount}
        await people.finance.ask(f"/v1/asset-costs/{ASSET}", cost)
    proposal = await _get(people.finance, f"/v1/valuations/{ASSET}/proposal")
    told = {s["code"]: s["told"] for s in proposal["inputs"]["spans"]}
    voice.claim(
        "成本出自台账,质量出自检查,其余注明是假定",
        (told["cost.labour"], told["cost.quality"], told["income.discount"])
        == ("ledger", "checks", "assumed"),
        told,
    )
    draft = await people.finance.ask(f"/v1/valuations/{ASSET}", proposal["inputs"])
    span = draft["result"]["range"]
    voice.claim(
        "估值是一个区间,不是一个数", span["least"] < span["low"] < span["high"] < span["most"], span
    )
    voice.say(f"成本法:¥{span['low'] / 100:,.0f} 至 ¥{span['high'] / 100:,.0f}(10%–90%)。")
    path = f"/v1/valuations/{ASSET}/{draft['version']}/approve"
    voice.claim("起草人批不了自己的估值", (await people.finance.call(path)).status_code == 403)
    approved = await people.legal.ask(path)
    voice.claim("由另一人批准", approved["state"] == "approved", approved["state"])
    voice.figures |= {"low_fen": span["low"], "high_fen": span["high"]}


async def _list(
    client: httpx.AsyncClient, people: People, exchange: Exchange, voice: Voice
) -> dict[str, Any]:
    """Submit the listing package; the exchange opens it and compares every digest."""
    told = {
        "code": "demo",
        "title": "示例数据交易所",
        "url": exchange.url,
        "member": "M-0001",
        "secret": data_exchange.SECRET,
    }
    await caller.ask(client, "PUT", "/v1/data-exchanges", json=told)
    terms = {
        "asset": ASSET,
        "exchange": "demo",
        "purpose": "operations",
        "columns": COLUMNS,
        "months": 12,
        "price": PRICE,
        "queries_day": 10,
        "clean_room": ROOM,
    }
    draft = await people.finance.ask("/v1/listings", terms)
    sent = await people.legal.ask(f"/v1/listings/{draft['id']}/submit")
    voice.claim("上架包由另一人提交,交易所受理", sent["state"] == "reviewing", sent)
    files = exchange.offers[sent["reference"]].files
    voice.claim(
        "包里有元数据、字典、样本、质量、合规、价格、许可,逐份有摘要",
        set(data_exchange.WANTED) < set(files),
        sorted(files),
    )
    voice.claim("包由日志的密钥签名", "manifest.note" in files, sorted(files))
    exchange.review()
    listed: dict[str, Any] = await people.finance.ask(f"/v1/listings/{draft['id']}/refresh")
    voice.claim("交易所核对后上架", listed["state"] == "listed", listed["reasons"])
    return listed


async def _license(
    people: People, exchange: Exchange, listing: dict[str, Any], voice: Voice
) -> dict[str, Any]:
    """An order at the exchange becomes a draft; a second person lets it come into force."""
    exchange.order(listing["reference"], "carrier-east", "东线承运", "operations")
    for _ in range(2):  # asked twice, taken once
        await people.finance.ask(f"/v1/listings/{listing['id']}/refresh")
    drafts = (await _get(people.finance, f"/v1/licences?asset={ASSET}"))["items"]
    voice.claim("一张订单成一份授权草稿", [d["standing"] for d in drafts] == ["draft"], drafts)
    draft = drafts[0]
    path = f"/v1/licences/{draft['id']}/approve"
    seen = {"digest": draft["digest"]}
    voice.claim(
        "起草人批不了自己的授权", (await people.finance.call(path, seen)).status_code == 403
    )
    granted: dict[str, Any] = await people.legal.ask(path, seen)
    voice.claim("法务批准,授权生效", granted["standing"] == "active", granted["standing"])
    return granted


async def _deliver(
    stage: Stage, people: People, exchange: Exchange, licence: dict[str, Any], voice: Voice
) -> httpx.AsyncClient:
    """Deliver with one click, through the checkpoint; the licensee fetches it with its own key."""
    path = f"/v1/licences/{licence['id']}"
    begun = await people.legal.ask(f"{path}/deliveries", {"file": "csv"})
    voice.claim("交付先过合规检查", begun["state"] == "waiting", begun)
    approve = f"/v1/asset-exports/{begun['request']}/approve"
    await people.steward.ask(approve, {"note": "已核"})
    await people.admin.ask(approve, {"note": "已核"})
    end_s, shown = time.monotonic() + WAIT_S, begun
    while shown["state"] in ("waiting", "started") and time.monotonic() < end_s:
        await asyncio.sleep(0.1)
        shown = await _get(people.legal, f"/v1/asset-exports/{begun['request']}")
    voice.claim("数据管家与另一人批准后,文件做成", shown["state"] == "made", shown["code"])
    key = (await people.legal.ask(f"{path}/keys", {"name": "东线承运"}))["key"]
    partner = stage.client(key)
    files = (await caller.ask(partner, "GET", "/v1/licensed/deliveries")).json()["items"]
    voice.claim("被授权方看到一份交付", len(files) == 1, files)
    address = f"/v1/licensed/file?delivery={files[0]['id']}"
    body = (await caller.ask(partner, "GET", address)).content
    same = hashlib.sha256(body).hexdigest() == files[0]["digest"]
    voice.claim("取到的文件与事实里的摘要一致", same, files[0]["digest"])
    voice.claim("文件写着给谁", "carrier-east" in body.decode("utf-8-sig"))
    marks = await _get(people.legal, "/v1/watermarks")
    named = [one["recipient"] for one in marks["items"]]
    voice.claim("水印登记里,这份是给它的", "carrier-east" in named, named)
    statement = (await _get(people.finance, f"{path}/statement"))["statement"]
    due = PRICE["period_fen"] + PRICE["delivery_fen"]
    voice.claim("月结单:月费加一次交付", statement["due_fen"] == due, statement)
    await people.finance.ask(f"/v1/listings/{licence['listing']}/refresh")
    told = [one["digest"] for one in exchange.receipts.values()]
    voice.claim("交易所收到交付回执", told == [files[0]["digest"]], told)
    nosy = await partner.get("/v1/orders")
    voice.claim("它的密钥别的什么也做不了", nosy.status_code == 403, nosy.status_code)
    voice.figures["file"] = address
    return partner


async def _ask(
    people: People, partner: httpx.AsyncClient, licence: dict[str, Any], voice: Voice
) -> None:
    """The clean room answers sums with noise and refuses whatever names a person."""
    sql = "select province, count(distinct person) from asset group by province"
    first = (await caller.ask(partner, "POST", "/v1/clean-room/queries", json={"sql": sql})).json()
    people_told = sum(group["figures"][0] for group in first["groups"])
    voice.claim(
        f"洁净室答:{len(first['groups'])} 组共约 {people_told} 人(真实 {ORDERS},加了噪声)",
        abs(people_told - ORDERS) < ORDERS,
        first,
    )
    again = (await caller.ask(partner, "POST", "/v1/clean-room/queries", json={"sql": sql})).json()
    same = again["groups"] == first["groups"] and again["spent"] == 0
    voice.claim("同一问题再问,答案不变、不再花预算:平均不出真值", same, again)
    for what, ask, code in (
        ("问单个人", "select count(*) from asset where number = '1'", "column"),
        ("要明细", "select * from asset", "aggregates_only"),
        ("嵌套查询", "select count(*) from (select * from asset)", "one_table"),
        (
            "小组",
            "select count(distinct person) from asset where province = '西藏自治区'",
            "too_few_people",
        ),
    ):
        answer = await partner.post("/v1/clean-room/queries", json={"sql": ask})
        told = answer.json().get("code")
        voice.claim(f"{what}:拒绝", (answer.status_code, told) == (409, code), answer.text)
    use = (await _get(people.finance, f"/v1/licences/{licence['id']}/statement"))["statement"]
    voice.claim("作答计入月结单", use["queries"] == 3, use)


async def _end(
    people: People, partner: httpx.AsyncClient, licence: dict[str, Any], voice: Voice
) -> None:
    path = f"/v1/licences/{licence['id']}"
    await people.legal.ask(f"{path}/end", {"reason": "合同提前终止"})
    asked = await people.legal.call(f"{path}/deliveries", {"file": "csv"})
    told = asked.json().get("code")
    voice.claim("终止后不再交付", (asked.status_code, told) == (409, "not_active"), asked.text)
    late = await partner.post("/v1/clean-room/queries", json={"sql": "select count(*) from asset"})
    voice.claim("终止后洁净室不再作答", late.json().get("code") == "not_active", late.text)
    file = await partner.get(str(voice.figures.pop("file")))
    voice.claim("终止后旧文件也取不到", file.json().get("code") == "not_active", file.status_code)
