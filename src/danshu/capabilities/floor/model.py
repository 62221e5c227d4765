"""Work on the floor of a warehouse 仓内作业: what there is to do with a fulfilment order, and where
it stands.
"""

from __future__ import annotations

import re
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    import uuid

TAIL_CHARS: Final = 5
_MARK_CHARS: Final = 4
HOLD_SHORT: Final = "short_pick"  # reasons of the holds that the floor puts on an order
HOLD_DAMAGED: Final = "damaged"
_AMBIENT_TO_FROZEN: Final = 1 | 2 | 4


class Work(StrEnum):
    """What a person does with a fulfilment order."""

    PICK = "pick"  # 拣货
    PACK = "pack"  # 打包
    REVIEW = "review"  # 出库复核
    HANDOVER = "handover"  # 交接


class Stage(IntEnum):
    """Where a fulfilment order on the floor stands: the state of its machine, as stored."""

    RELEASED = 1
    PICKED = 2
    PACKED = 3


class Review(IntEnum):
    """Whether a packed fulfilment order has been reviewed, as stored."""

    OPTIONAL = 0
    NEEDED = 1  # it may not be handed over before
    DONE = 2


NUMBERS: Final = {Work.PICK: 1, Work.PACK: 2, Work.REVIEW: 3, Work.HANDOVER: 4}  # as stored
WORKS: Final = {number: work for work, number in NUMBERS.items()}
STAGES: Final = {"released": Stage.RELEASED, "picked": Stage.PICKED, "packed": Stage.PACKED}
STAGE_OF: Final = {
    Work.PICK: Stage.RELEASED,
    Work.PACK: Stage.PICKED,
    Work.REVIEW: Stage.PACKED,
    Work.HANDOVER: Stage.PACKED,
}


class Item(Struct, frozen=True, kw_only=True):
    """Goods of one SKU in a fulfilment order: units to scan, and units scanned so far."""

    sku: str
    name: str
    barcode: str = ""
    storage: int = 1
    quantity: int
    scanned: int = 0


class Scan(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One reading of a scanner. `sku` is "" when it was turned away; device times are claims.

    `lot` and `expiry` (YYYY-MM-DD) are what the code or the person said of them.
    """

    at: str
    code: str
    device_at: str = ""
    expiry: str = ""
    lot: str = ""
    no: int
    quantity: int
    sku: str = ""


class Scans(Struct, frozen=True, kw_only=True):
    """All readings of one piece of work, as kept for its fact: canonical by these fields."""

    fulfilment: int
    order: str
    scans: tuple[Scan, ...]
    work: str


def needs_review(storage: int) -> bool:
    """Tell whether goods of this storage class must be reviewed: licensed and dangerous goods."""
    return not storage & _AMBIENT_TO_FROZEN


def label_of(number: str, id_: uuid.UUID, fulfilment: int) -> str:
    """Give the short code on the paper of a fulfilment order: `00018-1F3A-1`.

    The end of the order's number for people, four characters of its id so that two orders with one
    ending differ, and the number of the fulfilment order. Only letters, digits and dashes, so that
    every scanner reads it.
    """
    plain = re.sub(r"[^A-Za-z0-9]", "", number)[-TAIL_CHARS:]
    return "-".join([*([plain] if plain else []), id_.hex[-_MARK_CHARS:].upper(), str(fulfilment)])
