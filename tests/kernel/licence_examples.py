"""Examples of the fact types of rights, licences and valuations."""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.licensing import facts as licensing
from danshu.capabilities.valuation import facts as valuation

_USE = "019aa9d3-6b80-7000-8000-0000000000d1"

EXAMPLES: list[Struct] = [
    licensing.RightRegistered(
        asset="fulfilment-heatmap",
        basis="operation",
        digest="a1" * 32,
        evidence=("b2" * 32,),
        holder="槐序百货",
        rights=("hold", "process", "operate"),
        source="own",
        until="2030-12-31",
        version=2,
    ),
    licensing.LicenceDrafted(
        asset="fulfilment-heatmap",
        no=7,
        purpose="operations",
        recipient="carrier-sf",
        since="2026-12-01",
        terms="c3" * 32,
        until="2027-11-30",
    ),
    licensing.LicenceGranted(
        asset="fulfilment-heatmap",
        first="person:019aa9d3-6b80-7000-8000-0000000000f1",
        no=7,
        purpose="operations",
        recipient="carrier-sf",
        right=2,
        since="2026-12-01",
        terms="c3" * 32,
        until="2027-11-30",
    ),
    licensing.LicenceDeclined(no=8, reason="用途写得太宽"),
    licensing.LicenceEnded(no=7, reason="合同提前终止"),
    licensing.LicenceDelivered(digest="d4" * 32, mark="wm-12", no=7, rows=8_160, usage=_USE),
    licensing.LicenceQueried(
        groups=12, held_back=3, no=7, question="e5" * 32, spent=200, usage=_USE
    ),
    licensing.AssetListingSubmitted(
        asset="fulfilment-heatmap",
        digest="b7" * 32,
        exchange="sde",
        first="person:019aa9d3-6b80-7000-8000-0000000000f1",
        listing=_USE,
    ),
    licensing.AssetListingAnswered(
        listing=_USE, reasons=("sample_too_large",), reference="DP-2026-0007", state="rejected"
    ),
    valuation.ValuationDrafted(
        asset="fulfilment-heatmap",
        high_fen=260_000_00,
        inputs="f6" * 32,
        low_fen=180_000_00,
        version=3,
    ),
    valuation.ValuationApproved(
        asset="fulfilment-heatmap",
        first="person:019aa9d3-6b80-7000-8000-0000000000f1",
        high_fen=260_000_00,
        inputs="f6" * 32,
        low_fen=180_000_00,
        version=3,
    ),
    valuation.ValuationDeclined(asset="fulfilment-heatmap", reason="可比案例太旧", version=3),
    valuation.AssetCostEntered(
        amount_fen=120_000,
        asset="fulfilment-heatmap",
        day="2026-11-28",
        kind="labour",
        minutes=480,
        note="口径梳理",
        phase="development",
    ),
    valuation.AssetTreatmentSet(
        asset="fulfilment-heatmap",
        months=36,
        rule="developed",
        since="2026-12",
        treatment="intangible",
        version=1,
    ),
]
