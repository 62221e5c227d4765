"""Examples of the fact types of parcels."""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.orders import parcel_facts as parcels
from danshu.capabilities.orders.facts import Planned
from danshu.capabilities.orders.model import Share
from danshu.capabilities.orders.parcel_rules import MergeRule, ParcelRules, SplitRule
from danshu.hub.parcel_rule_facts import CarrierDeskSet, ParcelRulesSet

_TWO = (Share(line=1, sku="SKU-00017", quantity=2),)
_ONE = (Share(line=1, sku="SKU-00017", quantity=1),)
_GROUP = "019aa9d3-6b80-7000-8000-00000000000a"
_MEMBERS = (
    "019aa9d3-6b80-7000-8000-000000000002/1",
    "019aa9d3-6b80-7000-8000-000000000003/1",
)

EXAMPLES: list[Struct] = [
    parcels.FulfilmentSplit(
        fulfilment=1,
        kept=_TWO,
        parts=(Planned(no=2, warehouse="WH-HGH", shares=_ONE),),
        reason="超重",
        rule="max_weight",
    ),
    parcels.FulfilmentMerged(fulfilment=1, group=_GROUP, members=_MEMBERS, rule="auto"),
    parcels.ReleaseDeferred(reason="merge", until="2026-11-20T11:00:00.000Z"),
    parcels.FulfilmentUnmerged(fulfilment=1, group=_GROUP, reason="alone"),
    parcels.ShortPicked(fulfilment=1, warehouse="WH-HGH", shares=_TWO, missing=_ONE),
    parcels.ShipmentLost(fulfilment=1, warehouse="WH-HGH", shares=_TWO, reason="网点查无此件"),
    parcels.ShipmentRefused(fulfilment=1, warehouse="WH-HGH", shares=_TWO, reason="外箱破损"),
    parcels.ShipmentReturned(fulfilment=1, warehouse="WH-HGH", shares=_TWO, reason="拒收退回"),
    parcels.ShipmentReshipped(fulfilment=1, warehouse="WH-HGH", shares=_ONE, cause="damaged"),
    parcels.InterceptRequested(
        by="carrier",
        carrier="yt",
        due="2026-11-22T13:00:00.000Z",
        fulfilment=1,
        reason="买家取消",
        waybill="YT7790001",
    ),
    CarrierDeskSet(
        adapter="sf", carrier="顺丰", digest="a7" * 32, url="https://sfapi.sf-express.com"
    ),
    ParcelRulesSet(
        rules=ParcelRules(
            merge=MergeRule(auto=True, on=True, wait_min=20),
            split=(
                SplitRule(kind="max_weight_g", limit=15_000, name="中通限重", carriers=("zt",)),
                SplitRule(kind="apart", name="冷品单独", storages=(2, 4), channels=("jd",)),
            ),
            whole_channels=("pdd",),
        ),
        version=3,
    ),
    parcels.InterceptAnswered(
        answer="stopped", by="yt", detail="已通知网点", fulfilment=1, receipt="IC-1"
    ),
]
