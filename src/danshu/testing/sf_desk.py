"""A reference of SF's 丰桥 for intercepts: checks the signature, and answers as it is told.

`delivered` are waybills that can't be stopped any more; `trouble` are codes of the next answers.
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

SERVICE: Final = "EXP_RECE_WANTED_INTERCEPT"
PARTNER: Final = "DANSHU"
CHECKWORD: Final = "checkword of a test"
OPTIONS: Final = {
    "partner_id": PARTNER,
    "checkword": CHECKWORD,
    "monthly_card": "7551234567",
    "province": "上海市",
    "city": "上海市",
    "county": "青浦区",
    "address": "示例路 1 号",
    "contact": "仓库",
    "phone": "021-00000000",
}


class Desk:
    """What the carrier knows, and how it fails."""

    def __init__(self) -> None:
        self.url = ""
        self.delivered: set[str] = set()
        self.trouble: list[str] = []
        self.asked: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def answer(self, form: dict[str, str]) -> dict[str, Any]:
        """Answer one request."""
        with self._lock:
            text = quote_plus(form["msgData"] + form["timestamp"] + CHECKWORD).encode()
            signed = base64.b64encode(hashlib.md5(text, usedforsecurity=False).digest()).decode()
            if form["partnerID"] != PARTNER or form["msgDigest"] != signed:
                return {"apiResultCode": "A1006", "apiErrorMsg": "数字签名无效"}
            if self.trouble:
                return {"apiResultCode": self.trouble.pop(0), "apiErrorMsg": "as told"}
            if form["serviceCode"] != SERVICE:
                return {"apiResultCode": "A1004", "apiErrorMsg": "无对应服务权限"}
            told = json.loads(form["msgData"])
            self.asked.append(told)
            late = told["waybillNo"] in self.delivered
            result = {
                "success": not late,
                "errorCode": "8252" if late else "S0000",
                "errorMsg": "运单已签收,不能拦截" if late else None,
                "msgData": None if late else {"cusId": f"C{len(self.asked):06d}"},
            }
            data = json.dumps(result, ensure_ascii=False)
            return {"apiResultCode": "A1000", "apiErrorMsg": "", "apiResultData": data}


@contextlib.contextmanager
def serve() -> Iterator[Desk]:
    """Serve on a free port of this machine."""
    desk = Desk()

    def respond(asked: Asked) -> Answer:
        if asked.path != "/std/service":
            return Answer(status=404)
        return tell(desk.answer(asked.form))

    with far_side.serve(respond) as desk.url:
        yield desk
