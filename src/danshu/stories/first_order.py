"""`first-order`: a Taobao message becomes a decided, promised, proven order."""

from __future__ import annotations

import io
import secrets
import time
from typing import TYPE_CHECKING, Any

from danshu.faces import verify
from danshu.stories import caller, forging, furnishing
from danshu.testing import messages

if TYPE_CHECKING:
    import httpx

    from danshu.ports.channel import Account
    from danshu.stories.stage import Stage
    from danshu.stories.telling import Voice

_LIFE = ("release", "pick", "pack", "ship", "deliver")


async def play(stage: Stage, voice: Voice) -> None:
    """Play it on a fresh merchant."""
    code = f"story-first-{secrets.token_hex(4)}"
    async with stage.connection() as connection:
        tenant = await furnishing.furnish(connection, code, "首单故事")
        account = (await furnishing.open_shops(connection, tenant))["taobao"]
        key = await furnishing.renew_key(connection, tenant, "story")
    voice.say(f"新商户 {code}:37 个仓、2,000 个 SKU、一家淘宝店。")
    async with stage.client(key) as client:
        order = await _arrive(client, account, voice)
        await _decide(client, order, voice)
        await _live(client, order["order"], voice)
        await _prove(client, order["order"], voice)
    voice.point(f"接口 {stage.servers[0]}/v1/orders/{order['order']}(商户 {code} 的密钥)")
    voice.point(f"danshu routing explain {order['order']} --tenant {code}")
    voice.point(f"danshu evidence export {order['order']} --tenant {code}")
    voice.figures |= {"tenant": code, "order": order["order"]}


async def _arrive(client: httpx.AsyncClient, account: Account, voice: Voice) -> dict[str, Any]:
    now_ms = time.time_ns() // 1_000_000
    body = messages.message("taobao", 1, secrets.randbelow(1000), now_ms)
    forged = await caller.send_message(client, account, body, secret="not-the-secret")
    voice.claim("签名不对的消息被拒,什么也没写下", forged.status_code == 401, forged.status_code)
    voice.claim("此时没有订单", await caller.list_orders(client) == [])
    taken = await caller.send_message(client, account, body)
    voice.say(f"淘宝推来一条 {len(body):,} 字节的消息,按淘宝的格式应答:{taken.text[:80]}")
    voice.claim("消息被接受", taken.status_code == 200, taken.status_code)
    await caller.send_message(client, account, body)
    found = await caller.list_orders(client)
    voice.claim("同一消息来两次,仍是一张订单", len(found) == 1, len(found))
    return await caller.read_order(client, found[0]["order"])


async def _decide(client: httpx.AsyncClient, order: dict[str, Any], voice: Voice) -> None:
    total = order["total"] / 100
    voice.say(
        f"订单 {order['number']}:{len(order['lines'])} 行,{total:.2f} 元,发往 {order['region']}。"
    )
    voice.claim("已分仓占库", order["state"] == "allocated", order["state"])
    (decision,) = await caller.read_decisions(client, order["order"])
    told = decision["explanation"]
    chosen = [w["code"] for w in told["warehouses"] if w["chosen"]]
    shipped = {f["warehouse"] for f in order["fulfilments"]}
    voice.claim("履约单的仓就是决策选中的仓", set(chosen) == shipped, f"{chosen} {shipped}")
    voice.claim("37 个仓各有结论", len(told["warehouses"]) == 37, len(told["warehouses"]))
    unable = sum(1 for w in told["warehouses"] if w["bits"])
    cost = sum(told["parts_fen"].values()) / 100
    voice.say(
        f"选中 {'、'.join(chosen)},成本 {cost:.2f} 元,比次优省 {told['margin_fen'] / 100:.2f} 元;"
        f"{unable} 个仓有硬约束不能发,{37 - unable - len(chosen)} 个能发但更贵。"
    )
    dearer = [w for w in told["warehouses"] if not w["bits"] and not w["chosen"] and w["alone_fen"]]
    cheapest = sum(told["parts_fen"].values())
    voice.claim(
        "没有一个能独自发货的仓比它便宜",
        all(sum(w["alone_fen"].values()) >= cheapest for w in dearer),
    )
    promises = {p["code"]: p for p in order["promises"]}
    voice.claim("48小时发货的承诺随单生效并计时", promises["ship48h"]["state"] == "running")
    for promise in order["promises"]:
        due = promise["due"] or "未起表"
        voice.say(f"承诺「{promise['shown']['text']}」:{promise['state_label']['zh']},到期 {due}")


async def _live(client: httpx.AsyncClient, order: str, voice: Voice) -> None:
    told: dict[str, Any] = {}
    try:
        await caller.act(client, order, "ship")
        voice.claim("还没下发就说已揽收,会被拒绝", False)
    except caller.Refused as refused:
        voice.claim("还没下发就说已揽收,会被拒绝", refused.status == 409, refused)
    for event in _LIFE:
        more = {"carrier": "示例快递", "waybill": "SF0000000001"} if event == "ship" else {}
        told = await caller.act(client, order, event, **more)
    voice.say("下发、拣货、打包、揽收、签收,每一步一条事实。")
    voice.claim("订单已签收", told["state"] == "delivered", told["state"])
    ship = next(p for p in told["promises"] if p["code"] == "ship48h")
    voice.claim("揽收那一刻,48小时发货的承诺兑现", ship["state"] == "kept", ship["state"])


async def _prove(client: httpx.AsyncClient, order: str, voice: Voice) -> None:
    bundle = await caller.fetch_bundle(client, order)
    trust = await caller.read_trust(client)
    report = verify.verify(io.BytesIO(bundle), trust)
    voice.claim("证据包以包外公钥核验通过", report.code == verify.PASSED, verify.describe(report))
    voice.say(
        f"证据包 {len(bundle):,} 字节,{len(report.facts)} 条事实,{len(report.checks)} 项检查。"
    )
    kinds = [kind for kind, *_ in report.facts]
    wanted = {"order.placed", "order.paid", "promise.made", "route.decided", "order.allocated"}
    voice.claim("下单、付款、承诺、决策、占库都有事实", wanted <= set(kinds), kinds)
    alone = verify.verify(io.BytesIO(bundle))
    voice.claim("只用包内公钥时,核验会明说", alone.code == verify.OWN_TRUST, alone.code)
    entry = next(path for path in forging.unpack(bundle) if "/entries/" in path)
    middle = len(forging.unpack(bundle)[entry]) // 2
    forged = verify.verify(io.BytesIO(forging.forge_byte(bundle, entry, middle)), trust)
    found = [c.file for c in forged.checks if not c.passed]
    voice.claim(
        "改一个字节并补好清单,仍被发现,并指出文件", forged.code == 1 and entry in found, found
    )
