"""The fact types of the work on the floor of a warehouse. They stand on the order's stream."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


class OfWork(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every finished piece of work says of itself; its scans and photos are its evidence.

    `began` is when it was claimed, by the server's clock; `device_ended` is what the hand-held
    device claims. `units` were scanned in `scans` right readings; `wrong` were turned away.
    """

    began: str
    device_ended: str = ""
    duration_ms: int
    fulfilment: int
    scans: int
    units: int
    warehouse: str
    wrong: int = 0


@fact_type("fulfilment.worked")
class FulfilmentWorked(OfWork, frozen=True, kw_only=True, omit_defaults=True):
    """仓内作业: pick, pack or handover was done by this person, and what was scanned."""

    work: str


@fact_type("fulfilment.reviewed")
class FulfilmentReviewed(OfWork, frozen=True, kw_only=True, omit_defaults=True):
    """出库复核: what was packed is what was ordered; in a session's word, not yet a signature."""

    photos: int = 0


@fact_type("fulfilment.stopped")
class FulfilmentStopped(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """作业异常: the work could not go on. `kind` is short, damaged (both hold the order) or help.

    Of `expected` units of the SKU so many were `found` whole.
    """

    detail: str = ""
    expected: int = 0
    found: int = 0
    fulfilment: int
    kind: str
    sku: str = ""
    warehouse: str
    work: str


@fact_type("document.printed")
class DocumentPrinted(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """打印: a paper was made for a person; `digest` is SHA-256 (hex) of what stands on it.

    `of` names the fulfilment orders (order/number) or the order. `revealed`: some
    personal data stands on it unmasked.
    """

    digest: str
    document: str
    lang: str
    of: tuple[str, ...]
    paper: str
    revealed: bool = False
