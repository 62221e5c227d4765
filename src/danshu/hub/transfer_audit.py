"""The audit's folder of transfer orders: do the facts of each give its row?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Raw

from danshu.capabilities.transfers import evolve
from danshu.capabilities.transfers import facts as said
from danshu.capabilities.transfers.model import Transfer
from danshu.kernel.errors import ProgramError
from danshu.kernel.fact import epoch_ms
from danshu.ledger.findings import Difference, compare_rows

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = Any
_ROWS: Final = """
select id, doc::text, number, key, state, from_wh, to_wh from transfers
where tenant=%s and id>=%s and id<%s
"""
_transfer = msgspec.json.Decoder(Transfer).decode
_Row = tuple[Transfer, str, str, str, str, str]


class TransfersFolder:
    """Folds transfer orders and compares the rows of a day."""

    types = frozenset(
        {"transfer.planned", "transfer.dispatched", "transfer.received", "transfer.cancelled"}
    )

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._folded: dict[uuid.UUID, Transfer] = {}

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data, by, at_ms = fact.data, fact.actor.sub, epoch_ms(fact.time)
        if isinstance(data, said.TransferPlanned):
            self._folded[fact.stream] = evolve.begin(fact.stream, data, by, at_ms)
            return
        if isinstance(data, Raw):
            raise ProgramError(f"an unknown fact of transfers in {fact.stream}")
        self._folded[fact.stream] = evolve.evolve(self._folded[fact.stream], data, by, at_ms)

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Compare the transfers that were planned within a day of streams."""
        cursor = await connection.execute(_ROWS, (self._tenant, first, end))
        rows: dict[uuid.UUID, _Row] = {
            r[0]: (_transfer(r[1]), *r[2:]) for r in await cursor.fetchall()
        }
        told: dict[uuid.UUID, _Row] = {
            id_: (
                t, t.number, t.plan.key, t.state, t.plan.from_warehouse, t.plan.to_warehouse,
            )
            for id_, t in self._folded.items()
        }  # fmt: skip
        self._folded = {}
        return compare_rows("transfer_differs", "transfers", rows, told)

    async def finish(self, connection: Connection) -> list[Difference]:
        """Nothing adds up over days; what is reserved, the folder of stock adds up."""
        del connection
        return []
