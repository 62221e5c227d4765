"""JD POP: `jingdong.pop.order.search` by when orders were modified, `jingdong.pop.order.get` for
one. At most a month a window and 50 orders a page; pages from the last one back.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from danshu.adapters.listings._gateway import Gateway, ask, wall
from danshu.ports.listing import Field

if TYPE_CHECKING:
    from collections.abc import Iterator

    from danshu.ports.listing import Account, Send

_STATES: Final = (
    "WAIT_SELLER_STOCK_OUT,WAIT_GOODS_RECEIVE_CONFIRM,WAIT_SELLER_DELIVERY,PAUSE,FINISHED_L,"
    "TRADE_CANCELED,LOCKED,POP_ORDER_PAUSE"
)
_MODIFIED: Final = "0"  # dateType: by modification, not by creation


class Jd(Gateway):
    """The adapter."""

    name = "jd"
    title = "京东"
    title_en = "JD"
    url = "https://api.jd.com/routerjson"
    fields = (
        Field(code="key", label="App Key", label_en="App Key", is_secret=False),
        Field(code="secret", label="App Secret", label_en="App Secret"),
        Field(code="token", label="Access Token 授权令牌", label_en="Access token (authorisation)"),
    )
    window_ms = 30 * 24 * 3_600_000
    lag_ms = 5_000
    size = 50
    unknown = "不存在"

    def window(self, begin_ms: int, end_ms: int) -> dict[str, str]:
        """Give what a window is asked with."""
        return {
            "start_date": wall(begin_ms),
            "end_date": wall(end_ms),
            "order_state": _STATES,
            "dateType": _MODIFIED,
        }

    async def page(
        self, account: Account, send: Send, asked: dict[str, str], no: int, at_ms: int
    ) -> dict[str, Any]:
        """Ask for a page of a window."""
        told = await self._ask(
            account, send, "jingdong.pop.order.search", {**asked, "page": str(no)}, at_ms
        )
        answer = told.get("jingdong_pop_order_search_responce") or {}
        result: dict[str, Any] = answer.get("searchorderinfo_result") or {}
        return result

    def total(self, page: dict[str, Any]) -> int:
        """Tell how many orders a window has."""
        return int(page.get("orderTotal", 0))

    def orders(self, page: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give number and document of each order of a page."""
        for order in page.get("orderInfoList") or ():
            result = {"orderInfoList": [order], "orderTotal": 1}
            whole = {"jingdong_pop_order_search_responce": {"searchorderinfo_result": result}}
            yield str(order["orderId"]), whole

    async def order(self, account: Account, send: Send, number: str, at_ms: int) -> dict[str, Any]:
        """Ask for one order."""
        asked = {"order_id": number, "order_state": _STATES}
        return await self._ask(account, send, "jingdong.pop.order.get", asked, at_ms)

    async def _ask(
        self, account: Account, send: Send, method: str, asked: dict[str, str], at_ms: int
    ) -> dict[str, Any]:
        common = {
            "method": method,
            "app_key": account.key,
            "access_token": account.token,
            "timestamp": wall(at_ms) + ".000+0800",
            "v": "2.0",
            "360buy_param_json": json.dumps(asked, sort_keys=True, ensure_ascii=False),
        }
        return await ask(account, send, common)
