"""钉钉自定义机器人, with its signature 加签 (open.dingtalk.com, custom robots).

POST https://oapi.dingtalk.com/robot/send?access_token=<token>&timestamp=<ms>&sign=<sign>
     sign = URL-encoded base64 of HMAC-SHA256(secret, "<ms>\n<secret>"), good for an hour
     {"msgtype": "markdown", "markdown": {"title", "text"}}
-> {"errcode": 0, "errmsg": "ok"}; 130101 = more than 20 a minute, 310000 = not signed so
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Final
from urllib.parse import quote_plus

from danshu.adapters.alerts import _robot
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from danshu.ports.alert import Alert
    from danshu.ports.notice import Account, Send

_HOSTS: Final = frozenset({"oapi.dingtalk.com"})
_TEXT_BYTES: Final = 18_000  # of a body of at most 20,000
_AGAIN: Final = frozenset({-1, 130101, 130102})


def sign(secret: str, at_ms: int) -> str:
    """Sign a moment, for the query."""
    told = f"{at_ms}\n{secret}".encode()
    return quote_plus(base64.b64encode(hmac.digest(secret.encode(), told, hashlib.sha256)))


class DingTalk:
    """The adapter."""

    def check(self, account: Account) -> None:
        """Take an address of a group's robot, with its secret."""
        _robot.check_host(account, _HOSTS, "/robot/send")
        if not account.secret:
            raise InputError("bad_field", "the robot is to be signed: its secret is missing")

    async def tell(self, account: Account, send: Send, alert: Alert, at_ms: int) -> str:
        """Hand an alert over; the robot gives no number."""
        text = _robot.markdown(alert, _TEXT_BYTES)
        body = {"msgtype": "markdown", "markdown": {"title": _robot.heading(alert), "text": text}}
        url = f"{account.url}&timestamp={at_ms}&sign={sign(account.secret, at_ms)}"
        raw = json.dumps(body, ensure_ascii=False).encode()
        await _robot.post(send, url, raw, "errcode", _AGAIN)
        return ""
