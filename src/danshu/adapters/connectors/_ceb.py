"""CEB messages 跨境电商进口报文: 311 order 订单, 411 payment 支付单, 511 waybill 运单, 621 list
清单, 623 withdrawal 撤销, 622 receipt 回执.

Names and order of elements are those of the published interface specification of the unified system
for cross-border retail imports 跨境电子商务零售进口统一版; general knowledge, checked against no
gateway. An element that we have no value for is left out where the specification lets it be.
"""

from __future__ import annotations

import datetime
import hashlib
import uuid
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from danshu.adapters.connectors import _qimen_form, _wire

if TYPE_CHECKING:
    import xml.etree.ElementTree as ET
    from collections.abc import Iterable

    from danshu.ports.asks.customs import Declaration, Goods, Withdrawal

SPACE: Final = "http://www.chinaport.gov.cn/ceb"
_SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_CNY: Final = "142"
Pairs = list[tuple[str, str]]


def guid(key: str, kind: str) -> str:
    """Give the GUID of a document: of one key always the same, as a repeat must be."""
    digest = hashlib.blake2b(f"{kind}/{key}".encode(), digest_size=16).digest()
    return str(uuid.UUID(bytes=digest)).upper()


def cop_no(key: str) -> str:
    """Give the number under which the enterprise knows a list 企业内部编号: 20 characters."""
    return hashlib.blake2b(key.encode(), digest_size=10).hexdigest().upper()


def stamp(at_ms: int) -> str:
    """Write an instant as the messages do, yyyyMMddHHmmss of Beijing."""
    return datetime.datetime.fromtimestamp(at_ms / 1000, _SHANGHAI).strftime("%Y%m%d%H%M%S")


def order(key: str, ask: Declaration, at: str) -> bytes:
    """Write CEB311."""
    value = sum(g.price * g.quantity for g in ask.goods)
    head = [
        *_head(key, "311", at),
        ("orderType", "I"),
        ("orderNo", ask.order),
        *_parties(ask),
        ("goodsValue", _wire.yuan(value)),
        ("freight", _wire.yuan(ask.freight)),
        ("discount", _wire.yuan(ask.discount)),
        ("taxTotal", _wire.yuan(ask.tax)),
        ("acturalPaid", _wire.yuan(ask.payment.amount)),  # spelled so in the specification
        ("currency", _CNY),
        ("buyerRegNo", ask.buyer.id_number[-8:]),
        *_buyer(ask),
        ("payCode", ask.payment.code),
        ("payName", ask.payment.name),
        ("payTransactionId", ask.payment.number),
        ("consignee", ask.buyer.name),
        ("consigneeTelephone", ask.buyer.phone),
        ("consigneeAddress", ask.buyer.address),
    ]
    lines = [
        [
            ("gnum", str(g.line)),
            ("itemNo", g.sku),
            ("itemName", g.title),
            ("unit", g.unit),
            ("qty", str(g.quantity)),
            ("price", _wire.yuan(g.price)),
            ("totalPrice", _total(g)),
            ("currency", _CNY),
            ("country", g.country),
        ]
        for g in ask.goods
    ]
    return _message("CEB311Message", key, "Order", ("OrderHead", [head]), ("OrderList", lines))


def payment(key: str, ask: Declaration, at: str) -> bytes:
    """Write CEB411."""
    head = [
        *_head(key, "411", at),
        ("payCode", ask.payment.code),
        ("payName", ask.payment.name),
        ("payTransactionId", ask.payment.number),
        ("orderNo", ask.order),
        ("ebpCode", ask.platform_code),
        ("ebpName", ask.platform),
        ("payerIdType", "1"),
        ("payerIdNumber", ask.buyer.id_number),
        ("payerName", ask.buyer.name),
        ("telephone", ask.buyer.phone),
        ("amountPaid", _wire.yuan(ask.payment.amount)),
        ("currency", _CNY),
        ("payTime", _local(ask.payment.at)),
    ]
    return _message("CEB411Message", key, "Payment", ("PaymentHead", [head]))


def waybill(key: str, ask: Declaration, at: str) -> bytes:
    """Write CEB511."""
    head = [
        *_head(key, "511", at),
        ("logisticsCode", ask.waybill.code),
        ("logisticsName", ask.waybill.name),
        ("logisticsNo", ask.waybill.number),
        ("freight", _wire.yuan(ask.freight)),
        ("insuredFee", _wire.yuan(ask.insured)),
        ("currency", _CNY),
        ("weight", f"{ask.waybill.weight_g / 1000:.4f}"),
        ("packNo", "1"),
        ("consignee", ask.buyer.name),
        ("consigneeAddress", ask.buyer.address),
        ("consigneeTelephone", ask.buyer.phone),
    ]
    return _message("CEB511Message", key, "Logistics", ("LogisticsHead", [head]))


def inventory(key: str, ask: Declaration, at: str) -> bytes:
    """Write CEB621."""
    weight = f"{ask.waybill.weight_g / 1000:.4f}"
    head = [
        *_head(key, "621", at),
        ("orderNo", ask.order),
        *_parties(ask),
        ("logisticsNo", ask.waybill.number),
        ("logisticsCode", ask.waybill.code),
        ("logisticsName", ask.waybill.name),
        ("copNo", cop_no(key)),
        ("ieFlag", "I"),
        ("declTime", at[:8]),
        ("customsCode", ask.customs),
        ("portCode", ask.port),
        *_buyer(ask),
        ("consigneeAddress", ask.buyer.address),
        ("agentCode", ask.merchant_code),
        ("agentName", ask.merchant),
        ("tradeMode", ask.mode),
        ("country", _CNY),
        ("freight", _wire.yuan(ask.freight)),
        ("insuredFee", _wire.yuan(ask.insured)),
        ("currency", _CNY),
        ("packNo", "1"),
        ("grossWeight", weight),
        ("netWeight", weight),
    ]
    lines = [
        [
            ("gnum", str(g.line)),
            ("itemNo", g.sku),
            ("gcode", g.hs_code),
            ("gname", g.title),
            ("country", g.country),
            ("currency", _CNY),
            ("qty", str(g.quantity)),
            ("qty1", str(g.quantity)),
            ("unit", g.unit),
            ("unit1", g.unit),
            ("price", _wire.yuan(g.price)),
            ("totalPrice", _total(g)),
        ]
        for g in ask.goods
    ]
    tables = (("InventoryHead", [head]), ("InventoryList", lines))
    return _message("CEB621Message", key, "Inventory", *tables)


def withdrawal(key: str, ask: Withdrawal, at: str) -> bytes:
    """Write CEB623."""
    head = [
        *_head(key, "623", at),
        ("copNo", cop_no(ask.key)),
        ("preNo", ask.reference),
        ("reason", ask.reason),
    ]
    return _message("CEB623Message", key, "InvtCancel", ("InvtCancelHead", [head]))


def read(body: bytes) -> ET.Element:
    """Read a message, its names without their name space. Raises InputError `bad_callback`."""
    root = _qimen_form.read(body)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def _head(key: str, kind: str, at: str) -> Pairs:
    return [("guid", guid(key, kind)), ("appType", "1"), ("appTime", at), ("appStatus", "2")]


def _parties(ask: Declaration) -> Pairs:
    return [
        ("ebpCode", ask.platform_code),
        ("ebpName", ask.platform),
        ("ebcCode", ask.merchant_code),
        ("ebcName", ask.merchant),
    ]


def _buyer(ask: Declaration) -> Pairs:
    return [
        ("buyerIdType", "1"),
        ("buyerIdNumber", ask.buyer.id_number),
        ("buyerName", ask.buyer.name),
        ("buyerTelephone", ask.buyer.phone),
    ]


def _total(goods: Goods) -> str:
    return _wire.yuan(goods.price * goods.quantity)


def _local(instant: str) -> str:
    at = datetime.datetime.fromisoformat(instant)
    return at.astimezone(_SHANGHAI).strftime("%Y%m%d%H%M%S")


def _message(root: str, key: str, name: str, *tables: tuple[str, list[Pairs]]) -> bytes:
    inner = "".join(
        f"<ceb:{table}>{_pairs(row)}</ceb:{table}>" for table, rows in tables for row in rows
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><ceb:{root} xmlns:ceb="{SPACE}" version="1.0"'
        f' guid="{guid(key, root)}"><ceb:{name}>{inner}</ceb:{name}></ceb:{root}>'
    ).encode()


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    return "".join(f"<ceb:{name}>{escape(value)}</ceb:{name}>" for name, value in pairs if value)
