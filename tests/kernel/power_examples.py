"""Examples of the fact types of requests, powers and notices."""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.contract import power_facts as powers
from danshu.capabilities.orders import substitute_facts as substitutes
from danshu.hub.power_facts import AlertConfigured, NoticeConfigured, RequestConfigured

EXAMPLES: list[Struct] = [
    powers.RequestMade(by="link", kind="address_change", no=1),
    powers.RequestAccepted(amount=1_000, kind="damage", no=2),
    powers.RequestDeclined(kind="damage", no=3, reason="照片与订单商品不符"),
    powers.RequestWithdrawn(by="link", kind="address_change", no=1),
    substitutes.SubstituteOffered(
        by="op_12",
        line=1,
        no=1,
        paid=3_980,
        price=1_990,
        quantity=2,
        sku="SKU-00018",
        title="替代款",
        until="2026-11-23T11:00:00.000Z",
    ),
    substitutes.SubstituteAccepted(by="buyer.link", no=1),
    substitutes.SubstituteDeclined(by="buyer.link", no=1),
    substitutes.SubstituteEnded(no=1, reason="expired"),
    powers.PowerOpened(
        action="cancel_without_fault",
        code="ship48h",
        definition="a1" * 32,
        holder="buyer",
        step=2,
    ),
    powers.PowerUsed(action="cancel_without_fault", code="ship48h", step=2),
    powers.PowerEnded(action="cancel_without_fault", code="ship48h", reason="performed", step=2),
    powers.NoticeSent(code="ship48h", receipt="nt_000001", step=1, to="buyer"),
    powers.NoticeRefused(code="ship48h", reason="the service answers 410", step=1, to="buyer"),
    powers.NoticeAbandoned(code="damage", reason="no_service", step=0, to="finance", tries=29),
    RequestConfigured(address=True, damage=False),
    NoticeConfigured(adapter="webhook", url="https://notice.example/danshu"),
    AlertConfigured(
        adapter="feishu",
        grade="yellow",
        is_on=True,
        name="仓配值班群",
        no=1,
        where="open.feishu.cn/open-apis/bot/v2/hook",
    ),
]
