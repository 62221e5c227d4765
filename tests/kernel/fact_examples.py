"""One full example of each fact type: what the golden files hold.

`python -m tests.kernel.fact_examples` writes the files that are missing. It never writes over one:
a fact that was said once must stay readable, so a new shape is a new version with its own file.
The examples of promises stand beside the promises' own tests (capabilities/contract).
"""

from __future__ import annotations

import uuid
from pathlib import Path

from msgspec import Struct

from danshu.capabilities.contract.performing import facts as performing
from danshu.capabilities.marks import facts as marks
from danshu.capabilities.orders import amend_facts as amends
from danshu.capabilities.orders import facts as orders
from danshu.capabilities.orders.model import Line, Share
from danshu.capabilities.routing.decide import DecidedLine, PlanTotal
from danshu.capabilities.routing.facts import RouteDecided
from danshu.capabilities.stock import facts as stock
from danshu.hub import facts as hub
from danshu.hub import master_facts as masters
from danshu.hub import time_facts
from danshu.kernel.fact import NAMES, Actor, Evidence, Said, pack, unpack
from danshu.ledger import facts as ledger
from tests.kernel import (
    action_examples,
    after_sale_examples,
    agent_examples,
    assistant_examples,
    association_examples,
    bill_examples,
    catalogue_examples,
    classification_examples,
    coe_examples,
    connector_examples,
    device_examples,
    dictionary_examples,
    document_examples,
    failsafe_examples,
    finding_examples,
    floor_examples,
    forecast_examples,
    health_examples,
    intent_examples,
    intercept_examples,
    learning_examples,
    licence_examples,
    link_examples,
    log_examples,
    metric_examples,
    negotiation_examples,
    network_examples,
    order_skill_examples,
    order_type_examples,
    original_examples,
    override_examples,
    paid_examples,
    parcel_examples,
    people_examples,
    perceiver_examples,
    policy_examples,
    power_examples,
    protection_examples,
    redecision_examples,
    remedy_examples,
    replan_examples,
    replay_examples,
    sandbox_examples,
    scorer_examples,
    selling_examples,
    settlement_examples,
    signal_examples,
    subscription_examples,
    transfer_examples,
    twin_examples,
    watermark_examples,
    woven_examples,
)

GOLDEN = Path(__file__).parent / "golden"
STREAM = uuid.UUID("019aa9d3-6b80-7000-8000-000000000002")
NOW_MS = 1_795_345_200_000  # 2026-11-22T11:00:00Z
SHARES = (Share(line=1, sku="SKU-00017", quantity=2), Share(line=2, sku="SKU-01042", quantity=1))
PLANNED = (
    orders.Planned(no=1, warehouse="WH-HGH", shares=SHARES[:1]),
    orders.Planned(no=2, warehouse="WH-SHA", shares=SHARES[1:]),
)

EXAMPLES: list[Struct] = [
    orders.OrderPlaced(
        buyer="AAHd5d-EAAeGwJedwSHpg8bT",
        channel="taobao",
        created="2026-11-22T10:59:06.000Z",
        currency="CNY",
        discount=1_000,
        flag="red",
        goods=15_700,
        holds=("risk_review",),
        key="taobao:999000317001214687",
        kind="order",
        lines=(
            Line(
                no=1,
                sku="SKU-00017",
                title="龙井绿茶 250g",
                attributes="包装:礼盒",
                line="999000317001214688",
                quantity=2,
                price=6_800,
                paid=12_734,
            ),
            Line(no=2, sku="外部码-7", quantity=1, price=2_100, paid=1_966, known=False),
        ),
        number="999000317001214687",
        of_number="999000317001210000",
        postage=600,
        region="330106",
        ship_by="2026-11-24T11:00:00.000Z",
        shop="示例旗舰店",
        status="WAIT_SELLER_SEND_GOODS",
        total=15_300,
    ),
    orders.OrderConfirmed(by="op_12"),
    orders.OrderPaid(amount=15_300, at="2026-11-22T11:00:00.000Z"),
    orders.OrderHeld(reason="risk_review"),
    orders.OrderUnheld(reason="risk_review"),
    orders.OrderAligned(lines=(2,), region="330100"),
    orders.OrderAllocated(fulfilments=PLANNED),
    orders.OrderWithdrawn(excluded=("WH-HGH",), freed=PLANNED[:1], reason="暴雨改派"),
    amends.OrderAmended(
        by="buyer.link",
        consent=f"{STREAM}/1",
        due=500,
        freed=PLANNED[:1],
        lines=(
            amends.LineAmended(
                line=3,
                now=amends.LineTerms(paid=1_990, price=1_990, quantity=1),
                replaces=1,
                sku="SKU-00018",
                title="替代款",
            ),
            amends.LineAmended(
                line=1,
                now=amends.LineTerms(paid=4_000, price=2_000, quantity=2),
                was=amends.LineTerms(paid=6_000, price=2_000, quantity=3),
            ),
        ),
        now=amends.Sums(discount=100, goods=5_990, total=5_890),
        owed=10,
        reason="买家改地址",
        receiver="019aa9d3-6b80-7000-8000-000000000004",
        region="310115",
        region_was="330106",
        wanted="2026-11-30",
        wanted_was="2026-11-28",
        was=amends.Sums(discount=0, goods=6_000, total=6_000),
    ),
    marks.OrderTagged(tags=("大额", "冷链 2–8 ℃")),
    marks.OrderUntagged(tags=("大额",)),
    marks.OrderAssigned(number="K03", person="person:019aa9d3-6b80-7000-8000-000000000003"),
    hub.BundleExported(
        digest="5d" * 32,
        disclosed=True,
        facts=12,
        order="019aa9d3-6b80-7000-8000-000000000001",
        purpose="诉讼举证",
        size=104_233,
    ),
    hub.ExportMade(
        columns=("number", "receiver"),
        content="5e" * 32,
        digest="9f" * 32,
        f="state.in.held",
        format="csv",
        purpose="双十一复盘",
        rows=48_216,
        size=3_141_592,
        unmasked=("name",),
    ),
    orders.OrderReleased(fulfilment=1, shares=SHARES[:1], warehouse="WH-HGH"),
    orders.OrderPicked(fulfilment=1, shares=SHARES[:1], warehouse="WH-HGH"),
    orders.OrderPacked(fulfilment=1, shares=SHARES[:1], warehouse="WH-HGH"),
    orders.OrderRecalled(fulfilment=1, shares=SHARES[:1], warehouse="WH-HGH"),
    orders.OrderShipped(
        carrier="SF",
        fulfilment=1,
        shares=SHARES[:1],
        warehouse="WH-HGH",
        waybill="SF1390000000001",
    ),
    orders.WaybillRecorded(carrier="SF", fulfilment=1, waybill="SF1390000000001"),
    orders.OrderDelivered(fulfilment=1, shares=SHARES[:1], warehouse="WH-HGH"),
    orders.OrderCompleted(by="system"),
    orders.OrderCancelled(freed=PLANNED[:1], reason="buyer_regret", shares=SHARES),
    orders.DamageReported(detail="外箱破损,茶罐凹陷"),
    orders.CompensationPaid(amount=590, code="ship48h", receipt="po_000001", step=0),
    RouteDecided(
        code="routing-1",
        engine="numba",
        held=((1, 0, 5, 2),),
        lines=(
            DecidedLine("SKU-00017", 2, 260, 1, "6"),
            DecidedLine("SKU-01042", 1, 1_200, 2, "5"),
        ),
        margin_fen=140,
        minute=1_140,
        parts_fen=(1_200, 200, 300, 0, 15, 400, 0, 0),
        plan=((1, "WH-HGH"), (2, "WH-SHA")),
        plans=(PlanTotal(2_115, ("WH-HGH", "WH-SHA")), PlanTotal(2_255, ("WH-CTU", "WH-SHA"))),
        promise_min=1_680,
        region="330106",
        room="7",
        snapshot="5e" * 32,
        value_fen=15_300,
    ),
    stock.StockMoved(
        lines=(stock.Moved(sku="SKU-00017", on_hand=120, safety=-5, in_transit=-120),),
        reason="receipt",
        warehouse="WH-HGH",
    ),
    stock.QuotaSet(cap=500, channel="douyin", sku="SKU-00017", warehouse="WH-HGH"),
    stock.MasterImported(digest="a1" * 32, kind="sku", rows=2_000),
    hub.TenantCreated(code="demo", name="演示商户"),
    hub.KeyIssued(digest="b2" * 32, key="7d11c0ffee00", name="wms", role="warehouse"),
    hub.PromiseDefined(code="ship48h", digest="c3" * 32, version=2),
    masters.PromiseRetired(code="ship48h", digest="c3" * 32, reason="大促后停用", version=2),
    masters.SheetApplied(
        added=2,
        changed=1,
        columns="d5" * 32,
        content="d6" * 32,
        file="d7" * 32,
        kind="skus",
        mode="good",
        rejected=4,
        rows=8,
        same=1,
        sheet="019aa9d3-6b80-7000-8000-000000000055",
    ),
    masters.SheetUndone(
        changed_since=1,
        content="d8" * 32,
        kept=2,
        kind="skus",
        restored=0,
        sheet="019aa9d3-6b80-7000-8000-000000000055",
    ),
    masters.CalendarPublished(
        base="cn-workday@2026.1",
        days=3,
        digest="d9" * 32,
        id="own-warehouses",
        version="2026.1",
    ),
    hub.PersonRevealed(
        fields=("phone", "address"),
        message="d6d6d6d6-d6d6-86d6-96d6-d6d6d6d6d6d6",
        reason="买家来电改址,核对号码",
    ),
    hub.MessageRetried(
        channel="taobao",
        code="unknown_sku",
        digest="d4" * 32,
        message="d4d4d4d4-d4d4-84d4-94d4-d4d4d4d4d4d4",
        orders=(str(STREAM),),
        outcome="refused",
    ),
    hub.MessageDismissed(
        channel="jd",
        digest="d5" * 32,
        message="d5d5d5d5-d5d5-85d5-95d5-d5d5d5d5d5d5",
        reason="平台测试消息",
    ),
    *action_examples.EXAMPLES,
    *after_sale_examples.EXAMPLES,
    *agent_examples.EXAMPLES,
    *assistant_examples.EXAMPLES,
    *association_examples.EXAMPLES,
    *bill_examples.EXAMPLES,
    *coe_examples.EXAMPLES,
    *learning_examples.EXAMPLES,
    *forecast_examples.EXAMPLES,
    *connector_examples.EXAMPLES,
    *device_examples.EXAMPLES,
    *document_examples.EXAMPLES,
    *perceiver_examples.EXAMPLES,
    *catalogue_examples.EXAMPLES,
    *dictionary_examples.EXAMPLES,
    time_facts.ClockFaulted(
        error_us=250_830, node="5f0c9a1e", offset_us=-249_000, source="ntp.ntsc.ac.cn", why="error"
    ),
    time_facts.ClockRestored(
        error_us=1_830, node="5f0c9a1e", offset_us=-412, source="ntp.ntsc.ac.cn"
    ),
    *people_examples.EXAMPLES,
    *policy_examples.EXAMPLES,
    *link_examples.EXAMPLES,
    *order_skill_examples.EXAMPLES,
    *order_type_examples.EXAMPLES,
    *redecision_examples.EXAMPLES,
    *original_examples.EXAMPLES,
    *override_examples.EXAMPLES,
    *paid_examples.EXAMPLES,
    *parcel_examples.EXAMPLES,
    *failsafe_examples.EXAMPLES,
    *health_examples.EXAMPLES,
    *finding_examples.EXAMPLES,
    *floor_examples.EXAMPLES,
    *replay_examples.EXAMPLES,
    *replan_examples.EXAMPLES,
    *sandbox_examples.EXAMPLES,
    *scorer_examples.EXAMPLES,
    *settlement_examples.EXAMPLES,
    *intent_examples.EXAMPLES,
    *intercept_examples.EXAMPLES,
    *selling_examples.EXAMPLES,
    *negotiation_examples.EXAMPLES,
    *network_examples.EXAMPLES,
    *power_examples.EXAMPLES,
    *licence_examples.EXAMPLES,
    *classification_examples.EXAMPLES,
    *protection_examples.EXAMPLES,
    *remedy_examples.EXAMPLES,
    *log_examples.EXAMPLES,
    *metric_examples.EXAMPLES,
    *signal_examples.EXAMPLES,
    *subscription_examples.EXAMPLES,
    *transfer_examples.EXAMPLES,
    *twin_examples.EXAMPLES,
    *watermark_examples.EXAMPLES,
    *woven_examples.EXAMPLES,
    performing.ActionPerformed(
        action="outbound_review",
        began="2026-11-22T10:58:00.000Z",
        definition="f1" * 32,
        delegated_by="person:019aa9d3-6b80-7000-8000-000000000009",
        device_ended="2026-11-22T10:59:58.000Z",
        duration_ms=118_000,
        ended="2026-11-22T11:00:00.000Z",
        fulfilment=1,
        held="kept",
        signature="f2" * 32,
        statement="f3" * 32,
        text="f4" * 32,
        version=1,
    ),
    ledger.VaultErased(
        basis="个人信息保护法第四十七条", requested_by="buyer", vault_id=str(STREAM)
    ),
]


def write(data: Struct) -> bytes:
    """Write a fact around the data in which every field of the envelope has a value."""
    said = Said(
        data=data,
        occurred_ms=NOW_MS - 54_000,
        cause=f"{STREAM}/1",
        clock="device",
        evidence=(Evidence(digest="ef" * 32, kind="raw", salted=True, size=2_342),),
    )
    packed = pack(
        [said],
        stream=STREAM,
        seq=1,
        head=b"\x11" * 32,
        actor=Actor(sub="taobao.示例旗舰店", role="channel", key="7d11c0ffee00", grade="B"),
        now_ms=NOW_MS,
        tenant=3,
    )
    (body,) = unpack(packed.body)
    return body


def place(data: Struct) -> Path:
    """The golden file of the data's type and version."""
    name, version = NAMES[type(data)]
    return GOLDEN / f"{name}.v{version}.json"


if __name__ == "__main__":
    for example in EXAMPLES:
        if not place(example).exists():
            place(example).write_bytes(write(example))
