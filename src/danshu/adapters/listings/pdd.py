"""拼多多: `pdd.order.number.list.increment.get`, and `pdd.order.information.get` for one order.

Its document says: at most 30 minutes a window, the end at least 3 minutes ago, and pages from the
last one back, else orders that change meanwhile move to a page that was read already.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from danshu.adapters.listings._gateway import ask, pages_of
from danshu.kernel.errors import InputError
from danshu.ports.listing import Field, Listed

if TYPE_CHECKING:
    from danshu.ports.listing import Account, Send

_SIZE: Final = 100
_ALL: Final = "5"
_LIST: Final = "pdd.order.number.list.increment.get"


class Pdd:
    """The adapter."""

    name = "pdd"
    title = "拼多多"
    title_en = "Pinduoduo"
    url = "https://gw-api.pinduoduo.com/api/router"
    fields = (
        Field(code="key", label="client_id", label_en="client_id", is_secret=False),
        Field(code="secret", label="client_secret", label_en="client_secret"),
        Field(
            code="token", label="access_token(授权令牌)", label_en="access_token (authorisation)"
        ),
    )
    window_ms = 30 * 60_000
    lag_ms = 180_000

    async def list_window(
        self, account: Account, send: Send, begin_ms: int, end_ms: int, at_ms: int
    ) -> tuple[Listed, ...]:
        """List a window, its last page first."""
        asked = {
            "start_updated_at": str(begin_ms // 1000),
            "end_updated_at": str(end_ms // 1000),
            "order_status": _ALL,
            "refund_status": _ALL,
            "is_lucky_flag": "0",
            "page_size": str(_SIZE),
        }
        first = await self._page(account, send, asked, 1, at_ms)
        found: dict[str, bytes] = {}
        for page in range(pages_of(int(first.get("total_count", 0)), _SIZE), 0, -1):
            told = await self._page(account, send, asked, page, at_ms)
            for item in told.get("order_sn_list") or ():
                whole = {"order_info_get_response": {"order_info": item}}
                found.setdefault(
                    str(item["order_sn"]), json.dumps(whole, ensure_ascii=False).encode()
                )
        return tuple(Listed(number=number, body=body) for number, body in found.items())

    async def fetch(self, account: Account, send: Send, number: str, at_ms: int) -> bytes:
        """Give one order; the platform's error 50001 says that there is none."""
        try:
            told = await self._ask(
                account, send, "pdd.order.information.get", {"order_sn": number}, at_ms
            )
        except InputError as error:
            if "订单不存在" in error.detail:
                return b""
            raise
        return json.dumps(told, ensure_ascii=False).encode()

    async def _page(
        self, account: Account, send: Send, asked: dict[str, str], page: int, at_ms: int
    ) -> dict[str, Any]:
        told = await self._ask(account, send, _LIST, {**asked, "page": str(page)}, at_ms)
        answer: dict[str, Any] = told.get("order_sn_increment_get_response") or {}
        return answer

    async def _ask(
        self, account: Account, send: Send, kind: str, asked: dict[str, str], at_ms: int
    ) -> dict[str, Any]:
        common = {
            "type": kind,
            "client_id": account.key,
            "access_token": account.token,
            "data_type": "JSON",
            "timestamp": str(at_ms // 1000),
        }
        return await ask(account, send, {**common, **asked})
