"""A reference of Alibaba Cloud's short messages: proves ACS3-HMAC-SHA256, keeps what it sent.

`lose` counts answers to SendSms that are lost after the message is sent; a template that is not in
`templates` is refused.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import re
import threading
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from danshu.testing import far_side
from danshu.testing.far_side import Answer, Asked, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCESS_ID: Final = "LTAI5tDanshuExample"
SECRET: Final = "secret of the access id"
OPTIONS: Final = {"access_id": ACCESS_ID, "sign_name": "单枢示例"}
SECRETS: Final = {"access_secret": SECRET}
_GIVEN: Final = re.compile(r"Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})")


class Desk:
    """What the service knows, and how it fails."""

    def __init__(self) -> None:
        self.url = ""
        self.sent: list[dict[str, str]] = []
        self.templates = {"SMS_154950909"}
        self.lose = 0
        self._lock = threading.Lock()

    def respond(self, asked: Asked) -> Answer | None:
        """Answer one request."""
        query = asked.query
        if not _is_signed(asked):
            return tell({"Code": "SignatureDoesNotMatch", "Message": "as computed here"}, 400)
        with self._lock:
            if asked.headers["x-acs-action"] == "QuerySendDetails":
                found = [s for s in self.sent if s["PhoneNumbers"] == query["PhoneNumber"]]
                told = [{"OutId": s["OutId"], "SendStatus": 3, "BizId": s["BizId"]} for s in found]
                details: dict[str, Any] = {"SmsSendDetailDTO": told}
                return tell({"Code": "OK", "TotalCount": len(told), "SmsSendDetailDTOs": details})
            if query["TemplateCode"] not in self.templates:
                return tell({"Code": "isv.SMS_TEMPLATE_ILLEGAL", "Message": "模板不合法"})
            number = f"90061919{len(self.sent) + 1:08d}^0"
            self.sent.append({**query, "BizId": number})
            if self.lose:
                self.lose -= 1
                return None
        return tell({"Code": "OK", "Message": "OK", "BizId": number, "RequestId": "R1"})


def _is_signed(asked: Asked) -> bool:
    scheme, _, rest = asked.headers.get("authorization", "").partition(" ")
    given = _GIVEN.fullmatch(rest)
    if scheme != "ACS3-HMAC-SHA256" or given is None or given[1] != ACCESS_ID:
        return False
    pairs = sorted(asked.query.items())
    named = given[2].split(";")
    lines = [
        asked.method,
        "/",
        "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in pairs),
        *(f"{n}:{asked.headers[n]}" for n in named),
        "",
        given[2],
        hashlib.sha256(asked.body).hexdigest(),
    ]
    hashed = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    text = f"ACS3-HMAC-SHA256\n{hashed}".encode()
    return hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest() == given[3]


@contextlib.contextmanager
def serve() -> Iterator[Desk]:
    """Serve on a free port of this machine."""
    desk = Desk()
    with far_side.serve(desk.respond) as desk.url:
        yield desk
