"""A reference receiver of notices: checks what adapters/notices/webhook.py sends, after Standard
Webhooks 1.0.

It keeps what it took by id; `break_after` loses answers after the notice was taken, `trouble`
answers with an error instead and takes nothing.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.testing import far_side
from danshu.testing.far_side import Answer, Asked, tell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_KEY: Final = b"notice secret of tests and tours"
SECRET: Final = "whsec_" + base64.b64encode(_KEY).decode()
_TOLERANCE_S: Final = 300  # the specification's advice against replays


class Taken(Struct, kw_only=True):
    """A notice by its id: the body that it came with, its number, how often it came."""

    body: bytes
    number: str
    came: int = 0

    @property
    def data(self) -> dict[str, Any]:
        """What it tells."""
        read: dict[str, Any] = json.loads(self.body)
        return dict(read["data"])


class Desk:
    """What the receiver knows, and how it fails."""

    def __init__(self) -> None:
        self.url = ""
        self.notices: dict[str, Taken] = {}
        self.trouble: list[int] = []  # statuses of the next answers
        self.break_after = 0  # answers to lose once the notice is taken
        self._lock = threading.Lock()

    def take(self, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        """Take a notice once an id."""
        id_, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not id_ or not at.isdigit() or abs(time.time() - int(at)) > _TOLERANCE_S:
            return 400, {"code": "time", "message": "no id, or from another time"}
        whole = hmac.digest(_KEY, f"{id_}.{at}.".encode() + body, hashlib.sha256)
        signatures = headers.get("webhook-signature", "").split(" ")
        wanted = "v1," + base64.b64encode(whole).decode()
        if not any(hmac.compare_digest(wanted, each) for each in signatures):
            return 401, {"code": "signature", "message": "not signed with the secret"}
        with self._lock:
            if self.trouble:
                return self.trouble.pop(0), {"code": "trouble", "message": "as told"}
            known = self.notices.get(id_)
            if known is not None and known.body != body:
                return 409, {"code": "id_used", "message": "another notice has this id"}
            if known is None:
                known = Taken(body=body, number=f"nt_{len(self.notices) + 1:06d}")
                self.notices[id_] = known
            known.came += 1
            return 200, {"id": known.number}

    def loses(self) -> bool:
        """Tell whether this answer is lost on its way."""
        with self._lock:
            if self.break_after:
                self.break_after -= 1
                return True
            return False


@contextlib.contextmanager
def serve() -> Iterator[Desk]:
    """Serve on a free port of this machine."""
    desk = Desk()

    def respond(asked: Asked) -> Answer | None:
        status, told = desk.take(asked.headers, asked.body)
        return None if status == 200 and desk.loses() else tell(told, status)

    with far_side.serve(respond) as origin:
        desk.url = f"{origin}/notices"
        yield desk
