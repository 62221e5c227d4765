"""A customs broker that speaks JSON and answers at once 报关行(REST).

    POST <url>/v2/declarations                      201 {declarationNo, clientRef, status, …}
    POST <url>/v2/declarations/<no>/withdrawals     {clientRef, reason}
    GET  <url>/v2/declarations?clientRef=…          {items: […]}
    GET  <url>/v2/declarations?cursor=…             {items: […], next}
    GET  <url>/v2/status
    X-Broker-Key, X-Broker-Time (s), Idempotency-Key,
    X-Broker-Sign: hex HMAC-SHA256(secret, method \\n path?query \\n time \\n SHA-256(body) in hex)

The three documents and the list go in one message. Statuses are those of customs' receipts 回执
(message CEB622 of the unified system for cross-border retail imports): 2, 3, 120, 300, 399 under
way, 100 returned, 800 released, 899 closed, below 0 an error. Words and addresses are general
knowledge of such services, checked against none of them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

from danshu.adapters.connectors import _wire
from danshu.kernel.errors import InputError, NotAvailable
from danshu.ports.asks.customs import Declaration, Declared, Withdrawal, Withdrawn
from danshu.ports.connector import Held, News, Operation, Reply, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.ports.connector import Account, Call, Hearing, Send

_WHO: Final = "the broker"
_PATH: Final = "/v2/declarations"
_AGE_MAX_S: Final = 300
_RELEASED: Final = frozenset({"800", "899"})
_RETURNED: Final = frozenset({"4", "100", "501", "502", "503", "599", "700"})
WITHDRAWN: Final = "WITHDRAWN"


def sign(secret: str, method: str, target: str, stamp: str, body: bytes) -> str:
    """Sign a message."""
    text = f"{method}\n{target}\n{stamp}\n{hashlib.sha256(body).hexdigest()}"
    return hmac.digest(secret.encode(), text.encode(), hashlib.sha256).hex()


class CustomsRest:
    """The adapter. `key_id` is the merchant's with the broker."""

    capability = "customs"
    title = "报关行(REST)"
    title_en = "Customs broker (REST)"
    operations = (
        Operation(name="declare", asks=Declaration, gives=Declared, undo="withdraw"),
        Operation(name="withdraw", asks=Withdrawal, gives=Withdrawn),
    )
    needs = ("key_id", "signing_secret")

    async def call(self, account: Account, send: Send, call: Call, at_ms: int) -> Reply:
        """Ask. A repeated Idempotency-Key is answered as it was at first."""
        if call.operation == "withdraw":
            ask = msgspec.json.decode(call.body, type=Withdrawal)
            path = f"{_PATH}/{quote(ask.reference, safe='')}/withdrawals"
            body = json.dumps({"clientRef": call.key, "reason": ask.reason}).encode()
        else:
            path = _PATH
            body = write(call.key, msgspec.json.decode(call.body, type=Declaration))
        told = await _send(account, send, "POST", path, at_ms, body, call.key)
        return _reply(told, call.operation)

    async def find(self, account: Account, send: Send, call: Call, at_ms: int) -> Reply | None:
        """Look for the key; what was withdrawn is found by the declaration that it withdraws."""
        key = call.key
        if call.operation == "withdraw":
            key = msgspec.json.decode(call.body, type=Withdrawal).key
        target = f"{_PATH}?clientRef={quote(key, safe='')}"
        items = _wire.parts(await _send(account, send, "GET", target, at_ms), "items")
        if not items:
            return None
        if call.operation == "withdraw" and items[0].get("status") != WITHDRAWN:
            return None
        return _reply(items[0], call.operation)

    async def probe(self, account: Account, send: Send, at_ms: int) -> None:
        """Ask for its status."""
        await _send(account, send, "GET", "/v2/status", at_ms)

    async def read_books(
        self, account: Account, send: Send, cursor: str, at_ms: int
    ) -> tuple[tuple[Held, ...], str]:
        """Give a page of the declarations that it has."""
        target = f"{_PATH}?cursor={quote(cursor, safe='')}"
        told = await _send(account, send, "GET", target, at_ms)
        return tuple(_held(item) for item in _wire.parts(told, "items")), str(
            told.get("next") or ""
        )

    def hear(self, account: Account, hearing: Hearing, at_ms: int) -> tuple[News, ...]:
        """Read a change of status; the path of a callback is signed as `callback`."""
        given = hearing.headers
        stamp = given.get("x-broker-time", "")
        secret = account.secrets["signing_secret"]
        expected = sign(secret, "POST", "callback", stamp, hearing.body)
        is_fresh = stamp.isdigit() and abs(int(stamp) - at_ms // 1000) <= _AGE_MAX_S
        if not is_fresh or not _wire.same(given.get("x-broker-sign", ""), expected):
            raise _wire.BAD_SIGNATURE
        told = _wire.hear_object(hearing.body)
        if not told.get("clientRef") or not told.get("eventId"):
            raise InputError("bad_callback", "clientRef or eventId is missing")
        try:
            reply = _reply(told, "declare")
        except NotAvailable as error:
            raise InputError("bad_callback", error.detail) from error
        return (News(id=str(told["eventId"]), key=str(told["clientRef"]), reply=reply),)

    def acknowledge(self, accepted: bool) -> tuple[int, str, bytes]:
        """Answer by a word; what was not accepted is said again."""
        if accepted:
            return 200, "application/json", b'{"received":true}'
        return 422, "application/json", b'{"received":false}'


def write(key: str, ask: Declaration) -> bytes:
    """Write a declaration in the broker's words: yuan with two digits, kilograms."""
    told: dict[str, Any] = {
        "clientRef": key,
        "mode": ask.mode,
        "customsCode": ask.customs,
        "portCode": ask.port,
        "order": {
            "orderNo": ask.order,
            "placedAt": ask.placed,
            "platform": {"code": ask.platform_code, "name": ask.platform},
            "merchant": {"code": ask.merchant_code, "name": ask.merchant},
            "buyer": {
                "name": ask.buyer.name,
                "idNumber": ask.buyer.id_number,
                "phone": ask.buyer.phone,
                "address": ask.buyer.address,
            },
            "goodsValue": _wire.yuan(sum(g.price * g.quantity for g in ask.goods)),
            "freight": _wire.yuan(ask.freight),
            "tax": _wire.yuan(ask.tax),
            "discount": _wire.yuan(ask.discount),
        },
        "payment": {
            "companyCode": ask.payment.code,
            "companyName": ask.payment.name,
            "transactionNo": ask.payment.number,
            "amount": _wire.yuan(ask.payment.amount),
            "paidAt": ask.payment.at,
        },
        "logistics": {
            "companyCode": ask.waybill.code,
            "companyName": ask.waybill.name,
            "waybillNo": ask.waybill.number,
            "weightKg": f"{ask.waybill.weight_g / 1000:.3f}",
            "insuredFee": _wire.yuan(ask.insured),
        },
        "items": [
            {
                "no": g.line,
                "itemNo": g.sku,
                "name": g.title,
                "hsCode": g.hs_code,
                "quantity": g.quantity,
                "unit": g.unit,
                "price": _wire.yuan(g.price),
                "originCountry": g.country,
            }
            for g in ask.goods
        ],
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


async def _send(
    account: Account,
    send: Send,
    method: str,
    target: str,
    at_ms: int,
    body: bytes = b"",
    key: str = "",
) -> dict[str, Any]:
    stamp = str(at_ms // 1000)
    headers: Mapping[str, str] = {
        "content-type": "application/json",
        "x-broker-key": account.options["key_id"],
        "x-broker-time": stamp,
        "x-broker-sign": sign(account.secrets["signing_secret"], method, target, stamp, body),
        **({"idempotency-key": key} if key else {}),
    }
    answer = await send(method, account.url.rstrip("/") + target, headers, body)
    if answer.status == 422:
        told = _wire.read_object(answer.body, _WHO)
        return {"status": "100", "code": told.get("code"), "reason": told.get("message")}
    return _wire.read_object(_wire.read(answer, _WHO), _WHO)


def _reply(told: Mapping[str, Any], operation: str) -> Reply:
    """Read a declaration as an answer. Raises NotAvailable for a status that is not known."""
    status, number = str(told.get("status", "")), str(told.get("declarationNo", ""))
    code, reason = str(told.get("code") or status), str(told.get("reason") or "")
    if operation == "withdraw":
        if status == WITHDRAWN:
            given = Withdrawn(at=str(told.get("at") or ""))
            return Reply(verdict=Verdict.DONE, reference=number, body=msgspec.json.encode(given))
        return Reply(verdict=Verdict.REFUSED, reference=number, code=code, reason=reason)
    if status in _RELEASED or status == WITHDRAWN:
        given_ = Declared(number=str(told.get("listNo") or ""), status=status, at=_at(told))
        return Reply(verdict=Verdict.DONE, reference=number, body=msgspec.json.encode(given_))
    if status in _RETURNED or status.startswith("-"):
        return Reply(verdict=Verdict.REFUSED, reference=number, code=code, reason=reason[:200])
    if status.isdigit():
        return Reply(verdict=Verdict.PENDING, reference=number)
    raise NotAvailable(f"{_WHO} says status {status[:20]!r}", _wire.RETRY_S)


def _held(item: Mapping[str, Any]) -> Held:
    status = str(item.get("status", ""))
    verdict = (
        Verdict.DONE
        if status in _RELEASED or status == WITHDRAWN
        else Verdict.REFUSED
        if status in _RETURNED or status.startswith("-")
        else Verdict.PENDING
    )
    return Held(
        key=str(item.get("clientRef", "")),
        operation="declare",
        reference=str(item.get("declarationNo", "")),
        verdict=verdict,
    )


def _at(told: Mapping[str, Any]) -> str:
    return str(told.get("at") or "")
