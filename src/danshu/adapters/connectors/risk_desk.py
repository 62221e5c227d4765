"""A risk engine 风控: assesses a paid order, approves or declines it."""

from __future__ import annotations

from danshu.adapters.connectors._party import Party


class RiskDesk(Party):
    """The adapter."""

    capability = "risk"
    title = "风控引擎"
    title_en = "Risk engine"
    things = "assessments"
    agreed = "approved"
    refused = "declined"
    undoing = "withdrawal"
    undone = "withdrawn"
