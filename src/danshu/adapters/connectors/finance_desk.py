"""A finance system 财务: books what a paid order brings in, and reverses it."""

from __future__ import annotations

from danshu.adapters.connectors._party import Party


class FinanceDesk(Party):
    """The adapter."""

    capability = "finance"
    title = "财务系统"
    title_en = "Finance system"
    things = "receivables"
    agreed = "booked"
    refused = "rejected"
    undoing = "reversal"
    undone = "reversed"
