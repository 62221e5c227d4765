"""A reference payment service that speaks the protocol of adapters/settlements/payouts.py.

It keeps what it paid by idempotency key; `break_after` loses answers after the money has moved,
`trouble` answers with an error instead, `slow` leaves payments pending for so many questions.
"""

from __future__ import annotations

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET: Final = "payout secret"
_PAID_AT: Final = "2026-11-29T00:00:00Z"


class Payment(Struct, kw_only=True):
    """A payment by its key: the body that it came with, its number, how often it was asked for."""

    body: bytes
    number: str
    amount: int
    currency: str
    asked: int = 0


class Payer:
    """What the service knows, and how it fails."""

    def __init__(self) -> None:
        self.url = ""
        self.payments: dict[str, Payment] = {}
        self.trouble: list[int] = []  # statuses of the next answers
        self.break_after = 0  # answers to lose once the payment is made
        self.slow = 0
        self._lock = threading.Lock()

    def pay(self, key: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Pay once a key."""
        with self._lock:
            if self.trouble:
                return self.trouble.pop(0), {"code": "trouble", "message": "as told"}
            known = self.payments.get(key)
            if known is not None and known.body != body:
                return 409, {"code": "key_used", "message": "another instruction has this key"}
            fresh = known is None
            if known is None:
                asked = json.loads(body)
                amount = asked.get("amount")
                if not isinstance(amount, int) or amount <= 0:
                    return 422, {"code": "amount", "message": "not an amount"}
                known = Payment(
                    body=body,
                    number=f"po_{len(self.payments) + 1:06d}",
                    amount=amount,
                    currency=str(asked.get("currency", "")),
                )
                self.payments[key] = known
            known.asked += 1
            is_paid = known.asked > self.slow
            return 201 if fresh else 200, {
                "id": known.number,
                "status": "paid" if is_paid else "pending",
                "amount": known.amount,
                "currency": known.currency,
                "paid_at": _PAID_AT if is_paid else "",
            }

    def loses(self) -> bool:
        """Tell whether this answer is lost on its way."""
        with self._lock:
            if self.break_after:
                self.break_after -= 1
                return True
            return False


def _handler(payer: Payer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            if self.path != "/v1/payouts":
                self._answer(404, {"code": "path", "message": "no such thing"})
            elif self.headers.get("authorization") != f"Bearer {SECRET}":
                self._answer(401, {"code": "secret", "message": "not the secret"})
            elif not self.headers.get("idempotency-key"):
                self._answer(400, {"code": "key", "message": "no Idempotency-Key"})
            else:
                status, told = payer.pay(self.headers["idempotency-key"], body)
                if payer.loses():
                    self.close_connection = True
                    self.connection.close()
                    return
                self._answer(status, told)

        def _answer(self, status: int, told: dict[str, Any]) -> None:
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


@contextlib.contextmanager
def serve() -> Iterator[Payer]:
    """Serve on a free port of this machine."""
    payer = Payer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(payer))
    payer.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield payer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
