"""What is wrong with one order, by its own facts: keys and sums, no thresholds on counts.

A judgement is of the order as it is; a finding that is no longer given has lost its cause.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.sentinel.model import Found
from danshu.kernel.fact import epoch_ms
from danshu.kernel.limits import SENTINEL_SKEW_MS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from danshu.capabilities.sentinel.parts import Life, Parcel, Placed

_PLACED: Final = "order.placed"
_NEVER_LATER: Final = ((1, 2), (2, 3), (3, 4), (4, 5))  # stages that follow one another


def judge(life: Life, id_: bytes) -> list[Found]:
    """Give what is wrong with an order now; nothing for what is not an order."""
    placed = life.placed
    if placed is None or placed.kind != "order":
        return []
    found = [
        *_amounts(life, placed),
        *_alignment(life, placed),
        *_parcels(life),
        *_skews(life, placed),
        *_short(life, placed),
        *_late(life),
        *_refunds(life, placed),
    ]
    if not found:
        return []
    stamp = epoch_ms(life.recorded) if life.recorded else 0
    place = next((p.warehouse for p in life.parcels.values() if not p.is_void), "")
    return [_complete(f, id_, placed, place, stamp) for f in found]


def _complete(f: Found, id_: bytes, placed: Placed, place: str, stamp: int) -> Found:
    subject = f"{id_.hex()}{f.subject}"
    warehouse = f.warehouse or place
    return Found(
        klass=f.klass,
        subject=subject,
        cause=f.cause,
        params=f.params,
        evidence=f.evidence,
        channel=placed.channel,
        shop=placed.shop,
        warehouse=warehouse,
        place=f.place or placed.shop,
        order=id_,
        number=placed.number,
        risk=f.risk or placed.total,
        at_ms=stamp,
    )


def _amounts(life: Life, placed: Placed) -> Iterator[Found]:
    """Lines against goods, goods against total, total against money, to the minor unit.

    Taxes and fees may come on top of what is listed, so a total is wrong only below its parts.
    """
    listed = sum([n.worth for n in placed.lines])
    owed = placed.goods - placed.discount + placed.postage
    shares = sum([n.paid for n in placed.lines])
    evidence = (life.ids.get(_PLACED, ""),)
    if listed != placed.goods and not life.is_amended:
        told = {"listed": listed, "goods": placed.goods}
        yield _amount("lines_not_goods", told, abs(listed - placed.goods), evidence)
    elif placed.total < owed:
        told = {"owed": owed, "total": placed.total}
        yield _amount("total_below_parts", told, owed - placed.total, evidence)
    kept = life.paid - life.owed
    if kept > placed.total:
        told = {"paid": kept, "total": placed.total}
        paid = (life.ids.get("order.paid", ""), *evidence)
        yield _amount("paid_above_total", told, kept - placed.total, paid)
    elif shares > max(placed.total, life.paid):
        told = {"shares": shares, "total": placed.total}
        yield _amount("shares_above_total", told, shares - placed.total, evidence)


def _amount(cause: str, params: dict[str, int], risk: int, evidence: tuple[str, ...]) -> Found:
    return Found(
        klass="amount_mismatch",
        subject="",
        cause=cause,
        params={**params},
        risk=risk,
        evidence=evidence,
    )


def _alignment(life: Life, placed: Placed) -> Iterator[Found]:
    """What master data doesn't know, while the order is held for it."""
    if life.cancelled:
        return
    evidence = (life.ids.get(_PLACED, ""),)
    unknown = [n for n in placed.lines if not n.known and n.no not in life.aligned]
    if unknown:
        told: dict[str, str | int] = {"sku": unknown[0].sku, "lines": len(unknown)}
        worth = sum([n.worth for n in unknown])
        yield Found(
            klass="sku_mismatch", subject="", cause="sku_unknown", params=told, risk=worth,
            place=unknown[0].sku, evidence=evidence,
        )  # fmt: skip
    if not life.region:
        yield Found(klass="address_mismatch", subject="", cause="region_unknown", evidence=evidence)


def _parcels(life: Life) -> Iterator[Found]:
    """Units, waybills and the order of stages of each fulfilment order."""
    for no, parcel in life.parcels.items():
        if parcel.shipped and any(
            units > parcel.planned.get(line, 0) for line, units in parcel.shipped.items()
        ):
            sent, planned = sum(parcel.shipped.values()), sum(parcel.planned.values())
            yield _of_parcel(
                "quantity_mismatch", no, parcel, "shipped_above_planned",
                {"shipped": sent, "planned": planned}, parcel.shipped_id,
            )  # fmt: skip
        if parcel.shipped_id and not parcel.waybill:
            yield _of_parcel(
                "shipped_without_waybill", no, parcel, "no_waybill",
                {"carrier": parcel.carrier}, parcel.shipped_id,
            )  # fmt: skip
        if parcel.waybill and parcel.is_void and not parcel.shipped_id:
            yield _of_parcel(
                "waybill_without_order", no, parcel, "parcel_void",
                {"waybill": parcel.waybill, "carrier": parcel.carrier}, parcel.waybill_id,
            )  # fmt: skip
        yield from _backward(no, parcel)


def _backward(no: int, parcel: Parcel) -> Iterator[Found]:
    stages = parcel.stages
    for first, then in _NEVER_LATER:
        if first in stages and then in stages and stages[then][0] < stages[first][0]:
            told: dict[str, str | int] = {
                "before": stages[then][0], "after": stages[first][0], "stage": then,
            }  # fmt: skip
            yield Found(
                klass="backward_state", subject=f"/{no}", cause="stage_before_last",
                params=told, warehouse=parcel.warehouse, place=parcel.carrier or parcel.warehouse,
                evidence=(stages[first][1], stages[then][1]),
            )  # fmt: skip
            return


def _of_parcel(
    klass: str, no: int, parcel: Parcel, cause: str, params: dict[str, str | int], fact: str
) -> Found:
    return Found(
        klass=klass, subject=f"/{no}", cause=cause, params={**params, "fulfilment": no},
        evidence=(fact,), warehouse=parcel.warehouse, place=parcel.carrier or parcel.warehouse,
    )  # fmt: skip


def _skews(life: Life, placed: Placed) -> Iterator[Found]:
    """What is claimed to have happened after it was recorded."""
    claims = [*life.skews]
    if placed.created > life.recorded[: len(placed.created)] and _PLACED in life.ids:
        claims.append((life.ids[_PLACED], placed.created, life.recorded))
    for fact, occurred, recorded in claims:
        ahead_ms = epoch_ms(occurred) - epoch_ms(recorded)
        if ahead_ms > SENTINEL_SKEW_MS:
            told: dict[str, str | int] = {"ahead_ms": ahead_ms}
            yield Found(
                klass="clock_skew", subject="", cause="occurred_ahead", params=told,
                evidence=(fact,),
            )  # fmt: skip
            return


def _short(life: Life, placed: Placed) -> Iterator[Found]:
    """Paid for, nothing stands against it, and some units have no warehouse: asked for more than
    there is.
    """
    if life.cancelled or life.holds or life.completed or not life.region or placed.type:
        return
    if not life.paid or any(not n.known and n.no not in life.aligned for n in placed.lines):
        return
    short = [
        (n, n.quantity - life.void_units.get(n.no, 0) - life.allocated.get(n.no, 0))
        for n in placed.lines
    ]
    # announced goods are sold before they are there
    lacking = [(n, units) for n, units in short if units > 0 and not n.arrives]
    if lacking:
        line, units = lacking[0]
        told: dict[str, str | int] = {"sku": line.sku, "units": units}
        worth = sum([n.price * left for n, left in lacking])
        yield Found(
            klass="oversell_attempt", subject="", cause="more_than_stock", params=told,
            risk=worth, place=line.sku, evidence=(life.ids.get(_PLACED, ""),),
        )  # fmt: skip


def _late(life: Life) -> Iterator[Found]:
    """An act on goods after the whole order was cancelled."""
    if life.late:
        yield Found(
            klass="illegal_transition", subject="", cause="act_after_cancel",
            evidence=(life.late[0], life.cancelled),
        )  # fmt: skip


def _refunds(life: Life, placed: Placed) -> Iterator[Found]:
    """Money back against money in, and against goods back."""
    if not life.refunds:
        return
    back = sum([amount for _, amount, _, _ in life.refunds])
    receipts = [receipt for _, _, receipt, _ in life.refunds if receipt]
    newest = life.refunds[-1][0]
    if back > life.paid:
        told: dict[str, str | int] = {"refunded": back, "paid": life.paid}
        yield Found(
            klass="refund_above_paid", subject="", cause="more_than_paid", params=told,
            risk=back - life.paid, evidence=tuple(r[0] for r in life.refunds),
        )  # fmt: skip
    elif len(set(receipts)) < len(receipts):
        told = {"refunded": back, "paid": life.paid}
        yield Found(
            klass="refund_above_paid", subject="", cause="paid_twice", params=told,
            risk=life.refunds[-1][1], evidence=tuple(r[0] for r in life.refunds),
        )  # fmt: skip
    shipped: dict[int, int] = {}
    for parcel in life.parcels.values():
        for line, units in parcel.shipped.items():
            shipped[line] = shipped.get(line, 0) + units
    for n in placed.lines:
        refunded = sum([units.get(n.no, 0) for _, _, _, units in life.refunds])
        out = shipped.get(n.no, 0) - life.back.get(n.no, 0)
        if refunded > n.quantity - out:
            told = {"sku": n.sku, "refunded": refunded, "out": out}
            yield Found(
                klass="refund_without_return", subject="", cause="goods_not_back", params=told,
                risk=n.paid * min(refunded, out) // max(n.quantity, 1), evidence=(newest,),
            )  # fmt: skip
            return
