"""A transfer order as its facts say. Units of a SKU, money in 分, epoch ms."""

from __future__ import annotations

import uuid
from typing import Literal

from msgspec import Struct

State = Literal["planned", "dispatched", "received", "cancelled"]


class PlannedUnits(Struct, frozen=True, kw_only=True):
    """So many units of a SKU."""

    quantity: int
    sku: str


class Plan(Struct, frozen=True, kw_only=True):
    """What is to go from where to where. `truck` is the kind of vehicle as the plan names it,
    `proposal` the id of the agent's proposal that it came from, "" for none. `arrives_ms` 0 where
    nobody said. `key` names the wish: repeated, it is the same transfer.
    """

    from_warehouse: str
    to_warehouse: str
    lines: tuple[PlannedUnits, ...]
    key: str
    truck: str = ""
    cost_fen: int = 0
    arrives_ms: int = 0
    note: str = ""
    proposal: str = ""


class Line(Struct, frozen=True, kw_only=True):
    """One SKU: what was planned, what left, what came whole and damaged. `had` is what the target
    could still promise right before the first of it came; -1 while nothing did.
    """

    sku: str
    planned: int
    sent: int = 0
    good: int = 0
    damaged: int = 0
    had: int = -1

    @property
    def waiting(self) -> int:
        """Units that left and are not accounted for."""
        return max(0, self.sent - self.good - self.damaged)


class Receipt(Struct, frozen=True, kw_only=True):
    """One time that goods were taken in, with the sums of it."""

    key: str
    at_ms: int
    by: str
    good: int
    damaged: int
    note: str = ""


class Transfer(Struct, frozen=True, kw_only=True):
    """A transfer order after its facts. `ended_ms` is when it was closed or cancelled."""

    id: uuid.UUID
    number: str
    plan: Plan
    lines: tuple[Line, ...]
    state: State = "planned"
    planned_by: str = ""
    planned_ms: int = 0
    dispatch_key: str = ""
    dispatched_by: str = ""
    dispatched_ms: int = 0
    dispatch_note: str = ""
    receipts: tuple[Receipt, ...] = ()
    ended_by: str = ""
    ended_ms: int = 0
    reason: str = ""
    """Why it was cancelled."""
