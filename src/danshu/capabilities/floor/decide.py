"""What a scan, the end of a piece of work, and its interruption mean. Pure: no clock, no store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from danshu.capabilities.floor import facts
from danshu.capabilities.floor.model import HOLD_DAMAGED, HOLD_SHORT, Item, Work
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.floor.model import Scan

_SHOWN = 3  # goods that a refusal names
_GTIN_CHARS = 8
HOLDS = {"short": HOLD_SHORT, "damaged": HOLD_DAMAGED}  # kinds of a stop that hold the order

OVER = Refusal(
    code="task_over",
    reason="这一步已经做完,或还没轮到",
    reason_en="This step is done already, or not due yet",
    clause="floor.stage",
)
NOT_REVIEWED = Refusal(
    code="not_reviewed",
    reason="持证或危险品,先做出库复核再交接",
    reason_en="Licensed or dangerous goods: review before hand-over",
    clause="floor.review",
)
NO_WAYBILL = Refusal(
    code="no_waybill",
    reason="先扫运单号再交接",
    reason_en="Scan the waybill before handing over",
    clause="floor.waybill",
)


def count(items: Sequence[Item], code: str, quantity: int) -> Item | Refusal:
    """Count units of the goods that a code names; the refusal says what was expected instead."""
    meant = [n for n in items if is_code_of(n, code)]
    if not meant:
        return _wrong(items, code)
    open_ = [n for n in meant if n.scanned < n.quantity]
    if not open_:
        full = meant[0]
        return Refusal(
            code="enough",
            reason=f"{full.name} 已够 {full.quantity} 件,这一件放回",
            reason_en=f"{full.name}: all {full.quantity} are counted, put this one back",
            clause="floor.quantity",
        )
    item = open_[0]
    if item.scanned + quantity > item.quantity:
        left = item.quantity - item.scanned
        return Refusal(
            code="too_many",
            reason=f"{item.name} 还差 {left} 件,扫了 {quantity} 件",
            reason_en=f"{item.name}: {left} are missing, {quantity} were scanned",
            clause="floor.quantity",
        )
    return item


def is_code_of(item: Item, code: str) -> bool:
    """Tell whether a code is the goods' barcode or SKU; scanners may drop a GTIN's leading zero."""
    if not code:
        return False
    if code == item.barcode or code.casefold() == item.sku.casefold():
        return True
    both_digits = code.isascii() and code.isdigit() and item.barcode.isdigit()
    return (
        both_digits
        and len(code.lstrip("0")) >= _GTIN_CHARS
        and code.lstrip("0") == item.barcode.lstrip("0")
    )


def _wrong(items: Sequence[Item], code: str) -> Refusal:
    open_ = [n for n in items if n.scanned < n.quantity]
    if not open_:
        return Refusal(
            code="wrong_code",
            reason=f"{code} 不在这一单里;这一单已扫齐",
            reason_en=f"{code} is not in this order, and all of it is counted",
            clause="floor.code",
        )
    named = [f"{n.name}({n.barcode or n.sku})" for n in open_[:_SHOWN]]
    more = len(open_) - len(named)
    return Refusal(
        code="wrong_code",
        reason=f"{code} 不在这一单里,要扫 {'、'.join(named)}" + (f" 等 {more} 种" if more else ""),
        reason_en=f"{code} is not in this order, scan {', '.join(named)}"
        + (f" and {more} more" if more else ""),
        clause="floor.code",
    )


def read_waybill(items: Sequence[Item], expected: str, code: str) -> str | Refusal:
    """Take a code as the parcel's waybill; `expected` is the one on record, "" where none is."""
    if any(is_code_of(n, code) for n in items):
        return Refusal(
            code="goods_code",
            reason=f"{code} 是商品条码,要扫运单号",
            reason_en=f"{code} is a code of goods, scan the waybill",
            clause="floor.waybill",
        )
    if expected and code.casefold() != expected.casefold():
        return Refusal(
            code="wrong_waybill",
            reason=f"运单号不符:扫到 {code},应为 {expected}",
            reason_en=f"Another waybill: {code} was scanned, {expected} is on record",
            clause="floor.waybill",
        )
    return expected or code


def missing(items: Sequence[Item]) -> Refusal | None:
    """Refuse to end work while goods have not been scanned to their quantity."""
    open_ = [n for n in items if n.scanned < n.quantity]
    if not open_:
        return None
    named = [f"{n.name} 差 {n.quantity - n.scanned} 件" for n in open_[:_SHOWN]]
    named_en = [f"{n.name}: {n.quantity - n.scanned}" for n in open_[:_SHOWN]]
    more = len(open_) - len(named)
    return Refusal(
        code="not_all_scanned",
        reason=f"还没扫齐:{'、'.join(named)}" + (f",另有 {more} 种" if more else ""),
        reason_en=f"Not all is scanned: {', '.join(named_en)}"
        + (f", and {more} more" if more else ""),
        clause="floor.quantity",
    )


def finish(
    work: Work,
    *,
    fulfilment: int,
    warehouse: str,
    scans: Sequence[Scan],
    photos: int,
    began_ms: int,
    now_ms: int,
    device_ms: int,
) -> facts.FulfilmentWorked | facts.FulfilmentReviewed:
    """Say that a piece of work is done. Times in epoch ms; `device_ms` is claimed, 0 = unsaid."""
    right = [s for s in scans if s.sku]
    told = facts.OfWork(
        began=rfc3339(began_ms),
        device_ended=rfc3339(device_ms) if device_ms else "",
        duration_ms=max(0, now_ms - began_ms),
        fulfilment=fulfilment,
        scans=len(right),
        units=sum(s.quantity for s in right),
        warehouse=warehouse,
        wrong=len(scans) - len(right),
    )
    same = {name: getattr(told, name) for name in facts.OfWork.__struct_fields__}
    if work is Work.REVIEW:
        return facts.FulfilmentReviewed(**same, photos=photos)
    return facts.FulfilmentWorked(**same, work=work.value)


def stop(
    work: Work,
    kind: str,
    *,
    fulfilment: int,
    warehouse: str,
    items: Sequence[Item],
    sku: str,
    found: int,
    detail: str,
) -> facts.FulfilmentStopped:
    """Say why the work cannot go on. Raises InputError for goods or units that cannot be."""
    expected = 0
    if kind in HOLDS:
        meant = [n for n in items if n.sku == sku]
        if not meant:
            raise InputError("unknown_sku", f"no SKU {sku!r} in this fulfilment order", "/sku")
        expected = sum(n.quantity for n in meant)
        if not 0 <= found < expected:
            raise InputError("quantity", f"found is 0 to {expected - 1}", "/found")
    return facts.FulfilmentStopped(
        detail=detail,
        expected=expected,
        found=found if expected else 0,
        fulfilment=fulfilment,
        kind=kind,
        sku=sku if expected else "",
        warehouse=warehouse,
        work=work.value,
    )
