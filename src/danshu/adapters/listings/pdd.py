"""拼多多: `pdd.order.number.list.increment.get`, and `pdd.order.information.get` for one order.

Its document says: at most 30 minutes a window, the end at least 3 minutes ago, and pages from the
last one back, else orders that change meanwhile move to a page that was read already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.adapters.listings._gateway import Gateway, ask
from danshu.ports.listing import Field

if TYPE_CHECKING:
    from collections.abc import Iterator

    from danshu.ports.listing import Account, Send

_ALL: Final = "5"
_LIST: Final = "pdd.order.number.list.increment.get"


class Pdd(Gateway):
    """The adapter."""

    name = "pdd"
    title = "拼多多"
    title_en = "Pinduoduo"
    url = "https://gw-api.pinduoduo.com/api/router"
    fields = (
        Field(code="key", label="client_id", label_en="client_id", is_secret=False),
        Field(code="secret", label="client_secret", label_en="client_secret"),
        Field(code="token", label="access_token 授权令牌", label_en="access_token (authorisation)"),
    )
    window_ms = 30 * 60_000
    lag_ms = 180_000
    size = 100
    unknown = "订单不存在"

    def window(self, begin_ms: int, end_ms: int) -> dict[str, str]:
        """Give what a window is asked with."""
        return {
            "start_updated_at": str(begin_ms // 1000),
            "end_updated_at": str(end_ms // 1000),
            "order_status": _ALL,
            "refund_status": _ALL,
            "is_lucky_flag": "0",
        }

    async def page(
        self, account: Account, send: Send, asked: dict[str, str], no: int, at_ms: int
    ) -> dict[str, Any]:
        """Ask for a page of a window."""
        told = await self._ask(account, send, _LIST, {**asked, "page": str(no)}, at_ms)
        answer: dict[str, Any] = told.get("order_sn_increment_get_response") or {}
        return answer

    def total(self, page: dict[str, Any]) -> int:
        """Tell how many orders a window has."""
        return int(page.get("total_count", 0))

    def orders(self, page: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give number and document of each order of a page."""
        for item in page.get("order_sn_list") or ():
            yield str(item["order_sn"]), {"order_info_get_response": {"order_info": item}}

    async def order(self, account: Account, send: Send, number: str, at_ms: int) -> dict[str, Any]:
        """Ask for one order."""
        asked = {"order_sn": number}
        return await self._ask(account, send, "pdd.order.information.get", asked, at_ms)

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
