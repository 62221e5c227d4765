"""A reference of SF's 丰桥 for intercepts: checks the signature, and answers as it is told.

`delivered` are waybills that can't be stopped any more; `trouble` are codes of the next answers.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, quote_plus

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


def _handler(desk: Desk) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0"))).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            is_there = self.path == "/std/service"
            told = json.dumps(desk.answer(form), ensure_ascii=False).encode() if is_there else b""
            self.send_response(200 if is_there else 404)
            self.send_header("content-type", "application/json;charset=UTF-8")
            self.send_header("content-length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


@contextlib.contextmanager
def serve() -> Iterator[Desk]:
    """Serve on a free port of this machine."""
    desk = Desk()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(desk))
    desk.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield desk
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
