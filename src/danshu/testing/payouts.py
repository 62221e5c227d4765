"""A reference payment service that speaks the protocol of adapters/settlements/payouts.py.

It keeps what it paid by idempotency key; `break_after` loses answers after the money has moved,
`trouble` answers with an error instead, `slow` leaves payments pending for so many questions.
"""

from __future__ import annotations

import contextlib
import json
import threading
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.testing import far_side
from danshu.testing.far_side import Answer, Asked, tell

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


@contextlib.contextmanager
def serve() -> Iterator[Payer]:
    """Serve on a free port of this machine."""
    payer = Payer()

    def respond(asked: Asked) -> Answer | None:
        key = asked.headers.get("idempotency-key", "")
        if asked.path != "/v1/payouts":
            return tell({"code": "path", "message": "no such thing"}, 404)
        if asked.headers.get("authorization") != f"Bearer {SECRET}":
            return tell({"code": "secret", "message": "not the secret"}, 401)
        if not key:
            return tell({"code": "key", "message": "no Idempotency-Key"}, 400)
        status, told = payer.pay(key, asked.body)
        return None if payer.loses() else tell(told, status)

    with far_side.serve(respond) as payer.url:
        yield payer
