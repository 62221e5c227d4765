"""An ERP by Kingdee's K3Cloud web API 金蝶云星空: sales orders and vouchers.

    POST <url>/Kingdee.BOS.WebApi.ServicesStub.AuthService.LoginByAppSecret.common.kdsvc
    POST <url>/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.<Save|View>.common.kdsvc
        {"formid": "SAL_SaleOrder" | "GL_VOUCHER", "data": {"Model": {"FBillNo": …}} as JSON text}
    <- {"Result": {"Id", "Number", "ResponseStatus": {"IsSuccess", "Errors": [{"Message"}]}}}

After open.kingdee.com as its public clients speak it. General knowledge, not checked against one
installation: the words of a number that is taken (then it is looked for), and of one that is not
there. Numbers are the keys, so that the ERP itself takes none twice.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.adapters.connectors import _wire
from danshu.kernel.errors import NotAvailable
from danshu.ports.asks.records import Kept, SaleRecord, Voucher
from danshu.ports.connector import Operation, Reply, Verdict

if TYPE_CHECKING:
    from danshu.ports.connector import Account, Call, Hearing, Held, News, Send

_WHO: Final = "the ERP"
_SERVICES: Final = "/Kingdee.BOS.WebApi.ServicesStub."
_FORMS: Final = {"sale": "SAL_SaleOrder", "voucher": "GL_VOUCHER"}
_TAKEN: Final = "已存在"
_ABSENT: Final = "不存在"
_LOST: Final = "会话"  # the session is over: it is entered anew at the next try


class Kingdee:
    """The adapter. Options name the account set, the user and the application; each call enters
    anew, as the hub keeps no session.
    """

    capability = "erp"
    title = "金蝶云星空"
    title_en = "Kingdee K3Cloud"
    operations = (
        Operation(name="sale", asks=SaleRecord, gives=Kept, repeatable=False),
        Operation(name="voucher", asks=Voucher, gives=Kept, repeatable=False),
    )
    needs = ("account_set", "user", "app_id", "app_secret")

    async def call(self, account: Account, send: Send, call: Call, at_ms: int) -> Reply:
        """Save a bill whose number is the key."""
        if call.operation == "sale":
            model = _sale(call.key, msgspec.json.decode(call.body, type=SaleRecord))
        else:
            model = _voucher(call.key, msgspec.json.decode(call.body, type=Voucher))
        told = await _ask(account, send, "Save", _FORMS[call.operation], {"Model": model})
        reply = _reply(told)
        if reply.verdict is Verdict.REFUSED and _TAKEN in reply.reason:
            found = await self.find(account, send, call, at_ms)
            return found or reply
        return reply

    async def find(self, account: Account, send: Send, call: Call, at_ms: int) -> Reply | None:
        """Look for a bill by its number."""
        told = await _ask(account, send, "View", _FORMS[call.operation], {"Number": call.key})
        reply = _reply(told)
        return None if reply.verdict is Verdict.REFUSED and _ABSENT in reply.reason else reply

    async def probe(self, account: Account, send: Send, at_ms: int) -> None:
        """Enter."""
        await _enter(account, send)

    async def read_books(
        self, account: Account, send: Send, cursor: str, at_ms: int
    ) -> tuple[tuple[Held, ...], str]:
        """Give nothing: its bills are not ours alone."""
        return (), ""

    def hear(self, account: Account, hearing: Hearing, at_ms: int) -> tuple[News, ...]:
        """Refuse: it calls nobody back."""
        raise _wire.BAD_SIGNATURE

    def acknowledge(self, accepted: bool) -> tuple[int, str, bytes]:
        """Answer by status alone."""
        return (204 if accepted else 422), "application/json", b""


def _sale(number: str, ask: SaleRecord) -> dict[str, Any]:
    return {
        "FBillNo": number,
        "FDate": ask.at[:10],
        "FCustId": {"FNumber": ask.channel},
        "FNote": f"{ask.shop} {ask.number}".strip(),
        "FSettleCurrId": {"FNumber": ask.currency},
        "FSaleOrderEntry": [
            {
                "FMaterialId": {"FNumber": n.sku},
                "FQty": n.quantity,
                "FAllAmount": _wire.yuan(n.paid),
            }
            for n in ask.lines
        ],
    }


def _voucher(number: str, ask: Voucher) -> dict[str, Any]:
    return {
        "FBillNo": number,
        "FDate": ask.day,
        "FEntity": [
            {
                "FEXPLANATION": e.text or ask.text,
                "FACCOUNTID": {"FNumber": e.account},
                "FDEBIT": _wire.yuan(e.debit),
                "FCREDIT": _wire.yuan(e.credit),
            }
            for e in ask.entries
        ],
    }


async def _enter(account: Account, send: Send) -> str:
    """Enter; gives the cookie of the session."""
    o = account.options
    parameters = [o["account_set"], o["user"], o["app_id"], account.secrets["app_secret"], 2052]
    body = json.dumps({"parameters": parameters}, ensure_ascii=False).encode()
    url = account.url.rstrip("/") + _SERVICES + "AuthService.LoginByAppSecret.common.kdsvc"
    answer = await send("POST", url, {"content-type": "application/json"}, body)
    told = _wire.read_object(_wire.read(answer, _WHO), _WHO)
    if told.get("LoginResultType") != 1:
        raise _wire.refused(_WHO, "login", str(told.get("LoginResultType", "")))
    return f"kdservice-sessionid={told.get('KDSVCSessionId', '')}"


async def _ask(
    account: Account, send: Send, act: str, form: str, data: dict[str, Any]
) -> dict[str, Any]:
    cookie = await _enter(account, send)
    told = {"formid": form, "data": json.dumps(data, ensure_ascii=False)}
    url = account.url.rstrip("/") + _SERVICES + f"DynamicFormService.{act}.common.kdsvc"
    headers = {"content-type": "application/json", "cookie": cookie}
    answer = await send("POST", url, headers, json.dumps(told, ensure_ascii=False).encode())
    return _wire.part(_wire.read_object(_wire.read(answer, _WHO), _WHO), "Result")


def _reply(result: dict[str, Any]) -> Reply:
    status = _wire.part(result, "ResponseStatus")
    errors = _wire.parts(status, "Errors")
    reason = "；".join(str(e.get("Message", "")) for e in errors)[: _wire.REASON_CHARS]
    if status.get("IsSuccess") is True:
        return Reply(verdict=Verdict.DONE, reference=str(result.get("Id", ""))[:128])
    if not reason or _LOST in reason:
        raise NotAvailable(f"{_WHO} says neither yes nor no", _wire.RETRY_S)
    return Reply(verdict=Verdict.REFUSED, code="not_saved", reason=reason)
