"""Connectors of payment, warehouses, carriers and of who is asked about payments, in the kit."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from danshu.ports.asks import carrier, payment, records, wms
from danshu.ports.asks.paid import PaidEvent
from danshu.ports.connector import Account, Call, Hearing
from danshu.testing import (
    alipay,
    aliyun_sms_desk,
    connectors,
    kingdee_erp,
    kuaidi100_desk,
    paid_parties,
    qimen_warehouse,
    salesforce_crm,
    sf_waybills,
    wechat_pay,
)
from danshu.testing.connectors import AT_MS, CHECKS, ConnectorCase, load_connector

AT_S = AT_MS // 1000
ORDER = "019aa9d3-6b80-7000-8000-000000000002"


def a_call(operation: str, body: msgspec.Struct, key: str = "order-1") -> Call:
    return Call(key=key, operation=operation, subject=ORDER, body=msgspec.json.encode(body))


REFUND = payment.Refund(payment="SO-1", amount=1999, total=5000, reason="七天无理由")
DISPATCH = wms.Dispatch(
    order=ORDER,
    fulfilment=1,
    number="SO-1",
    channel="taobao",
    shop="示例旗舰店",
    warehouse="WH-SHA",
    lines=(wms.Dispatched(line=1, sku="SKU-1", quantity=2, title="茶 & <盒>"),),
    placed="2026-11-30T01:00:00.000Z",
    paid="2026-11-30T01:00:05.000Z",
    receiver=wms.Receiver(name="张示例", phone="13900001234", province="北京市"),
)
WAYBILL = carrier.WaybillAsk(
    order=ORDER, fulfilment=1, goods="茶", receiver=wms.Receiver(province="北京市")
)
EVENT = PaidEvent(
    specversion="1.0",
    id=f"{ORDER}/2",
    source="danshu/1",
    type="danshu.order.paid",
    subject=ORDER,
    time="2026-11-30T01:00:05.000Z",
    data=msgspec.Raw(b'{"amount":100}'),
)


@contextlib.contextmanager
def wechat() -> Iterator[ConnectorCase]:
    with wechat_pay.serve() as pay:
        pay.clock_s = AT_S
        over = payment.Refund(payment="SO-1", amount=9999, total=5000)

        def callback() -> Hearing:
            headers, body = pay.settle("order-1", "SUCCESS", AT_S)
            return Hearing(body=body, headers=headers)

        yield ConnectorCase(
            connector=load_connector("wechat-pay"),
            account=Account(
                url=pay.url, options=wechat_pay.options(), secrets=wechat_pay.account_secrets()
            ),
            calls=(a_call("refund", REFUND),),
            lose=lambda: setattr(pay, "lose", 1),
            count=lambda key: int(key in pay.refunds),
            refused=a_call("refund", over, "order-2"),
            callback=callback,
            lists=False,
        )


@contextlib.contextmanager
def ali() -> Iterator[ConnectorCase]:
    with alipay.serve() as pay:
        pay.paid["SO-2"] = 1
        yield ConnectorCase(
            connector=load_connector("alipay"),
            account=Account(
                url=pay.url,
                options={"app_id": alipay.APP_ID},
                secrets=alipay.account_secrets(),
            ),
            calls=(a_call("refund", REFUND),),
            lose=lambda: setattr(pay, "lose", 1),
            count=lambda key: int(key in pay.refunds),
            refused=a_call("refund", msgspec.structs.replace(REFUND, payment="SO-2"), "order-2"),
            callback=lambda: Hearing(body=pay.settle("order-1")),
            lists=False,
        )


@contextlib.contextmanager
def qimen() -> Iterator[ConnectorCase]:
    with qimen_warehouse.serve() as warehouse:

        def callback() -> Hearing:
            query, body = warehouse.confirm("order-1", "2026-11-30 12:00:00", "SF", "SF1")
            found = dict(p.split("=", 1) for p in query.split("&"))
            plain = {k: v.replace("+", " ").replace("%3A", ":") for k, v in found.items()}
            return Hearing(body=body, query=plain)

        yield ConnectorCase(
            connector=load_connector("qimen"),
            account=Account(
                url=warehouse.url,
                options=qimen_warehouse.OPTIONS,
                secrets=qimen_warehouse.SECRETS,
            ),
            calls=(
                a_call("dispatch", DISPATCH),
                a_call("stock", wms.StockAsk(warehouse="WH-SHA", skus=("SKU-1",)), "s1"),
            ),
            lose=lambda: setattr(warehouse, "lose", 1),
            count=lambda key: int(key in warehouse.dispatches),
            refused=a_call("dispatch", msgspec.structs.replace(DISPATCH, lines=()), "order-2"),
            callback=callback,
            lists=False,
        )


@contextlib.contextmanager
def sf() -> Iterator[ConnectorCase]:
    with sf_waybills.serve() as desk:
        desk.unserved.add("某省")
        far = msgspec.structs.replace(WAYBILL, receiver=wms.Receiver(province="某省"))
        yield ConnectorCase(
            connector=load_connector("sf-express"),
            account=Account(url=desk.url, options=sf_waybills.OPTIONS, secrets=sf_waybills.SECRETS),
            calls=(
                a_call("waybill", WAYBILL),
                a_call("tracks", carrier.TracksAsk(carrier="sf", waybill="SF1"), "t1"),
            ),
            lose=lambda: setattr(desk, "lose", 1),
            count=lambda key: int(key in desk.orders),
            refused=a_call("waybill", far, "order-2"),
            lists=False,
        )


@contextlib.contextmanager
def kuaidi100() -> Iterator[ConnectorCase]:
    with kuaidi100_desk.serve() as desk:

        def callback() -> Hearing:
            desk.scans["SF1"] = [kuaidi100_desk.scan("2026-11-30 12:00:00", "1", "已揽收")]
            return Hearing(body=desk.push("shunfeng", "SF1"))

        ask = carrier.Subscription(carrier="sf", waybill="SF1")
        yield ConnectorCase(
            connector=load_connector("kuaidi100"),
            account=Account(
                url=desk.url, options=kuaidi100_desk.OPTIONS, secrets=kuaidi100_desk.SECRETS
            ),
            calls=(a_call("subscribe", ask),),
            lose=lambda: setattr(desk, "lose", 1),
            count=lambda key: int("SF1" in desk.subscribed),
            refused=a_call("subscribe", msgspec.structs.replace(ask, waybill=""), "order-2"),
            callback=callback,
            lists=False,
        )


SALE = records.SaleRecord(
    order=ORDER,
    number="SO-1",
    channel="taobao",
    shop="示例旗舰店",
    at="2026-11-30T01:00:00.000Z",
    total=1999,
    lines=(records.Sold(sku="SKU-1", quantity=1, paid=1999),),
)


@contextlib.contextmanager
def salesforce() -> Iterator[ConnectorCase]:
    with salesforce_crm.serve() as crm:
        no = msgspec.structs.replace(SALE, status="refused")
        yield ConnectorCase(
            connector=load_connector("salesforce"),
            account=Account(
                url=crm.url, options=salesforce_crm.OPTIONS, secrets=salesforce_crm.SECRETS
            ),
            calls=(a_call("record", SALE),),
            lose=lambda: setattr(crm, "lose", 1),
            count=lambda key: int(key in crm.records),
            refused=a_call("record", no, "order-2"),
        )


@contextlib.contextmanager
def kingdee() -> Iterator[ConnectorCase]:
    with kingdee_erp.serve() as erp:
        entries = (
            records.Entry(account="1122", debit=100),
            records.Entry(account="6001", credit=100),
        )
        voucher = records.Voucher(day="2026-11-30", entries=entries)
        no = msgspec.structs.replace(voucher, entries=entries[:1])
        yield ConnectorCase(
            connector=load_connector("kingdee"),
            account=Account(url=erp.url, options=kingdee_erp.OPTIONS, secrets=kingdee_erp.SECRETS),
            calls=(a_call("voucher", voucher), a_call("sale", SALE, "sale-1")),
            lose=lambda: setattr(erp, "lose", 1),
            count=lambda key: int(key in erp.bills),
            refused=a_call("voucher", no, "order-2"),
            lists=False,
        )


@contextlib.contextmanager
def aliyun_sms() -> Iterator[ConnectorCase]:
    with aliyun_sms_desk.serve() as desk:
        ask = records.Message(
            template="SMS_154950909", values={"code": "甲 & 乙"}, phone="13900001234"
        )
        no = msgspec.structs.replace(ask, template="SMS_0")
        yield ConnectorCase(
            connector=load_connector("aliyun-sms"),
            account=Account(
                url=desk.url, options=aliyun_sms_desk.OPTIONS, secrets=aliyun_sms_desk.SECRETS
            ),
            calls=(a_call("send", ask),),
            lose=lambda: setattr(desk, "lose", 1),
            count=lambda key: sum(s["OutId"] == key for s in desk.sent),
            refused=a_call("send", no, "order-2"),
            lists=False,
        )


def party(name: str) -> Callable[[], Any]:
    @contextlib.contextmanager
    def serve() -> Iterator[ConnectorCase]:
        with paid_parties.serve(name) as side:
            side.refuses.add("nobody")

            def callback() -> Hearing:
                headers, body = side.decide("order-1", yes=True, at_s=AT_S)
                return Hearing(body=body, headers=headers)

            no = msgspec.structs.replace(EVENT, subject="nobody")
            yield ConnectorCase(
                connector=load_connector(f"{name}-desk"),
                account=Account(url=side.url, secrets={"signing_secret": paid_parties.SECRET}),
                calls=(a_call("ask", EVENT),),
                lose=lambda: setattr(side, "lose", 1),
                count=lambda key: int(key in side.books),
                refused=a_call("ask", no, "order-2"),
                callback=callback,
            )

    return serve


CASES: dict[str, Callable[[], Any]] = {
    "wechat-pay": wechat,
    "alipay": ali,
    "qimen": qimen,
    "sf-express": sf,
    "kuaidi100": kuaidi100,
    "salesforce": salesforce,
    "kingdee": kingdee,
    "aliyun-sms": aliyun_sms,
    **{f"{n}-desk": party(n) for n in paid_parties.WORDS},
}
# It has no way to look for a subscription: asked again, it answers as it did at first.
EXCEPT = {
    "kuaidi100": {connectors.check_lost},
    "aliyun-sms": {connectors.check_repeat},  # it sends twice what it is asked twice
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_conformance(check: Callable[[ConnectorCase], None], name: str) -> None:
    if check in EXCEPT.get(name, ()):
        return
    with CASES[name]() as case:
        check(case)
