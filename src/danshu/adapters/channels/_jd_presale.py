"""JD's presales 预售: the block `stepPaymentInfo` beside an order, 定金 and 尾款, planned and paid.

Names are those of JD's own SDK (stepPaymentInfo of its order detail; PresaleOrderVO of
jingdong.presale.order.updateOrder.getPresaleOrderByPage). Status numbers are not public: what was
paid is read from amounts and times alone, and what these do not settle is refused by name, so that
it waits in the inbox.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.adapters.channels._drafting import agree
from danshu.adapters.channels._fields import check_instant, refuse_input

if TYPE_CHECKING:
    from danshu.adapters.channels._fields import Fields

FORM: Final = "presale_form"
_LISTS: Final = (
    "jingdong_presale_order_updateOrder_getPresaleOrderByPage_responce",
    "jingdong_presale_order_updateOrder_getPresaleOrderByPage_response",
)


class Steps(Struct, frozen=True, kw_only=True):
    """What a presale says of its payments, in minor units: `mark` deposit or whole, "" = none of
    ours to count; `paid_ms` when all of it was paid, epoch ms.
    """

    mark: str = ""
    deposit: int = 0
    paid: int = 0
    paid_ms: int = 0
    hold: str = ""


def refuse_lists(message: Fields) -> None:
    """Refuse a page of presales: it names no receiver. Raises InputError `presale_form`."""
    for name in _LISTS:
        if message.has(name):
            refuse_input(FORM, "a page of presales has no receivers: send the orders", f"/{name}")


def read_steps(order: Fields, total: int) -> Steps | None:
    """Read the block; None for an order that is no presale. Raises InputError `presale_form` for
    one whose amounts and times do not say what was paid.
    """
    if not order.has("stepPaymentInfo"):
        if order.part("orderFlag").value("preSaleOrder") is True:
            place = order.place("stepPaymentInfo")
            refuse_input(FORM, "a presale without its payments", place)
        return None
    step = order.part("stepPaymentInfo")
    deposit, tail = step.amount("payBargainPlan"), step.amount("payBalancePlan", default=0)
    agree(deposit + tail, total, "payBalancePlan", step.place("payBalancePlan"))
    if not tail:  # 全款预售: what comes first is all of it
        return Steps(mark="whole")
    has_deposit = _paid(step, "payBargainReal", deposit, "bargainTime")
    paid_ms = _paid(step, "payBalanceReal", tail, "balanceTime")
    if paid_ms and not has_deposit:
        refuse_input(FORM, "a balance without its deposit", step.place("payBargainReal"))
    return Steps(
        mark="deposit",
        deposit=deposit if has_deposit else 0,
        paid=total if paid_ms else deposit if has_deposit else 0,
        paid_ms=paid_ms,
        hold="presale_tail_unpaid" if has_deposit and not paid_ms else "",
    )


def _paid(step: Fields, name: str, planned: int, time: str) -> int:
    """Say when a payment was made in full, epoch ms; 0 = not yet."""
    real, at_ms = step.amount(name, default=0), _moment(step, time)
    if not real and not at_ms:
        return 0
    if real != planned or not at_ms:
        refuse_input(FORM, "paid otherwise than it was planned", step.place(name))
    return at_ms


def _moment(step: Fields, name: str) -> int:
    """Read epoch milliseconds, or Beijing wall time as JD's older interfaces write it."""
    if isinstance(step.value(name), str) and not str(step.value(name)).isdecimal():
        return step.wall_time(name)
    at_ms = step.integer(name, 0)
    return check_instant(at_ms, step.place(name)) if at_ms else 0
