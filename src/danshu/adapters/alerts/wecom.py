"""企业微信群机器人 (developer.work.weixin.qq.com, document path 91770).

    POST https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=<key>
         {"msgtype": "markdown", "markdown": {"content": at most 4096 bytes}}
    -> {"errcode": 0, "errmsg": "ok"}; 45009 = more than 20 a minute, 93000 = no such robot

The key in the address is the only secret: it knows no signature.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from danshu.adapters.alerts import _robot

if TYPE_CHECKING:
    from danshu.ports.alert import Alert
    from danshu.ports.notice import Account, Send

_HOSTS: Final = frozenset({"qyapi.weixin.qq.com"})
_CONTENT_BYTES: Final = 4096
_AGAIN: Final = frozenset({-1, 45009})


class WeCom:
    """The adapter."""

    def check(self, account: Account) -> None:
        """Take an address of a group's robot."""
        _robot.check_host(account, _HOSTS, "/cgi-bin/webhook/send")

    async def tell(self, account: Account, send: Send, alert: Alert, at_ms: int) -> str:
        """Hand an alert over; the robot gives no number."""
        del at_ms
        content = _robot.markdown(alert, _CONTENT_BYTES)
        body = {"msgtype": "markdown", "markdown": {"content": content}}
        raw = json.dumps(body, ensure_ascii=False).encode()
        await _robot.post(send, account.url, raw, "errcode", _AGAIN)
        return ""
