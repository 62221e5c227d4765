"""A logistics system 物流: books capacity for a paid order, and gives it back."""

from __future__ import annotations

from danshu.adapters.connectors._party import Party


class LogisticsDesk(Party):
    """The adapter."""

    capability = "logistics"
    title = "物流系统"
    title_en = "Logistics system"
    things = "bookings"
    agreed = "booked"
    refused = "rejected"
    undoing = "cancellation"
    undone = "cancelled"
