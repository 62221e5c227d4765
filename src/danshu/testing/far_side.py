"""What every reference server of an outside party stands on: HTTP/1.1 on a port of this machine.

A server gives an answer to what it is asked; none breaks the connection, as a lost answer does.
"""

from __future__ import annotations

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_POLL_S: Final = 0.02  # how soon it hears that it should end


class Asked(Struct, frozen=True, kw_only=True):
    """A request. `target` is path and query; names of headers are in small letters."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The path alone."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The query, the last of each name."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        """The body as a form, the last of each name."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


class Answer(Struct, frozen=True, kw_only=True):
    """An answer; `location` is where a redirect leads."""

    status: int = 200
    body: bytes = b""
    type: str = "application/json"
    location: str = ""
    headers: dict[str, str] = {}  # beside those that every answer has


def tell(told: Any, status: int = 200) -> Answer:
    """Answer with JSON."""
    return Answer(status=status, body=json.dumps(told, ensure_ascii=False).encode())


@contextlib.contextmanager
def serve(respond: Callable[[Asked], Answer | None], port: int = 0) -> Iterator[str]:
    """Serve on a port of this machine, 0 for a free one; gives its origin."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(respond))
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_S,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(respond: Callable[[Asked], Answer | None]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body leave together

        def do_POST(self) -> None:
            size = int(self.headers.get("content-length", "0"))
            asked = Asked(
                method=self.command,
                target=self.path,
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(size),
            )
            answer = respond(asked)
            if answer is None:
                self.close_connection = True
                return
            with contextlib.suppress(OSError):  # who asked may have gone meanwhile
                self.send_response(answer.status)
                self.send_header("content-type", answer.type)
                self.send_header("content-length", str(len(answer.body)))
                if answer.location:
                    self.send_header("location", answer.location)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)
                self.wfile.flush()

        do_GET = do_PATCH = do_PUT = do_DELETE = do_OPTIONS = do_POST

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
