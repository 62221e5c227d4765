"""A customs broker that forwards CEB messages and says later what became of them 报关行(报文).

    POST <url>/gateway   application/x-www-form-urlencoded
      method=ceb.declare  copCode dxpId requestNo timestamp sign
                          order=CEB311 payment=CEB411 logistics=CEB511 inventory=CEB621 notifyUrl
      method=ceb.cancel   … cancel=CEB623
      method=ceb.query    … find=<requestNo>;  ceb.list … cursor=<…>;  ceb.ping
    <- <Response><code>0</code><message/><Receipt>…</Receipt>…<next/></Response>
    said by it later: method=ceb.receipt … receipt=CEB622, signed alike

sign: upper-case hex of md5(secret + names and values of the form in order + secret). `requestNo` is
the key: a repeat is answered with the receipt as it stands. Gateway and form are general knowledge;
for the messages see _ceb.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlencode

import msgspec

from danshu.adapters.connectors import _ceb, _wire
from danshu.adapters.connectors._qimen_form import sign, text
from danshu.kernel.errors import InputError, NotAvailable
from danshu.ports.asks.customs import Declaration, Declared, Withdrawal, Withdrawn
from danshu.ports.connector import Held, News, Operation, Reply, Verdict

if TYPE_CHECKING:
    import xml.etree.ElementTree as ET

    from danshu.ports.connector import Account, Call, Hearing, Send

_WHO: Final = "the broker"
_DONE: Final = frozenset({"800", "899"})
_REFUSED: Final = frozenset({"4", "100", "501", "502", "503", "599", "700"})
_WITHDRAWN: Final = "W"  # the gateway's own word for a list that was taken back
_BUSY: Final = "98"
_RULED: Final = frozenset({"21", "22"})  # a document is refused by the gateway itself


class CustomsWindow:
    """The adapter. `cop_code` is the enterprise's code with customs, `dxp_id` its mailbox."""

    capability = "customs"
    title = "报关行(总署报文)"
    title_en = "Customs broker (CEB messages)"
    operations = (
        Operation(name="declare", asks=Declaration, gives=Declared, undo="withdraw"),
        Operation(name="withdraw", asks=Withdrawal, gives=Withdrawn),
    )
    needs = ("cop_code", "dxp_id", "signing_secret")

    async def call(self, account: Account, send: Send, call: Call, at_ms: int) -> Reply:
        """Ask. The receipt comes by callback, or is looked for."""
        at = _ceb.stamp(at_ms)
        if call.operation == "withdraw":
            ask = msgspec.json.decode(call.body, type=Withdrawal)
            form = {"method": "ceb.cancel", "cancel": _ceb.withdrawal(call.key, ask, at).decode()}
        else:
            told = msgspec.json.decode(call.body, type=Declaration)
            form = {
                "method": "ceb.declare",
                "order": _ceb.order(call.key, told, at).decode(),
                "payment": _ceb.payment(call.key, told, at).decode(),
                "logistics": _ceb.waybill(call.key, told, at).decode(),
                "inventory": _ceb.inventory(call.key, told, at).decode(),
                "notifyUrl": account.options.get("callback_url", ""),
            }
        answer = await _ask(account, send, form, call.key, at)
        code = text(answer, "code")
        if code in _RULED:
            reason = text(answer, "message")[:200]
            return Reply(verdict=Verdict.REFUSED, code=code, reason=reason)
        return _reply(_first(answer), call.operation)

    async def find(self, account: Account, send: Send, call: Call, at_ms: int) -> Reply | None:
        """Look for the receipt of the key; a withdrawal shows at what it withdraws."""
        key = call.key
        if call.operation == "withdraw":
            key = msgspec.json.decode(call.body, type=Withdrawal).key
        form = {"method": "ceb.query", "find": key}
        receipt = (await _ask(account, send, form, "", _ceb.stamp(at_ms))).find("Receipt")
        if receipt is None:
            return None
        if call.operation == "withdraw" and text(receipt, "returnStatus") != _WITHDRAWN:
            return None
        return _reply(receipt, call.operation)

    async def probe(self, account: Account, send: Send, at_ms: int) -> None:
        """Ask whether it is there."""
        await _ask(account, send, {"method": "ceb.ping"}, "", _ceb.stamp(at_ms))

    async def read_books(
        self, account: Account, send: Send, cursor: str, at_ms: int
    ) -> tuple[tuple[Held, ...], str]:
        """Give a page of the lists that it has."""
        form = {"method": "ceb.list", "cursor": cursor}
        told = await _ask(account, send, form, "", _ceb.stamp(at_ms))
        return tuple(_held(one) for one in told.findall("Receipt")), text(told, "next")

    def hear(self, account: Account, hearing: Hearing, at_ms: int) -> tuple[News, ...]:
        """Read a receipt, CEB622."""
        try:
            form = dict(parse_qsl(hearing.body.decode(), keep_blank_values=True))
        except ValueError as error:
            raise InputError("bad_callback", "the callback is no form") from error
        expected = sign(form, b"", account.secrets["signing_secret"])
        if not _wire.same(form.get("sign", "").upper(), expected):
            raise _wire.BAD_SIGNATURE
        if (
            form.get("method") != "ceb.receipt"
            or form.get("copCode") != account.options["cop_code"]
        ):
            raise InputError("bad_callback", "not a receipt of this enterprise")
        told = _ceb.read(form.get("receipt", "").encode()).find("InventoryReturn")
        if told is None:
            raise InputError("bad_callback", "no InventoryReturn")
        key = form.get("requestNo", "")
        if not key or text(told, "copNo") != _ceb.cop_no(key):
            raise InputError("bad_callback", "requestNo and copNo name two lists")
        try:
            reply = _reply(told, "declare")
        except NotAvailable as error:
            raise InputError("bad_callback", error.detail) from error
        return (News(id=text(told, "guid"), key=key, reply=reply),)

    def acknowledge(self, accepted: bool) -> tuple[int, str, bytes]:
        """Answer by a word; what was not accepted is said again."""
        word = "success" if accepted else "fail"
        return 200, "text/plain", word.encode()


async def _ask(account: Account, send: Send, form: dict[str, str], key: str, at: str) -> ET.Element:
    whole = {
        **form,
        "copCode": account.options["cop_code"],
        "dxpId": account.options["dxp_id"],
        "requestNo": key,
        "timestamp": at,
    }
    whole["sign"] = sign(whole, b"", account.secrets["signing_secret"])
    headers = {"content-type": "application/x-www-form-urlencoded;charset=utf-8"}
    body = urlencode(whole).encode()
    answer = await send("POST", account.url.rstrip("/") + "/gateway", headers, body)
    try:
        told = _ceb.read(_wire.read(answer, _WHO))
    except InputError as error:
        if error.code == "call_refused":
            raise
        raise NotAvailable(f"{_WHO}'s answer is no XML", _wire.RETRY_S) from error
    code = text(told, "code")
    if code == _BUSY:
        raise NotAvailable(f"{_WHO} is busy", _wire.RETRY_S)
    if code != "0" and code not in _RULED:
        raise _wire.refused(_WHO, code, text(told, "message"))
    return told


def _first(answer: ET.Element) -> ET.Element:
    receipt = answer.find("Receipt")
    if receipt is None:
        raise NotAvailable(f"{_WHO} answers without a receipt", _wire.RETRY_S)
    return receipt


def _reply(receipt: ET.Element, operation: str) -> Reply:
    """Read a receipt. Raises NotAvailable for a status that is not known."""
    status, number = text(receipt, "returnStatus"), text(receipt, "preNo")
    info = text(receipt, "returnInfo")[:200]
    if operation == "withdraw":
        if status == _WITHDRAWN:
            body = msgspec.json.encode(Withdrawn())
            return Reply(verdict=Verdict.DONE, reference=number, body=body)
        return Reply(verdict=Verdict.REFUSED, reference=number, code=status, reason=info)
    match _verdict(status):
        case Verdict.DONE:
            given = Declared(number=text(receipt, "invtNo"), status=status)
            body = msgspec.json.encode(given)
            return Reply(verdict=Verdict.DONE, reference=number, body=body)
        case Verdict.REFUSED:
            return Reply(verdict=Verdict.REFUSED, reference=number, code=status, reason=info)
        case Verdict.PENDING if status.isdigit():
            return Reply(verdict=Verdict.PENDING, reference=number)
    raise NotAvailable(f"{_WHO} says status {status[:20]!r}", _wire.RETRY_S)


def _verdict(status: str) -> Verdict:
    if status in _DONE or status == _WITHDRAWN:
        return Verdict.DONE
    if status in _REFUSED or status.startswith("-"):
        return Verdict.REFUSED
    return Verdict.PENDING


def _held(receipt: ET.Element) -> Held:
    return Held(
        key=text(receipt, "requestNo"),
        operation="declare",
        reference=text(receipt, "preNo"),
        verdict=_verdict(text(receipt, "returnStatus")),
    )
