"""Alipay 支付宝 OpenAPI: refunds 原路退款, asked for, looked for, heard of.

    POST <gateway>  form: app_id, method, format, charset, sign_type=RSA2, timestamp, version, sign,
        biz_content (JSON)
        sign = base64(RSA-SHA256(the other fields in order of their names, k=v joined by &))
    alipay.trade.refund                {out_trade_no, refund_amount (yuan), out_request_no, ...}
    alipay.trade.fastpay.refund.query  {out_trade_no, out_request_no}
    <- {"<method>_response": {...}, "sign": "..."}: the sign is over the bytes of that object
    notices: a form; sign over all but sign and sign_type, decoded, as above; answered "success"

After opendocs.alipay.com (自行实现签名, 异步通知验签, 交易退款接口), as published. `fund_change` N
says that this request moved no money: either an earlier one did, or it has yet to; so it is asked.
"""

from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

import msgspec

from danshu.adapters.connectors import _rsa, _wire
from danshu.kernel.errors import InputError, NotAvailable
from danshu.ports.asks.payment import Refund, Refunded
from danshu.ports.connector import Hearing, News, Operation, Reply, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.ports.connector import Account, Call, Held, Send

_WHO: Final = "Alipay"
_SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_REFUND: Final = "alipay.trade.refund"
_QUERY: Final = "alipay.trade.fastpay.refund.query"
_DONE: Final = "10000"
_BUSINESS: Final = "40004"
_AGAIN: Final = frozenset({"20000"})
_AGAIN_SUB: Final = frozenset({"ACQ.SYSTEM_ERROR", "aop.ACQ.SYSTEM_ERROR", "isp.unknow-error"})
_decode: Final = msgspec.json.Decoder(Refund).decode


def join(fields: Mapping[str, str], without: frozenset[str]) -> bytes:
    """Join what is signed: k=v in order of the names, empty ones left out."""
    named = sorted((k, v) for k, v in fields.items() if v and k not in without)
    return "&".join(f"{k}={v}" for k, v in named).encode()


class Alipay:
    """The adapter. `private_key` is the merchant application's, `alipay_public_key` Alipay's."""

    capability = "payment"
    title = "支付宝"
    title_en = "Alipay"
    operations = (Operation(name="refund", asks=Refund, gives=Refunded, timeout_s=10.0),)
    needs = ("app_id", "private_key", "alipay_public_key")

    async def call(self, account: Account, send: Send, call: Call, at_ms: int) -> Reply:
        """Ask for a refund: `out_request_no` is the key, so a repeat moves no money again."""
        ask = _decode(call.body)
        content = {
            "out_trade_no": ask.payment,
            "refund_amount": _wire.yuan(ask.amount),
            "out_request_no": call.key,
            "refund_reason": ask.reason[:256],
        }
        told = await _ask(account, send, _REFUND, content, at_ms)
        if isinstance(told, Reply):
            return told
        if told.get("fund_change") != "Y":
            found = await self.find(account, send, call, at_ms)
            return found or Reply(verdict=Verdict.PENDING, reference=str(told.get("trade_no", "")))
        return _done(ask.amount, str(told.get("trade_no", "")), str(told.get("gmt_refund_pay", "")))

    async def find(self, account: Account, send: Send, call: Call, at_ms: int) -> Reply | None:
        """Look for a refund by its request's number."""
        ask = _decode(call.body)
        content = {
            "out_trade_no": ask.payment,
            "out_request_no": call.key,
            "query_options": ["gmt_refund_pay"],
        }
        told = await _ask(account, send, _QUERY, content, at_ms)
        if isinstance(told, Reply):
            return None if told.code == "ACQ.TRADE_NOT_EXIST" else told
        if not told.get("out_request_no"):
            return None
        trade = str(told.get("trade_no", ""))
        if told.get("refund_status") == "REFUND_SUCCESS":
            amount = _fen(told.get("refund_amount"), ask.amount)
            return _done(amount, trade, str(told.get("gmt_refund_pay", "")))
        return Reply(verdict=Verdict.PENDING, reference=trade)

    async def probe(self, account: Account, send: Send, at_ms: int) -> None:
        """Look for a refund that there can't be: a signed answer is an answer."""
        content = {"out_trade_no": "danshu-probe", "out_request_no": "danshu-probe"}
        await _ask(account, send, _QUERY, content, at_ms)

    async def read_books(
        self, account: Account, send: Send, cursor: str, at_ms: int
    ) -> tuple[tuple[Held, ...], str]:
        """Give nothing: the service lists refunds in the bills of a day alone (see bills)."""
        return (), ""

    def hear(self, account: Account, hearing: Hearing, at_ms: int) -> tuple[News, ...]:
        """Read a notice of a refund (退款冲退/退款成功异步通知)."""
        try:
            fields = dict(parse_qsl(hearing.body.decode(), keep_blank_values=True))
        except UnicodeDecodeError as error:
            raise InputError("bad_callback", "the notice is no form") from error
        signed = join(fields, frozenset({"sign", "sign_type"}))
        key = account.secrets["alipay_public_key"]
        is_theirs = _rsa.proves(key, fields.get("sign", "").replace(" ", "+"), signed)
        if not is_theirs or fields.get("app_id") != account.options["app_id"]:
            raise _wire.BAD_SIGNATURE
        number, trade = fields.get("out_biz_no", ""), fields.get("trade_no", "")
        if not fields.get("notify_id") or not number or not fields.get("refund_fee"):
            raise InputError("bad_callback", "the notice names no refund")
        done = _done(_wire.fen(fields["refund_fee"]), trade, fields.get("gmt_refund", ""))
        return (News(id=fields["notify_id"], key=number, reply=done),)

    def acknowledge(self, accepted: bool) -> tuple[int, str, bytes]:
        """Anything but `success` is sent again, eight times within a day."""
        return 200, "text/plain", b"success" if accepted else b"fail"


async def _ask(
    account: Account, send: Send, method: str, content: dict[str, Any], at_ms: int
) -> dict[str, Any] | Reply:
    """Ask the gateway; gives the signed object, or a Reply where it refuses."""
    at = datetime.datetime.fromtimestamp(at_ms / 1000, _SHANGHAI)
    fields = {
        "app_id": account.options["app_id"],
        "method": method,
        "format": "JSON",
        "charset": "utf-8",
        "sign_type": "RSA2",
        "timestamp": at.strftime("%Y-%m-%d %H:%M:%S"),
        "version": "1.0",
        "biz_content": json.dumps(content, ensure_ascii=False, separators=(",", ":")),
    }
    fields["sign"] = _rsa.sign(account.secrets["private_key"], join(fields, frozenset({"sign"})))
    headers = {"content-type": "application/x-www-form-urlencoded;charset=utf-8"}
    answer = await send("POST", account.url, headers, urlencode(fields).encode())
    body = _wire.read(answer, _WHO)
    name = method.replace(".", "_") + "_response"
    outer = _wire.read_object(body, _WHO)
    told = _wire.part(outer, name) or _wire.part(outer, "error_response")
    code, sub = str(told.get("code", "")), str(told.get("sub_code", ""))
    reason = str(told.get("sub_msg") or told.get("msg") or "")[: _wire.REASON_CHARS]
    if name in outer:
        _prove(account, body, name, str(outer.get("sign", "")))
    if code == _DONE:
        if name not in outer:
            raise NotAvailable(f"an answer is not signed by {_WHO}", _wire.RETRY_S)
        return told
    if code in _AGAIN or sub in _AGAIN_SUB:
        raise NotAvailable(f"{_WHO} answers {code} {sub}", _wire.RETRY_S)
    if code == _BUSINESS and sub.startswith("ACQ.") and sub != "ACQ.INVALID_PARAMETER":
        return Reply(verdict=Verdict.REFUSED, code=sub, reason=reason)
    raise _wire.refused(_WHO, f"{code} {sub}", reason)


def _prove(account: Account, body: bytes, name: str, signature: str) -> None:
    """Raise NotAvailable unless the object of that name is signed: its bytes as they came."""
    text = body.decode("utf-8", "replace")
    start = text.find("{", text.find(f'"{name}"'))
    try:
        _, end = json.JSONDecoder().raw_decode(text, start)
    except ValueError as error:
        raise NotAvailable(f"{_WHO}'s answer is torn", _wire.RETRY_S) from error
    key = account.secrets["alipay_public_key"]
    if not _rsa.proves(key, signature, text[start:end].encode()):
        raise NotAvailable(f"an answer is not signed by {_WHO}", _wire.RETRY_S)


def _fen(yuan: Any, otherwise: int) -> int:
    try:
        return _wire.fen(yuan)
    except InputError:
        return otherwise


def _done(amount: int, trade: str, at: str) -> Reply:
    """`at` is Shanghai's time without a zone, as Alipay writes it."""
    moment = ""
    if at:
        try:
            read = datetime.datetime.fromisoformat(at).replace(tzinfo=_SHANGHAI)
            moment = read.isoformat()
        except ValueError:
            moment = ""
    given = Refunded(amount=amount, at=moment)
    return Reply(verdict=Verdict.DONE, reference=trade, body=msgspec.json.encode(given))
