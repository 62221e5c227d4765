"""Reference far sides of alerts: robots of 企业微信, 钉钉 and 飞书 over HTTP, and a mail server.

They check what adapters/alerts/* send as the true ones do: key, signature and its age, form, size,
how often. What was taken is kept; `trouble` answers with a code instead and takes nothing.
"""

from __future__ import annotations

import base64
import contextlib
import email
import email.policy
import hashlib
import hmac
import json
import socketserver
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.testing import far_side
from danshu.testing.far_side import tell

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY: Final = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
SECRET: Final = "SEC-of-tests-and-tours"
PASSWORD: Final = "mail password of tests"
_AGE_S: Final = 3_600
_A_MINUTE: Final = 20
_LIMITS: Final = {"wecom": 45009, "dingtalk": 130101, "feishu": 11232}


class Taken(Struct, kw_only=True):
    """What a far side took: its kind, and the words that people read."""

    kind: str
    title: str
    text: str


class Robots:
    """What the far sides know, and how they fail."""

    def __init__(self) -> None:
        self.address = ""
        self.mail = ""
        self.taken: list[Taken] = []
        self.trouble: list[int] = []  # codes of the next answers
        self._came: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def url(self, kind: str) -> str:
        """Give the address of a robot, or of the mail server."""
        return {
            "wecom": f"{self.address}/cgi-bin/webhook/send?key={KEY}",
            "dingtalk": f"{self.address}/robot/send?access_token={KEY}",
            "feishu": f"{self.address}/open-apis/bot/v2/hook/{KEY}",
            "mail": f"{self.mail}?from=hub@danshu.example&to=night@shop.example,ops@shop.example",
        }[kind]

    def post(self, path: str, query: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        """Answer a message to a robot."""
        kind = {"/cgi-bin/webhook/send": "wecom", "/robot/send": "dingtalk"}.get(path, "feishu")
        code, told = {"wecom": _wecom, "dingtalk": _dingtalk, "feishu": _feishu}[kind](
            path, query, body
        )
        with self._lock:
            came = self._came.setdefault(kind, deque())
            while came and came[0] < time.monotonic() - 60:
                came.popleft()
            came.append(time.monotonic())
            if len(came) > _A_MINUTE:
                code = _LIMITS[kind]
            if self.trouble:
                code = self.trouble.pop(0)
            if not code and told is not None:
                self.taken.append(told)
        if kind == "feishu":
            return {"code": code, "msg": "failed" if code else "success", "data": {}}
        return {"errcode": code, "errmsg": "failed" if code else "ok"}

    def keep(self, raw: bytes) -> int:
        """Take a mail; gives the code of the answer."""
        message = email.message_from_bytes(raw, policy=email.policy.default)
        body = message.get_body(("plain",))
        text = str(body.get_content()) if body is not None else ""
        with self._lock:
            if self.trouble:
                return self.trouble.pop(0)
            self.taken.append(Taken(kind="mail", title=str(message["subject"]), text=text))
        return 250


def _wecom(path: str, query: dict[str, str], body: dict[str, Any]) -> tuple[int, Taken | None]:
    if query.get("key") != KEY:
        return 93000, None
    text = str(body.get("markdown", {}).get("content", ""))
    if body.get("msgtype") != "markdown" or not text:
        return 40008, None
    if len(text.encode()) > 4096:
        return 40058, None
    return 0, Taken(kind="wecom", title=text.split("\n")[0], text=text)


def _dingtalk(path: str, query: dict[str, str], body: dict[str, Any]) -> tuple[int, Taken | None]:
    at = query.get("timestamp", "")
    whole = hmac.digest(SECRET.encode(), f"{at}\n{SECRET}".encode(), hashlib.sha256)
    is_signed = query.get("sign") == base64.b64encode(whole).decode()
    if not is_signed or abs(time.time() - int(at) / 1000) > _AGE_S:
        return 310000, None
    told = body.get("markdown", {})
    if query.get("access_token") != KEY or body.get("msgtype") != "markdown":
        return 300001, None
    return 0, Taken(kind="dingtalk", title=str(told["title"]), text=str(told["text"]))


def _feishu(path: str, query: dict[str, str], body: dict[str, Any]) -> tuple[int, Taken | None]:
    at = str(body.get("timestamp", "0"))
    whole = hmac.digest(f"{at}\n{SECRET}".encode(), b"", hashlib.sha256)
    is_signed = body.get("sign") == base64.b64encode(whole).decode()
    if not is_signed or abs(time.time() - int(at)) > _AGE_S:
        return 19021, None
    if path != f"/open-apis/bot/v2/hook/{KEY}" or body.get("msg_type") != "interactive":
        return 19001, None
    card = body["card"]
    title = str(card["header"]["title"]["content"])
    text = "\n".join(str(e["text"]["content"]) for e in card["elements"])
    return 0, Taken(kind="feishu", title=title, text=text)


def _smtp(robots: Robots) -> type[socketserver.StreamRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        def say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

        def handle(self) -> None:
            self.say("220 mail.shop.example ESMTP")
            is_known = False
            for raw in self.rfile:
                line = raw.decode().strip()
                verb = line.split(" ")[0].upper()
                if verb == "EHLO":
                    self.say("250-mail.shop.example\r\n250-AUTH PLAIN\r\n250 8BITMIME")
                elif verb == "AUTH":
                    given = base64.b64decode(line.split(" ")[2]).split(b"\0")
                    is_known = given[2:] == [PASSWORD.encode()]
                    self.say("235 2.7.0 in" if is_known else "535 5.7.8 not known")
                elif verb in ("MAIL", "RCPT", "RSET"):
                    is_in = is_known or verb == "RSET"
                    self.say("250 2.1.0 ok" if is_in else "530 5.7.0 sign in first")
                elif verb == "DATA":
                    self.say("354 go on")
                    code = robots.keep(_read(self.rfile))
                    self.say(f"{code} {'2.0.0 queued as 7A' if code == 250 else 'not now'}")
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("502 not known")

    return Handler


def _read(lines: Any) -> bytes:
    """Read a message up to its lone dot, dots at the beginning of lines taken back (RFC 5321)."""
    told = []
    for line in lines:
        if line == b".\r\n":
            break
        told.append(line[1:] if line.startswith(b"..") else line)
    return b"".join(told)


class _Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextlib.contextmanager
def serve() -> Iterator[Robots]:
    """Serve robots and mail on free ports of this machine."""
    robots = Robots()
    post = _Tcp(("127.0.0.1", 0), _smtp(robots))
    robots.mail = f"smtp://hub@127.0.0.1:{post.server_address[1]}"
    thread = threading.Thread(target=post.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        with far_side.serve(
            lambda asked: tell(robots.post(asked.path, asked.query, json.loads(asked.body)))
        ) as robots.address:
            yield robots
    finally:
        post.shutdown()
        post.server_close()
        thread.join()
