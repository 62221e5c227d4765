"""Webhook: a signed POST after Standard Webhooks 1.0 (standardwebhooks.com).

POST <url>   webhook-id: <key>, webhook-timestamp: <Unix seconds>,
             webhook-signature: v1,<base64 of HMAC-SHA-256 over "id.timestamp.body">
             {type: "promise.broken", "campaign.reminder", "incident.raised"…, timestamp, data}
-> 2xx       taken over; {id} is the receiver's number, if it has one
-> 410, 422  will not be taken: not sent again
-> others    sent again later, under the same id
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from msgspec.structs import asdict

from danshu.kernel import webhooks
from danshu.kernel.errors import InputError, NotAvailable

if TYPE_CHECKING:
    from danshu.ports.notice import Account, Incident, Notice, Send

_REFUSED: Final = frozenset({410, 422})
_RETRY_AFTER_S: Final = 30
_NUMBER_CHARS: Final = 128


class Webhook:
    """The adapter."""

    async def send(self, account: Account, send: Send, notice: Notice, at_ms: int) -> str:
        """Hand a notice over."""
        topic = "shipment.partial" if notice.parcel else "promise.broken"
        topic = "campaign.reminder" if notice.campaign else topic
        return await _post(account, send, topic, notice, at_ms)

    async def alarm(self, account: Account, send: Send, incident: Incident, at_ms: int) -> str:
        """Hand an incident over."""
        return await _post(account, send, "incident.raised", incident, at_ms)


async def _post(
    account: Account, send: Send, kind: str, told: Notice | Incident, at_ms: int
) -> str:
    # what only a campaign has is left out of other notices, as before there were any
    data = {n: v for n, v in asdict(told).items() if n != "key" and (n != "campaign" or v)}
    # the body is the same at each try: the receiver may compare what came under one id
    whole = {"type": kind, "timestamp": told.made, "data": data}
    body = json.dumps(whole, sort_keys=True, ensure_ascii=False).encode()
    try:
        key = webhooks.read_secret(account.secret) if account.secret else b""
    except InputError as error:
        raise InputError("notice_refused", error.detail) from error
    signed = webhooks.sign([key], told.key, at_ms // 1000, body)
    headers = {"content-type": "application/json", **signed}
    status, answer = await send("POST", account.url, headers, body)
    if status in _REFUSED:
        raise InputError("notice_refused", f"the service answers {status}")
    if not 200 <= status < 300:
        raise NotAvailable(f"the service answers {status}", _RETRY_AFTER_S)
    return _number(answer)


def _number(answer: bytes) -> str:
    """Give the receiver's number of the notice; most receivers answer with nothing."""
    try:
        read = json.loads(answer)
    except ValueError:
        return ""
    number = read.get("id") if isinstance(read, dict) else None
    is_plain = isinstance(number, str) and number.isprintable() and len(number) <= _NUMBER_CHARS
    return str(number) if is_plain else ""
