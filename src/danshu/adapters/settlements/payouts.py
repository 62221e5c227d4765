"""Payouts: a payment service over HTTP with idempotent requests.

    POST /v1/payouts   Authorization: Bearer <secret>, Idempotency-Key: <key>
                       {amount, currency, order: {channel, number, shop}, reason}
    -> 200 or 201      {id, status: paid|pending, amount, currency, paid_at}
    -> 409             the key was used for another instruction
    -> 4xx             {code, message}: refused

The header is that of draft-ietf-httpapi-idempotency-key-header: the same key with the same body
gives the first answer again, so that a lost answer is asked for without paying twice.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from danshu.kernel.errors import InputError, NotAvailable
from danshu.ports.settlement import Receipt

if TYPE_CHECKING:
    from danshu.ports.settlement import Account, Instruction, Send

_NUMBER: Final = re.compile(r"[0-9A-Za-z_.:\-]{1,128}", re.ASCII)
_AGAIN: Final = frozenset({401, 403, 408, 425, 429})  # mended by people or by time, not by a no
_RETRY_AFTER_S: Final = 30


class Payouts:
    """The adapter."""

    async def pay(self, account: Account, send: Send, instruction: Instruction) -> Receipt:
        """Pay an instruction, or ask again after it."""
        i = instruction
        asked = {
            "amount": i.amount,
            "currency": i.currency,
            "order": {"channel": i.channel, "number": i.number, "shop": i.shop},
            "reason": i.reason,
        }
        headers = {
            "authorization": f"Bearer {account.secret}",
            "content-type": "application/json",
            "idempotency-key": i.key,
        }
        body = json.dumps(asked, sort_keys=True, ensure_ascii=False).encode()
        url = account.url.rstrip("/") + "/v1/payouts"
        data = _read(*await send("POST", url, headers, body))
        number, at, status = data.get("id"), data.get("paid_at", ""), data.get("status")
        good = isinstance(number, str) and _NUMBER.fullmatch(number) and isinstance(at, str)
        if not good or status not in ("paid", "pending"):
            raise NotAvailable("the service's receipt can't be read", _RETRY_AFTER_S)
        if (data.get("amount"), data.get("currency")) != (i.amount, i.currency):
            raise InputError("payment_refused", "the service's receipt is for another amount")
        return Receipt(number=str(number), is_paid=status == "paid", at=at)


def _read(status: int, body: bytes) -> dict[str, Any]:
    """Read an answer. NotAvailable for what may pass, InputError for what will not."""
    if status >= 500 or status in _AGAIN:
        raise NotAvailable(f"the service answers {status}", _RETRY_AFTER_S)
    try:
        answer = json.loads(body)
    except ValueError as error:
        raise NotAvailable(f"the service answers {status}, no JSON", _RETRY_AFTER_S) from error
    if not isinstance(answer, dict):
        raise NotAvailable("the service's answer is no object", _RETRY_AFTER_S)
    if status not in (200, 201):
        told = f"{answer.get('code', status)} {answer.get('message', '')}"
        raise InputError("payment_refused", f"the service refuses: {told[:200]}")
    return answer
