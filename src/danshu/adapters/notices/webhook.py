"""Webhook: a signed POST after Standard Webhooks 1.0 (standardwebhooks.com).

    POST <url>   webhook-id: <key>, webhook-timestamp: <Unix seconds>,
                 webhook-signature: v1,<base64 of HMAC-SHA-256 over "id.timestamp.body">
                 {type: "promise.broken" or "incident.raised", timestamp, data: {…}}
                 an event of the hub is CloudEvents 1.0 in structured JSON instead
                 (application/cloudevents+json), its id the webhook-id
    -> 2xx       taken over; {id} is the receiver's number, if it has one
    -> 410, 422  will not be taken: not sent again
    -> others    sent again later, under the same id

The secret is `whsec_` and base64, as the specification has it, or any other text, of which the
UTF-8 bytes are the key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Final

from msgspec.structs import asdict

from danshu.kernel.errors import InputError, NotAvailable

if TYPE_CHECKING:
    from danshu.ports.notice import Account, Event, Incident, Notice, Send

_PREFIX: Final = "whsec_"
_CLOUD: Final = "application/cloudevents+json; charset=utf-8"
_REFUSED: Final = frozenset({410, 422})
_RETRY_AFTER_S: Final = 30
_NUMBER_CHARS: Final = 128


def sign(secret: str, id_: str, at_s: int, body: bytes) -> str:
    """Sign a message. Raises InputError `notice_refused` for a `whsec_` secret of no base64."""
    key = secret.encode()
    if secret.startswith(_PREFIX):
        try:
            key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except binascii.Error as error:
            raise InputError("notice_refused", "the secret is not base64") from error
    signed = f"{id_}.{at_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


class Webhook:
    """The adapter."""

    async def send(self, account: Account, send: Send, notice: Notice, at_ms: int) -> str:
        """Hand a notice over."""
        topic = "shipment.partial" if notice.parcel else "promise.broken"
        return await _post(account, send, topic, notice, at_ms)

    async def alarm(self, account: Account, send: Send, incident: Incident, at_ms: int) -> str:
        """Hand an incident over."""
        return await _post(account, send, "incident.raised", incident, at_ms)

    async def publish(self, account: Account, send: Send, event: Event, at_ms: int) -> str:
        """Hand an event over, as it is."""
        return await _send(account, send, event.key, (_CLOUD, event.body), at_ms)


async def _post(
    account: Account, send: Send, kind: str, told: Notice | Incident, at_ms: int
) -> str:
    data = {name: value for name, value in asdict(told).items() if name != "key"}
    # the body is the same at each try: the receiver may compare what came under one id
    whole = {"type": kind, "timestamp": told.made, "data": data}
    body = json.dumps(whole, sort_keys=True, ensure_ascii=False).encode()
    return await _send(account, send, told.key, ("application/json", body), at_ms)


async def _send(account: Account, send: Send, key: str, told: tuple[str, bytes], at_ms: int) -> str:
    """Send (media type, body), signed."""
    media_type, body = told
    at_s = at_ms // 1000
    headers = {
        "content-type": media_type,
        "webhook-id": key,
        "webhook-timestamp": str(at_s),
        "webhook-signature": sign(account.secret, key, at_s, body),
    }
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
