"""Taobao: `taobao.trades.sold.increment.get`, and `taobao.trade.fullinfo.get` for one trade.

At most one day a window, by when trades were modified; pages from the last one back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.adapters.listings._gateway import Gateway, ask, wall
from danshu.ports.listing import Field

if TYPE_CHECKING:
    from collections.abc import Iterator

    from danshu.ports.listing import Account, Send

_LIST: Final = "taobao.trades.sold.increment.get"
_FIELDS: Final = (
    "tid,tid_str,status,type,seller_nick,buyer_open_uid,oaid,created,pay_time,modified,"
    "consign_interval,num,total_fee,discount_fee,adjust_fee,post_fee,payment,received_payment,"
    "step_trade_status,step_paid_fee,receiver_name,receiver_mobile,receiver_state,receiver_city,"
    "receiver_district,receiver_town,receiver_address,receiver_zip,seller_flag,seller_memo,"
    "buyer_message,orders,promotion_details"
)


class Taobao(Gateway):
    """The adapter."""

    name = "taobao"
    title = "淘宝 / 天猫"
    title_en = "Taobao / Tmall"
    url = "https://eco.taobao.com/router/rest"
    fields = (
        Field(code="key", label="App Key", label_en="App Key", is_secret=False),
        Field(code="secret", label="App Secret", label_en="App Secret"),
        Field(code="token", label="SessionKey 授权令牌", label_en="SessionKey (authorisation)"),
    )
    window_ms = 24 * 3_600_000
    lag_ms = 5_000
    size = 100
    unknown = "trade-not-exist"

    def window(self, begin_ms: int, end_ms: int) -> dict[str, str]:
        """Give what a window is asked with."""
        return {
            "start_modified": wall(begin_ms),
            "end_modified": wall(end_ms),
            "fields": _FIELDS,
        }

    async def page(
        self, account: Account, send: Send, asked: dict[str, str], no: int, at_ms: int
    ) -> dict[str, Any]:
        """Ask for a page of a window."""
        told = await self._ask(account, send, _LIST, {**asked, "page_no": str(no)}, at_ms)
        answer: dict[str, Any] = told.get("trades_sold_increment_get_response") or {}
        return answer

    def total(self, page: dict[str, Any]) -> int:
        """Tell how many orders a window has."""
        return int(page.get("total_results", 0))

    def orders(self, page: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give number and document of each order of a page."""
        for trade in (page.get("trades") or {}).get("trade") or ():
            whole = {"trade_fullinfo_get_response": {"trade": trade}}
            yield str(trade.get("tid_str") or trade["tid"]), whole

    async def order(self, account: Account, send: Send, number: str, at_ms: int) -> dict[str, Any]:
        """Ask for one order."""
        asked = {"tid": number, "fields": _FIELDS, "include_oaid": "true"}
        return await self._ask(account, send, "taobao.trade.fullinfo.get", asked, at_ms)

    async def _ask(
        self, account: Account, send: Send, method: str, asked: dict[str, str], at_ms: int
    ) -> dict[str, Any]:
        common = {
            "method": method,
            "app_key": account.key,
            "session": account.token,
            "timestamp": wall(at_ms),
            "format": "json",
            "v": "2.0",
            "sign_method": "md5",
        }
        return await ask(account, send, {**common, **asked})
