"""A reference of Kuaidi100: proves the key, takes subscriptions, answers where parcels are, and
makes the signed messages in which it tells tracks.

`trouble` are codes to answer next; `lose` counts answers lost after the work is done.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from danshu.testing import far_side
from danshu.testing.far_side import Answer, Asked, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY: Final = "JAnUGrLl5945"
CUSTOMER: Final = "D1B6A4C5E7F00000000000000000000"
SALT: Final = "salt of tracks"
OPTIONS: Final = {"customer": CUSTOMER}
SECRETS: Final = {"auth_key": KEY, "salt_secret": SALT}


def _sign(*parts: str) -> str:
    return hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest().upper()


class Desk:
    """What it knows, and how it fails."""

    def __init__(self) -> None:
        self.url = ""
        self.subscribed: dict[str, dict[str, Any]] = {}
        self.scans: dict[str, list[dict[str, str]]] = {}
        self.trouble: list[str] = []
        self.lose = 0
        self._lock = threading.Lock()

    def respond(self, asked: Asked) -> Answer | None:
        """Answer one request."""
        form = asked.form
        param = json.loads(form["param"])
        with self._lock:
            if self.trouble:
                return _told(False, self.trouble.pop(0), "as told")
            if asked.path == "/poll":
                answer = self._subscribe(param)
            elif form["sign"] != _sign(form["param"], KEY, CUSTOMER):
                answer = _told(False, "503", "验证签名失败")
            elif param["num"] not in self.scans:
                answer = _told(False, "400", "找不到对应公司")
            else:
                answer = tell({"message": "ok", "status": "200", **self._result(param)})
            if self.lose:
                self.lose -= 1
                return None
        return answer

    def _subscribe(self, param: dict[str, Any]) -> Answer:
        if param["key"] != KEY:
            return _told(False, "600", "您不是合法的订阅者")
        if not param["number"]:
            return _told(False, "701", "拒绝订阅的快递公司或单号")
        if param["number"] in self.subscribed:
            return _told(False, "501", "重复订阅")
        self.subscribed[param["number"]] = param["parameters"]
        self.scans.setdefault(param["number"], [])
        return _told(True, "200", "提交成功")

    def _result(self, param: dict[str, Any]) -> dict[str, Any]:
        scans = list(reversed(self.scans[param["num"]]))  # the newest first, as it has them
        return {"nu": param["num"], "com": param["com"], "ischeck": "0", "data": scans}

    def push(self, company: str, number: str) -> bytes:
        """Tell the tracks of a parcel; gives the body of the message."""
        with self._lock:
            result = {"status": "200", **self._result({"com": company, "num": number})}
        told = {"status": "polling", "message": "", "lastResult": result}
        param = json.dumps(told, ensure_ascii=False)
        return urlencode({"param": param, "sign": _sign(param, SALT)}).encode()


def scan(at: str, code: str, text: str) -> dict[str, str]:
    """Make a scan: `at` is Shanghai's clock, `code` 1 collected, 0 moving, 3 delivered."""
    return {"time": at, "ftime": at, "statusCode": code, "status": text, "context": text}


def _told(result: bool, code: str, message: str) -> Answer:
    return tell({"result": result, "returnCode": code, "message": message})


@contextlib.contextmanager
def serve() -> Iterator[Desk]:
    """Serve on a free port of this machine."""
    desk = Desk()
    with far_side.serve(desk.respond) as desk.url:
        yield desk
