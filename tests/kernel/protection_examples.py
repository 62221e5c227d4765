"""Examples of the fact types of protection."""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.protection import facts

EXAMPLES: list[Struct] = [
    facts.AssetGranted(
        act="view",
        asset="margin",
        columns=("region",),
        condition="second_person",
        holder="person:7",
        purpose="finance",
        reason="年度审计",
        until="2026-12-31T16:00:00.000Z",
    ),
    facts.GrantRevoked(reason="审计已结束"),
    facts.ExportRequested(
        act="share",
        asset="fulfilment-heatmap",
        columns=("region", "hour", "orders"),
        country="SG",
        form="cells",
        needs=("steward", "legal"),
        purpose="operations",
        recipient="carrier-sf",
    ),
    facts.ExportApproved(done=True, note="已签标准合同", step="legal"),
    facts.ExportRefused(clause="pipl-6", code="purpose_mismatch", reason="与对账无关"),
    facts.ImpactAssessed(
        asset="fulfilment-heatmap",
        digest="7d0f2f2c2a3c1b4b5a6978c1e0d7f6a55b9e0c3d2f1a8b7c6d5e4f3a2b1c0d9e",
        purpose="operations",
        recipient="carrier-sf",
        risk="low",
        until="2029-11-30T00:00:00.000Z",
    ),
    facts.PrivacySpent(
        asset="customer-preferences",
        mille=500,
        recipient="partner-a",
        spent=1_500,
        what="export",
        year=2026,
    ),
]
