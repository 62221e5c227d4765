"""WeChat Pay 微信支付 API v3: refunds 原路退款, asked for, looked for, heard of.

    POST /v3/refund/domestic/refunds              {out_trade_no, out_refund_no, amount{...}, ...}
    GET  /v3/refund/domestic/refunds/{out_refund_no}
    Authorization: WECHATPAY2-SHA256-RSA2048 mchid="…",nonce_str="…",timestamp="…",serial_no="…",
        signature="…" over METHOD\\nPATH?QUERY\\nTIMESTAMP\\nNONCE\\nBODY\\n (RSA, SHA-256)
    answers and callbacks: Wechatpay-Timestamp, -Nonce, -Serial, and -Signature over
        TIMESTAMP\\nNONCE\\nBODY\\n
    callback resource: AEAD_AES_256_GCM with the API v3 key, its nonce and associated data

After pay.weixin.qq.com/doc/v3 (签名生成, 签名验证, 申请退款, 退款结果通知), as published. An answer
whose signature is not WeChat's proves nothing, so the call's fate stays open.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from danshu.adapters.connectors import _rsa, _wire
from danshu.kernel.errors import InputError, NotAvailable
from danshu.ports.asks.payment import Refund, Refunded
from danshu.ports.connector import Hearing, News, NotTaken, Operation, Reply, Verdict

if TYPE_CHECKING:
    from danshu.ports.connector import Account, Answer, Call, Held, Send

_WHO: Final = "WeChat Pay"
_REFUNDS: Final = "/v3/refund/domestic/refunds"
_SCHEME: Final = "WECHATPAY2-SHA256-RSA2048"
_AGE_MAX_S: Final = 300  # how old a signed message may be, as the documentation asks
_AGAIN: Final = frozenset({"SYSTEM_ERROR", "FREQUENCY_LIMITED", "BIZERR_NEED_RETRY"})
_NO: Final = frozenset(
    {"NOT_ENOUGH", "USER_ACCOUNT_ABNORMAL", "REFUND_FEE_MISMATCH", "RESOURCE_NOT_EXISTS",
     "INVALID_REQUEST", "RULE_LIMIT", "TRADE_STATE_ERROR", "ORDER_CLOSED"}
)  # fmt: skip
_VERDICTS: Final = {
    "SUCCESS": Verdict.DONE,
    "PROCESSING": Verdict.PENDING,
    "CLOSED": Verdict.REFUSED,
    "ABNORMAL": Verdict.REFUSED,
}
_decode: Final = msgspec.json.Decoder(Refund).decode


def message(*parts: str) -> bytes:
    """Join what is signed: each part ends its line."""
    return "".join(f"{p}\n" for p in parts).encode()


class WechatPay:
    """The adapter. Option `serial_no` names the merchant's certificate; `platform_serial` the
    platform's certificate or public key, `platform_public_key` is that (PEM).
    """

    capability = "payment"
    title = "微信支付"
    title_en = "WeChat Pay"
    operations = (Operation(name="refund", asks=Refund, gives=Refunded, timeout_s=10.0),)
    needs = (
        *("mchid", "serial_no", "platform_serial"),
        *("private_key", "platform_public_key", "api_v3_key"),
    )

    async def call(self, account: Account, send: Send, call: Call, at_ms: int) -> Reply:
        """Ask for a refund: `out_refund_no` is the key, so a repeat is the same refund."""
        ask = _decode(call.body)
        told: dict[str, Any] = {
            "out_trade_no": ask.payment,
            "out_refund_no": _number(call.key),
            "reason": ask.reason[:80],
            "amount": {"refund": ask.amount, "total": ask.total, "currency": ask.currency},
        }
        if account.options.get("notify_url"):
            told["notify_url"] = account.options["notify_url"]
        body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
        answer = await self._send(account, send, "POST", _REFUNDS, body, call.key, at_ms)
        return _reply(account, answer, at_ms)

    async def find(self, account: Account, send: Send, call: Call, at_ms: int) -> Reply | None:
        """Look for a refund by its number."""
        path = f"{_REFUNDS}/{quote(_number(call.key), safe='')}"
        answer = await self._send(account, send, "GET", path, b"", call.key, at_ms)
        if answer.status == 404:
            _prove(account, answer, at_ms)
            return None
        return _reply(account, answer, at_ms)

    async def probe(self, account: Account, send: Send, at_ms: int) -> None:
        """Ask for a refund that there can't be: a signed 404 is an answer."""
        path = f"{_REFUNDS}/danshu-probe"
        answer = await self._send(account, send, "GET", path, b"", "probe", at_ms)
        if answer.status not in (200, 404):
            raise NotAvailable(f"{_WHO} answers {answer.status}", _wire.RETRY_S)

    async def read_books(
        self, account: Account, send: Send, cursor: str, at_ms: int
    ) -> tuple[tuple[Held, ...], str]:
        """Give nothing: the service lists refunds in the bills of a day alone (see bills)."""
        return (), ""

    def hear(self, account: Account, hearing: Hearing, at_ms: int) -> tuple[News, ...]:
        """Read a refund's result (退款结果通知)."""
        _check(account, hearing.headers, hearing.body, at_ms)
        told = _wire.hear_object(hearing.body)
        result = _open(account, _wire.part(told, "resource"))
        try:
            news = News(id=str(told.get("id", "")), key=_key(result), reply=_told(result))
        except NotAvailable as error:
            raise InputError("bad_callback", error.detail) from error
        if not news.id or not news.key:
            raise InputError("bad_callback", "the notice names no refund")
        return (news,)

    def acknowledge(self, accepted: bool) -> tuple[int, str, bytes]:
        """204 is taken; anything else is sent again for a day."""
        if accepted:
            return 204, "application/json", b""
        return 500, "application/json", '{"code":"FAIL","message":"失败"}'.encode()

    async def _send(
        self,
        account: Account,
        send: Send,
        method: str,
        path: str,
        body: bytes,
        key: str,
        at_ms: int,
    ) -> Answer:
        url = account.url.rstrip("/") + path
        stamp = str(at_ms // 1000)
        nonce = hashlib.sha256(f"{key}/{method}/{at_ms}".encode()).hexdigest()[:32]
        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        signed = message(method, target, stamp, nonce, body.decode())
        given = {
            "mchid": account.options["mchid"],
            "nonce_str": nonce,
            "signature": _rsa.sign(account.secrets["private_key"], signed),
            "timestamp": stamp,
            "serial_no": account.options["serial_no"],
        }
        headers = {
            "accept": "application/json",
            "content-type": "application/json",
            "user-agent": "danshu",
            "wechatpay-serial": account.options["platform_serial"],
            "authorization": f"{_SCHEME} " + ",".join(f'{k}="{v}"' for k, v in given.items()),
        }
        return await send(method, url, headers, body)


def _number(key: str) -> str:
    """Give the refund's number of a key: at most 64 of the characters that WeChat allows."""
    if len(key) <= 64 and all(c.isascii() and (c.isalnum() or c in "_-|*@") for c in key):
        return key
    return "dsh-" + hashlib.sha256(key.encode()).hexdigest()[:60]


def _key(result: dict[str, Any]) -> str:
    return str(result.get("out_refund_no", ""))


def _check(account: Account, headers: Any, body: bytes, at_ms: int) -> None:
    """Raise InputError `bad_signature` unless this is signed by the platform, and fresh."""
    stamp, nonce = headers.get("wechatpay-timestamp", ""), headers.get("wechatpay-nonce", "")
    is_fresh = stamp.isdigit() and abs(int(stamp) - at_ms // 1000) <= _AGE_MAX_S
    is_known = _wire.same(headers.get("wechatpay-serial", ""), account.options["platform_serial"])
    signed = message(stamp, nonce) + body + b"\n"
    key = account.secrets["platform_public_key"]
    signature = headers.get("wechatpay-signature", "")
    if not (is_fresh and is_known and _rsa.proves(key, signature, signed)):
        raise _wire.BAD_SIGNATURE


def _prove(account: Account, answer: Answer, at_ms: int) -> None:
    try:
        _check(account, answer.headers, answer.body, at_ms)
    except InputError as error:
        raise NotAvailable(f"an answer is not signed by {_WHO}", _wire.RETRY_S) from error


def _reply(account: Account, answer: Answer, at_ms: int) -> Reply:
    if answer.status == 429:
        raise NotTaken(f"{_WHO} answers 429", _wire.RETRY_S)
    if answer.status >= 500:
        raise NotAvailable(f"{_WHO} answers {answer.status}", _wire.RETRY_S)
    if answer.status == 401:  # our signature was not understood, or theirs can't be made
        raise _wire.refused(_WHO, "401", _wire.say(answer.body))
    _prove(account, answer, at_ms)
    told = _wire.read_object(answer.body, _WHO)
    if 200 <= answer.status < 300:
        return _told(told)
    code, reason = str(told.get("code", "")), str(told.get("message", ""))[: _wire.REASON_CHARS]
    if code in _AGAIN:
        raise NotAvailable(f"{_WHO} answers {code}", _wire.RETRY_S)
    if code in _NO:
        return Reply(verdict=Verdict.REFUSED, code=code, reason=reason)
    raise _wire.refused(_WHO, code, reason)


def _told(result: dict[str, Any]) -> Reply:
    """Read a refund as answers (`status`) and notices (`refund_status`) have it."""
    status = str(result.get("status") or result.get("refund_status") or "")
    verdict = _VERDICTS.get(status)
    if verdict is None:
        raise NotAvailable(f"{_WHO} says a status that is not known: {status[:40]}")
    amount = _wire.part(result, "amount").get("refund", 0)
    given = Refunded(
        amount=amount if isinstance(amount, int) else 0, at=str(result.get("success_time") or "")
    )
    return Reply(
        verdict=verdict,
        reference=str(result.get("refund_id", "")),
        code=status if verdict is Verdict.REFUSED else "",
        reason="退款关闭" if status == "CLOSED" else "退款异常" if status == "ABNORMAL" else "",
        body=msgspec.json.encode(given) if verdict is Verdict.DONE else b"{}",
    )


def _open(account: Account, resource: dict[str, Any]) -> dict[str, Any]:
    """Decrypt a notice's resource. Raises InputError `bad_signature` where it is not for us."""
    if resource.get("algorithm") != "AEAD_AES_256_GCM":
        raise InputError("bad_callback", "the notice is sealed by another algorithm")
    try:
        box = AESGCM(account.secrets["api_v3_key"].encode())
        sealed = base64.b64decode(str(resource.get("ciphertext", "")), validate=True)
        nonce = str(resource.get("nonce", "")).encode()
        about = str(resource.get("associated_data") or "").encode()
        return _wire.hear_object(box.decrypt(nonce, sealed, about))
    except (InvalidTag, ValueError, binascii.Error) as error:
        raise _wire.BAD_SIGNATURE from error
