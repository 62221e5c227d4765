"""Taobao: `taobao.trades.sold.increment.get`, and `taobao.trade.fullinfo.get` for one trade.

At most one day a window, by when trades were modified; pages from the last one back.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from danshu.adapters.listings._gateway import ask, pages_of, wall
from danshu.kernel.errors import InputError
from danshu.ports.listing import Field, Listed

if TYPE_CHECKING:
    from danshu.ports.listing import Account, Send

_SIZE: Final = 100
_FIELDS: Final = (
    "tid,tid_str,status,type,seller_nick,buyer_open_uid,oaid,created,pay_time,modified,"
    "consign_interval,num,total_fee,discount_fee,adjust_fee,post_fee,payment,received_payment,"
    "step_trade_status,step_paid_fee,receiver_name,receiver_mobile,receiver_state,receiver_city,"
    "receiver_district,receiver_town,receiver_address,receiver_zip,seller_flag,seller_memo,"
    "buyer_message,orders,promotion_details"
)


class Taobao:
    """The adapter."""

    name = "taobao"
    title = "淘宝 / 天猫"
    title_en = "Taobao / Tmall"
    url = "https://eco.taobao.com/router/rest"
    fields = (
        Field(code="key", label="App Key", label_en="App Key", is_secret=False),
        Field(code="secret", label="App Secret", label_en="App Secret"),
        Field(code="token", label="SessionKey(授权令牌)", label_en="SessionKey (authorisation)"),
    )
    window_ms = 24 * 3_600_000
    lag_ms = 5_000

    async def list_window(
        self, account: Account, send: Send, begin_ms: int, end_ms: int, at_ms: int
    ) -> tuple[Listed, ...]:
        """List a window, its last page first."""
        asked = {
            "start_modified": wall(begin_ms),
            "end_modified": wall(end_ms),
            "fields": _FIELDS,
            "page_size": str(_SIZE),
        }
        first = await self._page(account, send, asked, 1, at_ms)
        found: dict[str, bytes] = {}
        for page in range(pages_of(int(first.get("total_results", 0)), _SIZE), 0, -1):
            told = await self._page(account, send, asked, page, at_ms)
            for trade in (told.get("trades") or {}).get("trade") or ():
                whole = {"trade_fullinfo_get_response": {"trade": trade}}
                number = str(trade.get("tid_str") or trade["tid"])
                found.setdefault(number, json.dumps(whole, ensure_ascii=False).encode())
        return tuple(Listed(number=number, body=body) for number, body in found.items())

    async def fetch(self, account: Account, send: Send, number: str, at_ms: int) -> bytes:
        """Give one trade; isv.trade-not-exist says that there is none."""
        asked = {"tid": number, "fields": _FIELDS, "include_oaid": "true"}
        try:
            told = await self._ask(account, send, "taobao.trade.fullinfo.get", asked, at_ms)
        except InputError as error:
            if "trade-not-exist" in error.detail:
                return b""
            raise
        return json.dumps(told, ensure_ascii=False).encode()

    async def _page(
        self, account: Account, send: Send, asked: dict[str, str], page: int, at_ms: int
    ) -> dict[str, Any]:
        told = await self._ask(
            account,
            send,
            "taobao.trades.sold.increment.get",
            {**asked, "page_no": str(page)},
            at_ms,
        )
        answer: dict[str, Any] = told.get("trades_sold_increment_get_response") or {}
        return answer

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
