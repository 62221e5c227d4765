"""Orders as they are now, read and decoded once for all that the room `rows` keeps of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.contract import terms
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Sequence

Connection = psycopg.AsyncConnection[Any]
ROOM: Final = "rows"
"""The room that follows the log for all of it, and the name of its cursors."""
# The range of the ids lets the server leave all other days alone.
_READ: Final = """
select uuid_send(id), channel, state, wh, region, total, currency, doc, terms from orders
where tenant=%b and id = any(%b::uuid[]) and id >= %b::uuid and id <= %b::uuid
"""


class Line(Struct, frozen=True, gc=False):
    """What of a line is found or counted."""

    sku: str
    quantity: int
    cancelled: int = 0
    allocated: int = 0

    @property
    def open_units(self) -> int:
        """Units that no warehouse has yet."""
        return self.quantity - self.cancelled - self.allocated


class Fulfilment(Struct, frozen=True, gc=False):
    """What of a fulfilment order is found or counted."""

    state: str = "allocated"
    carrier: str = ""
    waybill: str = ""


class Document(Struct, frozen=True, gc=False):
    """What of an order's document is found or counted; the rest is passed over unread."""

    number: str
    lines: tuple[Line, ...]
    buyer: str = ""
    fulfilments: tuple[Fulfilment, ...] = ()
    holds: tuple[str, ...] = ()
    kind: str = "order"
    cancelled: str = ""
    completed: bool = False


class OrderRow(Struct, frozen=True, gc=False):
    """An order as it is now; `id` is its 16 bytes."""

    id: bytes
    channel: str
    state: int
    wh: int
    region: str
    total: int
    currency: str
    doc: Document
    terms: tuple[terms.Term, ...]


_decode = msgspec.json.Decoder(Document).decode


async def read(connection: Connection, tenant: int, ids: Sequence[bytes]) -> list[OrderRow]:
    """Read the orders among `ids`, which are sorted and at least one."""
    asked = (tenant, write.uuid_bytes(ids), ids[0].hex(), ids[-1].hex())
    cursor = await connection.execute(_READ, asked, binary=True)
    rows = await cursor.fetchall()
    return [
        OrderRow(id_, channel, state, wh, region, total, currency, _decode(doc), terms.read(said))
        for id_, channel, state, wh, region, total, currency, doc, said in rows
    ]
