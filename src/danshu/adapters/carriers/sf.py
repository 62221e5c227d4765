"""SF Express 顺丰 by 丰桥: a parcel is stopped before delivery and returned (截单转寄退回).

    POST <url>/std/service   application/x-www-form-urlencoded
        partnerID, requestID, serviceCode=EXP_RECE_WANTED_INTERCEPT, timestamp, msgData (JSON),
        msgDigest = base64(md5(urlencode(msgData + timestamp + checkword)))
        msgData {waybillNo, serviceCode: "2" (退回), role: "1" (寄方), payMode, monthlyCardNo,
                 newDestAddress {province, city, county, address, contact, phone}}
    -> {apiResultCode: "A1000" = taken, apiErrorMsg, apiResultData: JSON as a string
        {success, errorCode: "S0000" = done, errorMsg, msgData}}

After qiao.sf-express.com as its public clients speak it; not verified against the service: which
error codes mean that the parcel can't be stopped any more. Here every business "no" is that.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote_plus, urlencode

from danshu.kernel.errors import InputError, NotAvailable
from danshu.ports.carrier_intercept import Verdict

if TYPE_CHECKING:
    from danshu.ports.carrier_intercept import Account, Ask, Send

SERVICE: Final = "EXP_RECE_WANTED_INTERCEPT"
_RETURN: Final = "2"
_SENDER: Final = "1"
_BY_MONTH: Final = "3"
_TAKEN: Final = "A1000"
_DONE: Final = "S0000"
# Answers about the client's standing or the gateway's load: mended by people or by time.
_AGAIN: Final = frozenset({"A1002", "A1003", "A1004", "A1005", "A1006", "A1009", "A1099"})
_RETRY_AFTER_S: Final = 60


def digest(data: str, timestamp: str, checkword: str) -> str:
    """Sign a message as 丰桥 asks."""
    text = quote_plus(data + timestamp + checkword)
    return base64.b64encode(hashlib.md5(text.encode(), usedforsecurity=False).digest()).decode()


class Sf:
    """The adapter."""

    needs = (
        *("partner_id", "checkword", "monthly_card"),
        *("province", "city", "county", "address", "contact", "phone"),
    )

    async def intercept(self, account: Account, send: Send, ask: Ask, at_ms: int) -> Verdict:
        """Ask for a return to the merchant's own address."""
        o = account.options
        back = {name: o[name] for name in self.needs[3:]}
        told = {
            "monthlyCardNo": o["monthly_card"],
            "newDestAddress": back,
            "payMode": _BY_MONTH,
            "role": _SENDER,
            "serviceCode": _RETURN,
            "waybillNo": ask.waybill,
        }
        data, timestamp = json.dumps(told, ensure_ascii=False), str(at_ms // 1000)
        form = {
            "partnerID": o["partner_id"],
            "requestID": ask.key,
            "serviceCode": SERVICE,
            "timestamp": timestamp,
            "msgDigest": digest(data, timestamp, o["checkword"]),
            "msgData": data,
        }
        url = account.url.rstrip("/") + "/std/service"
        headers = {"content-type": "application/x-www-form-urlencoded;charset=UTF-8"}
        outer = _read(*await send("POST", url, headers, urlencode(form).encode()))
        code, why = str(outer.get("apiResultCode", "")), str(outer.get("apiErrorMsg", ""))[:200]
        if code in _AGAIN:
            raise NotAvailable(f"SF answers {code} {why}", _RETRY_AFTER_S)
        if code != _TAKEN:
            raise InputError("intercept_refused", f"SF answers {code} {why}")
        inner = _object(str(outer.get("apiResultData", "")))
        detail = str(inner.get("errorMsg") or "")[:200]
        stopped = inner.get("success") is True and inner.get("errorCode") == _DONE
        body = inner.get("msgData")
        receipt = str(body.get("cusId") or "") if isinstance(body, dict) else ""
        return Verdict(stopped=stopped, detail=detail, receipt=receipt[:128])


def _read(status: int, body: bytes) -> dict[str, Any]:
    if status != 200:
        raise NotAvailable(f"SF answers {status}", _RETRY_AFTER_S)
    return _object(body.decode("utf-8", "replace"))


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise NotAvailable("SF's answer is no JSON", _RETRY_AFTER_S) from error
    if not isinstance(found, dict):
        raise NotAvailable("SF's answer is no object", _RETRY_AFTER_S)
    return found
