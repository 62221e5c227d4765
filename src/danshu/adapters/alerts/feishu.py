"""飞书自定义机器人, with its signature 签名校验 (open.feishu.cn, custom bots).

POST https://open.feishu.cn/open-apis/bot/v2/hook/<id>
     {"timestamp": <s>, "sign": base64 of HMAC-SHA256(key "<s>\n<secret>", nothing),
      "msg_type": "interactive", "card": {…}}, at most 20 kB
-> {"code": 0, "msg": "success", "data": {}}; 11232 = too many, 19021 = not signed so
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Final

from danshu.adapters.alerts import _robot
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from danshu.ports.alert import Alert
    from danshu.ports.notice import Account, Send

_HOSTS: Final = frozenset({"open.feishu.cn", "open.larksuite.com"})
_TEXT_BYTES: Final = 16_000
_AGAIN: Final = frozenset({11232, 11233})
_COLOURS: Final = {"red": "red", "yellow": "yellow", "blue": "blue"}


def sign(secret: str, at_s: int) -> str:
    """Sign a moment; the key is what others would sign."""
    key = f"{at_s}\n{secret}".encode()
    return base64.b64encode(hmac.digest(key, b"", hashlib.sha256)).decode()


class Feishu:
    """The adapter."""

    def check(self, account: Account) -> None:
        """Take an address of a group's robot, with its secret."""
        _robot.check_host(account, _HOSTS, "/open-apis/bot/v2/hook/")
        if not account.secret:
            raise InputError("bad_field", "the robot is to be signed: its secret is missing")

    async def tell(self, account: Account, send: Send, alert: Alert, at_ms: int) -> str:
        """Hand an alert over as a card; the robot gives no number."""
        text = _robot.markdown(alert, _TEXT_BYTES).partition("\n")[2]  # the card has its own head
        card = {
            "header": {
                "template": _COLOURS[alert.grade],
                "title": {"tag": "plain_text", "content": _robot.heading(alert)},
            },
            "elements": [{"tag": "div", "text": {"tag": "lark_md", "content": text}}],
        }
        at_s = at_ms // 1000
        body = {
            "timestamp": str(at_s),
            "sign": sign(account.secret, at_s),
            "msg_type": "interactive",
            "card": card,
        }
        raw = json.dumps(body, ensure_ascii=False).encode()
        await _robot.post(send, account.url, raw, "code", _AGAIN)
        return ""
