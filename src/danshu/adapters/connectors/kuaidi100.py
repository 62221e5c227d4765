"""Kuaidi100 快递100: tells the tracks of parcels of all carriers, subscribed to or asked for.

    POST <url>/poll           form: schema=json, param {company, number, key,
        parameters {callbackurl, salt, resultv2}}
        -> {result, returnCode: 200 taken | 501 subscribed already, message}
    POST <url>/poll/query.do  form: customer, sign, param {com, num}
        sign = upper-case hex of md5(param + key + customer)
    said by it: a form, param=<JSON>, sign = upper-case hex of md5(param + salt);
        answered {"result": true, "returnCode": "200", "message": "成功"}

After api.kuaidi100.com/document (订阅推送, 实时快递查询), as published. A parcel is subscribed to
once: asked again it says 501, which is the first answer.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

import msgspec

from danshu.adapters.connectors import _wire
from danshu.kernel.errors import InputError
from danshu.ports.asks.carrier import Given, Subscription, Track, Tracks, TracksAsk
from danshu.ports.connector import News, NotTaken, Operation, Reply, Verdict

if TYPE_CHECKING:
    from danshu.ports.connector import Account, Answer, Call, Hearing, Held, Send

_WHO: Final = "Kuaidi100"
_SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_TAKEN: Final = frozenset({"200", "501"})
_AGAIN: Final = frozenset({"500", "600", "601"})
_COMPANIES: Final = {"sf": "shunfeng", "yto": "yuantong", "sto": "shentong", "zto": "zhongtong",
                     "yd": "yunda", "jd": "jd", "ems": "ems", "jt": "jtexpress"}  # fmt: skip
_CARRIERS: Final = {company: carrier for carrier, company in _COMPANIES.items()}
_STEPS: Final = {"1": "collected", "3": "delivered", "14": "refused", "6": "moving", "0": "moving"}
_FORM: Final = {"content-type": "application/x-www-form-urlencoded;charset=UTF-8"}


def sign(*parts: str) -> str:
    """Sign as it asks: the upper-case hex of the md5 of all parts."""
    return _wire.md5("".join(parts).encode()).hex().upper()


class Kuaidi100:
    """The adapter. `customer` and `auth_key` are the account's, `salt_secret` is of our making;
    option `callback` is where it tells tracks to.
    """

    capability = "tracks"
    title = "快递100"
    title_en = "Kuaidi100"
    operations = (
        Operation(name="subscribe", asks=Subscription, gives=Given),
        Operation(name="tracks", asks=TracksAsk, gives=Tracks),
    )
    needs = ("customer", "auth_key", "salt_secret")

    async def call(self, account: Account, send: Send, call: Call, at_ms: int) -> Reply:
        """Subscribe to a parcel, or ask where it is."""
        if call.operation == "subscribe":
            return await _subscribe(
                account, send, msgspec.json.decode(call.body, type=Subscription)
            )
        ask = msgspec.json.decode(call.body, type=TracksAsk)
        told = await _query(account, send, ask.carrier, ask.waybill, ask.phone_tail)
        if str(told.get("status")) != "200":
            code = str(told.get("returnCode") or told.get("status") or "")
            if code in _AGAIN or not code:
                raise NotTaken(f"{_WHO} answers {code or 'nothing'}", _wire.RETRY_S)
            return Reply(verdict=Verdict.REFUSED, code=code, reason=str(told.get("message"))[:200])
        body = msgspec.json.encode(_tracks(told))
        return Reply(verdict=Verdict.DONE, reference=ask.waybill, body=body)

    async def find(self, account: Account, send: Send, call: Call, at_ms: int) -> Reply | None:
        """Give nothing: both operations are asked again, and change nothing when they are."""
        return None

    async def probe(self, account: Account, send: Send, at_ms: int) -> None:
        """Ask for a parcel that there can't be."""
        await _query(account, send, "sf", "SF0000000000000", "")

    async def read_books(
        self, account: Account, send: Send, cursor: str, at_ms: int
    ) -> tuple[tuple[Held, ...], str]:
        """Give nothing: subscriptions are not listed."""
        return (), ""

    def hear(self, account: Account, hearing: Hearing, at_ms: int) -> tuple[News, ...]:
        """Read what it tells of a parcel; the same tracks are the same news."""
        try:
            form = dict(parse_qsl(hearing.body.decode(), keep_blank_values=True))
        except UnicodeDecodeError as error:
            raise InputError("bad_callback", "the message is no form") from error
        param = form.get("param", "")
        expected = sign(param, account.secrets["salt_secret"])
        if not param or not _wire.same(form.get("sign", "").upper(), expected):
            raise _wire.BAD_SIGNATURE
        told = _tracks(_wire.part(_wire.hear_object(param.encode()), "lastResult"))
        if not told.waybill:
            raise InputError("bad_callback", "the message names no parcel")
        body = msgspec.json.encode(told)
        id_ = f"{told.waybill}/{hashlib.sha256(body).hexdigest()[:32]}"
        return (News(id=id_, kind="parcel.tracked", subject=told.waybill, body=body),)

    def acknowledge(self, accepted: bool) -> tuple[int, str, bytes]:
        """What is not acknowledged is sent again, three times."""
        code, message = ("200", "成功") if accepted else ("500", "未接受")
        told = {"result": accepted, "returnCode": code, "message": message}
        return 200, "application/json", json.dumps(told, ensure_ascii=False).encode()


def company_of(carrier: str) -> str:
    """Give its code of a carrier; one that it is not known to be is its own."""
    return _COMPANIES.get(carrier, carrier)


async def _subscribe(account: Account, send: Send, ask: Subscription) -> Reply:
    param = {
        "company": company_of(ask.carrier),
        "number": ask.waybill,
        "key": account.secrets["auth_key"],
        "parameters": {
            "callbackurl": ask.callback or account.options.get("callback", ""),
            "salt": account.secrets["salt_secret"],
            "resultv2": "4",
            "phone": ask.phone_tail,
        },
    }
    form = {"schema": "json", "param": json.dumps(param, ensure_ascii=False)}
    told = await _post(account, send, "/poll", form)
    code = str(told.get("returnCode", ""))
    if code in _TAKEN:
        return Reply(verdict=Verdict.DONE, reference=ask.waybill)
    if code in _AGAIN or not code:
        raise NotTaken(f"{_WHO} answers {code or 'nothing'}", _wire.RETRY_S)
    reason = str(told.get("message") or "")[: _wire.REASON_CHARS]
    return Reply(verdict=Verdict.REFUSED, code=code[:60], reason=_hide(account, reason))


async def _query(
    account: Account, send: Send, carrier: str, waybill: str, phone: str
) -> dict[str, Any]:
    param = json.dumps(
        {"com": company_of(carrier), "num": waybill, "phone": phone, "resultv2": "4"}
    )
    customer = account.options["customer"]
    signed = sign(param, account.secrets["auth_key"], customer)
    form = {"customer": customer, "sign": signed, "param": param}
    return await _post(account, send, "/poll/query.do", form)


async def _post(account: Account, send: Send, path: str, form: dict[str, str]) -> dict[str, Any]:
    url = account.url.rstrip("/") + path
    answer: Answer = await send("POST", url, _FORM, urlencode(form).encode())
    _wire.read(msgspec.structs.replace(answer, body=b""), _WHO)  # its words may repeat our key
    return _wire.read_object(answer.body, _WHO)


def _hide(account: Account, text: str) -> str:
    """Leave secrets out of what it says: they stand in what it is asked."""
    for secret in account.secrets.values():
        text = text.replace(secret, "…")
    return text


def _tracks(told: dict[str, Any]) -> Tracks:
    company = str(told.get("com", ""))
    return Tracks(
        waybill=str(told.get("nu", "")),
        carrier=_CARRIERS.get(company, company),
        tracks=tuple(
            Track(
                at=_instant(str(t.get("ftime") or t.get("time") or "")),
                step=_STEPS.get(str(t.get("statusCode", ""))[:2], "")
                or _STEPS.get(str(t.get("statusCode", ""))[:1], "other"),
                text=str(t.get("context", ""))[: _wire.REASON_CHARS],
            )
            for t in reversed(_wire.parts(told, "data"))
        ),
    )


def _instant(local: str) -> str:
    try:
        return datetime.datetime.fromisoformat(local).replace(tzinfo=_SHANGHAI).isoformat()
    except ValueError as error:
        raise InputError("bad_callback", "a scan has no time") from error
