"""SF Express 顺丰 by 丰桥: waybills 电子面单, taken back, and where a parcel is.

    POST <url>/std/service   form: partnerID, requestID, serviceCode, timestamp, msgData (JSON),
        msgDigest = base64(md5(urlencode(msgData + timestamp + check word)))
    EXP_RECE_CREATE_ORDER       {orderId, cargoDetails, contactInfoList, …} -> waybillNoInfoList
    EXP_RECE_SEARCH_ORDER_RESP  {orderId}: what became of an order; it is told by its orderId
    EXP_RECE_UPDATE_ORDER       {orderId, dealType: 2}: cancelled
    EXP_RECE_SEARCH_ROUTES      {trackingType: 1, trackingNumber: […]} -> routes (opCode)
    -> {apiResultCode: A1000, apiResultData: JSON as a string
        {success, errorCode, errorMsg, msgData}}

After qiao.sf-express.com as its public clients speak it. General knowledge, not checked against the
service: the codes of a repeated order (8016) and of one that is not there (8024).
"""

from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote_plus, urlencode
from zoneinfo import ZoneInfo

import msgspec

from danshu.adapters.connectors import _wire
from danshu.kernel.errors import InputError, NotAvailable
from danshu.ports.asks.carrier import (
    Given,
    Track,
    Tracks,
    TracksAsk,
    Waybill,
    WaybillAsk,
    WaybillCancel,
)
from danshu.ports.connector import Operation, Reply, Verdict

if TYPE_CHECKING:
    from danshu.ports.connector import Account, Call, Hearing, Held, News, Send

_WHO: Final = "SF"
_CARRIER: Final = "sf"
_SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_TAKEN: Final = "A1000"
_AGAIN: Final = frozenset({"A1002", "A1003", "A1005", "A1009", "A1099"})
_THERE: Final = "8016"
_ABSENT: Final = frozenset({"8024", "20012"})
_CREATE: Final = "EXP_RECE_CREATE_ORDER"
_SEARCH: Final = "EXP_RECE_SEARCH_ORDER_RESP"
_UPDATE: Final = "EXP_RECE_UPDATE_ORDER"
_ROUTES: Final = "EXP_RECE_SEARCH_ROUTES"
_STEPS: Final = {"50": "collected", "54": "collected", "80": "delivered", "8000": "delivered",
                 "99": "refused"}  # fmt: skip
_SENDER: Final = 1
_RECEIVER: Final = 2


def digest(data: str, timestamp: str, check_word: str) -> str:
    """Sign a message as 丰桥 asks."""
    return _wire.base64_md5(quote_plus(data + timestamp + check_word))


class SfExpress:
    """The adapter; options hold the sender's address."""

    capability = "carrier"
    title = "顺丰速运"
    title_en = "SF Express"
    operations = (
        Operation(
            name="waybill", asks=WaybillAsk, gives=Waybill, undo="cancel_waybill", repeatable=False
        ),
        Operation(name="cancel_waybill", asks=WaybillCancel, gives=Given),
        Operation(name="tracks", asks=TracksAsk, gives=Tracks),
    )
    needs = (
        *("partner_id", "monthly_card", "province", "city", "county", "address", "contact"),
        *("phone", "check_secret"),
    )

    async def call(self, account: Account, send: Send, call: Call, at_ms: int) -> Reply:
        """Ask: `orderId` is the key."""
        if call.operation == "tracks":
            return await _track(account, send, call, at_ms)
        if call.operation == "cancel_waybill":
            cancel = msgspec.json.decode(call.body, type=WaybillCancel)
            told = {"orderId": cancel.key, "dealType": 2}
            inner = await _ask(account, send, _UPDATE, told, call.key, at_ms)
            return _done("", Given()) if inner.get("success") is True else _refuse(inner)
        ask = msgspec.json.decode(call.body, type=WaybillAsk)
        inner = await _ask(account, send, _CREATE, _order(account, call, ask), call.key, at_ms)
        if inner.get("success") is True:
            return _waybill(inner)
        if str(inner.get("errorCode")) == _THERE:
            found = await self.find(account, send, call, at_ms)
            return found or _refuse(inner)
        return _refuse(inner)

    async def find(self, account: Account, send: Send, call: Call, at_ms: int) -> Reply | None:
        """Look for an order by its orderId."""
        if call.operation == "tracks":
            return None  # asking changes nothing: it is asked again
        key = call.key
        if call.operation == "cancel_waybill":
            key = msgspec.json.decode(call.body, type=WaybillCancel).key
        inner = await _ask(account, send, _SEARCH, {"orderId": key}, call.key, at_ms)
        if inner.get("success") is not True:
            return None if str(inner.get("errorCode")) in _ABSENT else _refuse(inner)
        is_cancelled = str(_wire.part(inner, "msgData").get("orderStatus", "")) == "cancelled"
        if call.operation == "cancel_waybill":
            return _done("", Given()) if is_cancelled else None
        return _waybill(inner)

    async def probe(self, account: Account, send: Send, at_ms: int) -> None:
        """Look for an order that there can't be."""
        await _ask(account, send, _SEARCH, {"orderId": "danshu-probe"}, "probe", at_ms)

    async def read_books(
        self, account: Account, send: Send, cursor: str, at_ms: int
    ) -> tuple[tuple[Held, ...], str]:
        """Give nothing: orders are not listed."""
        return (), ""

    def hear(self, account: Account, hearing: Hearing, at_ms: int) -> tuple[News, ...]:
        """Refuse: SF's pushes are not signed; tracks come by Kuaidi100 or are asked for."""
        raise _wire.BAD_SIGNATURE

    def acknowledge(self, accepted: bool) -> tuple[int, str, bytes]:
        """Answer as the push service has it."""
        code = "0000" if accepted else "1000"
        return 200, "application/json", json.dumps({"return_code": code}).encode()


async def _ask(
    account: Account, send: Send, service: str, told: dict[str, Any], key: str, at_ms: int
) -> dict[str, Any]:
    data, timestamp = json.dumps(told, ensure_ascii=False), str(at_ms)
    form = {
        "partnerID": account.options["partner_id"],
        "requestID": f"{key}-{at_ms}",
        "serviceCode": service,
        "timestamp": timestamp,
        "msgDigest": digest(data, timestamp, account.secrets["check_secret"]),
        "msgData": data,
    }
    url = account.url.rstrip("/") + "/std/service"
    headers = {"content-type": "application/x-www-form-urlencoded;charset=UTF-8"}
    answer = await send("POST", url, headers, urlencode(form).encode())
    outer = _wire.read_object(_wire.read(answer, _WHO), _WHO)
    code = str(outer.get("apiResultCode", ""))
    if code in _AGAIN or not code:
        raise NotAvailable(f"{_WHO} answers {code or 'nothing'}", _wire.RETRY_S)
    if code != _TAKEN:
        raise _wire.refused(_WHO, code, str(outer.get("apiErrorMsg") or ""))
    return _wire.read_object(str(outer.get("apiResultData") or "").encode(), _WHO)


def _order(account: Account, call: Call, ask: WaybillAsk) -> dict[str, Any]:
    o, r = account.options, ask.receiver
    sender = {
        "contactType": _SENDER,
        "contact": o["contact"],
        "tel": o["phone"],
        "country": "CN",
        "province": o["province"],
        "city": o["city"],
        "county": o["county"],
        "address": o["address"],
    }
    receiver = {
        "contactType": _RECEIVER,
        "contact": r.name,
        "tel": r.phone,
        "country": r.country or "CN",
        "province": r.province,
        "city": r.city,
        "county": r.district,
        "address": r.street + r.detail,
    }
    return {
        "language": "zh-CN",
        "orderId": call.key,
        "cargoDetails": [{"name": ask.goods}],
        "contactInfoList": [sender, receiver],
        "monthlyCard": o["monthly_card"],
        "payMethod": 1,
        "expressTypeId": int(o.get("express_type", "1")),
        "parcelQty": ask.parcels,
        "totalWeight": ask.weight_g / 1000,
        "isReturnRoutelabel": 1,
    }


def _waybill(inner: dict[str, Any]) -> Reply:
    found = _wire.parts(_wire.part(inner, "msgData"), "waybillNoInfoList")
    number = next((str(n["waybillNo"]) for n in found if n.get("waybillType") == 1), "")
    if not number:
        raise NotAvailable(f"{_WHO} gives no waybill", _wire.RETRY_S)
    return _done(number, Waybill(carrier=_CARRIER, waybill=number))


async def _track(account: Account, send: Send, call: Call, at_ms: int) -> Reply:
    ask = msgspec.json.decode(call.body, type=TracksAsk)
    told = {"trackingType": 1, "trackingNumber": [ask.waybill], "methodType": 1}
    if ask.phone_tail:
        told["checkPhoneNo"] = ask.phone_tail
    inner = await _ask(account, send, _ROUTES, told, call.key, at_ms)
    if inner.get("success") is not True:
        return _refuse(inner)
    found = _wire.parts(_wire.part(inner, "msgData"), "routeResps")
    routes = [r for one in found for r in _wire.parts(one, "routes")]
    tracks = tuple(
        Track(
            at=_instant(str(r.get("acceptTime", ""))),
            step=_STEPS.get(str(r.get("opCode", "")), "moving"),
            text=str(r.get("remark", ""))[: _wire.REASON_CHARS],
        )
        for r in routes
    )
    return _done(ask.waybill, Tracks(carrier=_CARRIER, waybill=ask.waybill, tracks=tracks))


def _instant(local: str) -> str:
    try:
        return datetime.datetime.fromisoformat(local).replace(tzinfo=_SHANGHAI).isoformat()
    except ValueError as error:
        raise InputError("call_refused", f"{_WHO} says a time that is none") from error


def _done(reference: str, given: msgspec.Struct) -> Reply:
    return Reply(verdict=Verdict.DONE, reference=reference, body=msgspec.json.encode(given))


def _refuse(inner: dict[str, Any]) -> Reply:
    reason = str(inner.get("errorMsg") or "")[: _wire.REASON_CHARS]
    code = str(inner.get("errorCode") or "")[:60]
    if not code:
        raise NotAvailable(f"{_WHO} says neither yes nor no", _wire.RETRY_S)
    return Reply(verdict=Verdict.REFUSED, code=code, reason=reason)
