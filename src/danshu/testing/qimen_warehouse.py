"""A reference warehouse that speaks Qimen: proves the md5 signature, keeps dispatches by their
code, and makes the signed messages that a warehouse sends: picked, packed, shipped, counted.

`unknown` are SKUs that it has never heard of; `trouble` are codes to answer next; `lose` counts
answers lost after the work is done.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from danshu.testing import far_side
from danshu.testing.far_side import Answer, Asked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CUSTOMER: Final = "c1688"
APP_KEY: Final = "12345678"
OWNER: Final = "DANSHU"
SECRET: Final = "qimen secret"
OPTIONS: Final = {"app_key_name": APP_KEY, "customer_id": CUSTOMER, "owner_code": OWNER}
SECRETS: Final = {"app_secret": SECRET}


def sign(parameters: Mapping[str, str], body: bytes) -> str:
    """Sign a message as the scenario says."""
    text = SECRET + "".join(k + parameters[k] for k in sorted(parameters) if k != "sign")
    whole = text.encode() + body + SECRET.encode()
    return hashlib.md5(whole, usedforsecurity=False).hexdigest().upper()


class Warehouse:
    """What the warehouse knows, and how it fails."""

    def __init__(self) -> None:
        self.url = ""
        self.dispatches: dict[str, dict[str, str]] = {}
        self.bodies: dict[str, str] = {}
        self.stock: dict[str, int] = {}
        self.unknown: set[str] = set()
        self.trouble: list[str] = []
        self.lose = 0
        self._lock = threading.Lock()

    def respond(self, asked: Asked) -> Answer | None:
        """Answer one request."""
        query = asked.query
        if query.get("sign") != sign(query, asked.body) or query.get("customerId") != CUSTOMER:
            return _fail("sign-check-failure", "验签失败")
        with self._lock:
            if self.trouble:
                return _fail(self.trouble.pop(0), "as told")
            told = ET.fromstring(asked.body)
            answer = self._act(query.get("method", ""), told, asked.body.decode())
            if self.lose:
                self.lose -= 1
                return None
        return answer

    def _act(self, method: str, told: ET.Element, body: str) -> Answer:
        if method == "deliveryorder.create":
            return self._create(told, body)
        if method == "deliveryorder.query":
            code = told.findtext("orderCode") or ""
            found = self.dispatches.get(code)
            if found is None:
                return _fail("S003", "单据不存在")
            inner = "".join(f"<{k}>{v}</{k}>" for k, v in found.items())
            return _done(f"<deliveryOrder><deliveryOrderCode>{code}</deliveryOrderCode>{inner}"
                         "</deliveryOrder>")  # fmt: skip
        if method == "order.cancel":
            found = self.dispatches.get(told.findtext("orderCode") or "")
            if found is None or found["status"] not in ("ACCEPT", "CANCELED"):
                return _fail("S007", "单据已出库或不存在,不能取消")
            found["status"] = "CANCELED"
            return _done("")
        if method == "inventory.query":
            skus = [c.findtext("itemCode") or "" for c in told.findall("criteriaList/criteria")]
            at = told.findtext("criteriaList/criteria/warehouseCode") or ""
            items = "".join(
                f"<item><warehouseCode>{at}</warehouseCode><itemCode>{sku}</itemCode>"
                f"<quantity>{self.stock.get(sku, 0)}</quantity></item>"
                for sku in skus
            )
            return _done(f"<items>{items}</items>")
        return _fail("S001", "无此方法")

    def _create(self, told: ET.Element, body: str) -> Answer:
        code = told.findtext("deliveryOrder/deliveryOrderCode") or ""
        if not code or not told.findall("orderLines/orderLine"):
            return _fail("S002", "缺少必填字段")
        if code in self.dispatches:
            return _fail("S011", "单据已存在")
        if self.unknown.intersection(n.text or "" for n in told.iter("itemCode")):
            return _fail("S005", "商品不存在")
        number = f"W{len(self.dispatches) + 1:08d}"
        at = "2026-11-30 10:00:00"
        self.dispatches[code] = {"deliveryOrderId": number, "status": "ACCEPT", "createTime": at}
        self.bodies[code] = body
        return _done(f"<createTime>{at}</createTime><deliveryOrderId>{number}</deliveryOrderId>")

    def report(self, code: str, status: str, at: str) -> tuple[str, bytes]:
        """Say how far a dispatch has come (orderprocess.report); gives query and body."""
        body = (
            f"<request><order><orderCode>{code}</orderCode></order><process>"
            f"<processStatus>{status}</processStatus><operateTime>{at}</operateTime>"
            "</process></request>"
        )
        return said("orderprocess.report", body.encode())

    def confirm(self, code: str, at: str, carrier: str, waybill: str) -> tuple[str, bytes]:
        """Say that a dispatch has left (deliveryorder.confirm); gives query and body."""
        with self._lock:
            if code in self.dispatches:
                self.dispatches[code]["status"] = "DELIVERED"
        body = (
            f"<request><deliveryOrder><deliveryOrderCode>{code}</deliveryOrderCode>"
            f"<outBizCode>OUT-{code}</outBizCode><orderConfirmTime>{at}</orderConfirmTime>"
            "</deliveryOrder><packages><package>"
            f"<logisticsCode>{carrier}</logisticsCode><expressCode>{waybill}</expressCode>"
            "</package></packages></request>"
        )
        return said("deliveryorder.confirm", body.encode())

    def count(self, number: str, warehouse: str, units: Mapping[str, int]) -> tuple[str, bytes]:
        """Say what was counted (inventory.report); gives query and body."""
        items = "".join(
            f"<item><itemCode>{sku}</itemCode><totalQty>{n}</totalQty></item>"
            for sku, n in units.items()
        )
        body = (
            f"<request><warehouseCode>{warehouse}</warehouseCode><outBizCode>{number}"
            f"</outBizCode><items>{items}</items></request>"
        )
        return said("inventory.report", body.encode())


def said(method: str, body: bytes) -> tuple[str, bytes]:
    """Sign what the warehouse says; gives query and body."""
    query = {
        "app_key": APP_KEY,
        "customerId": CUSTOMER,
        "format": "xml",
        "method": method,
        "sign_method": "md5",
        "timestamp": "2026-11-30 10:00:00",
        "v": "2.0",
    }
    return urlencode(query | {"sign": sign(query, body)}), body


def _done(inner: str) -> Answer:
    body = f"<response><flag>success</flag><code>0</code><message></message>{inner}</response>"
    return Answer(body=body.encode(), type="text/xml")


def _fail(code: str, message: str) -> Answer:
    body = (
        f"<response><flag>failure</flag><code>{code}</code><message>{message}</message></response>"
    )
    return Answer(body=body.encode(), type="text/xml")


@contextlib.contextmanager
def serve() -> Iterator[Warehouse]:
    """Serve on a free port of this machine."""
    warehouse = Warehouse()
    with far_side.serve(warehouse.respond) as origin:
        warehouse.url = origin + "/router/qimen/service"
        yield warehouse
