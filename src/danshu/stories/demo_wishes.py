"""Policies of the demo that were told in words: two understood, one not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.stories import caller

if TYPE_CHECKING:
    import httpx

WORDS: Final = (
    "双十一 期间 每仓 限 300 单/小时",
    "华东 雨天 生鲜 订单 先走 上海中心仓",
    "金额 超过 2000 的 订单 加 验真",
)


async def play(client: httpx.AsyncClient) -> int:
    """Tell them; gives how many there are. Twice makes no more."""
    path = "/v1/policy-wishes"
    found = (await caller.ask(client, "GET", path)).json()["items"]
    for words in () if found else WORDS:
        await caller.ask(client, "POST", path, json={"words": words})
    return len(found) or len(WORDS)
