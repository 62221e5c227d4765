"""Court chain: a judicial evidence platform over HTTP with signed requests.

The shape is that of the platforms of internet courts and of AntChain's evidence service: JSON over
HTTPS, an app key, an HMAC-SHA256 over method, path, time, nonce and the body's digest; a deposit
has a number at once and a transaction id once its block is made.

    POST /v1/deposits        {alg, biz_no, digest, meta} -> {digest, evidence_no, receipt, time, tx}
    GET  /v1/deposits/<no>/certificate      -> the certificate's bytes
    POST /v1/verifications                  {digest, tx} -> {matched}

Every answer but a certificate is {code, message, data}; code "OK" is success.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.limits import ANCHOR_RECEIPT_BYTES
from danshu.ports.anchor import Receipt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.ports.anchor import Account, Deposits, Send

_NUMBER: Final = re.compile(r"[0-9A-Za-z_.:\-]{1,128}", re.ASCII)
_TX: Final = re.compile(r"(0x)?[0-9A-Fa-f]{32,128}", re.ASCII)
_AGAIN: Final = frozenset({408, 425, 429})
_RETRY_AFTER_S: Final = 60


def sign(secret: str, method: str, path: str, timestamp_ms: int, nonce: str, body: bytes) -> str:
    """Sign a request: base64 of HMAC-SHA256 over its five parts, one a line."""
    parts = (method, path, str(timestamp_ms), nonce, hashlib.sha256(body).hexdigest())
    made = hmac.new(secret.encode(), "\n".join(parts).encode(), hashlib.sha256).digest()
    return base64.b64encode(made).decode()


class CourtChain:
    """The adapter."""

    def open(self, account: Account, send: Send, now_ms: int) -> Deposits:
        """Open an account of the platform."""
        return _Open(account, send, now_ms)


class _Open:
    def __init__(self, account: Account, send: Send, now_ms: int) -> None:
        self._account = account
        self._send = send
        self._now_ms = now_ms

    async def deposit(self, digest: bytes, alg: str, meta: Mapping[str, str]) -> Receipt:
        """Deposit a digest, or ask again after one that was."""
        more = {name: value for name, value in meta.items() if name != "biz_no"}
        asked = {"alg": alg, "biz_no": meta["biz_no"], "digest": digest.hex(), "meta": more}
        data = _read(*await self._ask("POST", "/v1/deposits", asked))
        number, tx, time = data.get("evidence_no"), data.get("tx", ""), data.get("time", "")
        good = isinstance(number, str) and _NUMBER.fullmatch(number) and isinstance(time, str)
        if not good or not isinstance(tx, str) or (tx and not _TX.fullmatch(tx)):
            raise NotAvailable("the platform's receipt can't be read", _RETRY_AFTER_S)
        if data.get("digest") != digest.hex():
            raise InputError("anchor_refused", "the platform's receipt is for another digest")
        signed = _signed(data.get("receipt", ""), digest) if tx else b""
        return Receipt(evidence_no=str(number), tx=tx, time=time, signed=signed)

    async def certificate(self, evidence_no: str) -> bytes:
        """Fetch the certificate of a deposit."""
        path = f"/v1/deposits/{quote(evidence_no, safe='')}/certificate"
        status, body = await self._ask("GET", path, None)
        if status != 200:
            _read(status, body)
        return body

    async def verify(self, digest: bytes, tx: str) -> bool:
        """Ask whether the transaction holds the digest."""
        asked = {"digest": digest.hex(), "tx": tx}
        return _read(*await self._ask("POST", "/v1/verifications", asked)).get("matched") is True

    async def _ask(self, method: str, path: str, asked: object) -> tuple[int, bytes]:
        body = b"" if asked is None else json.dumps(asked, sort_keys=True).encode()
        base = self._account.url.rstrip("/")
        nonce = secrets.token_hex(16)
        signed = f"{urlsplit(base).path}{path}"
        headers = {
            "content-type": "application/json",
            "x-app-key": self._account.key,
            "x-nonce": nonce,
            "x-timestamp": str(self._now_ms),
            "x-signature": sign(self._account.secret, method, signed, self._now_ms, nonce, body),
        }
        return await self._send(method, base + path, headers, body)


def _signed(receipt: object, digest: bytes) -> bytes:
    """Take a receipt that the platform signed, if it is one; who checks it verifies it."""
    if not receipt:
        return b""
    if not isinstance(receipt, str) or len(receipt) > ANCHOR_RECEIPT_BYTES:
        raise NotAvailable("the platform's signed receipt can't be read", _RETRY_AFTER_S)
    try:
        _, middle, _ = receipt.split(".")
        told = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        same = told["digest"] == digest.hex()
    except (ValueError, KeyError, TypeError) as error:
        raise NotAvailable("the platform's signed receipt can't be read", _RETRY_AFTER_S) from error
    if not same:
        raise InputError("anchor_refused", "the platform's signed receipt is for another digest")
    return receipt.encode()


def _read(status: int, body: bytes) -> dict[str, Any]:
    """Read an answer's data. NotAvailable for what may pass, InputError for what will not."""
    if status >= 500 or status in _AGAIN:
        raise NotAvailable(f"the platform answers {status}", _RETRY_AFTER_S)
    try:
        answer = json.loads(body)
        code, data = answer["code"], answer.get("data")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotAvailable(f"the platform answers {status}, no JSON", _RETRY_AFTER_S) from error
    if status != 200 or code != "OK" or not isinstance(data, dict):
        message = str(answer.get("message", ""))[:200]
        raise InputError("anchor_refused", f"the platform refuses: {code} {message}")
    return data
