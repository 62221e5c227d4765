"""Invented declarations for customs: consistent by default, in which one thing may be wrong."""

from __future__ import annotations

import msgspec

from danshu.ports.asks.customs import Declaration, Goods, Payment, Person, Waybill


def declare(order: str, *, paid: int | None = None) -> Declaration:
    """Make the declaration of an order: two lines, freight and tax, paid in full or otherwise."""
    goods = (
        Goods(
            line=1,
            sku="SKU-00017",
            title="面霜 50 克",
            hs_code="3304990039",
            quantity=2,
            unit="011",
            price=12_800,
            country="116",
            weight_g=180,
        ),
        Goods(
            line=2,
            sku="SKU-01042",
            title="婴儿奶粉 800 克",
            hs_code="1901101000",
            quantity=1,
            unit="122",
            price=21_900,
            country="601",
            weight_g=1_050,
        ),
    )
    due = sum(line.price * line.quantity for line in goods) + 900 + 4_328
    return Declaration(
        order=order,
        platform_code="4403W60WPB",
        platform="示例平台",
        merchant_code="3100960001",
        merchant="示例商户",
        customs="2244",
        port="2244",
        mode="1210",
        buyer=Person(
            name="张三",
            id_number="110101199003070011",
            phone="13800000000",
            address="上海市青浦区示例路 1 号",
        ),
        payment=Payment(
            code="31222699S7",
            name="支付公司",
            number=f"PAY{order}",
            amount=due if paid is None else paid,
            at="2026-11-30T10:00:00+08:00",
        ),
        waybill=Waybill(code="4403180237", name="顺丰", number=f"SF{order}", weight_g=1_410),
        goods=goods,
        placed="2026-11-30T09:59:00+08:00",
        freight=900,
        tax=4_328,
    )


def write(order: str, *, paid: int | None = None) -> bytes:
    """Give the same as the JSON of a call."""
    return msgspec.json.encode(declare(order, paid=paid))
