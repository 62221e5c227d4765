"""A reference of SF's 丰桥 for waybills: proves the digest, keeps orders by their orderId.

`trouble` are API codes to answer next; `lose` counts answers lost after the work is done; `routes`
are scans by waybill; an order to `unserved` is refused.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import threading
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote_plus

from danshu.testing import far_side
from danshu.testing.far_side import Answer, Asked, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTNER: Final = "DANSHU"
CHECK_WORD: Final = "check word of waybills"
OPTIONS: Final = {
    "partner_id": PARTNER,
    "monthly_card": "7551234567",
    "province": "上海市",
    "city": "上海市",
    "county": "青浦区",
    "address": "示例路 1 号",
    "contact": "仓库",
    "phone": "021-00000000",
}
SECRETS: Final = {"check_secret": CHECK_WORD}


class Desk:
    """What the carrier knows, and how it fails."""

    def __init__(self) -> None:
        self.url = ""
        self.orders: dict[str, dict[str, Any]] = {}
        self.routes: dict[str, list[dict[str, str]]] = {}
        self.unserved: set[str] = set()  # provinces
        self.trouble: list[str] = []
        self.lose = 0
        self._lock = threading.Lock()

    def respond(self, asked: Asked) -> Answer | None:
        """Answer one request."""
        form = asked.form
        text = quote_plus(form["msgData"] + form["timestamp"] + CHECK_WORD).encode()
        signed = base64.b64encode(hashlib.md5(text, usedforsecurity=False).digest()).decode()
        if form["partnerID"] != PARTNER or form["msgDigest"] != signed:
            return tell({"apiResultCode": "A1006", "apiErrorMsg": "数字签名无效"})
        with self._lock:
            if self.trouble:
                return tell({"apiResultCode": self.trouble.pop(0), "apiErrorMsg": "as told"})
            inner = self._act(form["serviceCode"], json.loads(form["msgData"]))
            if self.lose:
                self.lose -= 1
                return None
        data = json.dumps(inner, ensure_ascii=False)
        return tell({"apiResultCode": "A1000", "apiErrorMsg": "", "apiResultData": data})

    def _act(self, service: str, told: dict[str, Any]) -> dict[str, Any]:
        if service == "EXP_RECE_SEARCH_ROUTES":
            found = [
                {"mailNo": n, "routes": self.routes.get(n, [])} for n in told["trackingNumber"]
            ]
            return {"success": True, "errorCode": "S0000", "msgData": {"routeResps": found}}
        known = self.orders.get(told["orderId"])
        if service == "EXP_RECE_CREATE_ORDER":
            if known is not None:
                return _no("8016", "重复下单")
            receiver = next(c for c in told["contactInfoList"] if c["contactType"] == 2)
            if receiver["province"] in self.unserved:
                return _no("8114", "超出服务范围")
            known = {
                "waybill": f"SF{1_000_000_000_000 + len(self.orders) + 1}",
                "status": "created",
                "order": told,
            }
            self.orders[told["orderId"]] = known
        if known is None:
            return _no("8024", "未查询到下单信息")
        if service == "EXP_RECE_UPDATE_ORDER":
            known["status"] = "cancelled"
        body = {
            "orderId": told["orderId"],
            "orderStatus": known["status"],
            "waybillNoInfoList": [{"waybillType": 1, "waybillNo": known["waybill"]}],
        }
        return {"success": True, "errorCode": "S0000", "errorMsg": None, "msgData": body}


def _no(code: str, message: str) -> dict[str, Any]:
    return {"success": False, "errorCode": code, "errorMsg": message, "msgData": None}


@contextlib.contextmanager
def serve() -> Iterator[Desk]:
    """Serve on a free port of this machine."""
    desk = Desk()
    with far_side.serve(desk.respond) as desk.url:
        yield desk
