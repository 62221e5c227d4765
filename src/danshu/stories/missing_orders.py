"""`missing-orders`: a platform's webhook drops messages; the pull check finds them in seconds, one
click takes them in, and nothing comes twice.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from typing import TYPE_CHECKING, Any, Final

from danshu.stories import caller, furnishing
from danshu.testing import messages, platforms

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from danshu.ports.channel import Account
    from danshu.stories.stage import Stage
    from danshu.stories.telling import Voice

SHOP: Final = "单枢示例旗舰店"  # as the platform's own messages name it
SOLD: Final = 24
DROPPED: Final = (3, 7, 8, 15, 21)
_PATIENCE_S: Final = 60
_SOON_S: Final = 30


async def play(stage: Stage, voice: Voice) -> None:
    """Play it on a fresh merchant, with a reference platform that lists its orders."""
    code = f"story-missing-{secrets.token_hex(4)}"
    async with stage.connection() as connection:
        tenant = await furnishing.furnish(connection, code, "漏单故事")
        account = (await furnishing.open_shops(connection, tenant))["taobao"]
        key = await furnishing.renew_key(connection, tenant, "story")
    voice.say(f"新商户 {code}:一家淘宝店,平台一边推消息,一边可以按时间窗列出订单。")
    with platforms.serve() as platform:
        async with stage.client(key) as client:
            numbers = await _sell(client, platform, account, voice)
            missing = await _find(client, platform, numbers, voice)
            await _take_in(client, missing, numbers, voice)
            await _repeat(client, platform, account, voice)
    voice.point(f"控制台「异常看板」{stage.servers[0]}/incidents(商户 {code})")
    voice.figures |= {"tenant": code, "dropped": len(DROPPED)}


async def _sell(
    client: httpx.AsyncClient, platform: platforms.Platform, account: Account, voice: Voice
) -> list[str]:
    """Sell orders at the platform; its webhook loses some of the messages."""
    now_ms = time.time_ns() // 1_000_000
    seed = secrets.randbelow(1000)
    bodies = [messages.message("taobao", n, seed, now_ms - 60_000) for n in range(SOLD)]
    numbers = []
    for nth, body in enumerate(bodies):
        numbers.append(platform.sell("taobao", body, now_ms - 60_000 + nth))
        if nth not in DROPPED:
            await caller.send_message(client, account, body)
    here = await caller.list_orders(client)
    voice.say(f"平台卖出 {SOLD} 单,推送丢了 {len(DROPPED)} 条,谁也没有报错。")
    voice.claim("这里只有推到的那些", len(here) == SOLD - len(DROPPED), len(here))
    return numbers


async def _find(
    client: httpx.AsyncClient, platform: platforms.Platform, numbers: list[str], voice: Voice
) -> list[dict[str, Any]]:
    """Connect the shop's listing: what is missing is found, that and nothing else."""
    began = time.monotonic()
    shop = {
        "channel": "taobao",
        "shop": SHOP,
        "adapter": "taobao",
        "url": platform.url,
        "key": platforms.KEY,
        "secret": platforms.SECRET,
        "token": platforms.TOKEN,
        "every_s": 2,
    }
    connected = await caller.ask(client, "PUT", "/v1/pulls", json=shop)
    voice.claim("连上补单检查,密钥不回显", platforms.SECRET not in connected.text)
    lost = {numbers[n] for n in DROPPED}
    missing = await _wait(client, "missing", lambda found: len(found) >= len(lost))
    took = time.monotonic() - began
    told = {f["number"] for f in missing}
    voice.claim("漏掉的每一单都被找到,没有多一单", told == lost, f"{sorted(told)}")
    voice.claim(f"从连上到看板不超过 {_SOON_S} 秒", took <= _SOON_S, f"{took:.1f} 秒")
    board = (await caller.ask(client, "GET", "/v1/findings/board")).json()
    group = next(i for i in board["incidents"] if i["kind"] == "missing")
    risk = sum(f["risk_fen"] for f in missing)
    voice.claim("同一家店的漏单合成一组", group["open"] == len(lost), group["open"])
    voice.claim("涉及金额精确到分", group["risk_fen"] == risk > 0, group["risk_fen"])
    voice.claim("证据是平台原文的摘要", all(f["evidence"] for f in missing))
    voice.say(f"{took:.1f} 秒后看板上 {len(missing)} 件漏单,涉及 {risk / 100:.2f} 元。")
    voice.figures |= {"found_s": round(took, 1)}
    return missing


async def _take_in(
    client: httpx.AsyncClient, missing: list[dict[str, Any]], numbers: list[str], voice: Voice
) -> None:
    """One click each: the platform's own text comes in by the same door as a pushed message."""
    for finding in missing:
        done = (await caller.ask(client, "POST", f"/v1/findings/{finding['no']}/remedy")).json()
        if done["code"]:
            voice.claim("一键补拉成功", False, done)
    here = await caller.list_orders(client)
    voice.claim("补拉后订单齐了", {o["number"] for o in here} == set(numbers), len(here))
    voice.claim("没有一单来两次", len(here) == SOLD, len(here))
    states = {o["state"] for o in here}
    voice.claim("补进来的订单照常分仓占库", states == {"allocated"}, states)
    await _wait(client, "missing", lambda found: not found)
    board = (await caller.ask(client, "GET", "/v1/findings/board")).json()
    counts = {c["state"]: c["n"] for c in board["counts"] if c["kind"] == "missing"}
    voice.claim("件数精确:处置了的都记着", counts == {"done_remedy": len(missing)}, counts)


async def _repeat(
    client: httpx.AsyncClient, platform: platforms.Platform, account: Account, voice: Voice
) -> None:
    """The lost messages come after all, and the platform is asked again: nothing comes twice."""
    for sold in list(platform.sold.values())[:SOLD]:
        body = json.dumps({"trade_fullinfo_get_response": {"trade": sold.data}}).encode()
        await caller.send_message(client, account, body)
    calls = len(platform.asked)
    end = time.monotonic() + _PATIENCE_S
    while len(platform.asked) <= calls and time.monotonic() < end:
        await asyncio.sleep(0.2)
    here = await caller.list_orders(client)
    voice.claim("迟到的消息又来一遍,仍是一单一张", len(here) == SOLD, len(here))
    found = await _list(client, "missing")
    voice.claim("再列一遍,没有新的漏单", found == [], found)
    bad = await caller.ask(client, "GET", "/v1/pulls")
    voice.claim("平台那边没有出错", bad.json()["items"][0]["trouble"] == "")


async def _list(client: httpx.AsyncClient, kind: str) -> list[dict[str, Any]]:
    page = await caller.ask(client, "GET", "/v1/findings", params={"kind": kind, "limit": 100})
    return list(page.json()["items"])


async def _wait(
    client: httpx.AsyncClient, kind: str, is_true: Callable[[list[dict[str, Any]]], bool]
) -> list[dict[str, Any]]:
    end = time.monotonic() + _PATIENCE_S
    while True:
        found = await _list(client, kind)
        if is_true(found) or time.monotonic() > end:
            return found
        await asyncio.sleep(0.2)
