"""A life of an order by its type: type + state + what happens -> what follows. Pure.

Orders themselves are not known here: the hub gives what of an order counts as a `Life`, and says
what is decided here as facts on the order's stream. The simulation runs on the same functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.order_types import catalogue, spans
from danshu.kernel.errors import Refusal

if TYPE_CHECKING:
    from danshu.capabilities.order_types.model import (
        Entry,
        OrderType,
        Paying,
        TypePayment,
        TypeStage,
    )

_PAID: Final[dict[Entry, Paying]] = {
    "deposit.paid": "deposit",
    "tail.paid": "tail",
    "whole.paid": "whole",
}


class Life(Struct, frozen=True, kw_only=True):
    """What of an order counts for its type. Minor units, epoch ms; `units` of its type's goods.

    `opens_ms`, `until_ms`: what its stage waits for comes from then on, and then at the latest.
    `platform`: its amounts are those that a platform has said.
    """

    goods: int
    total: int
    units: int
    paid: int = 0
    deposit: int = 0
    forfeited: int = 0
    owed: int = 0
    stage: str = ""
    opens_ms: int = 0
    until_ms: int = 0
    shipped: int = 0
    platform: bool = False


class Entering(Struct, frozen=True, kw_only=True):
    """It enters a stage: by what, when, and the window of what it waits for next."""

    stage: str
    by: str
    at_ms: int
    opens_ms: int = 0
    until_ms: int = 0
    was: str = ""


class Ending(Struct, frozen=True, kw_only=True):
    """It ends: why, what of the deposit is kept, what is owed back; both are all that it paid."""

    reason: str
    keep: int = 0
    owed: int = 0


def _no(code: str, zh: str, en: str, clause: str) -> Refusal:
    return Refusal(code=code, reason=zh, reason_en=en, clause=f"order_type.{clause}")


def find_stage(kind: OrderType, name: str) -> int:
    """Give the index of a stage, -1 for none."""
    return next((i for i, s in enumerate(kind.stages) if s.name == name), -1)


def awaited(kind: OrderType, stage: str) -> Entry | None:
    """Give what brings an order of this stage into the next one; None in the last."""
    at = find_stage(kind, stage) + 1
    return kind.stages[at].enters if 0 < at < len(kind.stages) else None


def payment_of(kind: OrderType, stage: Paying) -> TypePayment | None:
    """Give the type's payment of that name."""
    return next((p for p in kind.payments if p.stage == stage), None)


def expected(kind: OrderType, stage: str) -> TypePayment | None:
    """Give the payment that an order of this stage waits for, None where it waits for none."""
    event = awaited(kind, stage)
    return payment_of(kind, _PAID[event]) if event in _PAID else None


def amount_due(kind: OrderType, life: Life, payment: TypePayment) -> int:
    """Give what a payment comes to, in minor units; a deposit is at most what is still to pay."""
    left = life.total - life.paid
    if payment.rest:
        return max(0, left)
    if payment.amount_fen:
        return min(left, payment.amount_fen * life.units)
    return min(left, (life.goods * payment.permille + 500) // 1000)


def discount_of(kind: OrderType, life: Life) -> int:
    """Give what a deposit that counts for more takes off the total (膨胀), in minor units."""
    for payment in kind.payments:
        if payment.counts_permille > 1000:
            due = amount_due(kind, life, payment)
            return min(life.total - due, due * (payment.counts_permille - 1000) // 1000)
    return 0


def begin(kind: OrderType, at_ms: int) -> list[Entering]:
    """Enter the first stage at `at_ms`, and what follows at once."""
    return _enter(kind, "", 0, "placed", at_ms)


def hear(kind: OrderType, life: Life, event: Entry, at_ms: int) -> list[Entering]:
    """Enter what an event brings; nothing where it is not the one that the stage waits for."""
    if awaited(kind, life.stage) != event:
        return []
    return _enter(kind, life.stage, find_stage(kind, life.stage) + 1, event, at_ms)


def _enter(kind: OrderType, was: str, at: int, by: Entry, at_ms: int) -> list[Entering]:
    stage = kind.stages[at]
    opens_ms, until_ms = _window(kind, stage, by, at_ms)
    entered = Entering(
        stage=stage.name, by=by, at_ms=at_ms, opens_ms=opens_ms, until_ms=until_ms, was=was
    )
    if awaited(kind, stage.name) == "tail.opened" and opens_ms <= at_ms:
        return [entered, *_enter(kind, stage.name, at + 1, "tail.opened", at_ms)]
    return [entered]


def _window(kind: OrderType, stage: TypeStage, by: Entry, at_ms: int) -> tuple[int, int]:
    """Say from when and until when what a stage waits for may come, in epoch ms, 0 = no bound."""
    if awaited(kind, stage.name) == "tail.opened":
        tail = payment_of(kind, "tail")
        return (spans.at_ms(tail.opens, at_ms) if tail else 0), 0
    payment = expected(kind, stage.name)
    if payment is None:
        return 0, 0
    opens_ms = 0 if by == "tail.opened" else spans.at_ms(payment.opens, at_ms)
    return opens_ms, spans.at_ms(payment.closes, max(opens_ms, at_ms))


def door(kind: OrderType, stage: str, act: str) -> Refusal | None:
    """Say why an act is closed in a stage, None where the type leaves it to the machine."""
    known = catalogue.ACTS.get(act)
    at = find_stage(kind, stage)
    if known is None or at < 0 or act in kind.stages[at].open:
        return None
    words = kind.stages[at].words
    return _no(
        "closed_in_stage",
        f"「{words.zh}」阶段不开放「{known.words.zh}」",
        f"In stage “{words.en}” {known.words.en} is not open",
        "stages",
    )


def reserves(kind: OrderType, stage: str) -> TypeStage | None:
    """Give the stage that lets units be reserved, this one or one before; None where none does."""
    upto = kind.stages[: find_stage(kind, stage) + 1]
    return next((s for s in upto if s.reserve), None)


def pay(kind: OrderType, life: Life, amount: int, at_ms: int) -> TypePayment | Refusal:
    """Take a payment: which one it is, or why it is none now."""
    payment = expected(kind, life.stage)
    if payment is None:
        return _no("pays_nothing_now", "现在没有要付的款", "Nothing is to be paid now", "payments")
    words = catalogue.PAYMENTS[payment.stage]
    if at_ms < life.opens_ms and not life.platform:  # a platform keeps its own windows
        return _no(
            "window_not_open", f"{words.zh}还没开付", f"The {words.en} is not payable yet", "window"
        )
    if life.until_ms and at_ms > life.until_ms and not life.platform:
        return _no(
            "window_closed",
            f"{words.zh}支付期已过",
            f"The time for the {words.en} is over",
            "window",
        )
    due = amount_due(kind, life, payment)
    is_some = life.platform and payment.stage == "deposit" and 0 < amount < life.total
    if amount != due and not is_some:
        return _no(
            "amount_not_due",
            f"{words.zh}应付 {due} 分,实付 {amount} 分",
            f"The {words.en} is {due} minor units, not {amount}",
            "payments",
        )
    return payment


def paid_by(payment: TypePayment) -> Entry:
    """Name the event that a payment is."""
    return next(event for event, stage in _PAID.items() if stage == payment.stage)


def is_last(kind: OrderType, payment: TypePayment) -> bool:
    """Tell whether nothing is to be paid after it."""
    return payment.stage == kind.payments[-1].stage


def pass_time(kind: OrderType, life: Life, now_ms: int) -> list[Entering] | Ending | None:
    """Say what time alone brings: the tail becomes payable, or a payment was missed."""
    event = awaited(kind, life.stage)
    if event == "tail.opened":
        if now_ms < life.opens_ms:
            return None
        return hear(kind, life, "tail.opened", life.opens_ms)
    payment = expected(kind, life.stage)
    if payment is None or not life.until_ms or now_ms <= _closed_ms(life, payment):
        return None
    return end(kind, life, f"{payment.stage}_missed", keeps=payment.missed == "forfeit")


def next_ms(kind: OrderType, life: Life) -> int:
    """Say when time brings something next, epoch ms; 0 = never."""
    if awaited(kind, life.stage) == "tail.opened":
        return life.opens_ms
    payment = expected(kind, life.stage)
    if payment is None or not life.until_ms:
        return 0
    return _closed_ms(life, payment) + 1


def _closed_ms(life: Life, payment: TypePayment) -> int:
    return life.until_ms + spans.span_ms(payment.grace)


def end(kind: OrderType, life: Life, reason: str, *, keeps: bool) -> Ending:
    """End an order: the deposit is kept where `keeps`, it is still frozen, and not refundable by
    its clause; all else that was paid is owed back.
    """
    deposit = payment_of(kind, "deposit")
    frozen = life.deposit if life.paid == life.deposit else 0  # a paid tail makes it part of price
    keep = frozen if keeps and deposit and not deposit.refundable else 0
    return Ending(reason=reason, keep=keep, owed=life.paid - life.forfeited - life.owed - keep)


def cancel(kind: OrderType, life: Life, reason: str) -> Ending:
    """End it for a reason: a payment that was missed by what the payment says of it; whoever
    cancels for the merchant's reasons keeps nothing.
    """
    missed = next((p for p in kind.payments if reason == f"{p.stage}_missed"), None)
    if missed is not None:
        return end(kind, life, reason, keeps=missed.missed == "forfeit")
    return end(kind, life, reason, keeps=not reason.startswith(("merchant", "group_failed")))


def entered(life: Life, entering: Entering) -> Life:
    """Give the life in its new stage."""
    return replace(
        life, stage=entering.stage, opens_ms=entering.opens_ms, until_ms=entering.until_ms
    )
