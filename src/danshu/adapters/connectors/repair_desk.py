"""A supplier's repair desk 供应商维修台: repair orders are posted, booked with a visit and a price,
declined, or cancelled. The protocol is that of `_party.py`, with a repair order as its body.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from danshu.adapters.connectors import _wire
from danshu.adapters.connectors._party import ASK, UNDO, Party
from danshu.ports.asks.repair import RepairBooked, RepairOrder, RepairUndone, RepairWithdrawn
from danshu.ports.connector import Operation, Reply, Verdict

if TYPE_CHECKING:
    from danshu.ports.connector import Account, Call, Send


class RepairDesk(Party):
    """The adapter."""

    capability = "repair"
    title = "供应商维修台"
    title_en = "Repair desk"
    things = "repairs"
    agreed = "booked"
    refused = "declined"
    undoing = "cancellation"
    undone = "cancelled"
    operations = (
        Operation(name=ASK, asks=RepairOrder, gives=RepairBooked, timeout_s=10.0, undo=UNDO),
        Operation(name=UNDO, asks=RepairWithdrawn, gives=RepairUndone, timeout_s=10.0),
    )

    async def call(self, account: Account, send: Send, call: Call, at_ms: int) -> Reply:
        """Post a repair order, or have one cancelled."""
        path, body = f"/{self.things}", call.body
        if call.operation == UNDO:
            ask = msgspec.json.decode(call.body, type=RepairWithdrawn)
            path += f"/{quote(ask.reference, safe='')}/{self.undoing}"
            body = json.dumps({"reason": ask.reason}).encode()
        kind = "application/json"
        answer = await self._send(account, send, "POST", path, body, call.key, at_ms, kind)
        told = _wire.read_object(_wire.read(answer, self.title_en), self.title_en)
        return self._reply(told, call.operation)

    def _reply(self, told: dict[str, Any], operation: str) -> Reply:
        reply = super()._reply(told, operation)
        if reply.verdict is not Verdict.DONE or operation == UNDO:
            return reply
        price = told.get("price_fen")
        booked = RepairBooked(
            visit=str(told.get("visit") or "")[:40],
            price_fen=price if isinstance(price, int) and price >= 0 else -1,
        )
        return Reply(
            verdict=reply.verdict, reference=reply.reference, body=msgspec.json.encode(booked)
        )
