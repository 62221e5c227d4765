"""Short messages 短信 by Alibaba Cloud (dysmsapi 2017-05-25), signed by ACS3-HMAC-SHA256.

    POST <url>/?PhoneNumbers=…&SignName=…&TemplateCode=…&TemplateParam=…&OutId=…
        x-acs-action: SendSms, x-acs-version, x-acs-date, x-acs-signature-nonce,
        x-acs-content-sha256
        Authorization: ACS3-HMAC-SHA256 Credential=…,SignedHeaders=…,Signature=…
    <- {"Code": "OK" | …, "Message", "BizId", "RequestId"}
    QuerySendDetails {PhoneNumber, SendDate, PageSize, CurrentPage}: what became of an OutId

After help.aliyun.com (V3 request structure & signature, SendSms, QuerySendDetails), as published.
The service tells no repeat: an answer that was lost is looked for by its OutId, which is the key.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

import msgspec

from danshu.adapters.connectors import _wire
from danshu.kernel.errors import NotAvailable
from danshu.ports.asks.records import Message, Sent
from danshu.ports.connector import NotTaken, Operation, Reply, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.ports.connector import Account, Call, Hearing, Held, News, Send

_WHO: Final = "the SMS service"
_VERSION: Final = "2017-05-25"
_SCHEME: Final = "ACS3-HMAC-SHA256"
_SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_BUSY: Final = frozenset({"isv.BUSINESS_LIMIT_CONTROL", "isp.SYSTEM_ERROR", "Throttling.User"})


def canonical(query: Mapping[str, str], headers: Mapping[str, str], digest: str) -> str:
    """Write the canonical request of an RPC: a POST to `/`, all in order of the names."""
    asked = "&".join(f"{_escape(k)}={_escape(query[k])}" for k in sorted(query))
    named = sorted(headers)
    lines = "".join(f"{n}:{headers[n].strip()}\n" for n in named)
    return "\n".join(("POST", "/", asked, lines, ";".join(named), digest))


def _escape(text: str) -> str:
    return quote(text, safe="-_.~")


class AliyunSms:
    """The adapter. Option `sign_name` is the signature 签名 that messages bear."""

    capability = "notification"
    title = "阿里云短信"
    title_en = "Alibaba Cloud SMS"
    operations = (Operation(name="send", asks=Message, gives=Sent, repeatable=False),)
    needs = ("access_id", "sign_name", "access_secret")

    async def call(self, account: Account, send: Send, call: Call, at_ms: int) -> Reply:
        """Send a message by its template."""
        ask = msgspec.json.decode(call.body, type=Message)
        query = {
            "PhoneNumbers": ask.phone,
            "SignName": account.options["sign_name"],
            "TemplateCode": ask.template,
            "TemplateParam": json.dumps(ask.values, ensure_ascii=False),
            "OutId": call.key,
        }
        told = await _ask(account, send, "SendSms", query, call.key, at_ms)
        code = str(told.get("Code", ""))
        if code == "OK":
            return _sent(str(told.get("BizId", "")))
        if code in _BUSY or not code:
            raise NotTaken(f"{_WHO} answers {code or 'nothing'}", _wire.RETRY_S)
        reason = str(told.get("Message", ""))[: _wire.REASON_CHARS]
        return Reply(verdict=Verdict.REFUSED, code=code[:64], reason=reason)

    async def find(self, account: Account, send: Send, call: Call, at_ms: int) -> Reply | None:
        """Look among what was sent to that number that day."""
        ask = msgspec.json.decode(call.body, type=Message)
        today = datetime.datetime.fromtimestamp(at_ms / 1000, _SHANGHAI).strftime("%Y%m%d")
        query = {
            "PhoneNumber": ask.phone,
            "SendDate": ask.day.replace("-", "") or today,
            "PageSize": "50",
            "CurrentPage": "1",
        }
        told = await _ask(account, send, "QuerySendDetails", query, call.key, at_ms)
        if told.get("Code") != "OK":
            raise NotAvailable(f"{_WHO} answers {told.get('Code')}", _wire.RETRY_S)
        details = _wire.parts(_wire.part(told, "SmsSendDetailDTOs"), "SmsSendDetailDTO")
        found = next((d for d in details if d.get("OutId") == call.key), None)
        return _sent(str(found.get("BizId") or found["OutId"])) if found is not None else None

    async def probe(self, account: Account, send: Send, at_ms: int) -> None:
        """Ask what was sent to a number that there can't be."""
        query = {"PhoneNumber": "10000000000", "SendDate": "20200101", "PageSize": "1",
                 "CurrentPage": "1"}  # fmt: skip
        await _ask(account, send, "QuerySendDetails", query, "probe", at_ms)

    async def read_books(
        self, account: Account, send: Send, cursor: str, at_ms: int
    ) -> tuple[tuple[Held, ...], str]:
        """Give nothing: it lists by the number alone."""
        return (), ""

    def hear(self, account: Account, hearing: Hearing, at_ms: int) -> tuple[News, ...]:
        """Refuse: its receipts are not signed."""
        raise _wire.BAD_SIGNATURE

    def acknowledge(self, accepted: bool) -> tuple[int, str, bytes]:
        """Answer as its receipts ask."""
        return 200, "application/json", json.dumps({"code": 0 if accepted else 1}).encode()


async def _ask(
    account: Account, send: Send, action: str, query: Mapping[str, str], key: str, at_ms: int
) -> dict[str, Any]:
    at = datetime.datetime.fromtimestamp(at_ms / 1000, datetime.UTC)
    digest = hashlib.sha256(b"").hexdigest()
    url = account.url.rstrip("/")
    signed = {
        "host": urlsplit(url).netloc,
        "x-acs-action": action,
        "x-acs-content-sha256": digest,
        "x-acs-date": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": hashlib.sha256(f"{key}/{action}/{at_ms}".encode()).hexdigest()[
            :32
        ],
        "x-acs-version": _VERSION,
    }
    hashed = hashlib.sha256(canonical(query, signed, digest).encode()).hexdigest()
    text = f"{_SCHEME}\n{hashed}".encode()
    mac = hmac.digest(account.secrets["access_secret"].encode(), text, hashlib.sha256).hex()
    named = ";".join(sorted(signed))
    credential = account.options["access_id"]
    told = f"{_SCHEME} Credential={credential},SignedHeaders={named},Signature={mac}"
    headers = {**{k: v for k, v in signed.items() if k != "host"}, "authorization": told}
    asked = "&".join(f"{_escape(k)}={_escape(v)}" for k, v in query.items())
    answer = await send("POST", f"{url}/?{asked}", headers, b"")
    return _wire.read_object(_wire.read(answer, _WHO), _WHO)


def _sent(number: str) -> Reply:
    return Reply(verdict=Verdict.DONE, reference=number[:128])
