"""`leak` 泄露: three people get the same orders as a file; a part of one turns up, shuffled,
renamed, without a column. Its seconds say whose it was. A file that bears nothing accuses nobody.
"""

from __future__ import annotations

import asyncio
import csv
import io
import random
import secrets
import time
from typing import TYPE_CHECKING, Any, Final

import httpx

from danshu.kernel.fact import epoch_ms
from danshu.stories import caller, furnishing
from danshu.testing import merchant
from danshu.testing.signer import Signer

if TYPE_CHECKING:
    from danshu.stories.stage import Stage
    from danshu.stories.telling import Voice

ORDERS: Final = 600
LEAKED: Final = 400
AT_ONCE: Final = 64
WAIT_S: Final = 60
HTTP_S: Final = 120
COLUMNS: Final = ("number", "goods", "total", "placed", "paid_at", "region")
# who gets a copy: the login's beginning, the number at work, what for
PEOPLE: Final = (
    ("d04", "D04", "数据质量抽查取数"),
    ("p03", "P03", "路由策略复盘取数"),
    ("f05", "F05", "月末收入核对"),
)
THIEF: Final = 1
CSV: Final = {"content-type": "text/csv"}


async def play(stage: Stage, voice: Voice) -> None:
    """Play it on a fresh merchant."""
    code = f"story-leak-{secrets.token_hex(4)}"
    async with stage.connection() as connection:
        tenant = await furnishing.furnish(connection, code, "泄露故事")
        password = await furnishing.seat_people(connection, tenant)
        key = await furnishing.renew_key(connection, tenant, "story")
    origin = stage.servers[0].replace("127.0.0.1", "localhost")
    async with stage.client(key) as client:
        await _place(client, voice)
        files = []
        for login, _, purpose in PEOPLE:
            async with httpx.AsyncClient(base_url=origin, timeout=HTTP_S) as browser:
                person = Signer(browser, origin)
                await person.enter(code, f"{login}@{code}.example", password)
                files.append(await _export(person, purpose))
        voice.say(f"{len(PEOPLE)} 人各导出同一批 {ORDERS} 张订单,各有用途。")
        _compare(files, voice)
        await _trace(client, files, voice)
    voice.point(f"控制台 {stage.servers[0]}/assets/shares,水印(商户 {code})")
    voice.point(f"接口 {stage.servers[0]}/v1/watermarks")


async def _place(client: httpx.AsyncClient, voice: Voice) -> None:
    run = secrets.token_hex(3).upper()
    goods = [sku for sku in merchant.skus()[:40] if int(sku.storage) == 1]
    bodies = [_order(f"{run}{n:05d}", goods[n % len(goods)].code) for n in range(ORDERS)]
    work = [caller.ask(client, "POST", "/v1/orders", json=body) for body in bodies]
    await caller.each(AT_ONCE, work)
    end_s = time.monotonic() + WAIT_S
    seen = 0
    while seen < ORDERS and time.monotonic() < end_s:
        told = (await caller.ask(client, "GET", "/v1/workbench/count", params={"f": ""})).json()
        seen = int(told["count"])
        await asyncio.sleep(0.2)
    voice.claim(f"{ORDERS} 张订单都在工作台上", seen == ORDERS, seen)


def _order(number: str, sku: str) -> dict[str, Any]:
    return {
        "number": number,
        "lines": [{"sku": sku, "quantity": 1, "price_fen": 12_900, "title": "示例商品"}],
        "receiver": {
            "name": "李示例",
            "phone": "13900000000",
            "province": "上海市",
            "city": "上海市",
            "detail": "示例路 1 号",
        },
    }


async def _export(person: Signer, purpose: str) -> list[list[str]]:
    """Have a file made and fetch it: its rows, the head first."""
    body = {"f": "", "form": "csv", "columns": COLUMNS, "purpose": purpose}
    job = await person.ask("/v1/exports", body)
    end_s = time.monotonic() + WAIT_S
    while not job["ended"] and time.monotonic() < end_s:
        await asyncio.sleep(0.1)
        job = (await person.client.get(f"/v1/jobs/{job['id']}")).raise_for_status().json()
    told = (await person.client.get(f"/v1/exports/{job['id']}")).raise_for_status()
    rows = list(csv.reader(io.StringIO(told.content.decode("utf-8-sig"))))
    return [row for row in rows if not row[0].startswith("#")]


def _compare(files: list[list[list[str]]], voice: Voice) -> None:
    """The copies differ in seconds alone, and in no minute, no amount."""
    voice.claim("三份各有全部订单", {len(f) - 1 for f in files} == {ORDERS})
    exact = [n for n, name in enumerate(COLUMNS) if name not in ("placed", "paid_at")]
    plain = [[[row[n] for n in exact] for row in f] for f in files]
    voice.claim("订单号、商品、金额、收货地一字不差", plain[0] == plain[1] == plain[2])
    at = COLUMNS.index("placed")
    one, other = ([epoch_ms(row[at]) // 1000 for row in f[1:]] for f in files[:2])
    moved = [abs(a - b) for a, b in zip(one, other, strict=True)]
    voice.claim("下单时刻相差至多 1 秒", set(moved) <= {0, 1}, sorted(set(moved)))
    same = all(a // 60 == b // 60 for a, b in zip(one, other, strict=True))
    voice.claim("没有一个时刻换了分钟", same)
    voice.figures["seconds_that_differ"] = sum(moved)


async def _trace(client: httpx.AsyncClient, files: list[list[list[str]]], voice: Voice) -> None:
    login, number, purpose = PEOPLE[THIEF]
    body = _leak(files[THIEF], "paid_at")
    told = await caller.ask(client, "POST", "/v1/watermarks/trace", content=body, headers=CSV)
    found = told.json()
    voice.say(f"网上出现一份文件:{LEAKED} 行,打乱了顺序,列名全换,少了一列,没有导出人。")
    named = [s["copy"]["recipient"] for s in found["guilty"]]
    voice.claim(f"追到 {number} 一人", named == [number], named)
    first = (found["guilty"] or found["others"])[0]
    z, bound = first["z"] / 1000, float(first["bound"])
    voice.claim("写着用途", first["copy"]["purpose"] == purpose, first["copy"]["purpose"])
    voice.claim("部门与姓名都在", bool(first["copy"]["department"] and first["copy"]["person"]))
    voice.claim("超出无辜者 5 个标准差", z >= 5, z)
    voice.claim("错怪任何人的概率不到百万分之一", bound < 1e-6, bound)
    innocent = max(s["z"] for s in found["others"]) / 1000
    voice.claim("其余两人与常人无异", innocent < 4, innocent)
    voice.say(f"z = {z:.1f},错怪的概率上界 {first['bound']};无辜者最高 {innocent:.1f}。")
    plain = [[*row] for row in files[THIEF]]
    at = [COLUMNS.index(name) for name in ("placed", "paid_at")]
    for row in plain[1:]:
        for n in at:
            row[n] = row[n][:16]
    for what, rows in (("时刻只留到分钟的", plain), ("别处来的", _foreign())):
        told = await caller.ask(
            client, "POST", "/v1/watermarks/trace", content=_write(rows), headers=CSV
        )
        voice.claim(f"{what}文件不指认任何人", told.json()["guilty"] == [], told.text[:200])
    listed = (await caller.ask(client, "GET", "/v1/watermarks")).json()["items"]
    voice.claim("三份交付都在册", len(listed) == len(PEOPLE), len(listed))
    voice.figures |= {"z": z, "bound": bound, "innocent": innocent, "thief": login}


def _leak(rows: list[list[str]], dropped: str) -> bytes:
    """A part of a copy, shuffled, its columns renamed, one of them gone."""
    luck = random.Random(7)
    at = COLUMNS.index(dropped)
    part = luck.sample(rows[1:], LEAKED)
    named = [[f"字段{n}" for n in range(len(COLUMNS))], *part]
    return _write([[cell for n, cell in enumerate(row) if n != at] for row in named])


def _foreign() -> list[list[str]]:
    """Orders of somebody else, made up."""
    luck = random.Random(11)
    return [
        ["订单号", "下单"],
        *(
            [
                f"X{luck.randrange(10**8):08d}",
                f"2026-11-1{luck.randrange(10)} 12:{n % 60:02d}:{luck.randrange(60):02d}",
            ]
            for n in range(ORDERS)
        ),
    ]


def _write(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()
