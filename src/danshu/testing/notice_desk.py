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
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

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


def _handler(desk: Desk) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            status, told = desk.take({k.lower(): v for k, v in self.headers.items()}, body)
            if status == 200 and desk.loses():
                self.close_connection = True
                self.connection.close()
                return
            answer = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


@contextlib.contextmanager
def serve() -> Iterator[Desk]:
    """Serve on a free port of this machine."""
    desk = Desk()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(desk))
    desk.url = f"http://127.0.0.1:{server.server_address[1]}/notices"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield desk
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
