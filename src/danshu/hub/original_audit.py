"""The audit's folder of originals: do their facts give the state of their rows?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.hub import original_facts as facts
from danshu.ledger.findings import Difference, compare_rows

if TYPE_CHECKING:
    import uuid

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
_ROWS: Final = (
    "select id, modality, state, version, intent, confidence, amount_fen, models,"
    " coalesce(order_id::text,''), coalesce(repair_id::text,''), seq, encode(digest,'hex')"
    " from originals where tenant=%s and id>=%s and id<%s"
)
_ROUTES: Final = {
    "question": "asking",
    "unreadable": "unreadable",
    "review": "review",
    "sample": "review",
}


class _Folded(Struct):
    """An original as its facts tell it; the digest only where the fact says it in clear."""

    modality: str = ""
    state: str = ""
    version: str = ""
    intent: str = ""
    confidence: int = 0
    amount_fen: int = 0
    models: tuple[str, ...] = ()
    order: str = ""
    repair: str = ""
    seq: int = 0
    digest: str = ""


class OriginalsFolder:
    """Folds originals, each of which is its stream."""

    types = frozenset(
        {
            "original.received",
            "original.read",
            "original.asked",
            "original.answered",
            "original.left",
            "original.confirmed",
            "original.ordered",
            "original.acted",
            "original.rejected",
            "original.reopened",
            "original.erased",
        }
    )

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._folded: dict[uuid.UUID, _Folded] = {}

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        told = self._folded.setdefault(fact.stream, _Folded())
        told.seq = fact.seq
        match fact.data:
            case facts.OriginalReceived() as data:
                told.modality, told.state = data.modality, "received"
                told.digest = "" if data.salted else data.digest
            case facts.OriginalRead() as data:
                told.state = _ROUTES.get(data.route, told.state)
                told.version, told.amount_fen = data.version, data.amount_fen
                if data.parsed:
                    told.intent, told.confidence = data.intent, data.confidence
                    told.models = data.models
            case facts.OriginalAsked():
                told.state = "asking"
            case facts.OriginalOrdered() as data:
                told.state, told.order = "ordered", data.order
            case facts.OriginalActed() as data:
                told.state, told.order, told.repair = "acted", data.order, data.repair
            case facts.OriginalRejected():
                told.state = "rejected"
            case facts.OriginalLeft():
                told.state = "review"
            case facts.OriginalReopened():
                told.state = "received"

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Compare the rows of these days with what was folded."""
        folded, self._folded = self._folded, {}
        cursor = await connection.execute(_ROWS, (self._tenant, first, end))
        rows: dict[uuid.UUID, _Folded] = {}
        for id_, *told in await cursor.fetchall():
            told[6] = tuple(told[6])
            rows[id_] = _Folded(*told)
            if id_ in folded and not folded[id_].digest:
                rows[id_].digest = ""
        return compare_rows("original_differs", "originals", rows, folded)

    async def finish(self, connection: Connection) -> list[Difference]:
        """Nothing of originals adds up over days."""
        return []
