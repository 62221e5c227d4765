"""`rainstorm` 暴雨: an officer draws a rule, another person approves it; when the warning comes,
orders go to elevated warehouses, and after one click no longer.
"""

from __future__ import annotations

import asyncio
import datetime
import secrets
import time
from typing import TYPE_CHECKING, Any, Final

import httpx

from danshu.hub.compose import now_ms
from danshu.kernel.fact import rfc3339
from danshu.stories import caller, furnishing
from danshu.testing import merchant
from danshu.testing.signals import EXAMPLES
from danshu.testing.signer import Signer

if TYPE_CHECKING:
    from danshu.stories.stage import Stage
    from danshu.stories.telling import Voice

P: Final = "/v1/routing/policies"
ORDERS: Final = 24
HEARD_S: Final = 15
TRIED_S: Final = 90
HTTP_S: Final = 60
ORANGE: Final = "440100"  # 广州: a ground-floor warehouse stands there
RED: Final = "440300"  # 深圳
ELEVATED: Final = 'kind == "elevated"'
REASON: Final = "收货地暴雨橙色以上:改由高架仓发货"
_UTC8: Final = datetime.timezone(datetime.timedelta(hours=8))


async def play(stage: Stage, voice: Voice) -> None:
    """Play it on a fresh merchant."""
    code = f"story-rain-{secrets.token_hex(4)}"
    async with stage.connection() as connection:
        tenant = await furnishing.furnish(connection, code, "暴雨故事")
        password = await furnishing.seat_people(connection, tenant)
        key = await furnishing.renew_key(connection, tenant, "story")
    origin = stage.servers[0].replace("127.0.0.1", "localhost")
    async with (
        stage.client(key) as client,
        httpx.AsyncClient(base_url=origin, timeout=HTTP_S) as one,
        httpx.AsyncClient(base_url=origin, timeout=HTTP_S) as two,
    ):
        officer, second = Signer(one, origin), Signer(two, origin)
        await officer.enter(code, f"p03@{code}.example", password)
        await second.enter(code, f"a01@{code}.example", password)
        voice.say(f"新商户 {code}:37 个仓,{sum(_is_elevated(w) for w in _KINDS)} 个是高架仓。")
        dry = await _place(client, "D")
        voice.claim("无预警时,广州的订单由最近的地面仓发", "GZ01" in _all(dry), sorted(_all(dry)))
        digest = await _publish(officer, second, voice)
        await officer.ask(f"{P}/sets/{digest}/canary", {"percent": 50, "regions": [ORANGE]})
        await officer.ask(f"{P}/sets/{digest}/activate", {})
        voice.say("灰度 50%,再全量。天还没有下雨:订单照旧。")
        calm = await _place(client, "C")
        voice.claim("没有预警,策略不改变任何一单", _all(calm) == _all(dry), sorted(_all(calm)))
        await _rain(client, voice, digest, officer)
        voice.point(f"控制台 {stage.servers[0]}/policies(商户 {code})")
        voice.point(f"接口 {stage.servers[0]}{P}/sets/{digest}")


_KINDS: Final = {w.code: w.kind for w in merchant.warehouses()}


def _is_elevated(code: str) -> bool:
    return _KINDS[code] == "elevated"


async def _publish(officer: Signer, second: Signer, voice: Voice) -> str:
    """Draw the rule from the template, check it, try it on today, have it approved."""
    draft = await officer.ask(f"{P}/drafts", {"name": "暴雨→高架仓", "from": "rainstorm"})
    path = f"{P}/drafts/{draft['id']}"
    rows = draft["graphs"][0]["nodes"][1]["content"]["rules"]
    avoid = rows[1]["o2"][1:-1]
    rows[0] |= {"i2": ">= 3", "o1": "'require'", "o2": f"'{ELEVATED}'", "o4": f"'{REASON}'"}
    wet: dict[str, Any] = {"order": {"cold": True}, "dest": {"weather_level": 3}}
    expected = [["require", ELEVATED], ["avoid", avoid], ["tell", ""]]
    dry: dict[str, Any] = {"order": {"cold": False}, "dest": {"weather_level": 0}}
    cases = [
        {"name": "橙色,冷链", "context": wet, "expect": expected},
        {"name": "无预警,常温", "context": dry, "expect": []},
    ]
    body = {"revision": 1, "name": draft["name"], "graphs": draft["graphs"], "cases": cases}
    saved = await _put(officer, path, body)
    checked = await officer.ask(f"{path}/check")
    voice.claim("检查通过:每一行都有用例", checked["sound"], checked["findings"])
    early = await officer.call(f"{path}/submit", {"revision": saved["revision"]})
    voice.claim("没有试算,不能提交", early.json().get("code") == "policy_untried", early.text[:99])
    today = datetime.datetime.now(_UTC8).date().isoformat()
    begun = await officer.ask(f"{path}/simulations", {"day": today})
    tried = await _wait(officer, begun["id"])
    figures = tried["figures"]
    voice.say(f"今天的 {figures['orders']} 张订单按新策略重算:{figures['changed']} 张会变。")
    voice.claim(
        "试算完成", tried["state"] == "done" and figures["orders"] == ORDERS, tried["state"]
    )
    await officer.ask(f"{path}/submit", {"revision": saved["revision"]})
    own = await officer.call(f"{path}/approve", {"digest": saved["digest"]})
    voice.claim("起草的人不能审批自己", own.status_code == 409, own.text[:99])
    approved = await second.ask(f"{path}/approve", {"digest": saved["digest"]})
    voice.claim("另一人审批后发布", approved["approved_by"] == "A01", approved)
    digest: str = approved["digest"]
    return digest


async def _put(officer: Signer, path: str, body: Any) -> Any:
    answer = await officer.client.put(path, json=body, headers=officer.headers)
    answer.raise_for_status()
    return answer.json()


async def _wait(officer: Signer, trial: str) -> dict[str, Any]:
    """Wait until a trial has ended."""
    until_s = time.monotonic() + TRIED_S
    while True:
        answer = await officer.client.get(f"{P}/simulations/{trial}")
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        if told["state"] not in ("queued", "running") or time.monotonic() > until_s:
            return told
        await asyncio.sleep(0.2)


async def _rain(client: httpx.AsyncClient, voice: Voice, digest: str, officer: Signer) -> None:
    """Let the warning come, look at what orders do, and roll back."""
    began_s = time.monotonic()
    for place, colour in ((ORANGE, "orange"), (RED, "red")):
        path = f"/v1/signals/qweather?place=ad:{place}"
        await caller.ask(client, "POST", path, json=_warning(colour))
    voice.say("气象台:广州暴雨橙色,深圳暴雨红色。")
    first = await _until(client, lambda code: code != "GZ01")
    voice.say(f"{time.monotonic() - began_s:.1f} 秒后,新订单改由 {first} 发。")
    wet = await _place(client, "W")
    used = _all(wet)
    voice.claim("每一单都由高架仓发", all(map(_is_elevated, used)), sorted(used))
    voice.claim("深圳红色预警:高架仓不怕积水,照常发货", "SZ01" in used, sorted(used))
    order = wet[0]["order"]
    told = (await caller.ask(client, "GET", f"/v1/orders/{order}/decision")).json()["decision"]
    why = {node["code"]: node["reasons"] for node in told["nodes"]}
    voice.claim("广州仓:策略不允许", why["GZ01"] == ["policy"], why["GZ01"])
    voice.claim("深圳仓:没有不能发的原因", not why["SZ01"], why["SZ01"])
    voice.claim("决策记下了是哪一套策略", told["ruling"]["policy"] == digest, told["ruling"])
    again = (await caller.ask(client, "POST", f"/v1/orders/{order}/replay", json={})).json()
    voice.claim("决策可逐字节重放", again["equal"], again)
    asked = {"policy": "none"}
    tried = (await caller.ask(client, "POST", f"/v1/orders/{order}/what-if", json=asked)).json()
    voice.claim(
        "假如没有这条策略,是广州仓",
        tried["after"]["plans"][0]["warehouses"] == ["GZ01"],
        tried["after"]["plans"][0]["warehouses"],
    )
    rolled = await officer.ask(f"{P}/rollback", {"note": "雨停了"})
    voice.claim("一键回滚:没有策略在生效", rolled["live"] is None, rolled["live"])
    back = await _place(client, "B")
    voice.claim("回滚后又是最近的仓", "GZ01" in _all(back), sorted(_all(back)))
    voice.figures |= {"orders": 4 * ORDERS, "elevated": sorted(used)}


def _warning(colour: str) -> dict[str, Any]:
    document, _ = EXAMPLES["qweather"](now_ms())[0]
    alert = {**document["alerts"][0], "id": f"S-{colour}-{secrets.token_hex(4)}"}
    alert["color"] = {**alert["color"], "code": colour}
    alert["severity"] = {"orange": "severe", "red": "extreme"}[colour]
    alert["headline"] = f"暴雨{'橙' if colour == 'orange' else '红'}色预警"
    return {**document, "alerts": [alert]}


async def _until(client: httpx.AsyncClient, fits: Any) -> str:
    """Place orders until one goes where the world as it is now sends it."""
    until_s = time.monotonic() + HEARD_S
    while True:
        (placed,) = await _place(client, "T", 1)
        code: str = placed["plan"][0]["warehouse"] if placed["plan"] else ""
        if fits(code) or time.monotonic() > until_s:
            return code
        await asyncio.sleep(0.3)


async def _place(client: httpx.AsyncClient, mark: str, count: int = ORDERS) -> list[dict[str, Any]]:
    """Place orders of Guangzhou, all at once."""
    goods = [sku for sku in merchant.skus() if int(sku.storage) == 1][:ORDERS]
    bodies = [_order(f"{mark}{secrets.token_hex(3)}", sku.code) for sku in goods[:count]]
    answers = await asyncio.gather(
        *(caller.ask(client, "POST", "/v1/orders", json=body) for body in bodies)
    )
    return [answer.json() for answer in answers]


def _order(number: str, sku: str) -> dict[str, Any]:
    return {
        "number": number,
        "lines": [{"sku": sku, "quantity": 1, "price_fen": 1_990}],
        "receiver": {
            "name": "陈示例",
            "phone": "13900000000",
            "province": "广东省",
            "city": "广州市",
            "detail": "示例路 8 号",
        },
        "paid_at": rfc3339(now_ms()),
    }


def _all(orders: list[dict[str, Any]]) -> set[str]:
    return {part["warehouse"] for one in orders for part in one["plan"]}
