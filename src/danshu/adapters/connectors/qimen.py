"""A warehouse that speaks Qimen 奇门: dispatches asked for and stopped, stock asked for; what it
says of picking, packing and shipping, and what it counts.

    POST <url>?method=…&customerId=…&app_key=…&timestamp=…&v=2.0&format=xml&sign_method=md5&sign=…
    deliveryorder.create   <request><deliveryOrder>…</deliveryOrder><orderLines>…</orderLines>
    deliveryorder.query    by orderCode; order.cancel; inventory.query
    <- <response><flag>success|failure</flag><code/><message/>…
    said by it, signed alike: orderprocess.report, deliveryorder.confirm, inventory.report

After the published Qimen scenario of the Taobao Open Platform (仓储). General knowledge, checked
against no warehouse: the words of processStatus, and that the same deliveryOrderCode is answered
with a failure whose code says that it is there (then it is looked for).
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec

from danshu.adapters.connectors import _qimen_form, _wire
from danshu.adapters.connectors._qimen_form import each, text
from danshu.kernel.errors import InputError, NotAvailable
from danshu.ports.asks.wms import (
    Counted,
    Dispatch,
    Moved,
    Parcel,
    Stock,
    StockAsk,
    Stop,
    Taken,
)
from danshu.ports.connector import Hearing, News, Operation, Reply, Verdict

if TYPE_CHECKING:
    import xml.etree.ElementTree as ET

    from danshu.ports.connector import Account, Call, Held, Send

_WHO: Final = "the warehouse"
_SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_THERE: Final = frozenset({"S011", "DUPLICATE", "ORDER_EXISTS"})  # it has this order already
_ABSENT: Final = frozenset({"S003", "NOT_FOUND", "ORDER_NOT_EXIST"})
_STOPPED: Final = frozenset({"CANCELED", "CLOSED"})
_REFUSED: Final = frozenset({"REJECT"})
_STEPS: Final = {"PICK": "picked", "PICKED": "picked", "PACKAGE": "packed", "PACKED": "packed"}
_encode: Final = msgspec.json.encode


class Qimen:
    """The adapter. `customer_id` is the merchant's with the warehouse, `owner_code` its goods'."""

    capability = "wms"
    title = "奇门仓储"
    title_en = "Warehouse (Qimen)"
    operations = (
        Operation(name="dispatch", asks=Dispatch, gives=Taken, undo="stop", repeatable=False),
        Operation(name="stop", asks=Stop, gives=Taken),
        Operation(name="stock", asks=StockAsk, gives=Stock),
    )
    needs = ("app_key_name", "customer_id", "owner_code", "app_secret")

    async def call(self, account: Account, send: Send, call: Call, at_ms: int) -> Reply:
        """Ask: `deliveryOrderCode` is the key of a dispatch."""
        if call.operation == "dispatch":
            ask = msgspec.json.decode(call.body, type=Dispatch)
            told = await _ask(
                account, send, "deliveryorder.create", _dispatch(account, call, ask), at_ms
            )
            if _is_done(told):
                at = text(told, "createTime")
                return _done(text(told, "deliveryOrderId"), Taken(at=_instant(at)))
            if text(told, "code") in _THERE:
                found = await self.find(account, send, call, at_ms)
                return found or _refuse(told)
            return _refuse(told)
        if call.operation == "stop":
            stop = msgspec.json.decode(call.body, type=Stop)
            told = await _ask(account, send, "order.cancel", _stop(account, stop), at_ms)
            return _done(stop.reference, Taken()) if _is_done(told) else _refuse(told)
        ask_stock = msgspec.json.decode(call.body, type=StockAsk)
        told = await _ask(account, send, "inventory.query", _stock(account, ask_stock), at_ms)
        if not _is_done(told):
            return _refuse(told)
        return _done("", Stock(counts=_counts(told, "items/item")))

    async def find(self, account: Account, send: Send, call: Call, at_ms: int) -> Reply | None:
        """Look for a dispatch by its code; what was stopped is found by the dispatch it stops."""
        key = call.key
        if call.operation == "stop":
            key = msgspec.json.decode(call.body, type=Stop).key
        if call.operation == "stock":
            return None  # asking changes nothing: it is asked again
        told = await _query(account, send, key, at_ms)
        if not _is_done(told):
            return None if text(told, "code") in _ABSENT else _refuse(told)
        order = told.find("deliveryOrder")
        if order is None:
            return None
        number, status = text(order, "deliveryOrderId"), text(order, "status")
        if call.operation == "stop":
            return _done(number, Taken()) if status in _STOPPED else None
        if status in _REFUSED:
            return Reply(verdict=Verdict.REFUSED, reference=number, code=status)
        return _done(number, Taken(at=_instant(text(order, "createTime"))))

    async def probe(self, account: Account, send: Send, at_ms: int) -> None:
        """Look for an order that there can't be."""
        await _query(account, send, "danshu-probe", at_ms)

    async def read_books(
        self, account: Account, send: Send, cursor: str, at_ms: int
    ) -> tuple[tuple[Held, ...], str]:
        """Give nothing: Qimen has no listing of a merchant's dispatches."""
        return (), ""

    def hear(self, account: Account, hearing: Hearing, at_ms: int) -> tuple[News, ...]:
        """Read what the warehouse says, by the method that it names."""
        given = hearing.query.get("sign", "")
        signed = _qimen_form.sign(hearing.query, hearing.body, account.secrets["app_secret"])
        if not _wire.same(given.upper(), signed):
            raise _wire.BAD_SIGNATURE
        if hearing.query.get("customerId") != account.options["customer_id"]:
            raise _wire.BAD_SIGNATURE
        told = _qimen_form.read(hearing.body)
        method = hearing.query.get("method", "").rpartition("qimen.")[2]
        match method:
            case "deliveryorder.confirm":
                return (_confirmed(told),)
            case "orderprocess.report":
                return _processed(told)
            case "inventory.report":
                return (_inventory(told),)
        raise InputError("bad_callback", f"no method {method[:60]!r}")

    def acknowledge(self, accepted: bool) -> tuple[int, str, bytes]:
        """A failure is said again."""
        tree: _qimen_form.Tree = [
            ("flag", "success" if accepted else "failure"),
            ("code", "0" if accepted else "DANSHU"),
            ("message", "" if accepted else "not accepted"),
        ]
        return 200, "text/xml", _qimen_form.write("response", tree)


async def _ask(
    account: Account, send: Send, method: str, tree: _qimen_form.Tree, at_ms: int
) -> ET.Element:
    body = _qimen_form.write("request", tree)
    at = datetime.datetime.fromtimestamp(at_ms / 1000, _SHANGHAI)
    query = {
        "app_key": account.options["app_key_name"],
        "customerId": account.options["customer_id"],
        "format": "xml",
        "method": method,
        "sign_method": "md5",
        "timestamp": at.strftime("%Y-%m-%d %H:%M:%S"),
        "v": "2.0",
    }
    query["sign"] = _qimen_form.sign(query, body, account.secrets["app_secret"])
    url = account.url.rstrip("/") + "?" + urlencode(query)
    answer = await send("POST", url, {"content-type": "text/xml;charset=utf-8"}, body)
    got = _wire.read(answer, _WHO)
    try:
        told = _qimen_form.read(got)
    except InputError as error:
        raise NotAvailable(f"{_WHO}'s answer is no XML", _wire.RETRY_S) from error
    if text(told, "code") in ("sign-check-failure", "isv.invalid-signature"):
        raise _wire.refused(_WHO, text(told, "code"), text(told, "message"))
    return told


async def _query(account: Account, send: Send, key: str, at_ms: int) -> ET.Element:
    tree: _qimen_form.Tree = [("orderCode", key), ("ownerCode", account.options["owner_code"])]
    return await _ask(account, send, "deliveryorder.query", tree, at_ms)


def _dispatch(account: Account, call: Call, ask: Dispatch) -> _qimen_form.Tree:
    r, owner = ask.receiver, account.options["owner_code"]
    return [
        (
            "deliveryOrder",
            [
                ("deliveryOrderCode", call.key),
                ("orderType", "JYCK"),
                ("warehouseCode", ask.warehouse),
                ("createTime", _local(ask.placed)),
                ("placeOrderTime", _local(ask.placed)),
                ("payTime", _local(ask.paid)),
                ("operateTime", _local(ask.paid or ask.placed)),
                ("sourcePlatformCode", ask.channel),
                ("shopNick", ask.shop),
                ("logisticsCode", ask.carrier),
                ("senderInfo", [("company", ask.shop)]),
                (
                    "receiverInfo",
                    [
                        ("name", r.name),
                        ("mobile", r.phone),
                        ("province", r.province),
                        ("city", r.city),
                        ("area", r.district),
                        ("town", r.street),
                        ("detailAddress", r.detail),
                    ],
                ),
            ],
        ),
        (
            "orderLines",
            [
                (
                    "orderLine",
                    [
                        ("orderLineNo", n.line),
                        ("sourceOrderCode", ask.number),
                        ("ownerCode", owner),
                        ("itemCode", n.sku),
                        ("itemName", n.title),
                        ("planQty", n.quantity),
                        ("actualPrice", _wire.yuan(n.price)),
                    ],
                )
                for n in ask.lines
            ],
        ),
    ]


def _stop(account: Account, stop: Stop) -> _qimen_form.Tree:
    return [
        ("warehouseCode", stop.warehouse),
        ("ownerCode", account.options["owner_code"]),
        ("orderCode", stop.key),
        ("orderId", stop.reference),
        ("orderType", "JYCK"),
        ("cancelReason", stop.reason),
    ]


def _stock(account: Account, ask: StockAsk) -> _qimen_form.Tree:
    owner = account.options["owner_code"]
    one = [("warehouseCode", ask.warehouse), ("ownerCode", owner)]
    return [("criteriaList", [("criteria", [*one, ("itemCode", sku)]) for sku in ask.skus])]


def _is_done(told: ET.Element) -> bool:
    return text(told, "flag") == "success"


def _done(reference: str, given: Taken | Stock) -> Reply:
    return Reply(verdict=Verdict.DONE, reference=reference, body=_encode(given))


def _refuse(told: ET.Element) -> Reply:
    reason = text(told, "message")[: _wire.REASON_CHARS]
    return Reply(verdict=Verdict.REFUSED, code=text(told, "code")[:60], reason=reason)


def _local(at: str) -> str:
    """Write an instant as Shanghai's wall clock, as Qimen has it; "" stays."""
    if not at:
        return ""
    moment = datetime.datetime.fromisoformat(at).astimezone(_SHANGHAI)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def _instant(local: str) -> str:
    """Read Shanghai's wall clock as an instant; "" where it is none."""
    try:
        return datetime.datetime.fromisoformat(local).replace(tzinfo=_SHANGHAI).isoformat()
    except ValueError:
        return ""


def _confirmed(told: ET.Element) -> News:
    """发货单确认: it has left, by whom and under which number."""
    order = told.find("deliveryOrder")
    code = text(told, "deliveryOrder/deliveryOrderCode")
    if order is None or not code:
        raise InputError("bad_callback", "the confirmation names no order")
    parcels = tuple(
        Parcel(carrier=text(p, "logisticsCode"), waybill=text(p, "expressCode"))
        for p in each(told, "packages/package")
    )
    parcels = parcels or (
        Parcel(carrier=text(order, "logisticsCode"), waybill=text(order, "expressCode")),
    )
    at = _instant(text(order, "orderConfirmTime") or text(order, "operateTime"))
    # outBizCode is the warehouse's own number of this message: a repeat has the same
    id_ = text(order, "outBizCode") or f"{code}/confirm"
    body = _encode(Moved(step="shipped", at=at, parcels=parcels))
    return News(id=id_, kind="wms.moved", subject=code, body=body)


def _processed(told: ET.Element) -> tuple[News, ...]:
    """订单流水通知: how far it has come."""
    code = text(told, "order/orderCode")
    status, at = text(told, "process/processStatus"), text(told, "process/operateTime")
    if not code or not status:
        raise InputError("bad_callback", "the report names no order or no step")
    step = _STEPS.get(status)
    if step is None:
        return ()  # accepted, printed: nothing that an order is told
    body = _encode(Moved(step=step, at=_instant(at)))
    return (News(id=f"{code}/{status}/{at}", kind="wms.moved", subject=code, body=body),)


def _inventory(told: ET.Element) -> News:
    """库存盘点通知, as counts that hold; `outBizCode` tells a repeat."""
    warehouse, id_ = text(told, "warehouseCode"), text(told, "outBizCode")
    counts = _counts(told, "items/item", warehouse)
    if not id_ or not counts:
        raise InputError("bad_callback", "the report counts nothing, or has no number")
    return News(id=id_, kind="stock.counted", subject=warehouse, body=_encode(Stock(counts=counts)))


def _counts(told: ET.Element, path: str, warehouse: str = "") -> tuple[Counted, ...]:
    found = []
    for item in each(told, path):
        units = text(item, "totalQty") or text(item, "quantity")
        if not units.isdigit():
            raise InputError("bad_callback", "a count is no number of units")
        at = text(item, "warehouseCode") or warehouse
        found.append(Counted(warehouse=at, sku=text(item, "itemCode"), quantity=int(units)))
    return tuple(found)
