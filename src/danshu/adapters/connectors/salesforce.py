"""A CRM by Salesforce's REST API: orders are put under an external id, where a repeat is the same.

    PATCH <url>/services/data/v60.0/sobjects/<object>/<field>/<key>   201 created | 200, 204 updated
    GET   <url>/services/data/v60.0/sobjects/<object>/<field>/<key>
    GET   <url>/services/data/v60.0/query?q=SELECT … ; nextRecordsUrl goes on
    Authorization: Bearer <access token>; errors: [{errorCode, message}]

After developer.salesforce.com (Upsert by External ID, Query), as published. The object and its
external id field are the account's own; fields other than those named below are its business.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

import msgspec

from danshu.adapters.connectors import _wire
from danshu.kernel.errors import NotAvailable
from danshu.ports.asks.records import Kept, SaleRecord
from danshu.ports.connector import Held, Operation, Reply, Verdict

if TYPE_CHECKING:
    from danshu.ports.connector import Account, Answer, Call, Hearing, News, Send

_WHO: Final = "the CRM"
_DATA: Final = "/services/data/v60.0"
_NO: Final = frozenset({"FIELD_CUSTOM_VALIDATION_EXCEPTION", "DUPLICATES_DETECTED"})


class Salesforce:
    """The adapter. Options `object` (Order__c) and `external_id` (Danshu_Key__c) name where records
    go; the secret is the access token.
    """

    capability = "crm"
    title = "Salesforce 客户"
    title_en = "Salesforce CRM"
    operations = (Operation(name="record", asks=SaleRecord, gives=Kept),)
    needs = ("object", "external_id", "access_key")

    async def call(self, account: Account, send: Send, call: Call, at_ms: int) -> Reply:
        """Put a record under the key."""
        ask = msgspec.json.decode(call.body, type=SaleRecord)
        told = {
            "Name": ask.number,
            "Channel__c": ask.channel,
            "Shop__c": ask.shop,
            "Status__c": ask.status,
            "PlacedAt__c": ask.at,
            "Total__c": _wire.yuan(ask.total),
            "Currency__c": ask.currency,
            "Buyer__c": ask.buyer,
            "Lines__c": msgspec.json.encode(ask.lines).decode(),
        }
        body = json.dumps(told, ensure_ascii=False).encode()
        answer = await _send(account, send, "PATCH", _place(account, call.key), body)
        refused = _refusal(answer)
        if refused is not None:
            return refused
        _wire.read(answer, _WHO)
        found = await self.find(account, send, call, at_ms) if not answer.body else None
        if found is not None:
            return found
        return _kept(_wire.read_object(answer.body, _WHO).get("id"))

    async def find(self, account: Account, send: Send, call: Call, at_ms: int) -> Reply | None:
        """Look for a record by its key."""
        answer = await _send(account, send, "GET", _place(account, call.key), b"")
        if answer.status == 404:
            return None
        told = _wire.read_object(_wire.read(answer, _WHO), _WHO)
        return _kept(told.get("Id"))

    async def probe(self, account: Account, send: Send, at_ms: int) -> None:
        """Look for a record that there can't be."""
        answer = await _send(account, send, "GET", _place(account, "danshu-probe"), b"")
        _wire.read(answer, _WHO, 404)

    async def read_books(
        self, account: Account, send: Send, cursor: str, at_ms: int
    ) -> tuple[tuple[Held, ...], str]:
        """Give a page of the records that bear a key of ours."""
        object_, field = account.options["object"], account.options["external_id"]
        asked = f"SELECT Id, {field} FROM {object_} WHERE {field} != null ORDER BY Id"
        path = cursor or f"{_DATA}/query?{urlencode({'q': asked})}"
        told = _wire.read_object(
            _wire.read(await _send(account, send, "GET", path, b""), _WHO), _WHO
        )
        held = tuple(
            Held(
                key=str(r.get(field, "")),
                operation="record",
                reference=str(r.get("Id", "")),
                verdict=Verdict.DONE,
            )
            for r in _wire.parts(told, "records")
        )
        return held, str(told.get("nextRecordsUrl") or "")

    def hear(self, account: Account, hearing: Hearing, at_ms: int) -> tuple[News, ...]:
        """Refuse: it calls nobody back."""
        raise _wire.BAD_SIGNATURE

    def acknowledge(self, accepted: bool) -> tuple[int, str, bytes]:
        """Answer by status alone."""
        return (204 if accepted else 422), "application/json", b""


def _place(account: Account, key: str) -> str:
    names = (account.options["object"], account.options["external_id"], key)
    return f"{_DATA}/sobjects/" + "/".join(quote(n, safe="") for n in names)


async def _send(account: Account, send: Send, method: str, path: str, body: bytes) -> Answer:
    headers = {
        "authorization": f"Bearer {account.secrets['access_key']}",
        "content-type": "application/json",
        "accept": "application/json",
    }
    return await send(method, account.url.rstrip("/") + path, headers, body)


def _refusal(answer: Answer) -> Reply | None:
    """Read a business "no" of a 400: `[{errorCode, message}]`."""
    if answer.status != 400:
        return None
    try:
        told = json.loads(answer.body)
    except ValueError:
        return None
    first: Any = told[0] if isinstance(told, list) and told else {}
    code = str(first.get("errorCode", "")) if isinstance(first, dict) else ""
    if code not in _NO:
        return None
    return Reply(verdict=Verdict.REFUSED, code=code, reason=str(first.get("message", ""))[:200])


def _kept(id_: object) -> Reply:
    if not id_:
        raise NotAvailable(f"{_WHO} names no record", _wire.RETRY_S)
    return Reply(verdict=Verdict.DONE, reference=str(id_)[:128])
