"""`outbound-review`: a medical device leaves with a signed review, and not without."""

from __future__ import annotations

import asyncio
import base64
import datetime
import hashlib
import io
import json
import secrets
from typing import TYPE_CHECKING, Any, Final

import httpx

from danshu.capabilities.stock.model import Storage
from danshu.faces import verify
from danshu.stories import caller, furnishing
from danshu.stories.stage import HTTP_S
from danshu.testing import merchant
from danshu.testing.signer import Signer

if TYPE_CHECKING:
    from danshu.capabilities.stock.model import Sku
    from danshu.stories.stage import Stage
    from danshu.stories.telling import Voice

PHOTO: Final = b"\x89PNG\r\n\x1a\n" + "面单与封箱胶带".encode()
LEAST_S: Final = 3.2  # the action type wants three seconds between first scan and signature
UNITS: Final = 2


async def play(stage: Stage, voice: Voice) -> None:
    """Play it on a fresh merchant."""
    code = f"story-review-{secrets.token_hex(4)}"
    sku = next(s for s in merchant.skus() if s.storage is Storage.LICENSED and s.barcode)
    async with stage.connection() as connection:
        tenant = await furnishing.furnish(connection, code, "出库复核故事")
        key = await furnishing.renew_key(connection, tenant, "story")
        password = await furnishing.seat_people(connection, tenant)
    async with stage.client(key) as client:
        order = await _pack(client, sku, voice)
        await _without(client, order, voice)
        # A passkey belongs to a host with a name; an address of numbers has none.
        origin = stage.servers[0].replace("127.0.0.1", "localhost")
        async with httpx.AsyncClient(base_url=origin, timeout=HTTP_S) as browser:
            reviewer = Signer(browser, origin)
            await reviewer.enter(code, f"r07@{code}.example", password)
            await _review(reviewer, order, sku, voice)
        await _show(client, order, voice)
    voice.point(f"接口 {stage.servers[0]}/v1/orders/{order}/facts(商户 {code} 的密钥)")
    voice.point(f"控制台 {stage.servers[0]}/orders/{order},复核员 R07")
    voice.point(f"danshu evidence export {order} --tenant {code}")
    voice.figures |= {"tenant": code, "order": order}


async def _pack(client: httpx.AsyncClient, sku: Sku, voice: Voice) -> str:
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    new = {
        "number": f"REVIEW-{secrets.token_hex(3)}",
        "lines": [{"sku": sku.code, "quantity": UNITS, "price_fen": 19_900, "title": sku.name}],
        "receiver": {
            "name": "张示例",
            "phone": "13900001234",
            "province": "上海市",
            "city": "上海市",
            "district": "浦东新区",
            "detail": "示例路 1 号",
        },
        "paid_at": now,
    }
    placed = (await caller.ask(client, "POST", "/v1/orders", json=new)).json()
    order = str(placed["order"])
    for event in ("release", "pick", "pack"):
        await caller.act(client, order, event)
    voice.say(f"持证商品「{sku.name}」{UNITS} 件,订单 {placed['number']},已打包。")
    return order


def _task(order: str, what: str = "") -> str:
    return "/".join(filter(None, [f"/v1/floor/tasks/{order}/1/review", what]))


async def _without(client: httpx.AsyncClient, order: str, voice: Voice) -> None:
    asked = {"kind": "handover", "order": order}
    early = await client.post("/v1/floor/tasks:claim", json=asked)
    voice.claim("没有复核,不能交接", early.status_code == 409, early.text[:120])
    await client.post("/v1/floor/tasks:claim", json={"kind": "review", "order": order})
    machine = await client.post(_task(order, "done"), json={})
    voice.claim("一把 API 密钥不能替人复核", machine.status_code == 409, machine.json().get("code"))
    await client.post(_task(order, "return"), json={})


async def _scan(reviewer: Signer, order: str, sku: Sku, lot: str, days: int) -> None:
    day = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    code = f"(01){sku.barcode.rjust(14, '0')}(17){day:%y%m%d}(10){lot}"
    body = {"code": code, "quantity": UNITS}
    claimed = {"kind": "review", "order": order}
    (await reviewer.call("/v1/floor/tasks:claim", claimed)).raise_for_status()
    (await reviewer.call(_task(order, "scan"), body)).raise_for_status()
    await reviewer.upload(_task(order, "photos"), "image/png", PHOTO)


async def _review(reviewer: Signer, order: str, sku: Sku, voice: Voice) -> None:
    await _scan(reviewer, order, sku, "L-OLD", 60)
    refused = (await reviewer.call(_task(order, "statement"), {})).json()
    voice.claim(
        "没有通行密钥,说清怎么办", refused.get("code") == "no_passkey_yet", refused.get("reason")
    )
    await reviewer.register("复核台 PDA")
    refused = (await reviewer.call(_task(order, "statement"), {})).json()
    voice.claim(
        "效期不足 180 天的批号,不出示陈述",
        refused.get("code") == "evidence_rule",
        refused.get("reason"),
    )
    voice.say(f"系统说:{refused.get('reason')}(条款 {refused.get('clause')})")
    await reviewer.call(_task(order, "return"), {})
    await _scan(reviewer, order, sku, "L-2026A", 900)
    device = reviewer.device
    hasty = (await reviewer.call(_task(order, "statement"), {})).json()
    answer = device.get(hasty["options"])
    done = await reviewer.call(_task(order, "done"), {"credential": answer})
    voice.claim("三秒内一扫而过,不算复核", done.json().get("code") == "too_fast", done.text[:120])
    await asyncio.sleep(LEAST_S)
    wrongs: list[tuple[str, str, dict[str, Any]]] = [
        ("设备没有核验本人的签名不收", "user_unverified", {"verified": False}),
        ("会同步到别处的通行密钥不收", "passkey_synced", {"synced": True}),
        ("别的网站骗来的签名不收", "wrong_origin", {"origin": "https://evil.example"}),
    ]
    for text, code, wrong in wrongs:
        shown = (await reviewer.call(_task(order, "statement"), {})).json()
        body = {"credential": device.get(shown["options"], **wrong)}
        done = await reviewer.call(_task(order, "done"), body)
        voice.claim(text, done.json().get("code") == code, done.json().get("code"))
    shown = (await reviewer.call(_task(order, "statement"), {})).json()
    voice.say(f"R07 看到并签署:{shown['shown']}")
    body = {"credential": device.get(shown["options"])}
    done = await reviewer.call(_task(order, "done"), body)
    voice.claim("本人签署,等级 A", done.json().get("grade") == "A", done.text[:200])
    again = await reviewer.call(_task(order, "done"), body)
    voice.claim("同一个签名不能再用一次", again.status_code >= 400, again.status_code)


async def _show(client: httpx.AsyncClient, order: str, voice: Voice) -> None:
    facts = (await caller.ask(client, "GET", f"/v1/orders/{order}/facts")).json()["facts"]
    signed = [f for f in facts if f["type"] == "action.performed"]
    voice.claim("只有一条签署的事实", len(signed) == 1, len(signed))
    (fact,) = signed
    data = fact["data"]
    raw = (await caller.ask(client, "GET", _blob(order, data["statement"]))).content
    voice.claim("陈述的字节就是事实里的摘要", hashlib.sha256(raw).hexdigest() == data["statement"])
    record = (await caller.ask(client, "GET", _blob(order, data["signature"]))).json()
    told = json.loads(_decode(record["client_data"]))
    voice.claim("签名的挑战就是陈述的摘要", _decode(told["challenge"]).hex() == data["statement"])
    voice.claim("签名的公钥就是事实里的主体", record["key"] == fact["actor"]["key"])
    kinds = [e["kind"] for e in fact["evidence"]]
    voice.claim("证据:扫描、效期、照片", {"scan", "expiry_scan", "photo"} <= set(kinds), kinds)
    voice.claim("用时由服务器计,不少于 3 秒", data["duration_ms"] >= 3_000, data["duration_ms"])
    said = [f["type"] for f in facts]
    voice.claim("仓内的复核记录照旧", "fulfilment.reviewed" in said)
    handed = await client.post("/v1/floor/tasks:claim", json={"kind": "handover", "order": order})
    voice.claim("复核之后可以交接", handed.status_code == 200, handed.text[:120])
    bundle = await caller.fetch_bundle(client, order)
    report = verify.verify(io.BytesIO(bundle), await caller.read_trust(client))
    voice.claim("证据包以包外公钥核验通过", report.code == verify.PASSED, verify.describe(report))


def _blob(order: str, digest: str) -> str:
    return f"/v1/orders/{order}/blobs/{digest}"


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
