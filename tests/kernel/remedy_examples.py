"""Examples of the fact types of remedies and laggards."""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.contract import remedy_facts as remedies
from danshu.hub.remedy_facts import RemedyConfigured

HANDED = "2026-11-22T10:23:00.000Z"

EXAMPLES: list[Struct] = [
    remedies.HandoverLagging(fulfilment=1, handed=HANDED, lag_ms=300_412),
    remedies.HandoverCaughtUp(fulfilment=1, handed=HANDED, lag_ms=2_220_000),
    remedies.CompensationProposed(
        amount=590,
        auto=False,
        base=11_800,
        code="ship48h",
        currency="CNY",
        definition="a1" * 32,
        pay_by="2026-11-25T11:00:00.000Z",
        step=0,
    ),
    remedies.CompensationApproved(amount=590, by="person", code="ship48h", step=0),
    remedies.CompensationRefused(code="ship48h", reason="verdict_changed", step=0),
    RemedyConfigured(adapter="payouts", auto_fen=2_000, url="https://pay.example"),
]
