"""The words of the two reference brokers: requests proved and read, answers and receipts written.

Written from the protocols' descriptions apart from the adapters, so that a mistake in one is seen.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from msgspec import Struct

from danshu.testing.far_side import Answer, Asked, tell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SECRET: Final = "brokers' secret"
COP: Final = "3100960001"
DXP: Final = "DXPENT0000012345"
WITHDRAWN: Final = {"rest": "WITHDRAWN", "window": "W"}
_CEB: Final = "{http://www.chinaport.gov.cn/ceb}"
_DOCUMENTS: Final = {
    "order": "CEB311Message",
    "payment": "CEB411Message",
    "logistics": "CEB511Message",
    "inventory": "CEB621Message",
}


class Form(Struct, frozen=True, kw_only=True):
    """What is asked, whatever the words."""

    act: str
    key: str = ""
    order: str = ""
    number: str = ""
    cursor: str = ""
    digest: str = ""
    notify: str = ""


class Entry(Struct, kw_only=True):
    """A declaration in the broker's books; `times` counts how often it was really declared."""

    key: str
    order: str
    number: str
    status: str
    digest: str = ""
    notify: str = ""
    times: int = 1


def read(kind: str, asked: Asked) -> Form | Answer:
    """Prove a request and read it, or answer that it can't be."""
    return _read_rest(asked) if kind == "rest" else _read_window(asked)


def _read_rest(asked: Asked) -> Form | Answer:
    stamp = asked.headers.get("x-broker-time", "")
    hashed = hashlib.sha256(asked.body).hexdigest()
    text = "\n".join((asked.method, asked.target, stamp, hashed))
    expected = hmac.new(SECRET.encode(), text.encode(), "sha256").hexdigest()
    if not hmac.compare_digest(asked.headers.get("x-broker-sign", ""), expected):
        return tell({"code": "BAD_SIGN", "message": "signature"}, 401)
    if asked.path == "/v2/status":
        return Form(act="ping")
    if asked.method == "GET":
        query = asked.query
        if "clientRef" in query:
            return Form(act="find", key=query["clientRef"])
        return Form(act="list", cursor=query.get("cursor", ""))
    told = json.loads(asked.body)
    if asked.path.endswith("/withdrawals"):
        return Form(act="withdraw", key=told["clientRef"], number=asked.path.split("/")[3])
    missing = [n for n in ("order", "payment", "logistics", "items") if not told.get(n)]
    if missing:
        return tell({"code": "MISSING", "message": missing[0]}, 400)
    paid, order = told["payment"]["amount"], told["order"]
    due = sum(_fen(order[n]) for n in ("goodsValue", "freight", "tax")) - _fen(order["discount"])
    if _fen(paid) != due:
        return tell({"code": "UNEQUAL", "message": f"paid {paid}, due {due / 100:.2f}"}, 422)
    return Form(
        act="declare",
        key=asked.headers.get("idempotency-key", ""),
        order=order["orderNo"],
        digest=hashed,
        notify=told.get("notifyUrl", ""),
    )


def _read_window(asked: Asked) -> Form | Answer:
    form = asked.form
    if form.get("sign") != sign(form):
        return _answer("10", "验签失败")
    if form.get("copCode") != COP or form.get("dxpId") != DXP:
        return _answer("11", "企业未备案")
    key = form.get("requestNo", "")
    match form.get("method"):
        case "ceb.ping":
            return Form(act="ping")
        case "ceb.query":
            return Form(act="find", key=form.get("find", ""))
        case "ceb.list":
            return Form(act="list", cursor=form.get("cursor", ""))
        case "ceb.cancel":
            head = ET.fromstring(form["cancel"]).find(f".//{_CEB}InvtCancelHead")
            number = head.findtext(f"{_CEB}preNo", "") if head is not None else ""
            return Form(act="withdraw", key=key, number=number)
        case "ceb.declare":
            return _read_documents(form, key)
    return _answer("12", "无此方法")


def _read_documents(form: Mapping[str, str], key: str) -> Form | Answer:
    """Hold the three documents and the list against one another 三单对碰."""
    found: dict[str, ET.Element] = {}
    for name, root in _DOCUMENTS.items():
        message = ET.fromstring(form.get(name, "<none/>"))
        if message.tag != _CEB + root:
            return _answer("21", f"缺少 {root}")
        found[name] = message
    numbers = {_text(found[name], "orderNo") for name in ("order", "payment", "inventory")} | {
        _text(found["order"], "orderNo")
    }
    paid = {_text(found["order"], "acturalPaid"), _text(found["payment"], "amountPaid")}
    waybills = {_text(found[name], "logisticsNo") for name in ("logistics", "inventory")}
    if len(numbers) > 1 or len(paid) > 1 or len(waybills) > 1:
        return _answer("22", "三单不一致")
    order = found["order"]
    due = sum(_fen(_text(order, n)) for n in ("goodsValue", "freight", "taxTotal"))
    if paid != {_text(order, "acturalPaid")} or _fen(_text(order, "acturalPaid")) != (
        due - _fen(_text(order, "discount"))
    ):
        return _answer("22", "支付金额与订单不符")
    lists = found["inventory"].findall(f".//{_CEB}InventoryList")
    if not lists or any(not e.findtext(f"{_CEB}gcode") for e in lists):
        return _answer("21", "清单无商品")
    number = _text(order, "orderNo")
    digest = hashlib.sha256(f"{number}/{sorted(paid)}/{sorted(waybills)}".encode()).hexdigest()
    return Form(
        act="declare", key=key, order=number, digest=digest, notify=form.get("notifyUrl", "")
    )


def write(kind: str, entries: Sequence[Entry], more: str = "") -> Answer:
    """Answer with entries."""
    if kind == "rest":
        return tell({"items": [_rest(entry) for entry in entries], "next": more})
    inner = "".join(_receipt(entry) for entry in entries)
    return _answer("0", "", f"{inner}<next>{more}</next>")


def write_one(kind: str, entry: Entry) -> Answer:
    """Answer with the entry of what was asked."""
    if kind == "rest":
        if entry.status == "100":
            return tell({"code": "RETURNED", "message": "海关退单"}, 422)
        return tell(_rest(entry), 201)
    return write(kind, [entry])


def refuse(kind: str, why: str) -> Answer:
    """Refuse a request."""
    return tell({"code": "NO", "message": why}, 422) if kind == "rest" else _answer("22", why)


def receipt(entry: Entry) -> tuple[bytes, dict[str, str]]:
    """Write the callback of a window broker."""
    fields = "".join(f"<ceb:{name}>{value}</ceb:{name}>" for name, value in _fields(entry))
    message = (
        f'<ceb:CEB622Message xmlns:ceb="{_CEB[1:-1]}" version="1.0">'
        f"<ceb:InventoryReturn>{fields}</ceb:InventoryReturn></ceb:CEB622Message>"
    )
    form = {
        "method": "ceb.receipt",
        "copCode": COP,
        "requestNo": entry.key,
        "receipt": message,
        "timestamp": time.strftime("%Y%m%d%H%M%S"),
    }
    form["sign"] = sign(form)
    return urlencode(form).encode(), {"content-type": "application/x-www-form-urlencoded"}


def rest_callback(entry: Entry, event: str, stamp: str) -> tuple[bytes, dict[str, str]]:
    """Write the callback of a REST broker."""
    body = json.dumps({**_rest(entry), "eventId": event}).encode()
    text = "\n".join(("POST", "callback", stamp, hashlib.sha256(body).hexdigest()))
    signed = hmac.new(SECRET.encode(), text.encode(), "sha256").hexdigest()
    return body, {"x-broker-time": stamp, "x-broker-sign": signed}


def sign(form: Mapping[str, str]) -> str:
    """Sign a form as the window broker does."""
    text = SECRET + "".join(n + form[n] for n in sorted(form) if n != "sign") + SECRET
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()


def _rest(entry: Entry) -> dict[str, Any]:
    return {
        "declarationNo": entry.number,
        "clientRef": entry.key,
        "status": entry.status,
        "listNo": f"I{entry.number}",
        "at": "2026-11-30T10:00:00+08:00",
    }


def _fields(entry: Entry) -> list[tuple[str, str]]:
    cop_no = hashlib.blake2b(entry.key.encode(), digest_size=10).hexdigest().upper()
    guid = hashlib.sha256(f"{entry.number}/{entry.status}".encode()).hexdigest()[:32]
    return [
        ("guid", guid),
        ("customsCode", "2244"),
        ("copNo", cop_no),
        ("preNo", entry.number),
        ("invtNo", f"I{entry.number}" if entry.status == "800" else ""),
        ("returnStatus", entry.status),
        ("returnTime", time.strftime("%Y%m%d%H%M%S")),
        ("returnInfo", "海关退单" if entry.status == "100" else ""),
    ]


def _receipt(entry: Entry) -> str:
    pairs = [("requestNo", entry.key), *_fields(entry)]
    return "<Receipt>" + "".join(f"<{n}>{v}</{n}>" for n, v in pairs) + "</Receipt>"


def _answer(code: str, message: str, inner: str = "") -> Answer:
    body = f"<Response><code>{code}</code><message>{message}</message>{inner}</Response>"
    return Answer(body=body.encode(), type="text/xml")


def _text(message: ET.Element, name: str) -> str:
    return message.findtext(f".//{_CEB}{name}", "")


def _fen(yuan: str) -> int:
    return round(float(yuan) * 100)
