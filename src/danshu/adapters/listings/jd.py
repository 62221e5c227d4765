"""JD POP: `jingdong.pop.order.search` by when orders were modified, `jingdong.pop.order.get` for
one. At most a month a window and 50 orders a page; pages from the last one back.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from danshu.adapters.listings._gateway import ask, pages_of, wall
from danshu.kernel.errors import InputError
from danshu.ports.listing import Field, Listed

if TYPE_CHECKING:
    from danshu.ports.listing import Account, Send

_SIZE: Final = 50
_STATES: Final = (
    "WAIT_SELLER_STOCK_OUT,WAIT_GOODS_RECEIVE_CONFIRM,WAIT_SELLER_DELIVERY,PAUSE,FINISHED_L,"
    "TRADE_CANCELED,LOCKED,POP_ORDER_PAUSE"
)
_MODIFIED: Final = "0"  # dateType: by modification, not by creation


class Jd:
    """The adapter."""

    name = "jd"
    title = "京东"
    title_en = "JD"
    url = "https://api.jd.com/routerjson"
    fields = (
        Field(code="key", label="App Key", label_en="App Key", is_secret=False),
        Field(code="secret", label="App Secret", label_en="App Secret"),
        Field(
            code="token", label="Access Token(授权令牌)", label_en="Access token (authorisation)"
        ),
    )
    window_ms = 30 * 24 * 3_600_000
    lag_ms = 5_000

    async def list_window(
        self, account: Account, send: Send, begin_ms: int, end_ms: int, at_ms: int
    ) -> tuple[Listed, ...]:
        """List a window, its last page first."""
        asked = {
            "start_date": wall(begin_ms),
            "end_date": wall(end_ms),
            "order_state": _STATES,
            "dateType": _MODIFIED,
            "page_size": str(_SIZE),
        }
        first = await self._page(account, send, asked, 1, at_ms)
        found: dict[str, bytes] = {}
        for page in range(pages_of(int(first.get("orderTotal", 0)), _SIZE), 0, -1):
            told = await self._page(account, send, asked, page, at_ms)
            for order in told.get("orderInfoList") or ():
                result = {"orderInfoList": [order], "orderTotal": 1}
                whole = {"jingdong_pop_order_search_responce": {"searchorderinfo_result": result}}
                found.setdefault(
                    str(order["orderId"]), json.dumps(whole, ensure_ascii=False).encode()
                )
        return tuple(Listed(number=number, body=body) for number, body in found.items())

    async def fetch(self, account: Account, send: Send, number: str, at_ms: int) -> bytes:
        """Give one order, b"" when there is none."""
        asked = {"order_id": number, "order_state": _STATES}
        try:
            told = await self._ask(account, send, "jingdong.pop.order.get", asked, at_ms)
        except InputError as error:
            if "不存在" in error.detail:
                return b""
            raise
        return json.dumps(told, ensure_ascii=False).encode()

    async def _page(
        self, account: Account, send: Send, asked: dict[str, str], page: int, at_ms: int
    ) -> dict[str, Any]:
        told = await self._ask(
            account, send, "jingdong.pop.order.search", {**asked, "page": str(page)}, at_ms
        )
        answer = told.get("jingdong_pop_order_search_responce") or {}
        result: dict[str, Any] = answer.get("searchorderinfo_result") or {}
        return result

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
