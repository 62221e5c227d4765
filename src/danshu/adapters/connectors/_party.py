"""Parties that are asked when an order is paid 已付款协同: one protocol, three sets of words.

    POST <url>/<things>                    a CloudEvent in structured mode
    POST <url>/<things>/<id>/<undoing>     {reason}
    GET  <url>/<things>?key=…              {items: […]}: what became of a key
    GET  <url>/<things>?cursor=…           {items: […], next}: its books
    <- {id, key, state, score?, code?, reason?, at?}; 202 where it takes its time
    said by the party: the same object, signed alike

Each message is signed after Standard Webhooks 1.0 (webhook-id, -timestamp, -signature), so that who
receives the hub's events proves both in one way; webhook-id is the call's key, and a repeat of it
gets the first answer. This is the hub's own protocol: who has another weaves it or writes a file.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

from danshu.adapters.connectors import _wire
from danshu.kernel.errors import InputError, NotAvailable
from danshu.ports.asks.paid import Agreed, PaidEvent, TakenBack, Undone
from danshu.ports.connector import Held, News, Operation, Reply, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.ports.connector import Account, Answer, Call, Hearing, Send

ASK: Final = "ask"
UNDO: Final = "undo"
_PREFIX: Final = "whsec_"
_AGE_MAX_S: Final = 300


def sign(secret: str, id_: str, stamp: str, body: bytes) -> str:
    """Sign after Standard Webhooks 1.0. Raises InputError `call_refused` for a secret that is none.

    A secret is `whsec_` and base64; any other text is its own bytes.
    """
    key = secret.encode()
    if secret.startswith(_PREFIX):
        try:
            key = base64.b64decode(secret[len(_PREFIX) :], validate=True)
        except binascii.Error as error:
            raise InputError("call_refused", "the signing secret is not base64") from error
    mac = hmac.digest(key, f"{id_}.{stamp}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(mac).decode()


class Party:
    """An adapter but for its words: `things` is the collection, `agreed` and `undone` its states,
    `undoing` the act that takes back.
    """

    capability: str
    title: str
    title_en: str
    things: str
    agreed: str
    refused: str
    undoing: str
    undone: str
    operations = (
        Operation(name=ASK, asks=PaidEvent, gives=Agreed, timeout_s=5.0, undo=UNDO),
        Operation(name=UNDO, asks=TakenBack, gives=Undone, timeout_s=5.0),
    )
    needs = ("signing_secret",)

    async def call(self, account: Account, send: Send, call: Call, at_ms: int) -> Reply:
        """Ask, or have it taken back."""
        path, body, kind = f"/{self.things}", call.body, "application/cloudevents+json"
        if call.operation == UNDO:
            ask = msgspec.json.decode(call.body, type=TakenBack)
            path += f"/{quote(ask.reference, safe='')}/{self.undoing}"
            body, kind = json.dumps({"reason": ask.reason}).encode(), "application/json"
        answer = await self._send(account, send, "POST", path, body, call.key, at_ms, kind)
        told = _wire.read_object(_wire.read(answer, self.title_en), self.title_en)
        return self._reply(told, call.operation)

    async def find(self, account: Account, send: Send, call: Call, at_ms: int) -> Reply | None:
        """Look for what was asked under the key; an undoing is found by what it takes back."""
        key = call.key
        if call.operation == UNDO:
            key = msgspec.json.decode(call.body, type=TakenBack).key
        told = await self._list(account, send, f"key={quote(key, safe='')}", key, at_ms)
        items = _wire.parts(told, "items")
        if not items:
            return None
        is_undone = items[0].get("state") == self.undone
        if call.operation == UNDO and not is_undone:
            return None
        return self._reply(items[0], call.operation)

    async def probe(self, account: Account, send: Send, at_ms: int) -> None:
        """Look for a key that there can't be."""
        await self._list(account, send, "key=danshu-probe", "probe", at_ms)

    async def read_books(
        self, account: Account, send: Send, cursor: str, at_ms: int
    ) -> tuple[tuple[Held, ...], str]:
        """Give a page of what it was asked."""
        asked = f"cursor={quote(cursor, safe='')}"
        told = await self._list(account, send, asked, cursor or "books", at_ms)
        held = tuple(
            Held(
                key=str(item.get("key", "")),
                operation=ASK,
                reference=str(item.get("id", "")),
                verdict=self._verdict(item),
            )
            for item in _wire.parts(told, "items")
        )
        return held, str(told.get("next") or "")

    def hear(self, account: Account, hearing: Hearing, at_ms: int) -> tuple[News, ...]:
        """Read an answer that came late."""
        given = hearing.headers
        id_, stamp = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
        expected = sign(account.secrets["signing_secret"], id_, stamp, hearing.body)
        is_fresh = stamp.isdigit() and abs(int(stamp) - at_ms // 1000) <= _AGE_MAX_S
        signatures = given.get("webhook-signature", "").split()
        if not id_ or not is_fresh or not any(_wire.same(s, expected) for s in signatures):
            raise _wire.BAD_SIGNATURE
        told = _wire.hear_object(hearing.body)
        try:
            reply = self._reply(told, ASK)
        except NotAvailable as error:
            raise InputError("bad_callback", error.detail) from error
        if not told.get("key"):
            raise InputError("bad_callback", "the message names no key")
        return (News(id=id_, key=str(told["key"]), reply=reply),)

    def acknowledge(self, accepted: bool) -> tuple[int, str, bytes]:
        """Answer by status alone."""
        return (204 if accepted else 422), "application/json", b""

    async def _list(
        self, account: Account, send: Send, query: str, key: str, at_ms: int
    ) -> dict[str, Any]:
        path = f"/{self.things}?{query}"
        answer = await self._send(account, send, "GET", path, b"", key, at_ms, "application/json")
        return _wire.read_object(_wire.read(answer, self.title_en), self.title_en)

    async def _send(
        self,
        account: Account,
        send: Send,
        method: str,
        path: str,
        body: bytes,
        key: str,
        at_ms: int,
        kind: str,
    ) -> Answer:
        stamp = str(at_ms // 1000)
        headers: Mapping[str, str] = {
            "content-type": kind,
            "webhook-id": key,
            "webhook-timestamp": stamp,
            "webhook-signature": sign(account.secrets["signing_secret"], key, stamp, body),
        }
        return await send(method, account.url.rstrip("/") + path, headers, body)

    def _verdict(self, told: dict[str, Any]) -> Verdict:
        state = told.get("state")
        if state in (self.agreed, self.undone):
            return Verdict.DONE
        if state == self.refused:
            return Verdict.REFUSED
        if state == "pending":
            return Verdict.PENDING
        raise NotAvailable(f"{self.title_en} says no state that is known", _wire.RETRY_S)

    def _reply(self, told: dict[str, Any], operation: str) -> Reply:
        verdict = self._verdict(told)
        body = b"{}"
        if verdict is Verdict.DONE and operation == UNDO:
            body = msgspec.json.encode(Undone(at=str(told.get("at") or "")))
        elif verdict is Verdict.DONE:
            score = told.get("score")
            detail = str(told.get("reason") or "")[: _wire.REASON_CHARS]
            agreed = Agreed(score=score if isinstance(score, int) else 0, detail=detail)
            body = msgspec.json.encode(agreed)
        return Reply(
            verdict=verdict,
            reference=str(told.get("id") or "")[:128],
            code=str(told.get("code") or "")[:64],
            reason=str(told.get("reason") or "")[: _wire.REASON_CHARS],
            body=body,
        )
