"""Drafts and orders for tests."""

from __future__ import annotations

from danshu.capabilities.orders import decide
from danshu.ports.channel import Draft, DraftLine, Receiver

NOW_MS = 1_795_163_912_000
SKUS = {"A": 0, "B": 1, "C": 2}


def a_draft(*, paid: bool = True, quantities: tuple[int, ...] = (2, 1), hold: str = "") -> Draft:
    lines = tuple(
        DraftLine(line=f"l{i}", sku="ABC"[i], title="", quantity=q, price=1000, paid=1000 * q)
        for i, q in enumerate(quantities)
    )
    goods = sum(n.price * n.quantity for n in lines)
    return Draft(
        channel="taobao",
        shop="示例旗舰店",
        number="999000317001214687",
        status="WAIT_SELLER_SEND_GOODS",
        lines=lines,
        goods=goods,
        discount=0,
        postage=0,
        total=goods,
        paid=goods if paid else 0,
        paid_ms=NOW_MS if paid else 0,
        created_ms=NOW_MS - 54_000,
        receiver=Receiver(province="浙江省", city="杭州市"),
        hold=hold,
    )


def placed(draft: Draft | None = None, region: str = "330100") -> decide.Done:
    return decide.place(draft or a_draft(), key="k", region=region, skus=SKUS, now_ms=NOW_MS)


def allocated(draft: Draft | None = None, warehouses: str = "XY") -> decide.Done:
    """An order whose lines go to the warehouses in turn."""
    first = placed(draft)
    plan = [(n.no, warehouses[n.no % len(warehouses)], n.quantity) for n in first.order.lines]
    done = decide.allocate(first.order, plan)
    assert isinstance(done, decide.Done)
    return decide.Done(order=done.order, said=(*first.said, *done.said), heard=first.heard)
